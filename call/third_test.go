package call

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
	"careline/sip/dialplan"
)

// consulted is maria's talk with a caller at the page, and whom she may call beside.
type consulted struct {
	*floor
	caller     *fakeDialog
	leg, agent *fakeLeg
}

func onConsulted(t *testing.T, story func(consulted)) {
	t.Helper()
	onFloor(t, func(o *Options) { o.Transfers = true }, func(f *floor) {
		c := consulted{floor: f}
		c.agent, _ = f.signIn("maria")
		c.caller, c.leg = f.queued()
		f.accept("maria")
		story(c)
	})
}

func (f consulted) consult() {
	f.t.Helper()
	f.do("maria", Command{Kind: Consult, Number: sip.NewNumber(outside)})
}

func (f consulted) third() string {
	f.t.Helper()
	return f.view("maria").Call.Third
}

func (f consulted) finish() {
	f.t.Helper()
	f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
	f.is("maria", acd.Available)
}

func TestAgentAsksMakesAConferenceAndLeaves(t *testing.T) {
	onConsulted(t, func(f consulted) {
		f.consult()
		f.hears(f.leg, "calm")
		f.is("maria", acd.Holding)
		if f.third() != "calling" {
			t.Errorf("the page shows %q", f.third())
		}
		f.targetDoes(ringing)
		if f.third() != "ringing" {
			t.Errorf("the page shows %q", f.third())
		}
		f.targetDoes(answered)
		f.hears(f.agent, "target/call-1")
		f.hears(f.targetLeg(), "agent/maria")
		f.hears(f.leg, "calm")
		digit := Command{Kind: SendDigit, Digit: "5"} // the third is a menu
		f.do("maria", digit)

		f.do("maria", Command{Kind: Hold}) // back to the caller for a moment
		f.hears(f.leg, "agent/maria")
		f.hears(f.targetLeg(), "calm")
		f.do("maria", digit)
		f.do("maria", Command{Kind: Hold, On: true})
		f.hears(f.targetLeg(), "agent/maria")

		f.do("maria", Command{Kind: BringTogether})
		f.is("maria", acd.Talking)
		f.hears(f.leg, "agent/maria target/call-1")
		f.hears(f.agent, "call-1 target/call-1")
		f.hears(f.targetLeg(), "agent/maria call-1")
		f.do("maria", Command{Kind: Mute, On: true})
		f.hears(f.leg, "target/call-1")
		f.do("maria", Command{Kind: Mute})
		f.do("maria", Command{Kind: Hold, On: true}) // within the conference
		f.hears(f.leg, "calm")
		f.hears(f.agent, "target/call-1")
		f.do("maria", Command{Kind: Hold})
		if f.third() != "together" {
			t.Errorf("the page shows %q", f.third())
		}
		f.do("maria", Command{Kind: Leave})
		f.hears(f.leg, "target/call-1")
		f.hears(f.targetLeg(), "call-1")
		f.hears(f.agent, "")
		f.is("maria", acd.WrapUp)
		f.finish()
		f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		if !f.caller.did("bye 16") || f.targetLeg().digits != 1 || f.leg.digits != 1 {
			t.Errorf("the caller heard %v, the third %d keys", f.caller.log, f.targetLeg().digits)
		}
		record := f.records.latest()
		wantRecord(t, record, ledger.ByTarget, "ring ivr queue ring_agent talk consult hold talk hold conference talk hold talk transfer wrap_up external")
		if record.Segments[5].Outcome != "conference" || record.Segments[9].Outcome != "transferred" || record.Segments[9].Agent != "maria" {
			t.Errorf("the record is %+v", record.Segments)
		}
	})
}

// However the third is lost, the caller is back with the agent.
func TestTheThirdGoesAndTheCallerStays(t *testing.T) {
	for name, c := range map[string]struct {
		happens  func(consulted)
		failed   string
		segments string
	}{
		"busy":      {func(f consulted) { f.targetDoes(refused(486)) }, "busy", "ring ivr queue ring_agent talk consult hold talk wrap_up"},
		"no answer": {func(f consulted) { f.targetDoes(ringing); f.pass(DefaultTransferRing) }, "no_answer", "ring ivr queue ring_agent talk consult hold talk wrap_up"},
		"dropped": {func(f consulted) {
			f.targetDoes(answered)
			f.do("maria", Command{Kind: DropThird})
		}, "", "ring ivr queue ring_agent talk consult hold talk wrap_up"},
		"hung up on, before they were together": {func(f consulted) {
			f.targetDoes(answered)
			f.do("maria", Command{Kind: HangUp})
		}, "", "ring ivr queue ring_agent talk consult hold talk wrap_up"},
		"hangs up out of the conference": {func(f consulted) {
			f.targetDoes(answered)
			f.do("maria", Command{Kind: BringTogether})
			f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		}, "", "ring ivr queue ring_agent talk consult hold conference talk wrap_up"},
	} {
		t.Run(name, func(t *testing.T) {
			onConsulted(t, func(f consulted) {
				f.consult()
				c.happens(f)
				synctest.Wait()
				f.hears(f.leg, "agent/maria")
				f.hears(f.agent, "call-1")
				f.is("maria", acd.Talking)
				if call := f.view("maria").Call; call.Third != "" || call.TransferFailed != c.failed {
					t.Errorf("the page shows %q %q", call.Third, call.TransferFailed)
				}
				if !f.targetLeg().closed {
					t.Error("the third's port was kept")
				}
				f.caller.hangUp()
				synctest.Wait()
				f.finish()
				wantRecord(t, f.records.latest(), ledger.ByCaller, c.segments)
			})
		})
	}
}

// The agent hangs up in the conference: the two talk on, the caller isn't dropped.
func TestHangingUpLeavesTheConference(t *testing.T) {
	onConsulted(t, func(f consulted) {
		f.consult()
		f.targetDoes(answered)
		f.do("maria", Command{Kind: BringTogether})
		f.do("maria", Command{Kind: HangUp})
		f.hears(f.leg, "target/call-1")
		f.finish()
		f.caller.hangUp()
		synctest.Wait()
		if !f.trunks.dialogs[0].did("bye 16") {
			t.Error("the third is still there")
		}
	})
}

// The agent leaves while the third still rings: the caller waits for it with music.
func TestLeavingWhileTheThirdRings(t *testing.T) {
	onConsulted(t, func(f consulted) {
		f.consult()
		f.targetDoes(ringing)
		f.do("maria", Command{Kind: Leave})
		f.hears(f.leg, "calm")
		f.do("maria", Command{Kind: HangUp})
		f.targetDoes(answered)
		f.hears(f.leg, "target/call-1")
		f.finish()
		f.caller.hangUp()
		synctest.Wait()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk consult hold transfer wrap_up external")
	})
}

func TestTheCallerHangsUpOutOfTheConference(t *testing.T) {
	onConsulted(t, func(f consulted) {
		f.consult()
		f.targetDoes(answered)
		f.do("maria", Command{Kind: BringTogether})
		f.caller.hangUp()
		synctest.Wait()
		f.hears(f.agent, "")
		if !f.trunks.dialogs[0].did("bye 16") || !f.targetLeg().closed {
			t.Error("the third is still there")
		}
		f.finish()
	})
}

// The agent's browser is gone for good: those in the conference talk on; whoever was
// only asked is hung up on, and the caller is first in line.
func TestTheAgentIsLostBesideAThird(t *testing.T) {
	for name, together := range map[string]bool{"together": true, "asked": false} {
		t.Run(name, func(t *testing.T) {
			onConsulted(t, func(f consulted) {
				f.consult()
				f.targetDoes(answered)
				if together {
					f.do("maria", Command{Kind: BringTogether})
				}
				f.agent.notify(media.Event{Kind: media.EventFailed})
				f.pass(DefaultGrace * 2)
				if together {
					f.hears(f.leg, "target/call-1")
				} else {
					f.hears(f.leg, "calm")
				}
				if f.targetLeg().closed == together {
					t.Error("the third is there, or isn't, against what was wanted")
				}
				f.caller.hangUp()
				synctest.Wait()
			})
		})
	}
}

// A supervisor who was in the call hears the conference too.
func TestASupervisorListensToAConference(t *testing.T) {
	onConsulted(t, func(f consulted) {
		james, _ := f.signIn("james")
		if err := f.center.Supervise(context.Background(), "james", "call-1", Listen); err != nil {
			t.Fatal(err)
		}
		f.consult()
		f.targetDoes(answered)
		f.hears(james, "agent/maria target/call-1")
		f.do("maria", Command{Kind: BringTogether})
		f.hears(james, "agent/maria call-1 target/call-1")
		f.hears(f.leg, "agent/maria target/call-1")
		f.do("maria", Command{Kind: Leave}) // nobody is left to be supervised
		f.hears(james, "")
		f.hears(f.leg, "target/call-1")
		f.caller.hangUp()
		synctest.Wait()
		f.finish()
	})
}

func TestWhatCannotBeAskedForBesideAThird(t *testing.T) {
	onConsulted(t, func(f consulted) {
		refused := func(command Command, want error) {
			t.Helper()
			if err := f.center.Do(context.Background(), "maria", command); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", command.Kind, err, want)
			}
		}
		for _, kind := range []CommandKind{BringTogether, Leave, DropThird} {
			refused(Command{Kind: kind}, ErrBadCommand)
		}
		f.trunks.refused = dialplan.ErrNotAllowed
		refused(Command{Kind: Consult, Number: sip.NewNumber(outside)}, ErrNotAllowed)
		f.trunks.refused = nil
		f.consult()
		refused(Command{Kind: BringTogether}, ErrBadCommand) // nobody has answered
		refused(Command{Kind: Consult, Number: sip.NewNumber(outside)}, ErrBadCommand)
		refused(Command{Kind: Transfer, Number: sip.NewNumber(outside)}, ErrBadCommand)
		f.caller.hangUp()
		synctest.Wait()
	})
}
