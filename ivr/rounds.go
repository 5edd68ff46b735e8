package ivr

import "slices"

// loops finds rounds in which the caller is never waited for: such a call would
// never end and never be heard.
func (c *checker) loops() (found bool) {
	told := map[*step]bool{}
	for _, s := range c.inRounds(c.hasty) {
		if told[s] {
			continue
		}
		round := roundFrom(s, c.hasty)
		for _, member := range round {
			told[member] = true
		}
		c.add(s.flow.source.at(s.node, "these steps go round and round without waiting for the caller: %s", trail(round)).
			Hint("put a menu into the round, so that the caller can say what comes next"))
		found = true
	}
	return found
}

// hasty edges are taken without waiting for the caller.
func (c *checker) hasty(s *step, e *edge) bool {
	if a, ok := s.action.(*callAction); ok && e != &a.to {
		return c.within(a, e) > 0
	}
	return !e.kind.waits()
}

// inRounds lists the steps that lie on some round of edges that pass, as they
// stand in the files (Tarjan: strongly connected components, 1972).
func (c *checker) inRounds(pass func(*step, *edge) bool) []*step {
	var stack, found []*step
	number, low := map[*step]int{}, map[*step]int{}
	onStack := map[*step]bool{}
	var visit func(s *step)
	visit = func(s *step) {
		number[s], low[s] = len(number)+1, len(number)+1
		stack, onStack[s] = append(stack, s), true
		self := false
		for _, e := range s.ways() {
			switch {
			case e.to == nil || !pass(s, e):
			case number[e.to] == 0:
				visit(e.to)
				low[s] = min(low[s], low[e.to])
			case onStack[e.to]:
				low[s] = min(low[s], number[e.to])
				self = self || e.to == s
			}
		}
		if low[s] != number[s] {
			return
		}
		i := slices.Index(stack, s)
		round := slices.Clone(stack[i:])
		stack = stack[:i]
		for _, member := range round {
			onStack[member] = false
		}
		if len(round) > 1 || self {
			found = append(found, round...)
		}
	}
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if number[s] == 0 {
				visit(s)
			}
		}
	}
	order := map[*step]int{}
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			order[s] = len(order)
		}
	}
	slices.SortFunc(found, func(a, b *step) int { return order[a] - order[b] })
	return found
}

// roundFrom gives the shortest round from a step back to it, the step at both
// ends; nil if there is none.
func roundFrom(s *step, pass func(*step, *edge) bool) []*step {
	next := passing(pass)
	var from []*step
	for _, e := range next(s) {
		if e.to != nil {
			from = append(from, e.to)
		}
	}
	before := walk(from, next)
	if _, found := before[s]; !found {
		return nil
	}
	return append([]*step{s}, wayTo(before, s)...)
}

// budget finds ways on which a run would enter more than StepBudget steps
// without waiting for the caller, and give up. There are no rounds among them.
func (c *checker) budget() {
	lengths := map[*step]int{}
	var length func(s *step) int
	length = func(s *step) int {
		if known, ok := lengths[s]; ok {
			return known
		}
		longest := 0
		for _, e := range s.ways() {
			if e.to == nil || !c.hasty(s, e) {
				continue
			}
			within := 0
			if a, ok := s.action.(*callAction); ok && e != &a.to {
				within = c.within(a, e)
			}
			longest = max(longest, within+length(e.to))
		}
		lengths[s] = longest + 1
		return longest + 1
	}
	var worst *step
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if worst == nil || length(s) > length(worst) {
				worst = s
			}
		}
	}
	if worst != nil && length(worst) > StepBudget {
		c.add(worst.flow.source.at(worst.node, "from step %q on, a call can go through %d steps without waiting for the caller", worst.name, length(worst)).
			Hint("at most %d are taken: put a menu in between, play several prompts in one step, or set several variables in one", StepBudget))
	}
}
