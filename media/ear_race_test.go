package media

import (
	"sync"
	"testing"
	"time"

	"careline/media/signal"
)

// One goroutine reads packets, a pacer takes frames, and listeners come and go.
func TestListenersComeAndGoWhileSoundFlows(t *testing.T) {
	begun := time.Unix(1000, 0)
	leg, from := listening(PCMU, begun)
	packets := spoken(t, PCMU, signal.Tone(440, 4))
	var work sync.WaitGroup
	at := func(i int) time.Time { return begun.Add(time.Duration(i) * FrameDuration) }
	work.Go(func() {
		for i, raw := range packets {
			leg.receive(raw, from, at(i))
		}
	})
	work.Go(func() {
		frame := make([]int16, maxHeard)
		for i := range packets {
			leg.ear.frame(frame, wideRate, at(i))
			leg.ear.frame(frame[:FrameSamples], SampleRate, at(i))
		}
	})
	work.Go(func() {
		for range packets {
			leg.ear.open(&leg.muted, begun)
			leg.Mute(true)
			leg.Mute(false)
			leg.unlisten()
		}
	})
	work.Go(func() {
		leg.unlisten() // the one who listened from the beginning
		for range packets {
			leg.ear.stats()
		}
		leg.ear.open(&leg.muted, begun)
	})
	work.Wait()
	if !leg.ear.needed() || leg.ear.takers.Load() != 1 {
		t.Errorf("%d listen at the end, want 1", leg.ear.takers.Load())
	}
	leg.unlisten()
	if leg.ear.needed() || leg.ear.hearing != nil {
		t.Error("the ear is open though nobody listens")
	}
}
