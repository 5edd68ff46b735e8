package ivr_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"pgregory.net/rapid"

	"careline/ivr"
)

const trial = head + `  a: {split: [{percent: 10, next: b}, {percent: 25, next: c}, {percent: 65, next: people}]}
  b: {play: hello, next: people}
  c: {play: welcome, next: people}
` + toPeople

func loadTrial(t *testing.T, text string) (*ivr.Set, error) {
	t.Helper()
	return ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(text)}}, "flows", smallEnvironment(""))
}

func sound(t *testing.T, text string) *ivr.Set {
	t.Helper()
	set, err := loadTrial(t, text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

func TestASplitTakesTheWayThatIsDrawn(t *testing.T) {
	set := sound(t, trial)
	for drawn, want := range map[int]string{0: "10% b", 9: "10% b", 10: "25% c", 34: "25% c", 35: "65% people", 99: "65% people"} {
		p := callWith(t, set, "t", epoch, ivr.Options{Split: func(ivr.StepName) int { return drawn }})
		if got := p.took[1].Via + " " + p.took[1].To; got != want {
			t.Errorf("drawn %d: %s, want %s", drawn, got, want)
		}
	}
	var ways []string
	for _, e := range viewOf(t, set, "t", "a").Edges {
		ways = append(ways, e.Via+" → "+e.To)
	}
	if got := fmt.Sprint(ways); got != "[10% → b 25% → c 65% → people]" {
		t.Errorf("the view shows %s", got)
	}
}

// TestACallGoesTheSameWayEachTime: and a run that is given no draw has one.
func TestACallGoesTheSameWayEachTime(t *testing.T) {
	set := sound(t, trial)
	first := call(t, set, "t").took[1]
	rapid.Check(t, func(t *rapid.T) {
		id := rapid.String().Draw(t, "call")
		step := ivr.StepName{Flow: "t", Step: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "step")}
		drawn := ivr.SplitBy(id)(step)
		if drawn < 0 || drawn >= ivr.MaxSplit {
			t.Fatalf("drawn is %d", drawn)
		}
		step.Label = "another label"
		if again := ivr.SplitBy(id)(step); again != drawn {
			t.Fatalf("drawn is %d, then %d", drawn, again)
		}
		if took := call(t, set, "t").took[1]; took != first {
			t.Fatalf("took %v, then %v", first, took)
		}
	})
}

// TestSplitsAreEvenAndIndependent: each number comes as often, and who is among the
// first tenth of one split is so by chance in another.
func TestSplitsAreEvenAndIndependent(t *testing.T) {
	const calls = 20_000
	var drawn [ivr.MaxSplit]int
	first, both := 0, 0
	for i := range calls {
		draw := ivr.SplitBy(fmt.Sprintf("call-%d", i))
		a, b := draw(ivr.StepName{Flow: "t", Step: "a"}), draw(ivr.StepName{Flow: "t", Step: "b"})
		drawn[a]++
		if a < 10 {
			first++
			if b < 10 {
				both++
			}
		}
	}
	for number, times := range drawn {
		if times < 140 || times > 260 { // 200, and more than four times its deviation of 14
			t.Errorf("%d is drawn %d times of %d", number, times, calls)
		}
	}
	if first < 1800 || first > 2200 || both < 140 || both > 260 {
		t.Errorf("%d calls are in a tenth, %d of them in the other's, too", first, both)
	}
}

func TestBrokenSplits(t *testing.T) {
	const ways = "[{percent: 10, next: b}, {percent: 25, next: c}, {percent: 65, next: people}]"
	for edit, want := range map[[2]string]string{
		{"percent: 65", "percent: 60"}:                                       `flows/t.yaml:5:14: the ways of step "a" are 95 percent together; let them be 100`,
		{"percent: 10", "percent: 0"}:                                        `flows/t.yaml:5:25: 0 is out of bounds; between 1 and 99 is allowed`,
		{"percent: 10", "percent: ten"}:                                      `flows/t.yaml:5:25: `,
		{"{percent: 10, next: b}", "{next: b}"}:                              `flows/t.yaml:5:15: a way of step "a" has no "percent"; write`,
		{"{percent: 10, next: b}", "{percent: 10}"}:                          `step "a" is a dead end: it has no "next"; name the step that follows`,
		{"{percent: 25, next: c}", "{percent: 25, to: c}"}:                   `flows/t.yaml:5:53: "to" is not a key here`,
		{"next: c}, {", "next: peple}, {"}:                                   `goes to "peple", which no step is called; did you mean "people"?`,
		{"25, next: c", "25, next: b"}:                                       `flows/t.yaml:5:59: step "a" goes to "b" twice; write one way with the sum of both`,
		{ways, "[{percent: 100, next: b}]"}:                                  `flows/t.yaml:5:14: step "a" splits nothing; write two ways or more`,
		{ways, "b"}:                                                          `flows/t.yaml:5:14: step "a" splits nothing; write two ways or more`,
		{"b: {play: hello, next: people}", "b: {set: {reason: x}, next: a}"}: `these steps go round and round without waiting for the caller: a → b → a`,
	} {
		if _, err := loadTrial(t, strings.Replace(trial, edit[0], edit[1], 1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", edit[1], err, want)
		}
	}
}

// TestASplitKeepsTheProofs: every way of it may be taken, so a member's fact may
// wait behind none of them.
func TestASplitKeepsTheProofs(t *testing.T) {
	text := strings.Replace(trial, "b: {play: hello,", `b: {say: "your {{ member.next_visit | date }}",`, 1)
	if _, err := loadTrial(t, text); err == nil || !strings.Contains(err.Error(), `step "b" says the member's next_visit to callers who were not verified, on the way a → b`) {
		t.Errorf("a fact behind a split: %v", err)
	}
}
