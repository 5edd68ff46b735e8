package simulate_test

import (
	"bytes"
	"strings"
	"testing"

	"careline/ivr"
	"careline/ivr/simulate"
)

func converse(t *testing.T, typed string) (*simulate.Conversation, string) {
	t.Helper()
	texts := map[string]string{"welcome": "Welcome.", "main": "Press 1 for your visit."}
	c := &simulate.Conversation{
		Set: clinicSet(t), Flow: "clinic", World: simulate.World{Members: []simulate.Member{linda()}},
		Words: func(prompt ivr.Prompt) string { return texts[prompt.Name] },
	}
	var out bytes.Buffer
	if err := c.Run(strings.NewReader(typed), &out); err != nil {
		t.Fatal(err)
	}
	return c, out.String()
}

func TestAConversationIsWrittenDown(t *testing.T) {
	c, heard := converse(t, "2\n31s\ntimeout\n?\nnonsense\n1x\n!3\n")
	want := ` 0:00     · hello
 0:00 en  Welcome.
 0:02 en  [notice]
 0:04     · main
 0:04 en  Press 1 for your visit.
>  0:06     · people
 0:06     (waits for people: es-US, reason Spanish)
people>  0:36 es  [hold/please-wait]
people>  0:37     · main
 0:37 es  Press 1 for your visit.
> `
	if !strings.HasPrefix(heard, want) {
		t.Errorf("heard\n%s\nwant\n%s", heard, want)
	}
	for _, want := range []string{"  keys, such as 1 or", `("nonsense" is neither keys nor anything else that a caller does; ? lists what can be typed)`, "(hung up: the caller is done)\n"} {
		if !strings.Contains(heard, want) {
			t.Errorf("%q isn't in\n%s", want, heard)
		}
	}
	test := `  - test: "tried by hand"
    call:
      - hear: [welcome@en-US, notice@en-US, main@en-US]
      - press: "2"
      - wait: 31s
      - hear: [hold/please-wait@es-US]
      - leave: timeout
      - hear: [main@es-US]
      - key_ahead: "3"
      - hear: [bye@es-US]
    expect: {language: es-US, flow: clinic, hung_up: "the caller is done", verified: false}
`
	if got := c.Test("tried by hand"); got != test {
		t.Errorf("the test is\n%s\nwant\n%s", got, test)
	}
}

func TestAConversationMayEndAnywhere(t *testing.T) {
	for _, typed := range []string{"", "quit\n", "\n", "1\n48201937\n04121961\nquit\n", "full\nquit\n"} {
		c, heard := converse(t, typed)
		if !strings.Contains(heard, "Welcome.") || !strings.Contains(c.Test("x"), "expect: {language: en-US") {
			t.Errorf("%q: heard\n%s", typed, heard)
		}
	}
	if _, heard := converse(t, "full\nquit\n"); !strings.Contains(heard, "(the call is in no queue; ? lists what can be typed)") {
		t.Errorf("heard\n%s", heard)
	}
	if _, heard := converse(t, "1\n48201937\n04121961\n"); !strings.Contains(heard, "(verified)\n") || !strings.Contains(heard, "en  [months/1]") {
		t.Errorf("heard\n%s", heard)
	}
}
