package tone_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careline/media"
	"careline/media/tone"
)

// TestAnHourOfSpeechHasNoKey: the demo's prompts, English and Spanish, spoken by
// voices higher and lower, an hour in all.
func TestAnHourOfSpeechHasNoKey(t *testing.T) {
	seconds := 3600
	if raceEnabled || testing.Short() {
		seconds = 120
	}
	speech := prompts(t, "../../config/demo/prompts")
	if extra := os.Getenv("SPEECH"); extra != "" { // a folder of somebody's own voices, 8 kHz WAV
		speech = prompts(t, extra)
	}
	var detector tone.Detector
	said, keys := 0, 0
	for voice := 0; said < seconds*tone.Rate; voice++ {
		pitch := 0.7 + 0.083*float64(voice%10) + 0.001*float64(voice)
		spoken := spokenAt(speech, pitch)
		spoken = spoken[:min(len(spoken), seconds*tone.Rate-said)]
		detector.Listen(spoken, func(byte) { keys++ })
		said += len(spoken)
	}
	if keys > 0 {
		t.Errorf("%d keys in %d minutes of speech", keys, said/tone.Rate/60)
	}
}

// prompts are all sounds of a folder, one after the other.
func prompts(t *testing.T, dir string) (all []int16) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".wav") {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		sound, err := media.ReadWAV(file)
		all = append(all, sound...)
		return err
	})
	if err != nil || len(all) < 60*tone.Rate {
		t.Fatalf("%d samples of speech in %s: %v", len(all), dir, err)
	}
	return all
}

// spokenAt lets a voice speak faster and higher, or slower and lower.
func spokenAt(sound []int16, pitch float64) []int16 {
	spoken := make([]int16, 0, int(float64(len(sound))/pitch))
	for at := 0.0; int(at)+1 < len(sound); at += pitch {
		i, part := int(at), at-float64(int(at))
		spoken = append(spoken, int16(float64(sound[i])*(1-part)+float64(sound[i+1])*part))
	}
	return spoken
}
