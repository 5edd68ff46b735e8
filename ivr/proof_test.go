package ivr_test

import (
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
	} {
		if _, err := sets(flow(when, "people")); err != nil {
			t.Errorf("%s proves enough, but: %v", when, err)
		}
	}
	for when, missing := range map[string]string{
		`verified`: "state", `state != ""`: "verified", `verified || state != ""`: "verified", `not verified`: "verified",
		`verified && caller.state == ""`: "state", `verified && state != "WI"`: "state", `verified != true && state != ""`: "verified",
		`verified && reason != ""`: "state", `(verified && state == "WI") || verified`: "state",
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

func TestVersionFollowsTheText(t *testing.T) {
	one := taken(t, map[string]string{"t": head + "  a: {play: hello, next: people}\n" + toPeople})
	same := taken(t, map[string]string{"t": head + "  a: {play: hello, next: people}\n" + toPeople})
	other := taken(t, map[string]string{"t": head + "  a: {play: hallo, next: people}\n" + toPeople})
	if one.Version() != same.Version() || one.Version() == other.Version() {
		t.Fatal(one.Version(), same.Version(), other.Version())
	}
}

func TestPromptsNameEveryPieceOnce(t *testing.T) {
	set := taken(t, map[string]string{"t": inSpanish + verifyThen + "  b: {say: \"your {{ member.next_visit | date }} hello@es-US\", next: people}\n" + toPeople})
	uses := map[ivr.PromptUse]int{}
	for _, use := range set.Prompts() {
		uses[use]++
		if uses[use] > 1 {
			t.Fatalf("%v is named twice", use)
		}
	}
	for _, name := range []string{"your", "ask-member-id", "ordinals/31", "years/2027", "system/apology", "system/not-known"} {
		for _, language := range []string{"en-US", "es-US"} {
			if uses[ivr.PromptUse{Flow: "t", Prompt: ivr.Prompt{Language: language, Name: name}}] == 0 {
				t.Errorf("%s is not named in %s", name, language)
			}
		}
	}
	if uses[ivr.PromptUse{Flow: "t", Prompt: ivr.Prompt{Language: "en-US", Name: "hello"}}] > 0 {
		t.Error("a prompt that is played in Spanish only is wanted in English")
	}
}
