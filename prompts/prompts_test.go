package prompts

import (
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"careline/media"
	"careline/media/signal"
)

const demo = "../config/demo/prompts"

func TestEveryScriptedPromptHasItsSound(t *testing.T) {
	for _, amiss := range Check(demo, VoiceOf) {
		t.Error(amiss)
	}
}

func TestBothLanguagesHaveTheSamePrompts(t *testing.T) {
	scripts, err := ReadScripts(demo)
	must(t, err)
	if len(scripts) != 2 {
		t.Fatalf("%d languages, want en-US and es-US", len(scripts))
	}
	// Pieces of values differ, as the languages' grammars do; ivr asks for them.
	whole := func(script Script) string {
		return strings.Join(slices.DeleteFunc(script.names(), piece), "\n")
	}
	if english, spanish := whole(scripts[0]), whole(scripts[1]); english != spanish {
		t.Errorf("the languages have different prompts:\n%s\n-\n%s", english, spanish)
	}
}

// beep is a voice that says everything as the same noise; it wants no synthesiser.
func beep(t *testing.T, name string) func(string) Voice {
	source := filepath.Join(t.TempDir(), "beep.wav")
	must(t, WriteFile(source, append(make([]int16, 4000), signal.Noise(0.5, 1)...)))
	return func(string) Voice {
		return Program{Label: name, Path: "cp", Package: "coreutils", Arguments: []string{source, "%OUT"}}
	}
}

func TestOnlyWhatChangedIsRendered(t *testing.T) {
	folder := t.TempDir()
	write := func(script string) {
		must(t, os.WriteFile(filepath.Join(folder, "en-US.yaml"), []byte(script), 0o644))
	}
	render := func(voices func(string) Voice, want Result) {
		t.Helper()
		got, err := Render(t.Context(), folder, Options{Voice: voices})
		must(t, err)
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
		for _, amiss := range Check(folder, voices) {
			t.Error(amiss)
		}
	}
	voices := beep(t, "one")
	write("hello: Hello.\ndigits/1: one\n")
	render(voices, Result{Rendered: 2})
	render(voices, Result{Kept: 2})
	write("hello: Hello there.\ndigits/1: one\n")
	if len(Check(folder, voices)) != 1 {
		t.Error("Check didn't notice the changed words")
	}
	render(voices, Result{Rendered: 1, Kept: 1})
	write("hello: Hello there.\n")
	if len(Check(folder, voices)) != 1 {
		t.Error("Check didn't notice the WAV without words")
	}
	render(voices, Result{Kept: 1, Removed: 1})
	must(t, WriteFile(filepath.Join(folder, "en-US", "hello.wav"), make([]int16, 1600)))
	if len(Check(folder, voices)) != 2 {
		t.Errorf("Check didn't notice a silent, foreign WAV: %v", Check(folder, voices))
	}
	render(voices, Result{Rendered: 1})
	render(beep(t, "another voice"), Result{Rendered: 1})
}

func TestFailureKeepsWhatWasRendered(t *testing.T) {
	folder := t.TempDir()
	script := filepath.Join(folder, "en-US.yaml")
	must(t, os.WriteFile(script, []byte("a: one\nb: two\nc: three\n"), 0o644))
	voices := beep(t, "one")
	_, err := Render(t.Context(), folder, Options{Voice: voices})
	must(t, err)
	must(t, os.WriteFile(script, []byte("a: changed\nb: two\nc: three\n"), 0o644))
	broken := func(string) Voice { return Program{Label: "one", Path: "false"} }
	if _, err := Render(t.Context(), folder, Options{Voice: broken}); err == nil {
		t.Fatal("a synthesiser that fails gave no error")
	}
	got, err := Render(t.Context(), folder, Options{Voice: voices})
	must(t, err)
	if want := (Result{Rendered: 1, Kept: 2}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPromptNamesStayInTheirFolder(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"../evil", "/etc/passwd", "a//b", "A"} {
		must(t, os.WriteFile(filepath.Join(folder, "en-US.yaml"), []byte(`"`+name+`": words`), 0o644))
		if _, err := ReadScripts(folder); err == nil {
			t.Errorf("the name %s was taken", name)
		}
	}
}

func TestMusicIsQuietAndLoopsWithoutASeam(t *testing.T) {
	music := Compose()
	if len(music)%media.FrameSamples != 0 || len(music) != 32*media.SampleRate {
		t.Errorf("%d samples, want 32 s in whole frames", len(music))
	}
	if level := signal.Level(music); math.Abs(level-musicLevel) > 0.5 {
		t.Errorf("level %.1f dB, want %.1f", level, musicLevel)
	}
	step := func(a, b int16) float64 { return math.Abs(float64(a) - float64(b)) }
	largest := 0.0
	for i := 1; i < len(music); i++ {
		largest = max(largest, step(music[i], music[i-1]))
	}
	if seam := step(music[0], music[len(music)-1]); seam > largest/2 {
		t.Errorf("the seam jumps by %.0f, within the music nothing jumps by more than %.0f", seam, largest)
	}
	for second := range 32 {
		if level := signal.Level(music[second*8000 : (second+1)*8000]); level < -42 || level > -22 {
			t.Errorf("second %d: %.0f dB; calm music has neither holes nor outbursts", second, level)
		}
	}
	for hz := 3300.0; hz < 4000; hz += 50 {
		if v := signal.Goertzel(music, hz); v > 0.001 {
			t.Errorf("%.4f at %.0f Hz, above the telephone's band", v, hz)
		}
	}
}

func TestCommittedMusicIsTheComposedOne(t *testing.T) {
	committed, err := readFile("../config/demo/music/calm.wav")
	must(t, err)
	composed := Compose()
	if len(committed) != len(composed) {
		t.Fatalf("%d samples committed, %d composed; run make prompts", len(committed), len(composed))
	}
	// The last bit of a sine may differ between processors, so compare the sound.
	if score, lag := signal.Correlate(committed, composed[:len(composed)/2]); score < 0.995 || lag != 0 {
		t.Errorf("correlation %.4f at %v; run make prompts", score, lag)
	}
}

func TestShapeTrimsAndLevels(t *testing.T) {
	quietSpeech := signal.Noise(0.5, 3)
	for i := range quietSpeech {
		quietSpeech[i] /= 8
	}
	sound := append(append(make([]int16, 8000), quietSpeech...), make([]int16, 8000)...)
	for _, piece := range []bool{true, false} {
		out, err := shape(sound, piece)
		must(t, err)
		begin, end, level := speech(out)
		if 20*math.Log10(level) < speechLevel-1 || 20*math.Log10(level) > speechLevel+1 {
			t.Errorf("level %.1f dB, want %.0f", 20*math.Log10(level), speechLevel)
		}
		if begin > leadIn+80 || len(out)-end > leadOut+media.FrameSamples+80 || len(out)%media.FrameSamples != 0 {
			t.Errorf("speech from %d to %d of %d", begin, end, len(out))
		}
	}
	if _, err := shape(make([]int16, 8000), false); err == nil {
		t.Error("silence was shaped")
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
