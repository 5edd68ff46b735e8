package ivr_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
	"careline/problem"
)

// smallEnvironment is what the broken flows may name; every prompt is there
// without one.
func smallEnvironment(without string) ivr.Environment {
	missingInSpanish := map[string]bool{"welcome-back": true}
	missing := map[string]bool{"wellcome": true, without: true}
	return ivr.Environment{
		Languages: []string{"en-US", "es-US"},
		HasPrompt: func(language, name string) bool {
			return !missing[name] && !(language == "es-US" && missingInSpanish[name])
		},
		Prompts: []string{"hello", "welcome", "main"},
		Music:   []string{"calm"},
		Queues:  map[string]ivr.Queue{"people": {Agents: &ivr.Agents{Skills: map[string]int{"claims": 3}}}, "nurses": {Credential: "RN"}},
		OnCall:  []string{"night"}, Numbers: []string{"pharmacy"}, MayDial: mayDial,
		Facts:  map[string]ivr.FactKind{"next_visit": ivr.FactDate, "plan_year": ivr.FactNumber, "plan_name": ivr.FactText},
		States: []string{"IL", "MN", "WI"},
	}
}

// mayDial is the dial plan of the broken flows.
func mayDial(number string) string {
	if number == "pharmacy" || number == "+12025550142" {
		return ""
	}
	return "the dial plan doesn't allow it"
}

const (
	head       = "flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n"
	inSpanish  = "flow: t\nlanguages: [en-US, es-US]\nstart: a\nsteps:\n"
	toPeople   = "  people:\n    queue: {name: people, hold: {music: calm}}\n    timeout: again\n    full: again\n    unavailable: again\n  again: {menu: again, choices: {\"1\": people, \"2\": bye}, no_input: people}\n  bye: {hang_up: done}\n"
	verifyThen = "  a: {verify: {ask: [member_id, date_of_birth]}, verified: b, failed: people}\n"
)

// broken flows with one mistake each, and what an admin reads. Line 5 is the
// first of the steps.
var broken = []struct {
	name, flow, want string
}{
	{"unknown step", head + "  a: {play: hello, next: peple}\n" + toPeople,
		"flows/t.yaml:5:26: step \"a\" goes to \"peple\", which no step is called; did you mean \"people\"?"},
	{"unknown start", strings.Replace(head, "start: a", "start: b", 1) + "  a: {play: hello, next: people}\n" + toPeople,
		"flows/t.yaml:3:8: the flow starts at \"b\", which no step is called; the steps are a, again, bye, people"},
	{"unknown flow", head + "  a: {transfer: tt}\n",
		"flows/t.yaml:5:17: step \"a\" goes to flow \"tt\", which doesn't exist; did you mean \"t\"?"},
	{"unknown step of another flow", head + "  a: {transfer: {flow: t, step: peopel}}\n" + toPeople,
		"flows/t.yaml:5:17: step \"a\" goes to \"peopel\", which no step is called; did you mean \"people\"?"},
	{"no verb", head + "  a:\n    pley: hello\n    next: people\n" + toPeople,
		"flows/t.yaml:6:5: step \"a\" has no verb: \"pley\" is none; did you mean \"play\"?"},
	{"nothing like a verb", head + "  a:\n    next: people\n" + toPeople,
		"flows/t.yaml:5:3: step \"a\" has no verb; the verbs are " + strings.Join(ivr.Verbs(), ", ")},
	{"two verbs", head + "  a:\n    play: hello\n    menu: main\n    next: people\n" + toPeople,
		"flows/t.yaml:7:5: step \"a\" has two verbs, \"play\" and \"menu\"; make two steps, the first with `next:` to the second"},
	{"unknown key", head + "  a:\n    play: hello\n    barge-in: false\n    next: people\n" + toPeople,
		"flows/t.yaml:7:5: \"barge-in\" is not a key here; did you mean \"barge_in\"?"},
	{"dead end", head + "  a:\n    play: hello\n" + toPeople,
		"flows/t.yaml:5:3: step \"a\" is a dead end: it has no \"next\"; name the step that follows"},
	{"menu that can't stand silence", head + "  a:\n    menu: main\n    choices: {\"1\": people}\n" + toPeople,
		"flows/t.yaml:5:3: step \"a\" is a dead end for a caller who presses nothing: it has no \"no_input\"; name the step that then follows, as in `no_input: {retries: 2, next: person}`"},
	{"choice that can't be keyed", head + "  a:\n    menu: main\n    choices: {\"1\": people, yes: people}\n    no_input: people\n" + toPeople,
		"flows/t.yaml:7:28: choice \"yes\" can't be keyed in; use one to four of 0-9 and *, or \"#\" alone, in quotes"},
	{"choice that leads nowhere", head + "  a:\n    menu: main\n    choices:\n      \"1\":\n    no_input: people\n" + toPeople,
		"flows/t.yaml:8:11: choice \"1\" leads nowhere; name a step, or write one as in `{set: {reason: Claims}, next: claims}`"},
	{"choice that leads on to nothing", head + "  a:\n    menu: main\n    choices:\n      \"1\": {next: {transfer: t}}\n    no_input: people\n" + toPeople,
		"flows/t.yaml:8:12: choice \"1\" leads nowhere; name a step, or write one as in `{set: {reason: Claims}, next: claims}`"},
	{"mistake in an inline step", head + "  a:\n    menu: main\n    choices:\n      \"1\": {set: {reason: Claims}, nxt: people}\n    no_input: people\n" + toPeople,
		"flows/t.yaml:8:36: \"nxt\" is not a key here; did you mean \"next\"?"},
	{"unreachable step", head + "  a: {play: hello, next: people}\n  b: {play: hello, next: people}\n" + toPeople,
		"flows/t.yaml:6:3: no call ever comes to step \"b\"; lead to it from another step, or remove it"},
	{"prompt missing everywhere", head + "  a: {play: [hello, wellcome], next: people}\n" + toPeople,
		"flows/t.yaml:5:21: there is no prompt \"wellcome\" in en-US; did you mean \"welcome\"?"},
	{"prompt missing in Spanish", inSpanish + "  a: {play: welcome-back, next: people}\n" + toPeople,
		"flows/t.yaml:5:13: there is no prompt \"welcome-back\" in es-US; it is there in en-US; record it as prompts/es-US/welcome-back.wav"},
	{"piece of a date missing", head + verifyThen + "  b: {say: \"your {{ member.next_visit | date }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:12: there is no prompt \"years/2027\" in en-US, needed to say a date; record it as prompts/en-US/years/2027.wav"},
	{"unknown language of a prompt", head + "  a: {play: hello@es-ES, next: people}\n" + toPeople,
		"flows/t.yaml:5:13: there are no prompts in language \"es-ES\"; did you mean \"es-US\"?"},
	{"unknown language of a flow", strings.Replace(head, "[en-US]", "[en-US, fr-CA]", 1) + "  a: {play: hello, next: people}\n" + toPeople,
		"flows/t.yaml:2:20: there are no prompts in language \"fr-CA\"; the languages are en-US, es-US"},
	{"language that the flow doesn't speak", head + "  a: {set: {language: es-US}, next: people}\n" + toPeople,
		"flows/t.yaml:5:23: the flow doesn't speak language \"es-US\"; did you mean \"en-US\"?"},
	{"unknown state", head + "  a: {set: {state: WY}, next: people}\n" + toPeople,
		"flows/t.yaml:5:20: \"WY\" is not a state; did you mean \"WI\"?"},
	{"variable that can't be set", head + "  a: {set: {verified: yes}, next: people}\n" + toPeople,
		"flows/t.yaml:5:13: \"verified\" can't be set; Careline sets it; a flow sets language, reason, state and names of its own"},
	{"unknown queue", head + "  a:\n    queue: {name: peple, hold: {music: calm}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:6:19: there is no queue \"peple\"; did you mean \"people\"?"},
	{"queue without a way out", head + "  a:\n    queue: {name: people, hold: {music: calm}}\n    timeout: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:5:3: step \"a\" is a dead end: it has no \"full\"; name the step for a caller who finds the line full"},
	{"unknown music", head + "  a:\n    queue: {name: people, hold: {music: calmer}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:6:41: there is no hold music \"calmer\"; did you mean \"calm\"?"},
	{"announcement too often", head + "  a:\n    queue: {name: people, hold: {music: calm, announce: position, every: 5s}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:6:74: 5s is out of bounds; between 15s and 10m is allowed"},
	{"unknown fact", head + verifyThen + "  b: {say: \"your {{ member.next_vist | date }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:18: a member has no fact \"next_vist\"; did you mean \"next_visit\"?"},
	{"fact said in the wrong way", head + verifyThen + "  b: {say: \"your {{ member.plan_year | date }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:18: \"plan_year\" is a number and can't be said as date; write | number"},
	{"fact that can't be said", head + verifyThen + "  b: {say: \"your {{ member.plan_name | digits }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:18: \"plan_name\" is a text and can't be said as digits; write | name"},
	{"unknown way to say", head + verifyThen + "  b: {say: \"your {{ member.plan_year | numbr }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:40: there is no way to say a value as \"numbr\"; did you mean \"number\"?"},
	{"value that is not one", head + "  a: {say: \"hello {{ attempts }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:19: {{ attempts }} is not a value that can be said; write {{ name | date }}, {{ name | number }} or {{ name | digits }}"},
	{"unknown variable said", head + "  a: {say: \"hello {{ zipp | digits }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:19: no step sets or collects \"zipp\"; what can be said is attempts"},
	{"unknown variable in a condition", head + "  a:\n    branch:\n      - {when: reasn == \"Claims\", next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:16: the expression \"reasn == \\\"Claims\\\"\" is wrong: unknown name reasn; did you mean \"reason\"?"},
	{"types that don't fit", head + "  a:\n    branch:\n      - when: verified && attempts == \"two\"\n        next: people\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:36: the expression \"verified && attempts == \\\"two\\\"\" is wrong: invalid operation: == (mismatched types int and string); write it as in `verified && caller.state == \"WI\"`; variables are attempts, caller, flow, language, locked_out, reason, state, verified"},
	{"condition that is none", head + "  a:\n    branch:\n      - {when: reason, next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:16: the expression \"reason\" is wrong: expected bool, but got string; variables are attempts, caller, flow, language, locked_out, reason, state, verified"},
	{"condition that does not end", head + "  a:\n    branch:\n      - {when: 'caller.state == ', next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:32: the expression \"caller.state == \" is wrong: unexpected token EOF; write it as in `verified && caller.state == \"WI\"`; variables are attempts, caller, flow, language, locked_out, reason, state, verified"},
	{"member fact in a condition", head + "  a:\n    branch:\n      - {when: 'member.plan_year > 2020', next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:17: the expression \"member.plan_year > 2020\" is wrong: unknown name member; a fact of the member can be said, as in `say: \"prompt {{ member.next_visit | date }}\"`, but not computed with"},
	{"branch without otherwise", head + "  a:\n    branch:\n      - {when: verified, next: people}\n" + toPeople,
		"flows/t.yaml:7:9: step \"a\" is a dead end when no condition holds; end the list with `- otherwise: step`"},
	{"retries out of bounds", head + "  a:\n    menu: main\n    choices: {\"1\": people}\n    no_input: {retries: 50, next: people}\n" + toPeople,
		"flows/t.yaml:8:25: 50 is out of bounds; between 0 and 5 is allowed"},
	{"too little time", head + "  a:\n    menu: main\n    choices: {\"1\": people}\n    timing: {first_digit: 1s}\n    no_input: people\n" + toPeople,
		"flows/t.yaml:8:27: 1s is out of bounds; between 3s and 2m is allowed"},
	{"no duration", head + "  a:\n    menu: main\n    choices: {\"1\": people}\n    timing: {between_digits: soon}\n    no_input: people\n" + toPeople,
		"flows/t.yaml:8:30: \"soon\" is not a duration such as \"30s\" or \"20m\""},
	{"too many digits", head + "  a: {collect: {ask: claim, digits: 40, into: claim}, next: people, no_input: people}\n" + toPeople,
		"flows/t.yaml:5:37: 40 is out of bounds; between 1 and 20 is allowed"},
	{"digits without an end", head + "  a: {collect: {ask: claim, into: claim}, next: people, no_input: people}\n" + toPeople,
		"flows/t.yaml:5:3: step \"a\" doesn't say how many digits it collects; write `digits: 5`, or `min: 1` and `max: 5`"},
	{"digits into what Careline sets", head + "  a: {collect: {ask: claim, digits: 4, into: verified}, next: people, no_input: people}\n" + toPeople,
		"flows/t.yaml:5:46: digits can't be collected into \"verified\"; choose a name of your own"},
	{"verification by one thing", head + "  a: {verify: {ask: [member_id]}, verified: people, failed: people}\n" + toPeople,
		"flows/t.yaml:5:21: step \"a\" must ask for both member_id and date_of_birth; write `ask: [member_id, date_of_birth]`, or mbi in the place of member_id: one of the two is not enough to know a caller by"},
	{"verification by an unknown thing", head + "  a: {verify: {ask: [member_id, birthdate]}, verified: people, failed: people}\n" + toPeople,
		"flows/t.yaml:5:33: nobody can be verified by \"birthdate\"; what can be asked for is date_of_birth, mbi, member_id"},
	{"verification without failure", head + "  a: {verify: {ask: [member_id, date_of_birth]}, verified: people}\n" + toPeople,
		"flows/t.yaml:5:3: step \"a\" is a dead end: it has no \"failed\"; name the step for a caller who could not be verified: a person who helps without member data"},
	{"hang up without a reason", head + "  a:\n    menu: main\n    choices: {\"1\": b}\n    no_input: people\n  b: {hang_up: {play: bye}}\n" + toPeople,
		"flows/t.yaml:9:16: step \"b\" hangs up without a reason; say why, for the call's record, as in `hang_up: {play: goodbye, reason: caller was done}`"},
	{"member data before verification", head + "  a:\n    menu: main\n    choices: {\"1\": v, \"2\": b}\n    no_input: people\n  v: {verify: {ask: [member_id, date_of_birth]}, verified: b, failed: people}\n  b:\n    say: your {{ member.next_visit | date }}\n    next: people\n" + toPeople,
		"flows/t.yaml:11:15: step \"b\" says the member's next_visit to callers who were not verified, on the way a → b; let every way there pass the \"verified\" of a verify step"},
	{"member data after failed verification", head + "  a: {verify: {ask: [member_id, date_of_birth]}, verified: people, failed: b}\n  b:\n    say: your {{ member.plan_year | number }}\n    next: people\n" + toPeople,
		"flows/t.yaml:7:15: step \"b\" says the member's plan_year to callers who were not verified, on the way a → b; let every way there pass the \"verified\" of a verify step"},
	{"nurse without a state", head + "  a:\n    menu: main\n    choices:\n      \"1\": {set: {state: WI}, next: n}\n      \"2\": n\n    no_input: people\n  n:\n    queue: {name: nurses, hold: {music: calm}}\n    timeout: a\n    full: a\n    unavailable: a\n" + toPeople,
		"flows/t.yaml:12:19: step \"n\" needs an RN licensed where the caller is, but the caller's state is not asked for on the way a → n; ask by a menu with `set: {state: WI}`, or by `collect: {ask: ask-zip, digits: 5, into: state, as: state_of_zip}`"},
	{"round without waiting", head + "  a: {play: hello, next: b}\n  b: {set: {reason: Claims}, next: c}\n  c:\n    branch:\n      - {when: verified, next: people}\n      - otherwise: a\n" + toPeople,
		"flows/t.yaml:5:3: these steps go round and round without waiting for the caller: a → b → c → a; put a menu into the round, so that the caller can say what comes next"},
	{"full line that is tried again at once", head + "  a:\n    queue: {name: people, hold: {music: calm}}\n    timeout: b\n    full: a\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:5:3: these steps go round and round without waiting for the caller: a → a; put a menu into the round, so that the caller can say what comes next"},
	{"silence that ends the call", head + "  a:\n    menu: main\n    choices: {\"1\": people}\n    no_input: {retries: 2, next: b}\n  b: {play: bye, next: bye}\n" + toPeople,
		"flows/t.yaml:8:34: a caller who presses nothing at \"a\" is hung up on: a → b → bye; lead to a queue, or ask in a menu: only callers themselves end a call"},
	{"failed verification that ends the call", head + "  a: {verify: {ask: [member_id, date_of_birth]}, verified: people, failed: bye}\n" + toPeople,
		"flows/t.yaml:5:76: a caller who could not be verified at \"a\" is hung up on: a → bye; lead to a queue, or ask in a menu: only callers themselves end a call"},
	{"same name twice", head + "  a: {play: hello, next: people}\n  a: {play: hello, next: people}\n" + toPeople,
		"flows/t.yaml:6:3: \"a\" stands here twice, first on line 5; remove one"},
	{"bad name of a step", head + "  a: {play: hello, next: People}\n  People: {play: hello, next: people}\n" + toPeople,
		"flows/t.yaml:6:3: \"People\" can't name a step; use small letters, digits and underscores, beginning with a letter"},
	{"skill that nobody of the queue has", head + "  a:\n    queue: {name: people, skills: {clams: 1}, hold: {music: calm}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:6:36: no agent of queue \"people\" has skill \"clams\"; did you mean \"claims\"?"},
	{"level that nobody of the queue has", head + "  a:\n    queue: {name: people, skills: {claims: 4}, hold: {music: calm}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:6:44: queue \"people\" never relaxes, and no agent of it has claims at level 4; their best level is 3; lower it, or set relax_every in queues.yaml"},
	{"license that nobody of the queue has", head + "  a: {set: {state: WI}, next: q}\n  q:\n    queue: {name: people, credential: RN, hold: {music: calm}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:7:39: no agent of queue \"people\" has the license \"RN\"; there is none yet"},
	{"skills that are no mapping", head + "  a:\n    queue: {name: people, skills: claims, hold: {music: calm}}\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": a}, no_input: a}\n",
		"flows/t.yaml:6:35: \"skills\" is not names with values; write `skills: {benefits: 1}`"},
	{"queue by its name alone", head + "  a:\n    queue: people\n    timeout: b\n    full: b\n    unavailable: b\n  b: {menu: main, choices: {\"1\": b}, no_input: b}\n",
		"flows/t.yaml:6:12: step \"a\" doesn't say how the caller waits; write `queue: {name: member_services, hold: {music: calm}}`"},
	{"prompts of a verification that are no mapping", head + "  a: {verify: {ask: [member_id, date_of_birth], prompts: hello}, verified: people, failed: people}\n" + toPeople,
		"flows/t.yaml:5:58: \"prompts\" is not names with values; write `prompts: {member_id: ask-member-id}`"},
	{"choices that are no mapping", head + "  a:\n    menu: main\n    choices: [people]\n    no_input: people\n" + toPeople,
		"flows/t.yaml:7:14: \"choices\" is not names with values; write `choices: {\"1\": step}`"},
	{"text with braces in its middle", head + "  a: {set: {reason: \"Call {{ attempts }}\"}, next: people}\n" + toPeople,
		"flows/t.yaml:5:21: variable \"reason\" would be given the text \"Call {{ attempts }}\" as it stands; let one pair of braces hold all of it, as in `'{{ reason + \" again\" }}'`, or write a text without braces"},
	{"text that is too long", head + "  a: {set: {reason: " + strings.Repeat("x", 201) + "}, next: people}\n" + toPeople,
		"flows/t.yaml:5:21: variable \"reason\" is given 201 letters; at most 200 are kept"},
	{"division that could be by zero", head + "  a: {set: {reason: \"{{ 5 % attempts }}\"}, next: people}\n" + toPeople,
		"flows/t.yaml:5:27: the expression \"5 % attempts\" has a part that can't be used here; use and, or, not, ?:, comparisons, + - *, `in [\"a\", \"b\"]`, contains, startsWith, endsWith, len, lower and upper"},
	{"index that could be out of range", head + "  a:\n    branch:\n      - {when: '[true][attempts]', next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:23: the expression \"[true][attempts]\" has a part that can't be used here; use and, or, not, ?:, comparisons, + - *, `in [\"a\", \"b\"]`, contains, startsWith, endsWith, len, lower and upper"},
	{"pattern that could be malformed", head + "  a:\n    branch:\n      - {when: 'reason matches state', next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:24: the expression \"reason matches state\" has a part that can't be used here; use and, or, not, ?:, comparisons, + - *, `in [\"a\", \"b\"]`, contains, startsWith, endsWith, len, lower and upper"},
	{"keys copied into a text", head + "  a: {collect: {ask: claim, digits: 4, into: claim}, next: b, no_input: people}\n  b: {set: {reason: \"{{ claim.Is('1234') ? 'x' : 'y' }}\"}, next: people}\n" + toPeople,
		"flows/t.yaml:6:25: the expression \"claim.Is('1234') ? 'x' : 'y'\" is wrong: unknown name claim; what a caller keyed in can be said, or asked for in a condition, but not copied"},
	{"keys taken apart in a condition", head + "  a: {collect: {ask: claim, digits: 4, into: claim}, next: b, no_input: people}\n  b: {branch: [{when: 'claim.EndsWith(49)', next: people}, {otherwise: people}]}\n" + toPeople,
		"flows/t.yaml:6:30: the expression \"claim.EndsWith(49)\" is wrong: what a caller keyed in has Len() and Is(\"123\") alone"},
	{"condition that is empty", head + "  a:\n    branch:\n      - {when: , next: people}\n      - otherwise: people\n" + toPeople,
		"flows/t.yaml:7:16: here a condition is expected; write one, as in `when: verified`"},
	{"text that can't be said", head + "  a: {set: {plan: Gold}, next: b}\n  b: {say: \"hello {{ plan | digits }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:19: \"plan\" can be \"Gold\", by step \"a\" of flow \"t\", and that can't be said as digits; say a recorded prompt for each of its values, by a branch"},
	{"gender that is none", head + "  a: {say: \"hello {{ attempts | number femenine }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:40: \"femenine\" is no option of number; did you mean \"feminine\"?"},
	{"option of a kind that has none", head + "  a: {say: \"hello {{ attempts | digits slowly }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:40: \"slowly\" is no option of digits; digits has none"},
	{"count of nothing", head + "  a: {say: \"hello {{ attempts | count }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:19: {{ attempts | count }} doesn't say what is counted; write one and many of it, as in {{ claims | count: claim, claims }}"},
	{"count of one word", head + "  a: {say: \"hello {{ attempts | count: attempt }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:19: {{ attempts | count: attempt }} doesn't say what is counted; write one and many of it, as in {{ claims | count: claim, claims }}"},
	{"noun behind a number", head + "  a: {say: \"hello {{ attempts | number: attempt, attempts }}\", next: people}\n" + toPeople,
		"flows/t.yaml:5:19: nothing stands behind number; only count takes what it counts, as in {{ claims | count: claim, claims }}"},
	{"keys said as money", head + "  a: {collect: {ask: claim, digits: 4, into: claim}, next: b, no_input: people}\n  b: {say: \"hello {{ claim | money }}\", next: people}\n" + toPeople,
		"flows/t.yaml:6:19: what a caller keyed in can't be said as money; write {{ claim | digits }}"},
	{"value with one brace", head + "  a: {say: \"hello { attempts | number }\", next: people}\n" + toPeople,
		"flows/t.yaml:5:19: \"{\" is neither a prompt nor a value; write a value as {{ member.next_visit | date }}"},
	{"more steps than a call takes without a wait", head + "  a: {play: hello, next: s2}\n" + chain(2, 63) + toPeople,
		"flows/t.yaml:5:3: from step \"a\" on, a call can go through 65 steps without waiting for the caller; at most 64 are taken: put a menu in between, play several prompts in one step, or set several variables in one"},
	{"not YAML", head + "  a: {play: hello, next: people\n" + toPeople,
		"flows/t.yaml:5:3: not valid YAML: did not find expected ',' or '}'; close the { of this line by }, and put a comma between its entries"},
	{"no languages", "flow: t\nstart: a\nsteps:\n  a: {play: hello, next: people}\n" + toPeople,
		"flows/t.yaml:1:1: the key \"languages\" is missing; a flow has flow, languages, start and steps"},
	{"no steps", "flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n",
		"flows/t.yaml:4:7: the flow has no steps; write each as `name:` with its verb below, as in `welcome: {play: welcome, next: menu}`"},
}

// chain is steps from first to last, one leading to the next, the last to people.
func chain(first, last int) string {
	var text strings.Builder
	for n := first; n <= last; n++ {
		next := fmt.Sprint("s", n+1)
		if n == last {
			next = "people"
		}
		fmt.Fprintf(&text, "  s%d: {set: {reason: x}, next: %s}\n", n, next)
	}
	return text.String()
}

// The longest way that the checker passes is one that a run gets through.
func TestLongestWayWithoutAWaitIsWalked(t *testing.T) {
	set := taken(t, map[string]string{"t": head + "  a: {set: {reason: x}, next: s2}\n" + chain(2, 62) + toPeople})
	p := call(t, set, "t")
	p.inQueue("people")
	p.leave(ivr.ExitFull)
	p.hears("en again")
}

func load(flow, without string) error {
	_, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(flow)}}, "flows", smallEnvironment(without))
	return err
}

func TestBrokenFlowSaysWhereAndWhatToDo(t *testing.T) {
	for _, test := range broken {
		t.Run(test.name, func(t *testing.T) {
			without := ""
			if test.name == "piece of a date missing" {
				without = "years/2027"
			}
			err := load(test.flow, without)
			if err == nil {
				t.Fatal("the flow is taken as sound")
			}
			if err.Error() != test.want {
				t.Errorf("read\n\t%s\nwant\n\t%s", err, test.want)
			}
			var list problem.List
			if !errors.As(err, &list) {
				t.Fatalf("the error is a %T", err)
			}
			for _, p := range list {
				if p.Line == 0 || p.Column == 0 {
					t.Errorf("no place: %v", p)
				}
			}
		})
	}
}
