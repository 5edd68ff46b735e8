package call

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// onAsked is maria's talk with a caller in Wisconsin; james is at his page, and serves
// the nurses' queue as well.
func onAsked(t *testing.T, story func(f consulted, james *fakeLeg)) {
	t.Helper()
	onFloor(t, func(o *Options) {
		o.Transfers = true
		o.Content.Rules.Queues = append(o.Content.Rules.Queues, acd.Queue{Name: "nurse_line", RingTimeout: 20 * time.Second, WrapUp: time.Minute, WaitLimit: 10 * time.Minute})
		for i := range o.Content.Rules.Agents {
			if agent := &o.Content.Rules.Agents[i]; agent.ID == "james" {
				agent.Queues = append(agent.Queues, "nurse_line")
			}
		}
	}, func(f *floor) {
		c := consulted{floor: f}
		c.agent, _ = f.signIn("maria")
		c.caller, c.leg = f.queued()
		f.accept("maria")
		james, _ := f.signIn("james")
		story(c, james)
	})
}

func (f consulted) ask(whom string) {
	f.t.Helper()
	f.do("maria", Command{Kind: Consult, Number: sip.NewNumber(whom)})
}

// A nurse escalation, warm: maria stays until the nurse has the caller.
func TestAgentStaysUntilTheNurseTalks(t *testing.T) {
	for name, whom := range map[string]string{"the queue": "nurse_line", "by name": "james"} {
		t.Run(name, func(t *testing.T) {
			onAsked(t, func(f consulted, james *fakeLeg) {
				f.ask(whom)
				f.hears(f.leg, "calm")
				f.is("maria", acd.Holding)
				f.is("james", acd.Offered)
				if f.third() != "ringing" {
					t.Errorf("maria's page shows %q", f.third())
				}
				if card := f.view("james").Call; card == nil || card.AskedBy != "Maria" || card.MemberName.IsEmpty() {
					t.Errorf("james is shown %+v", card)
				}
				f.pass(time.Second)
				f.accept("james")
				f.hears(f.agent, "agent/james")
				f.hears(james, "agent/maria")
				f.hears(f.leg, "calm")
				f.do("maria", Command{Kind: Hold}) // back to the caller for a word
				f.hears(f.leg, "agent/maria")
				f.hears(james, "calm")
				f.do("maria", Command{Kind: Hold, On: true})
				f.do("maria", Command{Kind: BringTogether})
				f.hears(f.leg, "agent/james agent/maria")
				f.hears(james, "agent/maria call-1")
				f.do("james", Command{Kind: Mute, On: true})
				f.hears(f.leg, "agent/maria")
				f.do("james", Command{Kind: Mute})
				f.pass(time.Second)
				f.do("maria", Command{Kind: Leave})
				f.hears(f.leg, "agent/james")
				f.hears(james, "call-1")
				f.hears(f.agent, "")
				f.is("maria", acd.WrapUp)
				f.is("james", acd.Talking)
				if call := f.view("maria").Call; call == nil || !call.Transferred {
					t.Errorf("in wrap-up maria is shown %+v", call)
				}
				f.finish()
				f.do("james", Command{Kind: Hold, On: true})
				f.hears(f.leg, "calm")
				f.do("james", Command{Kind: Hold})
				f.hears(f.leg, "agent/james")
				f.caller.hangUp()
				synctest.Wait()
				f.is("james", acd.WrapUp)
				f.do("james", Command{Kind: FinishWrapUp, Disposition: "Answered"})
				f.is("james", acd.Available)
				record := f.records.latest()
				wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk consult hold ring_agent talk hold conference talk wrap_up talk hold talk wrap_up")
				if record.Segments[10].Agent != "james" || record.Segments[13].Agent != "james" || record.Segments[13].Queue == "" {
					t.Errorf("the record is %+v", record.Segments)
				}
				if stats := f.center.Stats(); stats.Sessions != 0 || len(f.center.also) != 0 {
					t.Errorf("left behind: %+v, %d", stats, len(f.center.also))
				}
			})
		})
	}
}

// However it ends, the caller is with somebody, and nobody is left reserved.
func TestAskingAColleagueEnds(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(f consulted, james *fakeLeg)
		hears   string // the caller
		james   acd.AgentState
	}{
		"the colleague declines": {func(f consulted, _ *fakeLeg) {
			f.do("james", Command{Kind: Decline, Offer: f.view("james").Call.Offer})
		}, "agent/maria", ""},
		"doesn't answer":            {func(f consulted, _ *fakeLeg) { f.pass(DefaultTransferRing) }, "agent/maria", acd.Away},
		"maria thinks better of it": {func(f consulted, _ *fakeLeg) { f.do("maria", Command{Kind: DropThird}) }, "agent/maria", acd.Available},
		"maria drops who answered": {func(f consulted, _ *fakeLeg) {
			f.accept("james")
			f.do("maria", Command{Kind: DropThird})
		}, "agent/maria", acd.WrapUp},
		"the colleague hangs up": {func(f consulted, _ *fakeLeg) {
			f.accept("james")
			f.do("maria", Command{Kind: BringTogether})
			f.do("james", Command{Kind: HangUp})
		}, "agent/maria", acd.WrapUp},
		"the colleague's browser is gone": {func(f consulted, james *fakeLeg) {
			f.accept("james")
			f.do("maria", Command{Kind: BringTogether})
			james.notify(media.Event{Kind: media.EventFailed})
			f.pass(2 * DefaultGrace)
		}, "agent/maria", ""},
		"maria hangs up in the conference": {func(f consulted, _ *fakeLeg) {
			f.accept("james")
			f.do("maria", Command{Kind: BringTogether})
			f.do("maria", Command{Kind: HangUp})
		}, "agent/james", acd.Talking},
		"maria's browser is gone": {func(f consulted, _ *fakeLeg) {
			f.accept("james")
			f.agent.notify(media.Event{Kind: media.EventFailed})
			f.pass(2 * DefaultGrace)
		}, "agent/james", acd.Talking},
	} {
		t.Run(name, func(t *testing.T) {
			onAsked(t, func(f consulted, james *fakeLeg) {
				f.ask("james")
				c.happens(f, james)
				synctest.Wait()
				f.hears(f.leg, c.hears)
				if c.james != "" {
					f.is("james", c.james)
				}
				f.caller.hangUp()
				f.pass(time.Hour)
				record := f.records.latest()
				wantUnbroken(t, record)
				if !record.Final() || record.EndedBy != ledger.ByCaller {
					t.Errorf("the record is %+v", record)
				}
				for _, agent := range []acd.AgentID{"maria", "james"} {
					if state := f.view(agent).State; state == acd.Offered || state == acd.Talking || state == acd.WrapUp || state == acd.Holding {
						t.Errorf("%s is left %s", agent, state)
					}
				}
				if len(f.center.also) != 0 || f.center.Stats().Sessions != 0 {
					t.Error("the call is left behind")
				}
			})
		})
	}
}

func TestWhoCannotBeAsked(t *testing.T) {
	onAsked(t, func(f consulted, _ *fakeLeg) {
		f.do("james", Command{Kind: SetState, State: acd.Away, Reason: "Lunch"})
		for whom, want := range map[string]error{"maria": ErrNoNumber, "james": ErrNotFree} {
			if err := f.center.Do(context.Background(), "maria", Command{Kind: Consult, Number: sip.NewNumber(whom)}); !errors.Is(err, want) {
				t.Errorf("%s: %v, want %v", whom, err, want)
			}
		}
		for i := range f.center.options.Content.Rules.Queues {
			f.center.options.Content.Rules.Queues[i].Credential = acd.RN // as the page's content has it
		}
		nurse := Command{Kind: Consult, Number: sip.NewNumber("nurse_line")}
		for state, want := range map[string]error{"": ErrNoState, "Wisconsin": ErrBadCommand, "w1": ErrBadCommand} {
			nurse.CallerState = state
			if err := f.center.Do(context.Background(), "maria", nurse); !errors.Is(err, want) {
				t.Errorf("a nurse for a caller in %q: %v, want %v", state, err, want)
			}
		}
		nurse.CallerState = "WI" // nobody is there yet
		f.do("maria", nurse)
		if record := f.view("maria").Call; record.State != "WI" {
			t.Errorf("the caller is in %q", record.State)
		}
		f.hears(f.leg, "calm")
		if f.third() != "calling" {
			t.Errorf("maria's page shows %q", f.third())
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: Leave}); !errors.Is(err, ErrBadCommand) {
			t.Errorf("the caller is left with nobody: %v", err)
		}
		f.do("james", Command{Kind: SetState, State: acd.Available})
		f.is("james", acd.Offered)
		f.caller.hangUp()
		synctest.Wait()
		f.is("james", acd.Available)
		f.finish()
	})
}
