package ivr

import (
	"cmp"
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// proofs follows every way that a call can take from the entries, and what is
// known on it: a fact of the member is said to verified callers only (45 CFR
// 164.514(h)), and a line that needs a license knows the caller's state
// (DOMAIN.md §5). A way that breaks this is shown.
func (c *checker) proofs(entries []*flow) {
	var from []place
	for _, f := range entries {
		if f.start.to != nil {
			from = append(from, place{step: f.start.to})
		}
	}
	type finding struct {
		at     place
		fact   *value
		need   string
		queued *yaml.Node
	}
	var findings []finding
	seen := map[*step]facts{}
	before := walk(from, everyEdge, func(p place) bool {
		switch a := p.step.action.(type) {
		case *sayAction:
			if v := a.says.firstFact(); v != nil && p.known&factVerified == 0 && seen[p.step]&factVerified == 0 {
				seen[p.step] |= factVerified
				findings = append(findings, finding{at: p, fact: v})
			}
		case *queueAction:
			need := cmp.Or(a.credential, c.set.environment.Queues[a.name].Credential)
			if need != "" && p.known&factState == 0 && seen[p.step]&factState == 0 {
				seen[p.step] |= factState
				findings = append(findings, finding{at: p, need: need, queued: a.nameNode})
			}
		}
		return true
	})
	for _, f := range findings {
		s := f.at.step
		if f.fact != nil {
			c.add(s.flow.source.within(f.fact.node, f.fact.text, 0, "step %q says the member's %s to callers who were not verified, on the way %s", s.name, f.fact.name, wayTo(before, f.at)).
				Hint("let every way there pass the \"verified\" of a verify step"))
			continue
		}
		article := "a"
		if slices.Contains([]string{"RN", "LPN", "LVN", "NP"}, f.need) {
			article = "an"
		}
		c.add(s.flow.source.at(f.queued, "step %q needs %s %s licensed where the caller is, but the caller's state is not asked for on the way %s", s.name, article, f.need, wayTo(before, f.at)).
			Hint("ask by a menu with `set: {state: WI}`, or by `collect: {ask: ask-zip, digits: 5, into: state, as: %s}`", stateOfZIP))
	}
}

// firstFact is the first fact of the member that is said, or nil.
func (s sentence) firstFact() *value {
	for _, v := range s.values() {
		if v.fact {
			return v
		}
	}
	return nil
}

// loops finds rounds in which the caller is never waited for: such a call would
// never end and never be heard.
func (c *checker) loops() (found bool) {
	pass := func(_ *step, e *edge) bool { return !e.kind.waits() }
	told := map[*step]bool{}
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if told[s] {
				continue
			}
			round := loopFrom(s, pass)
			if round == nil {
				continue
			}
			for _, member := range round {
				told[member] = true
			}
			c.add(f.source.at(s.node, "these steps go round and round without waiting for the caller: %s", trail(round)).
				Hint("put a menu into the round, so that the caller can say what comes next"))
			found = true
		}
	}
	return found
}

// budget finds ways on which a run would enter more than StepBudget steps
// without waiting for the caller, and give up. There are no rounds among them.
func (c *checker) budget() {
	lengths := map[*step]int{}
	var length func(s *step) int
	length = func(s *step) int {
		if known, ok := lengths[s]; ok {
			return known
		}
		longest := 0
		for _, e := range s.ways() {
			if e.to != nil && !e.kind.waits() {
				longest = max(longest, length(e.to))
			}
		}
		lengths[s] = longest + 1
		return longest + 1
	}
	var worst *step
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if worst == nil || length(s) > length(worst) {
				worst = s
			}
		}
	}
	if worst != nil && length(worst) > StepBudget {
		c.add(worst.flow.source.at(worst.node, "from step %q on, a call can go through %d steps without waiting for the caller", worst.name, length(worst)).
			Hint("at most %d are taken: put a menu in between, play several prompts in one step, or set several variables in one", StepBudget))
	}
}

// loopFrom gives the shortest round from a step back to it, the step at both
// ends; nil if there is none.
func loopFrom(s *step, pass func(*step, *edge) bool) []*step {
	var from []place
	for _, e := range s.ways() {
		if e.to != nil && pass(s, e) {
			from = append(from, place{step: e.to})
		}
	}
	var end place
	before := walk(from, func(here *step, e *edge) bool { return end.step == nil && pass(here, e) }, func(p place) bool {
		if p.step == s && end.step == nil {
			end = p
		}
		return end.step == nil
	})
	if end.step == nil {
		return nil
	}
	var steps []*step
	for p := end; p.step != nil; p = before[p] {
		steps = append(steps, p.step)
	}
	slices.Reverse(steps)
	return append([]*step{s}, steps...)
}

// silence finds callers who are hung up on without having chosen it: because
// they press nothing, or are not known, or find a line full (DOMAIN.md §1, §4).
func (c *checker) silence() {
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			told := map[*yaml.Node]bool{}
			for _, e := range s.ways() {
				if who, ok := unwilling[e.via]; ok && e.to != nil && e.node != nil && !told[e.node] {
					told[e.node] = c.hungUpOn(s, e, who)
				}
			}
		}
	}
}

// unwilling tells, by the edge, who would be hung up on.
var unwilling = map[string]string{
	"no_input":    "a caller who presses nothing at %q",
	"no_match":    "a caller who presses something else at %q",
	"failed":      "a caller who could not be verified at %q",
	"locked_out":  "a caller who is locked out at %q",
	"timeout":     "a caller who has waited too long in %q",
	"full":        "a caller who finds the line full at %q",
	"unavailable": "a caller whom nobody can serve at %q",
}

func (c *checker) hungUpOn(s *step, e *edge, who string) bool {
	before := walk([]place{{step: e.to}}, func(from *step, _ *edge) bool {
		switch from.action.(type) {
		case *menuAction, *collectAction, *verifyAction, *queueAction:
			return false
		}
		return true
	}, func(place) bool { return true })
	for _, end := range sortedPlaces(before) {
		if _, ok := end.step.action.(*hangUpAction); ok {
			c.add(s.flow.source.at(e.node, "%s is hung up on: %s", fmt.Sprintf(who, s.name), s.name+" → "+wayTo(before, end)).
				Hint("lead to a queue, or ask in a menu: only callers themselves end a call"))
			return true
		}
	}
	return false
}

func sortedPlaces(before map[place]place) []place {
	places := make([]place, 0, len(before))
	for p := range before {
		places = append(places, p)
	}
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(cmp.Compare(a.step.flow.name, b.step.flow.name), cmp.Compare(a.step.node.Line, b.step.node.Line), cmp.Compare(a.known, b.known))
	})
	return places
}
