package problem

import (
	"strings"
	"testing"
)

// TestSyntaxIsTakenToItsLine: the parser names the section around a mistake, or
// the line before; an admin is sent to the mistake itself.
func TestSyntaxIsTakenToItsLine(t *testing.T) {
	const steps = "flow: t\nsteps:\n  a:\n    play: x\n    next: b\n  b:\n    play: y\n"
	for _, c := range []struct{ name, text, want string }{
		{"a key too deep", steps + "     next: a\n", "m.yaml:8:6: not valid YAML: mapping values are not allowed in this context; put a text that holds a colon in quotes; or a key is indented deeper"},
		{"a key not deep enough", steps + "   next: a\n", "m.yaml:8:4: not valid YAML: did not find expected key; line it up with the keys that it belongs to"},
		{"a list not deep enough", "a:\n    - x\n    - y\n   - z\n", "m.yaml:4:4: not valid YAML: did not find expected key"},
		{"a tab for spaces", steps + "\tnext: a\n", "m.yaml:8:1: a tab stands in the indentation; indent by spaces; YAML takes no tabs there"},
		{"a tab after spaces", steps + "  \tnext: a\n", "m.yaml:8:3: a tab stands in the indentation"},
		{"a colon in a text", steps + "    label: Nurse: day\n", "m.yaml:8:5: not valid YAML: mapping values are not allowed"},
		{"no space after a colon", steps + "    next:a\n    label: b\n", "m.yaml:8:5: not valid YAML: could not find expected ':'; write `name: value`, with a colon and a space"},
		{"an open brace", steps + "  c: {play: x\n  d:\n    play: y\n", "m.yaml:8:3: not valid YAML: did not find expected ',' or '}'; close the { of this line by }"},
		{"an open list", steps + "  c: [x, y\n  d:\n    play: y\n", "m.yaml:8:3: not valid YAML: did not find expected ',' or ']'; close the [ of this line by ]"},
		{"an open list on the first line", "a: [x, y\n\nb: z\n", "m.yaml:1:1: not valid YAML: did not find expected ',' or ']'"},
		{"an open quote", steps + "  c: \"x\n  d: y\n", "m.yaml:8:3: not valid YAML: found unexpected end of stream; close the quote that opens here"},
		{"a star", steps + "  *: x\n", "m.yaml:8:3: not valid YAML: did not find expected alphabetic or numeric character; put a value that begins with * or & in quotes"},
		{"an at sign", steps + "  c: @x\n", "m.yaml:8:3: not valid YAML: found character that cannot start any token; put a value that begins with @"},
		{"Latin-1", "a: x\nb: ni\xf1o\n", "m.yaml:2:6: here stands a letter that is not written in UTF-8; save the file as UTF-8"},
		{"UTF-16", "\xff\xfea\x00:\x00", "m.yaml:1:1: the file is written in UTF-16; save it as UTF-8"},
		{"a control character", "a: x\nb: é\x00\n", "m.yaml:2:5: here stands an invisible control character"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, err := Parse("m.yaml", []byte(c.text)); err == nil || !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("%q\n got %v\nwant %s", c.text, err, c.want)
			}
		})
	}
	for _, fine := range []string{"a: \"x\ty\"", "a: |\n  x\ty\n", "a: ñ\r\nb: \u0085\n"} {
		if _, err := Parse("m.yaml", []byte(fine)); err != nil {
			t.Errorf("%q: %v", fine, err)
		}
	}
}
