package ivr_test

import (
	"strings"
	"testing"
	"time"

	"careline/ivr"
)

// TestACallerWhoPressesAllKeysAtOnceReachesAPerson: over and over, at every moment of
// the demo's flows and of one with a step of each verb, until the caller lets go.
func TestACallerWhoPressesAllKeysAtOnceReachesAPerson(t *testing.T) {
	every, err := ivr.Load(fuzzed(strings.Replace(everyVerb, "takes: {tries: number}\n", "", 1)), "flows", fuzzEnvironment())
	if err != nil {
		t.Fatal(err)
	}
	demo := loadDemo(t)
	for set, flows := range map[*ivr.Set][]string{every: {"t"}, demo: demo.Flows()} {
		for _, flow := range flows {
			for rounds := range 40 {
				p := call(t, set, flow)
				for range rounds {
					for _, key := range "0123456789*#0*#987654321" {
						if !p.over {
							p.event(func() { p.run.Digit(digit(string(key))) })
						}
					}
					p.wait(700 * time.Millisecond)
				}
				if p.silently(); p.queued == nil && !strings.HasPrefix(p.hungUp, "the caller chose") && p.hungUp != "the provider chose to end the call" && p.hungUp != "done" {
					t.Fatalf("in %s the call ends by %q, by %v", flow, p.hungUp, p.entered)
				}
			}
		}
	}
}

// TestAMemberWhoseRecordLacksAFieldHearsSo: where the step has no way for it, too.
func TestAMemberWhoseRecordLacksAFieldHearsSo(t *testing.T) {
	for missing, want := range map[string]string{"": "en system/not-known", ", missing: c": "en hello"} {
		steps := verifyThen + "  b: {say: \"your {{ member.plan_year | number }}\", next: people" + missing + "}\n"
		if missing != "" {
			steps += "  c: {play: hello, next: people}\n"
		}
		p := call(t, taken(t, map[string]string{"t": head + steps + toPeople}), "t")
		p.listen().press("48201937").listen().press("04121961").silently().inQueue("people")
		p.hears(want)
	}
}
