package trace

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Drawing is a trace made ready to be drawn as a ladder.
type Drawing struct {
	Began   time.Time
	Parties []string // the columns, from left to right
	Arrows  []Arrow
}

// Arrow is one message of a Drawing.
type Arrow struct {
	At       time.Duration // since the drawing began
	From, To int           // columns
	Label    string
	Note     string          // what an engineer looks for beside it
	Again    []time.Duration // when it was sent once more
	Response bool
}

// us is the name of our own column.
const us = "Careline"

// Drawing turns messages into arrows: what was sent again is one arrow with a count.
func (t Trace) Drawing() Drawing {
	var l Drawing
	if len(t.Messages) == 0 {
		return l
	}
	l.Began = t.Messages[0].At
	column := t.columns(&l)
	known := map[string]int{}
	held := make([]bool, len(t.Legs))
	begun := make([]bool, len(t.Legs))
	for _, m := range t.Messages {
		p := take([]byte(m.Text))
		at := m.At.Sub(l.Began)
		key := strings.Join([]string{fmt.Sprint(m.Leg, m.Incoming, m.Remote), p.start, p.find("cseq"), p.find("via")}, "\n")
		if before, sent := known[key]; sent {
			l.Arrows[before].Again = append(l.Arrows[before].Again, at)
			continue
		}
		known[key] = len(l.Arrows)
		next := Arrow{At: at, From: column[us], To: column[m.Remote.String()]}
		if m.Incoming {
			next.From, next.To = next.To, next.From
		}
		next.Label, next.Response = labelOf(p)
		var notes []string
		if !begun[m.Leg] && len(t.Legs) > 1 {
			notes = append(notes, fmt.Sprintf("leg %d", m.Leg+1))
		}
		begun[m.Leg] = true
		next.Note = strings.Join(append(notes, notesOf(p, &held[m.Leg])...), ", ")
		l.Arrows = append(l.Arrows, next)
	}
	return l
}

// columns are callers on the left, then us, then those whom we called.
func (t Trace) columns(l *Drawing) map[string]int {
	var left, right []string
	for _, m := range t.Messages {
		name := m.Remote.String()
		if slices.Contains(left, name) || slices.Contains(right, name) {
			continue
		}
		if m.Incoming {
			left = append(left, name)
		} else {
			right = append(right, name)
		}
	}
	l.Parties = append(append(left, us), right...)
	column := map[string]int{}
	for i, name := range l.Parties {
		column[name] = i
	}
	return column
}

// labelOf is what stands on the arrow.
func labelOf(p parts) (label string, response bool) {
	if code, phrase, ok := p.status(); ok {
		label, response = code+" "+phrase, true
		if _, method, found := strings.Cut(p.find("cseq"), " "); found {
			label += " (" + strings.TrimSpace(method) + ")"
		}
	} else if method, _, ok := p.request(); ok {
		label = method
		if method == "INVITE" && strings.Contains(p.find("to"), ";tag=") {
			label = "re-INVITE"
		}
	} else {
		label = "unreadable"
	}
	if hasSDP(p) {
		label += " sdp"
	}
	return label, response
}

func hasSDP(p parts) bool {
	return strings.HasPrefix(strings.ToLower(p.find("content-type")), "application/sdp") && p.body != ""
}

// notesOf are what an engineer looks for beside the arrow.
func notesOf(p parts, held *bool) []string {
	var notes []string
	code, _, response := p.status()
	method, uri, _ := p.request()
	switch {
	case method == "INVITE" && !strings.Contains(p.find("to"), ";tag="):
		notes = append(notes, userOf(p.find("from"))+" calls "+userOf(uri))
	case response && len(code) > 1 && code[0] == '1' && hasSDP(p):
		notes = append(notes, "early media")
	case method == "REFER":
		notes = append(notes, "to "+p.find("refer-to"))
	case method == "NOTIFY" && strings.HasPrefix(p.body, "SIP/2.0 "):
		line, _, _ := strings.Cut(p.body, "\r\n")
		notes = append(notes, line)
	}
	if hasSDP(p) {
		if direction := onHold(p.body); direction != "" {
			if !*held {
				notes = append(notes, "hold ("+direction+")")
			}
			*held = true
		} else if *held && !response {
			notes, *held = append(notes, "resumed"), false
		}
	}
	if reason := p.find("reason"); reason != "" {
		notes = append(notes, reason)
	}
	if after := p.find("retry-after"); after != "" {
		notes = append(notes, "Retry-After "+after)
	}
	return notes
}

// userOf is the user in a masked address.
func userOf(address string) string {
	_, rest, found := strings.Cut(address, "sip:")
	if !found {
		if _, rest, found = strings.Cut(address, "sips:"); !found {
			_, rest, found = strings.Cut(address, "tel:")
			if number, _, _ := strings.Cut(rest, ";"); found {
				return strings.Trim(number, "<>")
			}
			return "unknown"
		}
	}
	user, _, found := strings.Cut(rest, "@")
	if !found || user == "" {
		return "unknown"
	}
	return user
}

// onHold is the direction that puts a stream on hold, or the address that did so
// before RFC 3264 (section 8.4); "" for none.
func onHold(sdp string) string {
	for _, line := range strings.Split(sdp, "\r\n") {
		switch line {
		case "a=sendonly", "a=inactive", "a=recvonly":
			return line[2:]
		}
		if address, found := strings.CutPrefix(line, "c=IN IP4 "); found {
			if parsed, err := netip.ParseAddr(strings.TrimSpace(address)); err == nil && parsed.IsUnspecified() {
				return "0.0.0.0"
			}
		}
	}
	return ""
}

// sentAgain says how often and until when.
func (r Arrow) sentAgain() string {
	if len(r.Again) == 0 {
		return ""
	}
	return fmt.Sprintf("sent %d times, last at %.3f", len(r.Again)+1, r.Again[len(r.Again)-1].Seconds())
}

// Caption is what stands on the arrow: the label, and how often it was sent if that
// wasn't once.
func (r Arrow) Caption() string {
	if len(r.Again) == 0 {
		return r.Label
	}
	return fmt.Sprintf("%s ×%d", r.Label, len(r.Again)+1)
}

// Beside is all that stands beside the arrow.
func (r Arrow) Beside() string {
	return strings.Join(slices.DeleteFunc([]string{r.Note, r.sentAgain()}, func(s string) bool { return s == "" }), ", ")
}

// heading names the call, when it was and what was left out.
func (t Trace) heading() []string {
	name := t.Call
	if name == "" && len(t.Legs) > 0 {
		name = t.Legs[0] + " (refused before it was a call)"
	}
	lines := []string{"Call " + name}
	for i, leg := range t.Legs {
		lines = append(lines, fmt.Sprintf("  leg %d  SIP Call-ID %s", i+1, leg))
	}
	if len(t.Messages) > 0 {
		lines = append(lines, "  began  "+t.Messages[0].At.Format("2006-01-02 15:04:05.000 UTC"))
	}
	if t.Dropped > 0 {
		lines = append(lines, fmt.Sprintf("  %d messages in between were left out for want of room (sip.trace.call_bytes)", t.Dropped))
	}
	return lines
}
