package ivr

import (
	"container/heap"
	"fmt"
	"slices"
	"strings"
)

const (
	// DefaultPersonWithin is how many keys a caller presses at most, wherever she is
	// asked something, to reach a person.
	DefaultPersonWithin = 2
	// MaxPersonWithin bounds what a flow or a site may ask for.
	MaxPersonWithin = 20
)

// staffed is a step where a person takes the call.
type staffed interface{ staffed() }

func (*queueAction) staffed()    {}
func (*escalateAction) staffed() {}

// keyedIn is a step whose ways on take more than one key, or none.
type keyedIn interface {
	// presses are the keys that a way on takes.
	presses(e *edge) int
}

func (a *menuAction) presses(e *edge) int {
	for key, way := range a.choices {
		if way == e {
			return len(key)
		}
	}
	return 0
}

func (a *collectAction) presses(e *edge) int {
	if e == &a.next {
		return a.min
	}
	return 0
}

func (a *verifyAction) presses(e *edge) int {
	if e == &a.noInput.next || e == &a.noMatch.next {
		return 0
	}
	digits := 0
	for _, field := range a.fields {
		digits += field.digits
	}
	return digits
}

// presses are the keys that a way on from a step takes. Saying nothing takes none, and
// neither does what isn't the caller's to decide.
func (s *step) presses(e *edge) int {
	if a, ok := s.action.(keyedIn); ok {
		return a.presses(e)
	}
	if e.kind == chosen {
		return 1
	}
	return 0
}

// unreached is farther than any person is.
const unreached = 1 << 30

// nearest tells of each visit how many keys a person is away, and by which hop (Dijkstra:
// A note on two problems in connexion with graphs, 1959). A person on a line that is
// closed, full or slow is reached: what comes then is asked for by itself.
func (v *visits) nearest() (away, by []int) {
	type arrow struct{ from, hop, keys int }
	into := make([][]arrow, len(v.at))
	for i, hops := range v.hops {
		for n, h := range hops {
			into[h.to] = append(into[h.to], arrow{i, n, v.at[i].step.presses(h.edge)})
		}
	}
	away, by = make([]int, len(v.at)), make([]int, len(v.at))
	line := &nearestFirst{away: away}
	for i, at := range v.at {
		away[i], by[i] = unreached, -1
		_, person := at.step.action.(staffed)
		if _, returns := at.step.action.(*returnAction); person || returns && at.inside == nil { // which is told of by itself
			away[i] = 0
			heap.Push(line, i)
		}
	}
	for line.Len() > 0 {
		here := heap.Pop(line).(int)
		for _, a := range into[here] {
			if keys := away[here] + a.keys; keys < away[a.from] {
				away[a.from], by[a.from] = keys, a.hop
				heap.Push(line, a.from)
			}
		}
	}
	return away, by
}

// nearestFirst is a heap of visits.
type nearestFirst struct{ line, away []int }

func (h *nearestFirst) Len() int           { return len(h.line) }
func (h *nearestFirst) Less(i, j int) bool { return h.away[h.line[i]] < h.away[h.line[j]] }
func (h *nearestFirst) Swap(i, j int)      { h.line[i], h.line[j] = h.line[j], h.line[i] }
func (h *nearestFirst) Push(x any)         { h.line = append(h.line, x.(int)) }
func (h *nearestFirst) Pop() any {
	last := h.line[len(h.line)-1]
	h.line = h.line[:len(h.line)-1]
	return last
}

// persons finds questions from which no person can be reached by few keys: a caller
// who doesn't find her way among them gives up.
func (c *checker) persons(v *visits) {
	away, by := v.nearest()
	told := map[*step]bool{}
	trapped := map[int]bool{} // visits from which one that was told of is reached
	for i, at := range v.at {
		limit := c.personWithin(at.step.flow)
		if limit == 0 || away[i] <= limit || told[at.step] || !at.step.asks() {
			continue
		}
		if away[i] == unreached {
			reached := v.from(i)
			if !slices.ContainsFunc(reached, func(other int) bool { return trapped[other] }) {
				c.trap(v, i, reached)
				told[at.step] = true
			}
			for _, other := range reached {
				trapped[other] = trapped[other] || v.at[other].step.asks()
			}
			continue
		}
		if !c.farLater(v, i, away, by) {
			c.far(v, i, away, by, limit)
			told[at.step] = true
		}
	}
}

// personWithin is a flow's own limit, or the site's; 0 for none.
func (c *checker) personWithin(f *flow) int {
	if f.personWithin != nil {
		return *f.personWithin
	}
	return c.set.environment.PersonWithin
}

// farLater reports whether a person is too far from a later question on the way, too:
// mending that one may mend this one.
func (c *checker) farLater(v *visits, i int, away, by []int) bool {
	for by[i] >= 0 {
		i = v.hops[i][by[i]].to
		limit := c.personWithin(v.at[i].step.flow)
		if v.at[i].step.asks() && limit > 0 && away[i] > limit {
			return true
		}
	}
	return false
}

func (c *checker) far(v *visits, i int, away, by []int, limit int) {
	s := v.at[i].step
	var way strings.Builder
	way.WriteString(s.name)
	for at := i; by[at] >= 0; {
		h := v.hops[at][by[at]]
		from, to := v.at[at].step, v.at[h.to].step
		if h.edge.kind == chosen || h.edge.kind == silent {
			fmt.Fprintf(&way, " (%s)", h.edge.via)
		}
		way.WriteString(" → ")
		if to.flow != from.flow {
			way.WriteString(to.flow.name + ": ")
		}
		way.WriteString(to.name)
		at = h.to
	}
	c.add(s.flow.source.at(s.node, "from step %q a person is %d keys away, by %s", s.name, away[i], way.String()).
		Hint(`at most %d are pressed: let a key, or pressing nothing, lead there sooner, as handlers: {"0": person} does in all menus; person_within allows more`, limit))
}

// trap tells of a question that no key leads from to a person.
func (c *checker) trap(v *visits, i int, reached []int) {
	s := v.at[i].step
	var ends []*step
	for _, n := range reached {
		if len(v.hops[n]) == 0 {
			ends = append(ends, v.at[n].step)
		}
	}
	leads := "it goes round for ever"
	if len(ends) > 0 {
		leads = "it ends at " + names(s.flow, ends)
	}
	c.add(s.flow.source.at(s.node, "from step %q no key leads to a person, and neither does pressing nothing: %s, on the way %s", s.name, leads, v.way(i)).
		Hint(`let a key, or pressing nothing, lead to a queue, as handlers: {"0": person} does in all menus; or write person_within: 0 above the steps of a flow that is for no person`))
}

// personWithin reads a flow's own limit; nil if it has none.
func (p *parser) personWithin(text flowText) *int {
	if text.PersonWithin.Kind == 0 {
		return nil
	}
	n := p.whole(&text.PersonWithin, DefaultPersonWithin, 0, MaxPersonWithin)
	return &n
}
