package ivr

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// licensed is a step that wants somebody with a license: then the caller's state
// must be known (DOMAIN.md §5).
type licensed interface {
	license(Environment) (need string, node *yaml.Node)
}

// proofs follows every way that a call can take from the entries: whose data each
// value is on it, whether the caller was verified, what else is known. Data of a
// member is said, tested, passed on or shown for verified callers only (45 CFR
// 164.514(h)), and only if it is the verified member's; a line that needs a
// license knows the caller's state. A way that breaks this is shown.
func (c *checker) proofs(entries []*flow) {
	p := newProver()
	type rule struct {
		step *step
		use  use
		why  string
	}
	told := map[rule]bool{}
	once := func(r rule) bool {
		first := !told[r]
		told[r] = true
		return first
	}
	p.follow(entries, func(at place) {
		verified := at.known&factVerified != 0
		for _, t := range p.touched(at.step) {
			l := at.carries.label
			switch {
			case isFact(t.value) && at.carries == (carry{}):
				l = labelMember
			case at.carries.value != t.value || isFact(t.value):
				continue
			}
			if why := t.refusal(l, verified); why != "" && once(rule{at.step, t.how, why}) {
				c.disclosed(p, at, t, l)
			}
			if at.carries == (carry{}) && verified {
				if what, name := c.untold(at, t); what != "" && once(rule{at.step, t.how, name}) {
					c.outOfScope(p, at, t, what)
				}
			}
		}
		if a, ok := at.step.action.(licensed); ok && at.known&factState == 0 && at.carries == (carry{}) {
			if need, node := a.license(c.set.environment); need != "" && once(rule{step: at.step, use: assigned}) {
				c.unlicensed(p, at, need, node)
			}
		}
		if _, ok := at.step.action.(*returnAction); ok && at.inside == nil && once(rule{step: at.step, why: "return"}) {
			c.uncalled(p, at)
		}
	})
}

// untold finds what a step tells a caller who is in a role that is not told it: a fact
// of the member, or what a look-up finds; empty for none. A fact by which a look-up is
// made is told to the service, not to the caller.
func (c *checker) untold(at place, t touch) (what, name string) {
	if a, ok := at.step.action.(*lookUpAction); ok {
		if name = LookUpPrefix + a.name; !a.public && c.set.environment.mayNot(at.known, name) {
			return fmt.Sprintf("what look-up %q finds of the member", a.name), name
		}
		return "", ""
	}
	if fact, ok := strings.CutPrefix(t.value, memberPrefix); ok && c.set.environment.mayNot(at.known, fact) {
		return "the member's " + fact, fact
	}
	return "", ""
}

// outOfScope tells of a way on which a provider would be told more than providers are.
func (c *checker) outOfScope(p *prover, at place, t touch, what string) {
	way, _ := p.trail(at)
	c.add(at.step.flow.source.within(t.node, t.text, 0, "step %q tells providers %s, which they may not be told, on the way %s", at.step.name, what, way).
		Hint("leave it out there, lead members another way by `when: caller.role == \"member\"`, or add it to verification.provider_may in careline.yaml (45 CFR 164.502(b): the minimum necessary)"))
}

// does says in a sentence what a step does with a value.
func (u use) does() string {
	return []string{"says", "asks for", "passes on", "shows", "writes"}[u]
}

// disclosed tells of a way on which somebody learns what they must not.
func (c *checker) disclosed(p *prover, at place, t touch, l label) {
	f := at.step.flow
	way, source := p.trail(at)
	to := map[use]string{spoken: " to callers", tested: " in a condition, for callers", passed: " for callers", shown: " to the agent, for callers"}[t.how]
	switch {
	case isFact(t.value):
		c.add(f.source.within(t.node, t.text, 0, "step %q %s the member's %s%s who were not verified, on the way %s", at.step.name, t.how.does(), t.value[len(memberPrefix):], to, way).
			Hint("let every way there pass the \"verified\" of a verify step"))
	case l&labelUnbound != 0:
		c.add(f.source.within(t.node, t.text, 0, "step %q %s %q, which step %q did not read for the verified member: it may be anybody's, on the way %s", at.step.name, t.how.does(), t.value, source.name, way).
			Hint("read it behind the \"verified\" of a verify step, by a fact of the member; or declare the look-up public, if it tells of nobody"))
	case refusal(t.how, l, at.known&factVerified != 0) == "":
		whose := map[bool]string{true: "a member's since", false: "which the caller keyed in at"}[l&labelMember != 0]
		c.add(f.source.within(t.node, t.text, 0, "step %q gives %s %q, %s step %q, and it takes no such data, on the way %s", at.step.name, cmp.Or(t.taker, "a look-up"), t.value, whose, source.name, way).
			Hint("write keyed or member for it under with in lookups.yaml, if the service may know it"))
	case l&labelMember != 0:
		c.add(f.source.within(t.node, t.text, 0, "step %q %s %q, a member's since step %q,%s who were not verified, on the way %s", at.step.name, t.how.does(), t.value, source.name, to, way).
			Hint("let every way there pass the \"verified\" of a verify step"))
	default:
		c.add(f.source.within(t.node, t.text, 0, "step %q %s %q to the agent, which the caller keyed in at step %q, on the way %s", at.step.name, t.how.does(), t.value, source.name, way).
			Hint("say it to the caller, ask for it in a condition, or give it to a look-up; nobody else may have it"))
	}
}

// unlicensed tells of a way on which a licensed person is wanted who knows not where.
func (c *checker) unlicensed(p *prover, at place, need string, node *yaml.Node) {
	article := "a"
	if slices.Contains([]string{"RN", "LPN", "LVN", "NP"}, need) {
		article = "an"
	}
	way, _ := p.trail(at)
	c.add(at.step.flow.source.at(node, "step %q needs %s %s licensed where the caller is, but the caller's state is not asked for on the way %s", at.step.name, article, need, way).
		Hint("ask by a menu with `set: {state: WI}`, or by `collect: {ask: ask-zip, digits: 5, into: state, as: %s}`", stateOfZIP))
}

// uncalled tells of a way on which a flow returns that nothing called.
func (c *checker) uncalled(p *prover, at place) {
	way, _ := p.trail(at)
	c.add(at.step.flow.source.at(at.step.node, "step %q returns, but nothing has called its flow, on the way %s", at.step.name, way).
		Hint("lead on instead, or let other flows come here by `call`, not by `transfer` or a dialed number"))
}
