package config

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"careline/acd"
	"careline/media"
	"careline/media/signal"
	"careline/problem"
)

// autumn is a day on which the demo is in order.
func autumn() time.Time { return time.Date(2026, 11, 24, 18, 0, 0, 0, time.UTC) }

// shortWAV is a sound that loads quickly.
func shortWAV(t *testing.T) []byte { return wavOf(t, signal.Noise(0.03, 1)) }

func wavOf(t *testing.T, samples []int16) []byte {
	t.Helper()
	var file bytes.Buffer
	if err := media.WriteWAV(&file, samples); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

// unsaid are the demo's sounds that its flows don't ask for, by path: most are pieces
// of values. Tests that don't miss them save themselves a thousand files.
var unsaid = sync.OnceValue(func() map[string]bool {
	inventory, err := LoadInventory("demo", autumn())
	if err != nil {
		return nil
	}
	files := map[string]bool{}
	_ = fs.WalkDir(os.DirFS("demo"), "prompts", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".wav" && !strings.Contains(path, "/system/") {
			files[path] = true
		}
		return err
	})
	for _, need := range inventory.Recordings {
		delete(files, "prompts/"+need.Language+"/"+need.Name+".wav")
	}
	for _, text := range inventory.Texts {
		delete(files, "prompts/"+text.Language+"/"+text.Name+".wav")
	}
	return files
})

// copied gives a test a demo of its own, with one edit per pair of texts: file,
// old, new.
func copied(t *testing.T, edits ...string) string {
	t.Helper()
	dir := t.TempDir()
	// The sounds, of which nothing depends on how they sound, are links to a short one.
	short := filepath.Join(t.TempDir(), "short.wav")
	if err := os.WriteFile(short, shortWAV(t), 0o600); err != nil {
		t.Fatal(err)
	}
	err := fs.WalkDir(os.DirFS("demo"), ".", func(path string, entry fs.DirEntry, err error) error {
		to := filepath.Join(dir, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.MkdirAll(to, 0o700)
		case unsaid()[path]:
			return nil
		case filepath.Ext(path) == ".wav":
			return os.Symlink(short, to)
		}
		raw, err := os.ReadFile(filepath.Join("demo", path))
		if err != nil {
			return err
		}
		return os.WriteFile(to, raw, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i+2 < len(edits); i += 3 {
		path := filepath.Join(dir, edits[i])
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Count(string(raw), edits[i+1]) != 1 {
			t.Fatalf("%s doesn't hold %q once", edits[i], edits[i+1])
		}
		if err := os.WriteFile(path, []byte(strings.Replace(string(raw), edits[i+1], edits[i+2], 1)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTheDemoFillsEveryRoomsOptions(t *testing.T) {
	settings, err := LoadAt("demo", autumn())
	if err != nil {
		t.Fatal(err)
	}
	if len(settings.Warnings) > 0 {
		t.Errorf("warnings: %v", settings.Warnings)
	}
	content := settings.Content
	if content.Lines["5550100"].Flow != "member-services" || !content.Flows.Has("nurse-line") {
		t.Errorf("lines %v", content.Lines)
	}
	if len(content.Prompts) == 0 || content.Music["calm"] == nil || content.DefaultMusic != "calm" {
		t.Errorf("%d prompts, music %q", len(content.Prompts), content.DefaultMusic)
	}
	if len(content.Rules.CompactStates) != 40 {
		t.Errorf("%d compact states, want 40", len(content.Rules.CompactStates))
	}
	if content.Version == "" || content.Version != settings.Version || content.Rules.Version != settings.Version {
		t.Errorf("versions %q, %q, %q", content.Version, settings.Version, content.Rules.Version)
	}
	if settings.SIP.Listen[1].String() != "tcp://127.0.0.1:5070" || settings.Media.PortMax != 20999 || settings.MaxCalls != 400 {
		t.Errorf("SIP %v, media %v", settings.SIP.Listen, settings.Media)
	}
	if len(settings.Desk.Users) != len(content.Rules.Agents) || settings.Desk.Users[0].PasswordHash == "" {
		t.Errorf("%d users for %d agents", len(settings.Desk.Users), len(content.Rules.Agents))
	}
	for _, queue := range content.Rules.Queues {
		if queue.Site != "America/Chicago" || queue.RingTimeout == 0 {
			t.Errorf("queue %+v", queue)
		}
	}
}

func TestOneLetterChangesTheVersion(t *testing.T) {
	first, err := LoadAt(copied(t), autumn())
	if err != nil {
		t.Fatal(err)
	}
	again, err := LoadAt(copied(t), autumn())
	if err != nil {
		t.Fatal(err)
	}
	if first.Version != again.Version {
		t.Errorf("the same files in another folder have versions %s and %s", first.Version, again.Version)
	}
	for _, edits := range [][]string{
		{"queues.yaml", "wrap_up: 90s", "wrap_up: 91s"},
		{"members.yaml", "born: 1961-04-12", "born: 1961-04-13"},
		{"flows/nurse-line.yaml", "start:", "start:  "},
	} {
		other, err := LoadAt(copied(t, edits...), autumn())
		if err != nil {
			t.Fatal(err)
		}
		if other.Version == first.Version {
			t.Errorf("%v changed nothing", edits)
		}
	}
}

// TestANurseLicenseLapses goes through the demo's years: in order, then a state
// without a nurse, then no nurse at all.
func TestANurseLicenseLapses(t *testing.T) {
	dir := copied(t)
	on := func(day string) (*Config, error) {
		at, err := time.Parse(time.DateOnly, day)
		if err != nil {
			t.Fatal(err)
		}
		// At 23:30 in Chicago the last day isn't over, though it is in UTC.
		return LoadAt(dir, at.Add(28*time.Hour+30*time.Minute))
	}
	if settings, err := on("2027-06-30"); err != nil || len(settings.Warnings) != 0 {
		t.Errorf("on the last day: %v, %v", err, settings)
	}
	settings, err := on("2027-07-01")
	if err != nil {
		t.Fatal(err)
	}
	if len(settings.Warnings) != 1 || !strings.Contains(settings.Warnings[0].Message, "nora's RN license of WI expired on 2027-06-30") ||
		!strings.Contains(settings.Warnings[0].Message, "MN") || strings.Contains(settings.Warnings[0].Message, "IL") {
		t.Errorf("a day later: %v", settings.Warnings)
	}
	_, err = on("2029-06-01")
	if err == nil || !strings.Contains(err.Error(), `queue "nurse_line" needs a valid RN license, and no agent of it has one today`) {
		t.Errorf("years later: %v", err)
	}
}

// A license ends with its last day where the site is, not where the clock's day does.
func TestALicenseHoldsToTheEndOfItsLastDayAtTheSite(t *testing.T) {
	settings, err := LoadAt("demo", autumn())
	if err != nil {
		t.Fatal(err)
	}
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	caller := acd.Contact{Queue: "nurse_line", State: "WI"}
	for at, want := range map[time.Time]bool{
		time.Date(2027, 6, 30, 8, 0, 0, 0, chicago):    true,
		time.Date(2027, 6, 30, 23, 59, 59, 0, chicago): true,
		time.Date(2027, 7, 1, 0, 0, 0, 0, chicago):     false,
	} {
		if ok, why := settings.Content.Rules.MayHandOver("nora", caller, at); ok != want {
			t.Errorf("at %s: %v %s", at, ok, why)
		}
	}
}

func TestTheCompactThatCountsIsTheLatestThatHasBegun(t *testing.T) {
	dir := copied(t, "licensing.yaml", "compact:\n", "compact:\n  - {from: 2027-01-01, source: a bill, states: [WI, MN]}\n")
	for day, want := range map[string]int{"2026-12-31": 40, "2027-01-02": 2} {
		at, _ := time.Parse(time.DateOnly, day)
		settings, err := LoadAt(dir, at.Add(12*time.Hour))
		if err != nil {
			t.Fatal(err)
		}
		if got := len(settings.Content.Rules.CompactStates); got != want {
			t.Errorf("on %s %d states, want %d", day, got, want)
		}
	}
	_, err := LoadAt(dir, time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC))
	if err == nil || !strings.Contains(err.Error(), "no list of compact states has begun by") {
		t.Errorf("before any list: %v", err)
	}
}

func TestMistakesThatNeedTwoFiles(t *testing.T) {
	cases := []struct {
		name  string
		edits []string
		want  string
	}{
		{"nobody speaks Spanish", []string{"agents.yaml", "[en-US, es-US]\n    queues: [member_services", "[en-US]\n    queues: [member_services"},
			`queue "claims" matches the caller's language, and no agent of it speaks es-US; add an agent who does, or set match_language to false`},
		{"a level that nobody reaches", []string{"queues.yaml", "skills: {claims: 3}\n    relax_every: 20s", "skills: {claims: 5}\n    relax_every: 0s"},
			`queue "claims" never relaxes, and no agent of it has claims at level 5; at most james has 4; lower it or set relax_every`},
		{"SIP at every address", []string{"careline.yaml", `["udp://127.0.0.1:5070", "tcp://127.0.0.1:5070"]`, `["udp://0.0.0.0:5070"]`},
			`udp://0.0.0.0:5070 is every address, and callers have to be told one; add advertise to sip`},
		{"RTP at every address", []string{"careline.yaml", "address: 127.0.0.1\n", "address: 0.0.0.0\n"},
			`0.0.0.0 is every address, and SDP has to name one`},
		{"a section missing", []string{"careline.yaml", "operations:\n  listen: 127.0.0.1:8090\n", ""},
			`operations.listen is missing; add it under operations, as in listen: 127.0.0.1:8090`},
		{"a number that can't be dialed", []string{"careline.yaml", `"5550111"`, `"555 0111"`}, `"555 0111" can't be dialed`},
	}
	for _, c := range cases {
		_, err := LoadAt(copied(t, c.edits...), autumn())
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestAFolderWithoutSoundOrFilesIsToldWhatItLacks(t *testing.T) {
	_, err := LoadAt(t.TempDir(), autumn())
	var list problem.List
	if !errors.As(err, &list) {
		t.Fatalf("no list: %v", err)
	}
	for _, want := range []string{"careline.yaml: the file is missing", "agents.yaml: the file is missing", "queues.yaml: ",
		"licensing.yaml: ", "members.yaml: ", "prompts: can't be read", "music: can't be read"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q in\n%v", want, err)
		}
	}
}

func TestSoundThatCantBePlayedIsNamed(t *testing.T) {
	dir := copied(t)
	for file, raw := range map[string][]byte{"music/calm.wav": []byte("not a WAV"), "prompts/en-US/verified.wav": wavOf(t, make([]int16, 301*media.SampleRate))} {
		// It is a link to a sound of the demo: never write through it.
		if err := os.Remove(filepath.Join(dir, file)); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, file), raw, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	_, err := LoadAt(dir, autumn())
	for _, want := range []string{"calm.wav: can't be played", "verified.wav: can't be played: not a WAV that Careline plays: more than 300.0 s of sound"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("nothing of %q in\n%v", want, err)
		}
	}
}

func TestNoPasswordIsEverQuoted(t *testing.T) {
	_, err := LoadAt(copied(t, "agents.yaml", "$argon2id$v=19$m=65536,t=3,p=4$jTunut", "open-sesame $"), autumn())
	if err == nil || strings.Contains(err.Error(), "open-sesame") {
		t.Errorf("heard %v", err)
	}
}

func TestPortRangesHoldAsManyCallsAsTheySay(t *testing.T) {
	cases := map[string]int{"20000-20999": 500, "20001-20002": 1, "20001-20001": 0, "20000-20000": 1}
	for text, want := range cases {
		var p portRange
		if err := p.UnmarshalText([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if p.calls() != want {
			t.Errorf("%s holds %d calls, want %d", text, p.calls(), want)
		}
	}
	for _, text := range []string{"", "20000", "20999-20000", "0-5", "x-y", "1-70000"} {
		if err := new(portRange).UnmarshalText([]byte(text)); err == nil {
			t.Errorf("%q was taken", text)
		}
	}
}

func TestDemoNursesAreWhoTheDemoSays(t *testing.T) {
	settings, err := LoadAt(copied(t), autumn())
	if err != nil {
		t.Fatal(err)
	}
	may := map[string]string{}
	for _, agent := range settings.Content.Rules.Agents {
		for _, state := range []string{"WI", "IL", "MN", "CA"} {
			if ok, _ := acd.MayTake(agent, acd.RN, state, "2026-11-24", settings.Content.Rules.CompactStates); ok {
				may[string(agent.ID)] += state + " "
			}
		}
	}
	if len(may) != 2 || may["nora"] != "WI MN " || may["rosa"] != "IL " {
		t.Errorf("may take: %v", may)
	}
}

// FuzzScalars feeds every type that reads a value of an admin's: an error or a
// value, never a panic.
func FuzzScalars(f *testing.F) {
	for _, seed := range []string{"127.0.0.1:5070", "udp://[::1]:5070", "20000-20999", "America/Chicago", "info", "en-US", "2027-06-30", "10.0.0.0/8", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, value := range []interface{ UnmarshalText([]byte) error }{
			new(listener), new(endpoint), new(network), new(host), new(portRange), new(zone), new(level), new(srtpPolicy), new(language), new(day),
		} {
			if err := value.UnmarshalText([]byte(text)); err != nil && err.Error() == "" {
				t.Errorf("%T: an error without words", value)
			}
		}
	})
}

func TestALinesPatienceIsBounded(t *testing.T) {
	settings, err := LoadAt(copied(t, "careline.yaml", "flow: nurse-line}", "flow: nurse-line, patience: 2.5}"), autumn())
	if err != nil || settings.Content.Lines["5550111"].Patience != 2.5 || settings.Content.Lines["5550100"].Patience != 0 {
		t.Errorf("%v", err)
	}
	_, err = LoadAt(copied(t, "careline.yaml", "flow: nurse-line}", "flow: nurse-line, patience: 9}"), autumn())
	if err == nil || !strings.Contains(err.Error(), "patience is 9, which is out of bounds; from 1 to 5 is allowed") {
		t.Errorf("%v", err)
	}
}
