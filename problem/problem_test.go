package problem

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"
	"pgregory.net/rapid"
)

func TestPositionIsWhatEditorsUnderstand(t *testing.T) {
	for want, position := range map[string]Position{
		"flows/main.yaml:42:7": {"flows/main.yaml", 42, 7},
		"flows/main.yaml":      {File: "flows/main.yaml"},
	} {
		if got := position.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestProblemIsOneLineWithItsAdvice(t *testing.T) {
	doc := &Document{File: "m.yaml"}
	node := &yaml.Node{Line: 3, Column: 5}
	for want, p := range map[string]Problem{
		"m.yaml:3:5: no step \"x\"":                             doc.At(node, "no step %q", "x"),
		"m.yaml:3:5: no step; did you mean \"y\"?":              doc.At(node, "no step").Hint("did you mean %q?", "y"),
		"m.yaml:3:5: no step at all":                            doc.At(node, "no step at all").Hint("did you mean %q?", ""),
		"m.yaml:3:5: no step here; write one":                   doc.At(node, "no step here").Hint("write one"),
		"m.yaml:1:1: whole":                                     doc.At(nil, "whole"),
		"m.yaml:1:1: unplaced":                                  doc.At(&yaml.Node{}, "unplaced"),
		"m.yaml:3:5: two lines; of advice":                      doc.At(node, "two\nlines").Hint("of\r\nadvice"),
		"m.yaml: the file is gone":                              {Position: Position{File: "m.yaml"}, Message: "the file is gone"},
		"m.yaml:3:5: 5 found; at most 4 are, and 0 is the last": doc.At(node, "%d found", 5).Hint("at most %d are, and %d is the last", 4, 0),
	} {
		if got := p.Error(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

func TestListIsSortedByPlaceAndNilWhenEmpty(t *testing.T) {
	if err := (List{}).Err(); err != nil {
		t.Errorf("nothing wrong, and yet %v", err)
	}
	at := func(file string, line, column int, message string) Problem {
		return Problem{Position: Position{file, line, column}, Message: message}
	}
	err := List{at("b", 1, 1, "e"), at("a", 2, 1, "d"), at("a", 1, 9, "b"), at("a", 1, 9, "c"), at("a", 1, 2, "a")}.Err()
	var messages []string
	for line := range strings.Lines(err.Error()) {
		messages = append(messages, strings.TrimSpace(line[strings.LastIndex(line, " "):]))
	}
	if got := strings.Join(messages, ""); got != "abcde" {
		t.Errorf("order %s, want abcde", got)
	}
}

func TestListTakesEveryErrorApart(t *testing.T) {
	one, two, three := Problem{Message: "one"}, Problem{Message: "two"}, Problem{Message: "three"}
	for _, c := range []struct {
		name string
		err  error
		want []string
	}{
		{"nothing", nil, nil},
		{"a problem", one, []string{"one"}},
		{"a list", List{one, two}, []string{"one", "two"}},
		{"wrapped", fmt.Errorf("reading: %w", List{one, two}), []string{"one", "two"}},
		{"joined", errors.Join(one, List{two, three}), []string{"one", "two", "three"}},
		{"joined in joined", errors.Join(errors.Join(one), errors.New("other"), two), []string{"one", "other", "two"}},
		{"another", errors.New("permission denied"), []string{"permission denied"}},
	} {
		var list List
		list.Add("m.yaml", c.err)
		var got []string
		for _, p := range list {
			got = append(got, p.Message)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	var list List
	list.Add("m.yaml", errors.New("permission denied"))
	if list[0].Error() != "m.yaml: permission denied" {
		t.Errorf("%q", list[0].Error())
	}
}

func TestNearestIsWhatTheWriterMeant(t *testing.T) {
	names := []string{"nurse_line", "member_services", "claims", "play", "next", "RN", "no_input", "no_match"}
	for name, want := range map[string]string{
		"nurse-line": "nurse_line", "nurseline": "nurse_line", "nuse_line": "nurse_line", "nurse_lin": "nurse_line",
		"member_service": "member_services", "Claims": "claims", "plya": "play", "nxet": "next", "no_imput": "no_input",
		"RM": "RN", "rn": "RN", "NEXT": "next", "claims": "claims", "": "", "x": "", "zzzz": "", "hangup": "", "billing": "", "nexxxxt": "next",
		strings.Repeat("n", maxName+1): "",
	} {
		if got := Nearest(name, names); got != want {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
	if got := Nearest("x", nil); got != "" {
		t.Errorf("among nothing: %q", got)
	}
	if a, b := Nearest("cat", []string{"bat", "hat"}), Nearest("cat", []string{"hat", "bat"}); a != b {
		t.Errorf("the order of the candidates decides: %q, %q", a, b)
	}
}

func TestDistanceIsADistance(t *testing.T) {
	texts := rapid.StringOfN(rapid.RuneFrom([]rune("abc")), 0, 6, -1)
	rapid.Check(t, func(t *rapid.T) {
		a, b := texts.Draw(t, "a"), texts.Draw(t, "b")
		d := distance(a, b)
		if d != distance(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) || d < max(len(a)-len(b), len(b)-len(a)) {
			t.Fatalf("%q to %q: %d", a, b, d)
		}
	})
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "abc", 3}, {"kitten", "sitting", 3}, {"ab", "ba", 1}, {"abcd", "acbd", 1}, {"ca", "abc", 3}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q to %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
