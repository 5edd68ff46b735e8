package insight

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"careline/ivr"
)

var noon = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func edge(from, via, to string) ivr.EdgeName {
	name := ivr.EdgeName{Via: via, ToFlow: "main", To: to}
	if from != "" {
		name.Flow, name.From = "main", from
	}
	return name
}

func (f Figures) step(t *testing.T, name string) StepFigures {
	t.Helper()
	for _, one := range f.Steps {
		if one.Step == name {
			return one
		}
	}
	t.Fatalf("nothing is counted of %s: %+v", name, f)
	return StepFigures{}
}

func TestWhereCallersAreAndWhereTheyGiveUp(t *testing.T) {
	tally := NewTally()
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	for i := range 5 {
		v := tally.Begin()
		v.Took(edge("", "start", "menu"), at(0))
		switch i {
		case 0, 1, 2: // choose, and a person takes them
			v.Took(edge("menu", `choice "1"`, "line"), at(10))
			v.End(Taken, at(40))
		case 3: // gives up in the menu
			v.End(HungUp, at(20))
			v.End(Broken, at(21)) // once
		case 4: // still listens
		}
	}
	f := tally.Figures()
	menu, line := f.step(t, "menu"), f.step(t, "line")
	if menu.Entered != 5 || menu.Live != 1 || menu.HungUp != 1 || line.Entered != 3 || line.Live != 0 || line.HungUp != 0 {
		t.Errorf("menu %+v, line %+v", menu, line)
	}
	if len(menu.Ways) != 1 || menu.Ways[0] != (WayFigures{`choice "1"`, "main", "line", 3}) {
		t.Errorf("ways out of the menu: %+v", menu.Ways)
	}
	near(t, menu.Median, 10*time.Second)
	near(t, line.Median, 30*time.Second)
	if f.Begun != 5 || f.Live != 1 || f.Ended[Taken] != 3 || f.Ended[HungUp] != 1 || f.Ended[Broken] != 0 {
		t.Errorf("%+v", f)
	}
}

func near(t *testing.T, got, want time.Duration) {
	t.Helper()
	if ratio := float64(got) / float64(want); ratio < 0.94 || ratio > 1.06 {
		t.Errorf("the median is %v, want about %v", got, want)
	}
}

func TestTheMedianIsNearWhateverTheLength(t *testing.T) {
	for _, d := range []time.Duration{150 * time.Millisecond, time.Second, 17 * time.Second, 3 * time.Minute, 2 * time.Hour} {
		var s stay
		s.add(d / 100)
		s.add(d)
		s.add(100 * d)
		near(t, s.median(), d)
	}
	var none, short stay
	short.add(time.Millisecond)
	if none.median() != 0 || short.median() != shortest {
		t.Errorf("of nothing %v, of a moment %v", none.median(), short.median())
	}
}

func TestContainmentIsWhoWasServed(t *testing.T) {
	tally := NewTally()
	if c := tally.Figures().Containment(); c != 0 {
		t.Errorf("of nobody: %v", c)
	}
	for _, how := range []Ending{Served, Served, Served, HungUp, Taken, Taken, Taken, Broken} {
		tally.Begin().End(how, noon)
	}
	if c := tally.Figures().Containment(); c != 3.0/8 {
		t.Errorf("3 of 8: %v", c)
	}
}

func TestNamesWithoutEndDontFillTheMemory(t *testing.T) {
	tally := NewTally()
	for i := range MaxSteps + 10 {
		v := tally.Begin()
		v.Took(edge("", "start", fmt.Sprint(i)), noon)
		v.Took(edge(fmt.Sprint(i), "next", "last"), noon)
		v.End(HungUp, noon)
	}
	v := tally.Begin()
	v.Took(edge("", "start", "0"), noon)
	for i := range MaxWays + 10 {
		v.Took(edge("0", fmt.Sprint(i), "0"), noon)
	}
	v.End(Taken, noon)
	f := tally.Figures()
	if len(f.Steps) != MaxSteps || f.Uncounted == 0 || len(f.step(t, "0").Ways) > MaxWays || f.Live != 0 {
		t.Errorf("%d steps, %d ways, %d uncounted, %d live", len(f.Steps), len(f.step(t, "0").Ways), f.Uncounted, f.Live)
	}
}

func TestManyCallsCountAtOnce(t *testing.T) {
	tally := NewTally()
	var calls sync.WaitGroup
	for range 50 {
		calls.Go(func() {
			v := tally.Begin()
			v.Took(edge("", "start", "menu"), noon)
			tally.Figures()
			v.Took(edge("menu", "next", "menu"), noon.Add(time.Second))
			v.End(Served, noon.Add(2*time.Second))
		})
	}
	calls.Wait()
	if f := tally.Figures(); f.step(t, "menu").Entered != 100 || f.Ended[Served] != 50 || f.Live != 0 {
		t.Errorf("%+v", f)
	}
}
