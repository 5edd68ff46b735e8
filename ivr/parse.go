package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// maxSteps bounds the steps of one flow, inline ones included.
const maxSteps = 2000

var (
	stepName     = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
	flowName     = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)
	choiceKeys   = regexp.MustCompile(`^([0-9*]{1,4}|#)$`)
	variableName = regexp.MustCompile(`^[a-z][a-z0-9_]{0,39}$`)
)

// parser reads one file into a flow.
type parser struct {
	*source
	set  *Set
	flow *flow
	list problem.List
}

func (p *parser) add(problems ...problem.Problem) { p.list = append(p.list, problems...) }

// decode fills target from node and collects what is wrong.
func (p *parser) decode(node *yaml.Node, target any) bool {
	before := len(p.list)
	p.list.Add(p.document.File, p.document.Decode(node, target))
	return len(p.list) == before
}

type flowText struct {
	Flow      string     `yaml:"flow"`
	Label     string     `yaml:"label"`
	Languages yaml.Node  `yaml:"languages"`
	Start     string     `yaml:"start"`
	Takes     yaml.Node  `yaml:"takes"`
	Gives     yaml.Node  `yaml:"gives"`
	Timing    timingText `yaml:"timing"`
	Steps     yaml.Node  `yaml:"steps"`
	// Handlers are keys that mean the same in all menus.
	Handlers yaml.Node `yaml:"handlers"`
	// PersonWithin is how many keys away a person may be.
	PersonWithin yaml.Node `yaml:"person_within"`
}

type timingText struct {
	FirstDigit    yaml.Node `yaml:"first_digit"`
	BetweenDigits yaml.Node `yaml:"between_digits"`
}

// parseFlow reads a file. The flow is nil if nothing useful could be read.
func parseFlow(file string, raw []byte, set *Set) (*flow, error) {
	document, err := problem.Parse(file, raw)
	if document == nil || document.Root == nil || document.Root.Kind != yaml.MappingNode || err != nil {
		return nil, err
	}
	s := &source{document: document, lines: strings.Split(string(raw), "\n")}
	p := &parser{source: s, set: set, flow: &flow{source: s, byName: map[string]*step{}}}
	var text flowText
	p.decode(document.Root, &text)
	if !p.head(text) {
		return nil, p.list.Err()
	}
	p.flow.takes, p.flow.gives = p.parameters(&text.Takes, "takes"), p.parameters(&text.Gives, "gives")
	p.flow.personWithin = p.personWithin(text)
	p.flow.timing = p.timing(text.Timing, timing{DefaultFirstDigit, DefaultBetweenDigits})
	for _, pair := range problem.Pairs(&text.Steps) {
		p.step(pair.Key, pair.Value, pair.Key.Value, false)
	}
	p.handlers(&text.Handlers)
	return p.flow, p.list.Err()
}

// head reads what stands above the steps.
func (p *parser) head(text flowText) bool {
	root := p.document.Root
	readable := len(p.list) == 0
	for _, key := range []string{"flow", "languages", "start", "steps"} {
		if problem.Get(root, key) == nil && readable {
			p.add(p.at(root, "the key %q is missing", key).Hint("a flow has flow, languages, start and steps"))
		}
	}
	if len(p.list) > 0 && text.Flow == "" {
		return false
	}
	p.flow.name, p.flow.label = text.Flow, text.Label
	if p.flow.label == "" {
		p.flow.label = text.Flow
	}
	if !flowName.MatchString(text.Flow) {
		p.add(p.at(problem.Get(root, "flow"), "%q can't name a flow", text.Flow).Hint("use small letters, digits and dashes, as in \"member-services\""))
	}
	for _, node := range p.scalars(&text.Languages, "a language") {
		if slices.Contains(p.flow.languages, node.Value) {
			p.add(p.at(node, "language %q stands here twice", node.Value).Hint("remove one"))
			continue
		}
		if known := p.set.environment.Languages; !slices.Contains(known, node.Value) {
			p.add(p.at(node, "there are no prompts in language %q", node.Value).Hint("%s", didYouMean(node.Value, known, "the languages are ")))
			continue
		}
		p.flow.languages = append(p.flow.languages, node.Value)
	}
	if start := problem.Get(root, "start"); start != nil {
		p.flow.start = edge{via: "start", target: text.Start, node: start}
	}
	if steps := problem.Get(root, "steps"); steps != nil && (steps.Kind != yaml.MappingNode || len(steps.Content) == 0) {
		p.add(p.at(steps, "the flow has no steps").Hint("write each as `name:` with its verb below, as in `welcome: {play: welcome, next: menu}`"))
	}
	return len(p.flow.languages) > 0 && text.Start != "" && text.Steps.Kind == yaml.MappingNode
}

// step reads one step, named or inline, and adds it to the flow.
func (p *parser) step(key, node *yaml.Node, name string, inline bool) *step {
	s := &step{flow: p.flow, name: name, node: key, inline: inline}
	if len(p.flow.steps) == maxSteps {
		p.add(p.at(key, "the flow has more than %d steps", maxSteps).Hint("split it by transfer"))
	}
	p.flow.steps = append(p.flow.steps, s)
	p.flow.byName[name] = s
	if !inline && !stepName.MatchString(name) {
		p.add(p.at(key, "%q can't name a step", name).Hint("use small letters, digits and underscores, beginning with a letter"))
	}
	if node.Kind != yaml.MappingNode {
		p.add(p.at(node, "step %q has no verb", name).Hint("write what it does below it, as in `play: welcome`; the verbs are %s", strings.Join(Verbs(), ", ")))
		return s
	}
	verb := p.verb(s, node)
	if verb == nil {
		return s
	}
	s.action = verb.parse(p, s, node)
	if label := problem.Get(node, "label"); label != nil {
		s.label = label.Value
	}
	return s
}

// verb finds the one verb of a step; nil if there isn't one.
func (p *parser) verb(s *step, node *yaml.Node) *verb {
	names := Verbs()
	var found []problem.Pair
	for _, pair := range problem.Pairs(node) {
		if slices.Contains(names, pair.Key.Value) {
			found = append(found, pair)
		}
	}
	switch len(found) {
	case 1:
		return &verbs()[slices.Index(names, found[0].Key.Value)]
	case 0:
		for _, pair := range problem.Pairs(node) {
			if near := problem.Nearest(pair.Key.Value, names); near != "" && pair.Key.Value != "next" {
				p.add(p.at(pair.Key, "step %q has no verb: %q is none", s.name, pair.Key.Value).Hint("did you mean %q?", near))
				return nil
			}
		}
		p.add(p.at(s.node, "step %q has no verb", s.name).Hint("the verbs are %s", strings.Join(names, ", ")))
	default:
		p.add(p.at(found[1].Key, "step %q has two verbs, %q and %q", s.name, found[0].Key.Value, found[1].Key.Value).Hint("make two steps, the first with `next:` to the second"))
	}
	return nil
}

// onward reads a required way on. The key is the admin's word for it.
func (p *parser) onward(s *step, node *yaml.Node, key string, kind edgeKind, why string) edge {
	target := problem.Get(node, key)
	if target == nil || target.Kind != yaml.ScalarNode || target.Value == "" {
		at := s.node
		if target != nil {
			at = target
		} else if slices.ContainsFunc(problem.Pairs(node), func(pair problem.Pair) bool { return problem.Nearest(pair.Key.Value, []string{key}) != "" }) {
			return edge{via: key, kind: kind} // misspelled, and reported as such
		}
		p.add(p.at(at, "step %q is a dead end: it has no %q", s.name, key).Hint("%s", why))
		return edge{via: key, kind: kind}
	}
	return edge{via: key, target: target.Value, node: target, kind: kind}
}

const whyNext = "name the step that follows"

// prompts reads one prompt or a list of them: names, each with an optional
// @language, and words by language.
func (p *parser) prompts(node *yaml.Node) []promptUse {
	var uses []promptUse
	for _, n := range p.items(node) {
		switch {
		case n.Kind == yaml.MappingNode:
			uses = append(uses, p.text(n))
		case n.Kind == yaml.ScalarNode && n.Value != "":
			uses = append(uses, p.prompt(n, n.Value))
		default:
			p.add(p.at(n, "here a prompt's name is expected"))
		}
	}
	return uses
}

func (p *parser) prompt(node *yaml.Node, text string) promptUse {
	name, language, found := strings.Cut(text, "@")
	if found && !slices.Contains(p.set.environment.Languages, language) {
		p.add(p.within(node, text, 0, "there are no prompts in language %q", language).Hint("%s", didYouMean(language, p.set.environment.Languages, "the languages are ")))
		return promptUse{name: name, node: node} // one mistake is enough
	}
	return promptUse{name: name, language: language, node: node}
}

// items gives the entries of a list, or a single one that stands without it.
func (p *parser) items(node *yaml.Node) []*yaml.Node {
	switch node.Kind {
	case 0:
		return nil
	case yaml.SequenceNode:
		if len(node.Content) == 0 {
			p.add(p.at(node, "the list is empty").Hint("name at least one"))
		}
		return node.Content
	}
	return []*yaml.Node{node}
}

// scalars reads a single value or a list of them.
func (p *parser) scalars(node *yaml.Node, what string) []*yaml.Node {
	var good []*yaml.Node
	for _, n := range p.items(node) {
		if n.Kind != yaml.ScalarNode || n.Value == "" {
			p.add(p.at(n, "here %s is expected", what))
			continue
		}
		good = append(good, n)
	}
	return good
}

// mapping makes sure that a node, if it is written at all, is one of names with
// values: anything else would be ignored.
func (p *parser) mapping(node *yaml.Node, key, example string) bool {
	if node.Kind == 0 || node.Kind == yaml.MappingNode {
		return true
	}
	p.add(p.at(node, "%q is not names with values", key).Hint("write `%s`", example))
	return false
}

// timing reads time-outs, each within its bounds.
func (p *parser) timing(text timingText, otherwise timing) timing {
	return timing{
		first:   p.duration(&text.FirstDigit, otherwise.first, MinFirstDigit, MaxFirstDigit),
		between: p.duration(&text.BetweenDigits, otherwise.between, MinBetweenDigits, MaxBetweenDigits),
	}
}

func (p *parser) duration(node *yaml.Node, otherwise, least, most time.Duration) time.Duration {
	if node.Kind == 0 {
		return otherwise
	}
	var d time.Duration
	if !p.decode(node, &d) {
		return otherwise
	}
	if d < least || d > most {
		p.add(p.at(node, "%s is out of bounds", node.Value).Hint("between %s and %s is allowed", short(least), short(most)))
		return otherwise
	}
	return d
}

// whole reads a whole number within bounds.
func (p *parser) whole(node *yaml.Node, otherwise, least, most int) int {
	if node.Kind == 0 {
		return otherwise
	}
	var n int
	if !p.decode(node, &n) {
		return otherwise
	}
	if n < least || n > most {
		p.add(p.at(node, "%d is out of bounds", n).Hint("between %d and %d is allowed", least, most))
		return otherwise
	}
	return n
}

// short prints a duration as an admin writes it: "2m", "15s".
func short(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	return text
}

// didYouMean gives the nearest of the names, or all of them.
func didYouMean(name string, names []string, all string) string {
	if near := problem.Nearest(name, names); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(names) == 0 {
		return "there is none yet"
	}
	sorted := slices.Sorted(slices.Values(names))
	return all + strings.Join(sorted, ", ")
}
