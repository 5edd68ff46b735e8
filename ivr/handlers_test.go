package ivr_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"careline/ivr"
)

const handled = `flow: handled
languages: [en-US]
start: main
handlers: {"0": people, "*": repeat}
steps:
  main:
    menu: main
    choices: {"1": more, "2": bye}
    no_input: {retries: 1, next: people}
  more:
    menu: more
    choices: {"0": bye, "1": main, "2": quiet}
    no_input: people
  quiet:
    menu: quiet
    handlers: false
    choices: {"1": bye}
    no_input: people
    no_match: {retries: 0, next: main}
  bye: {hang_up: {play: bye, reason: the caller is done}}
  people:
    queue: {name: people, hold: {music: calm}}
    timeout: main
    full: main
    unavailable: main
`

func loadHandled(t *testing.T, text string) (*ivr.Set, error) {
	return ivr.Load(fstest.MapFS{"flows/handled.yaml": {Data: []byte(text)}}, "flows", ivr.Environment{
		Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"people": {}},
	})
}

func TestAHandlerWorksInEveryMenu(t *testing.T) {
	set, err := loadHandled(t, handled)
	if err != nil {
		t.Fatal(err)
	}
	call(t, set, "handled").listen().press("0").listen().inQueue("people")

	again := call(t, set, "handled")
	again.listen().press("*").listen().press("*").listen()
	if n := count(again.heard, "en main"); n != 3 {
		t.Errorf("the choices were heard %d times, want 3", n)
	}
	again.press("0").inQueue("people")

	own := call(t, set, "handled")
	own.listen().press("1").listen().press("0").listen() // its own choice goes before
	if !strings.Contains(own.hungUp, "the caller is done") {
		t.Errorf("the menu's own choice was not taken: %v", own.entered)
	}
	alone := call(t, set, "handled")
	alone.listen().press("1").listen().press("2").listen().press("0").listen() // no match there
	alone.hears("en quiet", "en main")
	if alone.queued != nil {
		t.Error("a handler worked where it is kept out")
	}
	took := call(t, set, "handled")
	took.listen().press("0")
	if last := took.took[len(took.took)-1]; last.Via != `handler "0"` || last.To != "people" {
		t.Errorf("the way taken is told as %v", last)
	}
}

// TestAHashBehindAChoiceEndsIt, though "#" alone means something of its own.
func TestAHashBehindAChoiceEndsIt(t *testing.T) {
	text := strings.Replace(handled, `"*": repeat`, `"#": repeat`, 1)
	set, err := loadHandled(t, strings.Replace(text, `{"1": more, "2": bye}`, `{"1": more, "12": bye}`, 1))
	if err != nil {
		t.Fatal(err)
	}
	p := call(t, set, "handled")
	p.listen().press("#").listen().press("1#").listen()
	p.hears("en main", "en main", "en more")
}

func TestBrokenHandlers(t *testing.T) {
	for edit, want := range map[[2]string]string{
		{`"0": people,`, `"0": peeple,`}:               `flows/handled.yaml:4:17: handler "0" goes to "peeple", which no step is called; did you mean "people"?`,
		{`"*": repeat`, `"12": repeat`}:                `flows/handled.yaml:4:25: handler "12" can't be keyed in; a handler is one key, 0-9, * or #, in quotes`,
		{`"*": repeat`, `"1": repeat`}:                 `flows/handled.yaml:4:25: no menu of the flow has room for handler "1"; each has a choice of its own that begins with it, or keeps handlers out; remove it`,
		{`{"0": people, "*": repeat}`, `[people]`}:     `flows/handled.yaml:4:11: "handlers" is not names with values`,
		{`"*": repeat}`, `"*": {play: x, next: bye}}`}: `flows/handled.yaml:4:30: handler "*" leads nowhere; name a step, or write "repeat" to have the question asked again`,
	} {
		if _, err := loadHandled(t, strings.Replace(handled, edit[0], edit[1], 1)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v\nwant %s", edit[1], err, want)
		}
	}
}

// TestAHandlerProvesNothing: by it, strangers come where the menus' own ways don't lead.
func TestAHandlerProvesNothing(t *testing.T) {
	leaks := strings.Replace(handled, `"0": people,`, `"0": visit,`, 1) +
		"  visit: {say: \"visit {{ member.next_visit | date }}\", next: people}\n"
	_, err := ivr.Load(fstest.MapFS{"flows/handled.yaml": {Data: []byte(leaks)}}, "flows", ivr.Environment{
		Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"people": {}}, Facts: map[string]ivr.FactKind{"next_visit": ivr.FactDate},
	})
	if err == nil || !strings.Contains(err.Error(), `says the member's next_visit to callers who were not verified, on the way main → visit`) {
		t.Errorf("a leak by a handler: %v", err)
	}
}
