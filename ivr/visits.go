package ivr

import (
	"slices"
	"strings"
)

// maxChains bounds in how many ways flows may call each other: a step is looked at
// once for each of them.
const maxChains = 10_000

// visit is a step as a call may be in it: with the flows that wait for a return.
type visit struct {
	step   *step
	inside *chain
}

// chain is a sub-flow that is gone through, by the step that called it, within
// another or none.
type chain struct {
	by     *step
	within *chain
}

// hop is a way on from a visit.
type hop struct {
	edge *edge
	to   int
}

// visits are all that calls can be in, nearest first, with the ways between them. (The
// prover has places besides: it follows what is known there and whose values are.)
type visits struct {
	at   []visit
	hops [][]hop
	// before is the visit that each was first come to from; -1 for none.
	before  []int
	numbers map[visit]int
	chains  map[chain]*chain
	// tooMany is a step that calls a flow beyond maxChains; nil for none.
	tooMany *step
}

// visitsFrom goes through flows from their starts. Flows must not call themselves.
func visitsFrom(entries []*flow) *visits {
	v := &visits{numbers: map[visit]int{}, chains: map[chain]*chain{}}
	for _, f := range entries {
		if f.start.to != nil {
			v.number(visit{step: f.start.to}, -1)
		}
	}
	for i := 0; i < len(v.at); i++ {
		for _, e := range v.at[i].step.ways() {
			if to, ok := v.along(v.at[i], e); ok {
				v.hops[i] = append(v.hops[i], hop{e, v.number(to, i)})
			}
		}
		if a, ok := v.at[i].step.action.(*returnAction); ok && v.at[i].inside != nil {
			inside := v.at[i].inside
			if e := inside.by.action.(*callAction).outcome(a.outcome); e != nil && e.to != nil {
				v.hops[i] = append(v.hops[i], hop{e, v.number(visit{e.to, inside.within}, i)})
			}
		}
	}
	return v
}

// along takes an edge. What a call goes to when its flow returns is taken there.
func (v *visits) along(from visit, e *edge) (visit, bool) {
	if e.to == nil {
		return visit{}, false
	}
	switch a := from.step.action.(type) {
	case *callAction:
		if e != &a.to {
			return visit{}, false
		}
		key := chain{from.step, from.inside}
		if v.chains[key] == nil {
			if len(v.chains) == maxChains {
				v.tooMany = from.step
				return visit{}, false
			}
			v.chains[key] = &key
		}
		return visit{e.to, v.chains[key]}, true
	case *transferAction:
		return visit{step: e.to}, true
	}
	return visit{e.to, from.inside}, true
}

// number gives a visit's place in the list; a new one is put at its end.
func (v *visits) number(at visit, before int) int {
	n, known := v.numbers[at]
	if !known {
		n = len(v.at)
		v.numbers[at] = n
		v.at, v.hops, v.before = append(v.at, at), append(v.hops, nil), append(v.before, before)
	}
	return n
}

// way writes the way that a visit was first come to by.
func (v *visits) way(to int) string {
	var steps []*step
	for i := to; i >= 0; i = v.before[i] {
		steps = append(steps, v.at[i].step)
	}
	slices.Reverse(steps)
	return trail(steps)
}

// from gives the visits that can be reached from one, itself among them.
func (v *visits) from(start int) []int {
	seen, line := map[int]bool{start: true}, []int{start}
	for i := 0; i < len(line); i++ {
		for _, h := range v.hops[line[i]] {
			if !seen[h.to] {
				seen[h.to] = true
				line = append(line, h.to)
			}
		}
	}
	return line
}

// asks reports whether the caller is asked something here.
func (s *step) asks() bool {
	return slices.ContainsFunc(s.ways(), func(e *edge) bool { return e.kind == chosen || e.kind == silent })
}

// names writes steps' names, each once, with a flow where it isn't the first's.
func names(of *flow, steps []*step) string {
	var all []string
	for _, s := range steps {
		name := s.name
		if s.flow != of {
			name = s.flow.name + ": " + name
		}
		if !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return strings.Join(all, ", ")
}
