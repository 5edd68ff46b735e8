package ivr

import (
	"slices"
	"strconv"
	"time"
)

// english says values as callers in the United States do: no "and" within numbers,
// month before day, a.m. and p.m.
type english struct{}

const (
	thousand = 1_000
	million  = 1_000_000
	// maxNumber is the largest number spoken as one; larger ones are read digit by
	// digit.
	maxNumber = 999_999_999
	// firstYear to lastYear are recorded whole; others are put together.
	firstYear = 2020
	lastYear  = 2040
)

func (e english) number(n int, _ gender) []string {
	if n == 0 {
		return []string{numberPiece(0)}
	}
	var row []string
	for _, part := range []struct {
		of   int
		name string
	}{{million, "numbers/million"}, {thousand, "numbers/thousand"}} {
		if n >= part.of {
			row = append(append(row, e.hundreds(n/part.of)...), part.name)
			n %= part.of
		}
	}
	return append(row, e.hundreds(n)...)
}

// hundreds says a number below 1,000; nothing for 0.
func (english) hundreds(n int) []string {
	var row []string
	switch hundreds, rest := n/100, n%100; {
	case hundreds == 1 && rest > 0:
		row = append(row, "numbers/hundred")
	case hundreds > 0:
		row = append(row, numberPiece(hundreds*100))
	}
	if rest := n % 100; rest > 0 {
		row = append(row, numberPiece(rest))
	}
	return row
}

// ordinal turns the last word alone: two hundred forty-first.
func (e english) ordinal(n int, _ gender) []string {
	last := n % 100
	switch {
	case last > 0 && n > last:
		return append(e.number(n-last, alone), e.ordinal(last, alone)...)
	case last > 31 && last%10 > 0:
		return []string{numberPiece(last - last%10), "ordinals/" + strconv.Itoa(last%10)}
	case last > 0:
		return []string{"ordinals/" + strconv.Itoa(last)}
	}
	for _, part := range []struct {
		of   int
		name string
	}{{million, "ordinals/millionth"}, {thousand, "ordinals/thousandth"}, {100, "ordinals/hundredth"}} {
		if n%part.of == 0 {
			return append(e.number(n/part.of, alone), part.name)
		}
		if n > part.of {
			return append(e.number(n-n%part.of, alone), e.ordinal(n%part.of, alone)...)
		}
	}
	return nil
}

func (e english) beforeNoun(n int, g gender) []string { return e.number(n, g) }

// date: Thursday, January fourteenth, twenty twenty-seven.
func (e english) date(d spokenDate) []string {
	var row []string
	if d.weekday {
		row = append(row, weekdayPiece(d.Weekday()))
	}
	row = append(row, "months/"+strconv.Itoa(int(d.Month())), "ordinals/"+strconv.Itoa(d.Day()))
	if d.noYear {
		return row
	}
	return append(row, e.year(d.Year())...)
}

// year is said by its halves, save the first years of a thousand: nineteen oh
// five, nineteen hundred, two thousand five.
func (e english) year(year int) []string {
	switch first, last := year/100, year%100; {
	case year >= firstYear && year <= lastYear:
		return []string{"years/" + strconv.Itoa(year)}
	case year < thousand || year%thousand < 10 || year >= 10*thousand:
		return e.number(year, alone)
	case last == 0:
		return []string{numberPiece(first), "years/hundred"}
	case last < 10:
		return []string{numberPiece(first), "times/oh", numberPiece(last)}
	default:
		return []string{numberPiece(first), numberPiece(last)}
	}
}

func weekdayPiece(day time.Weekday) string { return "weekdays/" + strconv.Itoa(int(day)) }

// clock: nine a.m., two oh five p.m., noon.
func (english) clock(hour, minute int) []string {
	switch {
	case hour == 0 && minute == 0:
		return []string{"times/midnight"}
	case hour == 12 && minute == 0:
		return []string{"times/noon"}
	}
	half := "times/am"
	if hour >= 12 {
		half = "times/pm"
	}
	row := []string{numberPiece(onTheDial(hour))}
	switch {
	case minute >= 10:
		row = append(row, numberPiece(minute))
	case minute > 0:
		row = append(row, "times/oh", numberPiece(minute))
	}
	return append(row, half)
}

// onTheDial is an hour as a clock with hands shows it, from 1 to 12.
func onTheDial(hour int) int { return (hour+11)%12 + 1 }

func (e english) money(dollars, cents int) []string {
	return amount(e, dollars, cents)
}

// amount says dollars and cents: what is nothing is not said, unless all is.
func amount(g grammar, dollars, cents int) []string {
	var row []string
	if dollars > 0 || cents == 0 {
		row = append(g.beforeNoun(dollars, masculine), plural(dollars, "money/dollar", "money/dollars"))
	}
	if dollars > 0 && cents > 0 {
		row = append(row, "money/and")
	}
	if cents > 0 {
		row = append(append(row, g.beforeNoun(cents, masculine)...), plural(cents, "money/cent", "money/cents"))
	}
	return row
}

// plural chooses what so many of something are called.
func plural(n int, one, many string) string {
	if n == 1 {
		return one
	}
	return many
}

func (english) letters() map[rune]string {
	letters := map[rune]string{'ñ': "letters/n"}
	for letter := 'a'; letter <= 'z'; letter++ {
		letters[letter] = "letters/" + string(letter)
	}
	return letters
}

// wholeNumbers are the pieces of numbers that both languages share.
func wholeNumbers() []string {
	names := append(numbered("numbers", 0, 100), "numbers/hundred", "numbers/thousand", "numbers/million", "numbers/minus", "numbers/point")
	for hundreds := 200; hundreds <= 900; hundreds += 100 {
		names = append(names, numberPiece(hundreds))
	}
	return names
}

func moneyPieces() []string {
	return []string{"money/dollar", "money/dollars", "money/and", "money/cent", "money/cents"}
}

func letterPieces(g grammar) []string {
	var names []string
	for _, name := range g.letters() {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

func (e english) pieces(kind valueKind) []string {
	switch kind {
	case asNumber, asCount, asPhone:
		return wholeNumbers()
	case asOrdinal:
		names := append(wholeNumbers(), numbered("ordinals", 1, 31)...)
		return append(names, "ordinals/40", "ordinals/50", "ordinals/60", "ordinals/70", "ordinals/80", "ordinals/90",
			"ordinals/hundredth", "ordinals/thousandth", "ordinals/millionth")
	case asDate:
		names := append(wholeNumbers(), numbered("months", 1, 12)...)
		names = append(append(names, numbered("ordinals", 1, 31)...), numbered("weekdays", 0, 6)...)
		return append(append(names, numbered("years", firstYear, lastYear)...), "years/hundred", "times/oh")
	case asTime:
		return append(numbered("numbers", 1, 59), "times/midnight", "times/noon", "times/am", "times/pm", "times/oh")
	case asMoney:
		return append(wholeNumbers(), moneyPieces()...)
	case asLetters, asName:
		return letterPieces(e)
	}
	return nil
}
