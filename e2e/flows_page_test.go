package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// types replaces a part of the text that is open in the page of flows, as typing would.
func (a *agent) types(old, new string) {
	a.t.Helper()
	done := a.js("edit the flow", fmt.Sprintf(`(() => { const box = document.querySelector("#flow-text");
		if (!box.value.includes(%[1]q)) return "not there";
		box.value = box.value.replace(%[1]q, %[2]q); box.dispatchEvent(new Event("input")); })()`, old, new))
	if done != "" {
		a.t.Fatalf("%q is not in the text", old)
	}
}

// says waits until a part of the page of flows shows some words.
func (a *agent) says(testID, want string) {
	a.t.Helper()
	eventually(a.t, 10*time.Second, fmt.Sprintf("%s says %q; it says %q", testID, want, a.shows(testID)), func() bool {
		return strings.Contains(a.shows(testID), want)
	})
}

// opens shows a file in the page of flows.
func (a *agent) opens(file string) {
	a.t.Helper()
	a.do("open "+file, chromedp.Click(chromedp.CSS(`[data-file="`+file+`"]`)))
}

// TestAnAdminWritesAFlowInTheBrowser: mistakes are told in their place, the drawing
// follows, a trial is typed, the flow goes live for the next call and back again; a
// supervisor looks and may not change.
func TestAnAdminWritesAFlowInTheBrowser(t *testing.T) {
	t.Parallel()
	server := start(t)
	alex := server.enter(t, "alex")
	alex.do("set the size", chromedp.EmulateViewport(1280, 800))
	alex.says("flow-live", "Script 1 is live, by folder")
	alex.says("flow-verdict", "No mistakes")
	if edit := alex.js("what can be seen of calls", `fetch("/api/calls").then((r) => r.status)`); edit != "403" {
		t.Errorf("an administrator asks for the calls and hears %s", edit)
	}
	alex.opens("flows/nurse-line.yaml")
	eventually(t, 10*time.Second, "the drawing", func() bool {
		return alex.js("look at the drawing", `document.querySelector('#flow-graph [data-step="nurse_busy"]') ? "drawn" : ""`) == "drawn"
	})
	alex.photograph("flows")

	alex.types("next: member_services}", "next: member_servces}")
	alex.says("flow-verdict", "1 mistake")
	alex.says("flow-problem", `did you mean "member_services"?`)
	if line := alex.js("the marked line", `[...document.querySelectorAll("#flow-gutter .mistake")].map((e) => e.textContent).join()`); line == "" {
		t.Error("no line is marked")
	}
	if disabled := alex.text(`[data-testid="flow-publish"]`, "disabled"); disabled != "true" {
		t.Error("what has a mistake could be published")
	}
	alex.types("next: member_servces}", "next: member_services}")
	alex.says("flow-verdict", "No mistakes")

	alex.types("label: Still waiting for a nurse", "label: Waits for a nurse")
	alex.click("flow-tab-trial")
	alex.says("trial-state", "waits for a key")
	alex.do("press 1", chromedp.SendKeys(css("trial-keys"), "1"), chromedp.Click(css("trial-press")))
	alex.says("trial-talk", "In line for nurse_line")
	alex.photograph("flows-trial")

	alex.do("say why", chromedp.SendKeys(css("flow-comment"), "clearer words"))
	alex.click("flow-publish")
	alex.says("flow-told", "Script 2 is live")
	eventually(t, 15*time.Second, "the log tells", func() bool { return server.logged("flows live") == 1 })
	server.callers(t, 1, 1, time.Second, "").wait()
	record, _ := server.record()
	if live := server.versions(t); record.FlowVersion != live[0].version {
		t.Errorf("the call ran %s, live is %s", record.FlowVersion, live[0].version)
	}

	sam := server.enter(t, "sam")
	eventually(t, 20*time.Second, "the list of calls", func() bool { return sam.shows("calls-view") != "" })
	sam.click("view-flows")
	sam.says("flow-live", "Script 2 is live, by Alex Reyes")
	sam.click("flow-tab-insight")
	eventually(t, 10*time.Second, "the caller is counted", func() bool { return strings.Contains(sam.shows("insight-steps"), "member-services: welcome") })
	sam.photograph("flows-callers")
	if readOnly := sam.text("#flow-text", "readOnly"); readOnly != "true" || sam.shows("flow-publish") != "" {
		t.Error("a supervisor could write")
	}
	if got := sam.js("try to publish", `fetch("/api/flows/publish", {method: "POST", headers: {"Content-Type": "application/json"}, body: "{}"}).then((r) => r.status)`); got != strconv.Itoa(403) {
		t.Errorf("a supervisor publishes and hears %s", got)
	}

	alex.click("flow-tab-versions")
	alex.says("flow-version", "clearer words")
	alex.do("go back", chromedp.Click(chromedp.CSS(`[data-number="1"] button[aria-label^="Go back"]`)))
	alex.says("flow-told", "Script 1 is live again.")
	eventually(t, 15*time.Second, "the log tells", func() bool { return server.logged("flows live") == 2 })
	if text, err := os.ReadFile(filepath.Join(server.dir, "config/flows/nurse-line.yaml")); err != nil || strings.Contains(string(text), "Waits for a nurse") {
		t.Errorf("the folder was written to (%v)", err)
	}
}
