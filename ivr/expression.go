package ivr

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/ast"
	"github.com/expr-lang/expr/file"
	exprparser "github.com/expr-lang/expr/parser"
	"github.com/expr-lang/expr/vm"
	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// maxExpressionNodes bounds an expression's size.
const maxExpressionNodes = 200

// expression is a condition or a value, in expr-lang.
type expression struct {
	text string
	node *yaml.Node
	// source is the file it stands in.
	source *source
	// condition: it must be true or false; else a text, number or truth.
	condition bool
	program   *vm.Program
	// reads are what flows set and it is computed from. Set by the check.
	reads []string
}

// The variables that Careline gives every expression.
var builtIns = []string{"language", "reason", "state", "verified", "locked_out", "attempts", "caller", "member", "flow"}

func isBuiltIn(name string) bool { return slices.Contains(builtIns, name) }

// callerFacts is what an expression sees as `caller`.
type callerFacts struct {
	State    string `expr:"state"`
	Language string `expr:"language"`
	// Role is one of the Role constants; empty for who isn't verified.
	Role string `expr:"role"`
	// Attestation is one of the Attestation constants.
	Attestation string `expr:"attestation"`
}

// keyedAnswer is what a condition may ask of the keys that a caller entered.
type keyedAnswer struct{ digits phi.Digits }

// Len is the number of keys.
func (k keyedAnswer) Len() int { return k.digits.Len() }

// Is reports whether the keys are exactly these.
func (k keyedAnswer) Is(keys string) bool { return k.digits.Is(keys) }

// names gives the variables' values: of a run, or zero values to check against.
func (s *Set) names(r *Run) map[string]any {
	if r == nil {
		r = &Run{}
	}
	reason, _ := r.text("reason")
	names := map[string]any{}
	for name, kind := range s.variables {
		if kind == keyedVariable {
			names[name] = keyedAnswer{r.keyed[name]}
		} else {
			text, _ := r.text(name)
			names[name] = kind.typed(text)
		}
	}
	maps.Copy(names, map[string]any{
		"language": r.language, "reason": reason, "state": r.State(), "verified": r.verified,
		"locked_out": r.lockedOut, "attempts": r.attempts, "flow": r.Flow(),
		"caller": callerFacts{State: r.State(), Language: r.language, Attestation: string(r.attested()), Role: string(r.role)},
	})
	return names
}

// compile checks an expression's syntax and types.
func (e *expression) compile(s *Set) problem.List {
	names := s.names(nil)
	if !e.condition { // what is keyed in must not get into a text, by whatever detour
		maps.DeleteFunc(names, func(name string, _ any) bool { return s.variables[name] == keyedVariable })
	}
	options := []expr.Option{
		expr.Env(names), expr.MaxNodes(maxExpressionNodes), expr.DisableAllBuiltins(),
		expr.EnableBuiltin("len"), expr.EnableBuiltin("lower"), expr.EnableBuiltin("upper"),
	}
	if e.condition {
		options = append(options, expr.AsBool())
	}
	program, err := expr.Compile(e.text, options...)
	if err != nil {
		return problem.List{e.problem(err, s)}
	}
	if p, ok := e.partial(); ok {
		return problem.List{p}
	}
	e.program, e.reads = program, variablesIn(program.Node())
	if _, ok := e.kind(); !ok && !e.condition {
		return problem.List{e.source.within(e.node, e.text, 0, "%q gives neither a text, a number nor true or false", e.text)}
	}
	return nil
}

// touch tells the proof of a variable that the expression reads.
func (e *expression) touch(name string) touch {
	return touch{value: name, how: tested, node: e.node, text: e.text}
}

// kind tells what a compiled expression gives; false if it isn't compiled, or
// gives what no variable holds.
func (e *expression) kind() (variableKind, bool) {
	if e.program == nil {
		return textVariable, false
	}
	kind := e.program.Node().Type()
	if kind == nil {
		return textVariable, true
	}
	switch kind.Kind() {
	case reflect.String:
		return textVariable, true
	case reflect.Int:
		return numberVariable, true
	case reflect.Bool:
		return truthVariable, true
	case reflect.Float64:
		return moneyVariable, true
	}
	return textVariable, false
}

// variablesIn lists what flows set and a tree names, each once.
func variablesIn(node ast.Node) []string {
	found := &identifiers{}
	ast.Walk(&node, found)
	return slices.DeleteFunc(found.names, func(name string) bool { return isBuiltIn(name) && name != "reason" })
}

// variablesOf lists the variables that an expression names, before it is
// compiled; none if it can't be read.
func variablesOf(text string) []string {
	tree, err := exprparser.Parse(text)
	if err != nil {
		return nil
	}
	return variablesIn(tree.Node)
}

// identifiers is a visitor that keeps the names in a tree.
type identifiers struct{ names []string }

func (v *identifiers) Visit(node *ast.Node) {
	if n, ok := (*node).(*ast.IdentifierNode); ok && !slices.Contains(v.names, n.Value) {
		v.names = append(v.names, n.Value)
	}
}

// problem turns the compiler's complaint into ours, at its place in the file.
func (e *expression) problem(err error, s *Set) problem.Problem {
	names := slices.Sorted(maps.Keys(s.names(nil)))
	var at *file.Error
	if !errors.As(err, &at) {
		text, _, _ := strings.Cut(err.Error(), "\n")
		return e.source.within(e.node, e.text, 0, "the expression %q is wrong: %s", e.text, text).
			Hint("variables are %s", strings.Join(names, ", "))
	}
	p := e.source.within(e.node, e.text, at.Column, "the expression %q is wrong: %s", e.text, at.Message)
	if name, ok := strings.CutPrefix(at.Message, "unknown name "); ok {
		if name == "member" {
			return p.Hint("a fact of the member can be said, as in `say: \"prompt {{ member.next_visit | date }}\"`, but not computed with")
		}
		if s.variables[name] == keyedVariable {
			return p.Hint("what a caller keyed in can be said, or asked for in a condition, but not copied")
		}
		return p.Hint("%s", didYouMean(name, names, "variables are "))
	}
	// The rest of the compiler's words would be about types of Go.
	for inner, outer := range map[string]string{
		"type ivr.keyedAnswer": "what a caller keyed in has Len() and Is(\"123\") alone",
		"type ivr.callerFacts": "caller has state, language, role and attestation alone",
	} {
		if strings.HasPrefix(at.Message, inner) {
			p.Message = fmt.Sprintf("the expression %q is wrong: %s", e.text, outer)
			return p
		}
	}
	return p.Hint("write it as in `verified && caller.state == \"WI\"`; variables are %s", strings.Join(names, ", "))
}

// operators that give a value for any operands of the right types.
var operators = []string{"&&", "and", "||", "or", "==", "!=", "<", "<=", ">", ">=", "+", "-", "*", "in", "contains", "startsWith", "endsWith"}

// partial finds what could fail when a caller is on the line although its types
// are right: a division, an index, a pattern that is computed.
func (e *expression) partial() (problem.Problem, bool) {
	tree, err := exprparser.Parse(e.text)
	if err != nil {
		return e.source.within(e.node, e.text, 0, "the expression %q is wrong: %v", e.text, err), true
	}
	found := &partialNode{}
	ast.Walk(&tree.Node, found)
	if found.node == nil {
		return problem.Problem{}, false
	}
	return e.source.within(e.node, e.text, found.node.Location().From, "the expression %q has a part that can't be used here", e.text).
		Hint("use and, or, not, ?:, comparisons, + - *, `in [\"a\", \"b\"]`, contains, startsWith, endsWith, len, lower and upper"), true
}

// partialNode is a visitor that keeps the first node which is not known to
// give a value always.
type partialNode struct{ node ast.Node }

func (v *partialNode) Visit(node *ast.Node) {
	if v.node == nil && !total(*node) {
		v.node = *node
	}
}

func total(node ast.Node) bool {
	switch n := node.(type) {
	case *ast.IdentifierNode, *ast.IntegerNode, *ast.FloatNode, *ast.StringNode, *ast.BoolNode, *ast.UnaryNode,
		*ast.ConditionalNode, *ast.ArrayNode, *ast.CallNode, *ast.BuiltinNode:
		return true
	case *ast.BinaryNode:
		_, list := n.Right.(*ast.ArrayNode)
		return slices.Contains(operators, n.Operator) && list == (n.Operator == "in")
	case *ast.MemberNode:
		_, owner := n.Node.(*ast.IdentifierNode)
		_, named := n.Property.(*ast.StringNode)
		return owner && named && !n.Optional
	}
	return false
}

func (e *expression) value(r *Run) (any, error) {
	if e.program == nil {
		return nil, errors.New("ivr: expression was not compiled")
	}
	return expr.Run(e.program, r.set.names(r))
}

// holds computes a condition.
func (e *expression) holds(r *Run) (bool, error) {
	if !r.may(tested, e.reads...) {
		return false, errNotForThisCaller
	}
	value, err := e.value(r)
	holds, ok := value.(bool)
	if err == nil && !ok {
		err = fmt.Errorf("ivr: condition gave %T", value)
	}
	return holds, err
}

// asText computes a value for a variable, as a variable keeps it.
func (e *expression) asText(r *Run) (string, error) {
	value, err := e.value(r)
	if err != nil {
		return "", err
	}
	switch value := value.(type) {
	case string:
		return value, nil
	case int:
		return strconv.Itoa(value), nil
	case bool:
		return strconv.FormatBool(value), nil
	case float64:
		return strconv.FormatFloat(value, 'f', 2, 64), nil
	}
	return "", fmt.Errorf("ivr: expression gave %T", value)
}

// proves tells what is true wherever the expression holds.
func (e *expression) proves() facts {
	tree, err := exprparser.Parse(e.text)
	if err != nil {
		return 0
	}
	return proven(tree.Node)
}

func proven(node ast.Node) facts {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		if n.Value == "verified" {
			return factVerified
		}
	case *ast.BinaryNode:
		switch n.Operator {
		case "&&", "and":
			return proven(n.Left) | proven(n.Right)
		case "||", "or":
			return proven(n.Left) & proven(n.Right)
		case "==", "!=":
			literal, ok := n.Right.(*ast.StringNode)
			if ok && n.Operator == "==" && nameOf(n.Left) == callerRole {
				return Role(literal.Value).fact()
			}
			if ok && isStateName(n.Left) && (literal.Value == "") == (n.Operator == "!=") {
				return factState
			}
			if truth, ok := n.Right.(*ast.BoolNode); ok && truth.Value == (n.Operator == "==") {
				return proven(n.Left)
			}
		case "in":
			if list, ok := n.Right.(*ast.ArrayNode); ok && isStateName(n.Left) && !slices.ContainsFunc(list.Nodes, mayBeEmpty) {
				return factState
			}
		}
	}
	return 0
}

func mayBeEmpty(node ast.Node) bool {
	text, ok := node.(*ast.StringNode)
	return !ok || text.Value == ""
}

func isStateName(node ast.Node) bool {
	if name, ok := node.(*ast.IdentifierNode); ok {
		return name.Value == "state"
	}
	member, ok := node.(*ast.MemberNode)
	if !ok {
		return false
	}
	name, isName := member.Node.(*ast.IdentifierNode)
	property, isText := member.Property.(*ast.StringNode)
	return isName && isText && name.Value == "caller" && property.Value == "state"
}
