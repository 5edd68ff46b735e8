package compare

import (
	"slices"
	"strings"

	"careline/ivr"
)

// reach is whom callers come to who begin in a flow.
type reach struct {
	// there: the flow is.
	there bool
	// queues by name, each with the way of the fewest answers.
	queues map[string]way
	// silent are the queues that a caller comes to who presses nothing.
	silent []string
}

// way leads to a queue.
type way struct {
	// answers that a caller gives on it: choices, numbers, being verified.
	answers int
	// trail names its steps.
	trail string
}

// place is a step of a flow.
type place struct{ flow, step string }

// ways follows callers from a flow's start, through all flows.
func ways(views map[string]ivr.FlowView, name string) reach {
	found := reach{queues: map[string]way{}}
	view, there := views[name]
	if !there {
		return found
	}
	found.there = true
	steps := map[place]ivr.StepView{}
	for _, v := range views {
		for _, s := range v.Steps {
			steps[place{s.Flow, s.Step}] = s
		}
	}
	start := place{view.Start.ToFlow, view.Start.To}
	before := fewest(steps, start, func(step ivr.StepView, edge ivr.EdgeView) (answers int, ok bool) {
		if edge.Kind == ivr.Chosen || step.Verb == "verify" {
			return 1, edge.Kind == ivr.Chosen || edge.Kind == ivr.Onward
		}
		return 0, edge.Kind == ivr.Onward
	})
	for at, from := range before {
		queue := steps[at].Queue
		old, known := found.queues[queue]
		now := way{from.answers, trail(before, at, name)}
		if queue != "" && (!known || now.answers < old.answers || now.answers == old.answers && now.trail < old.trail) {
			found.queues[queue] = now
		}
	}
	for at := range fewest(steps, start, func(step ivr.StepView, edge ivr.EdgeView) (int, bool) {
		return 0, edge.Kind == ivr.Silent || edge.Kind == ivr.Onward && step.Verb != "verify"
	}) {
		if queue := steps[at].Queue; queue != "" && !slices.Contains(found.silent, queue) {
			found.silent = append(found.silent, queue)
		}
	}
	slices.Sort(found.silent)
	return found
}

// step is how a place is come to.
type step struct {
	answers int
	from    place
}

// fewest finds for each place that can be come to the way of the fewest answers.
// Places are taken by their answers, and those that need the same in the order
// found, so that the same flows give the same ways.
func fewest(steps map[place]ivr.StepView, start place, follow func(ivr.StepView, ivr.EdgeView) (answers int, ok bool)) map[place]step {
	before := map[place]step{start: {}}
	done := map[place]bool{}
	lines := [][]place{{start}}
	for answers := 0; answers < len(lines); answers++ {
		for i := 0; i < len(lines[answers]); i++ {
			at := lines[answers][i]
			if done[at] {
				continue
			}
			done[at] = true
			if steps[at].Queue != "" { // a person is there
				continue
			}
			for _, edge := range steps[at].Edges {
				more, ok := follow(steps[at], edge)
				to := place{edge.ToFlow, edge.To}
				old, known := before[to]
				if !ok || known && old.answers <= answers+more {
					continue
				}
				before[to] = step{answers + more, at}
				for len(lines) <= answers+more {
					lines = append(lines, nil)
				}
				lines[answers+more] = append(lines[answers+more], to)
			}
		}
	}
	return before
}

// trail names the steps on the way to a place; a flow is named where it changes.
func trail(before map[place]step, to place, flow string) string {
	var names []string
	for at := to; at != (place{}); at = before[at].from {
		name := at.step
		if from := before[at].from; from.flow != at.flow && (from != place{} || at.flow != flow) {
			name = at.flow + ": " + name
		}
		names = append(names, name)
	}
	slices.Reverse(names)
	return strings.Join(names, " → ")
}
