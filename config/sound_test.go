package config

import (
	"math"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
	"careline/media"
	"careline/media/signal"
)

// recorded is a second of noise, so many times as loud as -20 dB.
func recorded(t *testing.T, gain float64) []byte {
	samples := signal.Noise(1, 5)
	for i, sample := range samples {
		samples[i] = int16(min(max(float64(sample)*gain, -32768), 32767))
	}
	return wavOf(t, samples)
}

// loaded reads two prompts and a piece of music of the given loudness in the files.
func loaded(t *testing.T, keys mediaKeys, files map[string][]byte) (*reader, sounds) {
	t.Helper()
	all := fstest.MapFS{"prompts/en-US/digits/1.wav": {Data: recorded(t, 1)}, "music/calm.wav": {Data: recorded(t, 1)}}
	for name, raw := range files {
		all[name] = &fstest.MapFile{Data: raw}
	}
	r := &reader{files: all, raw: map[string][]byte{}}
	sounds := r.sounds(keys, nil)
	return r, sounds
}

// heard is the loudness of a clip as played.
func heard(clip *media.Clip) float64 {
	return media.NewSound(clip.Samples(), media.SampleRate).Loudness()
}

func TestPromptsAndMusicAreBroughtToTheirLoudness(t *testing.T) {
	r, sounds := loaded(t, defaults().Media, map[string][]byte{"prompts/en-US/quiet.wav": recorded(t, 0.2), "prompts/en-US/loud.wav": recorded(t, 2), "music/loud.wav": recorded(t, 2)})
	if len(r.problems)+len(r.warnings) > 0 {
		t.Errorf("%v, %v", r.problems, r.warnings)
	}
	for _, name := range []string{"digits/1", "quiet", "loud"} {
		if level := heard(sounds.prompts[ivr.Prompt{Language: "en-US", Name: name}]); math.Abs(level+23) > 0.3 {
			t.Errorf("prompt %s has %.1f LUFS, want -23", name, level)
		}
	}
	for name, clip := range sounds.music {
		if level := heard(clip); math.Abs(level+29) > 0.3 {
			t.Errorf("music %s has %.1f LUFS, want -29", name, level)
		}
	}
}

func TestLoudnessCanBeChosenOrLeft(t *testing.T) {
	file := map[string][]byte{"prompts/en-US/quiet.wav": recorded(t, 0.25)}
	_, sounds := loaded(t, mediaKeys{Loudness: lufs{level: -19}, Music: lufs{off: true}}, file)
	quiet := ivr.Prompt{Language: "en-US", Name: "quiet"}
	if level := heard(sounds.prompts[quiet]); math.Abs(level+19) > 0.3 {
		t.Errorf("%.1f LUFS, want -19", level)
	}
	before := heard(sounds.music["calm"])
	_, sounds = loaded(t, mediaKeys{Loudness: lufs{off: true}, Music: lufs{off: true}}, file)
	if level := heard(sounds.prompts[quiet]); math.Abs(level-before+12) > 0.3 {
		t.Errorf("switched off, a quarter of the amplitude is %.1f dB less", before-level)
	}
}

func TestWhatCallersWontHearOrLikeIsWarnedOf(t *testing.T) {
	for name, c := range map[string]struct {
		file []byte
		want string
	}{
		"silent":        {wavOf(t, make([]int16, 8000)), "prompts/en-US/x.wav: the sound is silent: callers hear nothing; record it anew"},
		"cut off":       {recorded(t, 12), "of the sound is cut off at full scale: it was recorded too loud"},
		"a whisper":     {recorded(t, 0.03), " LUFS: it is made 20 dB louder, and not more"},
		"much too loud": {wavOf(t, loudTone()), "the sound has -"},
	} {
		r, _ := loaded(t, defaults().Media, map[string][]byte{"prompts/en-US/x.wav": c.file})
		if len(r.problems) > 0 || len(r.warnings) != 1 || !strings.Contains(r.warnings.Error(), c.want) {
			t.Errorf("%s: %v, %v; want %s", name, r.problems, r.warnings, c.want)
		}
	}
}

// loudTone is as loud as can be without a peak that is cut off.
func loudTone() []int16 {
	tone := signal.Tone(1000, 1)
	for i, sample := range tone {
		tone[i] = int16(min(max(1.9*float64(sample), -31000), 31000))
	}
	return tone
}
