package ivr

import (
	"fmt"
	"strings"
	"testing"
)

// readAction stands for a look-up: it reads into a variable what a server says.
type readAction struct {
	setAction
	into  string
	asked []string
}

func (a *readAction) touches() []touch {
	all := []touch{{value: a.into, how: assigned, label: labelMember, on: &a.next}}
	for _, name := range a.asked {
		all = append(all, touch{value: name, how: passed, node: a.next.node})
	}
	return all
}

// proven links flows, in which a step that sets "read" reads into it as a look-up
// does, asked with the fact of the member that it is set to, and proves them.
func provenOf(t *testing.T, files ...string) []string {
	t.Helper()
	set := &Set{flows: map[string]*flow{}, variables: map[string]variableKind{}, environment: Environment{
		Languages: []string{"en-US"}, Facts: map[string]FactKind{"id": FactDigits}, Queues: map[string]Queue{"people": {}, "q": {}},
	}}
	for _, text := range files {
		f, err := parseFlow("t.yaml", []byte(text), set)
		if err != nil {
			t.Fatal(err)
		}
		set.flows[f.name] = f
		for _, s := range f.steps {
			if a, ok := s.action.(*setAction); ok && a.values[0].name == "read" {
				r := &readAction{setAction: *a, into: "read"}
				if asked := a.values[0].text; isFact(asked) {
					r.asked = []string{asked}
				}
				s.action = r
			}
		}
	}
	c := newChecker(set, true)
	c.link()
	c.references()
	if len(c.list) > 0 {
		t.Fatal(c.list)
	}
	c.proofs(set.entries())
	var lines []string
	for _, p := range c.list {
		lines = append(lines, p.Message)
	}
	return lines
}

const (
	heading = "flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n"
	verify  = "{verify: {ask: [member_id, date_of_birth]}, verified: %s, failed: z}\n"
	people  = "  z: {queue: {name: people, hold: {music: m}}, timeout: z, full: z, unavailable: z}\n"
)

func TestLabelsFollowValues(t *testing.T) {
	for name, test := range map[string]struct {
		steps string
		want  string
	}{
		"read and said behind verification": {
			"  a: " + fmt.Sprintf(verify, "b") + "  b: {set: {read: member.id}, next: c}\n  c: {say: \"x {{ read | digits }}\", next: z}\n", ""},
		"read and said before": {
			"  a: {set: {read: member.id}, next: c}\n  c: {say: \"x {{ read | digits }}\", next: z}\n",
			`step "a" passes on the member's id for callers who were not verified, on the way a` + "\n" +
				`step "c" says "read", which step "a" did not read for the verified member: it may be anybody's, on the way a → c`},
		"read before, said behind": {
			"  a: {set: {read: x}, next: b}\n  b: " + fmt.Sprintf(verify, "c") + "  c: {say: \"x {{ read | digits }}\", next: z}\n",
			`step "c" says "read", which step "a" did not read for the verified member: it may be anybody's, on the way a → b → c`},
		"read behind, by nothing of the member": {
			"  a: " + fmt.Sprintf(verify, "b") + "  b: {set: {read: x}, next: c}\n  c: {say: \"x {{ read | digits }}\", next: z}\n",
			`step "c" says "read", which step "b" did not read for the verified member: it may be anybody's, on the way a → b → c`},
		"copied, and told to the agent": {
			"  a: {set: {read: x}, next: b}\n  b: {set: {copy: \"{{ lower(read) }}\", reason: \"{{ copy + 'x' }}\"}, next: z}\n",
			`step "z" shows "reason", which step "a" did not read for the verified member: it may be anybody's, on the way a → b → z`},
		"overwritten before it is said": {
			"  a: {set: {read: x}, next: b}\n  b: {set: {read: \"12\"}, next: c}\n  c: {say: \"x {{ read | digits }}\", next: z}\n",
			""},
		"overwritten on one way only": {
			"  a: {set: {read: x}, next: b}\n  b: {branch: [{when: attempts > 1, next: d}, {otherwise: c}]}\n  d: {set: {read: \"12\"}, next: c}\n  c: {say: \"x {{ read | digits }}\", next: z}\n",
			`step "c" says "read", which step "a" did not read for the verified member: it may be anybody's, on the way a → b → c`},
		"asked for in a condition": {
			"  a: {set: {read: x}, next: b}\n  b: {branch: [{when: read == 'x', next: z}, {otherwise: z}]}\n",
			`step "b" asks for "read", which step "a" did not read for the verified member: it may be anybody's, on the way a → b`},
		"carried around a round": {
			"  a: {menu: x, choices: {\"1\": b, \"2\": c}, no_input: z}\n  b: {set: {read: x}, next: a}\n  c: {set: {reason: \"{{ read }}\"}, next: z}\n",
			`step "z" shows "reason", which step "b" did not read for the verified member: it may be anybody's, on the way a → b → a → c → z`},
	} {
		t.Run(name, func(t *testing.T) {
			steps := strings.ReplaceAll(test.steps, "read: \"12\"", "other: x, read: \"12\"")
			if got := strings.Join(provenOf(t, heading+steps+people), "\n"); got != test.want {
				t.Errorf("read\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestLabelsGoThroughSubFlows(t *testing.T) {
	const sub = "flow: sub\nlanguages: [en-US]\ntakes: {what: text}\ngives: {out: text}\nstart: s\nsteps:\n"
	through := "  s: {set: {out: \"{{ what + 'x' }}\"}, next: r}\n  r: {return: done}\n"
	for name, test := range map[string]struct {
		main, sub string
		want      string
	}{
		"in and out again": {
			"  a: {set: {read: x}, next: b}\n  b: {call: {flow: sub, with: {what: '{{ read }}'}, into: {mine: out}}, next: c}\n  c: {say: 'x {{ mine | letters }}', next: z}\n", through,
			`step "c" says "mine", which step "a" did not read for the verified member: it may be anybody's, on the way a → b → sub: s → r → t: c`},
		"past a sub-flow that does not know of it": {
			"  a: {set: {read: x}, next: b}\n  b: {call: {flow: sub, with: {what: y}}, next: c}\n  c: {say: 'x {{ read | letters }}', next: z}\n", through,
			`step "c" says "read", which step "a" did not read for the verified member: it may be anybody's, on the way a → b → sub: s → r → t: c`},
		"only where it was given in": {
			"  a: {set: {read: x}, next: b}\n  b: {call: {flow: sub, with: {what: '{{ read }}'}, into: {mine: out}}, next: d}\n" +
				"  d: {call: {flow: sub, with: {what: y}, into: {mine: out}}, next: c}\n  c: {say: 'x {{ mine | letters }}', next: z}\n", through, ""},
		"said within, where it was given in": {
			"  a: {set: {read: x}, next: b}\n  b: {call: {flow: sub, with: {what: '{{ read }}'}}, next: z}\n",
			"  s: {say: 'x {{ what | letters }}', next: r}\n  r: {set: {out: x}, next: q}\n  q: {return: done}\n",
			`step "s" says "what", which step "a" did not read for the verified member: it may be anybody's, on the way a → b → sub: s`},
		"verified within": {
			"  a: {call: {flow: sub, with: {what: y}}, returns: {known: c, unknown: z}}\n  c: {say: 'x {{ member.id | digits }}', next: z}\n",
			"  s: {verify: {ask: [member_id, date_of_birth]}, verified: y, failed: n}\n  y: {set: {out: x}, next: y2}\n  y2: {return: known}\n  n: {return: unknown}\n", ""},
		"not verified within": {
			"  a: {call: {flow: sub, with: {what: y}}, returns: {known: z, unknown: c}}\n  c: {say: 'x {{ member.id | digits }}', next: z}\n",
			"  s: {verify: {ask: [member_id, date_of_birth]}, verified: y, failed: n}\n  y: {set: {out: x}, next: y2}\n  y2: {return: known}\n  n: {return: unknown}\n",
			`step "c" says the member's id to callers who were not verified, on the way a → sub: s → n → t: c`},
		"a return that nothing called": {
			"  a: {menu: x, choices: {\"1\": b, \"2\": d}, no_input: z}\n  d: {transfer: sub}\n  b: {call: {flow: sub, with: {what: y}}, next: z}\n", through,
			`step "r" returns, but nothing has called its flow, on the way a → d → sub: s → r`},
	} {
		t.Run(name, func(t *testing.T) {
			if got := strings.Join(provenOf(t, heading+test.main+people, sub+test.sub), "\n"); got != test.want {
				t.Errorf("read\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

// What the checker would refuse the run refuses too.
func TestRunGuardsWhatIsSomebodys(t *testing.T) {
	line := &tape{}
	set := unchecked(t, "  a: {menu: x, choices: {\"1\": a}, no_input: a}\n  b: {say: \"x {{ read | digits }}\", next: a}\n")
	run := NewRun(set, "t", line, Options{})
	run.Start()
	for name, test := range map[string]struct {
		label    label
		verified bool
		how      use
		may      bool
	}{
		"nobody's":                  {labelPublic, false, shown, true},
		"a member's, not verified":  {labelMember, false, spoken, false},
		"a member's, verified":      {labelMember, true, spoken, true},
		"anybody's, verified":       {labelUnbound, true, spoken, false},
		"anybody's mixed in":        {labelMember | labelUnbound, true, tested, false},
		"keyed, said":               {labelKeyed, false, spoken, true},
		"keyed, shown":              {labelKeyed, true, shown, false},
		"keyed and a member's":      {labelKeyed | labelMember, false, passed, false},
		"keyed of a known caller's": {labelKeyed | labelMember, true, passed, true},
	} {
		run.verified = test.verified
		run.write("read", "12", test.label)
		run.write("copy", "12", run.labels([]string{"read", "other"}))
		if run.may(test.how, "copy") != test.may {
			t.Errorf("%s: may is %t", name, !test.may)
		}
		if text := fmt.Sprintf("%v %+v %s", run.guarded, run.scope, run.guarded["read"]); test.label != labelPublic && strings.Contains(text, "12") {
			t.Errorf("%s prints: %s", name, text)
		}
		if test.label != labelPublic && run.Variable("read") != "" {
			t.Errorf("%s is given to anyone", name)
		}
	}
	run.verified = false
	run.write("reason", "12", labelMember)
	if run.Reason() != "" {
		t.Error("the agent is shown a member's data for a caller who is not verified")
	}
	run.verified = true
	if run.Reason() != "12" {
		t.Error("the agent is not shown what may be shown")
	}
}
