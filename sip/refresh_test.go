package sip

import (
	"strings"
	"testing"
	"time"
)

// shortTimers lets sessions expire while a test can wait for it; Session-Expires
// counts in whole seconds.
func shortTimers(o *Options) { o.SessionExpires, o.MinSessionExpires = 3*time.Second, time.Second }

// timed sets a call up whose INVITE carries what a test says of timers.
func timed(t *testing.T, x *exchange, extra ...string) (far *caller, near *call, answer string) {
	t.Helper()
	far = dialCaller(t, x, "udp")
	far.invite(offerPCM, extra...)
	near = x.nextCall()
	must(t, near.Answer(ours()))
	answer = far.expect("SIP/2.0 200")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	return far, near, answer
}

// expectExpiry waits for the BYE of a call whose session was not refreshed.
func expectExpiry(t *testing.T, x *exchange, far *caller, near *call, skip ...string) {
	t.Helper()
	bye := far.expect("BYE ", skip...)
	if got := header(bye, "Reason"); got != `Q.850;cause=102;text="session expired"` {
		t.Fatalf("Reason %q", got)
	}
	near.expectEnd(t, ByTimeout)
	far.answerRequest(bye)
	x.settled()
	if stats := x.Stats(); stats.Expired != 1 {
		t.Fatalf("stats %+v", stats)
	}
}

func TestWeRefreshByUpdateUntilTheFarSideIsSilent(t *testing.T) {
	t.Parallel()
	x := startExchange(t, shortTimers)
	far, near, answer := timed(t, x, "Supported: timer", "Session-Expires: 2;refresher=uas", "Allow: INVITE, ACK, BYE, UPDATE")
	if header(answer, "Session-Expires") != "2;refresher=uas" || header(answer, "Require") != "" || header(answer, "Supported") != supportedExtensions {
		t.Fatalf("answer:\n%s", answer)
	}
	for range 2 {
		update := far.expect("UPDATE sip:trunk@")
		if header(update, "Session-Expires") != "2;refresher=uac" || header(update, "Supported") != supportedExtensions ||
			header(update, "Contact") == "" || !strings.HasSuffix(update, "\r\n\r\n") {
			t.Fatalf("refreshed with:\n%s", update)
		}
		far.answer(update, "200 OK", "", "Require: timer", "Session-Expires: 2;refresher=uac")
	}
	update := far.expect("UPDATE ")
	far.answer(update, "200 OK", "", "Session-Expires: 2;refresher=uas") // from now on it is theirs
	expectExpiry(t, x, far, near)
}

func TestWeRefreshByReinviteWhereUpdateIsNotAllowed(t *testing.T) {
	t.Parallel()
	x := startExchange(t, shortTimers)
	far, near, answer := timed(t, x, "Supported: timer", "Session-Expires: 2;refresher=uas")
	_, session, _ := strings.Cut(answer, "\r\n\r\n")
	for range 2 {
		reinvite := far.expect("INVITE sip:trunk@")
		if _, again, _ := strings.Cut(reinvite, "\r\n\r\n"); again != session {
			t.Fatalf("the session was described as\n%s\nand is refreshed as\n%s", session, again)
		}
		if header(reinvite, "Session-Expires") != "2;refresher=uac" {
			t.Fatalf("refreshed with:\n%s", reinvite)
		}
		far.answer(reinvite, "200 OK", offerPCM, "Session-Expires: 2;refresher=uac")
		far.expect("ACK ")
	}
	if len(near.events) != 0 {
		t.Fatalf("a refresh that changes nothing made an event: %s", (<-near.events).Kind)
	}
	moved := strings.Replace(offerPCM, "40000", "40002", 1)
	far.answer(far.expect("INVITE "), "200 OK", moved) // and asks for no timer any more
	far.expect("ACK ")
	if renewed := near.expect(t, EventRenegotiated); renewed.Agreement.Remote.Address.Port() != 40002 {
		t.Fatalf("agreed on %+v", renewed.Agreement)
	}
	far.quiet(2500 * time.Millisecond)
}

func TestTheFarSideRefreshes(t *testing.T) {
	t.Parallel()
	x := startExchange(t, shortTimers)
	far, near, answer := timed(t, x, "k: timer", "x: 3")
	if header(answer, "Session-Expires") != "3;refresher=uac" || header(answer, "Require") != "timer" {
		t.Fatalf("answer:\n%s", answer)
	}
	began := time.Now()
	far.quiet(1500 * time.Millisecond)
	far.send("UPDATE", 2, "", "Supported: timer", "Session-Expires: 3;refresher=uac")
	if refreshed := far.expect("SIP/2.0 200"); header(refreshed, "Session-Expires") != "3;refresher=uac" {
		t.Fatalf("refreshed with\n%s", refreshed)
	}
	far.quiet(1500 * time.Millisecond) // beyond the first interval
	far.send("INVITE", 3, offerPCM, "Supported: timer", "Session-Expires: 3;refresher=uac")
	near.expect(t, EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	if refreshed := far.expect("SIP/2.0 200"); header(refreshed, "Session-Expires") != "3;refresher=uac" {
		t.Fatalf("refreshed with\n%s", refreshed)
	}
	far.send("ACK", 3, "")
	expectExpiry(t, x, far, near)
	if lasted := time.Since(began); lasted < 5*time.Second || lasted > 7*time.Second {
		t.Fatalf("the call lasted %s", lasted)
	}
}

func TestIntervalsThatAreTooShort(t *testing.T) {
	t.Parallel()
	x := startExchange(t, nil) // 90 s at least
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM, "Supported: timer", "Session-Expires: 60")
	if refusal := far.expect("SIP/2.0 422 Session Interval Too Small"); header(refusal, "Min-SE") != "90" {
		t.Fatalf("refused with\n%s", refusal)
	}
	far.write(far.request("ACK", 1, "first", ""))
	far.toTag = ""
	far.send("INVITE", 2, offerPCM, "Supported: timer", "Session-Expires: 90", "Min-SE: 90")
	near := x.nextCall()
	must(t, near.Answer(ours()))
	if answer := far.expect("SIP/2.0 200"); header(answer, "Session-Expires") != "90;refresher=uac" {
		t.Fatalf("answer:\n%s", answer)
	}
	far.send("ACK", 2, "")
	near.expect(t, EventAcked)
	far.send("UPDATE", 3, "", "Supported: timer", "Session-Expires: 60")
	far.expect("SIP/2.0 422")
	far.send("INVITE", 4, offerPCM, "Supported: timer", "Session-Expires: 60")
	far.expect("SIP/2.0 422")
	far.send("UPDATE", 5, "", "Session-Expires: never")
	far.expect("SIP/2.0 400")
	if len(near.events) != 0 {
		t.Fatalf("the handler heard of it: %s", (<-near.events).Kind)
	}
}

func TestRefreshesThatFail(t *testing.T) {
	t.Parallel()
	const allow, asked = "Allow: UPDATE", "Session-Expires: 2;refresher=uas"
	t.Run("422: a longer interval is asked for", func(t *testing.T) {
		t.Parallel()
		x := startExchange(t, shortTimers)
		far, _, _ := timed(t, x, "Supported: timer", asked, allow)
		far.answer(far.expect("UPDATE "), "422 Session Interval Too Small", "", "Min-SE: 3")
		again := far.expect("UPDATE ")
		if header(again, "Session-Expires") != "3;refresher=uac" || header(again, "Min-SE") != "3" {
			t.Fatalf("asked again with\n%s", again)
		}
		far.answer(again, "200 OK", "", "Session-Expires: 3;refresher=uac")
		far.quiet(1300 * time.Millisecond)
		far.answerRequest(far.expect("UPDATE "))
	})
	t.Run("405: by re-INVITE instead", func(t *testing.T) {
		t.Parallel()
		x := startExchange(t, shortTimers)
		far, _, _ := timed(t, x, "Supported: timer", asked, allow)
		far.answer(far.expect("UPDATE "), "405 Method Not Allowed", "")
		reinvite := far.expect("INVITE ")
		far.answer(reinvite, "422 Session Interval Too Small", "", "Min-SE: 5")
		again := far.expect("INVITE ", "ACK ")
		if header(again, "Session-Expires") != "5;refresher=uac" {
			t.Fatalf("asked again with\n%s", again)
		}
		far.answer(again, "200 OK", offerPCM)
		far.expect("ACK ")
	})
	t.Run("500: again, and at last given up", func(t *testing.T) {
		t.Parallel()
		x := startExchange(t, shortTimers)
		far, near, _ := timed(t, x, "Supported: timer", "Session-Expires: 3;refresher=uas", allow)
		for range 2 {
			far.answer(far.expect("UPDATE "), "500 Server Internal Error", "")
		}
		for {
			message := far.heard()
			if strings.HasPrefix(message, "UPDATE ") {
				far.answer(message, "500 Server Internal Error", "")
				continue
			}
			if !strings.HasPrefix(message, "BYE ") || !strings.Contains(message, "session expired") {
				t.Fatalf("heard %q", firstLine(message))
			}
			near.expectEnd(t, ByTimeout)
			far.answerRequest(message)
			break
		}
		x.settled()
	})
	t.Run("481: the far side has lost the call", func(t *testing.T) {
		t.Parallel()
		x := startExchange(t, shortTimers)
		far, near, _ := timed(t, x, "Supported: timer", asked, allow)
		far.answer(far.expect("UPDATE "), "481 Call/Transaction Does Not Exist", "")
		near.expectEnd(t, ByRemote)
		far.answerRequest(far.expect("BYE "))
		x.settled()
	})
	t.Run("no answer", func(t *testing.T) {
		t.Parallel()
		x := startExchange(t, func(o *Options) { o.SessionExpires, o.MinSessionExpires = 8*time.Second, time.Second })
		far, near, _ := timed(t, x, "Supported: timer", "Session-Expires: 5;refresher=uas", allow)
		far.expect("UPDATE ")
		near.expectEnd(t, ByTimeout) // after 64*T1
		far.answerRequest(far.expect("BYE ", "UPDATE "))
		x.settled()
	})
}

func TestCallsWithoutSessionTimersLast(t *testing.T) {
	t.Parallel()
	x := startExchange(t, shortTimers)
	far, near, answer := timed(t, x)
	if header(answer, "Session-Expires") != "" || header(answer, "Require") != "" {
		t.Fatalf("answer:\n%s", answer)
	}
	far.quiet(3500 * time.Millisecond)
	if near.State() != StateConfirmed {
		t.Fatalf("the dialog is %s", near.State())
	}
}
