package ivr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing/fstest"

	"pgregory.net/rapid"

	"careline/ivr"
	"careline/ivr/calendar"
)

// generated writes random flows of every verb. Their edges lead to steps that are
// there, and they name nothing that isn't, so that it is the proofs that decide.
type generated struct {
	t *rapid.T
	// steps by name, each with its verb.
	names, verbs []string
	// leaky: values are used without regard to whose they are.
	leaky bool
	// first are the targets that are drawn first.
	first []string
	// at is the step that is written; ahead says that it leads to the next already.
	at    int
	ahead bool
}

// verbsOfSteps are drawn with their weights: those that the proofs are about often.
func verbsOfSteps() []string {
	return []string{"play", "wait", "say fact", "say value", "say value", "menu", "menu", "menu", "zip", "collect", "verify", "verify", "branch", "branch",
		"set", "set value", "split", "hours", "look up member", "look up keyed", "look up public", "queue", "queue", "escalate", "escalate", "outside", "voicemail", "record", "survey", "call_back", "call", "transfer", "leave", "hang_up"}
}

// flowFiles writes a flow t and those that it calls or leads to.
func flowFiles(t *rapid.T, leaky bool) fstest.MapFS {
	g := &generated{t: t, leaky: leaky, names: []string{"a", "b", "c", "d", "e", "f", "g"}[:rapid.IntRange(2, 7).Draw(t, "steps")]}
	for i := range g.names {
		verbs := verbsOfSteps()
		if i == len(g.names)-1 {
			verbs = []string{"menu", "collect", "zip", "hang_up", "leave"} // which need nothing behind
		}
		verb := rapid.SampledFrom(verbs).Draw(t, "verb")
		if verb == "escalate" && i > 0 && !leaky { // which needs to know where the caller is
			g.verbs[i-1] = "set"
		}
		g.verbs = append(g.verbs, verb)
	}
	if leaky && len(g.names) > 3 && rapid.Bool().Draw(t, "asked first") { // a member's data is had
		g.verbs[0], g.verbs[1] = "verify", "look up member"
		g.first = []string{g.names[1], g.names[3], g.names[2]}
	}
	var text strings.Builder
	text.WriteString("flow: t\nlanguages: [en-US, es-US]\nstart: a\n")
	if g.has("menu") && rapid.IntRange(0, 2).Draw(t, "handled") == 0 {
		fmt.Fprintf(&text, "handlers: {\"0\": %s, \"*\": repeat}\n", g.to())
	}
	text.WriteString("steps:\n")
	for i, name := range g.names {
		g.at, g.ahead = i, false
		fmt.Fprintf(&text, "  %s: %s\n", name, g.step(g.verbs[i]))
	}
	files := fstest.MapFS{"flows/t.yaml": {Data: []byte(text.String())}}
	if g.has("call") {
		files["flows/identify.yaml"] = &fstest.MapFile{Data: []byte(identify)}
	}
	if g.has("leave") {
		files["flows/other.yaml"] = &fstest.MapFile{Data: []byte(other)}
	}
	return files
}

// identify is a flow that random flows may call, other one that they may go on in.
const (
	identify = "flow: identify\nlanguages: [en-US, es-US]\ngives: {known: truth}\nstart: v\nsteps:\n" +
		"  v: {verify: {ask: [member_id, date_of_birth]}, verified: s, failed: n}\n" +
		"  s: {set: {known: true}, next: y}\n  y: {return: known}\n  n: {return: unknown}\n"
	other = "flow: other\nlanguages: [en-US, es-US]\nstart: o\nsteps:\n" +
		"  o: {menu: main, choices: {\"1\": p}, no_input: p}\n  p: {queue: {name: people, hold: {music: calm}}, timeout: o, full: o, unavailable: o}\n"
)

func (g *generated) to() string {
	if len(g.first) > 0 {
		target := g.first[0]
		g.first = g.first[1:]
		return target
	}
	return rapid.SampledFrom(g.names).Draw(g.t, "to")
}

// on is a target of a way on which nobody waits for the caller: a step behind this one,
// so that it isn't a round that decides.
func (g *generated) on() string {
	behind := g.names[min(g.at+1, len(g.names)-1):]
	if g.leaky || len(g.first) > 0 {
		return g.to()
	}
	if !g.ahead {
		g.ahead = true
		return behind[0]
	}
	return rapid.SampledFrom(behind).Draw(g.t, "on")
}

func (g *generated) has(verb string) bool { return slices.Contains(g.verbs, verb) }

// values that some step gives, with the way to say each; what is keyed in and nobody's
// first.
func (g *generated) values() [][2]string {
	var all [][2]string
	for _, v := range [][3]string{{"collect", "claim", "digits"}, {"look up public", "until", "letters"}, {"look up keyed", "copay", "money"}, {"look up member", "clinic", "letters"}} {
		if g.has(v[0]) {
			all = append(all, [2]string{v[1], v[2]})
		}
	}
	return all
}

func (g *generated) conditions() []string {
	all := []string{`verified and state != ""`, `verified`, `language == "es-US"`, `locked_out`}
	if g.has("verify") {
		all = append(all, "attempts > 1")
	}
	if g.has("call") {
		all = append(all, "told")
	}
	for _, v := range g.values() {
		all = append(all, map[string]string{"claim": "claim.Len() > 2", "until": `until == "8"`, "copay": "copay > 10", "clinic": `clinic != ""`}[v[0]])
	}
	return all
}

// twoWays leads to two different steps.
func (g *generated) twoWays() (string, string) {
	first := g.on()
	return first, g.names[(slices.Index(g.names, first)+1)%len(g.names)]
}

func (g *generated) step(verb string) string {
	switch draw := rapid.SampledFrom(g.conditions()); verb {
	case "play":
		return fmt.Sprintf(`{play: hello, barge_in: %t, next: %s}`, rapid.Bool().Draw(g.t, "barge"), g.on())
	case "wait":
		return fmt.Sprintf(`{wait: 2s, next: %s}`, g.on())
	case "say fact":
		return fmt.Sprintf(`{say: "your {{ member.next_visit | date }}", next: %s}`, g.on())
	case "say value":
		if values := g.values(); len(values) > 0 {
			v := rapid.SampledFrom(values).Draw(g.t, "value")
			return fmt.Sprintf(`{say: "your {{ %s | %s }}", next: %s}`, v[0], v[1], g.on())
		}
	case "voicemail":
		number := ""
		if g.has("collect") {
			number = ", number: claim"
		}
		return fmt.Sprintf(`{voicemail: {box: nights, greeting: hello%s}, sent: %s, person: %s, empty: %s, failed: %s}`, number, g.to(), g.to(), g.to(), g.on())
	case "record":
		return fmt.Sprintf(`{record: {ask: hello, kind: consent}, next: %s, silent: %s, failed: %s}`, g.to(), g.to(), g.on())
	case "survey":
		return fmt.Sprintf(`{survey: {name: rate, questions: [{name: solved, ask: hello}], comment: {ask: main}}, next: %s}`, g.on())
	case "menu":
		return fmt.Sprintf(`{menu: main, choices: {"1": %s, "11": %s, "#": {set: {state: WI}, next: %s}}, no_input: {retries: 1, next: %s}}`, g.to(), g.to(), g.to(), g.to())
	case "zip":
		return fmt.Sprintf(`{collect: {ask: zip, digits: 5, into: state, as: state_of_zip}, next: %s, no_input: %s}`, g.to(), g.to())
	case "collect":
		return fmt.Sprintf(`{collect: {ask: claim, min: 2, max: 6, pattern: "[1-9].*", into: claim}, next: %s, no_input: %s}`, g.to(), g.to())
	case "verify":
		if rapid.IntRange(0, 3).Draw(g.t, "for a member") == 0 {
			return fmt.Sprintf(`{verify: {who: provider, ask: [npi, tin, member_id, date_of_birth], prompts: {npi: main, tin: main}}, verified: %s, failed: %s}`, g.on(), g.on())
		}
		return fmt.Sprintf(`{verify: {ask: [member_id, date_of_birth]}, verified: %s, failed: %s}`, g.on(), g.on())
	case "branch":
		return fmt.Sprintf(`{branch: [{when: '%s', next: %s}, {when: '%s', next: %s}, {otherwise: %s}]}`, draw.Draw(g.t, "when"), g.on(), draw.Draw(g.t, "when"), g.on(), g.on())
	case "set value":
		if values := g.values(); len(values) > 0 && values[len(values)-1][1] == "letters" {
			return fmt.Sprintf(`{set: {reason: "{{ %s }}"}, next: %s}`, values[len(values)-1][0], g.on())
		}
	case "split":
		first, second := g.twoWays()
		return fmt.Sprintf(`{split: [{percent: 30, next: %s}, {percent: 70, next: %s}]}`, first, second)
	case "hours":
		return fmt.Sprintf(`{hours: office, open: %s, closed: %s, holiday: %s}`, g.on(), g.on(), g.on())
	case "look up member":
		member := `"{{ member.id }}"`
		if g.leaky {
			member = rapid.SampledFrom([]string{member, "x", `"{{ reason }}"`}).Draw(g.t, "asked")
		}
		return fmt.Sprintf(`{look_up: {name: visit, with: {member: %s}}, next: %s, missing: %s, failed: %s}`, member, g.on(), g.on(), g.on())
	case "look up keyed":
		claim := "12"
		if g.has("collect") {
			claim = `"{{ claim }}"`
		}
		return fmt.Sprintf(`{look_up: {name: copay, with: {claim: %s, member: "{{ member.id }}"}}, next: %s, missing: %s, failed: %s}`, claim, g.on(), g.on(), g.on())
	case "look up public":
		plan := "gold"
		if g.leaky && g.has("look up member") {
			plan = rapid.SampledFrom([]string{plan, `"{{ clinic }}"`}).Draw(g.t, "plan")
		}
		return fmt.Sprintf(`{look_up: {name: hours, with: {plan: %s}, play: hello}, next: %s, missing: %s, failed: %s}`, plan, g.on(), g.on(), g.on())
	case "queue":
		return fmt.Sprintf(`{queue: {name: %s, hold: {music: calm}}, timeout: %s, full: %s, unavailable: %s}`, rapid.SampledFrom([]string{"people", "nurses"}).Draw(g.t, "queue"), g.on(), g.on(), g.on())
	case "call_back":
		words := `{offer: hello, same: hello, choose: hello, number: hello, wrong: hello, read_back: hello, confirm: hello}`
		return fmt.Sprintf(`{call_back: {queue: people, wording: "1", prompts: %s}, next: %s, declined: %s, already: %s, failed: %s, no_input: %s}`, words, g.on(), g.to(), g.on(), g.on(), g.to())
	case "escalate":
		return fmt.Sprintf(`{escalate: {to: nurses, require: {credential: RN, licensed_in: "{{ caller.state }}"}, otherwise: [{on_call: night}, {queue: people}], ask: hello, hold: {music: calm, announce: hello, every: 20s}}, timeout: %s, unavailable: %s}`, g.on(), g.on())
	case "outside":
		return fmt.Sprintf(`{transfer: {number: pharmacy, how: warm, announce: hello, ask: hello}, busy: %s, no_answer: %s, failed: %s, after: %s}`, g.on(), g.on(), g.on(), g.on())
	case "call":
		return fmt.Sprintf(`{call: {flow: identify, into: {told: known}}, returns: {known: %s, unknown: %s}}`, g.on(), g.on())
	case "transfer":
		return fmt.Sprintf(`{transfer: {flow: t, step: %s}}`, g.to())
	case "leave":
		return `{transfer: other}`
	case "hang_up":
		return `{hang_up: {play: bye, reason: done}}`
	}
	return fmt.Sprintf(`{set: {state: MN, reason: "{{ reason + flow }}", language: es-US}, next: %s}`, g.on())
}

// generatedEnvironment is what random flows may name.
func generatedEnvironment() ivr.Environment {
	environment := smallEnvironment("")
	environment.States = nil
	environment.Facts["id"] = ivr.FactDigits
	environment.Calendars = map[string]*calendar.Hours{"office": office()}
	environment.LookUps = map[string]ivr.LookUp{
		"visit": {Takes: map[string]ivr.Taking{"member": ivr.TakesMember}, Gives: map[string]string{"clinic": "text"}, Time: ivr.LookUpGuard},
		"copay": {Takes: map[string]ivr.Taking{"claim": ivr.TakesKeyed, "member": ivr.TakesMember}, Gives: map[string]string{"copay": "money"}, Time: ivr.LookUpGuard},
		"hours": {Takes: map[string]ivr.Taking{"plan": ivr.TakesPublic}, Gives: map[string]string{"until": "text"}, Public: true},
	}
	return environment
}

// services answer the look-ups of random flows, one way or another.
func services(t *rapid.T) map[string]ivr.LookUpAnswer {
	outcome := rapid.SampledFrom([]ivr.LookUpOutcome{ivr.Found, ivr.Found, ivr.Found, ivr.NothingFound, ivr.LookUpFailed, "strange"})
	answers := map[string]ivr.LookUpAnswer{}
	for name, fields := range map[string]map[string]string{"visit": {"clinic": "North"}, "copay": {"copay": "12.50"}, "hours": {"until": "8"}} {
		if rapid.IntRange(0, 9).Draw(t, "answers") > 0 {
			answers[name] = ivr.LookUpAnswer{Outcome: outcome.Draw(t, "outcome"), Fields: fields}
		}
	}
	return answers
}
