package ivr

import (
	"fmt"
	"slices"

	"gopkg.in/yaml.v3"
)

// silence finds callers who are hung up on without having chosen it: because
// they press nothing, or are not known, or find a line full (DOMAIN.md §1, §4).
func (c *checker) silence() {
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			told := map[*yaml.Node]bool{}
			for _, e := range s.ways() {
				if who, ok := unwillingAt(s)[e.via]; ok && e.to != nil && e.node != nil && !told[e.node] {
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

// unwillingAt is unwilling at a step: a look-up, and somebody
// outside, fails in its own way.
func unwillingAt(s *step) map[string]string {
	if _, ok := s.action.(*outsideAction); ok {
		nobody := "a caller whom nobody takes at %q"
		return map[string]string{"busy": nobody, "no_answer": nobody, "declined": nobody, "failed": nobody}
	}
	if _, ok := s.action.(*lookUpAction); ok {
		return map[string]string{
			"failed":  "a caller whom the service doesn't answer at %q",
			"missing": "a caller for whom nothing is found at %q",
		}
	}
	switch s.action.(type) {
	case *callBackAction:
		return map[string]string{
			"failed":   "a caller whose callback can't be kept at %q",
			"no_input": unwilling["no_input"], "no_match": unwilling["no_match"],
		}
	case *voicemailAction, *recordAction:
		return unkept(s.action.verb())
	}
	return unwilling
}

func (c *checker) hungUpOn(s *step, e *edge, who string) bool {
	before := walk([]*step{e.to}, c.unasked)
	for _, end := range inOrder(before) {
		if _, ok := end.action.(*hangUpAction); ok {
			c.add(s.flow.source.at(e.node, "%s is hung up on: %s", fmt.Sprintf(who, s.name), trail(append([]*step{s}, wayTo(before, end)...))).
				Hint("lead to a queue, or ask in a menu: only callers themselves end a call"))
			return true
		}
	}
	return false
}

// unasked gives the ways on from a step on which the caller has no say: none from
// a step that asks, or that tells by itself who is unwilling.
func (c *checker) unasked(s *step) []*edge {
	if _, ok := s.action.(*returnAction); ok {
		return c.returnsTo(s)
	}
	edges := s.ways()
	if slices.ContainsFunc(edges, func(e *edge) bool { return e.kind == chosen || unwillingAt(s)[e.via] != "" }) {
		return nil
	}
	return passing(c.hasty)(s)
}
