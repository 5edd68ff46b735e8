package config

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
)

// TestMistakesThatWouldShowWithACallerOnTheLine: each would start without this
// check, and fail, or be silently ignored, later.
func TestMistakesThatWouldShowWithACallerOnTheLine(t *testing.T) {
	demo := inMemory(t)
	const visits = "flow: visits\nlanguages: [en-US, es-US]\nstart: v\nsteps:\n" +
		"  v: {say: \"next-visit-is-on {{ member.next_visit | date }}\", next: b}\n  b: {transfer: {flow: member-services, step: main_menu}}\n"
	for _, c := range []struct {
		name  string
		edits []string
		files map[string]string
		want  string
	}{
		{"a license whose status is misspelt", []string{"agents.yaml", "IL, expires: 2029-05-31, status: active", "IL, expires: 2029-05-31, status: Active"}, nil,
			`agents.yaml:36:79: "Active" is not a license's status; did you mean "active"?`},
		{"an agent who gets no call", []string{"agents.yaml", "    queues: [member_services, claims, unverified]\n    skills: {benefits: 2", "    skills: {benefits: 2"}, nil,
			`agents.yaml:11:3: agent "james" serves no queue and would never get a call; add queues, as in [member_services, claims, unverified, nurse_line, provider_services, pharmacy_help]`},
		{"a hash that no sign-in can afford", []string{"agents.yaml", "m=65536,t=3,p=4$jTunut", "m=99999999,t=3,p=4$jTunut"}, nil,
			`agents.yaml:13:15: agent "james" has no argon2id hash as password; make one with: careline password`},
		{"an answer later than the flow waits", []string{"careline.yaml", "minimum_time: 400ms", "minimum_time: 30s"}, nil,
			`careline.yaml:41:17: minimum_time is 30s, which is out of bounds; from 100ms to 5s is allowed`},
		{"failures that are not kept so long", []string{"careline.yaml", "window: 24h", "window: 1440h"}, nil,
			`careline.yaml:40:11: window is 1440h, which is out of bounds; from 1m to 720h is allowed`},
		{"no claim heard", []string{"careline.yaml", "lockout: 5", "lockout: 0"}, nil, `careline.yaml:39:12: lockout is 0, which is out of bounds; from 1 to 100 is allowed`},
		{"a negative limit", []string{"careline.yaml", "lockout: 5", "lockout: 5\n  withheld_lockout: -1"}, nil, `careline.yaml:40:21: withheld_lockout is -1, which is out of bounds`},
		{"messages that never fit", []string{"careline.yaml", "  max_calls: 400", "  max_calls: 400\n  max_message: 10"}, nil, `careline.yaml:11:16: max_message is 10, which is out of bounds; from 1500 to 65535 is allowed`},
		{"session timers that are refused", []string{"careline.yaml", "  max_calls: 400", "  max_calls: 400\n  session_expires: 2m\n  min_session_expires: 5m"}, nil,
			`careline.yaml:12:24: min_session_expires is 5m0s, longer than session_expires with 2m0s`},
		{"a ring that can't be answered", []string{"queues.yaml", "ring: 20s\n    wrap_up: 90s", "ring: 20ms\n    wrap_up: 90s"}, nil, `queues.yaml:31:11: ring is 20ms, which is out of bounds; from 3s to 5m is allowed`},
		{"a limit below nothing", []string{"queues.yaml", "callers: 100}", "callers: -1}"}, nil, `queues.yaml:33:33: callers is -1, which is out of bounds; from 0 to 100000 is allowed`},
		{"a limit that nobody stays for", []string{"queues.yaml", "limit: {wait: 10m,", "limit: {wait: 90m,"}, nil,
			`queues.yaml:33:19: queue "nurse_line" lets callers wait 1h30m0s; at most 1h0m0s is allowed (callers.longest_wait): who waits longer has hung up`},
		{"patience that nobody has", []string{"careline.yaml", "flow: pharmacy}", "flow: pharmacy, patience: 4.5}"}, nil,
			`line "5550133" has too much patience: step "rx" of flow "pharmacy" would wait 2m15s for a key (first_digit: 30s), and at most 2m is waited (callers.longest_answer); lower patience`},
		{"a line without an emergency notice", []string{"flows/pharmacy.yaml", "    notice: emergency\n", ""}, nil,
			`careline.yaml:48:42: callers of "5550133" hear no emergency notice: step "language" comes before any emergency notice, on the way welcome → language; play one before it`},
		{"a notice that is neither needed nor not", []string{"careline.yaml", "flow: pharmacy}", "flow: pharmacy, emergency_notice: maybe}"}, nil,
			`careline.yaml:48:70: "maybe" is not a choice`},
		{"a recorded line that doesn't say so", []string{"flows/after-hours.yaml", "notice: [emergency, recording]", "notice: emergency"}, nil,
			`careline.yaml:49:61: calls to "5550144" are recorded, and callers aren't told: step "language" comes before any recording notice, on the way welcome → language; play one before it`},
		{"a retention class that there is none of", []string{"careline.yaml", "record: default", "record: medicaid"}, nil,
			`careline.yaml:49:61: "medicaid" is not a retention class; there is default`},
		{"a retention that nobody can wait for", []string{"careline.yaml", "lines:\n", "recordings: {keep: {medicare: ten years}}\nlines:\n"}, nil,
			`careline.yaml:44:31: "ten years" is no time to keep something; write it in years, days or hours, as 10y, 90d or 12h`},
		{"no way to lunch", []string{"careline.yaml", "away_reasons:\n  - Break\n  - Lunch\n  - Training\n  - Coaching\n  - Paperwork\n", ""}, nil, `away_reasons is missing: no agent could go to lunch`},
		{"an outcome twice", []string{"careline.yaml", "  - Nurse advised", "  - Answered"}, nil, `careline.yaml:55:5: dispositions holds "Answered", which is empty or there already; remove it`},
		{"no compact", []string{"licensing.yaml", "compact:\n  - from", "compact: []\nold:\n  - from"}, nil, `licensing.yaml:12:10: no list of compact states is there: a multistate license would count at home alone`},
		{"a state twice", []string{"licensing.yaml", "  AL, AK, AZ", "  AL, AL, AK, AZ"}, nil, `licensing.yaml:6:7: "AL" is in the list twice; remove one`},
		{"a demo without its password", []string{"careline.yaml", "password: careline-demo", `password: ""`}, nil, `demo.sign_ins shows the agents' password, and demo.password is empty`},
		{"a skill misspelt in a flow", []string{"flows/member-services.yaml", "skills: {claims: 3}", "skills: {clams: 3}"}, nil,
			`flows/member-services.yaml:177:16: no agent of queue "claims" has skill "clams"; did you mean "claims"?`},
		{"a license misspelt in a flow", []string{"flows/nurse-line.yaml", "nurse_line\n      credential: RN", "nurse_line\n      credential: rn"}, nil,
			`flows/nurse-line.yaml:52:19: no agent of queue "nurse_line" has the license "rn"; did you mean "RN"?`},
		{"a line in the middle of a call", []string{"flows/member-services.yaml", `"2": next_visit`, "\"2\": {transfer: visits}\n      \"4\": next_visit", "careline.yaml", "flow: nurse-line}", "flow: visits}"},
			map[string]string{"flows/visits.yaml": visits},
			`careline.yaml:46:39: calls to "5550111" can't begin in flow "visits", which is for calls that come from another flow: step "v" says the member's next_visit to callers who were not verified`},
		{"a recording with another ending", nil, map[string]string{"prompts/en-US/welcome-back.mp3": "x"},
			`prompts/en-US/welcome-back.mp3: a sound's file ends in .wav, .opus, .ogg; this one would not be read; make it one: sox welcome-back.mp3 -r 16000 -c 1 -b 16 welcome-back.wav`},
		{"one recording twice", nil, map[string]string{"prompts/en-US/verified.opus": "x"}, `prompts/en-US/verified.wav: there is also prompts/en-US/verified.opus: callers would hear one of them; remove one`},
		{"a loudness that is none", []string{"careline.yaml", "webrtc: 127", "loudness: loud\n  webrtc: 127"}, nil, `"loud" is not a loudness for speech or music; write LUFS from -40 to -14, such as -23, or off`},
		{"a loudness out of bounds", []string{"careline.yaml", "webrtc: 127", "music_loudness: -5\n  webrtc: 127"}, nil, `"-5" is not a loudness`},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := changed(t, demo, c.edits, c.files).problems.Err()
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("read %v\nwant %s", err, c.want)
			}
		})
	}
}

// inMemory is the demo; all its sounds are the same short one.
func inMemory(t *testing.T) fstest.MapFS {
	t.Helper()
	demo, short := os.DirFS("demo"), shortWAV(t)
	files := fstest.MapFS{}
	err := fs.WalkDir(demo, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || unsaid()[path] {
			return err
		}
		raw := short
		if filepath.Ext(path) != ".wav" {
			raw, err = fs.ReadFile(demo, path)
		}
		files[path] = &fstest.MapFile{Data: raw}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// changed reads the demo with edits (file, old, new) and further files.
func changed(t *testing.T, demo fstest.MapFS, edits []string, files map[string]string) *reader {
	t.Helper()
	all := maps.Clone(demo)
	for name, text := range files {
		all[name] = &fstest.MapFile{Data: []byte(text)}
	}
	for i := 0; i+2 < len(edits); i += 3 {
		text := string(all[edits[i]].Data)
		if strings.Count(text, edits[i+1]) != 1 {
			t.Fatalf("%s doesn't hold %q once", edits[i], edits[i+1])
		}
		all[edits[i]] = &fstest.MapFile{Data: []byte(strings.Replace(text, edits[i+1], edits[i+2], 1))}
	}
	r := &reader{files: all, raw: map[string][]byte{}}
	r.load(autumn())
	return r
}

// TestOneMistakeIsToldOnce: what follows from a mistake alone is not told.
func TestOneMistakeIsToldOnce(t *testing.T) {
	demo := inMemory(t)
	for _, c := range []struct {
		name  string
		edits []string
		files map[string]string
		want  string
	}{
		{"queues that can't be read", nil, map[string]string{"queues.yaml": "# nothing\n"}, "queues.yaml:1:1: the file is empty"},
		{"law that can't be read", nil, map[string]string{"licensing.yaml": "states: [WI\n"}, "licensing.yaml:1:1: not valid YAML"},
		{"a language misspelt", []string{"agents.yaml", "[en-US, es-US]\n    queues: [member_services", "[English]\n    queues: [member_services"}, nil, `agents.yaml:7:17: "English" is not a language`},
		{"a day that is none", []string{"agents.yaml", "2029-05-31", "05/31/2029"}, nil, `agents.yaml:36:59: "05/31/2029" is not a day`},
		{"a line that is a text", []string{"careline.yaml", "{name: Nurse line, flow: nurse-line}", "nurse-line"}, nil, "careline.yaml:46:14: here stands a single value where keys with values are expected"},
		{"a license type in small letters", []string{"queues.yaml", "credential: RN", "credential: rn"}, nil, `queues.yaml:29:17: "rn" is not a license type; did you mean "RN"?`},
		{"a sound that can't be played", nil, map[string]string{"prompts/en-US/verified.wav": "x"}, "verified.wav: can't be played"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := changed(t, demo, c.edits, c.files).problems.Err()
			if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "\n") {
				t.Errorf("read %v\nwant %s", err, c.want)
			}
		})
	}
}

func TestWhatWorksTodayAndShouldBeLookedAtIsWarnedOf(t *testing.T) {
	demo := inMemory(t)
	for _, c := range []struct {
		name  string
		edits []string
		files map[string]string
		want  string
	}{
		{"a skill that nothing wants", []string{"agents.yaml", "{benefits: 4, claims: 3}", "{benfits: 4, claims: 3}"}, nil,
			`agents.yaml:9:14: no queue and no flow wants skill "benfits"; did you mean "benefits"?`},
		{"a language that no flow speaks", []string{"agents.yaml", "languages: [en-US]\n    queues: [member_services", "languages: [en-US, zh-CN]\n    queues: [member_services"}, nil,
			`agents.yaml:14:24: no flow speaks "zh-CN"; remove it, or add prompts in it`},
		{"a queue that no flow leads to", []string{"queues.yaml", "  claims:\n", "  pharmacy: {}\n  claims:\n", "agents.yaml", "queues: [member_services, claims, unverified]\n    skills: {benefits: 4", "queues: [member_services, claims, unverified, pharmacy]\n    skills: {benefits: 4"}, nil,
			`queues.yaml:12:3: no flow leads to queue "pharmacy"; lead to it by a queue step, or remove it`},
		{"a flow that nothing leads to", nil, map[string]string{"flows/closed.yaml": "flow: closed\nlanguages: [en-US]\nstart: a\nsteps:\n  a: {play: goodbye, next: b}\n  b: {hang_up: closed}\n"},
			`flows/closed.yaml:1:7: no line and no other flow leads to this flow; name it in careline.yaml under lines, or remove the file`},
		{"nobody to verify", nil, map[string]string{"members.yaml": "members: []\n"}, `members.yaml: there is no member: nobody can be verified`},
		{"sign-ins in the clear", []string{"careline.yaml", "demo:\n  sign_ins: true\n  password: careline-demo\n", "", "careline.yaml", "127.0.0.1:8088", "192.0.2.4:8088"}, nil,
			`careline.yaml:24:19: sign-ins at 192.0.2.4 can be overheard: their cookies go over plain HTTP too; set secure_cookies to true` + "\n" +
				`callers are offered to be called back from queue "member_services", and the dial plan allows no number; allow numbers in dialplan.yaml`},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := changed(t, demo, c.edits, c.files)
			wants := strings.Split(c.want, "\n")
			for _, want := range wants {
				if len(r.problems) != 0 || len(r.warnings) != len(wants) || !strings.Contains(r.warnings.Error(), want) {
					t.Errorf("read %v, warned of %v\nwant %s", r.problems, r.warnings, c.want)
				}
			}
		})
	}
}
