package ivr_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
)

// sets loads flows named by their files.
func sets(flows map[string]string) (*ivr.Set, error) {
	files := fstest.MapFS{}
	for name, text := range flows {
		files["flows/"+name+".yaml"] = &fstest.MapFile{Data: []byte(text)}
	}
	return ivr.Load(files, "flows", smallEnvironment(""))
}

func refused(t *testing.T, flows map[string]string, want string) {
	t.Helper()
	_, err := sets(flows)
	if err == nil {
		t.Fatal("the flows are taken as sound")
	}
	if err.Error() != want {
		t.Fatalf("read\n\t%s\nwant\n\t%s", err, want)
	}
}

func taken(t *testing.T, flows map[string]string) *ivr.Set {
	t.Helper()
	set, err := sets(flows)
	if err != nil {
		t.Fatalf("sound flows are refused:\n%v", err)
	}
	return set
}

const visits = "flow: visits\nlanguages: [en-US]\nstart: visit\nsteps:\n" +
	"  visit: {say: \"your {{ member.next_visit | date }}\", next: menu}\n" +
	"  menu: {menu: main, choices: {\"1\": visit, \"2\": bye}, no_input: menu}\n  bye: {hang_up: done}\n"

func TestProofFollowsTransfers(t *testing.T) {
	safe := head + verifyThen + "  b: {transfer: visits}\n" + toPeople
	set := taken(t, map[string]string{"t": safe, "visits": visits})
	if err := set.CheckEntry("t"); err != nil {
		t.Fatalf("calls may begin in t: %v", err)
	}
	err := set.CheckEntry("visits")
	if err == nil || !strings.HasPrefix(err.Error(), `flows/visits.yaml:5:22: step "visit" says the member's next_visit to callers who were not verified, on the way visit;`) {
		t.Fatalf("a call must not begin in visits: %v", err)
	}
	if set.CheckEntry("nowhere") == nil {
		t.Fatal("a call can't begin in no flow")
	}

	refused(t, map[string]string{"t": head + "  a: {menu: main, choices: {\"1\": v, \"2\": b}, no_input: people}\n" +
		"  v: {verify: {ask: [member_id, date_of_birth]}, verified: b, failed: people}\n  b: {transfer: visits}\n" + toPeople, "visits": visits},
		`flows/visits.yaml:5:22: step "visit" says the member's next_visit to callers who were not verified, on the way a → b → visits: visit; let every way there pass the "verified" of a verify step`)
}

func TestProofLearnsFromConditions(t *testing.T) {
	flow := func(when, otherwise string) map[string]string {
		return map[string]string{"t": head + "  a: {menu: main, choices: {\"1\": v, \"2\": z}, no_input: people}\n" +
			"  v: {verify: {ask: [member_id, date_of_birth]}, verified: z, failed: z}\n" +
			"  z: {collect: {ask: zip, digits: 5, into: state, as: state_of_zip}, next: c, no_input: c}\n" +
			"  c: {branch: [{when: '" + when + "', next: yes}, {otherwise: " + otherwise + "}]}\n" +
			"  yes: {say: \"your {{ member.next_visit | date }}\", next: n}\n" +
			"  n: {queue: {name: nurses, hold: {music: calm}}, timeout: c, full: people, unavailable: people}\n" + toPeople}
	}
	for _, when := range []string{
		`verified && state != ""`, `verified and caller.state == "WI"`, `verified == true && caller.state != ""`,
		`(verified && state == "WI") || (verified && state == "MN")`, `attempts > 0 && verified && state != "" && reason == ""`,
		`verified && state in ["WI", "MN"]`,
	} {
		if _, err := sets(flow(when, "people")); err != nil {
			t.Errorf("%s proves enough, but: %v", when, err)
		}
	}
	for when, missing := range map[string]string{
		`verified`: "state", `state != ""`: "verified", `verified || state != ""`: "verified", `not verified`: "verified",
		`verified && caller.state == ""`: "state", `verified && state != "WI"`: "state", `verified != true && state != ""`: "verified",
		`verified && reason != ""`: "state", `verified && state in ["WI", ""]`: "state", `verified && state not in ["WI"]`: "state",
		`(verified ? true : true) && state != ""`: "verified", `not (not verified) && state != ""`: "verified", `verified and "WI" in [state]`: "state", `(verified && state == "WI") || verified`: "state",
	} {
		_, err := sets(flow(when, "people"))
		if err == nil || !strings.Contains(err.Error(), missing) {
			t.Errorf("%s doesn't prove %s, but: %v", when, missing, err)
		}
	}
	if _, err := sets(flow(`verified && state != ""`, "yes")); err == nil {
		t.Error("what a condition shows does not hold for otherwise")
	}
}

func TestSilenceAtTheStateIsNoState(t *testing.T) {
	refused(t, map[string]string{"t": head + "  a: {collect: {ask: zip, digits: 5, into: state, as: state_of_zip}, next: n, no_input: n}\n" +
		"  n: {queue: {name: nurses, hold: {music: calm}}, timeout: a, full: a, unavailable: a}\n"},
		"flows/t.yaml:6:21: step \"n\" needs an RN licensed where the caller is, but the caller's state is not asked for on the way a → n; ask by a menu with `set: {state: WI}`, or by `collect: {ask: ask-zip, digits: 5, into: state, as: state_of_zip}`")
}

func TestFlowsMustFitTogether(t *testing.T) {
	english := strings.ReplaceAll(visits, "flow: visits", "flow: other")
	refused(t, map[string]string{"t": inSpanish + verifyThen + "  b: {transfer: other}\n" + toPeople, "other": english},
		`flows/t.yaml:6:17: a call in "es-US" can't go on in flow "other", which doesn't speak it; add "es-US" to the languages of flows/other.yaml`)
	refused(t, map[string]string{"a": head + "  a: {play: hello, next: people}\n" + toPeople, "b": head + "  a: {play: hello, next: people}\n" + toPeople},
		`flows/b.yaml:1:7: a flow named "t" is already in flows/a.yaml; give each flow its own name`)
	refused(t, map[string]string{"t": head + "  a: {set: {zip: x}, next: b}\n  b: {collect: {ask: zip, digits: 5, into: zip}, next: people, no_input: people}\n" + toPeople},
		`flows/t.yaml:6:44: variable "zip" is a text in one place and keyed in by the caller in another; use two names`)
	refused(t, map[string]string{"t": head + "  a: {transfer: other}\n", "other": strings.Replace(head, "flow: t", "flow: other", 1) + "  a: {transfer: t}\n"},
		`flows/other.yaml:5:3: these steps go round and round without waiting for the caller: a → t: a → other: a; put a menu into the round, so that the caller can say what comes next`)
	refused(t, map[string]string{"t": head + "  a: {transfer: other}\n", "other": "flow: other\n"},
		"flows/other.yaml:1:1: the key \"languages\" is missing; a flow has flow, languages, start and steps\n"+
			"flows/other.yaml:1:1: the key \"start\" is missing; a flow has flow, languages, start and steps\n"+
			"flows/other.yaml:1:1: the key \"steps\" is missing; a flow has flow, languages, start and steps")
}

func TestRingOfFlowsIsProvenToo(t *testing.T) {
	ring := strings.Replace(visits, "\"2\": bye", "\"2\": bye, \"3\": {transfer: visits}", 1)
	if _, err := sets(map[string]string{"visits": ring}); err == nil || !strings.Contains(err.Error(), "not verified") {
		t.Fatalf("read %v", err)
	}
}

func TestFilesThatWouldNotBeReadAreNamed(t *testing.T) {
	sound := &fstest.MapFile{Data: []byte(head + "  a: {play: hello, next: people}\n" + toPeople)}
	for _, test := range []struct {
		name  string
		files fstest.MapFS
		want  string
	}{
		{"another ending", fstest.MapFS{"flows/t.yaml": sound, "flows/u.yml": sound}, "flows/u.yml: a flow's file ends in .yaml; this one would not be read; name it u.yaml"},
		{"a folder", fstest.MapFS{"flows/t.yaml": sound, "flows/old/u.yaml": sound}, "flows/old: a folder among the flows is not looked into; put its flows beside the others"},
		{"no flow", fstest.MapFS{"flows/readme.txt": sound}, "flows: there is no flow; write one flow per file, named *.yaml"},
		{"no folder", fstest.MapFS{}, "flows: there is no such folder; make it, and write one flow per file into it, named *.yaml"},
	} {
		if _, err := ivr.Load(test.files, "flows", smallEnvironment("")); err == nil || err.Error() != test.want {
			t.Errorf("%s: read\n\t%v\nwant\n\t%s", test.name, err, test.want)
		}
	}
}

func TestOneMistakeInALanguageIsToldOnce(t *testing.T) {
	refused(t, map[string]string{"t": strings.Replace(inSpanish, "es-US", "es-MX", 1) + "  a: {play: [hello, wellcome@en-UK], next: people}\n" + toPeople},
		`flows/t.yaml:2:20: there are no prompts in language "es-MX"; did you mean "es-US"?`+"\n"+
			`flows/t.yaml:5:21: there are no prompts in language "en-UK"; did you mean "en-US"?`+"\n"+
			`flows/t.yaml:5:21: there is no prompt "wellcome" in en-US; did you mean "welcome"?`)
}

func TestSetTellsWhatItAsksOfTheQueues(t *testing.T) {
	set := taken(t, map[string]string{
		"t":      inSpanish + verifyThen + "  b: {transfer: visits}\n" + strings.Replace(toPeople, "{name: people,", "{name: people, skills: {claims: 2},", 1),
		"visits": strings.Replace(visits, "[en-US]", "[en-US, es-US]", 1),
	})
	if got := fmt.Sprint(set.Queued(), set.Skills(), set.TransferredTo()); got != "map[people:[en-US es-US]] [claims] [visits]" {
		t.Errorf("read %s", got)
	}
	if at := set.Position("visits"); at.String() != "flows/visits.yaml:1:7" || set.Position("none").Line != 0 {
		t.Errorf("visits is at %v", at)
	}
}

func TestVersionFollowsTheText(t *testing.T) {
	one := taken(t, map[string]string{"t": head + "  a: {play: hello, next: people}\n" + toPeople})
	same := taken(t, map[string]string{"t": head + "  a: {play: hello, next: people}\n" + toPeople})
	other := taken(t, map[string]string{"t": head + "  a: {play: hallo, next: people}\n" + toPeople})
	if one.Version() != same.Version() || one.Version() == other.Version() {
		t.Fatal(one.Version(), same.Version(), other.Version())
	}
}

// TestEveryPieceIsAskedFor: a prompt that a flow may play is looked for in the
// languages in which it may be played, and in no other.
func TestEveryPieceIsAskedFor(t *testing.T) {
	asked := func(flow string) map[string]int {
		asked := map[string]int{}
		environment := smallEnvironment("")
		environment.HasPrompt = func(language, name string) bool {
			asked[language+" "+name]++
			return true
		}
		if _, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(flow)}}, "flows", environment); err != nil {
			t.Fatal(err)
		}
		return asked
	}
	fact := asked(inSpanish + verifyThen + "  b: {say: \"your {{ member.next_visit | date }} hello@es-US\", next: people}\n" + toPeople)
	for _, name := range []string{"your", "ask-member-id", "ordinals/31", "years/2027", "system/apology", "system/not-known"} {
		if fact["en-US "+name] == 0 || fact["es-US "+name] == 0 {
			t.Errorf("%s is not looked for in both languages", name)
		}
	}
	if fact["en-US hello"] > 0 || fact["es-US hello"] == 0 {
		t.Error("a prompt that is played in Spanish only is looked for in English")
	}
	// A variable that was never given a value can't be said either.
	if variable := asked(head + "  a: {collect: {ask: claim, digits: 4, into: claim}, next: b, no_input: b}\n  b: {say: \"{{ claim | digits }}\", next: people}\n" + toPeople); variable["en-US system/not-known"] == 0 {
		t.Error("what is said for a value that is not known is not looked for")
	}
	if count := asked(head + "  a: {say: \"{{ attempts | number }}\", next: people}\n" + toPeople); count["en-US system/not-known"] > 0 {
		t.Error("attempts are always known")
	}
}
