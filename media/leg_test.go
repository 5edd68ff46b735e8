package media

import (
	"testing"

	"careline/media/signal"
)

func TestCallerHearsPrompt(t *testing.T) {
	for _, codec := range Codecs() {
		t.Run(codec.String(), func(t *testing.T) {
			engine := running(t, nil)
			caller := newPhone(t, codec)
			var told events
			leg := caller.call(engine, told.notify)
			prompt := signal.Noise(0.5, 1)
			least := 0.98
			switch {
			case codec == Opus: // which codes what is heard of noise, not the noise
				least = 0.5
			case !codec.isG711(): // what is above 3.4 kHz is lost on the way from 8 kHz to 16
				least = 0.9
			}
			leg.Play(Playback{ID: 7, Clips: []*Clip{NewClip(prompt[:2000]), NewClip(prompt[2000:])}})
			eventually(t, "EventPlayed", func() bool { return told.count(EventPlayed) == 1 })
			packets := caller.packets()
			checkOneStream(t, packets)
			if score, _ := signal.Correlate(sound(packets)[:3000], prompt[:2000]); score < least {
				t.Errorf("the prompt's first clip is heard with score %.3f", score)
			}
			if told.seen[0].Playback != 7 {
				t.Errorf("told of playback %d", told.seen[0].Playback)
			}
		})
	}
}

func TestTwoCallersHearEachOther(t *testing.T) {
	for _, codecs := range [][2]Codec{{PCMU, PCMU}, {PCMU, PCMA}, {PCMA, PCMA}} {
		t.Run(codecs[0].String()+"-"+codecs[1].String(), func(t *testing.T) {
			engine := running(t, nil)
			a, b := newPhone(t, codecs[0]), newPhone(t, codecs[1])
			var told events
			legA, legB := a.call(engine, told.notify), b.call(engine, nil)
			Join(legA, legB)
			talk := func() {
				together(func() { a.say(signal.Tone(440, 0.6)) }, func() { b.say(signal.Tone(1000, 0.6)) })
			}
			hears(t, "the first", a.packets, 1000, 440, talk)
			hears(t, "the second", b.packets, 440, 1000, talk)
			a.press('5')
			a.say(make([]int16, 10*FrameSamples))
			eventually(t, "the digit", func() bool { return told.keys() == "5" })
			for _, phone := range []*phone{a, b} {
				checkOneStream(t, phone.packets())
				for _, p := range phone.packets() {
					if p.payloadType == 101 {
						t.Error("the digit was passed on")
					}
				}
			}
			if stats := legA.Stats(); stats.PacketsReceived < 30 || stats.PacketsLost != 0 {
				t.Errorf("stats of a clean call: %+v", stats)
			}
		})
	}
}
