package ivr

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// patternText writes a random pattern over few keys, so that all entries can be tried.
func patternText(t *rapid.T, deep int) string {
	kinds := 8
	if deep == 0 {
		kinds = 4
	}
	part := func() string { return patternText(t, deep-1) }
	switch rapid.IntRange(0, kinds).Draw(t, "kind") {
	case 0, 1:
		return rapid.SampledFrom([]string{"1", "2", "3", "."}).Draw(t, "key")
	case 2:
		return rapid.SampledFrom([]string{"[12]", "[^1]", `\d`, "[a-z]", "x"}).Draw(t, "class")
	case 3:
		return rapid.SampledFrom([]string{"^", "$", `\b`, `\B`, `\A`, `\z`, ""}).Draw(t, "empty")
	case 4:
		return "1"
	case 5:
		return part() + part()
	case 6:
		return "(?:" + part() + "|" + part() + ")"
	case 7:
		return "(?:" + part() + ")" + rapid.SampledFrom([]string{"*", "+", "?", "{2}", "{1,2}"}).Draw(t, "times")
	}
	return "(" + part() + ")"
}

// TestLengthsAreThoseThatSomeEntryHas compares what is said of a pattern with all
// entries of up to three digits.
func TestLengthsAreThoseThatSomeEntryHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := `\A(?:` + patternText(t, 3) + `)\z`
		pattern, err := regexp.Compile(text)
		if err != nil {
			t.Skip(err)
		}
		allowed := rapid.SampledFrom([][]string{nil, {"12"}, {"", "3"}}).Draw(t, "allowed")
		var want []int
		for n, last := 1, 9; n <= 3; n, last = n+1, last*10+9 {
			for entry := range last + 1 {
				digits := fmt.Sprintf("%0*d", n, entry)
				good := pattern.MatchString(digits)
				for i := 0; i < min(n, len(allowed)); i++ {
					good = good && (allowed[i] == "" || strings.Contains(allowed[i], digits[i:i+1]))
				}
				if good {
					want = append(want, n)
					break
				}
			}
		}
		if got := lengths(text, allowed, 1, 3); !slices.Equal(got, want) {
			t.Errorf("%s with %q fits entries of %v digits, not of %v", text, allowed, want, got)
		}
	})
}

// TestShapesOfChecksShutOutNothing: what a check lets pass has the keys that it is
// said to have.
func TestShapesOfChecksShutOutNothing(t *testing.T) {
	today := time.Date(2026, 11, 25, 0, 0, 0, 0, time.UTC)
	for entry, check := range map[string]string{"1234567893": "npi", "1558598797": "npi", "2625550143": "phone", "04121961": "date", "12311890": "past_date", "01012100": "future_date"} {
		shape := entryChecks()[check]
		if !shape.ok(entry, today) {
			t.Errorf("%s doesn't pass %s", entry, check)
		}
		if len(lengths(`\A(?:`+entry+`)\z`, shape.keys, len(entry), len(entry))) == 0 {
			t.Errorf("%s can't have the keys of %s", entry, check)
		}
	}
}
