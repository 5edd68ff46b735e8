package prompts

import (
	"bytes"
	"encoding/csv"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"careline/media"
	"careline/media/signal"
)

// sounds puts files of noise into a folder, so loud against -20 dB.
func sounds(t *testing.T, folder string, loud map[string]float64) {
	t.Helper()
	for name, gain := range loud {
		samples := signal.Noise(2, 7)
		for i, sample := range samples {
			samples[i] = int16(min(max(float64(sample)*gain, -32768), 32767))
		}
		var file bytes.Buffer
		must(t, media.WriteWAVAt(&file, samples, media.SampleRate))
		must(t, replace(filepath.Join(folder, filepath.FromSlash(name)+".wav"), file.Bytes()))
	}
}

func TestAListingTellsWhatIsAmiss(t *testing.T) {
	folder := t.TempDir()
	sounds(t, folder, map[string]float64{
		"en-US/hello": 1, "en-US/old": 1, "en-US/faint": 0.05, "en-US/torn": 30, "en-US/silent": 0, "en-US/system/apology": 1,
		"en-US/digits/1": 1, "es-US/hello": 1, "es-US/text/gone-1": 1,
	})
	must(t, os.WriteFile(filepath.Join(folder, "en-US", "noise.wav"), []byte("no sound"), 0o600))
	must(t, os.WriteFile(filepath.Join(folder, "en-US.yaml"), []byte("hello: Hello there.\n"), 0o600))
	voice := &chime{name: "one"}
	_, err := RenderTexts(t.Context(), folder, texts("a"), Options{Voice: func(string) Voice { return voice }})
	must(t, err)
	want := func(language, name string) Wanted { return Wanted{Language: language, Name: name, Where: "f:1:2"} }
	asked := []Wanted{
		want("en-US", "hello"), want("en-US", "faint"), want("en-US", "torn"), want("en-US", "silent"), want("en-US", "noise"), want("en-US", "nowhere"),
		want("es-MX", "hello"), want("es-MX", "nowhere"),
		{Language: "en-US", Name: "text/a", Words: "The words of a", Text: true}, {Language: "en-US", Name: "text/b", Words: "Closed.", Text: true},
	}
	options := ListOptions{Fallback: map[string][]string{"es-MX": {"es-US"}}, Synthesized: true, Loudness: -23}
	entries, err := List(folder, asked, options)
	must(t, err)
	var got []string
	for _, entry := range entries {
		fault, _, _ := strings.Cut(entry.Fault, ":")
		got = append(got, strings.TrimSpace(entry.Language+" "+entry.Name+" "+string(entry.State)+" "+fault))
	}
	wanted := []string{
		"en-US faint recorded the sound has -61.0 LUFS", "en-US hello recorded", "en-US noise recorded it can't be played", "en-US nowhere missing", "en-US old orphaned",
		"en-US silent recorded the sound is silent", "en-US text/a rendered", "en-US text/b synthesized", "en-US torn recorded 44.0 % of the sound is cut off at full scale",
		"es-MX hello borrowed", "es-MX nowhere missing", "es-US text/gone-1 orphaned",
	}
	vague := func(lines []string) string { // how much exactly is not what is tested here
		return strings.Map(func(r rune) rune {
			if strings.ContainsRune("0123456789.-", r) {
				return '#'
			}
			return r
		}, strings.Join(lines, "\n"))
	}
	if vague(got) != vague(wanted) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(wanted, "\n"))
	}
	options.Synthesized = false
	entries, err = List(folder, asked, options)
	must(t, err)
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == "text/b" }); entries[i].State != Missing {
		t.Errorf("where nothing is synthesised, words without a recording are %s", entries[i].State)
	}
	if i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == "hello" }); entries[i].Words != "Hello there." {
		t.Errorf("the script's words are %q", entries[i].Words)
	}
}

func TestATalentsScriptIsATableThatSpreadsheetsRead(t *testing.T) {
	var out bytes.Buffer
	must(t, WriteTalentScript(&out, []Entry{
		{Wanted: Wanted{Language: "es-US", Name: "welcome", Words: "Hola, \"amigos\".", Where: "flows/a.yaml:1:2"}, State: Missing},
		{Wanted: Wanted{Language: "es-US", Name: "digits/1", Words: "uno"}, State: Rendered, Lasts: 640e6},
		{Wanted: Wanted{Language: "es-US", Name: "text/su-visita-1", Words: "Su visita es el"}, State: Synthesized},
		{Wanted: Wanted{Language: "es-US", Name: "sum", Words: "=1+1."}, State: Recorded, Fault: "torn"},
	}))
	text, marked := strings.CutPrefix(out.String(), "\ufeff")
	rows, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	must(t, err)
	if !marked || len(rows) != 5 {
		t.Fatalf("%d rows, marked %t", len(rows), marked)
	}
	for i, want := range [][]string{
		{"file", "language", "words", "how", "now", "where"},
		{"es-US/welcome.wav", "es-US", "Hola, \"amigos\".", "a whole sentence", "missing", "flows/a.yaml:1:2"},
		{"es-US/digits/1.wav", "es-US", "uno", "a piece", "rendered, 0.6 s", ""},
		{"es-US/text/su-visita-1.wav", "es-US", "Su visita es el", "a beginning", "synthesized", ""},
		{"es-US/sum.wav", "es-US", "'=1+1.", "a whole sentence", "torn", ""},
	} {
		row := rows[i]
		row[3], _, _ = strings.Cut(row[3], ":")
		if !slices.Equal(row, want) {
			t.Errorf("row %d is %q, want %q", i, row, want)
		}
	}
}

func TestRecordingsAreTakenWhole(t *testing.T) {
	folder, delivery := t.TempDir(), t.TempDir()
	sounds(t, folder, map[string]float64{"es-US/welcome": 1})
	must(t, os.Rename(filepath.Join(folder, "es-US", "welcome.wav"), filepath.Join(folder, "es-US", "welcome.opus")))
	voice := func(string) Voice { return &chime{name: "one"} }
	spoken := []Text{{Language: "es-US", Name: "text/a", Words: "Hoy está cerrado."}}
	_, err := RenderTexts(t.Context(), folder, spoken, Options{Voice: voice})
	must(t, err)
	// A studio's file: 32 kHz, half a second of silence before and a second after.
	studio := append(make([]int16, 16000), signal.Noise(2, 3)[:16000]...)
	var file bytes.Buffer
	must(t, media.WriteWAVAt(&file, append(studio, make([]int16, 32000)...), 32000))
	for _, name := range []string{"welcome", "text/a", "digits/4"} {
		must(t, replace(filepath.Join(delivery, "es-US", filepath.FromSlash(name)+".wav"), file.Bytes()))
	}
	asked := []Wanted{{Language: "es-US", Name: "welcome"}, {Language: "es-US", Name: "text/a", Words: "Hoy está cerrado.", Text: true}}
	imported, err := Import(folder, delivery, asked, -23)
	must(t, err)
	if imported != 3 {
		t.Errorf("%d imported, want 3", imported)
	}
	for name, longest := range map[string]float64{"welcome": 0.8, "text/a": 0.8, "digits/4": 0.6} {
		sound, err := readSound(wavPath(filepath.Join(folder, "es-US"), name))
		must(t, err)
		if lasts := sound.Duration().Seconds(); sound.Rate() != 16000 || lasts < 0.5 || lasts > longest {
			t.Errorf("%s lasts %.2f s at %d Hz", name, lasts, sound.Rate())
		}
	}
	if _, err := os.Stat(filepath.Join(folder, "es-US", "welcome.opus")); err == nil {
		t.Error("two files for one prompt")
	}
	// Rendering anew, with another voice, or after the words are gone, leaves them.
	for _, said := range [][]Text{spoken, nil} {
		result, err := RenderTexts(t.Context(), folder, said, Options{Voice: func(string) Voice { return &chime{name: "another"} }})
		must(t, err)
		if result.Rendered+result.Removed > 0 {
			t.Errorf("a recording was touched: %+v", result)
		}
	}
	entries, err := List(folder, asked, ListOptions{Loudness: -23})
	must(t, err)
	for _, entry := range entries {
		if entry.State != Recorded || entry.Fault != "" {
			t.Errorf("%s is %s, %s", entry.Name, entry.State, entry.Fault)
		}
	}
}

func TestOneBadRecordingKeepsAllOut(t *testing.T) {
	long := strings.TrimSpace(strings.Repeat("Palabras que se dicen despacio. ", 4))
	for name, test := range map[string]struct{ file, want string }{
		"nobody asks":   {"es-US/welcom", `no flow asks for "welcom" in es-US; did you mean "welcome"?`},
		"silent":        {"es-US/silent", "the sound is silent"},
		"torn":          {"es-US/torn", "cut off at full scale"},
		"far too quiet": {"es-US/faint", "stays quieter than the others"},
		"cut off":       {"es-US/cut", "it lasts 2.0 s, and its words have 127 letters"},
		"too much":      {"es-US/endless", "it lasts 8.0 s, and its words have only 16 letters"},
		"strange":       {"spanish/hello", `no flow speaks "spanish"`},
		"no sound":      {"es-US/noise", "can't be played"},
		"no language":   {"welcome", "there is no recording; wanted are files such as es-US/welcome.wav"},
	} {
		t.Run(name, func(t *testing.T) {
			folder, delivery := t.TempDir(), t.TempDir()
			gain := map[string]float64{"silent": 0, "torn": 30, "far too quiet": 0.05}
			loud, found := gain[name]
			if !found {
				loud = 1
			}
			sounds(t, delivery, map[string]float64{test.file: loud})
			switch name {
			case "too much":
				must(t, WriteFile(filepath.Join(delivery, test.file+".wav"), signal.Noise(8, 1)))
			case "no sound":
				must(t, os.WriteFile(filepath.Join(delivery, test.file+".wav"), []byte("no sound"), 0o600))
			}
			if name != "no language" {
				sounds(t, delivery, map[string]float64{"es-US/hello": 1})
			}
			var asked []Wanted
			for _, one := range []string{"hello", "welcome", "silent", "torn", "faint", "noise"} {
				asked = append(asked, Wanted{Language: "es-US", Name: one})
			}
			asked = append(asked, Wanted{Language: "es-US", Name: "cut", Words: long}, Wanted{Language: "es-US", Name: "endless", Words: "Está cerrado ya."})
			imported, err := Import(folder, delivery, asked, -23)
			if err == nil || !strings.Contains(err.Error(), test.want) || imported != 0 {
				t.Errorf("%d imported, got %v\nwant %s", imported, err, test.want)
			}
			if _, err := os.Stat(filepath.Join(folder, "es-US", "hello.wav")); err == nil {
				t.Error("a part was imported")
			}
		})
	}
	if fault, _ := Hearing(media.NewSound(signal.Noise(1, 1), media.SampleRate), math.Inf(-1)); fault != "" {
		t.Errorf("a good sound has a fault: %s", fault)
	}
}
