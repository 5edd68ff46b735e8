package call

import (
	"testing"
	"time"

	"careline/call/insight"
	"careline/sip"
)

// stepOf are a step's figures.
func (f *floor) stepOf(step string) insight.StepFigures {
	for _, one := range f.center.Insight().Steps {
		if one.Step == step {
			return one
		}
	}
	return insight.StepFigures{}
}

func TestCallersAreCountedWhereTheyAre(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		gives, _ := f.ring("5550100")
		f.pass(5 * time.Second)
		if who := f.stepOf("who"); who.Live != 1 || who.Entered != 1 {
			t.Errorf("at the question: %+v", who)
		}
		gives.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		f.pass(time.Second)
		if who := f.stepOf("who"); who.Live != 0 || who.HungUp != 1 {
			t.Errorf("after hanging up there: %+v", who)
		}
		f.queued()
		if line := f.stepOf("line"); line.Live != 1 {
			t.Errorf("in line: %+v", line)
		}
		f.signIn("maria")
		f.accept("maria")
		figures := f.center.Insight()
		if line := f.stepOf("line"); line.Live != 0 || figures.Live != 0 || figures.Ended[insight.Taken] != 1 || figures.Ended[insight.HungUp] != 1 {
			t.Errorf("after an agent took the call: %+v, %+v", line, figures)
		}
		if figures.Containment() != 0 {
			t.Errorf("nobody was served: %v", figures.Containment())
		}
	})
}

func TestACallThatTheFlowEndsIsServed(t *testing.T) {
	onFloor(t, func(options *Options) {
		options.Content.Rules.Queues[0].WaitLimit = 20 * time.Second
	}, func(f *floor) {
		_, leg := f.queued()
		f.pass(25 * time.Second) // timeout: stay, which asks
		f.press(leg, "2")        // bye
		f.pass(20 * time.Second) // the farewell
		if figures := f.center.Insight(); figures.Ended[insight.Served] != 1 || figures.Live != 0 {
			t.Errorf("%+v", figures)
		}
	})
}

func TestACallThatTheCarrierDropsIsBroken(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, _ := f.ring("5550100")
		dialog.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByTimeout})
		f.pass(time.Second)
		if figures := f.center.Insight(); figures.Ended[insight.Broken] != 1 || figures.Live != 0 {
			t.Errorf("%+v", figures)
		}
	})
}

func TestACallThatWeEndInTheMiddleOfAFlowIsNotServed(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.ring("5550100")
		f.center.sessions["call-1"].cancel(errShutDown)
		f.pass(time.Second)
		if figures := f.center.Insight(); figures.Ended[insight.Broken] != 1 || figures.Ended[insight.Served] != 0 {
			t.Errorf("%+v", figures)
		}
	})
}
