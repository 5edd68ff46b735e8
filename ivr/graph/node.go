package graph

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"careline/ivr"
)

// nodeKind says what a node stands for.
type nodeKind int

const (
	// stepNode is a step; startNode the way into the flow; awayNode a step of
	// another flow.
	stepNode nodeKind = iota
	startNode
	awayNode
	// labelNode is a way's label, bendNode a place that a long way goes through.
	labelNode
	bendNode
)

// node is something with a place.
type node struct {
	kind nodeKind
	step *ivr.StepView
	// title and detail are its lines of text.
	title  []string
	detail string
	// layer from the top, rank among the steps' layers.
	layer, rank int
	// above and below are its neighbours; one stands there as often as ways lead there.
	above, below []*node
	// position is the place in its layer.
	position int
	// x and y are the middle, in the drawing's units; w and h the size.
	x, y, w, h float64
}

// link is one or several ways from one node to another, drawn as one line.
type link struct {
	from, to *node
	// names of the ways, those within folded steps too.
	names []ivr.EdgeName
	// words of the ways, in their order.
	words []string
	kind  ivr.EdgeKind
	// back: it leads up again.
	back bool
	// chain are the nodes from the upper end to the lower one.
	chain []*node
	label *node
}

// picture is one flow, drawn.
type picture struct {
	flow   ivr.FlowView
	nodes  []*node // steps, the start, and steps of other flows
	links  []*link
	layers [][]*node
	w, h   float64
}

// sizes of text, in the drawing's units. Letters are taken as wide as the widest
// usual ones of the fonts that the drawing names.
const (
	letterWide  = 7.7
	smallWide   = 6.2
	lineHigh    = 15.0
	stepWide    = 150.0
	stepPadding = 12.0
	titleWide   = 26 // letters in a line of a title
	detailWide  = 30
	labelWide   = 34
)

// build makes the picture's nodes and links of a flow.
func build(flow ivr.FlowView) *picture {
	p := &picture{flow: flow}
	start := &node{kind: startNode, title: wrapped(flow.Label, titleWide)}
	p.nodes = append(p.nodes, start)
	byName, folded := map[string]*node{}, map[string]*ivr.StepView{}
	for i := range flow.Steps {
		step := &flow.Steps[i]
		if step.Inline && step.Verb == "set" && len(step.Edges) == 1 {
			folded[step.Step] = step
			continue
		}
		n := &node{kind: stepNode, step: step, title: wrapped(step.Label, titleWide), detail: cut(detail(step), detailWide)}
		byName[step.Step] = n
		p.nodes = append(p.nodes, n)
	}
	p.connect(start, flow.Start, byName, folded)
	for _, n := range slices.Clone(p.nodes) {
		if n.step == nil || n.step.Verb == "transfer" && n.step.Number == "" { // which its name says
			continue
		}
		for _, edge := range n.step.Edges {
			if n.step.Verb == "call" && edge.ToFlow != flow.Name { // it comes back, and its name says where it was
				continue
			}
			p.connect(n, edge, byName, folded)
		}
	}
	for _, n := range p.nodes {
		n.measure()
	}
	return p
}

// connect draws a way on, through folded steps, to the node that it leads to.
func (p *picture) connect(from *node, edge ivr.EdgeView, byName map[string]*node, folded map[string]*ivr.StepView) {
	names, word := []ivr.EdgeName{edge.EdgeName}, word(edge.Via)
	last := edge.EdgeName
	for last.ToFlow == p.flow.Name && folded[last.To] != nil {
		inner := folded[last.To]
		if inner.Label != inner.Step {
			word += " " + inner.Label
		}
		last = inner.Edges[0].EdgeName
		names = append(names, last)
	}
	to := byName[last.To]
	if last.ToFlow != p.flow.Name {
		to = p.away(from, last)
	}
	if to == nil {
		return
	}
	i := slices.IndexFunc(p.links, func(l *link) bool { return l.from == from && l.to == to })
	if i < 0 {
		p.links = append(p.links, &link{from: from, to: to, kind: edge.Kind})
		i = len(p.links) - 1
	}
	l := p.links[i]
	l.names = append(l.names, names...)
	if word != "" && !slices.Contains(l.words, word) {
		l.words = append(l.words, word)
	}
}

// away gives the node for a step of another flow, one for each step that leads there.
func (p *picture) away(from *node, edge ivr.EdgeName) *node {
	title := "→ " + edge.ToFlow
	for _, l := range p.links {
		if l.from == from && l.to.kind == awayNode && l.to.title[0] == title && l.to.detail == edge.To {
			return l.to
		}
	}
	n := &node{kind: awayNode, title: []string{title}, detail: edge.To}
	p.nodes = append(p.nodes, n)
	return n
}

// word is how a way is called in a drawing: a choice by its key, "next" not at all.
func word(via string) string {
	if key, ok := strings.CutPrefix(strings.Replace(via, "handler ", "choice ", 1), "choice "); ok {
		if plain, err := strconv.Unquote(key); err == nil {
			return plain
		}
		return key
	}
	if outcome, ok := strings.CutPrefix(via, "returns "); ok {
		via = strings.Trim(outcome, `"`)
	}
	switch via {
	case "next", "start", "transfer":
		return ""
	}
	return strings.Join(strings.Fields(via), " ")
}

// detail tells what a step does, below its label.
func detail(step *ivr.StepView) string {
	switch {
	case step.Queue != "":
		return step.Verb + " " + step.Queue
	case step.Number != "":
		return "transfer " + step.Number
	case step.Verb == "transfer" && len(step.Edges) == 1:
		to := step.Edges[0]
		if to.ToFlow != step.Flow {
			return "→ " + to.ToFlow
		}
		return "→ " + to.To
	case step.Verb == "call" && len(step.Edges) > 0:
		return "call " + step.Edges[0].ToFlow
	case len(step.Prompts) > 0 && (step.Verb == "menu" || step.Verb == "play" || step.Verb == "collect" || step.Verb == "say"):
		return step.Verb + " " + step.Prompts[0]
	}
	return step.Verb
}

// measure gives a node the size that its text needs.
func (n *node) measure() {
	wide := 0.0
	for _, line := range n.title {
		wide = max(wide, letterWide*float64(len([]rune(line))))
	}
	wide = max(wide, smallWide*float64(len([]rune(n.detail))))
	n.w, n.h = wide+2*stepPadding, lineHigh*float64(len(n.title))+stepPadding
	if n.kind == stepNode {
		n.w = max(n.w, stepWide)
	}
	if n.detail != "" {
		n.h += lineHigh
	}
}

// wrapped breaks a text into lines of some letters, three at most.
func wrapped(text string, letters int) []string {
	var lines []string
	line := ""
	for _, w := range strings.Fields(text) {
		if line != "" && len([]rune(line))+1+len([]rune(w)) > letters {
			lines, line = append(lines, cut(line, letters)), ""
		}
		line = strings.TrimSpace(line + " " + w)
	}
	lines = append(lines, cut(line, letters))
	const most = 3
	if len(lines) > most {
		lines = append(lines[:most-1], cut(lines[most-1]+" …", letters))
	}
	return lines
}

// cut shortens a text to some letters.
func cut(text string, letters int) string {
	runes := []rune(text)
	if len(runes) <= letters {
		return text
	}
	return string(runes[:letters-1]) + "…"
}

// text is what stands on a link.
func (l *link) text() string { return cut(strings.Join(l.words, " · "), labelWide) }

// byPosition orders a layer.
func byPosition(a, b *node) int { return cmp.Compare(a.position, b.position) }
