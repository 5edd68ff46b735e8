package dial

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// EndedBy says who ended the call.
type EndedBy string

const (
	// ByUs: the script's end, hang-up, or the call's time limit.
	ByUs EndedBy = "us"
	// ByFarSide: a BYE came.
	ByFarSide EndedBy = "the far side"
	// ByRefusal: the far side answered the INVITE with a final status.
	ByRefusal EndedBy = "refusal"
	// ByCancel: we gave up while it rang.
	ByCancel EndedBy = "cancel"
	// ByNobody: nothing came back, or the transport broke.
	ByNobody EndedBy = "nobody"
)

// Report says what happened on a call. It holds no key pressed.
type Report struct {
	Target, Transport string
	// Rang: a 180 or 183 came, RangAfter the INVITE.
	Rang      bool
	RangAfter time.Duration
	// Answered after the INVITE, with Codec, and Lasted from there.
	Answered      bool
	AnsweredAfter time.Duration
	Codec         string
	Lasted        time.Duration
	// Steps done of the script.
	Steps, StepsDone int
	// Keys pressed and sound Spoken.
	Keys   int
	Spoken time.Duration
	Heard  Heard
	// EndedBy, with the last SIP Status and Phrase, and the Q.850 Cause of a
	// Reason header if one came (RFC 3326).
	EndedBy   EndedBy
	Status    int
	Phrase    string
	Cause     int
	CauseText string
	// Saved is the WAV file with what was heard.
	Saved string
	// Problem in words if the script couldn't be followed to its end.
	Problem string
}

// String is the report for a person, one fact a line.
func (r Report) String() string {
	var b strings.Builder
	line := func(name, format string, arguments ...any) {
		fmt.Fprintf(&b, "  %-9s %s\n", name, fmt.Sprintf(format, arguments...))
	}
	fmt.Fprintf(&b, "Called %s over %s\n", r.Target, strings.ToUpper(r.Transport))
	if r.Rang {
		line("rang", "after %s", seconds(r.RangAfter))
	}
	if r.Answered {
		line("answered", "after %s, %s; the call lasted %s", seconds(r.AnsweredAfter), r.Codec, seconds(r.Lasted))
		line("heard", "%s", r.Heard)
		line("said", "%d keys pressed, %s spoken", r.Keys, seconds(r.Spoken))
		if r.Steps > 0 {
			line("script", "%d of %d steps done", r.StepsDone, r.Steps)
		}
	}
	line("ended", "%s", r.ending())
	if r.Saved != "" {
		line("saved", "%s", r.Saved)
	}
	if r.Problem != "" {
		line("problem", "%s", r.Problem)
	}
	return b.String()
}

func (r Report) ending() string {
	var text string
	switch r.EndedBy {
	case ByUs:
		text = "by us, with BYE"
	case ByFarSide:
		text = "by the far side, with BYE"
	case ByRefusal:
		text = "refused"
	case ByCancel:
		text = "cancelled by us before the answer"
	default:
		text = "by nobody: the far side fell silent"
	}
	if r.Status != 0 {
		text += fmt.Sprintf(", SIP %d %s", r.Status, r.Phrase)
	}
	if r.Cause != 0 {
		text += fmt.Sprintf(", Q.850 %d", r.Cause)
		if r.CauseText != "" {
			text += " " + r.CauseText
		}
	}
	return text
}

// String says what was heard.
func (h Heard) String() string {
	if h.Packets == 0 {
		return "nothing: not one packet came"
	}
	if h.Sound == 0 || math.IsInf(h.Level, -1) {
		return fmt.Sprintf("only silence, in %d packets (%d lost)", h.Packets, h.Lost)
	}
	return fmt.Sprintf("%s of sound at %.0f dBov, the first after %s, in %d packets (%d lost)",
		seconds(h.Sound), h.Level, seconds(h.FirstSound), h.Packets, h.Lost)
}

func seconds(d time.Duration) string {
	if d < time.Second {
		return d.Round(time.Millisecond).String()
	}
	return fmt.Sprintf("%.1f s", d.Seconds())
}
