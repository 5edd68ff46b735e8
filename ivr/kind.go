package ivr

import (
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// variableKind is what a variable holds, wherever it is given a value. A run
// keeps all of them as texts, in the form told here.
type variableKind int

const (
	textVariable variableKind = iota
	// numberVariable is a whole number: "-3".
	numberVariable
	// truthVariable is "true" or "false".
	truthVariable
	// dateVariable is a day as YYYY-MM-DD; conditions compare it as a text.
	dateVariable
	// moneyVariable is dollars with at most two decimals: "12.50".
	moneyVariable
	// keyedVariable is what a caller keyed in.
	keyedVariable
)

// String is the admin's word for a kind.
func (k variableKind) String() string { return kindNames()[k] }

func kindNames() []string { return []string{"text", "number", "truth", "date", "money", "keyed"} }

// kindNamed finds a kind by the admin's word for it.
func kindNamed(name string) (variableKind, bool) {
	i := slices.Index(kindNames(), name)
	return variableKind(max(i, 0)), i >= 0
}

// phrase says in a sentence what a variable of a kind is.
func (k variableKind) phrase() string {
	if k == keyedVariable {
		return "keyed in by the caller"
	}
	return "a " + k.String()
}

// literalKind tells what a value written in a flow is: without quotes, a number,
// a truth or a date is one.
func literalKind(node *yaml.Node) variableKind {
	switch node.Tag {
	case "!!int":
		if n, err := strconv.Atoi(node.Value); err == nil && strconv.Itoa(n) == node.Value {
			return numberVariable
		}
	case "!!bool":
		if node.Value == "true" || node.Value == "false" {
			return truthVariable
		}
	case "!!timestamp":
		if _, err := time.Parse(time.DateOnly, node.Value); err == nil {
			return dateVariable
		}
	}
	return textVariable
}

// holds reports whether a text is of the form of a kind.
func (k variableKind) holds(text string) bool {
	switch k {
	case numberVariable:
		n, err := strconv.Atoi(text)
		return err == nil && strconv.Itoa(n) == text
	case truthVariable:
		return text == "true" || text == "false"
	case dateVariable:
		_, err := time.Parse(time.DateOnly, text)
		return err == nil
	case moneyVariable:
		_, err := strconv.ParseFloat(text, 64)
		return err == nil
	}
	return true
}

// typed gives a text of a kind to expressions; one that isn't set is the kind's
// zero.
func (k variableKind) typed(text string) any {
	switch k {
	case numberVariable:
		n, _ := strconv.Atoi(text)
		return n
	case truthVariable:
		return text == "true"
	case moneyVariable:
		amount, _ := strconv.ParseFloat(text, 64)
		return amount
	}
	return text
}

// declare notes that a flow gives a variable a value of a kind.
func (p *parser) declare(node *yaml.Node, name string, kind variableKind) {
	if conflict, ok := p.set.declare(p.source, node, name, kind); ok {
		p.add(conflict)
	}
}

func (s *Set) declare(source *source, node *yaml.Node, name string, kind variableKind) (problem.Problem, bool) {
	known, ok := s.variables[name]
	if ok && known != kind {
		return source.at(node, "variable %q is %s in one place and %s in another", name, min(known, kind).phrase(), max(known, kind).phrase()).Hint("use two names"), true
	}
	s.variables[name] = kind
	return problem.Problem{}, false
}

// received notes what the variables hold that a sub-flow gives a value.
func (c *checker) received(f *flow, a *callAction) {
	other := c.set.flows[a.to.flow]
	if other == nil {
		return
	}
	for _, b := range a.into {
		if kind, ok := other.gives[b.theirs]; ok {
			if conflict, ok := c.set.declare(f.source, b.node, b.mine, kind); ok {
				c.add(conflict)
			}
		}
	}
}

// kinds finds what the variables hold that are computed, and compiles what they
// are computed by: each as soon as all that it reads is known.
func (c *checker) kinds() {
	type computed struct {
		flow *flow
		assignment
	}
	var waiting []computed
	given := map[string]bool{}
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			switch a := s.action.(type) {
			case *setAction:
				for _, value := range a.values {
					if value.expression != nil {
						waiting = append(waiting, computed{f, value})
						given[value.name] = value.name != "reason"
					}
				}
			case *callAction:
				c.received(f, a)
			}
		}
	}
	settle := func(w computed) {
		c.list = append(c.list, w.expression.compile(c.set)...)
		if kind, ok := w.expression.kind(); ok && w.name != "reason" {
			if conflict, ok := c.set.declare(w.flow.source, w.node, w.name, kind); ok {
				c.add(conflict)
			}
		}
	}
	for before := len(waiting) + 1; len(waiting) < before; {
		before = len(waiting)
		waiting = slices.DeleteFunc(waiting, func(w computed) bool {
			for _, name := range variablesOf(w.expression.text) {
				if _, known := c.set.variables[name]; !known && given[name] {
					return false
				}
			}
			settle(w)
			return true
		})
	}
	for _, w := range waiting { // they read each other, and nothing begins it
		c.add(w.flow.source.at(w.expression.node, "variable %q is computed from itself, and no step gives it a value to begin with", w.name).
			Hint("give it one in a step before, as in `set: {%s: 0}`", w.name))
		c.set.variables[w.name] = numberVariable
	}
	for _, w := range waiting {
		settle(w)
	}
}
