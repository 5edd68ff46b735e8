package ivr

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"careline/phi"
)

// comparing writes a random condition over values of every kind.
func comparing(t *rapid.T, depth int) string {
	switch rapid.IntRange(0, 9).Draw(t, "kind") {
	case 0:
		return fmt.Sprintf("tries %s %d", rapid.SampledFrom([]string{"<", "<=", ">", ">=", "==", "!="}).Draw(t, "operator"), rapid.IntRange(-1, 4).Draw(t, "number"))
	case 1:
		return fmt.Sprintf("%d < open", rapid.IntRange(-1, 4).Draw(t, "number"))
	case 2:
		return rapid.SampledFrom([]string{`plan == "Gold"`, `plan in ["Gold", "Silver"]`, `plan startsWith "G"`, `plan > "Gold"`, `len(plan) > 3`}).Draw(t, "plan")
	case 3:
		return rapid.SampledFrom([]string{`claim.Is("12")`, `claim.Len() > 1`, `claim.Len() == 0`, `open + 1 > 2`, `verified == told`}).Draw(t, "keyed")
	case 4:
		return "told"
	}
	if depth == 0 {
		return condition(t, 0)
	}
	return condition(t, depth)
}

// everything gives the names that some conditions have all values of a call.
func everything(set *Set, f *flow, conditions string, visit func(map[string]any)) {
	keyed := []any{keyedAnswer{}, keyedAnswer{phi.NewDigits("12")}, keyedAnswer{phi.NewDigits("13")}, keyedAnswer{phi.NewDigits("123")}}
	choices := map[string][]any{
		"verified": {false, true}, "locked_out": {false}, "attempts": {0, 1, 2}, "state": {"", "WI", "NY"}, "reason": {""},
		"tries": {0, 1, 3}, "open": {-2, 0, 1, 2, 3, 7}, "plan": {"", "Gold", "Silver"}, "told": {false, true}, "claim": keyed,
	}
	maps.DeleteFunc(choices, func(name string, _ []any) bool { return !strings.Contains(conditions, name) })
	valuations(choices, 1<<20, func(values map[string]any) { visit(set.given(f, values)) })
}

// TestWaysThatAreNeverTakenAreTakenByNoCall tries every call on what is said of
// random branches.
func TestWaysThatAreNeverTakenAreTakenByNoCall(t *testing.T) {
	steps := "  a: {verify: {ask: [member_id, date_of_birth], attempts: 2}, verified: b, failed: b}\n" +
		"  b: {set: {tries: 1, plan: Gold, told: true, open: '{{ open + 1 }}'}, next: c}\n  c: {set: {tries: 3, plan: Silver, open: 0}, next: d}\n" +
		"  d: {collect: {ask: claim, min: 2, max: 3, into: claim}, next: a, no_input: a}\n"
	told := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		set := unchecked(t, steps)
		set.environment.States = []string{"NY", "WI"}
		c := newChecker(set, true)
		c.kinds()
		f := set.flows["t"]
		branch := &branchAction{}
		for range rapid.IntRange(1, 3).Draw(t, "ways") {
			when := &expression{text: comparing(t, 2), condition: true, source: f.source, node: f.source.document.Root}
			if problems := when.compile(set); problems != nil {
				t.Fatalf("%s: %v", when.text, problems)
			}
			branch.ways = append(branch.ways, &way{when: when})
		}
		c.branchWays(f, f.steps[0], branch, set.domains())
		taken, fails := make([]bool, len(branch.ways)), make([]bool, len(branch.ways))
		everything(set, f, strings.Join(texts(branch.ways), " "), func(names map[string]any) {
			(&trial{ways: branch.ways, understood: slices.Repeat([]bool{true}, len(branch.ways)), holds: make([]bool, len(branch.ways)), fails: fails, taken: taken}).run(names)
		})
		for i, w := range branch.ways {
			for _, p := range c.list {
				if !strings.Contains(p.Message, fmt.Sprintf("%q", w.when.text)) {
					continue
				}
				kind := p.Message[strings.LastIndex(p.Message, " is "):]
				told[kind]++
				if always := strings.HasSuffix(p.Message, "always true"); always && fails[i] || !always && taken[i] && !repeated(branch.ways, i) {
					t.Fatalf("%s, of %v", p.Message, texts(branch.ways))
				}
			}
		}
	})
	if len(told) < 3 {
		t.Errorf("hardly anything was told: %v", told)
	}
}

// repeated reports whether a way's text stands in its branch twice, so that what is
// said of it may be said of the other.
func repeated(ways []*way, i int) bool {
	return slices.ContainsFunc(ways, func(w *way) bool { return w != ways[i] && w.when.text == ways[i].when.text })
}

func texts(ways []*way) (all []string) {
	for _, w := range ways {
		all = append(all, w.when.text)
	}
	return all
}
