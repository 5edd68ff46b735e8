package prompts

import (
	"context"
	"errors"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"careline/media"
	"careline/media/signal"
)

// chime is a voice without a program; it counts what it says.
type chime struct {
	name string
	said atomic.Int32
	fail error
	hang bool
}

func (c *chime) Name() string { return c.name }

func (c *chime) Speak(ctx context.Context, words string) (media.Sound, error) {
	c.said.Add(1)
	if c.hang {
		<-ctx.Done()
		return media.Sound{}, ctx.Err()
	}
	return media.NewSound(signal.Noise(0.3, uint64(len(words))), 16000), c.fail
}

func texts(names ...string) []Text {
	var all []Text
	for _, name := range names {
		all = append(all, Text{Language: "en-US", Name: "text/" + name, Words: "The words of " + name})
	}
	return all
}

func TestWordsAreRenderedOnceByVoiceAndContent(t *testing.T) {
	voice := &chime{name: "one"}
	cache := Cache{Folder: filepath.Join(t.TempDir(), "speech"), Voice: func(string) Voice { return voice }}
	first := cache.Speak(t.Context(), texts("a", "b"))
	for _, one := range first {
		samples, err := readFile(filepath.Join(cache.Folder, one.File))
		if one.Err != nil || err != nil || len(samples) == 0 {
			t.Fatalf("%v, %v", one, err)
		}
	}
	if again := cache.Speak(t.Context(), texts("b", "a")); voice.said.Load() != 2 || again[0] != first[1] || again[1] != first[0] {
		t.Errorf("%d renderings, %v then %v", voice.said.Load(), first, again)
	}
	// Without the synthesiser, what was rendered is still spoken.
	voice.fail = ErrVoice
	if spoken := cache.Speak(t.Context(), texts("a", "c")); spoken[0].Err != nil || !errors.Is(spoken[1].Err, ErrVoice) {
		t.Errorf("spoken are %v", spoken)
	}
	other := &chime{name: "another"}
	cache.Voice = func(string) Voice { return other }
	if spoken := cache.Speak(t.Context(), texts("a")); spoken[0].File == first[0].File || other.said.Load() != 1 {
		t.Errorf("another voice left the sound of the first: %v", spoken)
	}
	cache.Voice = func(string) Voice { return nil }
	if spoken := cache.Speak(t.Context(), texts("a")); spoken[0].Err == nil {
		t.Error("words were spoken though nobody may")
	}
}

func TestAVoiceThatHangsIsAskedOnce(t *testing.T) {
	voice := &chime{name: "slow", hang: true}
	cache := Cache{Folder: t.TempDir(), Voice: func(string) Voice { return voice }, Time: 30 * time.Millisecond}
	many := texts(strings.Split(strings.Repeat("x ", 40), " ")...)
	for i := range many {
		many[i].Name += strings.Repeat("y", i)
	}
	begun := time.Now()
	for _, one := range cache.Speak(t.Context(), many) {
		if !errors.Is(one.Err, context.DeadlineExceeded) {
			t.Fatalf("the error is %v", one.Err)
		}
	}
	if said := int(voice.said.Load()); said > 20 || time.Since(begun) > 10*time.Second {
		t.Errorf("a voice that hangs was asked %d times in %v", said, time.Since(begun))
	}
}

func TestTheCacheForgetsWhatWasNotUsedForLongest(t *testing.T) {
	voice := &chime{name: "one"}
	cache := Cache{Folder: t.TempDir(), Voice: func(string) Voice { return voice }, Kept: 3}
	files := cache.Speak(t.Context(), texts("a", "b", "c"))
	for i, one := range files { // a was used last
		old := time.Now().Add(-time.Duration(i+1) * time.Hour)
		if err := os.Chtimes(filepath.Join(cache.Folder, one.File), old, old); err != nil {
			t.Fatal(err)
		}
	}
	cache.Speak(t.Context(), texts("d", "b"))
	var left []string
	for i, one := range files {
		if _, err := os.Stat(filepath.Join(cache.Folder, one.File)); err == nil {
			left = append(left, string(rune('a'+i)))
		}
	}
	if got := strings.Join(left, ""); got != "ab" {
		t.Errorf("kept are %s, want ab: c was not used for longest", got)
	}
}

func TestTextsOfAFolderFollowTheFlows(t *testing.T) {
	folder, voice := t.TempDir(), &chime{name: "one"}
	options := Options{Voice: func(string) Voice { return voice }}
	render := func(want Result, said ...Text) {
		t.Helper()
		got, err := RenderTexts(t.Context(), folder, said, options)
		must(t, err)
		if got != want {
			t.Errorf("got %+v, want %+v", got, want)
		}
	}
	render(Result{Rendered: 2}, texts("a", "b")...)
	render(Result{Kept: 2}, texts("a", "b")...)
	// A person's recording stays, whatever the voice.
	must(t, WriteFile(wavPath(filepath.Join(folder, "en-US"), "text/a"), signal.Noise(1, 9)))
	voice.name = "another"
	render(Result{Kept: 1, Rendered: 1}, texts("a", "b")...)
	render(Result{Removed: 1})
	if _, err := os.Stat(wavPath(filepath.Join(folder, "en-US"), "text/a")); err != nil {
		t.Errorf("a person's recording was removed: %v", err)
	}
}

// The prompts of a script and the texts of flows live in one folder.
func TestScriptsAndTextsLeaveEachOtherAlone(t *testing.T) {
	folder := t.TempDir()
	must(t, os.WriteFile(filepath.Join(folder, "en-US.yaml"), []byte("hello: Hello.\n"), 0o644))
	voice := func(string) Voice { return &chime{name: "one"} }
	_, err := RenderTexts(t.Context(), folder, texts("a"), Options{Voice: voice})
	must(t, err)
	result, err := Render(t.Context(), folder, Options{Voice: voice})
	must(t, err)
	again, err := RenderTexts(t.Context(), folder, texts("a"), Options{Voice: voice})
	must(t, err)
	if result != (Result{Rendered: 1}) || again != (Result{Kept: 1}) {
		t.Errorf("the script's %+v, the texts' %+v", result, again)
	}
	for _, amiss := range Check(folder, voice) {
		t.Error(amiss)
	}
}

func TestAServiceSpeaks(t *testing.T) {
	sound, err := os.ReadFile(filepath.Join(demo, "en-US", "digits", "1.wav"))
	must(t, err)
	var got string
	var status atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		got = r.Header.Get("Content-Type") + " " + r.Header.Get("X-Key") + " " + string(raw)
		switch code := int(status.Load()); code {
		case 0:
			_, _ = w.Write(sound)
		case http.StatusFound:
			http.Redirect(w, r, "/elsewhere", code)
		case http.StatusOK:
			_, _ = w.Write([]byte("<html>sorry</html>"))
		default:
			w.WriteHeader(code)
		}
	}))
	defer server.Close()
	voice := Service{URL: server.URL, Body: `{"input": %TEXT}`, Headers: map[string]string{"X-Key": "secret"}}
	speech, err := voice.Speak(t.Context(), "Say \"hello\".\n")
	must(t, err)
	if want := `application/json secret {"input": "Say \"hello\".\n"}`; got != want || speech.Duration() == 0 {
		t.Errorf("sent %s, want %s", got, want)
	}
	if strings.Contains(voice.Name(), "secret") {
		t.Errorf("the voice's name tells the secret: %s", voice.Name())
	}
	_, err = Service{URL: server.URL}.Speak(t.Context(), "Hello.")
	must(t, err)
	if got != "text/plain; charset=utf-8  Hello." {
		t.Errorf("sent %s", got)
	}
	for code, hopeless := range map[int]bool{http.StatusFound: false, http.StatusForbidden: true, http.StatusTooManyRequests: false, http.StatusOK: false} {
		status.Store(int32(code))
		if _, err := voice.Speak(t.Context(), "Hello."); err == nil || errors.Is(err, ErrVoice) != hopeless || strings.Contains(err.Error(), "secret") {
			t.Errorf("%d: %v", code, err)
		}
	}
	server.Close()
	if _, err := voice.Speak(t.Context(), "Hello."); !errors.Is(err, ErrVoice) {
		t.Errorf("a service that is down: %v", err)
	}
}

func TestAProgramThatIsMissingIsNamed(t *testing.T) {
	_, err := Program{Path: "no-such-synthesiser", Package: "some-package"}.Speak(t.Context(), "Hello.")
	if !errors.Is(err, ErrVoice) || !strings.Contains(err.Error(), "some-package") {
		t.Errorf("the error is %v", err)
	}
	if _, err := (Program{Path: "true"}).Speak(t.Context(), "Hello."); err == nil || !strings.Contains(err.Error(), "%OUT") {
		t.Errorf("a program that leaves no sound: %v", err)
	}
	for tag, want := range map[string]string{"en-US": "flite", "es-MX": "es-419", "zh-CN": "cmn", "en-GB": "en-gb", "vi-VN": "espeak-ng vi"} {
		if name := VoiceOf(tag).Name(); !strings.Contains(name, want) {
			t.Errorf("%s is spoken by %s", tag, name)
		}
	}
}

// The voices that speak the demo, where they are installed.
func TestTheDefaultVoicesSpeak(t *testing.T) {
	for language, words := range map[string]string{"en-US": "We are closed today.", "es-US": "Hoy está cerrado.", "fr-FR": "Nous sommes fermés."} {
		voice := VoiceOf(language)
		if program := voice.(Program).Path; !installed(program) {
			t.Skipf("%s isn't installed", program)
		}
		file := filepath.Join(t.TempDir(), "out.wav")
		must(t, job{words: words, path: file}.render(t.Context(), voice, 0))
		samples, err := readFile(file)
		must(t, err)
		if lasts := float64(len(samples)) / media.SampleRate; lasts < 0.8 || lasts > 4 || checkSound(file) != "" {
			t.Errorf("%s lasts %.1f s; %s", language, lasts, checkSound(file))
		}
	}
}

func installed(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// Of what is above the telephone's band nothing folds back into it.
func TestToneKeepsToTheTelephonesBand(t *testing.T) {
	const rate = 22050
	for hz, passes := range map[float64]bool{40: false, 1000: true, 3000: true, 5200: false} {
		wave := make([]int16, rate)
		for i := range wave {
			wave[i] = int16(10000 * math.Sin(2*math.Pi*hz*float64(i)/rate))
		}
		level := signal.RMS(tone(media.NewSound(wave, rate))) / (signal.RMS(wave) * headroom)
		if passes && (level < 0.8 || level > 1.2) || !passes && level > 0.25 {
			t.Errorf("%.0f Hz comes out at %.2f", hz, level)
		}
	}
}
