package lookup

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Today is the value that every look-up has: the day where the site is, as
// YYYY-MM-DD.
const Today = "today"

// template is a text with values in it: "/plans/{{ plan }}/copay".
type template []piece

// piece is text, or the name of a value.
type piece struct {
	text, name string
	// bare: in JSON the value stands as a number or a truth, not as a string.
	bare bool
}

var (
	templateValue = regexp.MustCompile(`\{\{(.*?)\}\}`)
	valueForm     = regexp.MustCompile(`^\s*([a-z][a-z0-9_]{0,39})\s*(?:\|\s*(number|truth)\s*)?$`)
)

var errBraces = errors.New("a brace stands alone")

func parseTemplate(text string) (template, error) {
	var t template
	plain := func(part string) error {
		if strings.Contains(part, "{{") || strings.Contains(part, "}}") {
			return errBraces
		}
		if part != "" {
			t = append(t, piece{text: part})
		}
		return nil
	}
	rest := text
	for at := templateValue.FindStringSubmatchIndex(rest); at != nil; at = templateValue.FindStringSubmatchIndex(rest) {
		if err := plain(rest[:at[0]]); err != nil {
			return nil, err
		}
		m := valueForm.FindStringSubmatch(rest[at[2]:at[3]])
		if m == nil {
			return nil, fmt.Errorf("%s is no value", rest[at[0]:at[1]])
		}
		t = append(t, piece{name: m[1], bare: m[2] != ""})
		rest = rest[at[1]:]
	}
	return t, plain(rest)
}

// names lists the values that stand in it.
func (t template) names() []string {
	var names []string
	for _, p := range t {
		if p.name != "" && !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return names
}

// isBare reports whether it is one value that JSON takes without quotes.
func (t template) isBare() bool { return len(t) == 1 && t[0].bare }

func (t template) hasBare() bool {
	return slices.ContainsFunc(t, func(p piece) bool { return p.bare })
}

// fill puts the values in, each escaped for where it stands.
func (t template) fill(values map[string]string, escape func(string) string) string {
	var b strings.Builder
	for _, p := range t {
		if p.name != "" {
			b.WriteString(escape(values[p.name]))
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

func asItIs(text string) string { return text }

// parameters are names with templates, in the order of their names.
type parameters []parameter

type parameter struct {
	name  string
	value template
}
