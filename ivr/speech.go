package ivr

import (
	"strconv"
	"strings"
)

// The prompts that Careline itself needs, in every language.
const (
	promptApology  = "system/apology"
	promptNotKnown = "system/not-known"
)

// PromptPause is a short silence between groups of digits. It is no recording that
// must be there: a line has it in every language.
const PromptPause = "pause"

// positionPrompts announce a place in line; numbers/2 to numbers/99 come besides.
var positionPrompts = []string{"hold/please-wait", "hold/next", "hold/you-are-number", "hold/in-line"}

// maxPosition is the largest place in line that is told; beyond it, a caller is
// only thanked for waiting.
const maxPosition = 99

// isSpanish reports whether a language puts values together as Spanish does; all
// others do it as English does.
func isSpanish(language string) bool {
	return language == "es" || strings.HasPrefix(language, "es-")
}

// grammar puts values together of recorded pieces, as one language does. Pieces are
// the names of prompts.
type grammar interface {
	// number says a whole number up to maxNumber, by gender where there is one.
	number(n int, g gender) []string
	// ordinal says a place in a row, from 1.
	ordinal(n int, g gender) []string
	// beforeNoun says how many of something there are, up to the noun.
	beforeNoun(n int, g gender) []string
	// date says a day, as far as it is wanted.
	date(d spokenDate) []string
	// clock says a time of day.
	clock(hour, minute int) []string
	// money says an amount of dollars and cents.
	money(dollars, cents int) []string
	// letters that can be spelled, by their piece.
	letters() map[rune]string
	// pieces that a kind of value may need, besides digits.
	pieces(kind valueKind) []string
}

func grammarOf(language string) grammar {
	if isSpanish(language) {
		return spanish{}
	}
	return english{}
}

// gender of what a number counts; Spanish numbers follow it.
type gender string

const (
	// alone stands before no noun: uno, veintiuno.
	alone gender = ""
	// masculine stands before a noun: un, veintiún.
	masculine gender = "masculine"
	feminine  gender = "feminine"
)

func pieces(language string, names ...string) []Prompt {
	row := make([]Prompt, len(names))
	for i, name := range names {
		row[i] = Prompt{Language: language, Name: name}
	}
	return row
}

func numberPiece(n int) string { return "numbers/" + strconv.Itoa(n) }

// numbered names the prompts of a folder from first to last.
func numbered(folder string, first, last int) []string {
	var names []string
	for n := first; n <= last; n++ {
		names = append(names, folder+"/"+strconv.Itoa(n))
	}
	return names
}

// speakDigits reads digits one by one.
func speakDigits(digits string) []string {
	var row []string
	for _, key := range digits {
		if key >= '0' && key <= '9' {
			row = append(row, "digits/"+string(key))
		}
	}
	return row
}

// speakPosition tells a waiting caller the place in line; 0 is not known.
func speakPosition(language string, position int) []Prompt {
	switch {
	case position < 1 || position > maxPosition:
		return pieces(language, "hold/please-wait")
	case position == 1:
		return pieces(language, "hold/next")
	}
	return pieces(language, "hold/you-are-number", numberPiece(position), "hold/in-line")
}
