package ivr

import (
	"fmt"
	"io"

	"careline/phi"
)

// scope is the variables of a flow, or of a sub-flow while it is called.
type scope struct {
	// variables are the texts that are nobody's.
	variables map[string]string
	// keyed is what the caller keyed in.
	keyed map[string]phi.Digits
	// guarded are the texts that are somebody's.
	guarded map[string]guarded
}

// Format prints the mask for every verb.
func (scope) Format(state fmt.State, _ rune) { io.WriteString(state, phi.Mask) }

func newScope() scope {
	return scope{map[string]string{}, map[string]phi.Digits{}, map[string]guarded{}}
}

// guarded is a variable's text that is somebody's: it prints as a mask.
type guarded struct {
	text  string
	label label
}

// Format prints the mask for every verb.
func (guarded) Format(state fmt.State, _ rune) { io.WriteString(state, phi.Mask) }

// write gives a variable a text. One that is nobody's may be read by anyone; any
// other comes out only where Run.may was asked.
func (s scope) write(name, text string, l label) {
	s.forget(name)
	if text = shortened(text); l == labelPublic {
		s.variables[name] = text
	} else {
		s.guarded[name] = guarded{text, l}
	}
}

func (s scope) forget(name string) {
	delete(s.variables, name)
	delete(s.keyed, name)
	delete(s.guarded, name)
}

// handOver gives a variable's value to another scope, whatever it holds.
func (s scope) handOver(name string, to scope, as string) {
	to.forget(as)
	if digits, ok := s.keyed[name]; ok {
		to.keyed[as] = digits
	} else if text, ok := s.text(name); ok {
		to.write(as, text, s.label(name))
	}
}

// label tells whose a value is at this moment.
func (s scope) label(name string) label {
	if isFact(name) {
		return labelMember
	}
	if held, ok := s.guarded[name]; ok {
		return held.label
	}
	if _, ok := s.keyed[name]; ok {
		return labelKeyed
	}
	return labelPublic
}

// labels adds up whose some values are.
func (s scope) labels(names []string) label {
	all := labelPublic
	for _, name := range names {
		all |= s.label(name)
	}
	return all
}

// text gives a variable's text for those who have asked Run.may before.
func (s scope) text(name string) (text string, ok bool) {
	if held, ok := s.guarded[name]; ok {
		return held.text, true
	}
	if digits, ok := s.keyed[name]; ok {
		return entered(digits), true
	}
	text, ok = s.variables[name]
	return text, ok
}
