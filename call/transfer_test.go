package call

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
	"careline/sip/dialplan"
)

func TestBlindTransferFromTheDeskPhone(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		if placed := f.trunks.placed[0]; placed.ID != "call-1" || placed.Number.Reveal() != outside || placed.Display != "" {
			t.Errorf("placed %+v to %q", placed, placed.Number.Reveal())
		}
		f.hears(f.leg, "calm")
		f.hears(f.phoneLeg(), "")
		f.targetDoes(ringing)
		f.hears(f.leg, "calm") // not silence: no early sound yet
		f.targetDoes(sip.Event{Kind: sip.EventProgress, Status: 183, Agreement: pcmu})
		f.hears(f.leg, "calm")
		f.targetLeg().notify(media.Event{Kind: media.EventFirstPacket})
		synctest.Wait()
		f.hears(f.leg, "target/call-1")
		f.targetDoes(answered)
		f.hears(f.leg, "target/call-1")
		f.hears(f.targetLeg(), "call-1")
		for _, want := range []string{"refer accepted", "refer 180", "refer 183", "refer 200", "bye 16"} {
			if !f.phone.did(want) {
				t.Errorf("the phone heard %v, not %q", f.phone.log, want)
			}
		}
		if view := f.view("maria").Call; view == nil || !view.CallerGone || !view.Transferred {
			t.Errorf("in wrap-up the page shows %+v", view)
		}
		f.finish()
		f.pass(time.Hour) // the caller's talk outside takes as long as it takes
		if stats := f.center.Stats(); stats.Calls != 1 {
			t.Errorf("the transferred call is counted %d times", stats.Calls)
		}
		digit, _ := media.ParseDigit('5')
		f.targetLeg().notify(media.Event{Kind: media.EventDigit, Digit: digit})
		f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Cause: 16})
		if f.leg.digits != 1 || !f.caller.did("bye 16") || !f.targetLeg().closed {
			t.Errorf("%d digits; the caller heard %v", f.leg.digits, f.caller.log)
		}
		record := f.records.latest()
		wantRecord(t, record, ledger.ByTarget, "ring ivr queue ring_agent talk transfer wrap_up external")
		if record.Segments[4].Outcome != "transfer" || record.Segments[5].Outcome != "answered" || record.Segments[5].Agent != "maria" || record.Disposition != "Answered" {
			t.Errorf("the record is %+v", record)
		}
		if text := fmt.Sprintf("%+v %s", record, f.journal()); strings.Contains(text, outside) {
			t.Error("the number is on record")
		}
	})
}

// journal is all that the engine was told, as kept.
func (f *floor) journal() string {
	f.records.mu.Lock()
	defer f.records.mu.Unlock()
	var text strings.Builder
	for _, entry := range f.records.journal {
		text.Write(entry.Body)
	}
	return text.String()
}

func TestTransferFailsAndTheCallerIsBackWithTheAgent(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(talk)
		notify  string
		outcome string
	}{
		"busy":        {func(f talk) { f.targetDoes(refused(486)) }, "refer 486", "busy"},
		"declined":    {func(f talk) { f.targetDoes(refused(603)) }, "refer 603", "declined"},
		"unreachable": {func(f talk) { f.targetDoes(refused(503)) }, "refer 503", "unreachable"},
		"no answer":   {func(f talk) { f.targetDoes(ringing); f.pass(DefaultTransferRing) }, "refer 408", "no_answer"},
	} {
		t.Run(name, func(t *testing.T) {
			onPhoneTalk(t, func(f talk) {
				f.does(f.phone, refer(t, outside))
				c.happens(f)
				if !f.phone.did(c.notify) || f.phone.did("bye 16") {
					t.Errorf("the phone heard %v", f.phone.log)
				}
				f.is("maria", acd.Talking)
				f.hears(f.leg, "phone/call-1")
				f.hears(f.phoneLeg(), "call-1")
				if !f.targetLeg().closed {
					t.Error("the target's port was kept")
				}
				if view := f.view("maria").Call; view.TransferFailed != c.outcome || view.Transfer != "" {
					t.Errorf("the page shows %q %q", view.Transfer, view.TransferFailed)
				}
				f.caller.hangUp()
				synctest.Wait()
				f.finish()
				record := f.records.latest()
				wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk transfer talk wrap_up")
				if record.Segments[5].Outcome != c.outcome {
					t.Errorf("the transfer ended %q", record.Segments[5].Outcome)
				}
			})
		})
	}
}

func TestTransfersThatAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		err    error
		number string
		want   string
	}{
		"forbidden":                   {dialplan.ErrNotAllowed, outside, "refer refused 403"},
		"not a number":                {dialplan.ErrNotANumber, "nobody", "refer refused 404"},
		"a colleague who isn't there": {nil, "james", "refer refused 480"},
		"themselves":                  {nil, "maria", "refer refused 404"},
		"without trunk":               {sip.ErrNoTrunk, outside, "refer refused 503"},
	} {
		t.Run(name, func(t *testing.T) {
			onPhoneTalk(t, func(f talk) {
				f.trunks.refused = c.err
				f.does(f.phone, refer(t, c.number))
				if !f.phone.did(c.want) {
					t.Errorf("the phone heard %v", f.phone.log)
				}
				f.hears(f.leg, "phone/call-1") // and nothing changed
				f.caller.hangUp()
				synctest.Wait()
				f.finish()
				wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk wrap_up")
			})
		})
	}
}

func TestACallerCannotTransfer(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.caller.notify(refer(t, outside))
		synctest.Wait()
		if !f.caller.did("refer refused 403") || len(f.trunks.placed) != 0 {
			t.Errorf("the caller heard %v", f.caller.log)
		}
		f.does(f.phone, refer(t, outside))
		f.targetDoes(answered)
		f.targetDoes(refer(t, outside))
		if !f.trunks.dialogs[0].did("refer refused 403") || len(f.trunks.placed) != 1 {
			t.Errorf("the target heard %v", f.trunks.dialogs[0].log)
		}
		f.caller.hangUp()
		f.finish()
	})
}

func TestTransfersAreOffUnlessSwitchedOn(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, _ := f.queued()
		f.does(phones.devices[0], sip.Event{Kind: sip.EventAnswered})
		f.does(phones.devices[0], refer(t, outside))
		if !phones.devices[0].did("refer refused 403") {
			t.Errorf("the phone heard %v", phones.devices[0].log)
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: Transfer, Number: NewNumber(outside)}); !errors.Is(err, ErrNoTransfers) {
			t.Errorf("by the page: %v", err)
		}
		stranger := &fakeDialog{id: "x", dialed: outside}
		f.center.invite(stranger)
		if !stranger.did("refuse 404 0s") {
			t.Errorf("a stranger heard %v", stranger.log)
		}
		caller.hangUp()
		synctest.Wait()
		f.do("maria", Command{Kind: FinishWrapUp})
	})
}

func TestCallerHangsUpWhileTheTargetRings(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		f.targetDoes(ringing)
		f.caller.hangUp()
		synctest.Wait()
		if !f.trunks.dialogs[0].did("bye 16") || !f.targetLeg().closed || !f.phone.did("bye 16") {
			t.Error("somebody rings on")
		}
		f.finish()
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk transfer wrap_up")
		if record.Segments[5].Outcome != "ended_by_caller" {
			t.Errorf("the transfer ended %q", record.Segments[5].Outcome)
		}
	})
}

func TestAgentHangsUpEarlyAndTheTransferGoesOn(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		f.does(f.phone, sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		f.is("maria", acd.WrapUp)
		f.hears(f.leg, "calm")
		f.targetDoes(answered)
		f.hears(f.leg, "target/call-1")
		f.caller.hangUp()
		synctest.Wait()
		if !f.trunks.dialogs[0].did("bye 16") {
			t.Error("the target wasn't hung up")
		}
		f.finish()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk transfer wrap_up external")
	})
}

func TestTransferFailsAfterTheAgentHungUpAndTheCallerIsFirstInLine(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		f.does(f.phone, sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		_, other := f.queued() // came later, and waits
		f.hears(other, "calm")
		f.targetDoes(refused(486))
		f.hears(f.leg, "calm")
		f.signIn("james")
		f.accept("james")
		f.hears(f.leg, "agent/james") // not the other
		if view := f.view("james").Call; view.TransferFailed != "" || view.Answered.IsZero() {
			t.Errorf("james is shown %+v", view)
		}
		f.is("maria", acd.WrapUp)
		f.do("james", Command{Kind: HangUp})
		f.do("james", Command{Kind: FinishWrapUp})
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		record := f.records.saved["call-1"][len(f.records.saved["call-1"])-1]
		wantRecord(t, record, ledger.ByAgent, "ring ivr queue ring_agent talk transfer wrap_up queue ring_agent talk wrap_up")
	})
}

func TestAgentVanishesDuringTheTransfer(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		f.phoneLeg().notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		f.hears(f.leg, "calm")
		f.targetDoes(answered)
		f.hears(f.leg, "target/call-1")
		f.caller.hangUp()
		synctest.Wait()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk transfer external")
	})
}

func TestTransferToOneOfOurLines(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, "5550111"))
		if !f.phone.did("refer 200") || !f.phone.did("bye 16") || len(f.trunks.placed) != 0 {
			t.Errorf("the phone heard %v", f.phone.log)
		}
		f.hears(f.leg, "hello")
		f.finish()
		f.pass(5 * time.Second) // nobody asks her who she is again
		view := f.view("maria")
		if view.State != acd.Offered || view.Call.Verification != "verified" || view.Call.Line != "nurses" || view.Call.ID != "call-1" {
			t.Errorf("the page shows %+v", view.Call)
		}
		f.caller.hangUp()
		synctest.Wait()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk transfer ivr wrap_up queue ring_agent")
	})
}

func TestALinesPatienceGoesAlongToAnotherLine(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		session := f.center.sessions["call-1"]
		session.line.Patience = 2 // as if she had called a line that has it
		f.does(f.phone, refer(t, "5550111"))
		if session.line.Name != "nurses" || session.line.Patience != 2 {
			t.Errorf("on line %+v", session.line)
		}
		f.finish()
		f.caller.hangUp()
		synctest.Wait()
	})
}

func TestThePagesTransferButton(t *testing.T) {
	onFloor(t, func(o *Options) { o.Transfers = true }, func(f *floor) {
		agentLeg, _ := f.signIn("maria")
		caller, leg := f.queued()
		f.accept("maria")
		transfer := func() error {
			err := f.center.Do(context.Background(), "maria", Command{Kind: Transfer, Number: NewNumber(outside)})
			synctest.Wait()
			return err
		}
		for refusal, want := range map[error]error{dialplan.ErrNotAllowed: ErrNotAllowed, dialplan.ErrNotANumber: ErrNoNumber, sip.ErrNoTrunk: ErrNoTrunk} {
			f.trunks.refused = refusal
			if err := transfer(); !errors.Is(err, want) {
				t.Errorf("%v came as %v", refusal, err)
			}
		}
		f.trunks.refused = nil
		if err := transfer(); err != nil || !f.view("maria").Transfers {
			t.Fatal(err)
		}
		if view := f.view("maria").Call; view.Transfer != "calling" {
			t.Errorf("the page shows %q", view.Transfer)
		}
		f.targetDoes(ringing)
		if view := f.view("maria").Call; view.Transfer != "ringing" {
			t.Errorf("the page shows %q", view.Transfer)
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: Hold, On: true}); !errors.Is(err, ErrBadCommand) {
			t.Errorf("held while a target rings: %v", err)
		}
		f.do("maria", Command{Kind: CancelTransfer})
		f.hears(leg, "agent/maria")
		f.hears(agentLeg, "call-1")
		if !f.trunks.dialogs[0].did("bye 16") {
			t.Error("the target rings on")
		}
		f.do("maria", Command{Kind: Hold, On: true})
		if err := transfer(); err != nil {
			t.Fatal(err)
		}
		f.targetDoes(refused(600))
		f.is("maria", acd.Holding) // as it was
		f.hears(leg, "calm")
		if err := transfer(); err != nil {
			t.Fatal(err)
		}
		f.do("maria", Command{Kind: HangUp})
		f.is("maria", acd.WrapUp)
		f.targetDoes(answered)
		f.hears(leg, "target/call-1")
		caller.hangUp()
		synctest.Wait()
		f.do("maria", Command{Kind: FinishWrapUp})
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk transfer talk hold transfer hold transfer wrap_up external")
	})
}

func TestTheTargetsSoundStaysAway(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		f.targetDoes(answered)
		f.targetLeg().notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		if !f.trunks.dialogs[0].did("bye 102") || !f.caller.did("bye 102") {
			t.Errorf("the target heard %v, the caller %v", f.trunks.dialogs[0].log, f.caller.log)
		}
		f.finish()
		wantRecord(t, f.records.latest(), ledger.ByCarrier, "ring ivr queue ring_agent talk transfer wrap_up external")
	})
}

func TestDrainWaitsForTransferredCallers(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		drained := make(chan error, 1)
		go func() { drained <- f.center.Drain(context.Background()) }()
		f.pass(time.Second)
		f.does(f.phone, refer(t, outside)) // a call that is up may still be transferred
		f.targetDoes(answered)
		f.finish()
		f.pass(time.Second)
		select {
		case err := <-drained:
			t.Fatalf("drained (%v) with a caller on the line", err)
		default:
		}
		f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		f.pass(time.Second)
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownEndsATransferredCall(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.does(f.phone, refer(t, outside))
		f.targetDoes(answered)
		f.stop()
		f.floor.stop = func() {}
		if !f.trunks.dialogs[0].did("bye 41") || !f.caller.did("bye 41") {
			t.Errorf("the target heard %v, the caller %v", f.trunks.dialogs[0].log, f.caller.log)
		}
		wantRecord(t, f.records.latest(), ledger.BySystem, "ring ivr queue ring_agent talk transfer wrap_up external")
	})
}

// Some phones, baresip among them, end the call when their REFER is refused.
func TestThePhoneHangsUpBecauseTheTransferFailed(t *testing.T) {
	for _, late := range []bool{false, true} {
		onPhoneTalk(t, func(f talk) {
			f.trunks.refused = dialplan.ErrNotAllowed
			f.does(f.phone, refer(t, outside))
			if late {
				f.pass(failedGrace + time.Second)
			}
			f.does(f.phone, sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
			if late { // that was the agent
				f.finish()
				wantRecord(t, f.records.latest(), ledger.ByAgent, "ring ivr queue ring_agent talk wrap_up")
				return
			}
			f.hears(f.leg, "calm")
			f.is("maria", acd.WrapUp)
			f.do("maria", Command{Kind: FinishWrapUp})
			f.is("maria", acd.Offered)
			f.caller.hangUp()
			synctest.Wait()
			wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk wrap_up queue ring_agent")
		})
	}
}
