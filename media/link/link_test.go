package link

import (
	"encoding/binary"
	"math"
	"testing"
	"time"
)

// carried sends count packets, 20 ms apart, and returns when each number came.
func carried(l *Link, count int) (order []uint32, at []time.Duration) {
	for i := range count {
		l.Send(time.Duration(i)*20*time.Millisecond, binary.BigEndian.AppendUint32(nil, uint32(i)))
	}
	for raw, when, ok := l.Receive(math.MaxInt64); ok; raw, when, ok = l.Receive(math.MaxInt64) {
		order, at = append(order, binary.BigEndian.Uint32(raw)), append(at, when)
	}
	return order, at
}

func TestAPerfectLinkChangesNothing(t *testing.T) {
	order, at := carried(New(Faults{}, 1), 100)
	for i := range order {
		if order[i] != uint32(i) || at[i] != time.Duration(i)*20*time.Millisecond {
			t.Fatalf("packet %d comes as %d at %v", order[i], i, at[i])
		}
	}
	if len(order) != 100 {
		t.Errorf("%d packets come", len(order))
	}
}

func TestLossesAreAsWanted(t *testing.T) {
	const count = 50000
	for name, faults := range map[string]Faults{
		"random": {Loss: 0.05},
		"bursts": {BurstLoss: 0.05, Burst: 4},
	} {
		order, _ := carried(New(faults, 7), count)
		lost, bursts := count-len(order), 0
		for i := 1; i < len(order); i++ {
			if order[i] != order[i-1]+1 {
				bursts++
			}
		}
		share, length := float64(lost)/count, float64(lost)/float64(bursts)
		t.Logf("%s: %.3f lost, in bursts of %.2f", name, share, length)
		if math.Abs(share-0.05) > 0.006 {
			t.Errorf("%s: %.3f are lost", name, share)
		}
		if want := math.Max(faults.Burst, 1.05); math.Abs(length-want) > 0.4 {
			t.Errorf("%s: bursts are %.2f long, want %.2f", name, length, want)
		}
	}
}

func TestJitterKeepsTheOrderUnlessToldOtherwise(t *testing.T) {
	ordered, _ := carried(New(Faults{Jitter: 100 * time.Millisecond}, 3), 1000)
	disordered, _ := carried(New(Faults{Jitter: 100 * time.Millisecond, Overtake: true}, 3), 1000)
	count := func(order []uint32) (inversions int) {
		for i := 1; i < len(order); i++ {
			if order[i] < order[i-1] {
				inversions++
			}
		}
		return inversions
	}
	if count(ordered) != 0 || count(disordered) < 100 {
		t.Errorf("%d and %d inversions", count(ordered), count(disordered))
	}
}

func TestAFastClockComesEarlier(t *testing.T) {
	_, at := carried(New(Faults{Drift: 200}, 1), 50001)
	if early := 1000*time.Second - at[50000]; early < 199*time.Millisecond || early > 201*time.Millisecond {
		t.Errorf("after 1000 s it comes %v early", early)
	}
}

func TestASpikeComesAllAtOnce(t *testing.T) {
	l := New(Faults{Spike: 1, SpikeFor: 300 * time.Millisecond}, 1)
	l.Send(0, []byte{0})
	l.faults.Spike = 0
	for i := 1; i < 20; i++ {
		l.Send(time.Duration(i)*20*time.Millisecond, []byte{byte(i)})
	}
	early, late := 0, 0
	for _, _, ok := l.Receive(299 * time.Millisecond); ok; _, _, ok = l.Receive(299 * time.Millisecond) {
		early++
	}
	for _, _, ok := l.Receive(300 * time.Millisecond); ok; _, _, ok = l.Receive(300 * time.Millisecond) {
		late++
	}
	if early != 0 || late != 16 {
		t.Errorf("%d come before the stall is over, %d right after", early, late)
	}
}
