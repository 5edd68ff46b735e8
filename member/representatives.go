package member

import (
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi"
	"careline/problem"
)

// MaxRepresentatives of one member.
const MaxRepresentatives = 8

// representative is somebody who may speak for a member.
type representative struct {
	// What she says of herself; each may be empty, not all.
	pin, born, authorization phi.String
	basis                    Basis
	scope                    []string
	// until is the last day on which it stands; zero: none is known.
	until time.Time
}

// representativeFields are those of her that are compared with what is keyed in. Her
// name is for people who read the file.
func representativeFields() []field {
	asWritten := func(text string) (string, bool) { return text, true }
	return []field{
		{"name", true, regexp.MustCompile(`^\S.{0,98}\S$`), "a name of 2 to 100 letters", asWritten},
		{"pin", false, regexp.MustCompile(`^[0-9]{6}$`), `six digits in quotes, such as "000000"`, asWritten},
		{"born", false, regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`), "her own date of birth written YYYY-MM-DD", keyedDate},
		{"authorization", false, regexp.MustCompile(`^[0-9]{8}$`), `the eight digits of the authorization on file, in quotes, such as "00000000"`, asWritten},
		{"until", false, regexp.MustCompile(`^[0-9]{4}-[0-9]{2}-[0-9]{2}$`), "the last day on which it stands, written YYYY-MM-DD", realDate},
	}
}

// representatives reads those of a member.
func (l *loader) representatives(of *yaml.Node) []representative {
	list := problem.Get(of, "representatives")
	switch {
	case list == nil:
		return nil
	case list.Kind != yaml.SequenceNode:
		l.add(l.doc.At(list, "representatives is not a list").Hint("write one `- {name: …, basis: …, scope: all, pin: …}` per person"))
		return nil
	case len(list.Content) > MaxRepresentatives:
		l.add(l.doc.At(list, "%d representatives of one member", len(list.Content)).Hint("at most %d can be told apart at the telephone", MaxRepresentatives))
		return nil
	}
	var all []representative
	for _, node := range list.Content {
		if who, ok := l.representative(node); ok && l.distinct(node, who, all) {
			all = append(all, who)
		}
	}
	return all
}

func (l *loader) representative(node *yaml.Node) (representative, bool) {
	if node.Kind != yaml.MappingNode {
		l.add(l.doc.At(node, "a representative is not a mapping").Hint("write it as `- {name: …, basis: …, scope: all, pin: …}`"))
		return representative{}, false
	}
	before := len(l.list)
	texts := l.fields(node, "a representative", representativeFields(), "basis", "scope")
	who := representative{pin: texts["pin"], born: texts["born"], authorization: texts["authorization"]}
	if who.pin.IsEmpty() && who.born.IsEmpty() && who.authorization.IsEmpty() && len(l.list) == before {
		l.add(l.doc.At(node, "a representative has nothing to be known by").Hint("give pin, born or authorization"))
	}
	if until := problem.Get(node, "until"); until != nil {
		who.until, _ = time.Parse(time.DateOnly, until.Value)
	}
	switch basis := problem.Get(node, "basis"); {
	case basis == nil:
		l.add(l.doc.At(node, "a representative has no basis").Hint("give the ground of the authority: %s", strings.Join(bases(), ", ")))
	case !slices.Contains(bases(), basis.Value):
		l.add(l.doc.At(basis, "basis is not as it should be").Hint("write one of %s", strings.Join(bases(), ", ")))
	default:
		who.basis = Basis(basis.Value)
	}
	who.scope = l.scope(node)
	return who, len(l.list) == before
}

// scope reads the words of what a representative may be told.
func (l *loader) scope(node *yaml.Node) []string {
	words := append(slices.Sorted(slices.Values(l.scopes)), ScopeAll)
	value := problem.Get(node, "scope")
	if value == nil {
		l.add(l.doc.At(node, "a representative has no scope").Hint("say what the authority covers: %s", strings.Join(words, ", ")))
		return nil
	}
	nodes := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		nodes = value.Content
	}
	var scope []string
	for _, n := range nodes {
		if n.Kind != yaml.ScalarNode || !slices.Contains(words, n.Value) {
			l.add(l.doc.At(n, "scope is not as it should be").Hint("write one or some of %s", strings.Join(words, ", ")))
			continue
		}
		scope = append(scope, n.Value)
	}
	if len(nodes) == 0 {
		l.add(l.doc.At(value, "a representative's scope is empty").Hint("write one or some of %s", strings.Join(words, ", ")))
	}
	return scope
}

// distinct makes sure that what is keyed in means one representative of a member.
func (l *loader) distinct(node *yaml.Node, who representative, others []representative) bool {
	for _, other := range others {
		for key, pair := range map[string][2]phi.String{"pin": {who.pin, other.pin}, "authorization": {who.authorization, other.authorization}} {
			if !pair[0].IsEmpty() && pair[0].Equal(pair[1]) {
				l.add(l.doc.At(problem.Get(node, key), "another representative of this member has the same %s", key).Hint("give each one of their own"))
				return false
			}
		}
	}
	return true
}

// ownConsent reads which facts tell of care that a minor consented to herself.
func (l *loader) ownConsent(of *yaml.Node) []string {
	value := problem.Get(of, "own_consent")
	if value == nil {
		return nil
	}
	nodes := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		nodes = value.Content
	}
	var names []string
	for _, n := range nodes {
		if _, known := Facts()[n.Value]; n.Kind != yaml.ScalarNode || !known {
			l.add(l.doc.At(n, "own_consent is not as it should be").Hint("name the facts that a parent is not told, as in own_consent: [next_visit]"))
			continue
		}
		names = append(names, n.Value)
	}
	return names
}
