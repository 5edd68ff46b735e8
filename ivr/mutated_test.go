package ivr_test

import (
	"errors"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"

	"careline/ivr"
	"careline/problem"
)

// mutate changes something in a tree of YAML, anywhere: takes it away, writes it twice,
// puts another part of the tree or a stranger in its place, wraps it.
func mutate(t *rapid.T, root *yaml.Node) {
	var nodes []*yaml.Node
	var gather func(*yaml.Node)
	gather = func(n *yaml.Node) {
		nodes = append(nodes, n)
		for _, child := range n.Content {
			gather(child)
		}
	}
	gather(root)
	any := func() *yaml.Node { return nodes[rapid.IntRange(1, len(nodes)-1).Draw(t, "node")] }
	n := any()
	switch rapid.IntRange(0, 5).Draw(t, "mutation") {
	case 0:
		if pairs := len(n.Content) / 2; n.Kind == yaml.MappingNode && pairs > 0 {
			i := 2 * rapid.IntRange(0, pairs-1).Draw(t, "pair")
			n.Content = append(n.Content[:i:i], n.Content[i+2:]...)
		}
	case 1:
		if len(n.Content) > 1 {
			n.Content = append(n.Content, n.Content[:2]...)
		}
	case 2:
		*n = *clone(any())
	case 3:
		strangers := []string{"", "~", "-1", "0", "1e9", "99999999999999999999", "0s", "24h", "true", "people", "a b", "{{", "{{ attempts }}", "{{ 1 / 0 }}", "member.id", "é", strings.Repeat("x", 300), "2027-02-30", "repeat"}
		*n = yaml.Node{Kind: yaml.ScalarNode, Value: rapid.SampledFrom(strangers).Draw(t, "stranger")}
	case 4:
		inner := clone(n)
		*n = yaml.Node{Kind: yaml.SequenceNode, Content: []*yaml.Node{inner}}
	case 5:
		inner := clone(n)
		*n = yaml.Node{Kind: yaml.MappingNode, Content: []*yaml.Node{{Kind: yaml.ScalarNode, Value: rapid.SampledFrom([]string{"play", "next", "name", "1", "en-US"}).Draw(t, "key")}, inner}}
	}
}

func clone(n *yaml.Node) *yaml.Node {
	whole := *n
	whole.Content = nil
	for _, child := range n.Content {
		whole.Content = append(whole.Content, clone(child))
	}
	return &whole
}

// TestMutatedFlowsAreRefusedWithAPlaceOrRun: a flow of every verb in which a few things
// were changed is refused, and every mistake has its place, or it runs whatever comes.
func TestMutatedFlowsAreRefusedWithAPlaceOrRun(t *testing.T) {
	var sound yaml.Node
	if err := yaml.Unmarshal([]byte(strings.Replace(everyVerb, "takes: {tries: number}\n", "", 1)), &sound); err != nil {
		t.Fatal(err)
	}
	refused, ran := 0, 0
	rapid.Check(t, func(t *rapid.T) {
		root := clone(&sound)
		for range rapid.IntRange(1, 3).Draw(t, "mutations") {
			mutate(t, root)
		}
		text, err := yaml.Marshal(root)
		if err != nil {
			t.Skip(err)
		}
		set, err := ivr.Load(fuzzed(string(text)), "flows", fuzzEnvironment())
		if err != nil {
			refused++
			var list problem.List
			if !errors.As(err, &list) {
				t.Fatalf("the error is a %T", err)
			}
			for _, p := range list {
				if p.Line == 0 || p.Column == 0 || p.Message == "" {
					t.Fatalf("no place or no word: %v, of\n%s", p, text)
				}
			}
			return
		}
		ran++
		if set.Has("t") && set.CheckEntry("t") == nil {
			anything(t, begin(t, set, nil), func(queue string) bool { return queue == "nurses" })
		}
	})
	t.Logf("%d were refused, %d ran", refused, ran)
}
