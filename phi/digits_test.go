package phi

import (
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

const keypad = "0123456789*#ABCD"

func TestKeysAreAddedAndTakenAwayOneByOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		keys := rapid.StringOfN(rapid.RuneFrom([]rune(keypad)), 0, 12, -1).Draw(t, "keys")
		d := Digits{}
		for i := range len(keys) {
			d = d.With(keys[i])
		}
		if !d.Is(keys) || d.Len() != len(keys) || !d.Text().Equal(NewString(keys)) {
			t.Fatalf("%q keyed in one by one is something else", keys)
		}
		for i := range len(keypad) {
			if d.EndsWith(keypad[i]) != strings.HasSuffix(keys, keypad[i:i+1]) {
				t.Fatalf("%q ends with %c", keys, keypad[i])
			}
		}
		if !d.WithoutLast().Is(keys[:max(0, len(keys)-1)]) {
			t.Fatalf("%q without its last key", keys)
		}
	})
}

// A byte that is no key still counts as one: lengths and terminators must hold
// for whatever a far side sends.
func TestOneKeyIsOneByte(t *testing.T) {
	for key := range 256 {
		d := NewDigits("12").With(byte(key))
		if d.Len() != 3 || !d.EndsWith(byte(key)) || !d.WithoutLast().Is("12") {
			t.Errorf("key %d: %d keys", key, d.Len())
		}
	}
}

func TestMenuDecidesWithoutReading(t *testing.T) {
	choices := []string{"1", "12", "2", "*9"}
	for _, c := range []struct {
		keys   string
		prefix bool
		match  string
	}{
		{"", true, ""}, {"1", true, "1"}, {"12", false, "12"}, {"2", false, "2"}, {"*", true, ""}, {"*9", false, "*9"}, {"3", false, ""}, {"123", false, ""},
	} {
		prefix, match := NewDigits(c.keys).HasPrefixOf(choices)
		if prefix != c.prefix || match != c.match {
			t.Errorf("%q: prefix %v, match %q; want %v, %q", c.keys, prefix, match, c.prefix, c.match)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		texts := rapid.StringOfN(rapid.RuneFrom([]rune("12#")), 1, 3, -1)
		choices := rapid.SliceOfN(texts, 0, 5).Draw(t, "choices")
		keys := texts.Draw(t, "keys")
		prefix, match := NewDigits(keys).HasPrefixOf(choices)
		longer := slices.ContainsFunc(choices, func(c string) bool { return c != keys && strings.HasPrefix(c, keys) })
		if prefix != longer || (match == keys) != slices.Contains(choices, keys) {
			t.Fatalf("%q among %q: %v, %q", keys, choices, prefix, match)
		}
	})
}
