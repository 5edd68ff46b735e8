package ivr

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// condition writes a random one, of what the proofs learn from and what they don't.
func condition(t *rapid.T, depth int) string {
	kind := rapid.IntRange(0, 13).Draw(t, "condition")
	if depth == 0 {
		kind %= 8
	}
	part := func() string { return condition(t, depth-1) }
	switch kind {
	case 0, 1:
		return "verified"
	case 2:
		return rapid.SampledFrom([]string{`state != ""`, `caller.state != ""`}).Draw(t, "known")
	case 3:
		return rapid.SampledFrom([]string{`state == ""`, `"" == caller.state`}).Draw(t, "unknown")
	case 4:
		return rapid.SampledFrom([]string{`state in ["WI", "NY"]`, `state in ["WI", ""]`, `state not in ["WI"]`, `"WI" in [state]`}).Draw(t, "in")
	case 5:
		return rapid.SampledFrom([]string{`state == "WI"`, `state != "WI"`, `state == reason`, `state > ""`}).Draw(t, "compared")
	case 6:
		return "attempts > 1"
	case 7:
		return rapid.SampledFrom([]string{"true", "false", "locked_out"}).Draw(t, "truth")
	case 8:
		return "not (" + part() + ")"
	case 9:
		return "(" + part() + ") " + rapid.SampledFrom([]string{"==", "!="}).Draw(t, "operator") + rapid.SampledFrom([]string{" true", " false"}).Draw(t, "truth")
	case 10:
		return "(" + part() + " ? " + part() + " : " + part() + ")"
	case 11:
		return "(" + part() + " or " + part() + ")"
	}
	return "(" + part() + " and " + part() + ")"
}

// TestConditionsProveNothingUntrue: wherever a condition holds, what the checker
// learns from it is true, for every caller that there can be. And a condition
// that the checker takes gives an answer always.
func TestConditionsProveNothingUntrue(t *testing.T) {
	set := &Set{variables: map[string]variableKind{}}
	source := unchecked(t, "  a: {play: hello, next: a}\n").flows["t"].source
	learned := 0
	rapid.Check(t, func(t *rapid.T) {
		e := &expression{text: condition(t, 3), condition: true, source: source, node: source.document.Root}
		if problems := e.compile(set); problems != nil {
			t.Fatalf("%s: %v", e.text, problems)
		}
		proves := e.proves()
		if proves != 0 {
			learned++
		}
		for i := range 2 * 2 * 3 * 3 {
			run := &Run{
				set: set, verified: i%2 == 1, lockedOut: i/2%2 == 1, attempts: i / 4 % 3,
				scope: scope{variables: map[string]string{"state": []string{"", "WI", "NY"}[i/12]}},
			}
			holds, err := e.holds(run)
			if err != nil {
				t.Fatalf("%s fails: %v", e.text, err)
			}
			caller := fmt.Sprintf("verified %v, state %q", run.verified, run.State())
			if holds && proves&factVerified != 0 && !run.verified || holds && proves&factState != 0 && run.State() == "" {
				t.Fatalf("%s holds for %s, and proves %b", e.text, caller, proves)
			}
		}
	})
	if learned == 0 {
		t.Fatal("no condition proved anything: nothing was tried")
	}
}
