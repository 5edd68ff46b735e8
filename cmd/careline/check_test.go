package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

const demo = "../../config/demo"

// short is a prompt that loads quickly.
const short = "prompts/en-US/digits/1.wav"

// unsaid are the demo's sounds that its flows don't ask for, by path: most are pieces
// of values.
var unsaid = sync.OnceValue(func() map[string]bool {
	_, listed, _ := careline("", "prompts", "list", "--all", demo)
	files := map[string]bool{}
	_ = fs.WalkDir(os.DirFS(demo), "prompts", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".wav" && !strings.Contains(path, "/system/") {
			files[path] = true
		}
		return err
	})
	for line := range strings.Lines(listed) {
		if words := strings.Fields(line); len(words) > 2 {
			delete(files, "prompts/"+words[0]+"/"+words[1]+".wav")
		}
	}
	return files
})

// copyDemo gives a test a demo configuration of its own. The sounds are links,
// all to the same short one if their sound doesn't matter.
func copyDemo(t *testing.T, audible bool) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "demo")
	sounds, err := filepath.Abs(demo)
	if err != nil {
		t.Fatal(err)
	}
	err = fs.WalkDir(os.DirFS(demo), ".", func(path string, entry fs.DirEntry, err error) error {
		to := filepath.Join(dir, path)
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			return os.MkdirAll(to, 0o700)
		case unsaid()[path]:
			return nil
		case filepath.Ext(path) == ".wav":
			if !audible {
				path = short
			}
			return os.Symlink(filepath.Join(sounds, path), to)
		}
		raw, err := os.ReadFile(filepath.Join(demo, path))
		if err != nil {
			return err
		}
		return os.WriteFile(to, raw, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// edit replaces the only place of old in a file by new.
func edit(t *testing.T, path, old, new string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text := string(raw)
	if n := strings.Count(text, old); n != 1 {
		t.Fatalf("%s holds %q %d times, not once", path, old, n)
	}
	text = strings.Replace(text, old, new, 1)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return text
}

// careline runs the program in this process.
func careline(stdin string, args ...string) (code int, stdout, stderr string) {
	var out, err bytes.Buffer
	code = run(context.Background(), append([]string{"careline"}, args...), strings.NewReader(stdin), &out, &err)
	return code, out.String(), err.String()
}

// mistake is one thing wrong in an otherwise good configuration.
type mistake struct {
	name     string
	file     string
	old, new string
	// gone is a file that is removed instead.
	gone string
	// at is the text in the edited file where the problem stands; mark is where in at, as an offset.
	at   string
	mark int
	// want is message and hint, after the place.
	want string
}

func mistakes() []mistake {
	return []mistake{
		{
			name: "a key misspelt", file: "careline.yaml", old: "max_calls: 400", new: "max_cals: 400", at: "max_cals",
			want: `"max_cals" is not a key here; did you mean "max_calls"?`,
		}, {
			name: "a zone misspelt", file: "careline.yaml", old: "America/Chicago", new: "America/Chicgo", at: "America/Chicgo",
			want: `"America/Chicgo" is not a time zone; did you mean "America/Chicago"?`,
		}, {
			name: "two listeners on one port", file: "careline.yaml", old: "listen: 127.0.0.1:8090", new: "listen: 127.0.0.1:8088 # both", at: "127.0.0.1:8088 # both",
			want: `operations.listen takes tcp port 8088, which desk.listen takes too; give one of them another port`,
		}, {
			name: "a listener among the RTP ports", file: "careline.yaml", old: "webrtc: 127.0.0.1:8089", new: "webrtc: 127.0.0.1:20500", at: "127.0.0.1:20500",
			want: `media.webrtc takes udp port 20500, which media.ports takes too; give one of them another port`,
		}, {
			name: "the demo open to the network", file: "careline.yaml", old: "127.0.0.1:8088", new: "192.0.2.10:8088", at: "192.0.2.10:8088",
			want: `desk.listen listens at 192.0.2.10 while demo.sign_ins shows everyone the passwords; listen at 127.0.0.1, or remove the demo section and give the agents passwords of their own`,
		}, {
			name: "more calls than ports", file: "careline.yaml", old: "max_calls: 400", new: "max_calls: 600", at: "600",
			want: `600 calls need as many even RTP ports, and media.ports has 500; widen media.ports or lower sip.max_calls`,
		}, {
			name: "a duration without unit", file: "careline.yaml", old: "drain: 20s", new: "drain: 20", at: "20\n\nverification",
			want: `"20" is not a duration such as "30s" or "20m"`,
		}, {
			name: "a line without its flow", file: "careline.yaml", old: "flow: nurse-line}", new: "flow: nurse-lin}", at: "nurse-lin}",
			want: `"nurse-lin" is not a flow; did you mean "nurse-line"?`,
		}, {
			name: "a tab as indentation", file: "careline.yaml", old: "  path: var/careline.db", new: "\tpath: var/careline.db", at: "\tpath",
			want: `a tab stands in the indentation; indent by spaces; YAML takes no tabs there`,
		}, {
			name: "an agent with an unknown queue", file: "agents.yaml", old: "queues: [nurse_line]\n    credentials:\n      - {type: RN, number: IL", new: "queues: [nurse_lin]\n    credentials:\n      - {type: RN, number: IL", at: "nurse_lin]",
			want: `"nurse_lin" is not a queue; did you mean "nurse_line"?`,
		}, {
			name: "an agent twice", file: "agents.yaml", old: "  james:", new: "  maria:", at: "  maria:\n    name: James", mark: 2,
			want: `"maria" stands here twice, first on line 4; remove one`,
		}, {
			name: "a password that is none", file: "agents.yaml", old: "$argon2id$v=19$m=65536,t=3,p=4$jTunut", new: "hunter22", at: "hunter22",
			want: `agent "james" has no argon2id hash as password; make one with: careline password`,
		}, {
			name: "a license of no state", file: "agents.yaml", old: "number: IL-339204, state: IL", new: "number: IL-339204, state: IX", at: "IX,",
			want: `"IX" is not a state; write its two letters, as WI; licensing.yaml lists them`,
		}, {
			name: "a skill that nobody has", file: "queues.yaml", old: "skills: {claims: 3}", new: "skills: {clams: 3}", at: "clams",
			want: `"clams" is not a skill that some agent has; did you mean "claims"?`,
		}, {
			name: "a queue that nobody serves", file: "queues.yaml", old: "  claims:\n", new: "  dental: {ring: 20s}\n\n  claims:\n", at: "dental",
			want: `no agent serves queue "dental"; name it under some agent's queues in agents.yaml`,
		}, {
			name: "a license that nobody has", file: "queues.yaml", old: "credential: RN", new: "credential: LPN", at: "LPN",
			want: `queue "nurse_line" needs a valid LPN license, and no agent of it has one; add the license to a nurse in agents.yaml, or give the queue to a nurse`,
		}, {
			name: "law without a source", file: "licensing.yaml", old: "    source: National", new: "    # source: National", at: "from: 2026-07-01",
			want: `the list has no source; add source: where it was read, so that the next one can check`,
		}, {
			name: "a compact state that is none", file: "licensing.yaml", old: "      AL, AZ, AR, CO, CT,", new: "      AL, AZ, AR, CO, CX,", at: "CX,",
			want: `"CX" is not a state; write its two letters, as WI; states above lists them`,
		}, {
			name: "a step misspelt", file: "flows/member-services.yaml", old: `"2": next_visit`, new: `"2": next_vist`, at: "next_vist\n",
			want: `step "main_menu" goes to "next_vist", which no step is called; did you mean "next_visit"?`,
		}, {
			name: "a prompt missing in Spanish", file: "flows/member-services.yaml", gone: "prompts/es-US/verified.wav", at: "verified\n    next: main_menu",
			want: `there is no prompt "verified" in es-US; it is there in en-US; record it as prompts/es-US/verified.wav`,
		}, {
			name: "a queue misspelt in a flow", file: "flows/member-services.yaml", old: "name: claims", new: "name: claim", at: "claim\n      skills",
			want: `there is no queue "claim"; did you mean "claims"?`,
		}, {
			name: "a date of birth that is none", file: "members.yaml", old: "born: 1961-04-12", new: "born: 1961-04-31", at: "1961-04-31",
			want: `born is not a day of the calendar; write a date of birth written YYYY-MM-DD`,
		},
	}
}

func TestTheDemoIsInOrder(t *testing.T) {
	code, stdout, stderr := careline("", "check", demo)
	if code != 0 || stdout != "" || stderr != "" {
		t.Errorf("exit %d\n%s%s", code, stdout, stderr)
	}
}

func TestOneMistakeIsFoundAtItsPlace(t *testing.T) {
	for _, m := range mistakes() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			dir := copyDemo(t, false)
			path := filepath.Join(dir, filepath.FromSlash(m.file))
			if m.gone != "" {
				if err := os.Remove(filepath.Join(dir, filepath.FromSlash(m.gone))); err != nil {
					t.Fatal(err)
				}
				m.old, m.new = m.at, m.at
			}
			text := edit(t, path, m.old, m.new)
			want := place(t, path, text, m) + ": " + m.want + "\n"
			code, stdout, stderr := careline("", "check", dir)
			if code != 1 || stdout != "" || stderr != want {
				t.Errorf("exit %d, want 1\nheard %s%s\nwant  %s", code, stdout, stderr, want)
			}
		})
	}
}

// place gives file:line:column of the mistake, counted in the edited text.
func place(t *testing.T, path, text string, m mistake) string {
	t.Helper()
	if n := strings.Count(text, m.at); n != 1 {
		t.Fatalf("%q stands %d times in the edited file, not once", m.at, n)
	}
	before := text[:strings.Index(text, m.at)+m.mark]
	line := strings.Count(before, "\n") + 1
	column := len([]rune(before[strings.LastIndex(before, "\n")+1:])) + 1
	return fmt.Sprintf("%s:%d:%d", path, line, column)
}

func TestTheBuiltProgramExitsWithOne(t *testing.T) {
	program := build(t)
	if out, err := exec.Command(program, "check", demo).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("the demo: %v\n%s", err, out)
	}
	dir := copyDemo(t, false)
	edit(t, filepath.Join(dir, "careline.yaml"), "max_calls: 400", "max_cals: 400")
	out, err := exec.Command(program, "check", dir).CombinedOutput()
	if exit := new(exec.ExitError); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("%v, want exit status 1", err)
	}
	if want := `careline.yaml:10:3: "max_cals" is not a key here; did you mean "max_calls"?`; !strings.Contains(string(out), want) {
		t.Errorf("heard %s\nwant  %s", out, want)
	}
}
