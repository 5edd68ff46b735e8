package ivr

import "slices"

// facts that are known to hold on a path through the flows.
type facts uint8

const (
	factVerified facts = 1 << iota
	factState
	factIsMember
	factIsRepresentative
	factIsProvider
)

// place is a step as a call may come to it: what is known on that way, one value
// that is somebody's (or none), and the sub-flow it is in. There are at most
// steps × facts × (1 + values × labels) × frames of them, so a proof takes time
// that grows with the flows, not with the ways through them; and since what a
// step makes of one value never depends on another's label, nothing is lost by
// following one at a time (Reps, Horwitz, Sagiv: Precise interprocedural dataflow
// analysis via graph reachability, POPL 1995).
type place struct {
	step    *step
	known   facts
	carries carry
	inside  *frame
}

// carry is a value that is somebody's; the zero carry is none.
type carry struct {
	value string
	label label
}

// frame is a sub-flow as it is entered: all calls that enter it alike share what
// is found in it.
type frame struct {
	start   *step
	known   facts
	carries carry
}

// origin is where a place was come to from. call is the calling step's place if
// from is the return of a sub-flow.
type origin struct{ from, call place }

// prover follows every way that a call can take, nearest places first.
type prover struct {
	touches map[*step][]touch
	before  map[place]origin
	line    []place
	frames  map[frame]*frame
	callers map[*frame][]place
	returns map[*frame][]place
}

func newProver() *prover {
	return &prover{
		touches: map[*step][]touch{}, before: map[place]origin{}, frames: map[frame]*frame{},
		callers: map[*frame][]place{}, returns: map[*frame][]place{},
	}
}

// touched gives a step's touches.
func (p *prover) touched(s *step) []touch {
	all, ok := p.touches[s]
	if !ok && s.action != nil {
		all = s.action.touches()
		p.touches[s] = all
	}
	return all
}

// follow visits every place that can be reached from some flows.
func (p *prover) follow(entries []*flow, visit func(place)) {
	for _, f := range entries {
		if f.start.to != nil {
			p.reach(place{step: f.start.to}, origin{})
		}
	}
	for len(p.line) > 0 {
		here := p.line[0]
		p.line = p.line[1:]
		visit(here)
		switch a := here.step.action.(type) {
		case *callAction:
			p.call(here, a)
		case *returnAction:
			p.giveBack(here)
		default:
			for _, e := range here.step.ways() {
				p.take(here, e)
			}
		}
	}
}

func (p *prover) reach(there place, from origin) {
	if _, been := p.before[there]; been {
		return
	}
	p.before[there] = from
	p.line = append(p.line, there)
}

// take follows an edge: what it shows to be true, and what becomes of the value
// that is carried.
func (p *prover) take(here place, e *edge) {
	if e.to == nil {
		return
	}
	there := place{step: e.to, known: here.known | e.proves, inside: here.inside}
	switch a := here.step.action.(type) {
	case *transferAction:
		there.inside = nil
	case *verifyAction:
		there.known = a.known(here.known, e)
	}
	if !there.known.possible() {
		return
	}
	touches := p.touched(here.step)
	writes := writtenOn(touches, e)
	for _, w := range writes {
		if w.value == valueState {
			there.known |= factState
		}
	}
	for _, c := range carried(here, touches, writes) {
		there.carries = c
		p.reach(there, origin{from: here})
	}
}

// carried gives what a place's value becomes by writes in their order. From no
// value come those that the step reads for itself.
func carried(here place, touches, writes []touch) []carry {
	all := []carry{here.carries}
	for _, w := range writes {
		var more []carry
		for _, c := range all {
			if c != (carry{}) && slices.Contains(w.from, c.value) {
				more = append(more, carry{w.value, c.label})
			}
		}
		all = slices.DeleteFunc(all, func(c carry) bool { return c.value == w.value })
		if l := w.given(here.known, touches); here.carries == (carry{}) && l != labelPublic {
			more = append(more, carry{w.value, l})
		}
		all = append(all, more...)
	}
	return all
}

// given is the label of what is written, by itself.
func (t touch) given(known facts, touches []touch) label {
	l := t.label
	if slices.ContainsFunc(t.from, isFact) {
		l |= labelMember
	}
	if l&labelMember == 0 {
		return l
	}
	var asked []string
	for _, other := range touches {
		if other.how == passed {
			asked = append(asked, other.value)
		}
	}
	return l&^labelMember | boundBy(append(asked, t.from...), known&factVerified != 0)
}

// way gives the places on the way to one, from the beginning of the call, or of
// the frame that is given.
func (p *prover) way(to place, of *frame) []place {
	var places []place
	for at := to; at.step != nil; {
		places = append(places, at)
		if of != nil && at == of.entry() {
			break
		}
		from := p.before[at]
		if from.call.step != nil {
			within := p.way(from.from, from.from.inside)
			slices.Reverse(within)
			places = append(places, within...)
			at = from.call
			continue
		}
		at = from.from
	}
	slices.Reverse(places)
	return places
}

// trail writes the way to a place, and finds the step that gave its value.
func (p *prover) trail(to place) (text string, source *step) {
	var steps []*step
	for _, at := range p.way(to, nil) {
		steps = append(steps, at.step)
	}
	return trail(steps), p.source(to)
}

// source is the step that gave the value which a place carries; nil if it carries
// none. A sub-flow may have been passed by meanwhile.
func (p *prover) source(at place) *step {
	for at.carries != (carry{}) && at.step != nil {
		from := p.before[at]
		switch {
		case from.call.step != nil && from.from.carries == (carry{}):
			at = from.call
		default:
			at = from.from
		}
	}
	return at.step
}

// call enters a sub-flow. What only the caller knows waits until it returns.
func (p *prover) call(here place, a *callAction) {
	if a.to.to == nil {
		return
	}
	none := carry{}
	if here.carries.value != "reason" { // which goes along, since it is the call's
		p.enter(here, a, none)
	}
	if here.carries == none {
		return
	}
	if here.carries.value == "reason" {
		p.enter(here, a, here.carries)
	}
	for _, given := range a.with {
		if slices.Contains(given.reads(), here.carries.value) {
			p.enter(here, a, carry{given.name, here.carries.label})
		}
	}
}

func (p *prover) enter(here place, a *callAction, c carry) {
	key := frame{a.to.to, here.known, c}
	f := p.frames[key]
	if f == nil {
		f = &key
		p.frames[key] = f
	}
	p.callers[f] = append(p.callers[f], here)
	p.reach(f.entry(), origin{from: here})
	for _, end := range p.returns[f] {
		p.resume(here, f, end)
	}
}

// entry is where a frame begins.
func (f *frame) entry() place {
	return place{step: f.start, known: f.known, carries: f.carries, inside: f}
}

// giveBack goes on behind a sub-flow, wherever it was called.
func (p *prover) giveBack(end place) {
	f := end.inside
	if f == nil {
		return
	}
	p.returns[f] = append(p.returns[f], end)
	for _, caller := range p.callers[f] {
		p.resume(caller, f, end)
	}
}

func (p *prover) resume(caller place, f *frame, end place) {
	a := caller.step.action.(*callAction)
	e := a.outcome(end.step.action.(*returnAction).outcome)
	if e == nil || e.to == nil {
		return
	}
	there := place{step: e.to, known: end.known | e.proves, inside: caller.inside}
	if !there.known.possible() {
		return
	}
	from := origin{from: end, call: caller}
	none := carry{}
	if caller.carries != none && f.carries == none { // it waited for the return
		if end.carries == none && !slices.ContainsFunc(a.into, func(b binding) bool { return b.mine == caller.carries.value }) {
			there.carries = caller.carries
			p.reach(there, from)
		}
		return
	}
	if end.carries == none && caller.carries == none || end.carries.value == "reason" {
		there.carries = end.carries
		p.reach(there, from)
	}
	for _, b := range a.into {
		if end.carries != none && b.theirs == end.carries.value {
			there.carries = carry{b.mine, end.carries.label}
			p.reach(there, from)
		}
	}
}
