package graph

import (
	"fmt"
	"slices"
	"strings"
)

// ports are the places on a node's lower or upper side where lines begin or end,
// from left to right by where they lead.
type ports map[*node]map[*node][]float64

// portGap is the most that two ports are apart.
const portGap = 20.0

// take gives the next port of a node towards a neighbour.
func (p ports) take(n, towards *node) float64 {
	free := p[n][towards]
	if len(free) == 0 {
		return n.x
	}
	p[n][towards] = free[1:]
	return free[0]
}

func portsOf(layers [][]*node, side func(*node) []*node) ports {
	all := ports{}
	for _, layer := range layers {
		for _, n := range layer {
			neighbours := slices.SortedStableFunc(slices.Values(side(n)), byPosition)
			all[n] = map[*node][]float64{}
			gap := 0.0
			if len(neighbours) > 1 {
				gap = min(portGap, max(0, n.w-2*stepPadding)/float64(len(neighbours)-1))
			}
			for i, m := range neighbours {
				x := n.x + gap*(float64(i)-float64(len(neighbours)-1)/2)
				all[n][m] = append(all[n][m], x)
			}
		}
	}
	return all
}

// point is a place of a line.
type point struct{ x, y float64 }

// lines gives each link its line, as SVG's path data, in its own direction.
func (p *picture) lines() map[*link]string {
	below := portsOf(p.layers, func(n *node) []*node { return n.below })
	above := portsOf(p.layers, func(n *node) []*node { return n.above })
	paths := map[*link]string{}
	for _, l := range p.links {
		if l.from == l.to {
			paths[l] = l.round()
			continue
		}
		var points []point
		for i, n := range l.chain {
			if i > 0 {
				points = append(points, point{above.take(n, l.chain[i-1]), n.y - n.h/2})
			}
			if i+1 < len(l.chain) {
				points = append(points, point{below.take(n, l.chain[i+1]), n.y + n.h/2})
			}
		}
		if l.back {
			slices.Reverse(points)
		}
		paths[l] = curve(points)
	}
	return paths
}

// curve joins points by lines that leave and arrive upright.
func curve(points []point) string {
	var path strings.Builder
	fmt.Fprintf(&path, "M%.1f %.1f", points[0].x, points[0].y)
	for i, to := range points[1:] {
		from := points[i]
		middle := (from.y + to.y) / 2
		switch {
		case from == to:
		case from.x == to.x:
			fmt.Fprintf(&path, "L%.1f %.1f", to.x, to.y)
		default:
			fmt.Fprintf(&path, "C%.1f %.1f %.1f %.1f %.1f %.1f", from.x, middle, to.x, middle, to.x, to.y)
		}
	}
	return path.String()
}

// round leads from a step's right side back to it.
func (l *link) round() string {
	n := l.from
	x := n.x + n.w/2
	return fmt.Sprintf("M%.1f %.1fC%.1f %.1f %.1f %.1f %.1f %.1f", x, n.y-8, x+26, n.y-14, x+26, n.y+14, x, n.y+8)
}

// caption is where a link's label stands.
func (l *link) caption() (at point, anchor string) {
	if l.from == l.to {
		return point{l.from.x + l.from.w/2 + 22, l.from.y}, "start"
	}
	return point{l.label.x, l.label.y}, "middle"
}
