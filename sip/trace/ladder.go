package trace

import (
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	columnWidth = 40 // characters from lifeline to lifeline
	timeWidth   = 10
)

// Ladder draws a trace as text: a column for each party, a line for each message.
func Ladder(w io.Writer, t Trace) error {
	var text strings.Builder
	for _, line := range t.heading() {
		text.WriteString(line + "\n")
	}
	l := t.Drawing()
	text.WriteString("\n" + l.names() + "\n")
	for _, r := range l.Arrows {
		line := fmt.Sprintf("%*.3f", timeWidth-2, r.At.Seconds()) + "  " + l.arrow(r)
		if beside := r.Beside(); beside != "" {
			line += "  " + beside
		}
		text.WriteString(strings.TrimRight(line, " ") + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// names is the line above the lifelines.
func (l Drawing) names() string {
	line := []rune(strings.Repeat(" ", timeWidth+columnWidth*len(l.Parties)))
	for i, name := range l.Parties {
		put(line, timeWidth+center(i)-utf8.RuneCountInString(name)/2, name)
	}
	return strings.TrimRight(string(line), " ")
}

// center is where a column's lifeline stands, counted from the first column.
func center(column int) int { return columnWidth/2 + column*columnWidth }

// arrow is a line of lifelines with one arrow between two of them.
func (l Drawing) arrow(r Arrow) string {
	line := []rune(strings.Repeat(" ", columnWidth*len(l.Parties)))
	for i := range l.Parties {
		line[center(i)] = '│'
	}
	start, end := center(min(r.From, r.To))+1, center(max(r.From, r.To))-1
	for i := start; i <= end; i++ {
		line[i] = '─'
	}
	if r.From < r.To {
		line[end] = '▶'
	} else {
		line[start] = '◀'
	}
	label := " " + shorten(r.Caption(), end-start-5) + " "
	put(line, start+(end-start+1-utf8.RuneCountInString(label))/2, label)
	return string(line[:center(len(l.Parties)-1)+1])
}

func put(line []rune, at int, text string) {
	for i, char := range []rune(text) {
		if at+i >= 0 && at+i < len(line) {
			line[at+i] = char
		}
	}
}

func shorten(text string, limit int) string {
	if runes := []rune(text); len(runes) > limit {
		return string(runes[:max(limit-1, 0)]) + "…"
	}
	return text
}

// Messages writes a trace's messages one after the other, as they were save for
// what is masked.
func Messages(w io.Writer, t Trace) error {
	var text strings.Builder
	for _, m := range t.Messages {
		way := "to"
		if m.Incoming {
			way = "from"
		}
		fmt.Fprintf(&text, "%s  leg %d, %s %s %s\n", m.At.Format("15:04:05.000"), m.Leg+1, m.Network, way, m.Remote)
		for _, line := range strings.Split(strings.TrimRight(m.Text, "\r\n"), "\r\n") {
			text.WriteString("    " + line + "\n")
		}
		text.WriteString("\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}
