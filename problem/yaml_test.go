package problem

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"
)

type colour string

// UnmarshalText refuses all but one, and repeats what it was given.
func (c *colour) UnmarshalText(text []byte) error {
	if string(text) != "blue" {
		return fmt.Errorf("%s is no colour", text)
	}
	*c = colour(text)
	return nil
}

type part struct {
	Name string `yaml:"name"`
	Size int    `yaml:"size,omitempty"`
}

type sample struct {
	Text     string            `yaml:"text"`
	On       bool              `yaml:"on"`
	Small    int8              `yaml:"small"`
	Count    uint16            `yaml:"count"`
	Ratio    float64           `yaml:"ratio"`
	Wait     time.Duration     `yaml:"wait"`
	List     []string          `yaml:"list"`
	Parts    []part            `yaml:"parts"`
	One      part              `yaml:"one"`
	Perhaps  *part             `yaml:"perhaps"`
	Number   *int              `yaml:"number"`
	Named    map[string]part   `yaml:"named"`
	Texts    map[string]string `yaml:"texts"`
	Colour   colour            `yaml:"colour"`
	Colours  []colour          `yaml:"colours"`
	Raw      yaml.Node         `yaml:"raw"`
	Ignored  string            `yaml:"-"`
	Untagged string
}

func decodeSample(t *testing.T, text string) (sample, error) {
	t.Helper()
	doc, err := Parse("m.yaml", []byte(text))
	if err != nil {
		t.Fatalf("parsing %q: %v", text, err)
	}
	var s sample
	err = doc.Decode(doc.Root, &s)
	return s, err
}

func TestDecodeFillsEveryKind(t *testing.T) {
	doc, err := Parse("m.yaml", []byte(`
text: "0123"
on: true
small: -128
count: 65535
ratio: 0.25
wait: 1m30s
list: [a, b]
parts: [{name: x, size: 1}, {name: y}]
one: {name: z}
perhaps: {name: p}
number: 0
named: {a: {size: 3}}
texts: {en-US: Hello}
colour: blue
colours: [blue, blue]
raw: {anything: [goes]}
`))
	if err != nil {
		t.Fatal(err)
	}
	var got sample
	if err := doc.Decode(doc.Root, &got); err != nil {
		t.Fatal(err)
	}
	if Get(&got.Raw, "anything") == nil {
		t.Error("the raw node was not kept")
	}
	got.Raw = yaml.Node{}
	zero := 0
	want := sample{
		Text: "0123", On: true, Small: -128, Count: 65535, Ratio: 0.25, Wait: 90 * time.Second, List: []string{"a", "b"},
		Parts: []part{{"x", 1}, {"y", 0}}, One: part{Name: "z"}, Perhaps: &part{Name: "p"}, Number: &zero,
		Named: map[string]part{"a": {Size: 3}}, Texts: map[string]string{"en-US": "Hello"}, Colour: "blue", Colours: []colour{"blue", "blue"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
}

func TestDecodeNamesEachMistakeWithItsPlace(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"txet: a", `m.yaml:1:1: "txet" is not a key here; did you mean "text"?`},
		{"zzzzzz: a", `m.yaml:1:1: "zzzzzz" is not a key here; the keys here are text, on, small`},
		{"Ignored: a", `"Ignored" is not a key here`},
		{"Untagged: a", `"Untagged" is not a key here`},
		{"one: {sise: 1}", `m.yaml:1:7: "sise" is not a key here; did you mean "size"?`},
		{"on: yes", `m.yaml:1:5: "yes" is not true or false`},
		{"on: 1", `"1" is not true or false`},
		{"on: True", `"True" is not true or false`},
		{"small: 128", `m.yaml:1:8: "128" is not a whole number`},
		{"small: 1.5", `"1.5" is not a whole number`},
		{"small: 0x10", `"0x10" is not a whole number`},
		{"count: -1", `"-1" is not a whole number`},
		{"ratio: much", `"much" is not a number`},
		{"ratio: NaN", `"NaN" is not a number`},
		{"ratio: inf", `"inf" is not a number`},
		{"wait: 30", `m.yaml:1:7: "30" is not a duration such as "30s" or "20m"`},
		{"wait: -3s", `"-3s" is not a duration`},
		{"text: [a]", `m.yaml:1:7: here stands a list where a single value is expected`},
		{"text:", `here stands nothing where a single value is expected; write it after the colon, or remove the key`},
		{"number: ~", `here stands nothing where a whole number is expected`},
		{"list: a", `m.yaml:1:7: here stands a single value where a list is expected; write it as [a, b]`},
		{"list: [a, {b: c}]", `m.yaml:1:11: here stands a mapping where a single value is expected`},
		{"one: a", `here stands a single value where keys with values are expected; the keys here are name, size`},
		{"perhaps: [a]", `here stands a list where keys with values are expected`},
		{"named: [a]", `here stands a list where names with values are expected; write ` + "`name: value`" + ` below it`},
		{"named: {a: {nmae: x}}", `m.yaml:1:13: "nmae" is not a key here; did you mean "name"?`},
		{"colour: red", `m.yaml:1:9: red is no colour`},
		{"colour: [blue]", `here stands a list where a single value is expected`},
		{"colours: [blue, red]", `m.yaml:1:17: red is no colour`},
	} {
		if _, err := decodeSample(t, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestDecodeTellsAllAtOnceInTheirOrder(t *testing.T) {
	_, err := decodeSample(t, "wait: x\nsmall: y\none: {a: 1, b: 2}\n")
	var list List
	if !errors.As(err, &list) || len(list) != 4 {
		t.Fatalf("%v, want four problems", err)
	}
	for i, line := range []int{1, 2, 3, 3} {
		if list[i].Line != line {
			t.Errorf("problem %d is on line %d, want %d", i+1, list[i].Line, line)
		}
	}
}

func TestParseRefusesWhatWouldBeReadOtherwise(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"empty", "", "m.yaml:1:1: the file is empty"},
		{"comments", "# nothing\n", "the file is empty"},
		{"a list", "[a]", "the top level is a list; start with keys"},
		{"a text", "hello", "the top level is a single value"},
		{"nothing", "~", "the top level is nothing"},
		{"indentation", "a:\n  b: 1\n c: 2\n", "m.yaml:3:2: not valid YAML: did not find expected key; line it up"},
		{"tab", "a:\n\tb: 1\n", "m.yaml:2:1: a tab stands in the indentation; indent by spaces"},
		{"open list", "a: [1, 2", "not valid YAML"},
		{"twice", "a: 1\nb: 2\na: 3\n", `m.yaml:3:1: "a" stands here twice, first on line 1; remove one`},
		{"twice within", "x:\n  - {a: 1, a: 2}\n", `m.yaml:2:12: "a" stands here twice`},
		{"anchor", "a: &x 1\n", "m.yaml:1:4: anchors and aliases are not supported; write the value out"},
		{"alias", "a: &x 1\nb: *x\n", "anchors and aliases"},
		{"merge", "a: &x {b: 1}\nc: {<<: *x}\n", "anchors and aliases"},
		{"second document", "a: 1\n---\nb: 2\n", "a second document begins here; put it in a file of its own"},
		{"broken second document", "a: 1\n---\n[b\n", "not valid YAML"},
		{"list as a key", "[a, b]: 1\n", "m.yaml:1:1: here stands a list as a key"},
		{"mapping as a key", "? {a: 1}\n: 2\n", "here stands a mapping as a key"},
		{"too long", strings.Repeat("#", maxDocument+1), "split it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			doc, err := Parse("m.yaml", []byte(c.text))
			var list List
			if doc != nil || !errors.As(err, &list) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	for _, fine := range []string{"a: 1", "---\na: 1\n", "a: 1\n...\n", "\ufeffa: 1"} {
		if _, err := Parse("m.yaml", []byte(fine)); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
}

func TestPairsAndGetKeepTheOrder(t *testing.T) {
	doc, err := Parse("m.yaml", []byte("b: 1\na: 2\n"))
	if err != nil {
		t.Fatal(err)
	}
	pairs := Pairs(doc.Root)
	if len(pairs) != 2 || pairs[0].Key.Value != "b" || pairs[1].Value.Value != "2" {
		t.Errorf("%d pairs out of order", len(pairs))
	}
	if Get(doc.Root, "a").Value != "2" || Get(doc.Root, "c") != nil || Get(nil, "a") != nil || Pairs(pairs[0].Value) != nil {
		t.Error("Get found something else")
	}
}

func TestProtectedFileIsNeverRepeated(t *testing.T) {
	const secret = "Linda"
	for _, text := range []string{
		"Linda: 1\nLinda: 2\n", "Linda: 1", "[Linda]", "a: *Linda", "a: &Linda 1", "a: \"\\Linda", "!Linda b: [", "%Linda\n---\na: 1",
		"on: Linda", "small: Linda", "count: Linda", "ratio: Linda", "wait: Linda", "colour: Linda", "colours: [Linda]", "list: Linda",
		"one: Linda", "named: {a: Linda}", "number: Linda", "? [Linda]\n: 1", "a: 1\n---\nLinda: 2",
	} {
		doc, err := ParseProtected("m.yaml", []byte(text))
		if err == nil {
			var s sample
			err = doc.Decode(doc.Root, &s)
		}
		if err == nil {
			t.Errorf("%q was taken", text)
		} else if strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), secret) {
			t.Errorf("%q: the message repeats it: %v", text, err)
		} else if !strings.HasPrefix(err.Error(), "m.yaml:") {
			t.Errorf("%q: no place: %v", text, err)
		}
	}
}

// Whatever the bytes, an answer: a document or problems with a place within
// the file, each on one line.
func FuzzParseAndDecode(f *testing.F) {
	for _, seed := range []string{
		"text: a\non: true\nwait: 3s", "parts: [{name: x}]", "a: &x [*x]", "? {a: b}\n: c", "<<: {a: 1}", "raw: !!binary aGk=",
		"a: 1\n---\nb", "named: {a: {size: 99999999999999999999}}", "colour: \"\\x00\\n\"", "\ufeffa: |\n  b\n  c\n", "a: [[[[[[[[{}]]]]]]]]",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		lines := strings.Count(string(raw), "\n") + strings.Count(string(raw), "\r") + strings.Count(string(raw), "\u2028") + strings.Count(string(raw), "\u2029") + strings.Count(string(raw), "\u0085") + 2
		doc, err := Parse("m.yaml", raw)
		if (doc == nil) == (err == nil) {
			t.Fatalf("document %v, error %v", doc != nil, err)
		}
		if err == nil {
			var s sample
			err = doc.Decode(doc.Root, &s)
		}
		if err == nil {
			return
		}
		var list List
		if !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("%v is no list", err)
		}
		for _, p := range list {
			if p.Line < 1 || p.Line > lines || p.Column < 1 || strings.ContainsAny(p.Error(), "\n\r") {
				t.Fatalf("problem %q at line %d of %d", p.Error(), p.Line, lines)
			}
		}
	})
}
