package e2e

import (
	"path/filepath"
	"testing"
	"time"

	"careline/media/signal"
)

// spokenFlow has no recording of its own: a synthesiser speaks its words.
const spokenFlow = `flow: spoken
languages: [es-US]
start: days
steps:
  days: {set: {days: 21}, next: left}
  left:
    say: {es-US: "A usted le quedan {{ days | count masculine: día de cuidados, días de cuidados }}."}
    next: on
  on:
    menu: {es-US: "Para hablar con uno de nosotros, oprima el 0. Para terminar, oprima el 2."}
    choices: {"0": person, "2": bye}
    no_input: person
  person:
    queue: {name: unverified, hold: {music: calm}}
    timeout: on
    full: on
    unavailable: on
  bye: {hang_up: the caller chose to end the call}
`

// Words that a flow writes are heard, and the number between them is put together
// as Spanish wants it: veintiún días, not veintiuno días.
func TestCallerHearsTheWordsThatAFlowWrites(t *testing.T) {
	t.Parallel()
	server := start(t, [3]string{"flows/spoken.yaml", "", spokenFlow}, [3]string{"careline.yaml", "flow: nurse-line}", "flow: spoken}"})
	caller := server.phone(t, tone())
	caller.dial("5550111")
	pass(6 * time.Second)
	caller.press("2")
	caller.awaitEnd()
	heard := caller.heard()
	kept := func(words string) []int16 {
		files, err := filepath.Glob(filepath.Join(server.dir, "var/speech/es-US/*", words+"-*.wav"))
		if err != nil || len(files) != 1 {
			t.Fatalf("of %q are kept %v", words, files)
		}
		return wav(t, files[0])
	}
	before := time.Duration(0)
	for _, part := range []struct {
		what string
		said []int16
	}{
		{"the words before", kept("a-usted-le-quedan")},
		{"veintiún", wav(t, "../config/demo/prompts/es-US/numbers/21-masculine.wav")},
		{"what is counted", kept("dias-de-cuidados")},
	} {
		score, at := signal.Correlate(heard, part.said)
		if score < 0.85 || at < before {
			t.Errorf("%s was heard by %.2f, at %v, after what was heard at %v", part.what, score, at, before)
		}
		before = at
	}
}
