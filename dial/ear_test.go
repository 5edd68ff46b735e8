package dial

import (
	"testing"
	"time"

	"careline/media"
	"careline/media/signal"

	"github.com/pion/rtp"
)

// packets cuts sound into RTP packets of one stream.
func packets(samples []int16, ssrc uint32, sequence uint16, timestamp uint32) []*rtp.Packet {
	var all []*rtp.Packet
	for i := 0; i+media.FrameSamples <= len(samples); i += media.FrameSamples {
		all = append(all, &rtp.Packet{
			Header:  rtp.Header{Version: 2, SSRC: ssrc, SequenceNumber: sequence, Timestamp: timestamp + uint32(i)},
			Payload: encode(media.PCMU, samples[i:i+media.FrameSamples]),
		})
		sequence++
	}
	return all
}

func TestEarKeepsSoundInItsPlace(t *testing.T) {
	sound := signal.Noise(1, 4)
	start := time.Unix(1_700_000_000, 0)
	at := func(i int) time.Time { return start.Add(time.Duration(i) * media.FrameDuration) }
	for name, hear := range map[string]func(e *ear, all []*rtp.Packet){
		"in order": func(e *ear, all []*rtp.Packet) {
			for i, p := range all {
				e.hear(p, media.PCMU, at(i))
			}
		},
		"two swapped": func(e *ear, all []*rtp.Packet) {
			all[20], all[21] = all[21], all[20]
			for i, p := range all {
				e.hear(p, media.PCMU, at(i))
			}
		},
		"read late, in one go": func(e *ear, all []*rtp.Packet) {
			for i, p := range all {
				late := 0
				if i >= 10 && i < 45 {
					late = 45 - i
				}
				e.hear(p, media.PCMU, at(i+late))
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEar(start, time.Minute)
			hear(e, packets(sound, 1, 65530, 0xFFFFFF00))
			score, lag := signal.Correlate(e.recording(), sound)
			if score < 0.99 || lag != 0 {
				t.Errorf("correlation %.3f at %v", score, lag)
			}
			if heard := e.heard(); heard.Lost != 0 || heard.Packets != 50 {
				t.Errorf("%d packets, %d lost", heard.Packets, heard.Lost)
			}
		})
	}
}

func TestLostPacketsLeaveSilenceAndANewStreamFollowsTheClock(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	e := newEar(start, time.Minute)
	first, second := signal.Noise(0.4, 5), signal.Noise(0.4, 6)
	for i, p := range packets(first, 1, 10, 500) {
		if i != 7 && i != 8 {
			e.hear(p, media.PCMU, start.Add(time.Duration(i)*media.FrameDuration))
		}
	}
	for i, p := range packets(second, 2, 900, 77) {
		e.hear(p, media.PCMU, start.Add(2*time.Second+time.Duration(i)*media.FrameDuration))
	}
	recording := e.recording()
	if level := signal.Level(recording[7*160 : 9*160]); level > -80 {
		t.Errorf("%.0f dB where two packets were lost", level)
	}
	if score, lag := signal.Correlate(recording, second); score < 0.99 || lag != 2*time.Second {
		t.Errorf("the second stream is found by %.2f at %v, want 2 s", score, lag)
	}
	if heard := e.heard(); heard.Lost != 2 {
		t.Errorf("%d lost, want 2", heard.Lost)
	}
}

func TestEarKeepsNoMoreThanTheCallMayLast(t *testing.T) {
	start := time.Unix(1_700_000_000, 0)
	e := newEar(start, 100*time.Millisecond)
	for i, p := range packets(signal.Noise(1, 7), 1, 0, 0) {
		e.hear(p, media.PCMU, start.Add(time.Duration(i)*media.FrameDuration))
	}
	if kept := len(e.recording()); kept > 800 {
		t.Errorf("%d samples kept of at most 800", kept)
	}
}
