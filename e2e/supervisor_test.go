package e2e

import (
	"context"
	"strings"
	"testing"
	"time"

	"careline/ledger"
)

// rungs is what stands on the arrows of the ladder, from top to bottom.
func (a *agent) rungs() string {
	a.t.Helper()
	return a.js("read the ladder", `[...document.querySelectorAll("#ladder .caption")].map((e) => e.textContent).join("\n")`)
}

// inOrder reports which of the parts a text lacks, or has out of order; "" for none.
func inOrder(text string, parts ...string) string {
	for _, part := range parts {
		at := strings.Index(text, part)
		if at < 0 {
			return part
		}
		text = text[at+len(part):]
	}
	return ""
}

// TestASupervisorSeesACallsSignallingAndAnAgentDoesNot: the ladder grows while the
// call is up; whoever isn't a supervisor is refused, and both are on record.
func TestASupervisorSeesACallsSignallingAndAnAgentDoesNot(t *testing.T) {
	t.Parallel()
	server := start(t)
	sam := server.enter(t, "sam")
	eventually(t, 20*time.Second, "the list of calls", func() bool { return sam.shows("calls-view") != "" })
	caller := server.phone(t, tone())
	caller.dial("5550100")
	eventually(t, 10*time.Second, "the call in the list", func() bool { return strings.Contains(sam.shows("calls-up"), "In the menus") })
	sam.photograph("calls")
	sam.click("show-signalling")
	eventually(t, 10*time.Second, "the ladder up to the ACK", func() bool {
		return inOrder(sam.rungs(), "INVITE sdp", "200 OK (INVITE) sdp", "ACK") == ""
	})
	if strings.Contains(sam.rungs(), "BYE") || sam.text("#ladder-live", "textContent") != "live" {
		t.Errorf("a call that is up is shown as over: %s", sam.rungs())
	}
	shown := sam.js("which call", `location.hash.slice("#call/".length)`)
	sam.photograph("signalling")

	maria := server.signIn(t, "maria")
	if maria.shows("view-calls") != "" {
		t.Error("an agent's page leads to the calls")
	}
	for _, path := range []string{"/api/calls", "/api/calls/" + shown} {
		if got := maria.js("try "+path, `fetch("`+path+`").then(async (r) => r.status + " " + await r.text())`); !strings.HasPrefix(got, "403 ") || strings.Contains(got, "INVITE") {
			t.Errorf("an agent asks for %s and hears %s", path, got)
		}
	}
	maria.js("go there", `location.hash = "#call/`+shown+`"`)
	pass(time.Second)
	if maria.shows("call-view") != "" || maria.state() != "available" {
		t.Error("an agent is shown the call's page")
	}

	caller.hangUp()
	eventually(t, 10*time.Second, "the BYE in the ladder", func() bool {
		return inOrder(sam.rungs(), "INVITE sdp", "200 OK (INVITE) sdp", "ACK", "BYE", "200 OK (BYE)") == ""
	})
	eventually(t, 10*time.Second, "the page says who ended the call", func() bool {
		return strings.Contains(sam.shows("one-call-state"), "Caller: the caller hung up")
	})
	if page := sam.text("body", "innerText"); strings.Contains(page, "5550100") || strings.Contains(sam.js("read the drawing", `document.querySelector("#ladder").textContent`), "5550100") {
		t.Errorf("a number is shown: %s", page)
	}
	sam.click("back-to-calls")
	eventually(t, 10*time.Second, "the call among those that are over", func() bool {
		return strings.Contains(sam.shows("calls-recent"), "Caller: the caller hung up")
	})
	sam.click("view-softphone")
	sam.await("away")

	record, audit := server.record()
	if record.ID != shown {
		t.Errorf("shown was %s, the call is %s", shown, record.ID)
	}
	looks := map[string]int{}
	for _, entry := range audit {
		if entry.Kind == ledger.AuditAccess && entry.Field == "signalling" {
			looks[entry.Actor+" "+entry.Outcome]++
		}
	}
	if looks["agent:sam ok"] != 1 || looks["agent:maria refused"] != 1 {
		t.Errorf("on record of the call is %v", looks)
	}
	kept := server.kept()
	defer kept.Close()
	general, err := kept.Audit(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	if last := general[len(general)-1]; last.Actor != "agent:maria" || last.Field != "calls" || last.Outcome != "refused" {
		t.Errorf("of all calls the latest on record is %+v", last)
	}
}
