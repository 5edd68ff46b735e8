package ivr_test

import (
	"strings"
	"testing"
)

const confirm = "flow: confirm\nlanguages: [en-US]\ntakes: {digits: keyed, tries: number}\ngives: {answer: text, again: number}\nstart: s\nsteps:\n" +
	"  s: {say: \"you-said {{ digits | digits }}\", next: m}\n" +
	"  m: {menu: right, choices: {\"1\": y, \"2\": n}, no_input: quiet}\n" +
	"  y: {set: {answer: right, again: \"{{ tries + 1 }}\", reason: Confirmed}, next: yes}\n  yes: {return: right}\n" +
	"  n: {set: {again: \"{{ tries + 1 }}\"}, next: no}\n  no: {return: wrong}\n  quiet: {return: quiet}\n"

const confirming = head + "  a: {collect: {ask: claim, digits: 4, into: claim}, next: b, no_input: people}\n" +
	"  b: {call: {flow: confirm, with: {digits: '{{ claim }}', tries: 1}, into: {how: answer, times: again}}, returns: {right: c, wrong: a}, next: people}\n" +
	"  c: {branch: [{when: how == 'right' and times == 2, next: d}, {otherwise: again}]}\n  d: {say: \"fine {{ times | number }} {{ claim | digits }}\", next: people}\n" + toPeople

func TestSubFlowTakesGivesAndReturns(t *testing.T) {
	set := taken(t, map[string]string{"t": confirming, "confirm": confirm})
	p := call(t, set, "t")
	p.listen().press("1234").listen().press("2").listen().press("5678").listen().press("1").listen()
	p.inQueue("people")
	p.hears("en you-said", "en digits/1", "en claim", "en you-said", "en digits/5", "en fine", "en numbers/2", "en digits/5")
	if p.queued.Reason != "Confirmed" {
		t.Errorf("the reason is %q", p.queued.Reason)
	}
	if flow := p.run.Flow(); flow != "t" {
		t.Errorf("the call is in %s", flow)
	}
	call(t, set, "t").listen().press("1234").silently().inQueue("people")
}

func TestSubFlowMustFit(t *testing.T) {
	for name, test := range map[string]struct{ from, to, want string }{
		"a parameter that is not taken": {"tries: 1}", "tries: 1, tires: 2}", `flows/t.yaml:6:69: flow "confirm" takes no "tires"; did you mean "tries"?`},
		"a parameter that is left out":  {", tries: 1}", "}", "flows/t.yaml:6:13: flow \"confirm\" is called without its \"tries\"; write `with: {tries: …}`, a number"},
		"another kind":                  {"tries: 1}", "tries: two}", `flows/t.yaml:6:66: "tries" is a text, and flow "confirm" takes a number; give it a number`},
		"a result that is not given":    {"how: answer", "how: anwser", `flows/t.yaml:6:82: flow "confirm" gives no "anwser"; did you mean "answer"?`},
		"a return that is not awaited":  {"wrong: a}, next: people}", "wrong: a}}", "flows/t.yaml:6:13: flow \"confirm\" may return \"quiet\", and then the call goes nowhere; write `returns: {quiet: step}`, or `next: step` for all that is not named"},
		"a return that never comes":     {"right: c", "right: c, rihgt: c", `flows/t.yaml:6:133: flow "confirm" never returns "rihgt"; did you mean "right"?`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := sets(map[string]string{"t": strings.Replace(confirming, test.from, test.to, 1), "confirm": confirm})
			if err == nil {
				t.Fatal("the flows are taken as sound")
			}
			if got, _, _ := strings.Cut(err.Error(), "\n"); got != test.want {
				t.Errorf("read\n\t%s\nwant\n\t%s", err, test.want)
			}
		})
	}
	refused(t, map[string]string{"t": head + "  a: {call: u, next: people}\n" + toPeople, "u": strings.Replace(head, "flow: t", "flow: u", 1) + "  a: {call: u, next: b}\n  b: {return: done}\n"},
		"flows/u.yaml:5:13: these flows call themselves: u → u; let one of them go on by `transfer`, or put what they share into a flow of its own")
	if err := taken(t, map[string]string{"t": confirming, "confirm": confirm}).CheckEntry("confirm"); err == nil {
		t.Error("a call must not begin in a flow that returns")
	}
}

func TestRoundThroughASubFlowWaitsOrIsRefused(t *testing.T) {
	hasty := "flow: u\nlanguages: [en-US]\nstart: a\nsteps:\n  a: {play: hello, next: b}\n  b: {return: done}\n"
	refused(t, map[string]string{"t": head + "  a: {call: u, next: a}\n", "u": hasty},
		"flows/t.yaml:5:3: these steps go round and round without waiting for the caller: a → a; put a menu into the round, so that the caller can say what comes next")
	asking := strings.Replace(hasty, "play: hello, next: b", "menu: hello, choices: {\"1\": b}, no_input: b", 1)
	taken(t, map[string]string{"t": head + "  a: {call: u, next: b}\n  b: {branch: [{when: verified, next: a}, {otherwise: people}]}\n" + toPeople, "u": asking})
}

func TestSilenceWithinASubFlowIsSilence(t *testing.T) {
	sub := "flow: u\nlanguages: [en-US]\nstart: a\nsteps:\n  a: {menu: hello, choices: {\"1\": b}, no_input: q}\n  b: {return: done}\n  q: {return: quiet}\n"
	refused(t, map[string]string{"t": head + "  a: {call: u, returns: {done: people, quiet: bye}}\n" + toPeople, "u": sub},
		`flows/u.yaml:5:49: a caller who presses nothing at "a" is hung up on: a → q → t: bye; lead to a queue, or ask in a menu: only callers themselves end a call`)
}
