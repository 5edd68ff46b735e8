package call

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/media"
	"careline/sip"
)

// script is testFlow with its first prompt changed, and what it plays.
func (f *floor) script(greeting string) Script {
	f.t.Helper()
	text := strings.Replace(testFlow, "play: hello", "play: "+greeting, 1)
	if text == testFlow {
		f.t.Fatal("the flow plays no hello")
	}
	flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(text)}}, ".",
		ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
	if err != nil {
		f.t.Fatal(err)
	}
	old := f.center.content.Load()
	script := Script{Flows: flows, Prompts: map[ivr.Prompt]*media.Clip{}, Music: old.Music}
	for prompt, clip := range old.Prompts {
		script.Prompts[prompt] = clip
	}
	script.Prompts[ivr.Prompt{Language: "en-US", Name: greeting}] = f.clip(greeting)
	return script
}

func TestACallKeepsTheScriptThatItBeganWith(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		before, leg := f.ring("5550100")
		old := f.center.FlowVersion()
		script := f.script("good-evening")
		if err := f.center.Publish(script); err != nil {
			t.Fatal(err)
		}
		f.hears(leg, "hello")

		after, newer := f.ring("5550100")
		f.hears(newer, "good-evening")
		for i, dialog := range []*fakeDialog{before, after} {
			dialog.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
			f.pass(time.Second)
			records := f.records.saved[fmt.Sprintf("call-%d", i+1)]
			record := records[len(records)-1]
			if want := []string{old, script.Flows.Version()}[i]; record.FlowVersion != want || !record.Final() {
				t.Errorf("call %d ran %s, want %s", i+1, record.FlowVersion, want)
			}
		}
	})
}

func TestPublishingKeepsTheRestOfTheContent(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		if err := f.center.Publish(f.script("good-evening")); err != nil {
			t.Fatal(err)
		}
		f.signIn("maria")
		if view := f.view("maria"); len(view.Dispositions) == 0 || len(view.AwayReasons) == 0 {
			t.Errorf("the agent's page lost its words: %+v", view)
		}
		f.queued()
		f.is("maria", acd.Offered)
	})
}

func TestAScriptWithoutALinesFlowIsRefused(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		flows, err := ivr.Load(fstest.MapFS{"other.yaml": {Data: []byte(strings.Replace(testFlow, "flow: main", "flow: other", 1))}}, ".",
			ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
		if err != nil {
			t.Fatal(err)
		}
		if err := f.center.Publish(Script{Flows: flows}); err == nil || !strings.Contains(err.Error(), "main") {
			t.Fatalf("published: %v", err)
		}
		_, leg := f.ring("5550100")
		f.hears(leg, "hello")
	})
}

// An agent hears the boxes of the own queues, as the flows that are live have them.
func TestBoxesFollowTheQueuesAndWhatIsPublished(t *testing.T) {
	boxes := map[string]Box{"nights": {Queue: "claims"}, "days": {Queue: "claims"}, "nurses": {Queue: "nurse_line"}}
	onFloor(t, func(o *Options) { o.Content.Boxes = boxes }, func(f *floor) {
		if got := f.center.BoxesOf("maria"); !slices.Equal(got, []string{"days", "nights"}) {
			t.Errorf("maria hears %q", got)
		}
		if got := f.center.BoxesOf("gone"); len(got) != 0 {
			t.Errorf("nobody hears %q", got)
		}
		script := f.script("good-evening")
		script.Boxes = map[string]Box{"nights": boxes["nights"]}
		if err := f.center.Publish(script); err != nil {
			t.Fatal(err)
		}
		if got := f.center.BoxesOf("maria"); !slices.Equal(got, []string{"nights"}) {
			t.Errorf("after publishing maria hears %q", got)
		}
	})
}
