package mix

import (
	"fmt"
	"testing"
	"time"

	"careline/media/signal"
)

// naive adds up for each listener everybody else, and cuts off what is too much.
func naive(r *Round, out *[MaxMembers][MaxSamples]int16) {
	for listener := range MaxMembers {
		if !r.Listeners.Has(listener) {
			continue
		}
		for i := range r.Samples {
			sum := int32(0)
			for speaker, voice := range r.Voices {
				if voice != nil && r.Hears[listener].Has(speaker) {
					sum += int32(voice[i])
				}
			}
			out[listener][i] = int16(max(-32768, min(32767, sum)))
		}
	}
}

// BenchmarkMix mixes 20 ms at 16 kHz for conferences of several sizes, where all
// speak and where one does, and compares with a sum for each listener.
func BenchmarkMix(b *testing.B) {
	for _, members := range []int{3, 5, 8, 16} {
		for _, speak := range []int{1, members} {
			h := newHall(members).everybody(members)
			h.round.Samples = MaxSamples
			for i := range speak {
				h.round.Voices[i] = signal.Tone(300+100*float64(i), 0.05)[:MaxSamples]
			}
			b.Run(fmt.Sprintf("members=%d/speak=%d", members, speak), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					h.mixer.Mix(&h.round)
				}
				b.StopTimer()
				var out [MaxMembers][MaxSamples]int16
				ours := quickest(func() { h.mixer.Mix(&h.round) })
				theirs := quickest(func() { naive(&h.round, &out) })
				b.ReportMetric(float64(theirs)/float64(ours), "naive-ratio")
			})
		}
	}
}

// quickest is the time of one run where nothing else took the processor: the least of
// many short batches.
func quickest(run func()) time.Duration {
	const batches, runs = 200, 20
	least := time.Duration(1<<63 - 1)
	for range batches {
		begun := time.Now()
		for range runs {
			run()
		}
		least = min(least, time.Since(begun))
	}
	return max(least, 1)
}
