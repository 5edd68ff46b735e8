package quality

import (
	"math"
	"testing"
	"time"
)

func second(lost, gaps uint32) Sample { return Sample{Expected: 50, Lost: lost, Gaps: gaps} }

func TestMeterForgetsWhatIsPast(t *testing.T) {
	var m Meter
	if m.MOS() != 0 {
		t.Error("a score of nothing")
	}
	for range 10 {
		m.Add(G711, second(0, 0))
	}
	clean := m.MOS()
	for range 2 {
		m.Add(G711, second(25, 5))
	}
	bad := m.MOS()
	if loss, _, _ := m.Live(); loss != 0.2 || bad > clean-0.5 {
		t.Errorf("loss %v, %.2f after %.2f", loss, bad, clean)
	}
	for range windowSize {
		m.Add(G711, second(0, 0))
	}
	if m.MOS() != clean {
		t.Errorf("%.2f, want %.2f again", m.MOS(), clean)
	}
	sum := m.Take()
	if sum.Expected != 17*50 || sum.Lost != 50 || math.Abs(sum.Worst-bad) > 1e-9 || sum.MOS >= clean || sum.MOS <= bad {
		t.Errorf("sum is %+v", sum)
	}
	m.Add(G711, second(0, 0))
	if sum := m.Take(); sum.Expected != 50 || sum.Lost != 0 {
		t.Errorf("taken twice: %+v", sum)
	}
}

func TestRunsOfLossAreWorseThanScatteredLoss(t *testing.T) {
	var scattered, runs Meter
	for range windowSize {
		scattered.Add(G711, second(5, 5))
		runs.Add(G711, second(5, 1))
	}
	if runs.MOS() >= scattered.MOS() {
		t.Errorf("runs %.3f, scattered %.3f", runs.MOS(), scattered.MOS())
	}
}

func TestLatePacketsAreLostToTheListener(t *testing.T) {
	var late, lost Meter
	late.Add(G711, Sample{Expected: 50, Late: 5})
	lost.Add(G711, Sample{Expected: 50, Lost: 5})
	if part, _, _ := late.Live(); part != 0.1 || late.MOS() != lost.MOS() {
		t.Errorf("%.2f late count %.3f, lost ones %.3f", part, late.MOS(), lost.MOS())
	}
	if sum := late.Take(); sum.Late != 5 || sum.Lost != 0 {
		t.Errorf("sum is %+v", sum)
	}
}

func TestPausesCountNothing(t *testing.T) {
	var m Meter
	m.Add(G711, second(0, 0))
	for range 20 {
		m.Add(G711, Sample{})
	}
	if sum := m.Take(); m.MOS() != 0 || sum.Expected != 50 || sum.MOS < 4.3 {
		t.Errorf("live %.2f, sum %+v", m.MOS(), sum)
	}
}

func TestMeansAndWorst(t *testing.T) {
	var m Meter
	for _, ms := range []time.Duration{10, 20, 60} {
		m.Add(G711, Sample{Expected: 50, Jitter: ms * time.Millisecond, RoundTrip: 2 * ms * time.Millisecond})
	}
	m.Add(G711, Sample{Expected: 50, Jitter: 30 * time.Millisecond}) // no report yet
	sum := m.Take()
	ms := func(d time.Duration) int64 { return d.Round(time.Millisecond).Milliseconds() }
	if ms(sum.Jitter) != 30 || ms(sum.MaxJitter) != 60 || ms(sum.RoundTrip) != 60 || ms(sum.MaxRoundTrip) != 120 {
		t.Errorf("sum is %+v", sum)
	}
}
