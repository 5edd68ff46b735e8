package call

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

const callbackFlow = `flow: main
languages: [en-US]
start: line
steps:
  line:
    queue: {name: claims, hold: {music: calm}, callback: {offer_after: 60s, step: ask}}
    timeout: stay
    full: stay
    unavailable: stay
  ask:
    call_back: {queue: claims, wording: "1", prompts: {offer: hello, same: hello, choose: hello, number: ask-id, wrong: again, read_back: hello, confirm: hello}}
    next: bye
    declined: line
    already: line
    failed: line
    no_input: line
  stay: {menu: again, choices: {"1": line, "2": bye}, no_input: {retries: 0, next: line}}
  bye: {hang_up: {play: bye, reason: called back later}}
`

const answerFlow = `flow: back
languages: [en-US]
start: greet
steps:
  greet: {menu: hello, choices: {"1": line}, timing: {first_digit: 60s}, no_input: {retries: 0, next: line}}
  line:
    queue: {name: claims, hold: {music: calm}}
    timeout: line
    full: greet
    unavailable: greet
`

// keptCallbacks is what fakeRecords keep of callbacks.
type keptCallbacks struct {
	mu   sync.Mutex
	kept []ledger.Callback
}

func (k *keptCallbacks) AddCallback(_ context.Context, c ledger.Callback) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, other := range k.kept {
		if other.State == ledger.CallbackOpen && other.Number.Equal(c.Number) {
			return ledger.ErrCallbackOpen
		}
	}
	k.kept = append(k.kept, c)
	return nil
}

func (k *keptCallbacks) ChangeCallback(_ context.Context, id string, _ ledger.AuditEntry, change func(*ledger.Callback)) (ledger.Callback, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for i := range k.kept {
		if k.kept[i].ID == id && k.kept[i].State == ledger.CallbackOpen {
			change(&k.kept[i])
			return k.kept[i], nil
		}
	}
	return ledger.Callback{}, ledger.ErrSealed
}

func (k *keptCallbacks) OpenCallbacks(context.Context, int) (open []ledger.Callback, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	for _, c := range k.kept {
		if c.State == ledger.CallbackOpen {
			open = append(open, c)
		}
	}
	return open, nil
}

func (k *keptCallbacks) only(t *testing.T) ledger.Callback {
	t.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.kept) != 1 {
		t.Fatalf("%d callbacks are kept", len(k.kept))
	}
	return k.kept[0]
}

// withCallbacks lets callers of claims be called back at any time.
func withCallbacks(t *testing.T, change func(*Options)) func(*Options) {
	return func(o *Options) {
		flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(callbackFlow)}, "back.yaml": {Data: []byte(answerFlow)}}, ".",
			ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
		if err != nil {
			t.Fatal(err)
		}
		o.Content.Flows = flows
		o.Content.Callbacks = map[string]Callback{"claims": {Flow: "back"}}
		o.Content.CallingHours = CallingHours{From: 0, To: 24 * 60, Unknown: []*time.Location{time.UTC}}
		if change != nil {
			change(o)
		}
	}
}

// asksForCallback waits until a callback is offered and takes it for the calling number.
func (f *floor) asksForCallback() {
	f.t.Helper()
	caller, leg := f.ringBy(&fakeDialog{id: "asks", dialed: "5550100", number: "+12025550147"})
	f.pass(62 * time.Second)
	f.press(leg, "1")
	f.pass(3 * time.Second)
	if !caller.did("bye 16") {
		f.t.Fatalf("the caller who is to be called is on the line still: %v", caller.log)
	}
	if kept := f.records.only(f.t); kept.State != ledger.CallbackOpen || kept.Wording != "1" || kept.Ending != "47" {
		f.t.Fatalf("%+v", kept)
	}
}

// calls says how many calls were made.
func (f *floor) called(times int) {
	f.t.Helper()
	if n := len(f.trunks.placed); n != times {
		f.t.Fatalf("%d calls were made, want %d", n, times)
	}
	if times > 0 && f.trunks.placed[times-1].Number.Reveal() != "+12025550147" {
		f.t.Fatal("another number was called")
	}
}

func TestWhoAskedIsCalledOnceAnAgentHasTaken(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		f.asksForCallback()
		f.called(0)
		agent, _ := f.signIn("maria")
		if view := f.view("maria"); view.State != acd.Offered || view.Call.Callback != "offered" || view.Call.CallbackAsked.IsZero() {
			t.Fatalf("%s %+v", view.State, view.Call)
		}
		f.accept("maria")
		f.called(1)
		if got := f.view("maria").Call.Callback; got != "calling" {
			t.Errorf("the page says %q", got)
		}
		f.targetDoes(ringing)
		f.targetDoes(answered)
		leg := f.sound.legs["call-3"]
		f.hears(leg, "hello")
		f.pass(time.Second)
		f.press(leg, "1")
		f.is("maria", acd.Talking)
		f.hears(leg, "agent/maria")
		f.hears(agent, "call-3")
		if kept := f.records.only(t); kept.State != ledger.CallbackReached {
			t.Errorf("it is %s", kept.State)
		}
		f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		f.is("maria", acd.WrapUp)
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		f.is("maria", acd.Available)
		if saved := f.records.saved["call-3"]; len(saved) == 0 || saved[len(saved)-1].Callback != "call-2" || !saved[len(saved)-1].Final() {
			t.Errorf("the record is %+v", saved)
		}
	})
}

func TestNobodyIsReachedAndTheAgentIsFreeAtOnce(t *testing.T) {
	for name, c := range map[string]struct {
		does  func(*floor)
		cause acd.MissCause
	}{
		"busy":        {func(f *floor) { f.targetDoes(refused(486)) }, acd.CalleeBusy},
		"declined":    {func(f *floor) { f.targetDoes(refused(603)) }, acd.CalleeNoAnswer},
		"no such":     {func(f *floor) { f.targetDoes(refused(404)) }, acd.CallFailed},
		"no answer":   {func(f *floor) { f.targetDoes(ringing); f.pass(DefaultTransferRing) }, acd.CalleeNoAnswer},
		"no key":      {func(f *floor) { f.targetDoes(answered); f.pass(65 * time.Second) }, acd.CalleeMachine},
		"hangs up":    {func(f *floor) { f.targetDoes(answered); f.targetDoes(refused(0)) }, acd.CalleeMachine},
		"agent stops": {func(f *floor) { f.targetDoes(ringing); f.do("maria", Command{Kind: HangUp}) }, acd.NotCalled},
	} {
		t.Run(name, func(t *testing.T) {
			onFloor(t, withCallbacks(t, nil), func(f *floor) {
				f.asksForCallback()
				f.signIn("maria")
				f.accept("maria")
				f.called(1)
				c.does(f)
				synctest.Wait()
				f.is("maria", acd.Available)
				kept := f.records.only(t)
				if len(kept.Attempts) != 1 || kept.Attempts[0].Outcome != string(c.cause) || kept.State != ledger.CallbackOpen {
					t.Fatalf("%+v, want %s", kept, c.cause)
				}
				if counted := kept.Counted == 1; counted == (c.cause == acd.NotCalled) {
					t.Errorf("%d attempts count", kept.Counted)
				}
				pause := acd.DefaultAfterCalleeAway
				switch c.cause {
				case acd.CalleeBusy, acd.CallFailed:
					pause = acd.DefaultAfterCalleeBusy
				case acd.NotCalled:
					pause = acd.AfterNotCalled
				}
				f.pass(pause) // and then it is tried again
				f.is("maria", acd.Offered)
				if open := f.sound.open; open != 1 { // maria's own
					t.Errorf("%d legs are open", open)
				}
			})
		})
	}
}

func TestACallbackIsGivenUpAfterItsLastAttempt(t *testing.T) {
	first := func(o *Options) {
		o.Content.Rules.Queues[0].Callback = acd.CallbackRules{CallerFirst: true, Attempts: 2, AfterBusy: time.Minute}
	}
	onFloor(t, withCallbacks(t, first), func(f *floor) {
		f.asksForCallback()
		f.called(0) // nobody is free
		f.signIn("maria")
		for n := range 2 {
			f.called(n + 1)
			f.is("maria", acd.Available) // nobody waits while it is called
			f.targetDoes(refused(486))
			f.pass(time.Minute)
		}
		if kept := f.records.only(t); kept.State != ledger.CallbackGivenUp || kept.Why != string(acd.ExitGivenUp) || len(kept.Attempts) != 2 {
			t.Fatalf("%+v", kept)
		}
	})
}

func TestWhoIsCalledFirstIsPutThrough(t *testing.T) {
	first := func(o *Options) { o.Content.Rules.Queues[0].Callback.CallerFirst = true }
	onFloor(t, withCallbacks(t, first), func(f *floor) {
		f.asksForCallback()
		f.signIn("maria")
		f.called(1)
		f.targetDoes(answered)
		leg := f.sound.legs["call-3"]
		f.press(leg, "1")
		f.hears(leg, "calm")
		f.accept("maria")
		f.hears(leg, "agent/maria")
	})
}

func TestAnAgentIsLostWhileTheNumberIsCalled(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		f.asksForCallback()
		agent, release := f.signIn("maria")
		f.accept("maria")
		f.targetDoes(answered)
		release()
		agent.notify(media.Event{Kind: media.EventDisconnected})
		f.pass(DefaultGrace)
		f.is("maria", acd.SignedOut)
		leg := f.sound.legs["call-3"]
		f.press(leg, "1")
		f.hears(leg, "calm")
		f.signIn("james")
		f.accept("james")
		f.hears(leg, "agent/james")
		f.called(1)
	})
}

func TestAnAgentDeclinesACallback(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		f.asksForCallback()
		f.signIn("maria")
		f.do("maria", Command{Kind: Decline, Offer: f.view("maria").Call.Offer})
		f.is("maria", acd.Available)
		f.called(0)
		f.pass(acd.DefaultAfterDeclined)
		f.accept("maria")
		f.called(1)
	})
}

func TestAnAgentTakesTheCallerWhoIsChoosing(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		_, leg := f.ringBy(&fakeDialog{id: "asks", dialed: "5550100", number: "+12025550147"})
		f.pass(60 * time.Second)
		f.hears(leg, "hello hello hello")
		f.signIn("maria")
		f.accept("maria") // the place was kept
		f.hears(leg, "agent/maria")
		if len(f.records.kept) != 0 {
			t.Error("a callback is kept")
		}
	})
}

func TestWhoWantsNoCallbackWaitsOnAtTheSamePlace(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		_, leg := f.ringBy(&fakeDialog{id: "asks", dialed: "5550100", number: "+12025550147"})
		f.ring("5550100")
		f.pass(62 * time.Second)
		f.press(leg, "3")
		f.hears(leg, "calm")
		f.signIn("maria")
		f.accept("maria")
		f.hears(leg, "agent/maria")
	})
}

func TestACallbackIsTakenUpAgainAfterAStart(t *testing.T) {
	var kept keptCallbacks
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		f.asksForCallback()
		kept.kept = f.records.kept
	})
	onFloor(t, withCallbacks(t, func(o *Options) { o.Records.(*fakeRecords).kept = kept.kept }), func(f *floor) {
		f.signIn("maria")
		f.accept("maria")
		f.called(1)
	})
}

func TestASupervisorTakesACallbackBack(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		f.asksForCallback()
		f.signIn("maria")
		f.accept("maria")
		id := f.records.only(t).ID
		if err := f.center.CancelCallback(context.Background(), id, "agent:dana", " "); !errors.Is(err, ledger.ErrInvalid) {
			t.Errorf("without a reason: %v", err)
		}
		if err := f.center.CancelCallback(context.Background(), id, "agent:dana", "asked twice"); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		f.is("maria", acd.WrapUp)
		if kept := f.records.only(t); kept.State != ledger.CallbackCancelled || !strings.Contains(kept.Why, "dana") {
			t.Errorf("%+v", kept)
		}
		if err := f.center.CancelCallback(context.Background(), id, "agent:dana", "asked twice"); err != ErrNoCallback {
			t.Errorf("taken back twice: %v", err)
		}
		if list, err := f.center.OpenCallbacks(context.Background()); err != nil || len(list) != 0 {
			t.Errorf("open still: %+v, %v", list, err)
		}
		f.records.mu.Lock()
		defer f.records.mu.Unlock()
		if !slices.ContainsFunc(f.records.audit, func(e ledger.AuditEntry) bool {
			return e.Kind == ledger.AuditCallback && e.Actor == "agent:dana" && e.Subject == id && e.Purpose == "asked twice" && e.Outcome == "cancel"
		}) {
			t.Errorf("the audit says %+v", f.records.audit)
		}
	})
}

func TestThoseWhoRunTheCenterSeeWhichCallbacksAreOpen(t *testing.T) {
	onFloor(t, withCallbacks(t, nil), func(f *floor) {
		f.asksForCallback()
		open := func() OpenCallback {
			t.Helper()
			list, err := f.center.OpenCallbacks(context.Background())
			if err != nil || len(list) != 1 {
				t.Fatalf("%+v, %v", list, err)
			}
			return list[0]
		}
		one := open()
		if one.State != CallbackWaiting || one.Place != 1 || one.Queue != "claims" || one.Ending != "47" || one.Asked.IsZero() || one.ID != f.records.only(t).ID {
			t.Errorf("in line: %+v", one)
		}
		f.signIn("maria")
		if one := open(); one.State != CallbackOffered || one.Agent != "maria" {
			t.Errorf("offered: %+v", one)
		}
		f.accept("maria")
		f.called(1)
		if one := open(); one.State != CallbackCalling || one.Agent != "maria" || one.Place != 0 {
			t.Errorf("while the number is called: %+v", one)
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: HangUp}); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		if one := open(); one.State != CallbackAside || one.Next.IsZero() || one.Agent != "" {
			t.Errorf("given up by the agent: %+v", one)
		}
	})
}

func TestPeopleAreCalledByTheClockWhereTheyAre(t *testing.T) {
	zone := func(name string) *time.Location {
		location, err := time.LoadLocation(name)
		if err != nil {
			t.Fatal(err)
		}
		return location
	}
	hours := CallingHours{From: 8 * 60, To: 21 * 60, Zones: map[string]*time.Location{"312": zone("America/Chicago")},
		Unknown: []*time.Location{zone("America/New_York"), zone("America/Los_Angeles"), zone("Pacific/Honolulu")}}
	now := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC) // 9:00 in Chicago
	allowed := func(number string, at time.Time) bool {
		for _, p := range hours.Periods(number, now) {
			if !at.Before(p.From) && at.Before(p.Until) {
				return true
			}
		}
		return false
	}
	for _, c := range []struct {
		number string
		at     time.Time
		want   bool
	}{
		{"3125550147", now, true},
		{"3125550147", now.Add(12*time.Hour - time.Minute), true}, // 20:59
		{"3125550147", now.Add(12 * time.Hour), false},
		{"9995550147", now, false},                              // 5:00 in Honolulu
		{"9995550147", now.Add(3*time.Hour + 1), true},          // 8:00 there, 13:00 in New York
		{"9995550147", now.Add(11 * time.Hour), false},          // 21:00 in New York
		{"3125550147", now.AddDate(0, 0, 10), true},             // a weekend is as good
		{"3125550147", now.AddDate(0, 0, callingDays+3), false}, // and then it is over
	} {
		if got := allowed(c.number, c.at); got != c.want {
			t.Errorf("%s at %v: %v", c.number[:3], c.at, got)
		}
	}
	if periods := (CallingHours{}).Periods("3125550147", now); len(periods) != 1 || periods[0].Until.After(now) {
		t.Errorf("without hours it may be called in %v", periods)
	}
}
