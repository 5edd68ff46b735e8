package flowtest

import (
	"fmt"

	"careline/ivr"
)

// Coverage tells which steps and ways on were gone through.
type Coverage struct {
	Steps, Edges Share
	// Flows in the order of their names.
	Flows []FlowCoverage
}

// FlowCoverage is the coverage of one flow.
type FlowCoverage struct {
	Flow         string
	Steps, Edges Share
	// MissedSteps and MissedEdges were not gone through, in the order written.
	MissedSteps []ivr.StepView
	MissedEdges []ivr.EdgeView
}

// Share is how many of all were gone through.
type Share struct{ Covered, All int }

// String gives the share as "212 of 230".
func (s Share) String() string { return fmt.Sprintf("%d of %d", s.Covered, s.All) }

// Percent is the share in whole percent, rounded down: 100 means all. Of none,
// all are.
func (s Share) Percent() int {
	if s.All == 0 {
		return 100
	}
	return 100 * s.Covered / s.All
}

func (s *Share) count(covered bool) {
	s.All++
	if covered {
		s.Covered++
	}
}

// Visits counts how often calls entered steps and took ways on.
type Visits struct {
	// Steps by flow and name; labels are left empty.
	Steps map[ivr.StepName]int
	Edges map[ivr.EdgeName]int
}

// NewVisits begins to count.
func NewVisits() Visits {
	return Visits{Steps: map[ivr.StepName]int{}, Edges: map[ivr.EdgeName]int{}}
}

// Took counts a way on, and the step that it leads to.
func (v Visits) Took(edge ivr.EdgeName) {
	v.Edges[edge]++
	v.Steps[ivr.StepName{Flow: edge.ToFlow, Step: edge.To}]++
}

// Coverage compares what was gone through with what there is.
func (v Visits) Coverage(set *ivr.Set) Coverage {
	var total Coverage
	for _, view := range set.View() {
		flow := FlowCoverage{Flow: view.Name}
		for _, step := range view.Steps {
			visited := v.Steps[ivr.StepName{Flow: step.Flow, Step: step.Step}] > 0
			flow.Steps.count(visited)
			if !visited {
				flow.MissedSteps = append(flow.MissedSteps, step)
			}
			for _, edge := range step.Edges {
				taken := v.Edges[edge.EdgeName] > 0
				flow.Edges.count(taken)
				if !taken {
					flow.MissedEdges = append(flow.MissedEdges, edge)
				}
			}
		}
		total.Steps.Covered, total.Steps.All = total.Steps.Covered+flow.Steps.Covered, total.Steps.All+flow.Steps.All
		total.Edges.Covered, total.Edges.All = total.Edges.Covered+flow.Edges.Covered, total.Edges.All+flow.Edges.All
		total.Flows = append(total.Flows, flow)
	}
	return total
}
