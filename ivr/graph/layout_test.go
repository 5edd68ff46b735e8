package graph

import (
	"fmt"
	"math"
	"testing"

	"pgregory.net/rapid"

	"careline/ivr"
)

// anyFlow draws a flow of up to 25 steps whose ways lead anywhere.
func anyFlow(t *rapid.T) ivr.FlowView {
	flow := ivr.FlowView{Name: "f", Label: "Any flow"}
	n := rapid.IntRange(1, 25).Draw(t, "steps")
	name := func(i int) string { return fmt.Sprintf("s%d", i) }
	to := func(from ivr.StepName, via string) ivr.EdgeView {
		target, other := rapid.IntRange(0, n-1).Draw(t, "to"), "f"
		if rapid.IntRange(0, 9).Draw(t, "away") == 0 {
			other = "g"
		}
		return ivr.EdgeView{Kind: ivr.Chosen, EdgeName: ivr.EdgeName{Flow: "f", From: from.Step, Via: via, ToFlow: other, To: name(target)}}
	}
	for i := range n {
		step := ivr.StepView{StepName: ivr.StepName{Flow: "f", Step: name(i), Label: rapid.SampledFrom([]string{"A", "A step with quite a long label, longer than a line"}).Draw(t, "label")}, Verb: "menu"}
		if i > 0 && rapid.IntRange(0, 5).Draw(t, "inline") == 0 {
			step.Inline, step.Verb = true, "set"
			step.Edges = []ivr.EdgeView{{EdgeName: ivr.EdgeName{Flow: "f", From: name(i), Via: "next", ToFlow: "f", To: name(rapid.IntRange(0, i-1).Draw(t, "inner"))}}}
		} else {
			for key := range rapid.IntRange(0, 6).Draw(t, "ways") {
				step.Edges = append(step.Edges, to(step.StepName, fmt.Sprintf(`choice "%d"`, key)))
			}
		}
		flow.Steps = append(flow.Steps, step)
	}
	flow.Start = ivr.EdgeView{EdgeName: ivr.EdgeName{Via: "start", ToFlow: "f", To: "s0"}}
	return flow
}

func layout(flow ivr.FlowView) *picture {
	p := build(flow)
	p.rank()
	p.spread()
	p.order()
	p.place()
	return p
}

// TestNothingLiesOnAnything: steps and labels keep apart, within the picture, and
// forward ways lead down.
func TestNothingLiesOnAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		p := layout(anyFlow(t))
		bottom := -1.0
		for i, layer := range p.layers {
			top, lowest := math.Inf(1), math.Inf(-1)
			for j, n := range layer {
				if n.x-n.w/2 < 0 || n.x+n.w/2 > p.w || n.y-n.h/2 < 0 || n.y+n.h/2 > p.h {
					t.Fatalf("%v is outside of the picture of %.0f by %.0f", n, p.w, p.h)
				}
				if j > 0 && n.x-layer[j-1].x < apart(layer[j-1], n)-0.01 {
					t.Fatalf("layer %d: %v and %v are %.1f apart, not %.1f", i, layer[j-1].title, n.title, n.x-layer[j-1].x, apart(layer[j-1], n))
				}
				top, lowest = min(top, n.y-n.h/2), max(lowest, n.y+n.h/2)
			}
			if len(layer) > 0 && top <= bottom {
				t.Fatalf("layer %d begins at %.1f, above the end of the one before, %.1f", i, top, bottom)
			}
			bottom = max(bottom, lowest)
		}
		for _, l := range p.links {
			if !l.back && l.from != l.to && l.from.layer >= l.to.layer {
				t.Fatalf("a way leads from layer %d to layer %d and is no way back", l.from.layer, l.to.layer)
			}
		}
	})
}

// TestEveryWayIsDrawn: each way of a flow is a part of one line, whether its steps
// are drawn or folded.
func TestEveryWayIsDrawn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		flow := anyFlow(t)
		p := layout(flow)
		drawn, lines := map[ivr.EdgeName]bool{}, p.lines()
		for _, l := range p.links {
			if lines[l] == "" {
				t.Fatalf("%v has no line", l.names)
			}
			for _, name := range l.names {
				drawn[name] = true
			}
		}
		for _, step := range flow.Steps {
			for _, edge := range step.Edges {
				if !step.Inline && !drawn[edge.EdgeName] && leadsOut(flow, edge.EdgeName) {
					t.Fatalf("%v is not drawn", edge.EdgeName)
				}
			}
		}
	})
}

// leadsOut reports whether folded steps don't lead round in a circle.
func leadsOut(flow ivr.FlowView, edge ivr.EdgeName) bool {
	for range flow.Steps {
		var inner *ivr.StepView
		for i := range flow.Steps {
			if step := &flow.Steps[i]; step.Inline && edge.ToFlow == flow.Name && step.Step == edge.To {
				inner = step
			}
		}
		if inner == nil {
			return true
		}
		edge = inner.Edges[0].EdgeName
	}
	return false
}

func TestOrderingTakesCrossingsAway(t *testing.T) {
	// Two menus whose ways cross in the order written.
	edge := func(from, via, to string) ivr.EdgeView {
		return ivr.EdgeView{EdgeName: ivr.EdgeName{Flow: "f", From: from, Via: via, ToFlow: "f", To: to}}
	}
	step := func(name string, edges ...ivr.EdgeView) ivr.StepView {
		return ivr.StepView{StepName: ivr.StepName{Flow: "f", Step: name, Label: name}, Verb: "menu", Edges: edges}
	}
	flow := ivr.FlowView{Name: "f", Label: "F", Start: edge("", "start", "a"), Steps: []ivr.StepView{
		step("a", edge("a", "1", "left"), edge("a", "2", "right")),
		step("left", edge("left", "1", "x"), edge("left", "2", "y")), step("right", edge("right", "1", "z")),
		step("z"), step("y"), step("x"),
	}}
	if p := layout(flow); p.crossings() != 0 {
		t.Errorf("%d ways cross", p.crossings())
	}
}
