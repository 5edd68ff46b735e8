package problem

import (
	"bytes"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

var yamlLine = regexp.MustCompile(`line (\d+): ?`)

// encoding refuses what is no text in UTF-8, at the first byte that shows it;
// the parser would tell neither line nor column.
func (d *Document) encoding(raw []byte) error {
	if bytes.HasPrefix(raw, []byte("\xff\xfe")) || bytes.HasPrefix(raw, []byte("\xfe\xff")) {
		return List{d.At(nil, "the file is written in UTF-16").Hint("save it as UTF-8")}
	}
	line, column := 1, 1
	for rest := raw; len(rest) > 0; {
		r, size := utf8.DecodeRune(rest)
		problem := Problem{Position: Position{File: d.File, Line: line, Column: column}}
		switch {
		case r == utf8.RuneError && size == 1:
			problem.Message = "here stands a letter that is not written in UTF-8"
			return List{problem.Hint("save the file as UTF-8; another setting of the editor writes ñ, é or “ otherwise")}
		case unicode.IsControl(r) && !strings.ContainsRune("\t\n\r\u0085", r) || r == 0xfffe || r == 0xffff:
			problem.Message = "here stands an invisible control character"
			return List{problem.Hint("remove it, or write the line anew")}
		}
		if rest = rest[size:]; r == '\n' {
			line, column = line+1, 1
		} else {
			column++
		}
	}
	return nil
}

// syntax says where a file stops being YAML, and what is most likely meant.
func (d *Document) syntax(raw []byte, err error) error {
	lines := strings.Split(string(raw), "\n")
	complaint, line := complaint(err)
	switch {
	case len(raw) <= maxDocument && (complaint == "did not find expected key" || complaint == "did not find expected '-' indicator"):
		line = firstBroken(lines, complaint)
	case strings.HasPrefix(complaint, "did not find expected") && !strings.HasPrefix(complaint, "did not find expected alphabetic"):
		line++ // of these the parser counts lines from 0
	}
	line = min(max(line, 1), len(lines))
	for _, open := range []struct{ close, bracket string }{{"or '}'", "{"}, {"or ']'", "["}} {
		for strings.HasSuffix(complaint, open.close) && line > 1 && !strings.Contains(lines[line-1], open.bracket) {
			line-- // on the first line the parser counts from another place
		}
	}
	if strings.Contains(complaint, "tab character") {
		line += max(0, slices.IndexFunc(lines[line-1:], tabbed)) // it names the line of the section
	}
	text := lines[line-1]
	indent := text[:len(text)-len(strings.TrimLeft(text, " \t"))]
	p := d.At(nil, "not valid YAML: %s", complaint)
	p.Line, p.Column = line, len(indent)+1
	if d.protected {
		p.Message = "not valid YAML" // the parser's own words may repeat what stands there
	}
	if tab := strings.Index(indent, "\t"); tabbed(text) {
		p.Message, p.Column = "a tab stands in the indentation", tab+1
		return List{p.Hint("indent by spaces; YAML takes no tabs there")}
	}
	return List{p.Hint("%s", remedy(complaint))}
}

// tabbed reports whether a line is indented by a tab.
func tabbed(line string) bool {
	return strings.HasPrefix(strings.TrimLeft(line, " "), "\t")
}

// complaint takes the parser's words and line apart; 0 if it names none.
func complaint(err error) (text string, line int) {
	text = strings.TrimPrefix(err.Error(), "yaml: ")
	if m := yamlLine.FindStringSubmatch(text); m != nil {
		line, _ = strconv.Atoi(m[1])
		text = strings.Replace(text, m[0], "", 1)
	}
	return text, line
}

// firstBroken finds the line at which the parser begins to complain so. Its own
// line is that of the section around the mistake, which may be far above.
func firstBroken(lines []string, why string) int {
	return 1 + sort.Search(len(lines)-1, func(i int) bool {
		var node yaml.Node
		err := yaml.Unmarshal([]byte(strings.Join(lines[:i+1], "\n")+"\n"), &node)
		if err == nil {
			return false
		}
		text, _ := complaint(err)
		return text == why
	})
}

// remedy says what a complaint of the parser's most often comes from.
func remedy(complaint string) string {
	for _, known := range []struct{ complaint, remedy string }{
		{"did not find expected key", "line it up with the keys that it belongs to: its indentation fits none of those above"},
		{"did not find expected '-'", "line it up with the list that it belongs to, and begin it with `- `"},
		{"did not find expected ',' or '}'", "close the { of this line by }, and put a comma between its entries"},
		{"did not find expected ',' or ']'", "close the [ of this line by ], and put a comma between its entries"},
		{"mapping values are not allowed", "put a text that holds a colon in quotes; or a key is indented deeper than its neighbours"},
		{"could not find expected ':'", "write `name: value`, with a colon and a space, and close its quotes"},
		{"found unexpected end of stream", "close the quote that opens here"},
		{"found character that cannot start any token", "put a value that begins with @, ` or % in quotes"},
		{"did not find expected alphabetic", "put a value that begins with * or & in quotes, as in \"*\""},
		{"found unknown escape", "use single quotes: within double ones a \\ has a meaning"},
	} {
		if strings.HasPrefix(complaint, known.complaint) {
			return known.remedy
		}
	}
	return "look at this line and its neighbours: indentation, quotes and colons"
}
