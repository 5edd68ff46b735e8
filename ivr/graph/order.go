package graph

import (
	"cmp"
	"slices"
)

// sweeps is how often the layers are ordered down and up again.
const sweeps = 24

// order arranges each layer so that few ways cross: each node goes to the middle
// of its neighbours, then neighbours in a layer change places where that helps.
// The best arrangement seen is kept.
func (p *picture) order() {
	best := p.crossings()
	kept := p.arrangement()
	for sweep := 0; sweep < sweeps && best > 0; sweep++ {
		down := sweep%2 == 0
		for i := range p.layers {
			layer := i
			if !down {
				layer = len(p.layers) - 1 - i
			}
			p.arrange(p.layers[layer], down)
		}
		p.swap()
		if now := p.crossings(); now < best {
			best, kept = now, p.arrangement()
		}
	}
	for i, layer := range kept {
		p.layers[i] = layer
		number(layer)
	}
}

func (p *picture) arrangement() [][]*node {
	kept := make([][]*node, len(p.layers))
	for i, layer := range p.layers {
		kept[i] = slices.Clone(layer)
	}
	return kept
}

func number(layer []*node) {
	for i, n := range layer {
		n.position = i
	}
}

// arrange sorts a layer by the middle of each node's neighbours; a node without
// any keeps its place.
func (p *picture) arrange(layer []*node, down bool) {
	middle := map[*node]float64{}
	for _, n := range layer {
		neighbours := n.above
		if !down {
			neighbours = n.below
		}
		middle[n] = float64(n.position)
		if len(neighbours) > 0 {
			middle[n] = median(neighbours)
		}
	}
	slices.SortStableFunc(layer, func(a, b *node) int { return cmp.Compare(middle[a], middle[b]) })
	number(layer)
}

// median of the places of some nodes; of an even number, the mean of both middles.
func median(nodes []*node) float64 {
	sorted := slices.SortedFunc(slices.Values(nodes), byPosition)
	i := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return float64(sorted[i].position)
	}
	return float64(sorted[i-1].position+sorted[i].position) / 2
}

// swap changes places of neighbours while that takes crossings away.
func (p *picture) swap() {
	for better, rounds := true, 0; better && rounds < sweeps; rounds++ {
		better = false
		for _, layer := range p.layers {
			for i := 0; i+1 < len(layer); i++ {
				a, b := layer[i], layer[i+1]
				if between(a.above, b.above)+between(a.below, b.below) > between(b.above, a.above)+between(b.below, a.below) {
					layer[i], layer[i+1] = b, a
					a.position, b.position = i+1, i
					better = true
				}
			}
		}
	}
}

// between counts the crossings of the ways of a node with those of its right
// neighbour.
func between(left, right []*node) int {
	crossings := 0
	for _, l := range left {
		for _, r := range right {
			if l.position > r.position {
				crossings++
			}
		}
	}
	return crossings
}

// crossings counts them all.
func (p *picture) crossings() int {
	sum := 0
	for _, layer := range p.layers {
		for i, left := range layer {
			for _, right := range layer[i+1:] {
				sum += between(left.below, right.below)
			}
		}
	}
	return sum
}
