package simulate

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"careline/ivr"
)

// Conversation is a simulated call in writing: what the caller hears is written
// down, and what is typed is what the caller does.
type Conversation struct {
	Set   *ivr.Set
	Flow  string
	World World
	// Words gives what a prompt says; where it gives nothing, the prompt is named.
	Words func(ivr.Prompt) string

	call *Call
	out  io.Writer
	// turns are what was done and heard so far, for a test of it.
	turns []turn
}

// turn is what the caller did, and what was heard after it.
type turn struct {
	// word is what a test calls it, and value its value; both empty at the beginning.
	word, value string
	heard       []ivr.Prompt
}

// commands tells what can be typed.
const commands = `  keys, such as 1 or 48201937#    press them when all is said; ! before them: at once
  Enter alone                     press nothing until the flow goes on by itself
  30s, 2m                         let so much time pass
  speak 20s                       say something after the tone, and nothing more
  timeout, full, unavailable      leave the queue without an agent
  after                           an agent takes the call and hangs up first
  answered, busy, no_answer, declined, failed, hangs_up
                                  what somebody outside does
  ?                               this list
  quit                            end the conversation
`

// Run holds the conversation until the call is over, "quit" is read or in ends.
// The error is the reader's.
func (c *Conversation) Run(in io.Reader, out io.Writer) error {
	c.out, c.turns = out, []turn{{}}
	c.call = New(c.Set, c.Flow, c.World, c.event)
	lines := bufio.NewScanner(in)
	for {
		if err := c.call.Listen(); err != nil {
			c.say("(%v)", err)
			return nil
		}
		if _, over := c.call.HungUp(); over {
			return nil
		}
		prompt := "> "
		if request := c.call.Queued(); request != nil {
			prompt = request.Queue + "> "
		} else if c.call.Recording() != nil {
			prompt = "(speak)> "
		}
		if name, _ := c.call.Outside(); name != "" {
			prompt = name + "> "
		}
		fmt.Fprint(out, prompt)
		if !lines.Scan() {
			fmt.Fprintln(out)
			return lines.Err()
		}
		if typed := strings.TrimSpace(lines.Text()); typed == "quit" {
			return nil
		} else if err := c.do(typed); err != nil {
			c.say("(%v; ? lists what can be typed)", err)
		}
	}
}

// do does what was typed.
func (c *Conversation) do(typed string) error {
	switch typed {
	case "":
		c.begin("press", "nothing")
		return c.call.Silence()
	case "?":
		fmt.Fprint(c.out, commands)
		return nil
	case string(ivr.ExitTimeout), string(ivr.ExitFull), string(ivr.ExitUnavailable), string(ivr.ExitAfter):
		c.begin("leave", typed)
		return c.call.Leave(ivr.QueueExit(typed))
	}
	if slices.Contains(Outsides(), typed) {
		c.begin("outside", typed)
		return c.call.Do(Outside(typed))
	}
	if d, err := time.ParseDuration(typed); err == nil && d > 0 && d <= longestWait {
		c.begin("wait", d.String())
		c.call.Pass(d)
		return nil
	}
	if said, ok := strings.CutPrefix(typed, "speak "); ok {
		d, err := time.ParseDuration(said)
		if err != nil || d <= 0 || d > longestWait {
			return fmt.Errorf("%q is no time to speak for: write speak 20s", said)
		}
		c.begin("speak", d.String())
		return c.call.Speak(d)
	}
	word, keys := "press", typed
	if rest, ahead := strings.CutPrefix(typed, "!"); ahead {
		word, keys = "key_ahead", rest
	}
	if keys == "" || strings.Trim(keys, "0123456789*#") != "" {
		return fmt.Errorf("%q is neither keys nor anything else that a caller does", typed)
	}
	c.begin(word, keys)
	return c.call.Press(keys)
}

// longestWait bounds what may be typed as a time.
const longestWait = 24 * time.Hour

func (c *Conversation) begin(word, value string) {
	c.turns = append(c.turns, turn{word: word, value: value})
}

// event writes down what happens.
func (c *Conversation) event(e Event) {
	switch e.Kind {
	case Heard, Announced:
		here := &c.turns[len(c.turns)-1]
		here.heard = append(here.heard, e.Prompt)
		if e.Prompt.Name == ivr.PromptPause {
			return
		}
		words, written := c.Set.Words(e.Prompt)
		if !written && c.Words != nil {
			words = c.Words(e.Prompt)
		}
		if words == "" {
			words = "[" + e.Prompt.Name + "]"
		}
		c.say("%s  %s", e.Prompt.Language[:min(2, len(e.Prompt.Language))], words)
	case Stopped:
		c.say("    (stopped by a key)")
	case Entered:
		c.say("    · %s", e.Step.Label)
	case Checked:
		c.say("    (%s)", strings.ReplaceAll(string(e.Outcome), "_", " "))
	case LookedUp:
		c.say("    (look-up %s: %s)", e.LookUp, e.Found)
	case Recorded:
		c.say("    (recorded: %s)", e.Recorded)
	case Kept:
		c.say("    (kept: %s)", keptAs(e.Recording))
	case Answered:
		c.say("    (survey %s, %s: %d of %d)", e.Answer.Survey, e.Answer.Question, e.Answer.Answer, e.Answer.Scale)
	case CalledBack:
		c.say("    (callback for %s: %s)", e.Request.Queue, e.CallBack)
	case Queued:
		c.say("    (waits for %s%s)", e.Request.Queue, wishes(e.Request))
	case Recording:
		c.say("    (recording %s)", e.Reason)
	case Called:
		c.say("    (calls %s)", e.Outside)
	case Taken:
		c.say("    (%s takes the caller)", e.Outside)
	case Refused:
		c.say("    (kept back: %s)", e.Reason)
	case HungUp:
		c.say("    (hung up: %s)", e.Reason)
	}
}

// keptAs tells what was kept.
func keptAs(r *ivr.RecordRequest) string {
	if r.Box != "" {
		return "a message in box " + r.Box
	}
	return "a statement of kind " + r.Kind
}

// wishes tells what a queued call asks for.
func wishes(request *ivr.QueueRequest) string {
	var parts []string
	for _, part := range []struct{ name, value string }{{"", request.Language}, {"state ", request.State}, {"license ", request.Credential}, {"", urgency(request)}, {"reason ", request.Reason}} {
		if part.value != "" {
			parts = append(parts, part.name+part.value)
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return ": " + strings.Join(parts, ", ")
}

// urgency tells of a call that goes before all others.
func urgency(request *ivr.QueueRequest) string {
	if request.Urgent == nil {
		return ""
	}
	return "urgent"
}

// say writes a line, after the time in the call.
func (c *Conversation) say(format string, args ...any) {
	at := time.Duration(0)
	if c.call != nil {
		at = c.call.Now()
	}
	fmt.Fprintf(c.out, "%2d:%02d %s\n", int(at.Minutes()), int(at.Seconds())%60, fmt.Sprintf(format, args...))
}
