package dial

import (
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"careline/media"
)

// Step is one thing that the caller does.
type Step struct {
	Verb Verb
	// For: how long to listen (0: until the far side hangs up), or how much
	// sound or silence to wait for.
	For time.Duration
	// Keys to press.
	Keys []media.Digit
	// File to speak, a WAV of 8 kHz mono.
	File string
}

// Verb names a Step.
type Verb string

const (
	// Listen stays on the line: `listen 5s`, or `listen` until the far side hangs up.
	Listen Verb = "listen"
	// Press keys one after the other: `press 12#`.
	Press Verb = "press"
	// Speak a WAV file: `speak hello.wav`.
	Speak Verb = "speak"
	// WaitForSound: `wait-for sound`, `wait-for sound 500ms` (that long without a pause).
	WaitForSound Verb = "wait-for sound"
	// WaitForSilence: `wait-for silence 1s`.
	WaitForSilence Verb = "wait-for silence"
	// HangUp: `hang-up`.
	HangUp Verb = "hang-up"
)

// Spans used where a script names none.
const (
	defaultSound   = 60 * time.Millisecond
	defaultSilence = time.Second
	maxListen      = 24 * time.Hour
)

// String says the step without the keys pressed, which may be a member's.
func (s Step) String() string {
	switch s.Verb {
	case Press:
		return fmt.Sprintf("press %d keys", len(s.Keys))
	case Speak:
		return "speak " + s.File
	case HangUp:
		return string(HangUp)
	}
	if s.For == 0 {
		return string(s.Verb)
	}
	return fmt.Sprintf("%s %v", s.Verb, s.For)
}

// MemberScript is what `careline dial --as member` does: an invented member of
// the demo's directory identifies herself in English, asks for a representative
// and listens to the music for a while. It lets each prompt end before it presses.
const MemberScript = `
wait-for sound, wait-for silence 1500ms, press 1
wait-for sound, wait-for silence 1500ms, press 1
wait-for sound, wait-for silence 1500ms, press 48201937
wait-for sound, wait-for silence 1500ms, press 04121961
wait-for sound, wait-for silence 1500ms, press 0
listen 12s, hang-up`

// Builtin finds a script by name ("member").
func Builtin(name string) ([]Step, error) {
	if name != "member" {
		return nil, fmt.Errorf("no built-in script %q; there is: member", name)
	}
	return ParseScript(MemberScript)
}

// ParseScript reads steps, one after the other, parted by space, comma,
// semicolon or line end; a line that begins with # is a comment; a file name
// with spaces stands in double quotes. Errors name line and column.
func ParseScript(text string) ([]Step, error) {
	words, err := splitWords(text)
	if err != nil {
		return nil, err
	}
	var steps []Step
	for len(words) > 0 {
		step, used, err := parseStep(words)
		if err != nil {
			return nil, err
		}
		steps, words = append(steps, step), words[used:]
	}
	if len(steps) == 0 {
		return nil, errors.New("the script is empty; write for example: listen 5s press 1 hang-up")
	}
	return steps, nil
}

func parseStep(words []word) (Step, int, error) {
	verb := words[0]
	argument := func(i int, what string) (word, error) {
		if i >= len(words) {
			return word{}, verb.errorf("%s needs %s", verb.text, what)
		}
		return words[i], nil
	}
	switch verb.text {
	case "hang-up":
		return Step{Verb: HangUp}, 1, nil
	case "listen":
		step := Step{Verb: Listen}
		used, err := step.readSpan(words, 1, 0)
		return step, used, err
	case "press":
		arg, err := argument(1, "keys, for example: press 12#")
		if err != nil {
			return Step{}, 0, err
		}
		keys, err := ParseKeys(arg.text)
		if err != nil {
			return Step{}, 0, arg.errorf("%v", err)
		}
		return Step{Verb: Press, Keys: keys}, 2, nil
	case "speak":
		arg, err := argument(1, "a WAV file")
		return Step{Verb: Speak, File: arg.text}, 2, err
	case "wait-for":
		arg, err := argument(1, "sound or silence")
		if err != nil {
			return Step{}, 0, err
		}
		step, span := Step{Verb: WaitForSound}, defaultSound
		switch arg.text {
		case "sound":
		case "silence":
			step.Verb, span = WaitForSilence, defaultSilence
		default:
			return Step{}, 0, arg.errorf("wait-for %s: there is sound and silence", arg.text)
		}
		used, err := step.readSpan(words, 2, span)
		return step, used, err
	}
	if _, err := ParseKeys(verb.text); err == nil { // may be a member's: not repeated
		return Step{}, 0, verb.errorf("keys stand here without press; write the keys of one press together: press 12#")
	}
	return Step{}, 0, verb.errorf("%q is no step; there are: listen, press, speak, wait-for, hang-up", verb.text)
}

// readSpan takes a duration at words[at] if one stands there.
func (s *Step) readSpan(words []word, at int, otherwise time.Duration) (used int, err error) {
	s.For = otherwise
	if at >= len(words) || !unicode.IsDigit(rune(words[at].text[0])) {
		return at, nil
	}
	span, err := time.ParseDuration(words[at].text)
	if err != nil || span <= 0 || span > maxListen {
		return 0, words[at].errorf("%q is no duration between 0 and %v; write for example 5s or 800ms", words[at].text, maxListen)
	}
	s.For = span
	return at + 1, nil
}

// ParseKeys makes digits of "0123456789*#ABCD". The error doesn't repeat them.
func ParseKeys(text string) ([]media.Digit, error) {
	keys := make([]media.Digit, 0, len(text))
	for i := range len(text) {
		digit, ok := media.Digit{}, false
		if text[i] < 0x80 {
			digit, ok = media.ParseDigit(text[i])
		}
		if !ok {
			return nil, fmt.Errorf("key %d of %d isn't on a telephone; there are 0-9 * # A-D", i+1, len(text))
		}
		keys = append(keys, digit)
	}
	if len(keys) == 0 {
		return nil, errors.New("no key given")
	}
	return keys, nil
}

type word struct {
	text         string
	line, column int
}

func (w word) errorf(format string, arguments ...any) error {
	return fmt.Errorf("script:%d:%d: %s", w.line, w.column, fmt.Sprintf(format, arguments...))
}

func splitWords(text string) ([]word, error) {
	var words []word
	for number, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(strings.TrimSpace(line), "#") {
			continue
		}
		for at := 0; at < len(line); {
			if strings.IndexByte(" \t\r,;", line[at]) >= 0 {
				at++
				continue
			}
			here := word{line: number + 1, column: at + 1}
			length := strings.IndexAny(line[at:], " \t\r,;")
			if line[at] == '"' {
				closing := strings.IndexByte(line[at+1:], '"')
				if closing < 1 {
					return nil, here.errorf("the quote isn't closed or is empty")
				}
				here.text, at = line[at+1:at+1+closing], at+closing+2
			} else {
				if length < 0 {
					length = len(line) - at
				}
				here.text, at = line[at:at+length], at+length
			}
			words = append(words, here)
		}
	}
	return words, nil
}
