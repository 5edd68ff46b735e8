package jitter

import (
	"fmt"
	"testing"
	"time"
)

// conversation is speech with a pause of 400 ms in each 4 s.
func conversation(now time.Duration) bool { return now%(4*time.Second) < 400*time.Millisecond }

// speechOnly is music: there is no pause at all.
func speechOnly(time.Duration) bool { return false }

// Eight hours of a call whose two clocks differ: the buffer neither fills nor runs
// dry, and in a conversation all corrections are made where nobody speaks.
func TestClocksThatDriftApartForEightHours(t *testing.T) {
	for _, test := range []struct {
		drift float64 // parts per million by which the sender is fast
		pause func(time.Duration) bool
		ticks uint32 // a packet
		hours int
	}{
		{200, conversation, 480, 8}, {-200, conversation, 480, 8},
		{200, conversation, 160, 8}, {-200, conversation, 160, 8},
		{200, speechOnly, 160, 1}, {-200, speechOnly, 160, 1},
	} {
		t.Run(fmt.Sprintf("%+.0f ppm, %d ms a packet, %d h", test.drift, test.ticks/8, test.hours), func(t *testing.T) {
			if raceDetector && test.ticks == 160 && test.hours > 1 {
				t.Skip("takes 2 s with the race detector, which the others run under")
			}
			drifted(t, test.drift, test.pause, test.ticks, time.Duration(test.hours)*time.Hour)
		})
	}
}

func drifted(t *testing.T, drift float64, pause func(time.Duration) bool, ticks uint32, length time.Duration) {
	b := New(clock)
	p := Packet{Kind: Sound, Ticks: ticks, Payload: make([]byte, ticks)}
	const settling = 60 * time.Second
	var (
		next, now                time.Duration
		left, loud, concealed    int64
		lowest, deepest, between time.Duration = time.Hour, 0, time.Hour
		corrected                time.Duration
		sent, heard, corrections int64
		interval                 = float64(b.toTime(int64(ticks))) / (1 + drift/1e6)
	)
	for ; now < length; now += Frame {
		for next <= now {
			b.Put(p, next)
			p.Sequence++
			p.Timestamp += ticks
			sent++
			// A little jitter, the same each time: up to 6 ms.
			next = time.Duration(float64(sent)*interval) + time.Duration(sent*7%4)*2*time.Millisecond
		}
		for left < 160 {
			out := b.Get(now, uint32(left))
			left += int64(out.Ticks)
			if out.Kind == Conceal {
				concealed++
			}
			if out.Kind == Decode {
				heard++
			}
			change := int64(0)
			switch quiet := pause(now); {
			case out.Advice == Stretch, out.Advice == StretchPause && quiet:
				change = 60
			case out.Advice == Shrink && left > 60, out.Advice == ShrinkPause && quiet && left > 60:
				change = -60
			}
			if change == 0 {
				continue
			}
			left += change
			b.Followed(b.toTime(change), now)
			if now > settling {
				corrections++
			}
			if now > settling && !pause(now) {
				loud++
				between = min(between, now-corrected)
				corrected = now
			}
		}
		left -= 160
		if now > settling {
			depth := b.Stats().Depth
			lowest, deepest = min(lowest, depth), max(deepest, depth)
		}
	}
	t.Logf("%d of %d packets are heard, depth %v to %v, %d corrections, %d of them in speech",
		heard, sent, lowest, deepest, corrections, loud)
	if concealed != 0 || sent-heard > 10 || b.Stats().Dropped != 0 {
		t.Errorf("%d times concealed, %d packets not heard", concealed, sent-heard)
	}
	if lowest < MinDepth-25*time.Millisecond || deepest > MinDepth+50*time.Millisecond {
		t.Errorf("the depth goes from %v to %v", lowest, deepest)
	}
	// 200 ppm are 0.72 s an hour: 96 periods of 7.5 ms.
	if most := int64(length.Hours()*96) + 10; corrections > most || between < 5*time.Second {
		t.Errorf("%d corrections, at most %d needed; those in speech %v apart at least", corrections, most, between)
	}
	if pause(0) && loud != 0 {
		t.Errorf("%d corrections are made while somebody speaks", loud)
	}
}
