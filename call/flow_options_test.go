package call

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

func TestALinesPatienceIsItsCallers(t *testing.T) {
	for patience, again := range map[float64]bool{0: true, 3: false} {
		onFloor(t, func(options *Options) {
			options.Content.Lines["5550100"] = Line{Name: "members", Flow: "main", Patience: patience}
		}, func(f *floor) {
			_, leg := f.ring("5550100")
			f.pass(12500 * time.Millisecond) // two prompts of a second, and ten seconds for the first key
			if heard := strings.Contains(leg.hears(), "again"); heard != again {
				t.Errorf("with patience %v the caller hears %q", patience, leg.hears())
			}
		})
	}
}

func TestASplitIsDrawnByTheCall(t *testing.T) {
	const tossed = "flow: main\nlanguages: [en-US]\nstart: toss\nsteps:\n" +
		"  toss: {split: [{percent: 50, next: heads}, {percent: 50, next: tails}]}\n" +
		"  heads: {play: hello, next: line}\n  tails: {play: bye, next: line}\n" +
		"  line: {queue: {name: claims, hold: {music: calm}}, timeout: stay, full: stay, unavailable: stay}\n" +
		"  stay: {menu: again, choices: {\"1\": line}, no_input: line}\n"
	onFloor(t, nil, func(f *floor) {
		flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(tossed)}}, ".",
			ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
		if err != nil {
			t.Fatal(err)
		}
		old := f.center.content.Load()
		if err := f.center.Publish(Script{Flows: flows, Prompts: old.Prompts, Music: old.Music}); err != nil {
			t.Fatal(err)
		}
		seen := map[string]bool{}
		for range 12 {
			_, leg := f.ring("5550100")
			want := "hello"
			if ivr.SplitBy(leg.id)(ivr.StepName{Flow: "main", Step: "toss"}) >= 50 {
				want = "bye"
			}
			f.hears(leg, want)
			seen[want] = true
		}
		if len(seen) != 2 {
			t.Errorf("all calls went one way: %v", seen)
		}
	})
}
