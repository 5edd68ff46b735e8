package graph

import "slices"

// rank puts the nodes into layers by their longest way from the start, and marks
// the ways that lead back up.
func (p *picture) rank() {
	out := map[*node][]*link{}
	for _, l := range p.links {
		out[l.from] = append(out[l.from], l)
	}
	// A way to a node that is being walked through closes a round.
	const (
		walking = 1
		walked  = 2
	)
	state, order := map[*node]int{}, []*node(nil)
	var walk func(n *node)
	walk = func(n *node) {
		state[n] = walking
		for _, l := range out[n] {
			switch state[l.to] {
			case walking:
				l.back = true
			case walked:
			default:
				walk(l.to)
			}
		}
		state[n] = walked
		order = append(order, n)
	}
	for _, n := range p.nodes {
		if state[n] == 0 {
			walk(n)
		}
	}
	slices.Reverse(order)
	for _, n := range order {
		for _, l := range out[n] {
			if !l.back {
				l.to.rank = max(l.to.rank, n.rank+1)
			}
		}
	}
	p.pull(order, out)
}

// pull moves nodes without a way in, such as those that another flow leads to, down
// to just above where they lead.
func (p *picture) pull(order []*node, out map[*node][]*link) {
	led := map[*node]bool{}
	for _, l := range p.links {
		led[l.to] = led[l.to] || !l.back
	}
	for i := len(order) - 1; i >= 0; i-- {
		n := order[i]
		if led[n] || n.kind == startNode {
			continue
		}
		lowest := -1
		for _, l := range out[n] {
			if !l.back && (lowest < 0 || l.to.rank < lowest) {
				lowest = l.to.rank
			}
		}
		n.rank = max(n.rank, lowest-1)
	}
}

// spread gives each node its layer, steps in the even ones and labels in the odd
// ones, and long ways a bend in each layer that they cross.
func (p *picture) spread() {
	last := 0
	for _, n := range p.nodes {
		n.layer = 2 * n.rank
		last = max(last, n.layer)
	}
	p.layers = make([][]*node, last+1)
	for _, n := range p.nodes {
		p.put(n)
	}
	for _, l := range p.links {
		if l.from == l.to {
			continue
		}
		upper, lower, labelled := l.from, l.to, l.from.layer+1
		if l.back {
			upper, lower, labelled = l.to, l.from, l.from.layer-1
		}
		l.chain = []*node{upper}
		for layer := upper.layer + 1; layer < lower.layer; layer++ {
			n := &node{kind: bendNode, layer: layer, w: lineWide}
			if layer == labelled {
				n.kind = labelNode
				l.label = n
				if text := l.text(); text != "" {
					n.w, n.h = smallWide*float64(len([]rune(text)))+10, lineHigh
				}
			}
			p.put(n)
			l.chain = append(l.chain, n)
		}
		l.chain = append(l.chain, lower)
		for i, n := range l.chain[1:] {
			n.above = append(n.above, l.chain[i])
			l.chain[i].below = append(l.chain[i].below, n)
		}
	}
}

func (p *picture) put(n *node) {
	n.position = len(p.layers[n.layer])
	p.layers[n.layer] = append(p.layers[n.layer], n)
}
