package trace

import (
	"bytes"
	"cmp"
	"compress/flate"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"
)

// Trace is the signalling of one call, masked. It holds nothing that is protected
// and may be printed, stored and sent.
type Trace struct {
	// Call is our ID of the call; empty where it was never named, as with a call
	// that was refused at the door.
	Call string `json:"call,omitempty"`
	// Legs are the SIP Call-IDs of the call's dialogs in the order in which they
	// began.
	Legs     []string  `json:"legs"`
	Messages []Message `json:"messages"`
	// Dropped is how many messages were left out for want of room.
	Dropped int `json:"dropped,omitempty"`
}

// Message is one masked message of a Trace.
type Message struct {
	At       time.Time `json:"at"`
	Incoming bool      `json:"in,omitempty"`
	Network  string    `json:"network"`
	// Local is our address, Remote the far side's.
	Local  netip.AddrPort `json:"local"`
	Remote netip.AddrPort `json:"remote"`
	// Leg is the place in Trace.Legs.
	Leg  int    `json:"leg"`
	Text string `json:"text"`
}

// maxTrace bounds what Unpack makes of a stored trace, in bytes.
const maxTrace = 16 << 20

// Pack is the form in which a trace is stored.
func (t Trace) Pack() ([]byte, error) {
	var packed bytes.Buffer
	writer, err := flate.NewWriter(&packed, flate.BestSpeed)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(writer).Encode(t); err != nil {
		return nil, err
	}
	if err := writer.Close(); err != nil {
		return nil, err
	}
	return packed.Bytes(), nil
}

// Unpack reads what Pack wrote.
func Unpack(packed []byte) (Trace, error) {
	var t Trace
	reader := flate.NewReader(bytes.NewReader(packed))
	if err := json.NewDecoder(io.LimitReader(reader, maxTrace)).Decode(&t); err != nil {
		return Trace{}, fmt.Errorf("trace: a stored trace is damaged: %w", err)
	}
	for _, message := range t.Messages {
		if message.Leg < 0 || message.Leg >= len(t.Legs) {
			return Trace{}, fmt.Errorf("trace: a stored trace is damaged: a message is of leg %d, and there are %d", message.Leg, len(t.Legs))
		}
	}
	return t, nil
}

// strand is one leg's packets, before they are masked.
type strand struct {
	id      string
	packets []Packet
	dropped int
}

// mask makes a trace of legs. What is found out about names and numbers in one
// message masks the others too, those before it included.
func mask(call string, strands []strand) Trace {
	t := Trace{Call: call}
	l := newLabels()
	var raw [][]byte
	for leg, one := range strands {
		t.Dropped += one.dropped
		t.Legs = append(t.Legs, one.id)
		for _, p := range one.packets {
			raw = append(raw, p.message)
			t.Messages = append(t.Messages, Message{p.At.UTC(), p.Incoming, p.Network, p.Local, p.Remote, leg, ""})
		}
	}
	order := make([]int, len(raw))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return t.Messages[a].At.Compare(t.Messages[b].At) })
	news := 0 // up to here there is more to mask than was known
	for i, at := range order {
		before := l.size()
		t.Messages[at].Text = l.message(raw[at])
		if l.size() != before {
			news = i + 1
		}
	}
	for _, at := range order[:news] {
		t.Messages[at].Text = l.message(raw[at])
	}
	for i := range t.Legs {
		t.Legs[i] = l.opaque(t.Legs[i])
	}
	slices.SortStableFunc(t.Messages, func(a, b Message) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.Leg, b.Leg)) })
	return t
}
