package config

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
	"careline/media"
	"careline/media/signal"
)

// spokenNotice is the demo's notice, in words.
var spokenNotice = []string{"flows/member-services.yaml", "play: recording-notice\n", "play: {en-US: This call may be recorded., es-US: Esta llamada puede grabarse.}\n"}

// speaking gives careline.yaml a voice for both languages that needs no
// synthesiser, and a cache of its own.
func speaking(t *testing.T, program string) (edits []string, cache string) {
	t.Helper()
	cache = filepath.Join(t.TempDir(), "speech")
	sound := filepath.Join(t.TempDir(), "sound.wav")
	if err := os.WriteFile(sound, wavOf(t, signal.Noise(0.5, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	voice := fmt.Sprintf(`{program: %s, arguments: [-c, 'cp "$0" "$1"', "%s", "%%OUT", "%%TEXT"]}`, program, sound)
	speech := fmt.Sprintf("speech:\n  cache: %q\n  voices:\n    en-US: %s\n    es-US: %s\n\ndesk:\n", cache, voice, voice)
	return []string{"careline.yaml", "desk:\n", speech}, cache
}

func TestWordsAreSpokenWhenTheyAreReadAndKept(t *testing.T) {
	speech, cache := speaking(t, "sh")
	settings, err := LoadAt(copied(t, append(speech, spokenNotice...)...), autumn())
	if err != nil {
		t.Fatal(err)
	}
	heard := ivr.Prompt{Language: "es-US", Name: ivr.TextName("Esta llamada puede grabarse.")}
	clip := settings.Content.Prompts[heard]
	if clip == nil || clip.Duration().Milliseconds() < 400 {
		t.Fatalf("the words have no sound: %v", clip)
	}
	// The same cache serves a machine that has no synthesiser: the voice's name, not
	// its being there, is what the sound is kept by.
	kept, err := filepath.Glob(filepath.Join(cache, "*", "*", "*.wav"))
	if err != nil || len(kept) != 2 {
		t.Fatalf("kept are %v, %v", kept, err)
	}
	t.Setenv("PATH", t.TempDir())
	if _, err := LoadAt(copied(t, append(speech, spokenNotice...)...), autumn()); err != nil {
		t.Errorf("without the synthesiser:\n%v", err)
	}
}

func TestWordsWithoutAVoiceAreMistakes(t *testing.T) {
	for name, want := range map[string]string{
		"no-such-synthesiser": `the words "Esta llamada puede grabarse." have no sound in es-US: the voice is not to be had: no-such-synthesiser is not installed; record them as prompts/es-US/text/`,
		"false":               `the words "This call may be recorded." have no sound in en-US: false: exit status 1; record them`,
	} {
		speech, _ := speaking(t, name)
		dir := copied(t, append(speech, spokenNotice...)...)
		_, err := LoadAt(dir, autumn())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v\nwant %s", err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "member-services.yaml:24:19: ") {
			t.Errorf("no place: %v", err)
		}
		// A person's recording needs no voice.
		for language, words := range map[string]string{"en-US": "This call may be recorded.", "es-US": "Esta llamada puede grabarse."} {
			file := filepath.Join(dir, "prompts", language, ivr.TextName(words)+".wav")
			if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(file, shortWAV(t), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := LoadAt(dir, autumn()); err != nil {
			t.Errorf("with recordings:\n%v", err)
		}
	}
	_, err := LoadAt(copied(t, append([]string{"careline.yaml", "desk:\n", "speech: {synthesize: false}\ndesk:\n"}, spokenNotice...)...), autumn())
	if err == nil || !strings.Contains(err.Error(), "nobody has recorded them, and no synthesiser may speak them") {
		t.Errorf("where nothing is synthesised: %v", err)
	}
}

func TestMistakesInSpeech(t *testing.T) {
	secret := filepath.Join(t.TempDir(), "none")
	for speech, want := range map[string]string{
		`voices: {en-US: {}}`: `voice "en-US" has neither or both of program and url; give one of the two`,
		`voices: {en-US: {program: flite, arguments: ["%TEXT"]}}`:                                       `the arguments of voice "en-US" don't say where the WAV goes`,
		`voices: {en-US: {program: flite, arguments: ["%OUT"]}}`:                                        `the arguments of voice "en-US" don't hold the words`,
		`voices: {english: {program: flite, arguments: ["%OUT", "%TEXT"]}}`:                             `"english" is not a language with its region`,
		`voices: {en-US: {url: "ftp://speech.example.net"}}`:                                            `voice "en-US" has no address to be reached at`,
		`voices: {en-US: {url: "https://me:secret@speech.example.net"}}`:                                `voice "en-US" has no address to be reached at`,
		`voices: {en-US: {url: "https://speech.example.net", body: "{}"}}`:                              `the body for voice "en-US" doesn't hold the words`,
		`voices: {en-US: {url: "https://speech.example.net", headers: {X-Key: "file:` + secret + `"}}}`: `the header X-Key can't be read from its file`,
		`voices: {en-US: {url: "https://speech.example.net", headers: {"X Key": "1"}}}`:                 `"X Key" is not a header`,
		`fallback: {es-MX: [es-MX]}`:                                                                    `language "es-MX" stands in for itself`,
		`fallback: {spanish: [es-US]}`:                                                                  `"spanish" is not a language with its region`,
		`fallback: {es-MX: [spanish]}`:                                                                  `"spanish" is not a language with its region`,
		`time: 1h`:                                                                                      `time is 1h, which is out of bounds`,
	} {
		r := &reader{files: fstest.MapFS{"careline.yaml": {Data: []byte("speech: {" + speech + "}\n")}}, raw: map[string][]byte{}}
		doc, keys := r.document("careline.yaml"), defaults()
		r.problems.Add(doc.File, doc.Decode(doc.Root, &keys))
		r.bounds(doc, doc.Root, keys)
		r.checkSpeech(doc, keys.Speech)
		err := r.problems.Err()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v\nwant %s", speech, err, want)
		}
	}
}

// A language without recordings borrows those of its neighbour, and has its own
// where there is one.
func TestALanguageStandsInForAnother(t *testing.T) {
	_, sounds := loaded(t, defaults().Media, map[string][]byte{
		"prompts/es-US/welcome.wav": recorded(t, 1), "prompts/es-US/goodbye.wav": recorded(t, 1), "prompts/es-MX/welcome.wav": recorded(t, 1),
	})
	sounds.fallback = speechKeys{Fallback: map[string][]language{"es-MX": {"es-US", "en-US"}, "es-PR": {"es-US"}}}.fallbacks()
	sounds.standIn(sounds.fallback)
	heard := func(language, name string) *media.Clip {
		return sounds.prompts[ivr.Prompt{Language: language, Name: name}]
	}
	if heard("es-MX", "welcome") == heard("es-US", "welcome") || heard("es-MX", "goodbye") != heard("es-US", "goodbye") ||
		heard("es-MX", "digits/1") != heard("en-US", "digits/1") || heard("es-PR", "digits/1") != nil || heard("es-US", "digits/1") != nil {
		t.Error("a language speaks what it should not, or doesn't speak what it should")
	}
	if got := strings.Join(sounds.languages(), " "); got != "en-US es-MX es-PR es-US" {
		t.Errorf("the languages are %s", got)
	}
	if got := len(sounds.clips()); got != 5 {
		t.Errorf("%d sounds are held, want 5: each once", got)
	}
}

// Nobody who runs the demo needs a synthesiser.
func TestTheDemosWordsAreRendered(t *testing.T) {
	inventory, err := LoadInventory("demo", autumn())
	if err != nil {
		t.Fatal(err)
	}
	if len(inventory.Recordings) < 100 {
		t.Errorf("only %d prompts are asked for", len(inventory.Recordings))
	}
	wanted := map[string]bool{}
	for _, text := range inventory.Texts {
		file := filepath.Join(inventory.Folder, text.Language, text.Name+".wav")
		wanted[file] = true
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: %q has no sound in %s; run make prompts", text.Position, text.Words, text.Language)
		}
	}
	files, err := filepath.Glob("demo/prompts/*/text/*.wav")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		if !wanted[file] {
			t.Errorf("%s is said by no flow; run make prompts", file)
		}
	}
}
