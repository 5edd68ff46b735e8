package ivr

import (
	"maps"
	"regexp"
	"slices"
	"strconv"
	"time"

	"gopkg.in/yaml.v3"

	"careline/phi/identifier"
)

// entryCheck says of an entry whether it can be what it is meant to be. It proves
// nothing of who entered it.
type entryCheck struct {
	// digits that such an entry has.
	min, max int
	// what it is, for hints.
	what string
	// keys that can stand at each place of one; empty, and behind: any digit.
	keys []string
	// ok gets as many keys, digits all, and the day of the call: its midnight in UTC, as
	// that of the days which it is compared with.
	ok func(keys string, today time.Time) bool
	// read makes of the keys what is kept; nil keeps the keys.
	read func(keys string) string
}

// entryChecks by the word that a flow names them by.
func entryChecks() map[string]entryCheck {
	day := []string{"01", "", "0123", "", "12", "0189"} // MMDDYYYY
	return map[string]entryCheck{
		"npi": {10, 10, "a National Provider Identifier", []string{"12"}, func(keys string, _ time.Time) bool { return identifier.NPI(keys) }, nil},
		"mbi": {identifier.MBISpelled, identifier.MBISpelled, "a Medicare number, each letter by two keys,", identifier.SpelledAllowed(),
			func(keys string, _ time.Time) bool { return identifier.MBIOf(keys) != "" }, identifier.MBIOf},
		"luhn":        {2, MaxDigits, "a number with a Luhn check digit (ISO/IEC 7812-1)", nil, func(keys string, _ time.Time) bool { return identifier.Luhn(keys) }, nil},
		"zip":         {5, 5, "a ZIP code of the states", nil, func(keys string, _ time.Time) bool { return stateOfText(keys) != "" }, nil},
		"phone":       {10, 10, "a telephone number of North America", []string{"23456789", "", "", "23456789"}, isPhone, nil},
		"date":        {8, 8, "a day as month, day and year", day, func(keys string, _ time.Time) bool { _, ok := dayOf(keys); return ok }, nil},
		"past_date":   {8, 8, "a day that has been, as month, day and year", day, isPast, nil},
		"future_date": {8, 8, "a day to come, as month, day and year", []string{"01", "", "0123", "", "2", "01"}, isFuture, nil},
	}
}

// isPhone: neither area code nor exchange begins with 0 or 1, nor is either one of the
// services such as 911.
func isPhone(keys string, _ time.Time) bool {
	for _, part := range []string{keys[:3], keys[3:6]} {
		if part[0] < '2' || part[1:] == "11" {
			return false
		}
	}
	return true
}

// firstYear of a day that anybody would mean, and how many years ahead.
const (
	earliestYear = 1890
	yearsAhead   = 100
)

// dayOf reads MMDDYYYY.
func dayOf(keys string) (time.Time, bool) {
	day, err := time.Parse("01022006", keys)
	return day, err == nil && day.Year() >= earliestYear
}

func isPast(keys string, today time.Time) bool {
	day, ok := dayOf(keys)
	return ok && !day.After(today)
}

func isFuture(keys string, today time.Time) bool {
	day, ok := dayOf(keys)
	return ok && day.After(today) && day.Before(today.AddDate(yearsAhead, 0, 0))
}

// entry reads what a collect step wants its digits to be.
func (p *parser) entry(s *step, a *collectAction, detail *collectDetail) {
	var allowed []string
	counted := detail.Digits.Kind != 0 || detail.Min.Kind != 0 || detail.Max.Kind != 0
	if name := detail.Check.Value; detail.Check.Kind != 0 {
		check, known := entryChecks()[name]
		switch {
		case !known:
			p.add(p.at(&detail.Check, "there is no check %q", name).Hint("%s", didYouMean(name, slices.Collect(maps.Keys(entryChecks())), "the checks are ")))
		case a.zip:
			p.add(p.at(&detail.Check, "%s finds its state, and so is checked already", stateOfZIP).Hint("remove \"check\""))
		case counted && (a.min < check.min || a.max > check.max):
			p.add(p.at(&detail.Check, "%s has %s digits, and step %q takes %s", check.what, span(check.min, check.max), s.name, span(a.min, a.max)).Hint("leave \"digits\", \"min\" and \"max\" out"))
		default:
			a.check, a.read, allowed = check.ok, check.read, check.keys
			if !counted {
				a.min, a.max = check.min, check.max
			}
		}
	}
	switch {
	case detail.Pattern.Kind == 0:
	case a.zip:
		p.add(p.at(&detail.Pattern, "%s finds its state, and heeds no pattern", stateOfZIP).Hint("remove \"pattern\""))
	default:
		if a.pattern = p.pattern(&detail.Pattern); a.pattern != nil {
			p.fitting(a, &detail.Pattern, detail.Check.Value, allowed)
		}
	}
}

// fitting finds a pattern that no entry of the step can fit: callers would be asked
// again whatever they keyed in.
func (p *parser) fitting(a *collectAction, node *yaml.Node, check string, allowed []string) {
	if key := commandKey(a.pattern.String()); key != "" {
		does := map[string]string{"#": "ends an entry", "*": "begins an entry anew"}[key]
		p.add(p.at(node, "the pattern %q has the key %q, which %s and is never part of it", node.Value, key, does).Hint("leave it out: an entry has digits alone"))
		return
	}
	if a.min > a.max || len(lengths(a.pattern.String(), allowed, a.min, a.max)) > 0 {
		return
	}
	fits := lengths(a.pattern.String(), nil, 1, MaxDigits)
	switch {
	case len(fits) == 0:
		p.add(p.at(node, "no digits fit the pattern %q", node.Value).Hint("write one that 1 to %d digits can fit, as in `pattern: \"[12].*\"`", MaxDigits))
	case a.check != nil && len(lengths(a.pattern.String(), nil, a.min, a.max)) > 0:
		p.add(p.at(node, "nothing that check %q lets pass fits the pattern %q", check, node.Value).Hint("leave one of the two out"))
	default:
		p.add(p.at(node, "no entry of %s digits fits the pattern %q", span(a.min, a.max), node.Value).Hint("it fits entries of %s digits: say so by \"digits\", or by \"min\" and \"max\"", span(fits[0], fits[len(fits)-1])))
	}
}

// pattern reads a regular expression (RE2, so that no entry takes long) that the whole
// entry must fit.
func (p *parser) pattern(node *yaml.Node) *regexp.Regexp {
	// It must be a pattern by itself: "1)|(?:2" is one only between our brackets, and
	// would come out of them.
	_, alone := regexp.Compile(node.Value)
	pattern, err := regexp.Compile(`\A(?:` + node.Value + `)\z`)
	if alone != nil || err != nil || node.Value == "" {
		p.add(p.at(node, "%q is no pattern", node.Value).Hint("write it as in `pattern: \"[12].*\"`: it is compared with all the digits"))
		return nil
	}
	return pattern
}

func span(least, most int) string {
	if least == most {
		return strconv.Itoa(least)
	}
	return strconv.Itoa(least) + " to " + strconv.Itoa(most)
}

// fits reports whether an entry is what the step wants.
func (a *collectAction) fits(r *Run, text string) bool {
	return (a.pattern == nil || a.pattern.MatchString(text)) && (a.check == nil || a.check(text, r.today()))
}

// today is the day that the site's calendar shows, as its midnight in UTC.
func (r *Run) today() time.Time {
	year, month, day := r.line.Now().In(r.set.environment.Zone).Date()
	return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
}
