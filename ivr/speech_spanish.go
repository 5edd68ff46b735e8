package ivr

import "strconv"

// spanish says values as Spanish is spoken in the United States: numbers follow
// the gender of what they count, dollars and cents are joined by "con", the day
// comes before the month, and the part of the day follows the hour.
type spanish struct{}

func (s spanish) number(n int, g gender) []string {
	if n == 0 {
		return []string{numberPiece(0)}
	}
	var row []string
	switch millions := n / million; {
	case millions == 1:
		row = append(row, "numbers/1-masculine", "numbers/million")
	case millions > 1:
		row = append(s.thousands(millions, masculine), "numbers/millions")
	}
	return append(row, s.thousands(n%million, g)...)
}

// thousands says a number below a million; nothing for 0. Before "mil" the
// hundreds follow the gender, and the one is short: doscientas veintiún mil.
func (s spanish) thousands(n int, g gender) []string {
	var row []string
	switch thousands := n / thousand; {
	case thousands == 1:
		row = append(row, "numbers/thousand") // "mil", not "un mil"
	case thousands > 1:
		row = append(s.hundreds(thousands, g, masculine), "numbers/thousand")
	}
	return append(row, s.hundreds(n%thousand, g, g)...)
}

// hundreds says a number below 1,000; nothing for 0.
func (spanish) hundreds(n int, hundredsAs, oneAs gender) []string {
	var row []string
	rest := n % 100
	switch hundreds := n / 100; {
	case hundreds == 1 && rest > 0:
		row = append(row, "numbers/hundred") // "ciento", where 100 alone is "cien"
	case hundreds == 1:
		row = append(row, numberPiece(100))
	case hundreds > 1 && hundredsAs == feminine:
		row = append(row, numberPiece(hundreds*100)+"-feminine")
	case hundreds > 1:
		row = append(row, numberPiece(hundreds*100))
	}
	switch {
	case rest == 0:
	case rest%10 == 1 && rest != 11 && oneAs != alone:
		row = append(row, numberPiece(rest)+"-"+string(oneAs)) // un, una; veintiún, veintiuna
	default:
		row = append(row, numberPiece(rest))
	}
	return row
}

// lastOrdinal is the highest place that has an ordinal in use; above it people say
// the number.
const lastOrdinal = 99

// ordinal: tercero, tercer intento, tercera vez; vigésimo primero.
func (s spanish) ordinal(n int, g gender) []string {
	if n > lastOrdinal {
		return s.number(n, g)
	}
	if n > 19 && n%10 > 0 {
		tens := alone
		if g == feminine {
			tens = feminine
		}
		return []string{orderPiece(n-n%10, tens), orderPiece(n%10, g)}
	}
	return []string{orderPiece(n, g)}
}

func orderPiece(n int, g gender) string {
	name := "order/" + strconv.Itoa(n)
	switch {
	case g == feminine, g == masculine && (n == 1 || n == 3 || n == 13): // primer, tercer, decimotercer
		return name + "-" + string(g)
	}
	return name
}

// beforeNoun: "un millón de reclamaciones", but "un millón dos reclamaciones".
func (s spanish) beforeNoun(n int, g gender) []string {
	row := s.number(n, g)
	if n > 0 && n%million == 0 {
		row = append(row, "numbers/of")
	}
	return row
}

// date: jueves, catorce de enero de dos mil veintisiete. Months and years carry
// their "de".
func (s spanish) date(d spokenDate) []string {
	var row []string
	if d.weekday {
		row = append(row, weekdayPiece(d.Weekday()))
	}
	row = append(row, "ordinals/"+strconv.Itoa(d.Day()), "months/"+strconv.Itoa(int(d.Month())))
	switch {
	case d.noYear:
		return row
	case d.Year() >= firstYear && d.Year() <= lastYear:
		return append(row, "years/"+strconv.Itoa(d.Year()))
	}
	return append(append(row, "years/of"), s.number(d.Year(), alone)...)
}

// clock: la una y cuarto de la tarde, las dos y media de la madrugada.
func (spanish) clock(hour, minute int) []string {
	var row []string
	if dial := onTheDial(hour); dial == 1 {
		row = append(row, "times/one")
	} else {
		row = append(row, "times/the", numberPiece(dial))
	}
	switch minute {
	case 0:
	case 15:
		row = append(row, "times/quarter")
	case 30:
		row = append(row, "times/half")
	default:
		row = append(row, "times/and", numberPiece(minute))
	}
	switch {
	case hour == 12 && minute == 0:
		return append(row, "times/noon")
	case hour >= 1 && hour < 6:
		return append(row, "times/early")
	case hour >= 6 && hour < 12:
		return append(row, "times/morning")
	case hour >= 12 && hour < 19:
		return append(row, "times/afternoon")
	}
	return append(row, "times/night")
}

func (s spanish) money(dollars, cents int) []string { return amount(s, dollars, cents) }

func (spanish) letters() map[rune]string {
	letters := english{}.letters()
	letters['ñ'] = "letters/n-tilde"
	return letters
}

func (s spanish) pieces(kind valueKind) []string {
	switch kind {
	case asNumber, asCount, asPhone:
		return s.numbers()
	case asOrdinal:
		names := append(s.numbers(), "order/1-masculine", "order/3-masculine", "order/13-masculine")
		for n := 1; n <= lastOrdinal; n++ {
			if n < 20 || n%10 == 0 {
				names = append(names, orderPiece(n, alone), orderPiece(n, feminine))
			}
		}
		return names
	case asDate:
		names := append(s.numbers(), numbered("months", 1, 12)...)
		names = append(append(names, numbered("ordinals", 1, 31)...), numbered("weekdays", 0, 6)...)
		return append(append(names, numbered("years", firstYear, lastYear)...), "years/of")
	case asTime:
		return append(numbered("numbers", 1, 59), "times/one", "times/the", "times/and", "times/quarter", "times/half",
			"times/noon", "times/early", "times/morning", "times/afternoon", "times/night")
	case asMoney:
		return append(s.numbers(), moneyPieces()...)
	case asLetters, asName:
		return letterPieces(s)
	}
	return nil
}

// numbers are the pieces of numbers in both genders.
func (spanish) numbers() []string {
	names := append(wholeNumbers(), "numbers/millions", "numbers/of")
	for n := 1; n <= 91; n += 10 {
		if n != 11 {
			names = append(names, numberPiece(n)+"-masculine", numberPiece(n)+"-feminine")
		}
	}
	for hundreds := 200; hundreds <= 900; hundreds += 100 {
		names = append(names, numberPiece(hundreds)+"-feminine")
	}
	return names
}
