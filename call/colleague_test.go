package call

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/sip"
)

// withExtension gives james an extension and a desk phone's name.
func withExtension(o *Options) {
	o.Transfers = true
	o.Content.Extensions = map[acd.AgentID]string{"james": "4021"}
	o.Content.Phones = map[acd.AgentID]string{"james": "james-desk"}
}

func handOver(f *floor, to string) error {
	err := f.center.Do(context.Background(), "maria", Command{Kind: Transfer, Number: NewNumber(to)})
	synctest.Wait()
	return err
}

func TestAnAgentHandsTheCallerToAColleague(t *testing.T) {
	for _, named := range []string{"james", "James", "4021", "james-desk"} {
		t.Run(named, func(t *testing.T) {
			onFloor(t, withExtension, func(f *floor) {
				f.signIn("maria")
				caller, leg := f.queued()
				f.accept("maria")
				jamesLeg, _ := f.signIn("james")
				if err := handOver(f, named); err != nil {
					t.Fatal(err)
				}
				f.is("maria", acd.WrapUp)
				if view := f.view("maria").Call; view == nil || !view.Transferred {
					t.Errorf("maria's page shows %+v", view)
				}
				f.hears(leg, "calm")
				if view := f.view("james").Call; view == nil || view.Verification != "verified" || !strings.Contains(strings.Join(view.Reasons, ";"), "by name") {
					t.Fatalf("james's page shows %+v", view)
				}
				f.accept("james")
				f.hears(leg, "agent/james")
				f.hears(jamesLeg, "call-1")
				f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
				caller.hangUp()
				synctest.Wait()
				f.do("james", Command{Kind: FinishWrapUp})
				record := f.records.latest()
				wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk transfer queue wrap_up ring_agent talk wrap_up")
				if record.Segments[5].Outcome != "colleague" || record.Segments[5].Agent != "maria" || record.Segments[9].Agent != "james" {
					t.Errorf("the record is %+v", record.Segments)
				}
			})
		})
	}
}

func TestAColleagueWhoDoesNotAnswerLeavesTheCallerFirstInLine(t *testing.T) {
	for name, refuse := range map[string]func(*floor){
		"declined":  func(f *floor) { f.do("james", Command{Kind: Decline, Offer: f.offer("james")}) },
		"no answer": func(f *floor) { f.pass(21 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, withExtension, func(f *floor) {
				f.signIn("maria")
				_, leg := f.queued()
				f.accept("maria")
				f.signIn("james")
				if err := handOver(f, "james"); err != nil {
					t.Fatal(err)
				}
				f.is("james", acd.Offered)
				refuse(f)
				f.hears(leg, "calm")
				f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
				f.is("maria", acd.Offered) // who is free takes the caller
				f.accept("maria")
				f.hears(leg, "agent/maria")
			})
		})
	}
}

func TestAnAgentKeepsTheCallerWhereNobodyCanBeHandedHer(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(*floor)
		to      string
		want    error
	}{
		"signed out": {func(*floor) {}, "james", ErrNotFree},
		"away": {func(f *floor) {
			f.signIn("james")
			f.do("james", Command{Kind: SetState, State: acd.Away, Reason: "Lunch"})
		}, "4021", ErrNotFree},
		"without sound": {func(f *floor) {
			release, _ := f.center.Connect("james", func() {})
			f.t.Cleanup(release)
		}, "james", ErrNotFree},
		"themselves": {func(*floor) {}, "maria", ErrNoNumber},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, withExtension, func(f *floor) {
				f.signIn("maria")
				_, leg := f.queued()
				f.accept("maria")
				c.prepare(f)
				if err := handOver(f, c.to); !errors.Is(err, c.want) {
					t.Errorf("told %v", err)
				}
				f.is("maria", acd.Talking)
				f.hears(leg, "agent/maria")
			})
		})
	}
}

func TestALicenseIsAskedForBeforeACallerIsHandedOver(t *testing.T) {
	onFloor(t, func(o *Options) {
		withExtension(o)
		o.Content.Rules.Queues = append(o.Content.Rules.Queues, acd.Queue{Name: "nurse", Credential: acd.RN})
		o.Content.Rules.Agents[1].Queues = []string{"nurse"}
	}, func(f *floor) {
		f.signIn("maria")
		_, leg := f.queued()
		f.accept("maria")
		f.signIn("james")
		if err := handOver(f, "james"); !errors.Is(err, ErrMayNotTake) {
			t.Errorf("told %v", err)
		}
		f.is("maria", acd.Talking)
		f.is("james", acd.Available)
		f.hears(leg, "agent/maria")
	})
}

func TestAColleagueOfAnotherLineTakesTheCallerThere(t *testing.T) {
	onFloor(t, func(o *Options) {
		withExtension(o)
		o.Content.Rules.Queues = append(o.Content.Rules.Queues, acd.Queue{Name: "billing"})
		o.Content.Rules.Agents[1].Queues = []string{"billing"}
	}, func(f *floor) {
		f.signIn("maria")
		f.queued()
		f.accept("maria")
		f.signIn("james")
		if err := handOver(f, "james"); err != nil {
			t.Fatal(err)
		}
		if view := f.view("james"); view.State != acd.Offered || view.Call.Queue != "billing" || view.Call.Reason != "Claims" {
			t.Errorf("james's page shows %+v", view.Call)
		}
	})
}

func TestBlindTransferToAColleagueFromTheDeskPhone(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		f.signIn("james")
		f.does(f.phone, refer(t, "james"))
		for _, want := range []string{"refer accepted", "refer 200", "bye 16"} {
			if !f.phone.did(want) {
				t.Errorf("the phone heard %v, not %q", f.phone.log, want)
			}
		}
		if len(f.trunks.placed) != 0 {
			t.Error("a colleague was called over a trunk")
		}
		f.accept("james")
		f.hears(f.leg, "agent/james")
		f.finish()
	})
}

func TestALineGoesBeforeAColleagueOfTheSameNumber(t *testing.T) {
	onFloor(t, func(o *Options) {
		o.Transfers = true
		o.Content.Extensions = map[acd.AgentID]string{"james": "5550111"}
	}, func(f *floor) {
		f.signIn("maria")
		_, leg := f.queued()
		f.accept("maria")
		f.signIn("james")
		if err := handOver(f, "5550111"); err != nil {
			t.Fatal(err)
		}
		f.hears(leg, "hello")
		f.is("james", acd.Available)
	})
}

func TestAnAgentSeesTheColleagues(t *testing.T) {
	onFloor(t, withExtension, func(f *floor) {
		f.signIn("maria")
		if list := f.center.Colleagues("maria"); len(list) != 1 || list[0] != (Colleague{"james", "James", "4021"}) {
			t.Errorf("maria sees %+v", list)
		}
	})
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		if list := f.center.Colleagues("maria"); list != nil {
			t.Errorf("without transfers there is %+v", list)
		}
	})
}

// The caller hangs up while the colleague rings: the ring stops, and nobody is left.
func TestCallerHangsUpWhileTheColleagueRings(t *testing.T) {
	onFloor(t, withExtension, func(f *floor) {
		f.signIn("maria")
		caller, _ := f.queued()
		f.accept("maria")
		f.signIn("james")
		if err := handOver(f, "james"); err != nil {
			t.Fatal(err)
		}
		caller.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Cause: 16})
		synctest.Wait()
		f.is("james", acd.Available)
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk transfer queue wrap_up ring_agent")
	})
}
