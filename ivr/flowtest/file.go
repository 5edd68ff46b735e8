package flowtest

import (
	"time"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// File is a test file: its name, for messages, and its text.
type File struct {
	Name string
	Raw  []byte
}

// fileText is a test file as written.
type fileText struct {
	Flow  string    `yaml:"flow" help:"the flow that the calls begin in"`
	Given yaml.Node `yaml:"given" help:"what all tests of the file take as given"`
	Tests yaml.Node `yaml:"tests" help:"one test after another"`
}

// testText is one test as written.
type testText struct {
	Test   string    `yaml:"test" help:"what it shows, in a sentence"`
	Flow   string    `yaml:"flow" help:"the flow that the call begins in, if not the file's"`
	Given  yaml.Node `yaml:"given" help:"what it takes as given, beside what the file does"`
	Call   yaml.Node `yaml:"call" help:"what happens in the call, in order"`
	Expect yaml.Node `yaml:"expect" help:"how it stands in the end"`
}

// test is one test, read.
type test struct {
	document *problem.Document
	node     *yaml.Node
	name     string
	flow     string
	given    given
	actions  []action
}

// action is one thing that happens in a call, or must be true of it.
type action struct {
	node *yaml.Node
	do   func(*player) error
	// checks: it can fail because of the flow.
	checks bool
}

// reader reads one file.
type reader struct {
	*problem.Document
	options Options
	suite   *suite
	list    problem.List
	// flow and given of the whole file.
	flow  string
	given given
}

func (r *reader) add(p problem.Problem) { r.list = append(r.list, p) }

// decode fills target and reports whether it could.
func (r *reader) decode(node *yaml.Node, target any) bool {
	before := len(r.list)
	r.list.Add(r.File, r.Decode(node, target))
	return len(r.list) == before
}

// read reads a file's tests; the list tells what is wrong with it.
func (s *suite) read(file File, options Options) ([]test, problem.List) {
	document, err := problem.Parse(file.Name, file.Raw)
	if err != nil {
		var list problem.List
		list.Add(file.Name, err)
		return nil, list
	}
	r := &reader{Document: document, options: options, suite: s}
	var text fileText
	if !r.decode(document.Root, &text) {
		return nil, r.list
	}
	r.flow = text.Flow
	if text.Flow != "" && !s.set.Has(text.Flow) {
		r.unknownFlow(problem.Get(document.Root, "flow"), text.Flow)
	}
	r.given = given{begins: r.options.start()}
	if text.Given.Kind != 0 {
		r.givenOf(&text.Given, &r.given)
	}
	if text.Tests.Kind != yaml.SequenceNode || len(text.Tests.Content) == 0 {
		at := &text.Tests
		if at.Kind == 0 {
			at = document.Root
		}
		r.add(r.At(at, "the file has no tests").Hint("write `tests:` and below it one `- test: what it shows` after another"))
		return nil, r.list
	}
	sound := len(r.list) == 0
	var tests []test
	for _, node := range text.Tests.Content {
		// A test that takes something else as given than is meant would mislead.
		if t, ok := r.test(node); ok && sound {
			tests = append(tests, t)
		}
	}
	return tests, r.list
}

func (r *reader) test(node *yaml.Node) (test, bool) {
	var text testText
	before := len(r.list)
	if !r.decode(node, &text) {
		return test{}, false
	}
	t := test{document: r.Document, node: node, name: text.Test, flow: text.Flow, given: r.given}
	if named := problem.Get(node, "test"); named != nil {
		t.node = named
	}
	switch {
	case text.Test == "":
		r.add(r.At(node, "a test has no name").Hint("write `test:` with what it shows, in a sentence"))
	case text.Flow == "" && r.flow == "":
		r.add(r.At(node, "test %q begins in no flow", text.Test).Hint("write `flow: %s` above the tests", first(r.suite.set.Flows())))
	case text.Flow == "":
		t.flow = r.flow
	case !r.suite.set.Has(text.Flow):
		r.unknownFlow(problem.Get(node, "flow"), text.Flow)
	}
	if text.Given.Kind != 0 {
		r.givenOf(&text.Given, &t.given)
	}
	t.actions = r.actions(&text.Call)
	if text.Expect.Kind != 0 {
		t.actions = append(t.actions, r.expect(&text.Expect))
	}
	checks := false
	for _, a := range t.actions {
		checks = checks || a.checks
	}
	if !checks && len(r.list) == before {
		r.add(r.At(node, "test %q checks nothing: it can't fail", text.Test).Hint("say what is heard, as in `- hear: main-menu`, or where the call comes to, as in `expect: {queue: claims}`"))
	}
	return t, len(r.list) == before
}

func (r *reader) unknownFlow(node *yaml.Node, name string) {
	p := r.At(node, "there is no flow %q", name)
	if near := problem.Nearest(name, r.suite.set.Flows()); near != "" {
		r.add(p.Hint("did you mean %q?", near))
		return
	}
	r.add(p.Hint("the flows are %s", list(r.suite.set.Flows())))
}

// actions reads what happens in a call.
func (r *reader) actions(node *yaml.Node) []action {
	if node.Kind == 0 {
		return nil
	}
	if node.Kind != yaml.SequenceNode {
		r.add(r.At(node, "here a list is expected of what happens in the call").Hint("write one `- press: \"1\"` or `- hear: main-menu` after another"))
		return nil
	}
	var actions []action
	for _, item := range node.Content {
		pairs := problem.Pairs(item)
		if len(pairs) != 1 {
			r.add(r.At(item, "here one thing that happens is expected").Hint("write one of %s, as in `- press: \"1\"`", list(words())))
			continue
		}
		a := action{node: pairs[0].Value}
		if !r.action(pairs[0].Key, pairs[0].Value, &a) {
			continue
		}
		actions = append(actions, a)
	}
	return actions
}

// longest is what a wait may last: a day.
const longest = 24 * time.Hour
