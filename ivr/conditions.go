package ivr

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	exprparser "github.com/expr-lang/expr/parser"
)

// maxValuations bounds the ways that are tried of what a branch's variables may be; a
// branch with more of them is taken as it stands.
const maxValuations = 4096

// conditions finds branches that are not what they look like: a comparison with what
// a value never is, a condition that never or always holds, a way that those before
// it leave no call for.
func (c *checker) conditions() {
	domains := c.set.domains()
	for _, f := range c.set.sorted() {
		for _, s := range f.steps {
			if a, ok := s.action.(*branchAction); ok && !c.strangers(f, a, domains) {
				c.branchWays(f, s, a, domains)
			}
		}
	}
}

// asked is what conditions ask of values.
type asked struct {
	flow    *flow
	domains map[string]*domain
	// literals that each value is compared with; whole: it is asked for otherwise.
	literals map[string][]any
	whole    map[string]bool
	names    map[string]bool
}

// domain of a name as conditions have it; a flow knows its own name.
func (q *asked) domain(name string) *domain {
	if name == "flow" {
		return &domain{values: []any{q.flow.name}}
	}
	return q.domains[name]
}

// understands notes what a condition asks for; false if it asks for what may be
// anything in a way that isn't followed.
func (q *asked) understands(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.BinaryNode:
		if name, literals, ok := comparison(n); ok && q.domain(name) != nil {
			q.names[name] = true
			q.literals[name] = append(q.literals[name], literals...)
			q.whole[name] = q.whole[name] || !slices.Contains([]string{"==", "!=", "in"}, n.Operator) && !q.domain(name).open
			return true
		}
		return q.understands(n.Left) && q.understands(n.Right)
	case *ast.CallNode:
		member, ok := n.Callee.(*ast.MemberNode)
		if !ok {
			return false
		}
		name := nameOf(member.Node)
		if d := q.domain(name); d == nil || d.lengths == nil {
			return false
		}
		q.names[name] = true
		for _, argument := range n.Arguments {
			literal, ok := literalOf(argument)
			if !ok {
				return false
			}
			q.literals[name] = append(q.literals[name], literal)
		}
		return true
	case *ast.UnaryNode:
		return q.understands(n.Node)
	case *ast.ConditionalNode:
		return q.understands(n.Cond) && q.understands(n.Exp1) && q.understands(n.Exp2)
	case *ast.BuiltinNode:
		return !slices.ContainsFunc(n.Arguments, func(argument ast.Node) bool { return !q.understands(argument) })
	case *ast.ArrayNode:
		return !slices.ContainsFunc(n.Nodes, func(item ast.Node) bool { return !q.understands(item) })
	}
	if _, ok := literalOf(node); ok {
		return true
	}
	name := nameOf(node)
	d := q.domain(name)
	if d == nil || d.open {
		return false
	}
	q.names[name], q.whole[name] = true, true
	return true
}

// comparison takes a value's comparison with literals apart: `state in ["WI", "MN"]`.
func comparison(n *ast.BinaryNode) (name string, literals []any, ok bool) {
	left, right := n.Left, n.Right
	switch n.Operator {
	case "==", "!=", "<", "<=", ">", ">=":
		if nameOf(left) == "" {
			left, right = right, left
		}
		literal, known := literalOf(right)
		return nameOf(left), []any{literal}, known && nameOf(left) != ""
	case "in":
		list, isList := right.(*ast.ArrayNode)
		if !isList || nameOf(left) == "" {
			return "", nil, false
		}
		for _, item := range list.Nodes {
			literal, known := literalOf(item)
			if !known {
				return "", nil, false
			}
			literals = append(literals, literal)
		}
		return nameOf(left), literals, true
	}
	return "", nil, false
}

// callerRole is the role of a caller as conditions name it.
const callerRole = "caller.role"

// nameOf is the value that a node names; empty if it is none.
func nameOf(node ast.Node) string {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return n.Value
	case *ast.MemberNode:
		owner, named := n.Node.(*ast.IdentifierNode)
		property, isText := n.Property.(*ast.StringNode)
		switch {
		case !named || !isText || owner.Value != "caller":
		case property.Value == "attestation":
			return "caller.attestation"
		case property.Value == "role":
			return callerRole
		default:
			return property.Value // of the state and the language alike
		}
	}
	return ""
}

func literalOf(node ast.Node) (any, bool) {
	switch n := node.(type) {
	case *ast.StringNode:
		return n.Value, true
	case *ast.IntegerNode:
		return n.Value, true
	case *ast.FloatNode:
		return n.Value, true
	case *ast.BoolNode:
		return n.Value, true
	case *ast.UnaryNode:
		switch literal, ok := literalOf(n.Node); value := literal.(type) {
		case int:
			return -value, ok && n.Operator == "-"
		case float64:
			return -value, ok && n.Operator == "-"
		}
	}
	return nil, false
}

// strangers finds comparisons with a text or a number that a value never is.
func (c *checker) strangers(f *flow, a *branchAction, domains map[string]*domain) (found bool) {
	q := &asked{flow: f, domains: domains}
	for _, w := range a.ways {
		if w.when == nil || w.when.program == nil {
			continue
		}
		tree, err := exprparser.Parse(w.when.text)
		if err != nil {
			continue
		}
		ast.Walk(&tree.Node, visitor(func(node ast.Node) {
			n, ok := node.(*ast.BinaryNode)
			if !ok || !slices.Contains([]string{"==", "!=", "in"}, n.Operator) {
				return
			}
			name, literals, ok := comparison(n)
			d := q.domain(name)
			if !ok || d == nil || d.open || d.lengths != nil || d.money() {
				return
			}
			for i, literal := range literals {
				text, isText := literal.(string)
				if _, isNumber := literal.(int); !isText && !isNumber || slices.Contains(d.values, literal) {
					continue
				}
				shown := fmt.Sprint(literal)
				if isText {
					shown = strconv.Quote(text)
				}
				found = true
				c.add(w.when.source.within(w.when.node, w.when.text, literalPlace(n, i), "%q is never %s", name, shown).Hint("%s", d.advice(name, text)))
			}
		}))
	}
	return found
}

// literalPlace is where the literal at i of a comparison stands in its text.
func literalPlace(n *ast.BinaryNode, i int) int {
	if list, ok := n.Right.(*ast.ArrayNode); ok {
		return list.Nodes[i].Location().From
	}
	if nameOf(n.Left) == "" {
		return n.Left.Location().From
	}
	return n.Right.Location().From
}

// advice tells what a value may be.
func (d *domain) advice(name, text string) string {
	known, few := d.written()
	owner, _, _ := strings.Cut(name, ".")
	switch {
	case text != "" && (!few || len(d.named()) > 0) && strings.HasPrefix(didYouMean(text, d.named(), ""), "did you mean"):
		return didYouMean(text, d.named(), "")
	case few && name != "reason" && isBuiltIn(owner):
		return "it can be " + known
	case few:
		return "flows set it to " + known
	}
	return "no flow sets it: set it in a step before, or take the comparison out"
}

// visitor makes a function one of an expression's nodes.
type visitor func(ast.Node)

func (v visitor) Visit(node *ast.Node) { v(*node) }

// branchWays tries all that a branch's values may be, and finds the ways that no call
// takes and the conditions that all calls fulfil.
func (c *checker) branchWays(f *flow, s *step, a *branchAction, domains map[string]*domain) {
	q := &asked{flow: f, domains: domains, literals: map[string][]any{}, whole: map[string]bool{}, names: map[string]bool{}}
	understood := make([]bool, len(a.ways))
	for i, w := range a.ways {
		if w.when == nil {
			continue
		}
		tree, err := exprparser.Parse(w.when.text)
		if err != nil || w.when.program == nil {
			return
		}
		understood[i] = q.understands(tree.Node)
	}
	choices := map[string][]any{}
	for name := range q.names {
		choices[name] = q.domain(name).representatives(q.literals[name], q.whole[name])
	}
	tried := &trial{ways: a.ways, understood: understood, holds: make([]bool, len(a.ways)), fails: make([]bool, len(a.ways)), taken: make([]bool, len(a.ways))}
	if !valuations(choices, maxValuations, func(values map[string]any) { tried.run(c.set.given(f, values)) }) || tried.failed {
		return
	}
	c.untaken(s, tried)
}

// trial is what became of a branch's conditions in all that was tried.
type trial struct {
	ways                []*way
	understood          []bool
	holds, fails, taken []bool
	failed              bool
}

// run tries one: a condition that isn't understood may hold or not.
func (t *trial) run(names map[string]any) {
	open := true
	for i, w := range t.ways {
		switch {
		case w.when == nil, !t.understood[i]:
			t.holds[i], t.fails[i] = true, true
			t.taken[i] = t.taken[i] || open
			continue
		}
		value, err := expr.Run(w.when.program, names)
		holds, ok := value.(bool)
		if err != nil || !ok {
			t.failed = true
			return
		}
		t.holds[i], t.fails[i] = t.holds[i] || holds, t.fails[i] || !holds
		if holds && open {
			t.taken[i], open = true, false
		}
	}
}

// given are the names of a condition with some values; the others are zero.
func (s *Set) given(f *flow, values map[string]any) map[string]any {
	names := s.names(nil)
	facts := callerFacts{Attestation: string(AttestationNone)}
	names["flow"] = f.name
	for name, value := range values {
		switch name {
		case "caller.attestation":
			facts.Attestation = value.(string)
			continue
		case callerRole:
			facts.Role = value.(string)
			continue
		case "state":
			facts.State = value.(string)
		case "language":
			facts.Language = value.(string)
		}
		names[name] = value
	}
	names["caller"] = facts
	return names
}

// untaken tells of the first condition that always holds, or of all that never do.
// What stands under otherwise may be for no call: it must be there.
func (c *checker) untaken(s *step, t *trial) {
	source := s.flow.source
	for i, w := range t.ways {
		switch {
		case w.when == nil:
		case !t.fails[i]:
			c.add(source.within(w.when.node, w.when.text, 0, "the condition %q is always true", w.when.text).
				Hint("mend it, or write `otherwise: %s` in its place and nothing below", w.edge.target))
			return
		case !t.holds[i]:
			c.add(source.within(w.when.node, w.when.text, 0, "the condition %q is never true", w.when.text).Hint("mend it, or remove the way"))
		case !t.taken[i]:
			c.add(source.within(w.when.node, w.when.text, 0, "the way %q of step %q is never taken: where it holds, one before it does, too", w.when.text, s.name).
				Hint("put it before them, or remove it"))
		}
	}
}
