// Package graph draws flows: as SVG with a layered layout of its own, and as
// Mermaid text. Counts of callers may be drawn over steps and ways.
//
// What lives here: what stands where, and how it is written down. What must not:
// reading files, the flows' meaning. The same flows give the same drawing.
//
//	svg := graph.SVG(set.View(), graph.Options{Flow: "member-services"})
//	text := graph.Mermaid(set.View(), graph.Options{})
//
// The layout is Sugiyama's: rounds are broken by a depth-first walk, steps are
// put into layers by their longest way from the start, ways that span layers get
// bends in between, each layer is ordered so that few ways cross, and then every
// node moves as near to its neighbours as its layer's order allows. A way's label
// is a node of its own, so that no label lies on another.
package graph

import "careline/ivr"

// Options of a drawing.
type Options struct {
	// Flow to draw; empty: all of them, one below the other.
	Flow string
	// Counts are drawn on steps and ways; nil: none are.
	Counts *Counts
}

// Counts says how many callers there are, or were. A label in a step's name is
// not looked at.
type Counts struct {
	Steps map[ivr.StepName]int
	Edges map[ivr.EdgeName]int
}

// step gives a step's count.
func (c *Counts) step(s *ivr.StepView) int {
	if c == nil || s == nil {
		return 0
	}
	return c.Steps[ivr.StepName{Flow: s.Flow, Step: s.Step}]
}

// edges sums up what took some ways.
func (c *Counts) edges(names []ivr.EdgeName) int {
	if c == nil {
		return 0
	}
	sum := 0
	for _, name := range names {
		sum += c.Edges[name]
	}
	return sum
}

// chosen are the flows that are drawn.
func (o Options) chosen(flows []ivr.FlowView) []ivr.FlowView {
	if o.Flow == "" {
		return flows
	}
	for _, flow := range flows {
		if flow.Name == o.Flow {
			return []ivr.FlowView{flow}
		}
	}
	return nil
}
