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
				ours := b.Elapsed() / time.Duration(b.N)
				b.StopTimer()
				var out [MaxMembers][MaxSamples]int16
				rounds := min(b.N, 100)
				begun := time.Now()
				for range rounds {
					naive(&h.round, &out)
				}
				theirs := time.Since(begun) / time.Duration(rounds)
				b.ReportMetric(float64(theirs)/float64(max(ours, 1)), "naive-ratio")
			})
		}
	}
}
