package ivr

import (
	"strconv"

	"gopkg.in/yaml.v3"

	"careline/problem"
)

// Written gives what is written of each step of a flow, by step, as keys with
// their values: "no_input.retries" is "2", "play.1" the second prompt. What stands
// above the steps is under "". Nil for an unknown flow.
func (s *Set) Written(flow string) map[string]map[string]string {
	f := s.flows[flow]
	if f == nil {
		return nil
	}
	written := map[string]map[string]string{"": {}}
	for _, pair := range problem.Pairs(f.source.document.Root) {
		if pair.Key.Value != "steps" {
			flatten(pair.Key.Value, pair.Value, written[""])
			continue
		}
		for _, step := range problem.Pairs(pair.Value) {
			keys := map[string]string{}
			for _, key := range problem.Pairs(step.Value) {
				flatten(key.Key.Value, key.Value, keys)
			}
			written[step.Key.Value] = keys
		}
	}
	return written
}

// flatten notes each single value below a key by the way to it.
func flatten(key string, node *yaml.Node, into map[string]string) {
	switch node.Kind {
	case yaml.MappingNode:
		for _, pair := range problem.Pairs(node) {
			flatten(key+"."+pair.Key.Value, pair.Value, into)
		}
	case yaml.SequenceNode:
		for i, item := range node.Content {
			flatten(key+"."+strconv.Itoa(i), item, into)
		}
	default:
		into[key] = node.Value
	}
}
