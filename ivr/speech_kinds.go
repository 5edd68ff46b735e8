package ivr

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// valueKind is how a value is spoken.
type valueKind string

const (
	asCount   valueKind = "count"
	asDate    valueKind = "date"
	asDigits  valueKind = "digits"
	asLetters valueKind = "letters"
	asMoney   valueKind = "money"
	asName    valueKind = "name"
	asNumber  valueKind = "number"
	asOrdinal valueKind = "ordinal"
	asPhone   valueKind = "phone"
	asTime    valueKind = "time"
)

func valueKinds() []string {
	var names []string
	for _, kind := range []valueKind{asCount, asDate, asDigits, asLetters, asMoney, asName, asNumber, asOrdinal, asPhone, asTime} {
		names = append(names, string(kind))
	}
	return names
}

// ways lists how a kind of fact can be said, the likeliest first.
func (k FactKind) ways() []valueKind {
	switch k {
	case FactDate:
		return []valueKind{asDate}
	case FactTime:
		return []valueKind{asTime, asDate}
	case FactNumber:
		return []valueKind{asNumber, asDigits, asCount, asOrdinal, asMoney}
	case FactDigits:
		return []valueKind{asDigits, asNumber, asPhone, asLetters}
	case FactMoney:
		return []valueKind{asMoney, asNumber}
	}
	return []valueKind{asName, asLetters}
}

// form is how a value is spoken, in detail.
type form struct {
	kind   valueKind
	gender gender
	// weekday and noYear are for dates.
	weekday, noYear bool
	// keyed: the text is what a caller keyed in.
	keyed bool
	// one and many are what is counted.
	one, many *promptUse
}

// spokenDate is a day, and what of it is said.
type spokenDate struct {
	time.Time
	weekday, noYear bool
}

// options of a kind, as they are written after it.
func (k valueKind) options() []string {
	switch k {
	case asNumber, asOrdinal, asCount:
		return []string{string(masculine), string(feminine)}
	case asDate:
		return []string{"weekday", "no_year"}
	}
	return nil
}

// neededFor lists the prompts that a value may need in a language, the pause and
// recorded names aside.
func (f form) neededFor(language string) []string {
	digits, grammar := numbered("digits", 0, 9), grammarOf(language)
	switch f.kind {
	case asTime, asMoney, asOrdinal:
		return grammar.pieces(f.kind)
	case asDate:
		names := grammar.pieces(f.kind)
		return slices.DeleteFunc(names, func(name string) bool {
			return !f.weekday && strings.HasPrefix(name, "weekdays/") || f.noYear && (strings.HasPrefix(name, "years/") || strings.HasPrefix(name, "numbers/"))
		})
	}
	return append(digits, grammar.pieces(f.kind)...)
}

// speak gives the pieces for a text in a language; false if the text is none that
// can be said so. has tells which prompts there are, for names.
func (f form) speak(language, text string, has func(language, name string) bool) ([]Prompt, bool) {
	grammar := grammarOf(language)
	var names []string
	switch f.kind {
	case asCount:
		return f.count(language, text)
	case asDate:
		names = f.date(grammar, text)
	case asTime:
		if at, ok := timeOfDay(text); ok {
			names = grammar.clock(at.Hour(), at.Minute())
		}
	case asNumber:
		names = number(grammar, text, f.gender)
	case asOrdinal:
		if n, err := strconv.Atoi(text); err == nil && n > 0 && n <= maxNumber {
			names = grammar.ordinal(n, f.gender)
		}
	case asMoney:
		names = money(grammar, text)
	case asPhone:
		names = phone(grammar, text)
	case asLetters:
		names = letters(grammar, text)
	case asName:
		if recorded := "names/" + strings.TrimSuffix(slug(text), "-"); recorded != "names/" && has != nil && has(language, recorded) {
			names = []string{recorded}
		} else {
			names = letters(grammar, text)
		}
	default:
		names = speakDigits(text)
	}
	return pieces(language, names...), len(names) > 0
}

// count says how many of something there are: una reclamación, dos reclamaciones.
func (f form) count(language, text string) ([]Prompt, bool) {
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxNumber || f.one == nil {
		return nil, false
	}
	noun := f.many
	if n == 1 {
		noun = f.one
	}
	return append(pieces(language, grammarOf(language).beforeNoun(n, f.gender)...), noun.in(language)), true
}

// date reads a day: YYYY-MM-DD, with or without a time behind it, or as keyed in,
// MMDDYYYY.
func (f form) date(g grammar, text string) []string {
	layout := time.DateOnly
	if f.keyed {
		layout = "01022006"
	} else {
		text, _, _ = strings.Cut(text, "T")
	}
	day, err := time.Parse(layout, text)
	if err != nil || day.Year() < 1000 {
		return nil
	}
	return g.date(spokenDate{day, f.weekday, f.noYear})
}

// timeOfDay reads 14:30 or 14:30:00, alone or behind a day; the zone that it is
// written in is the one that it is said in.
func timeOfDay(text string) (time.Time, bool) {
	if _, clock, found := strings.Cut(text, "T"); found {
		text = clock
	}
	for _, layout := range []string{"15:04", time.TimeOnly, "15:04Z07:00", "15:04:05Z07:00"} {
		if at, err := time.Parse(layout, text); err == nil {
			return at, true
		}
	}
	return time.Time{}, false
}

var decimal = regexp.MustCompile(`^(-?)(\d{1,18})(?:\.(\d{1,4}))?$`)

// number says a number, with what stands behind its point digit by digit. A whole
// number above maxNumber is read digit by digit.
func number(g grammar, text string, gender gender) []string {
	m := decimal.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	n, _ := strconv.Atoi(m[2]) // eighteen digits fit
	var row []string
	if m[1] != "" {
		row = append(row, "numbers/minus")
	}
	switch {
	case n > maxNumber:
		row = append(row, speakDigits(m[2])...)
	case m[3] != "":
		row = append(row, g.number(n, alone)...)
	default:
		row = append(row, g.number(n, gender)...)
	}
	if m[3] != "" {
		row = append(append(row, "numbers/point"), speakDigits(m[3])...)
	}
	return row
}

var amountOfMoney = regexp.MustCompile(`^(-?)\$?(\d{1,9})(?:\.(\d{1,2}))?$`)

// money says dollars and cents: 1234.5, $1,234.50.
func money(g grammar, text string) []string {
	if grouped.MatchString(text) {
		text = strings.ReplaceAll(text, ",", "")
	}
	m := amountOfMoney.FindStringSubmatch(text)
	if m == nil {
		return nil
	}
	dollars, _ := strconv.Atoi(m[2])
	cents, _ := strconv.Atoi((m[3] + "00")[:2])
	var row []string
	if m[1] != "" && dollars+cents > 0 {
		row = append(row, "numbers/minus")
	}
	return append(row, g.money(dollars, cents)...)
}

var grouped = regexp.MustCompile(`^-?\$?\d{1,3}(,\d{3})+(\.\d+)?$`)

// phone reads a telephone number by its groups; one of round hundreds (800) is
// said as a number.
func phone(g grammar, text string) []string {
	var digits []byte
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			digits = append(digits, c)
		case !strings.ContainsRune(" +()-./", rune(c)):
			return nil
		}
	}
	if len(digits) > 15 || len(digits) == 0 { // E.164 has no more
		return nil
	}
	var row []string
	for i, group := range groups(string(digits)) {
		if i > 0 {
			row = append(row, PromptPause)
		}
		if n, _ := strconv.Atoi(group); len(group) == 3 && group[0] > '1' && n%100 == 0 {
			row = append(row, g.number(n, alone)...)
		} else {
			row = append(row, speakDigits(group)...)
		}
	}
	return row
}

// groups are those of a number as it is written in North America; any other is
// taken apart by threes.
func groups(digits string) []string {
	var parts []string
	if len(digits) == 11 && digits[0] == '1' {
		parts, digits = append(parts, "1"), digits[1:]
	}
	for len(digits) > 5 {
		parts, digits = append(parts, digits[:3]), digits[3:]
	}
	return append(parts, digits)
}

// letters spells a text: letters and digits one by one, a pause for what stands
// between words.
func letters(g grammar, text string) []string {
	known := g.letters()
	var row []string
	for _, letter := range strings.ToLower(text) {
		name, ok := known[letter]
		if !ok {
			plain, _ := utf8.DecodeRuneInString(unaccented(string(letter)))
			name, ok = known[plain]
		}
		switch {
		case ok:
			row = append(row, name)
		case letter >= '0' && letter <= '9':
			row = append(row, "digits/"+string(letter))
		case strings.ContainsRune(" -.,'/&", letter):
			if len(row) > 0 && row[len(row)-1] != PromptPause {
				row = append(row, PromptPause)
			}
		default:
			return nil
		}
	}
	if len(row) > 0 && row[len(row)-1] == PromptPause {
		row = row[:len(row)-1]
	}
	return row
}
