package graph

import "math"

// Distances in the drawing's units.
const (
	// lineWide is the room that a line takes.
	lineWide = 2.0
	// besideGap lies between two nodes of a layer, lineGap between two lines.
	besideGap = 22.0
	lineGap   = 12.0
	// belowGap lies between two layers; it grows where ways lead far aside.
	belowGap    = 16.0
	mostBelow   = 40.0
	margin      = 24.0
	placeSweeps = 120
)

// place gives every node its middle.
func (p *picture) place() {
	for _, layer := range p.layers {
		x := 0.0
		for i, n := range layer {
			if i > 0 {
				x += apart(layer[i-1], n)
			}
			n.x = x
		}
	}
	for sweep := range placeSweeps {
		for i := range p.layers {
			layer := i
			if sweep%2 == 1 {
				layer = len(p.layers) - 1 - i
			}
			settle(p.layers[layer], sweep)
		}
	}
	p.straighten()
	left, right := math.Inf(1), math.Inf(-1)
	for _, layer := range p.layers {
		for _, n := range layer {
			left, right = min(left, n.x-n.w/2), max(right, n.x+n.w/2+n.loop())
		}
	}
	y := margin
	for i, layer := range p.layers {
		high, aside := 0.0, 0.0
		for _, n := range layer {
			n.x += margin - left
			high = max(high, n.h)
			for _, m := range n.above {
				aside = max(aside, math.Abs(n.x-m.x))
			}
		}
		if i > 0 {
			y += belowGap + min(mostBelow, aside/12)
		}
		for _, n := range layer {
			n.y = y + high/2
			if n.thin() { // its line goes straight down beside the others
				n.h = high
			}
		}
		y += high
	}
	p.w, p.h = right-left+2*margin, y+margin
}

// straighten has lines that cross several layers go straight down as far as there
// is room: bends one below the other get one place between all their neighbours.
func (p *picture) straighten() {
	for _, l := range p.links {
		for from := 0; from < len(l.chain); {
			if !l.chain[from].thin() {
				from++
				continue
			}
			low, high := p.room(l.chain[from])
			to := from + 1
			for ; to < len(l.chain) && l.chain[to].thin(); to++ {
				left, right := p.room(l.chain[to])
				if max(low, left) > min(high, right) {
					break
				}
				low, high = max(low, left), min(high, right)
			}
			x := min(max(l.chain[(from+to-1)/2].x, low), high)
			for _, n := range l.chain[from:to] {
				n.x = x
			}
			from = to
		}
	}
}

// room is where a node may stand between its neighbours in the layer.
func (p *picture) room(n *node) (low, high float64) {
	layer := p.layers[n.layer]
	low, high = math.Inf(-1), math.Inf(1)
	if n.position > 0 {
		left := layer[n.position-1]
		low = left.x + apart(left, n)
	}
	if n.position+1 < len(layer) {
		right := layer[n.position+1]
		high = right.x - apart(n, right)
	}
	return low, high
}

// apart is the least distance of the middles of two neighbours.
func apart(a, b *node) float64 {
	gap := besideGap
	if a.thin() || b.thin() {
		gap = lineGap
	}
	return a.w/2 + a.loop() + gap + b.w/2
}

// thin: it is a place that a line goes through, and nothing stands there.
func (n *node) thin() bool { return n.kind >= labelNode && n.w <= lineWide }

// loop is the room on a node's right for a way that leads back to itself.
func (n *node) loop() float64 {
	if n.step == nil {
		return 0
	}
	for _, edge := range n.step.Edges {
		if edge.ToFlow == n.step.Flow && edge.To == n.step.Step {
			return loopWide
		}
	}
	return 0
}

// loopWide is the room that a way takes which leads back to its own step.
const loopWide = 58.0

// settle moves the nodes of a layer as near to their neighbours as its order
// allows: the least squares under least distances, by pooling neighbours that
// would overlap (the pool adjacent violators algorithm).
func settle(layer []*node, sweep int) {
	type pool struct {
		sum, weight float64
		nodes       int
	}
	offsets := make([]float64, len(layer))
	var pools []pool
	for i, n := range layer {
		if i > 0 {
			offsets[i] = offsets[i-1] + apart(layer[i-1], n)
		}
		want, weight := n.wanted(sweep)
		last := pool{(want - offsets[i]) * weight, weight, 1}
		for len(pools) > 0 && pools[len(pools)-1].sum/pools[len(pools)-1].weight >= last.sum/last.weight {
			before := pools[len(pools)-1]
			last = pool{before.sum + last.sum, before.weight + last.weight, before.nodes + last.nodes}
			pools = pools[:len(pools)-1]
		}
		pools = append(pools, last)
	}
	i := 0
	for _, one := range pools {
		for range one.nodes {
			layer[i].x = one.sum/one.weight + offsets[i]
			i++
		}
	}
}

// wanted is where a node's neighbours want it, and how much. Those on one side
// count in the first sweeps, both in the last ones; ways that go straight through
// several layers count most.
func (n *node) wanted(sweep int) (x, weight float64) {
	sum := 0.0
	add := func(neighbours []*node) {
		for _, m := range neighbours {
			w := 1.0
			if n.kind >= labelNode {
				w *= 4
			}
			if m.kind >= labelNode {
				w *= 4
			}
			sum, weight = sum+w*m.x, weight+w
		}
	}
	if sweep%2 == 0 || sweep >= placeSweeps/2 {
		add(n.above)
	}
	if sweep%2 == 1 || sweep >= placeSweeps/2 {
		add(n.below)
	}
	if weight == 0 {
		return n.x, 0.1
	}
	return sum / weight, weight
}
