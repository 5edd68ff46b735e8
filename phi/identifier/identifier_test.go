package identifier

import (
	"regexp"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// The form as DOMAIN.md §4 gives it.
var published = regexp.MustCompile(`^[1-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y][0-9AC-HJKMNP-RT-Y][0-9][AC-HJKMNP-RT-Y]{2}[0-9]{2}$`)

func TestWhatAnMBIIs(t *testing.T) {
	for text, want := range map[string]bool{
		"1EG4TE5MK73": true, "1EG4-TE5-MK73": true, "1eg4te5mk73": true, "9A00A00AA00": true,
		"0EG4TE5MK73": false, "1SG4TE5MK73": false, "1EG4TE5MK7": false, "1EG4TE5MK733": false, "": false,
		"1EO4TE5MK73": false, "1EG4LE5MK73": false, "1EG4TI5MK73": false, "1EG4TE5BK73": false, "1EG4TE5MZ73": false, "1EGETE5MK73": false,
	} {
		if got := MBI(PlainMBI(text)); got != want {
			t.Errorf("%q is an MBI: %v, want %v", text, got, want)
		}
	}
}

func TestWhatAnNPIIs(t *testing.T) {
	for text, want := range map[string]bool{"1234567893": true, "1558598797": true, "1234567890": false, "3234567893": false, "123456789": false, "12345678931": false, "123456789A": false} {
		if got := NPI(text); got != want {
			t.Errorf("%q is an NPI: %v, want %v", text, got, want)
		}
	}
	if !TIN("912345678") || TIN("000000000") || TIN("91234567") || TIN("9123 5678") {
		t.Error("a TIN is nine digits")
	}
}

// anMBI draws one by the published form.
func anMBI() *rapid.Generator[string] { return rapid.StringMatching(published.String()) }

func TestTheFormIsThePublishedOne(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anMBI().Draw(t, "MBI")
		if at := rapid.IntRange(-1, len(text)-1).Draw(t, "changed at"); at >= 0 {
			text = text[:at] + rapid.StringMatching(`[0-9A-Z]`).Draw(t, "to") + text[at+1:]
		}
		if MBI(text) != published.MatchString(text) {
			t.Fatalf("%q is one: %v", text, MBI(text))
		}
	})
}

func TestWhatIsSpelledIsReadBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := anMBI().Draw(t, "MBI")
		spelled, keys := SpellMBI(text), MBIKeys(text)
		if MBIOf(spelled) != text || len(spelled) != MBISpelled {
			t.Fatalf("%s is spelled %s, which is %q", text, spelled, MBIOf(spelled))
		}
		if !KeyedMBI(keys) {
			t.Fatalf("%s has the keys %s", text, keys)
		}
		for i, allowed := range SpelledAllowed() {
			if !strings.Contains(allowed, spelled[i:i+1]) {
				t.Fatalf("%s has %q at %d", spelled, spelled[i], i)
			}
		}
	})
}

func TestKeysThatSpellNoMBI(t *testing.T) {
	if got := MBIKeys("1EG4TE5MK73"); got != "13448356573" {
		t.Errorf("the keys are %s", got)
	}
	if got := SpellMBI("1EG4TE5MK73"); got != "13241481325615273" {
		t.Errorf("it is spelled %s", got)
	}
	for _, keys := range []string{"", "13448356573", "03241481325615273", "1324148132561527", "13341481325615273"[:16] + "x", "13941481325615273", "12141481325615273" + "0", "17441481325615273"} {
		if got := MBIOf(keys); got != "" {
			t.Errorf("%s spells %s", keys, got)
		}
	}
	if MBIKeys("x") != "" || SpellMBI("x") != "" || KeyedMBI("13148356573") != true || KeyedMBI("11448356573") || KeyedMBI("03448356573") || KeyedMBI("1") {
		t.Error("what is no MBI has keys")
	}
}
