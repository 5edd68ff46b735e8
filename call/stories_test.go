package call

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

func kinds(record ledger.CallRecord) string {
	var names []string
	for _, segment := range record.Segments {
		names = append(names, string(segment.Kind))
	}
	return strings.Join(names, " ")
}

func wantRecord(t *testing.T, record ledger.CallRecord, by ledger.EndedBy, segments string) {
	t.Helper()
	wantUnbroken(t, record)
	if record.EndedBy != by || kinds(record) != segments || !record.Final() {
		t.Errorf("ended by %s (%s) with %s (final %v), want %s with %s", record.EndedBy, record.Why, kinds(record), record.Final(), by, segments)
	}
}

// wantUnbroken: the timeline has no gap from start to end; rings lie within
// queues, wrap-up comes after the agent's talk.
func wantUnbroken(t *testing.T, record ledger.CallRecord) {
	t.Helper()
	at, had := record.Started, map[string]time.Time{}
	for i, segment := range record.Segments {
		switch {
		case segment.End.Before(segment.Start) || segment.Outcome == "" && segment.Kind != ledger.SegmentTalk && segment.Kind != ledger.SegmentHold:
			t.Errorf("segment %d, %s, ends before it starts or without an outcome: %+v", i, segment.Kind, segment)
		case segment.Kind.Within():
			if segment.Start.Before(record.Started) || segment.End.After(record.Ended) || segment.Agent == "" {
				t.Errorf("segment %d, %s, lies outside the call: %+v", i, segment.Kind, segment)
			}
		case segment.Kind == ledger.SegmentWrapUp:
			if segment.Start.Before(had[segment.Agent]) {
				t.Errorf("segment %d, wrap-up, begins before the agent's part is over", i)
			}
		case !segment.Start.Equal(at):
			t.Errorf("segment %d, %s, begins at %v, the one before ended at %v", i, segment.Kind, segment.Start, at)
		default:
			at = segment.End
			if segment.Kind == ledger.SegmentTalk || segment.Kind == ledger.SegmentHold {
				had[segment.Agent] = segment.End
			}
		}
	}
	if !at.Equal(record.Ended) {
		t.Errorf("the timeline ends at %v, the call at %v", at, record.Ended)
	}
}

func TestVerifiedCallerTalksIsHeldAndWrappedUp(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, _ := f.signIn("maria")
		dialog, leg := f.ring("5550100")
		if dialog.named != "call-1" {
			t.Errorf("the dialog's log lines name the call %q", dialog.named)
		}
		f.hears(leg, "hello")
		f.press(leg, "48201937")
		if !leg.shielded() {
			t.Error("who listens in hears what is keyed into the script")
		}
		f.press(leg, "04121961")
		f.pass(5 * time.Second)
		f.hears(leg, "calm")
		view := f.view("maria")
		if view.Call == nil || view.Call.Verification != "verified" || view.Call.MemberName.IsEmpty() || view.Call.Reason != "Claims" {
			t.Fatalf("the screen pop is %+v", view.Call)
		}
		f.accept("maria")
		f.hears(leg, "agent/maria")
		f.hears(agentLeg, "call-1")
		if leg.shielded() {
			t.Error("the talk is held back as if it were keyed into the script")
		}
		f.do("maria", Command{Kind: Hold, On: true})
		f.hears(leg, "calm")
		f.hears(agentLeg, "")
		f.is("maria", acd.Holding)
		f.do("maria", Command{Kind: Hold, On: false})
		f.hears(leg, "agent/maria")
		f.do("maria", Command{Kind: Mute, On: true})
		f.hears(leg, "muted")
		dialog.hangUp()
		synctest.Wait()
		f.is("maria", acd.WrapUp)
		if !f.view("maria").Call.CallerGone {
			t.Error("the page doesn't say that the caller is gone")
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: FinishWrapUp, Disposition: "Nonsense"}); !errors.Is(err, ErrBadCommand) {
			t.Errorf("a disposition that isn't configured: %v", err)
		}
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		f.is("maria", acd.Available)
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk hold talk wrap_up")
		if record.Disposition != "Answered" || record.DigitCount != 16 || record.MemberToken == "" || record.Media.PacketsReceived != 7 {
			t.Errorf("the record is %+v", record)
		}
	})
}

func TestCallerHangsUpInEachPhase(t *testing.T) {
	for name, phase := range map[string]struct {
		reach    func(*floor) *fakeDialog
		segments string
		outcome  string
	}{
		"in the flow":       {func(f *floor) *fakeDialog { d, _ := f.ring("5550100"); return d }, "ring ivr", "ended_by_caller"},
		"in line":           {func(f *floor) *fakeDialog { d, _ := f.queued(); return d }, "ring ivr queue", "abandoned"},
		"while agent rings": {func(f *floor) *fakeDialog { f.signIn("maria"); d, _ := f.queued(); return d }, "ring ivr queue ring_agent", "abandoned"},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, nil, func(f *floor) {
				phase.reach(f).hangUp()
				synctest.Wait()
				record := f.records.latest()
				wantRecord(t, record, ledger.ByCaller, phase.segments)
				if last := record.Segments[len(record.Segments)-1]; last.Outcome != phase.outcome {
					t.Errorf("the last segment ended %q", last.Outcome)
				}
				if view := f.view("maria"); view.State == acd.Offered || view.Call != nil {
					t.Errorf("maria still sees %+v", view.Call)
				}
				if stats := f.center.Stats(); stats.Calls != 0 || stats.Sessions != 0 {
					t.Errorf("left behind: %+v", stats)
				}
			})
		})
	}
}

func TestCallCancelledBeforeTheAck(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog := &fakeDialog{id: "sip", dialed: "5550100"}
		f.center.invite(dialog)
		synctest.Wait()
		dialog.notify(sip.Event{Kind: sip.EventCancelled})
		synctest.Wait()
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring")
		if record.SIPStatus != 487 {
			t.Errorf("SIP status %d", record.SIPStatus)
		}
	})
}

func TestAgentDoesNotAnswerAndTheNextOneRings(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		f.pass(time.Second)
		f.signIn("james")
		_, leg := f.queued()
		f.is("maria", acd.Offered)
		f.pass(20 * time.Second)
		f.is("maria", acd.Away)
		f.accept("james")
		f.hears(leg, "agent/james")
	})
}

func TestAgentDeclinesAndTheCallerKeepsThePlace(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		_, leg := f.queued()
		view := f.view("maria")
		f.do("maria", Command{Kind: Decline, Offer: view.Call.Offer})
		f.hears(leg, "calm")
		if err := f.center.Do(context.Background(), "maria", Command{Kind: Accept, Offer: view.Call.Offer}); !errors.Is(err, ErrOfferGone) {
			t.Errorf("accepting after declining: %v", err)
		}
		f.pass(acd.DefaultAfterDeclined)
		f.accept("maria")
	})
}

func TestBrowserVanishesAndTheCallerGoesBackToTheHeadOfTheLine(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, release := f.signIn("maria")
		_, leg := f.queued()
		f.accept("maria")
		release()
		agentLeg.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		f.hears(leg, "calm") // not silence, while the browser may come back
		f.signIn("james")
		f.pass(DefaultGrace)
		f.is("maria", acd.SignedOut)
		if view := f.view("james"); view.Call == nil || !view.Call.Answered.IsZero() {
			t.Errorf("james is told that he has answered: %+v", view.Call)
		}
		f.accept("james")
		f.hears(leg, "agent/james")
		if stats := f.center.Stats(); stats.Answered != 1 {
			t.Errorf("one caller was answered %d times", stats.Answered)
		}
	})
}

func TestPageReloadsMidCallAndTheCallGoesOn(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		_, release := f.signIn("maria")
		_, leg := f.queued()
		f.accept("maria")
		release()
		f.pass(2 * time.Second)
		if _, err := f.center.Connect("maria", func() {}); err != nil {
			t.Fatal(err)
		}
		again := f.offerMedia("maria")
		f.hears(again, "call-1")
		f.hears(leg, "agent/maria")
		f.pass(time.Minute)
		f.is("maria", acd.Talking)
	})
}

func TestSoundLostWhileAvailableTakesTheAgentOutAndBack(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, _ := f.signIn("maria")
		agentLeg.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		f.is("maria", acd.Away)
		if err := f.center.Do(context.Background(), "maria", Command{Kind: SetState, State: acd.Available}); !errors.Is(err, ErrNoSound) {
			t.Errorf("going available without sound: %v", err)
		}
		agentLeg.notify(media.Event{Kind: media.EventConnected})
		synctest.Wait()
		f.is("maria", acd.Available)
	})
}

func TestAPanicEndsItsOwnCallOnly(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		_, healthy := f.queued()
		broken := &fakeDialog{id: "sip", dialed: "5550100", breaking: true}
		f.center.invite(broken)
		synctest.Wait()
		broken.notify(sip.Event{Kind: sip.EventAcked})
		synctest.Wait()
		f.hears(healthy, "calm")
		records := f.records.saved["call-2"]
		if len(records) == 0 || records[len(records)-1].EndedBy != ledger.BySystem {
			t.Errorf("the broken call's records: %+v", records)
		}
	})
}

func TestInboxThatOverflowsEndsTheCall(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		stuck := f.center.newSession("stuck", &fakeDialog{id: "sip"}, Line{}, f.center.content.Load()) // nobody takes its messages
		digit, _ := media.ParseDigit('5')
		for range sessionInbox * 2 {
			stuck.post(soundMessage{Kind: media.EventDigit, Digit: digit})
		}
		if stuck.ctx.Err() != nil || stuck.dropped.Load() == 0 {
			t.Error("a flood of digits must be dropped and counted, not end the call")
		}
		for range sessionInbox {
			stuck.post(placeMessage{})
		}
		if cause := context.Cause(stuck.ctx); !errors.Is(cause, errOverflow) {
			t.Errorf("the call ends for %v", cause)
		}
	})
}

func TestCallsAreRefusedWithTheStatusThatSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		dialed string
		change func(*Options)
		check  error
		want   string
	}{
		"unknown line":    {dialed: "5550199", want: "refuse 404 0s"},
		"no common codec": {dialed: "5550100", check: sip.ErrNoCommonCodec, want: "refuse 488 0s"},
		"full":            {dialed: "5550100", change: func(o *Options) { o.MaxCalls = 1 }, want: "refuse 503 10s"},
		"no port":         {dialed: "5550100", change: func(o *Options) { o.Sound.(*fakeSound).none = media.ErrNoPorts }, want: "refuse 503 10s"},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, c.change, func(f *floor) {
				if name == "full" {
					f.ring("5550100")
				}
				dialog := &fakeDialog{id: "sip", dialed: c.dialed, check: c.check}
				f.center.invite(dialog)
				synctest.Wait()
				if !dialog.did(c.want) {
					t.Errorf("the dialog did %v, want %s", dialog.log, c.want)
				}
			})
		})
	}
}

func TestDrainRefusesNewCallsAndWaitsForPresentOnes(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, _ := f.queued()
		drained := make(chan error, 1)
		go func() { drained <- f.center.Drain(context.Background()) }()
		f.pass(time.Second)
		late := &fakeDialog{id: "late", dialed: "5550100"}
		f.center.invite(late)
		if !late.did("refuse 503 10s") {
			t.Errorf("a call while draining: %v", late.log)
		}
		dialog.hangUp()
		f.pass(time.Second)
		if err := <-drained; err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownEndsCallsWithARecordEach(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		f.stop()
		f.stop = func() {}
		if !dialog.did("bye 41") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		wantRecord(t, f.records.latest(), ledger.BySystem, "ring ivr queue ring_agent talk wrap_up")
	})
}

func TestRtpTimeoutIsTheCarriersEnd(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.ring("5550100")
		leg.notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		wantRecord(t, f.records.latest(), ledger.ByCarrier, "ring ivr")
		if !dialog.did("bye 102") {
			t.Errorf("the dialog did %v", dialog.log)
		}
	})
}

func TestRecordsThatACrashCutAreClosedAtTheNextStart(t *testing.T) {
	started := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	record := ledger.CallRecord{ID: "cut", Started: started, Segments: []ledger.Segment{
		{Kind: ledger.SegmentRing, Start: started, End: started.Add(time.Minute), Outcome: "answered"},
		{Kind: ledger.SegmentTalk, Start: started.Add(time.Minute), Agent: "maria"},
	}}
	closeRecord(&record)
	wantRecord(t, record, ledger.BySystem, "ring talk wrap_up")
}

func TestWhatIsNotWrittenDoesNotStopTheCalls(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.records.failing = errors.New("disk full")
		f.signIn("maria")
		_, leg := f.queued()
		f.hears(leg, "calm")
		lost := f.center.Stats().Unjournaled
		if lost == 0 {
			t.Error("nobody would know that the journal isn't written")
		}
		f.records.mu.Lock()
		f.records.failing = nil // the disk has room again: what was lost stays lost
		f.records.mu.Unlock()
		f.signIn("james")
		if now := f.center.Stats().Unjournaled; now < lost {
			t.Errorf("the counter fell from %d to %d", lost, now)
		}
	})
}

func TestStagesChangeOnlyAsTheTableSays(t *testing.T) {
	for from := stageRinging; from <= stageOver; from++ {
		for to := stageRinging; to <= stageOver; to++ {
			if got, want := from.mayBecome(to), slices.Contains(transitions[from], to); got != want {
				t.Errorf("%s to %s: %v", from, to, got)
			}
		}
		if from != stageOver && !from.mayBecome(stageOver) {
			t.Errorf("a call that is in %s could never end", from)
		}
	}
}
