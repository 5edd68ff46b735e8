package ivr

import (
	"maps"
	"slices"

	"careline/problem"
)

// FlowView is a flow as drawings, tests and figures see it: read-only, and the
// same for the same files.
type FlowView struct {
	Name, Label string
	// Languages that it speaks, the first is where a call begins.
	Languages []string
	Position  problem.Position
	// Start is the way into its first step.
	Start EdgeView
	// Steps in the order written; an inline one follows the step it stands in.
	Steps []StepView
}

// StepView is a step with its ways on.
type StepView struct {
	// StepName: an inline step is called after its menu and its key, "language/1".
	StepName
	Verb string
	// Inline: it is written within a menu's choice.
	Inline   bool
	Position problem.Position
	// Prompts that it may play, as written, each once: welcome, welcome@es-US, and
	// words in quotes.
	Prompts []string
	// Queue that the step puts the caller in; empty for none.
	Queue string
	// Number outside that the step transfers the caller to; empty for none.
	Number string
	// Edges are the ways on, each name once.
	Edges []EdgeView
}

// EdgeView is a way on.
type EdgeView struct {
	// EdgeName is what Line.Took tells when a call takes it.
	EdgeName
	Kind EdgeKind
	// Position is where the target is written.
	Position problem.Position
}

// EdgeKind says what it means for a caller that an edge is taken.
type EdgeKind string

const (
	// Onward goes on without waiting for the caller.
	Onward EdgeKind = "onward"
	// Chosen follows what the caller keyed in.
	Chosen EdgeKind = "chosen"
	// Silent follows when the caller gave no usable answer.
	Silent EdgeKind = "silent"
	// Refused follows verification that failed.
	Refused EdgeKind = "refused"
	// Left follows when a queue let the caller go after waiting.
	Left EdgeKind = "left"
	// TurnedAway follows when a queue never took the caller.
	TurnedAway EdgeKind = "turned_away"
)

// public gives a kind's name.
func (k edgeKind) public() EdgeKind {
	switch k {
	case chosen:
		return Chosen
	case silent:
		return Silent
	case refused:
		return Refused
	case left:
		return Left
	case turnedAway:
		return TurnedAway
	}
	return Onward
}

// View gives all flows, in the order of their names.
func (s *Set) View() []FlowView {
	var views []FlowView
	for _, f := range s.sorted() {
		view := FlowView{
			Name: f.name, Label: f.label, Languages: slices.Clone(f.languages),
			Position: s.Position(f.name), Start: (&Run{}).view(f, &f.start),
		}
		for _, step := range f.steps {
			view.Steps = append(view.Steps, step.view())
		}
		views = append(views, view)
	}
	return views
}

func (s *step) view() StepView {
	view := StepView{StepName: s.public(), Inline: s.inline, Position: s.flow.source.at(s.node, "").Position}
	if s.action == nil {
		return view
	}
	view.Verb = s.action.verb()
	switch a := s.action.(type) {
	case waited:
		view.Queue = a.lined()[0]
	case *callBackAction:
		view.Queue = a.place.name
	case *outsideAction:
		view.Number = a.number
	}
	for _, use := range s.action.prompts() {
		if text := use.written(); !slices.Contains(view.Prompts, text) {
			view.Prompts = append(view.Prompts, text)
		}
	}
	here := &Run{step: s}
	for _, e := range s.ways() {
		if e.to == nil {
			continue
		}
		edge := here.view(s.flow, e)
		if !slices.ContainsFunc(view.Edges, func(other EdgeView) bool { return other.EdgeName == edge.EdgeName }) {
			view.Edges = append(view.Edges, edge)
		}
	}
	return view
}

// view gives an edge that leads out of the run's step, named as the run names it.
func (r *Run) view(f *flow, e *edge) EdgeView {
	return EdgeView{EdgeName: r.edgeName(e), Kind: e.kind.public(), Position: f.source.at(e.node, "").Position}
}

// Facts of a member that flows may speak, with their kinds.
func (s *Set) Facts() map[string]FactKind { return maps.Clone(s.environment.Facts) }

// ProviderMay are the facts and look-ups that a verified provider may be told.
func (s *Set) ProviderMay() []string { return slices.Clone(s.environment.ProviderMay) }

// Prompts names all prompts that are there, for those who misspell one.
func (s *Set) Prompts() []string { return slices.Clone(s.environment.Prompts) }

// HasPrompt reports whether a prompt is there in some language; where prompts
// aren't checked, each is.
func (s *Set) HasPrompt(name string) bool {
	if s.environment.HasPrompt == nil {
		return true
	}
	return slices.ContainsFunc(s.environment.Languages, func(language string) bool { return s.environment.HasPrompt(language, name) })
}

// LookUps are those that flows may make, by name.
func (s *Set) LookUps() map[string]LookUp { return maps.Clone(s.environment.LookUps) }

// Holds reports whether a text is of the form of a variable's kind.
func Holds(kind, text string) bool {
	k, known := kindNamed(kind)
	return known && k.holds(text)
}
