package sip

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
)

func transferring(o *Options) { o.Transfers = true }

// notify writes a NOTIFY of a REFER's subscription; state is its
// Subscription-State.
func (c *caller) notify(sequence int, state, body string) {
	c.t.Helper()
	c.send("NOTIFY", sequence, body, "Event: refer", "Subscription-State: "+state, "Content-Type: message/sipfrag;version=2.0")
}

func TestTheyTransferTheCallBlindly(t *testing.T) {
	x := startExchange(t, transferring)
	far, near := connect(t, x, "udp")
	far.send("REFER", 2, "", "Refer-To: <sip:+13125550188@pbx.example>", "Referred-By: <sip:trunk@pbx.example>")
	asked := near.expect(t, EventRefer).Refer
	if asked.Target.User().Reveal() != "+13125550188" || asked.Target.Host() != "pbx.example" || asked.Attended() || asked.With != nil || asked.By.Reveal() != "trunk" {
		t.Fatalf("asked for %q", asked.Target.Reveal())
	}
	if len(asked.Headers) != 1 || asked.Headers[0] != (Header{"Referred-By", "<sip:trunk@pbx.example>"}) {
		t.Fatalf("headers %v", asked.Headers)
	}
	encoded, err := json.Marshal(asked)
	must(t, err)
	if shown := fmt.Sprintf("%v %+v %#v %s %s", asked, asked, asked, asked.Target, encoded); strings.Contains(shown, "5550188") || strings.Contains(shown, "pbx.example") {
		t.Fatalf("printed as %s", shown)
	}
	must(t, near.AcceptRefer())
	statuses := []string{"100 Trying", "180 Ringing", "200 OK"}
	for i, status := range statuses {
		if i == 0 {
			far.expect("SIP/2.0 202")
		} else {
			code := map[string]int{"180 Ringing": 180, "200 OK": 200}[status]
			must(t, near.ReferProgress(code))
		}
		told := far.expect("NOTIFY sip:trunk@")
		state := "active;expires=180"
		if i == len(statuses)-1 {
			state = "terminated;reason=noresource"
		}
		if header(told, "Event") != "refer" || header(told, "Subscription-State") != state || !strings.HasSuffix(told, "\r\n\r\nSIP/2.0 "+status+"\r\n") ||
			header(told, "Content-Type") != "message/sipfrag;version=2.0" || header(told, "Contact") == "" {
			t.Fatalf("told\n%s", told)
		}
		far.answerRequest(told)
	}
	must(t, near.ReferProgress(200)) // it is over
	far.quiet(2 * testT1)
	far.send("REFER", 3, "", "Refer-To: <sip:+13125550188@pbx.example>") // a second one has its number
	near.expect(t, EventRefer)
	must(t, near.AcceptRefer())
	far.expect("SIP/2.0 202")
	told := far.expect("NOTIFY ")
	if header(told, "Event") != "refer;id=3" {
		t.Fatalf("Event %q", header(told, "Event"))
	}
	far.answer(told, "481 Subscription Does Not Exist", "") // nobody wants to know
	far.send("BYE", 4, "")
	far.expect("SIP/2.0 200")
	near.expectEnd(t, ByRemote)
	x.settled()
}

func TestTransfersThatAreRefused(t *testing.T) {
	x := startExchange(t, transferring)
	far, near := connect(t, x, "udp")
	cases := []struct{ status, to string }{
		{"400", "Refer-To: nonsense"},
		{"400", "Refer-To: <sip:a@b>, <sip:c@d>"},
		{"400", "X-None: x"},
		{"400", "Refer-To: <sip:a@b>\r\nReferred-By: :"},
		{"501", "Refer-To: <sip:a@b;method=BYE>"},
	}
	for i, test := range cases {
		far.send("REFER", 2+i, "", test.to)
		far.expect("SIP/2.0 " + test.status)
	}
	far.send("REFER", 20, "", "Refer-To: <sip:a@b>")
	near.expect(t, EventRefer)
	far.send("REFER", 21, "", "Refer-To: <sip:a@b>")
	far.expect("SIP/2.0 491")
	must(t, near.RefuseRefer(603))
	far.expect("SIP/2.0 603")
	far.send("NOTIFY", 22, "SIP/2.0 200 OK", "Event: refer", "Subscription-State: active", "Content-Type: message/sipfrag")
	far.expect("SIP/2.0 481")
	far.send("NOTIFY", 23, "", "Event: dialog", "Subscription-State: active")
	far.expect("SIP/2.0 489")
	far.send("REFER", 24, "", "Refer-To: <sip:a@b>")
	near.expect(t, EventRefer)
	far.send("BYE", 25, "")
	heard := far.heard() + far.heard()
	if !strings.Contains(heard, "SIP/2.0 481") || !strings.Contains(heard, "SIP/2.0 200") {
		t.Fatalf("heard\n%s", heard)
	}
	x.settled()

	closed := startExchange(t, nil)
	other, _ := connect(t, closed, "udp")
	other.send("REFER", 2, "", "Refer-To: <sip:a@b>")
	other.expect("SIP/2.0 403")
}

func TestTransferWithoutNotices(t *testing.T) {
	x := startExchange(t, transferring)
	far, near := connect(t, x, "udp")
	far.send("REFER", 2, "", "Refer-To: <sip:a@pbx.example>", "Refer-Sub: false")
	near.expect(t, EventRefer)
	must(t, near.AcceptRefer())
	if accepted := far.expect("SIP/2.0 202"); header(accepted, "Refer-Sub") != "false" {
		t.Fatalf("accepted with\n%s", accepted)
	}
	must(t, near.ReferProgress(200))
	far.quiet(4 * testT1)
}

func TestWeTransferTheCallBlindly(t *testing.T) {
	x := startExchange(t, nil)
	far, near := connect(t, x, "udp")
	target, err := TargetOf(NewNumber("+13125550188"), "careline.example")
	must(t, err)
	must(t, near.Refer(target))
	refer := far.expect("REFER sip:trunk@")
	if header(refer, "Refer-To") != "<sip:+13125550188@careline.example>" || !strings.Contains(header(refer, "Referred-By"), "5550100@127.0.0.1") || header(refer, "Contact") == "" {
		t.Fatalf("our REFER:\n%s", refer)
	}
	far.notify(2, "active;expires=60", "SIP/2.0 100 Trying\r\n") // overtakes the 202
	far.expect("SIP/2.0 200")
	if trying := near.expect(t, EventReferProgress); trying.Status != 100 {
		t.Fatalf("progress %d", trying.Status)
	}
	far.answer(refer, "202 Accepted", "")
	for i, status := range []int{180, 200} {
		state := []string{"active", "terminated;reason=noresource"}[i]
		far.notify(3+i, state, fmt.Sprintf("SIP/2.0 %d Fine\r\n", status))
		far.expect("SIP/2.0 200")
		if told := near.expect(t, EventReferProgress); told.Status != status {
			t.Fatalf("progress %d", told.Status)
		}
	}
	must(t, near.HangUp(CauseNormal, ""))
	far.answerRequest(far.expect("BYE "))
	near.expectEnd(t, ByLocal)
	x.settled()
}

func TestOurTransferFails(t *testing.T) {
	target, err := ParseTarget("sip:nurse@careline.example")
	must(t, err)
	cases := map[string]struct {
		script func(far *caller, refer string)
		status int
	}{
		"refused":               {func(far *caller, refer string) { far.answer(refer, "603 Decline", "") }, 603},
		"busy":                  {func(far *caller, refer string) { far.notify(2, "terminated", "SIP/2.0 486 Busy Here\r\n") }, 486},
		"ended without a word":  {func(far *caller, refer string) { far.notify(2, "terminated;reason=timeout", "") }, 408},
		"nothing is ever heard": {func(*caller, string) {}, 408},
	}
	for name, test := range cases {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, nil)
			far, near := connect(t, x, "udp")
			must(t, near.Refer(target))
			test.script(far, far.expect("REFER "))
			if told := near.expect(t, EventReferProgress); told.Status != test.status {
				t.Fatalf("told %d", told.Status)
			}
			if near.State() != StateConfirmed {
				t.Fatalf("the call is %s", near.State())
			}
		})
	}
}

// An agent's consultation becomes the caller's call: we ask the caller's side to
// take our place in the other one.
func TestWeTransferToAnotherCallOfOurs(t *testing.T) {
	x := startExchange(t, nil)
	caller, near := connect(t, x, "udp")
	nurse, other, invite := reach(t, x)
	must(t, near.ReferTo(other.Dialog))
	refer := caller.expect("REFER ")
	_, localTag, _ := strings.Cut(header(invite, "From"), ";tag=")
	want := fmt.Sprintf("<sip:far@%s?Replaces=%s%%3Bto-tag%%3Dfar%%3Bfrom-tag%%3D%s>", nurse.conn.LocalAddr(), header(invite, "Call-ID"), localTag)
	if got := header(refer, "Refer-To"); got != want {
		t.Fatalf("Refer-To %s, expected %s", got, want)
	}
	caller.answer(refer, "202 Accepted", "")
	near.expect(t, EventReferProgress)
	nurse.within(invite, "BYE", 1, "far", "") // replaced there
	other.expectEnd(t, ByRemote)
	if err := near.ReferTo(other.Dialog); !errors.Is(err, ErrNotUp) {
		t.Fatalf("transferred to a call that is over: %v", err)
	}
}

// The far side has two calls with us and wants them joined.
func TestTheyTransferBetweenTwoCallsWithUs(t *testing.T) {
	x := startExchange(t, transferring)
	far, near := connect(t, x, "udp")
	_, other := connect(t, x, "udp")
	key, _ := other.identity()
	far.send("REFER", 2, "", fmt.Sprintf("Refer-To: <sip:5550100@127.0.0.1?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s>", key.call, key.local, key.remote))
	asked := near.expect(t, EventRefer).Refer
	if asked.With != other.Dialog || !asked.Attended() {
		t.Fatal("the other call wasn't found")
	}
}

// Datagrams are handled each by its own goroutine, so a transfer right after the answer
// may overtake the ACK, of its own call or of the one that it names.
func TestATransferThatOvertakesTheAckWaitsForIt(t *testing.T) {
	x := startExchange(t, transferring)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("REFER", 2, "", "Refer-To: <sip:+13125550188@pbx.example>")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	near.expect(t, EventRefer)
	must(t, near.AcceptRefer())
	far.expect("SIP/2.0 202")
}

func TestATransferNamesACallWhoseAckIsStillOnItsWay(t *testing.T) {
	x := startExchange(t, transferring)
	far, near := connect(t, x, "udp")
	second := dialCaller(t, x, "udp")
	second.invite(offerPCM)
	other := x.nextCall()
	must(t, other.Answer(ours()))
	second.expect("SIP/2.0 200")
	key := other.key
	far.send("REFER", 2, "", fmt.Sprintf("Refer-To: <sip:5550100@127.0.0.1?Replaces=%s%%3Bto-tag%%3D%s%%3Bfrom-tag%%3D%s>", key.call, key.local, key.remote))
	if asked := near.expect(t, EventRefer).Refer; asked.With != other.Dialog {
		t.Errorf("the transfer names another call than ours: %+v", asked)
	}
	second.send("ACK", 1, "")
	other.expect(t, EventAcked)
	must(t, near.AcceptRefer())
	far.expect("SIP/2.0 202")
}
