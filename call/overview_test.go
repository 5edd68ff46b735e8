package call

import (
	"testing"
	"time"

	"careline/acd"
)

func TestSupervisorsSeeWhereACallIsAndNotWhoCalls(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		sees := func(stage string, agent acd.AgentID, ringing bool, since time.Duration) {
			t.Helper()
			f.pass(0)
			list := f.center.Overviews()
			if len(list) != 1 {
				t.Fatalf("%d calls are up, want 1", len(list))
			}
			one := list[0]
			if one.Stage != stage || one.Agent != agent || one.Ringing != ringing || f.center.now().Sub(one.Since) != since {
				t.Errorf("seen: %+v, want %s of %q (rings %v) for %s", one, stage, agent, ringing, since)
			}
		}
		f.signIn("maria")
		dialog, _ := f.queued()
		waited := f.center.now().Sub(f.center.Overviews()[0].Since)
		sees("queue", "maria", true, waited)
		f.pass(3 * time.Second)
		sees("queue", "maria", true, waited+3*time.Second)
		f.accept("maria")
		sees("talk", "maria", false, 0)
		f.pass(time.Minute)
		f.do("maria", Command{Kind: Hold, On: true})
		sees("hold", "maria", false, 0)
		dialog.hangUp()
		f.pass(0)
		if list := f.center.Overviews(); len(list) != 0 {
			t.Errorf("the caller is gone, and still up is %+v", list)
		}
	})
}

func TestCallsThatAreUpAreSeenInTheirOrder(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		for range 5 {
			f.ring("5550100")
			f.pass(time.Second)
		}
		list := f.center.Overviews()
		if len(list) != 5 {
			t.Fatalf("%d are seen", len(list))
		}
		for i, one := range list {
			if i > 0 && !one.Started.After(list[i-1].Started) || one.Line == "" || one.Stage != "flow" {
				t.Errorf("number %d is %+v", i, one)
			}
		}
	})
}
