package call

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/member"
	"careline/sip"
)

// nobodyIsLeft: the engine holds no contact and nobody is reserved, offered or
// in a call; no caller and no session is counted (DOMAIN.md §10.1).
func (f *floor) nobodyIsLeft() {
	f.t.Helper()
	answer := make(chan []acd.AgentStatus, 1)
	f.center.router.ask(func(engine *acd.Engine) { answer <- engine.Agents() })
	for _, agent := range <-answer {
		switch agent.State {
		case acd.Offered, acd.Connecting, acd.Talking, acd.Holding, acd.WrapUp:
			f.t.Errorf("%s is still %s with %s", agent.ID, agent.State, agent.Contact)
		}
	}
	for _, queue := range f.center.Stats().Queues {
		if queue.Waiting != 0 {
			f.t.Errorf("%d still wait for %s", queue.Waiting, queue.Queue)
		}
	}
	if stats := f.center.Stats(); stats.Calls != 0 || stats.Sessions != 0 {
		f.t.Errorf("%d calls and %d sessions are left", stats.Calls, stats.Sessions)
	}
}

// offer is what maria accepts or declines.
func (f *floor) offer(agent acd.AgentID) acd.OfferID {
	f.t.Helper()
	view := f.view(agent)
	if view.Call == nil || view.State != acd.Offered {
		f.t.Fatalf("%s is %s, not offered", agent, view.State)
	}
	return view.Call.Offer
}

func TestCallerHangsUpAtTheInstantOfTheAccept(t *testing.T) {
	for name, order := range map[string]func(hangUp, accept func()){
		"the caller first": func(hangUp, accept func()) { hangUp(); accept() },
		"the agent first":  func(hangUp, accept func()) { accept(); hangUp() },
		"both":             func(hangUp, accept func()) { go accept(); hangUp() },
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, nil, func(f *floor) {
				f.signIn("maria")
				dialog, _ := f.queued()
				offer := f.offer("maria")
				order(dialog.hangUp, func() {
					err := f.center.Do(context.Background(), "maria", Command{Kind: Accept, Offer: offer})
					if err != nil && !errors.Is(err, ErrOfferGone) {
						t.Errorf("accepting: %v", err)
					}
				})
				synctest.Wait()
				f.pass(time.Minute) // a wrap-up, if they were joined for a moment
				record := f.records.latest()
				if record.EndedBy != ledger.ByCaller || !record.Final() {
					t.Errorf("the record: %+v", record)
				}
				wantUnbroken(t, record)
				f.is("maria", acd.Available)
				f.nobodyIsLeft()
			})
		})
	}
}

func TestHeldCallerHangsUp(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		f.pass(3 * time.Second)
		f.do("maria", Command{Kind: Hold, On: true})
		f.pass(2 * time.Second)
		dialog.hangUp()
		f.pass(time.Minute)
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk hold wrap_up")
		if hold := record.Segments[5]; hold.End.Sub(hold.Start) != 2*time.Second || hold.Agent != "maria" {
			t.Errorf("the hold is %+v", hold)
		}
		f.nobodyIsLeft()
	})
}

func TestAgentHangsUp(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		f.do("maria", Command{Kind: HangUp})
		if !dialog.did("bye 16") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		for _, late := range []Command{{Kind: HangUp}, {Kind: Hold, On: true}, {Kind: SendDigit, Digit: "5"}} {
			if err := f.center.Do(context.Background(), "maria", late); !errors.Is(err, ErrNoCall) {
				t.Errorf("%s in wrap-up: %v", late.Kind, err)
			}
		}
		f.do("maria", Command{Kind: ExtendWrapUp})
		f.pass(time.Minute)
		f.is("maria", acd.WrapUp)
		f.pass(wrapUpExtension)
		f.is("maria", acd.Available)
		wantRecord(t, f.records.latest(), ledger.ByAgent, "ring ivr queue ring_agent talk wrap_up")
		f.nobodyIsLeft()
		if err := f.center.Do(context.Background(), "maria", Command{Kind: ExtendWrapUp}); !errors.Is(err, ErrBadCommand) {
			t.Errorf("extending a wrap-up that is over: %v", err)
		}
	})
}

func TestAQueueWithoutWrapUpLetsTheAgentGoOn(t *testing.T) {
	onFloor(t, func(o *Options) { o.Content.Rules.Queues[0].WrapUp = 0 }, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		dialog.hangUp()
		synctest.Wait()
		f.is("maria", acd.Available)
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk wrap_up")
		f.nobodyIsLeft()
	})
}

// The agent's browser is given up and the caller hangs up in the same instant:
// the call hears of the agent, of the caller, and that it is back in line. No
// wrap-up will ever end, since none began.
func TestAgentLostAsTheCallerHangsUp(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		s := f.center.session("call-1")
		working := make(chan error) // keeps the call from its inbox
		s.post(commandMessage{agent: "maria", command: Command{Kind: Mute}, reply: working})
		s.post(agentMessage{Agent: "maria", State: acd.Away, Reason: acd.ReasonConnectionLost})
		f.center.router.ask(func(*acd.Engine) { delete(f.center.router.about, "maria") }) // since that is told
		dialog.hangUp()
		f.center.router.submit(acd.AgentDropped{Agent: "maria"})
		synctest.Wait()
		<-working
		synctest.Wait()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk wrap_up")
		f.nobodyIsLeft()
	})
}

// A queue is closed, or the only license ends at midnight, while they talk; then
// the agent is lost. The engine can't take the caller back, so the flow does.
func TestAgentLostWhenNobodyElseMayTakeTheCaller(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, release := f.signIn("maria")
		dialog, leg := f.queued()
		f.accept("maria")
		rules := f.center.options.Content.Rules
		rules.Queues = nil
		f.center.router.submit(acd.RulesLoaded{Rules: rules})
		release()
		agentLeg.notify(media.Event{Kind: media.EventFailed})
		f.pass(DefaultGrace)
		f.hears(leg, "again") // the step "stay"
		dialog.hangUp()
		synctest.Wait()
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk ivr")
		if got := record.Segments[4].Outcome; got != string(acd.ExitUnknownQueue) {
			t.Errorf("the talk ended %q", got)
		}
		f.nobodyIsLeft()
	})
}

func TestAQueueIsClosedWhileAnAgentRings(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		dialog, leg := f.queued()
		f.offer("maria")
		rules := f.center.options.Content.Rules
		rules.Queues = nil
		f.center.router.submit(acd.RulesLoaded{Rules: rules})
		synctest.Wait()
		f.is("maria", acd.Available)
		f.hears(leg, "again") // the step "stay"
		f.pass(time.Second)
		dialog.hangUp()
		synctest.Wait()
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent ivr")
		if queue, ring := record.Segments[2], record.Segments[3]; !ring.End.Equal(queue.End) {
			t.Errorf("the ring lasts until %v, the line until %v", ring.End, queue.End)
		}
	})
}

// Each way in which a dialog can end says who ended the call, and why.
func TestTheDialogsEndIsOnRecord(t *testing.T) {
	for name, c := range map[string]struct {
		event  sip.Event
		by     ledger.EndedBy
		q850   int
		status int
	}{
		"BYE":             {sip.Event{By: sip.ByRemote}, ledger.ByCaller, 16, 0},
		"BYE with reason": {sip.Event{By: sip.ByRemote, Cause: 31}, ledger.ByCaller, 31, 0},
		"no ACK":          {sip.Event{By: sip.ByTimeout}, ledger.ByCarrier, 102, 0},
		"no answer sent":  {sip.Event{By: sip.ByTransport, Status: 500}, ledger.ByCarrier, 27, 500},
		"by the server":   {sip.Event{By: sip.ByLocal}, ledger.BySystem, 41, 0},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, nil, func(f *floor) {
				dialog, _ := f.ring("5550100")
				c.event.Kind = sip.EventEnded
				dialog.notify(c.event)
				synctest.Wait()
				record := f.records.latest()
				wantRecord(t, record, c.by, "ring ivr")
				if record.Q850Cause != c.q850 || record.SIPStatus != c.status || record.Why == "" {
					t.Errorf("cause %d, status %d, %q; want %d, %d", record.Q850Cause, record.SIPStatus, record.Why, c.q850, c.status)
				}
			})
		})
	}
}

func TestAPanicGivesEverythingBack(t *testing.T) {
	for name, breaks := range map[string]func(*floor, *fakeDialog){
		"when joined": func(f *floor, _ *fakeDialog) {
			f.sound.joining = func() { panic("the test breaks this call") }
			f.accept("maria")
			f.sound.joining = nil
		},
		"when the caller hangs up in line": func(_ *floor, d *fakeDialog) {
			d.stubborn = true
			d.notify(sip.Event{Kind: sip.EventCancelled})
		},
		"when the agent hangs up": func(f *floor, d *fakeDialog) {
			f.accept("maria")
			d.stubborn = true
			if err := f.center.Do(context.Background(), "maria", Command{Kind: HangUp}); !errors.Is(err, ErrNoCall) {
				f.t.Errorf("hanging up a call that breaks: %v", err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, nil, func(f *floor) {
				f.signIn("maria")
				dialog, leg := f.queued()
				breaks(f, dialog)
				synctest.Wait()
				record := f.records.latest()
				if !record.Final() || record.EndedBy == "" {
					t.Errorf("the record: %+v", record)
				}
				wantUnbroken(t, record)
				if !leg.closed {
					t.Error("the caller's port is still taken")
				}
				if f.view("maria").State == acd.WrapUp {
					f.do("maria", Command{Kind: FinishWrapUp}) // though the call is gone
				}
				f.is("maria", acd.Available)
				f.nobodyIsLeft()
				_, next := f.queued()
				f.accept("maria")
				f.hears(next, "agent/maria")
			})
		})
	}
}

// brokenVerifier panics, or takes its time.
type brokenVerifier struct{ takes []time.Duration }

func (v *brokenVerifier) Verify(ctx context.Context, claim member.Claim) (member.Result, error) {
	if len(v.takes) == 0 {
		panic("the test breaks the directory")
	}
	took := v.takes[0]
	v.takes = v.takes[1:]
	select {
	case <-time.After(took):
	case <-ctx.Done():
	}
	return member.Result{Outcome: member.LockedOut}, nil
}

func TestAPanicBesideTheCallIsAnswered(t *testing.T) {
	onFloor(t, func(o *Options) { o.Verifier = &brokenVerifier{} }, func(f *floor) {
		f.signIn("maria")
		_, leg := f.queued()
		f.hears(leg, "calm")
		view := f.view("maria")
		if view.Call == nil || view.Call.Verification != "not_verified" || !view.Call.MemberName.IsEmpty() {
			t.Errorf("the agent sees %+v", view.Call)
		}
	})
}

// The flow gives a verification up after ivr.VerifyGuard. What comes later is
// the answer to another question.
func TestAVerificationThatComesTooLateCountsForNothing(t *testing.T) {
	slow := &brokenVerifier{takes: []time.Duration{30 * time.Second, time.Hour}}
	onFloor(t, func(o *Options) { o.Verifier = slow }, func(f *floor) {
		_, leg := f.queued()
		f.pass(20 * time.Second) // the guard, "again" and the first question
		f.press(leg, "48201937")
		f.press(leg, "04121961")
		f.pass(10 * time.Second) // the first answer comes while the second is waited for
		f.hears(leg, "")         // no music: "locked out" would have led to the queue
		if got := f.center.session("call-1"); !got.run.Verifying() {
			t.Errorf("the call is in %s and its flow doesn't wait for its answer", got.stage)
		}
	})
}

func TestABusyDialogIsHungUpAfterAll(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.ring("5550100")
		dialog.busy = 1
		leg.notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		if !dialog.did("bye 41") {
			t.Errorf("the dialog did %v and stands", dialog.log)
		}
	})
}

func TestTheFourWaysOfNotAnsweringAreOnRecord(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		mariasLeg, releaseMaria := f.signIn("maria")
		f.pass(time.Second)
		dialog, leg := f.queued()
		f.do("maria", Command{Kind: Decline, Offer: f.offer("maria")})
		f.pass(acd.DefaultAfterDeclined)
		f.pass(20 * time.Second) // rings out
		f.is("maria", acd.Away)
		f.do("maria", Command{Kind: SetState, State: acd.Available})
		f.pass(acd.DefaultAfterNoAnswer)
		f.offer("maria")
		releaseMaria() // the page is gone; nobody comes back
		mariasLeg.notify(media.Event{Kind: media.EventFailed})
		f.pass(DefaultGrace)
		f.is("maria", acd.SignedOut)
		_, releaseJames := f.signIn("james")
		f.do("james", Command{Kind: Decline, Offer: f.offer("james")})
		releaseJames() // offered anew 10 s later, while the page is away
		f.pass(acd.DefaultAfterDeclined)
		f.hears(leg, "calm")
		dialog.hangUp()
		synctest.Wait()
		record := f.records.latest()
		wantUnbroken(t, record)
		var rings []string
		for _, segment := range record.Segments {
			if segment.Kind == ledger.SegmentRingAgent {
				rings = append(rings, segment.Agent+" "+segment.Outcome)
			}
		}
		want := []string{"maria declined", "maria no_answer", "maria signed_out", "james declined", "james unreachable"}
		for i := range want {
			if i >= len(rings) || rings[i] != want[i] {
				t.Fatalf("rings: %q, want %q", rings, want)
			}
		}
		f.nobodyIsLeft()
	})
}

func TestWrapUpTakesNoCallersPlace(t *testing.T) {
	onFloor(t, func(o *Options) { o.MaxCalls = 1 }, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		dialog.hangUp()
		synctest.Wait()
		f.is("maria", acd.WrapUp)
		next, _ := f.ring("5550100")
		if !next.did("answer") {
			t.Errorf("the next call is refused though the line is free: %v", next.log)
		}
		third := &fakeDialog{id: "third", dialed: "5550100"}
		f.center.invite(third)
		if !third.did("refuse 503 10s") {
			t.Errorf("the third: %v", third.log)
		}
	})
}

// The verification expires while the caller waits; the agent is told so, and
// sees no name.
func TestAVerificationThatExpiresInLineIsNone(t *testing.T) {
	onFloor(t, func(o *Options) { o.Content.Rules.Queues[0].WaitLimit = 0 }, func(f *floor) {
		f.queued()
		f.pass(member.DefaultValidity)
		f.signIn("maria")
		view := f.view("maria").Call
		if view == nil || view.Verification != "not_verified" || !view.MemberName.IsEmpty() || view.MemberToken != "" {
			t.Errorf("the agent sees %+v", view)
		}
	})
}

// A fact is read by the flow that speaks, which need not be the line's.
func TestTheAuditNamesTheFlowThatReads(t *testing.T) {
	flows, err := ivr.Load(fstest.MapFS{
		"main.yaml": {Data: []byte(strings.Replace(testFlow, "verified: reason", "verified: go", 1) + "  go: {transfer: visits}\n")},
		"visits.yaml": {Data: []byte("flow: visits\nlanguages: [en-US]\nstart: when\nsteps:\n" +
			"  when: {say: \"{{ member.next_visit | date }}\", next: end, missing: end}\n  end: {hang_up: {play: bye, reason: told}}\n")},
	}, ".", ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}, Facts: map[string]ivr.FactKind{"next_visit": ivr.FactDate}})
	if err != nil {
		t.Fatal(err)
	}
	onFloor(t, func(o *Options) { o.Content.Flows = flows }, func(f *floor) {
		f.queued()
		if len(f.records.accesses) != 1 || f.records.accesses[0].Actor != "flow:visits" || f.records.accesses[0].Call != "call-1" {
			t.Errorf("the audit says %+v", f.records.accesses)
		}
	})
}
