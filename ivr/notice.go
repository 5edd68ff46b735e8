package ivr

import (
	"slices"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// Notice is what callers must be told before anything is asked of them.
type Notice string

const (
	// EmergencyNotice tells what to do in an emergency: to hang up and dial 911, say
	// (DOMAIN.md §5).
	EmergencyNotice Notice = "emergency"
	// RecordingNotice tells that the call is recorded (DOMAIN.md §7).
	RecordingNotice Notice = "recording"
)

// Notices lists them.
func Notices() []Notice { return []Notice{EmergencyNotice, RecordingNotice} }

// notice reads what callers must hear in a play step: one notice, or a list of them.
func (p *parser) notice(s *step, a *playAction, node *yaml.Node) {
	if node.Kind == 0 {
		return
	}
	for _, one := range p.scalars(node, "a notice") {
		if notice := Notice(one.Value); slices.Contains(Notices(), notice) {
			a.notices = append(a.notices, notice)
		} else {
			p.add(p.at(one, "there is no notice %q", one.Value).Hint("leave it out, or write `notice: %s` or `notice: %s`", EmergencyNotice, RecordingNotice))
		}
	}
	if len(a.notices) > 0 && a.bargeIn {
		p.add(p.at(node, "callers who press a key would miss the %s notice of step %q", a.notices[0], s.name).Hint("add `barge_in: false`"))
	}
}

// heard is a step that only says something, or nothing: the caller isn't asked, and
// waits for nobody.
func (s *step) heard() bool {
	switch s.action.(type) {
	case *playAction, *sayAction, *lookUpAction, quiet:
		return true
	}
	return false
}

// CheckNotice makes sure of a flow that whoever's call begins in it hears a notice
// before anything else is asked or done. The error is a problem.List.
func (s *Set) CheckNotice(name string, notice Notice) error {
	f := s.flows[name]
	if f == nil || f.start.to == nil {
		return problem.List{{Message: "there is no flow " + name}}
	}
	v := visitsFrom([]*flow{f})
	line, before := []int{0}, map[int]*step{0: nil}
	first := map[*step]*step{}
	for n := 0; n < len(line); n++ {
		here := v.at[line[n]].step
		if _, been := first[here]; !been {
			first[here] = before[line[n]]
		}
		if a, ok := here.action.(*playAction); ok && slices.Contains(a.notices, notice) {
			continue
		}
		if !here.heard() {
			return problem.List{here.flow.source.at(here.node, "step %q comes before any %s notice, on the way %s", here.name, notice, trail(wayTo(first, here))).
				Hint("play one before it, in a step with `notice: %s` and `barge_in: false`", notice)}
		}
		for _, h := range v.hops[line[n]] {
			if _, been := before[h.to]; !been {
				before[h.to] = here
				line = append(line, h.to)
			}
		}
	}
	return nil
}

// Clinical reports whether calls that begin in a flow may be about somebody's health: it
// leads to where members are verified, or to licensed agents.
func (s *Set) Clinical(name string) bool {
	f := s.flows[name]
	if f == nil || f.start.to == nil {
		return false
	}
	for step := range walk([]*step{f.start.to}, (*step).ways) {
		if _, verifies := step.action.(*verifyAction); verifies {
			return true
		}
		if a, ok := step.action.(licensed); ok {
			if need, _ := a.license(s.environment); need != "" {
				return true
			}
		}
	}
	return false
}
