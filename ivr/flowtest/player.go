package flowtest

import (
	"fmt"
	"strings"
	"unicode"

	"careline/ivr"
	"careline/ivr/simulate"
)

// player plays one test.
type player struct {
	suite *suite
	call  *simulate.Call
	heard []heard
	// mark is where what is heard is looked for: after what the caller did last,
	// and after what was found since.
	mark    int
	step    ivr.EdgeName
	entered []string
	queued  *ivr.QueueRequest
}

// heard is a prompt, and the language of the call when it was heard.
type heard struct {
	ivr.Prompt
	call string
}

// maxWaits bounds how many things are waited for until something is heard.
const maxWaits = 10_000

// event notes what happens in the call.
func (p *player) event(e simulate.Event) {
	switch e.Kind {
	case simulate.Heard, simulate.Announced:
		p.heard = append(p.heard, heard{e.Prompt, p.language()})
	case simulate.Took:
		p.step = e.Edge
		p.entered = append(p.entered, e.Edge.To)
		p.suite.took(e.Edge)
	case simulate.Queued:
		p.queued = e.Request
	}
}

// language of the call; nothing is heard before there is one.
func (p *player) language() string {
	if p.call == nil {
		return ""
	}
	return p.call.Run().Language()
}

// hears lets time pass until something is heard, and says what was heard
// instead if it isn't.
func (p *player) hears(w wanted) error {
	for range maxWaits {
		if at, found := p.find(w, p.mark); found {
			p.mark = at
			return nil
		}
		if !p.call.Speaking() || !p.call.Next() {
			break
		}
	}
	return fmt.Errorf("%s is not heard; heard is %s", w.node.Value, p.since())
}

// find looks for something among what was heard, from a place on, and gives the
// place after it.
func (p *player) find(w wanted, from int) (after int, found bool) {
	if w.words == "" {
		for i := from; i < len(p.heard); i++ {
			h := p.heard[i]
			language := w.language
			if language == "" {
				language = h.call
			}
			if h.Name == w.name && (h.Language == language || h.call == "") {
				return i + 1, true
			}
		}
		return 0, false
	}
	text := ""
	for i := from; i < len(p.heard); i++ {
		text += " " + plain(p.suite.words(p.heard[i].Prompt))
		if strings.Contains(text+" ", " "+w.words+" ") {
			return i + 1, true
		}
	}
	return 0, false
}

// since lists what was heard since the mark.
func (p *player) since() string {
	if p.mark >= len(p.heard) {
		return "nothing"
	}
	var names []string
	for _, h := range p.heard[p.mark:] {
		name := h.Name
		if h.call != "" && h.Language != h.call {
			name += "@" + h.Language
		}
		names = append(names, name)
	}
	return strings.Join(names, ", ")
}

// plain brings words into a form in which they are compared: small letters and
// digits, single spaces.
func plain(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToLower(text), func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}), " ")
}
