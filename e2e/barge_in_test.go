package e2e

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"careline/ledger"
	"careline/media"
	"careline/media/signal"
)

// keysFlow asks in tones, each of which is one prompt and heard apart from all others:
// in pressed five times one prompt that goes on until a key; then, while a notice
// plays, callers type ahead of three menus.
const keysFlow = `flow: keys
languages: [es-US]
start: once
handlers: {"0": person}
steps:
  once: {menu: tone-600, choices: {"1": hush_once}, no_input: person}
  hush_once: {wait: 700ms, next: twice}
  twice: {menu: tone-600, choices: {"1": hush_twice}, no_input: person}
  hush_twice: {wait: 700ms, next: thrice}
  thrice: {menu: tone-600, choices: {"1": hush_thrice}, no_input: person}
  hush_thrice: {wait: 700ms, next: notice}
  notice: {play: tone-900, barge_in: false, next: first}
  first: {menu: tone-1200, choices: {"1": second}, no_input: person}
  second: {menu: tone-1500, choices: {"2": third}, no_input: person}
  third: {menu: tone-1800, choices: {"3": counted}, no_input: person}
  counted: {set: {claims: 221521}, next: hush}
  hush: {wait: 700ms, next: told}
  told: {say: "{{ claims | number feminine }}", next: bye}
  bye: {hang_up: what was asked is told}
  person:
    queue: {name: unverified, hold: {music: calm}}
    timeout: once
    full: once
    unavailable: once
`

// prompt is an edit that adds a tone as a prompt.
func prompt(t *testing.T, name string, hz, seconds float64) [3]string {
	t.Helper()
	var file bytes.Buffer
	if err := media.WriteWAV(&file, signal.Tone(hz, seconds)); err != nil {
		t.Fatal(err)
	}
	return [3]string{"prompts/es-US/" + name + ".wav", "", file.String()}
}

// TestKeysStopPromptsAndAreTypedAhead: a prompt is over within 100 ms of a key, keys
// pressed while a notice plays are the answers to the three menus after it, none of
// which is heard, and what the third leads to is said in Spanish.
func TestKeysStopPromptsAndAreTypedAhead(t *testing.T) {
	t.Parallel()
	server := start(t,
		[3]string{"careline.yaml", "flow: member-services", "flow: keys, emergency_notice: not_needed"},
		[3]string{"flows/keys.yaml", "", keysFlow},
		prompt(t, "tone-600", 600, 8), prompt(t, "tone-900", 900, 2.5),
		prompt(t, "tone-1200", 1200, 3), prompt(t, "tone-1500", 1500, 3), prompt(t, "tone-1800", 1800, 3))
	caller := server.handset(t)
	from := time.Time{}
	for n := range 3 {
		eventually(t, 15*time.Second, "the prompt is heard", func() bool { return len(caller.sounding(600, from, time.Now())) > 15+n })
		pressed := caller.press('1')
		eventually(t, 15*time.Second, "half a second has been heard since", func() bool {
			all := caller.heard()
			return all[len(all)-1].at.After(pressed.Add(500 * time.Millisecond))
		})
		from = pressed.Add(500 * time.Millisecond)
		wantStopped(t, caller, pressed, from)
	}
	eventually(t, 15*time.Second, "the notice is heard", func() bool { return len(caller.sounding(900, from, time.Now())) > 0 })
	for _, key := range "123" {
		caller.press(key)
		pass(60 * time.Millisecond)
	}
	if heard := caller.heard(); signal.Goertzel(heard[len(heard)-1].samples, 900) < 0.02 {
		t.Error("the notice was over before the keys were pressed")
	}
	caller.wait()
	const whole = 125 // frames of the notice
	notice := caller.sounding(900, from, time.Now())
	if len(notice) < whole {
		t.Fatalf("%d frames are heard of the notice, whose %d no key may end", len(notice), whole)
	}
	over := notice[whole-1].at
	for _, menu := range []float64{1200, 1500, 1800} {
		if heard := caller.sounding(menu, over, over.Add(500*time.Millisecond)); len(heard) > 0 {
			t.Errorf("typed ahead of, the menu of %.0f Hz is heard for %d frames", menu, len(heard))
		}
	}
	said := caller.sound()
	for _, piece := range []string{"200-feminine", "21-masculine", "thousand", "500-feminine", "21-feminine"} {
		recorded := wav(t, "../config/demo/prompts/es-US/numbers/"+piece+".wav")
		score, at := signal.Correlate(said, recorded)
		if score < 0.95 {
			evidence(t, "number", caller.sound())
			t.Fatalf("doscientas veintiún mil quinientas veintiuna: %s is heard by %.2f after those before it", piece, score)
		}
		said = said[int(at.Seconds()*signal.SampleRate)+len(recorded)*9/10:]
	}
	record, _ := server.record()
	wantBy(t, record, ledger.BySystem)
	if path := strings.Join(record.Path, " "); !strings.HasSuffix(path, "keys.notice keys.first keys.second keys.third keys.counted keys.hush keys.told keys.bye") {
		t.Errorf("path %s", path)
	}
}

// wantStopped looks at what came in the half second from a key on.
func wantStopped(t *testing.T, caller *handset, pressed, until time.Time) {
	t.Helper()
	sounding := caller.sounding(600, pressed.Add(-40*time.Millisecond), until)
	if len(sounding) == 0 {
		t.Fatal("the prompt was over before the key")
	}
	last := sounding[len(sounding)-1].at.Sub(pressed)
	t.Logf("the last of the prompt comes %v after the key", last.Round(100*time.Microsecond))
	if last > 100*time.Millisecond {
		t.Errorf("the prompt is heard for %v after the key", last)
	}
}

// silentFlow asks twice, and waits 3 s each time.
const silentFlow = `flow: silent
languages: [en-US]
start: asked
steps:
  asked:
    menu: no-input
    choices: {"0": person}
    timing: {first_digit: 3s}
    no_input: {retries: 1, next: person}
  person:
    queue: {name: unverified, hold: {music: calm}}
    timeout: asked
    full: asked
    unavailable: asked
`

// TestNobodyIsLostForPressingNothing: whoever presses nothing is asked again and then
// is in line for a person, hears its music, and is still there.
func TestNobodyIsLostForPressingNothing(t *testing.T) {
	t.Parallel()
	server := start(t,
		[3]string{"careline.yaml", "flow: member-services", "flow: silent, emergency_notice: not_needed"},
		[3]string{"flows/silent.yaml", "", silentFlow})
	caller := server.phone(t, make([]int16, 40*signal.SampleRate))
	caller.dial("5550100")
	eventually(t, 30*time.Second, "the caller is in line", func() bool { return server.logged("call queued") == 1 })
	queued := time.Now()
	pass(2 * time.Second)
	waited := time.Now()
	caller.hangUp()
	if match := musicIn(t, caller.between(caller.heard(), queued.Add(500*time.Millisecond), waited)); match < 0.8 {
		t.Errorf("in line, the music is heard by %.2f", match)
	}
	record, _ := server.record()
	wantBy(t, record, ledger.ByCaller)
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue)
	if asked := strings.Count(strings.Join(record.Path, " "), "silent.asked"); asked != 1 {
		t.Errorf("path %v", record.Path)
	}
}
