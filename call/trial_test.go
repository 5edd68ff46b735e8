package call

import (
	"context"
	"errors"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/member"
)

// tries places a trial, and connects its browser.
func (f *floor) tries(by acd.AgentID, script Script) (id string, leg *fakeLeg) {
	f.t.Helper()
	id, answer, err := f.center.Try(context.Background(), Trial{By: by, Script: script, Flow: "main", Offer: "offer"})
	if err != nil || answer != "answer" {
		f.t.Fatalf("answered %q, %v", answer, err)
	}
	leg = f.sound.legs[id]
	leg.notify(media.Event{Kind: media.EventConnected})
	synctest.Wait()
	return id, leg
}

func (f *floor) trialIs(by acd.AgentID, id string, want TrialState) {
	f.t.Helper()
	synctest.Wait()
	if got, err := f.center.TrialState(by, id); err != nil || got != want {
		f.t.Errorf("the trial is at %+v, %v; want %+v", got, err, want)
	}
}

func TestAScriptIsTriedByARealCall(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		script := f.script("good-evening")
		id, leg := f.tries("alex", script)
		f.hears(leg, "good-evening")
		f.trialIs("alex", id, TrialState{Stage: "flow", Flow: "main", Step: "hello"})
		f.pass(2 * time.Second)
		f.press(leg, "48201937")
		f.press(leg, "04121961")
		f.pass(5 * time.Second)
		f.trialIs("alex", id, TrialState{Stage: "queue"})

		f.signIn("maria")
		if view := f.view("maria"); view.Call == nil || view.Call.Line != "Trial of a flow" {
			t.Errorf("maria sees %+v", view.Call)
		}
		f.accept("maria")
		f.hears(leg, "agent/maria")
		if err := f.center.EndTrial("alex", id); err != nil {
			t.Fatal(err)
		}
		f.trialIs("alex", id, TrialState{Stage: "over"}) // maria wraps up
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		f.trialIs("alex", id, TrialState{Stage: "over", Why: "the caller hung up"})

		record := f.records.latest()
		if record.TriedBy != "alex" || record.EndedBy != ledger.ByCaller || record.FlowVersion != script.Flows.Version() {
			t.Errorf("the record says %+v", record)
		}
		if figures := f.center.Insight(); figures.Begun != 0 {
			t.Errorf("a trial counts as a caller in the flows: %+v", figures)
		}
		if stats := f.center.Stats(); stats.Offered != 0 || stats.Answered != 0 || stats.Calls != 0 {
			t.Errorf("a trial counts as a caller: %+v", stats)
		}
		if _, leg := f.ring("5550100"); leg.hears() != "hello" {
			t.Errorf("callers hear %q, which was only tried", leg.hears())
		}
	})
}

func TestATrialEndsWhereverItIs(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		script := f.script("good-evening")
		first, _ := f.tries("alex", script)
		second, leg := f.tries("alex", script)
		if _, err := f.center.TrialState("alex", first); !errors.Is(err, ErrNoTrial) {
			t.Errorf("the first is still known: %v", err)
		}
		if stats := f.center.Stats(); stats.Calls != 1 {
			t.Errorf("%d calls are up after a second trial", stats.Calls)
		}
		if _, err := f.center.TrialState("kim", second); !errors.Is(err, ErrNoTrial) {
			t.Errorf("somebody else's trial is told of: %v", err)
		}
		if err := f.center.EndTrial("kim", second); !errors.Is(err, ErrNoTrial) {
			t.Errorf("somebody else's trial is ended: %v", err)
		}
		leg.notify(media.Event{Kind: media.EventFailed}) // the page is gone
		f.trialIs("alex", second, TrialState{Stage: "over", Why: "the caller's browser can't be reached any more"})
		if err := f.center.EndTrial("alex", second); err != nil {
			t.Errorf("hanging up what is over: %v", err)
		}
		f.nobodyIsLeft()
	})
}

func TestATrialThatCannotBeIsRefused(t *testing.T) {
	onFloor(t, func(options *Options) { options.MaxCalls = 1 }, func(f *floor) {
		script := f.script("good-evening")
		for want, trial := range map[error]Trial{
			ErrNoFlow:   {By: "alex", Script: script, Flow: "other", Offer: "offer"},
			ErrBadOffer: {By: "alex", Script: script, Flow: "main", Offer: "bad"},
		} {
			if _, _, err := f.center.Try(context.Background(), trial); !errors.Is(err, want) {
				t.Errorf("want %v, got %v", want, err)
			}
		}
		synctest.Wait()
		f.ring("5550100")
		if _, _, err := f.center.Try(context.Background(), Trial{By: "alex", Script: script, Flow: "main", Offer: "offer"}); !errors.Is(err, ErrBusy) {
			t.Errorf("no room: %v", err)
		}
		if stats := f.center.Stats(); stats.Refused != 0 {
			t.Errorf("%d callers count as refused", stats.Refused)
		}
	})
}

// ownAccount notes whether claims come with a number.
type ownAccount struct{ withheld []bool }

func (o *ownAccount) Verify(_ context.Context, claim member.Claim) (member.Result, error) {
	o.withheld = append(o.withheld, claim.ANI.IsEmpty())
	return member.Result{Outcome: member.NotVerified}, nil
}

// Failures of trials don't lock out callers who withhold their number.
func TestTrialsFailOnTheirOwnAccount(t *testing.T) {
	account := &ownAccount{}
	onFloor(t, func(options *Options) { options.Verifier = account }, func(f *floor) {
		_, leg := f.tries("alex", f.script("good-evening"))
		_, caller := f.ring("5550100")
		for _, one := range []*fakeLeg{leg, caller} {
			f.pass(2 * time.Second)
			f.press(one, "11111111")
			f.press(one, "01011950")
			f.pass(time.Second)
		}
		if want := []bool{false, true}; !slices.Equal(account.withheld, want) {
			t.Errorf("withheld: %v, want %v", account.withheld, want)
		}
	})
}
