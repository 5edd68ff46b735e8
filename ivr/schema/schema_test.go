package schema_test

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"gopkg.in/yaml.v3"

	"careline/ivr"
	"careline/ivr/flowtest"
	"careline/ivr/schema"
)

var update = flag.Bool("update", false, "write the schemas in docs anew")

// published compares a schema with the one in docs, or writes it there.
func published(t *testing.T, file string, raw []byte) {
	t.Helper()
	path := filepath.Join("../../docs", file)
	if *update {
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(kept, raw) {
		t.Errorf("%s is not what the code reads; write it anew by: go test ./ivr/schema -update", path)
	}
}

func compiled(t *testing.T, raw []byte) *jsonschema.Schema {
	t.Helper()
	parsed, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	compiler := jsonschema.NewCompiler()
	if err := compiler.AddResource("file:///schema.json", parsed); err != nil {
		t.Fatal(err)
	}
	s, err := compiler.Compile("file:///schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// plain gives YAML as an editor's checker reads it: mappings with texts as keys.
func plain(t *testing.T, text string) any {
	t.Helper()
	var node yaml.Node
	if err := yaml.Unmarshal([]byte(text), &node); err != nil {
		t.Fatalf("%v in\n%s", err, text)
	}
	return value(t, node.Content[0])
}

func value(t *testing.T, node *yaml.Node) any {
	t.Helper()
	switch {
	case node.Kind == yaml.MappingNode:
		m := map[string]any{}
		for i := 0; i < len(node.Content); i += 2 {
			m[node.Content[i].Value] = value(t, node.Content[i+1])
		}
		return m
	case node.Kind == yaml.SequenceNode:
		list := []any{}
		for _, item := range node.Content {
			list = append(list, value(t, item))
		}
		return list
	case node.Tag == "!!timestamp": // JSON has no such thing
		return node.Value
	}
	var v any
	if err := node.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTheDemosFlowsKeepTheSchema(t *testing.T) {
	raw := schema.Flow(schema.Names{})
	published(t, "flow.schema.json", raw)
	s := compiled(t, raw)
	named := compiled(t, schema.Flow(schema.Names{
		Languages: []string{"en-US", "es-US"}, Queues: []string{"member_services", "claims", "unverified", "nurse_line", "provider_services", "pharmacy_help"},
		Prompts: []string{"welcome"}, Music: []string{"calm"},
	}))
	files, err := filepath.Glob("../../config/demo/flows/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d flows, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, one := range []*jsonschema.Schema{s, named} {
			if err := one.Validate(plain(t, string(text))); err != nil {
				t.Errorf("%s: %v", file, err)
			}
		}
	}
}

func TestTheDemosTestsKeepTheSchema(t *testing.T) {
	raw := schema.Tests(schema.Names{})
	published(t, "flowtest.schema.json", raw)
	s := compiled(t, raw)
	files, err := filepath.Glob("../../config/demo/tests/*.yaml")
	if err != nil || len(files) < 2 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(plain(t, string(text))); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
	for _, text := range []string{
		"flow: t", "tests: []", "tests: [{call: []}]", "tests: [{test: x, calls: []}]", "tests: [{test: x, call: [{pres: \"1\"}]}]", "tests: [{test: x, call: [{press: 1}]}]",
		"tests: [{test: x, call: [{press: \"1\", hear: main}]}]", "tests: [{test: x, expect: {queues: claims}}]", "given: {members: {}}\ntests: [{test: x}]",
	} {
		if s.Validate(plain(t, text)) == nil {
			t.Errorf("not marked:\n%s", text)
		}
	}
}

// TestTheReferencesExamplesKeepTheSchema: each is a flow, or steps of one.
func TestTheReferencesExamplesKeepTheSchema(t *testing.T) {
	s := compiled(t, schema.Flow(schema.Names{}))
	raw, err := os.ReadFile("../../docs/flows.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, example := range regexp.MustCompile("(?s)```yaml\n(.*?)```").FindAllStringSubmatch(string(raw), -1) {
		flow := plain(t, example[1])
		if !strings.HasPrefix(example[1], "flow:") {
			flow = map[string]any{"flow": "example", "languages": []any{"en-US"}, "start": "a", "steps": flow}
		}
		if err := s.Validate(flow); err != nil {
			t.Errorf("%v in\n%s", err, example[1])
		}
	}
}

// TestEveryKeyHasAForm: an editor that takes anything marks no mistake.
func TestEveryKeyHasAForm(t *testing.T) {
	var look func(verb string, keys []ivr.Key)
	look = func(verb string, keys []ivr.Key) {
		for _, key := range keys {
			if key.Form == ivr.FormAny {
				t.Errorf("%s.%s may be anything: say in ivr/grammar.go what stands there", verb, key.Name)
			}
			look(verb+"."+key.Name, key.Keys)
		}
	}
	flow, steps := ivr.Grammar()
	look("flow", flow)
	look("tests", flowtest.Grammar())
	for i, verb := range ivr.Verbs() {
		look(verb, steps[i])
		for _, key := range steps[i] {
			if key.Name == verb && key.Help == "" {
				t.Errorf("%s: say in ivr/grammar.go what it does", verb)
			}
		}
	}
}

func TestMistakesAreMarked(t *testing.T) {
	s := compiled(t, schema.Flow(schema.Names{}))
	named := compiled(t, schema.Flow(schema.Names{Languages: []string{"en-US"}, Queues: []string{"claims"}, Music: []string{"calm"}}))
	flow := func(step string) string {
		return "flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n  a: " + step + "\n"
	}
	good := []string{
		flow(`{play: welcome, next: a}`), flow(`{play: [welcome, {en-US: We are closed.}], next: a, label: A}`),
		flow(`{menu: main, choices: {"1": a, "#": {next: a}, "12": {set: {reason: Claims}, next: a}}, no_input: {retries: 1, next: a}, no_match: {play: again}}`),
		flow(`{queue: {name: claims, skills: {claims: 3}, hold: {music: calm, announce: position, every: 45s}}, timeout: a, full: a, unavailable: a}`),
		flow(`{branch: [{when: verified, next: a}, {otherwise: a}]}`), flow(`{transfer: {flow: t, step: a}}`), flow(`{hang_up: done}`), flow(`{set: {tries: 2}, next: a}`),
	}
	bad := []string{
		"languages: [en-US]\nstart: a\nsteps: {a: {hang_up: done}}", "flow: t\nlanguages: []\nstart: a\nsteps: {a: {hang_up: done}}",
		"flow: t\nlanguages: [en-US]\nstart: a\nsteps: {}", flow(`{}`), flow(`{plays: welcome, next: a}`), flow(`{play: welcome}`),
		flow(`{play: welcome, next: a, barge_in: 1}`), flow(`{play: welcome, next: a, barge: true}`), flow(`{menu: main, choices: {"x": a}, no_input: a}`),
		flow(`{menu: main, choices: {"1": a}}`), flow(`{menu: main, choices: {}, no_input: a}`), flow(`{menu: main, choices: {"1": a}, no_input: a, timing: {first_digit: soon}}`),
		flow(`{collect: {ask: zip, digits: five, into: zip}, next: a, no_input: a}`), flow(`{branch: []}`), flow(`{branch: [{if: verified, next: a}]}`),
		flow(`{queue: {name: claims, hold: {music: calm}}, timeout: a, full: a}`), flow(`{queue: claims, timeout: a, full: a, unavailable: a}`),
		flow(`{transfer: {flows: t}}`), flow(`{play: welcome, next: "two words"}`), flow(`{play: welcome, menu: main, next: a}`),
	}
	for _, text := range good {
		for _, one := range []*jsonschema.Schema{s, named} {
			if err := one.Validate(plain(t, text)); err != nil {
				t.Errorf("refused: %v in\n%s", err, text)
			}
		}
	}
	for _, text := range bad {
		if s.Validate(plain(t, text)) == nil {
			t.Errorf("not marked:\n%s", text)
		}
	}
	for _, text := range []string{
		strings.Replace(good[3], "name: claims", "name: claim", 1), strings.Replace(good[3], "calm", "loud", 1), strings.Replace(good[0], "en-US", "fr-FR", 1),
	} {
		if named.Validate(plain(t, text)) == nil {
			t.Errorf("not marked by a configuration's names:\n%s", text)
		}
	}
}
