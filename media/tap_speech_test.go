package media

import (
	"bytes"
	"testing"
	"time"

	"careline/media/signal"
)

// intoAFlow is a tap of speech, over, of a caller who says 440 Hz from 1 s to 4 s of so many
// seconds, and hears 1000 Hz; another tap takes the call meanwhile.
func intoAFlow(t *testing.T, seconds int) (speech, call *Tap) {
	t.Helper()
	hall := newTapHall(t)
	a, b := hall.leg(PCMU), hall.leg(PCMU)
	hall.join(a, b)
	call = hall.tap(a, TapOptions{Buffer: 8 << 20})
	speech = hall.tap(a, TapOptions{Buffer: 8 << 20, Speech: true})
	if _, err := a.Tap(TapOptions{Speech: true}); err != ErrTapped {
		t.Errorf("a second tap of speech: %v", err)
	}
	caller, agent := hall.talker(a, PCMU, 1), hall.talker(b, PCMU, 2)
	said, heard := sineAt(8000, 440, float64(seconds+1)), sineAt(8000, 1000, float64(seconds+1))
	caller.say = func(sound []int16, at time.Duration) {
		clear(sound)
		if at >= time.Second && at < 4*time.Second {
			copy(sound, said[at*8000/time.Second:])
		}
	}
	agent.say = func(sound []int16, at time.Duration) { copy(sound, heard[at*8000/time.Second:]) }
	hall.listenFor(time.Duration(seconds)*time.Second, nil, caller, agent)
	speech.close(hall.now)
	call.close(hall.now)
	return speech, call
}

func TestSpeechEndsInSilence(t *testing.T) {
	for name, c := range map[string]struct {
		options SpeechOptions
		length  time.Duration
	}{
		"silence":     {SpeechOptions{Silence: 2 * time.Second, Max: time.Minute}, 6 * time.Second},
		"the longest": {SpeechOptions{Silence: 2 * time.Second, Max: 3 * time.Second}, 3 * time.Second},
		"the call":    {SpeechOptions{Silence: 10 * time.Second, Max: time.Minute}, 9 * time.Second},
		"no word":     {SpeechOptions{Silence: 800 * time.Millisecond, Max: time.Minute}, 800 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			tap, call := intoAFlow(t, 9)
			var file bytes.Buffer
			speech, err := tap.RecordSpeech(t.Context(), &file, c.options)
			if err != nil {
				t.Fatal(err)
			}
			if late := speech.Length - c.length; late < -100*time.Millisecond || late > 100*time.Millisecond {
				t.Errorf("it is %v long, want %v", speech.Length, c.length)
			}
			if name == "no word" {
				if speech.Spoken != 0 {
					t.Errorf("%v were spoken", speech.Spoken)
				}
				return
			}
			if got := signal.Goertzel(speech.Sound[9000:15000], 440); got < 0.2 {
				t.Errorf("%.3f of what was said is heard", got)
			}
			if got := signal.Goertzel(speech.Sound[9000:15000], 1000); got > 0.01 {
				t.Errorf("%.3f of what was heard is in it", got)
			}
			if name == "silence" && (speech.Spoken < 2900*time.Millisecond || speech.Spoken > 3100*time.Millisecond || len(speech.Sound) > 8000*45/10) {
				t.Errorf("%v were spoken, and %d samples are heard again", speech.Spoken, len(speech.Sound))
			}
			read, err := ReadSound(bytes.NewReader(file.Bytes()), 0)
			if err != nil {
				t.Fatal(err)
			}
			if late := read.Duration() - speech.Length; late < -50*time.Millisecond || late > 50*time.Millisecond {
				t.Errorf("the file is %v long, of %v", read.Duration(), speech.Length)
			}
			// The recording of the call is whole beside it.
			var whole bytes.Buffer
			if recorded, err := call.RecordOpus(t.Context(), &whole); err != nil || recorded.Length < 8900*time.Millisecond {
				t.Errorf("of the call there are %v, %v", recorded.Length, err)
			}
		})
	}
}
