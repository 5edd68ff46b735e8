package simulate

import (
	"fmt"
	"strconv"
	"strings"

	"careline/ivr"
)

// Test writes the conversation so far as one test of a file of tests: what was
// done, the prompts that were heard, and where the call came to.
func (c *Conversation) Test(name string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "  - test: %s\n    call:\n", strconv.Quote(name))
	for _, one := range c.turns {
		switch {
		case one.word == "":
		case one.word == "wait" || one.word == "leave" || one.word == "speak" || one.word == "outside" || one.value == "nothing":
			fmt.Fprintf(&text, "      - %s: %s\n", one.word, one.value)
		default:
			fmt.Fprintf(&text, "      - %s: %q\n", one.word, one.value)
		}
		var heard []string
		for _, prompt := range one.heard {
			heard = append(heard, prompt.Name+"@"+prompt.Language)
		}
		if len(heard) > 0 {
			fmt.Fprintf(&text, "      - hear: [%s]\n", strings.Join(heard, ", "))
		}
	}
	expected := []string{"language: " + c.call.Run().Language(), "flow: " + c.call.Run().Flow()}
	if reason, over := c.call.HungUp(); over {
		expected = append(expected, "hung_up: "+strconv.Quote(reason))
	}
	if request := c.call.Queued(); request != nil {
		expected = append(expected, "queue: "+request.Queue)
	}
	if name, _ := c.call.Outside(); name != "" {
		expected = append(expected, "outside: "+strconv.Quote(name))
	}
	expected = append(expected, fmt.Sprintf("verified: %t", c.call.Verified() == ivr.Verified))
	fmt.Fprintf(&text, "    expect: {%s}\n", strings.Join(expected, ", "))
	return text.String()
}
