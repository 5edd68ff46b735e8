package ivr

import (
	"strconv"
	"strings"
	"time"
)

// The prompts that Careline itself needs, in every language.
const (
	promptApology  = "system/apology"
	promptNotKnown = "system/not-known"
)

// positionPrompts announce a place in line; numbers/2 to numbers/99 come besides.
var positionPrompts = []string{"hold/please-wait", "hold/next", "hold/you-are-number", "hold/in-line"}

const (
	// maxNumber is the largest number spoken as one; larger ones are read digit
	// by digit.
	maxNumber = 9999
	// maxPosition is the largest place in line that is told; beyond it, a caller
	// is only thanked for waiting.
	maxPosition = 99
	// firstYear to lastYear are recorded whole; others are put together.
	firstYear = 2020
	lastYear  = 2040
)

// isSpanish reports whether a language puts numbers and dates together as
// Spanish does; all others do it as English does.
func isSpanish(language string) bool {
	return language == "es" || strings.HasPrefix(language, "es-")
}

func pieces(language string, names ...string) []Prompt {
	row := make([]Prompt, len(names))
	for i, name := range names {
		row[i] = Prompt{Language: language, Name: name}
	}
	return row
}

// speakDigits reads digits one by one.
func speakDigits(language, digits string) []Prompt {
	var row []Prompt
	for _, key := range digits {
		if key >= '0' && key <= '9' {
			row = append(row, Prompt{Language: language, Name: "digits/" + string(key)})
		}
	}
	return row
}

// speakNumber says a whole number from 0 to maxNumber, else its digits.
func speakNumber(language string, n int) []Prompt {
	if n < 0 || n > maxNumber {
		return speakDigits(language, strconv.Itoa(n))
	}
	var names []string
	if thousands := n / 1000; thousands > 0 {
		// Spanish says "mil", not "un mil".
		if thousands > 1 || !isSpanish(language) {
			names = append(names, "numbers/"+strconv.Itoa(thousands))
		}
		names = append(names, "numbers/thousand")
	}
	hundreds, rest := n%1000/100, n%100
	switch {
	case hundreds == 1 && rest > 0:
		names = append(names, "numbers/hundred") // "ciento", where 100 alone is "cien"
	case hundreds > 0:
		names = append(names, "numbers/"+strconv.Itoa(hundreds*100))
	}
	if rest > 0 || n == 0 {
		names = append(names, "numbers/"+strconv.Itoa(rest))
	}
	return pieces(language, names...)
}

// speakDate says a day: January fourteenth, twenty twenty-seven; catorce de
// enero de dos mil veintisiete. Spanish months and years carry their "de".
func speakDate(language string, day time.Time) []Prompt {
	month := pieces(language, "months/"+strconv.Itoa(int(day.Month())))
	ordinal := pieces(language, "ordinals/"+strconv.Itoa(day.Day()))
	if isSpanish(language) {
		return append(append(ordinal, month...), speakYear(language, day.Year())...)
	}
	return append(append(month, ordinal...), speakYear(language, day.Year())...)
}

func speakYear(language string, year int) []Prompt {
	switch {
	case year >= firstYear && year <= lastYear:
		return pieces(language, "years/"+strconv.Itoa(year))
	case isSpanish(language):
		return append(pieces(language, "years/of"), speakNumber(language, year)...)
	case year/100 != 20 && year >= 1000 && year%100 >= 10:
		return append(speakNumber(language, year/100), speakNumber(language, year%100)...)
	}
	return speakNumber(language, year)
}

// speakPosition tells a waiting caller the place in line; 0 is not known.
func speakPosition(language string, position int) []Prompt {
	switch {
	case position < 1 || position > maxPosition:
		return pieces(language, "hold/please-wait")
	case position == 1:
		return pieces(language, "hold/next")
	}
	row := append(pieces(language, "hold/you-are-number"), speakNumber(language, position)...)
	return append(row, pieces(language, "hold/in-line")...)
}

// valueKind is how a value is spoken.
type valueKind string

const (
	asDigits valueKind = "digits"
	asNumber valueKind = "number"
	asDate   valueKind = "date"
)

var valueKinds = []string{string(asDate), string(asDigits), string(asNumber)}

// numbered names the prompts of a folder from first to last.
func numbered(folder string, first, last int) []string {
	var names []string
	for n := first; n <= last; n++ {
		names = append(names, folder+"/"+strconv.Itoa(n))
	}
	return names
}

// neededFor lists the prompts that a kind of value may need in a language.
func neededFor(kind valueKind, language string) []string {
	names := numbered("digits", 0, 9)
	if kind == asDigits {
		return names
	}
	names = append(names, numbered("numbers", 0, 100)...)
	for hundreds := 200; hundreds <= 900; hundreds += 100 {
		names = append(names, "numbers/"+strconv.Itoa(hundreds))
	}
	names = append(names, "numbers/hundred", "numbers/thousand")
	if kind == asNumber {
		return names
	}
	names = append(names, numbered("months", 1, 12)...)
	names = append(names, numbered("ordinals", 1, 31)...)
	names = append(names, numbered("years", firstYear, lastYear)...)
	if isSpanish(language) {
		names = append(names, "years/of")
	}
	return names
}
