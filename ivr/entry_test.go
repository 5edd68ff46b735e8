package ivr

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careline/phi"
	"careline/phi/identifier"
)

func TestWhatEntriesMayBe(t *testing.T) {
	today := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for check, entries := range map[string]map[string]bool{
		// DOMAIN.md §4.
		"npi":         {"1234567893": true, "1558598797": true, "1234567890": false, "3234567893": false, "2234567893": false},
		"luhn":        {"79927398713": true, "79927398710": false, "00": true, "18": true, "19": false},
		"zip":         {"53703": true, "00000": false, "09012": false},
		"phone":       {"2175550142": true, "1175550142": false, "2170550142": false, "9115550142": false, "2179110142": false},
		"date":        {"02292024": true, "02292026": false, "13012026": false, "12312026": true, "01011700": false},
		"past_date":   {"11252026": true, "11262026": false, "04121961": true},
		"future_date": {"11262026": true, "11252026": false, "01012200": false},
	} {
		for keys, want := range entries {
			if got := entryChecks()[check].ok(keys, today); got != want {
				t.Errorf("%s %s: %v", check, keys, got)
			}
		}
	}
}

// TestOneWrongDigitIsNoNPI: Luhn finds every single digit that is wrong, and nearly all
// neighbours that are swapped.
func TestOneWrongDigitIsNoNPI(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		digits := []byte("1234567893")
		i := rapid.IntRange(0, 9).Draw(t, "place")
		other := byte('0' + rapid.IntRange(0, 9).Draw(t, "digit"))
		changed := other != digits[i]
		digits[i] = other
		if identifier.NPI(string(digits)) == changed {
			t.Fatalf("%s", digits)
		}
	})
}

func TestAnEntryThatDoesNotFitIsAskedForAgain(t *testing.T) {
	set := unchecked(t, `  a:
    collect: {ask: npi, check: npi, into: npi}
    next: b
    no_input: c
  b:
    collect: {ask: pin, digits: 4, pattern: "[12].*", into: pin}
    next: c
    no_input: c
  c: {hang_up: done}
`)
	line := &tape{}
	run := NewRun(set, "t", line, Options{})
	run.Start()
	press := func(keys string) string {
		line.asked = nil
		for _, key := range keys {
			run.Digit(phi.NewDigits(string(key)))
		}
		return strings.Join(line.asked, "\n")
	}
	if told := press("1234567890"); strings.Contains(told, "pin") || run.Done() {
		t.Errorf("a wrong NPI is taken: %s", told)
	}
	if told := press("1234567893"); !strings.Contains(told, "pin") {
		t.Errorf("a right NPI is not taken: %s", told)
	}
	if told := press("3456"); run.Done() {
		t.Errorf("what doesn't fit the pattern is taken: %s", told)
	}
	if told := press("2456"); !run.Done() {
		t.Errorf("what fits is not taken: %s", told)
	}
}

func TestBrokenEntries(t *testing.T) {
	for collect, want := range map[string]string{
		`{ask: x, check: npe, into: n}`:                                  `there is no check "npe"; did you mean "npi"?`,
		`{ask: x, check: npi, digits: 9, into: n}`:                       `a National Provider Identifier has 10 digits, and step "a" takes 9; leave "digits", "min" and "max" out`,
		`{ask: x, digits: 4, pattern: "(", into: n}`:                     "\"(\" is no pattern; write it as in `pattern: \"[12].*\"`",
		`{ask: x, digits: 4, pattern: "1)|(?:2", into: n}`:               `"1)|(?:2" is no pattern`,
		`{ask: x, digits: 5, into: state, as: state_of_zip, pattern: 5}`: `state_of_zip finds its state, and heeds no pattern; remove "pattern"`,
		`{ask: x, digits: 5, into: state, as: state_of_zip, check: zip}`: `state_of_zip finds its state, and so is checked already; remove "check"`,
	} {
		set := &Set{flows: map[string]*flow{}, variables: map[string]variableKind{}, environment: Environment{Languages: []string{"en-US"}}}
		_, err := parseFlow("t.yaml", []byte("flow: t\nlanguages: [en-US]\nstart: a\nsteps:\n  a:\n    collect: "+collect+"\n    next: b\n    no_input: b\n  b: {hang_up: done}\n"), set)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", collect, err, want)
		}
	}
}
