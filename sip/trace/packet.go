package trace

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// Packet is one message as it went over the wire. It prints as a mask through
// every verb; what it says comes out masked, or by a Warrant.
type Packet struct {
	At       time.Time
	Incoming bool
	// Network is one of udp, tcp, tls, ws and wss.
	Network       string
	Local, Remote netip.AddrPort
	message       []byte
}

// NewPacket takes a message; the bytes stay the caller's.
func NewPacket(at time.Time, incoming bool, network string, local, remote netip.AddrPort, message []byte) Packet {
	return Packet{at, incoming, network, local, remote, message}
}

// Format hides the message from every verb.
func (p Packet) Format(state fmt.State, _ rune) { _, _ = io.WriteString(state, Mask) }

// String hides the message.
func (Packet) String() string { return Mask }

// MarshalText hides the message from JSON and every other encoder.
func (Packet) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// kept is a copy that is the recorder's. Of a request that carries keys pressed
// not even the recorder has more than their number of bytes.
func (p Packet) kept() Packet {
	p.message = bytes.Clone(p.message)
	if bytes.HasPrefix(p.message, []byte("INFO ")) {
		p.message = withoutSecrets(p.message)
	}
	return p
}

func (p Packet) invites() bool { return bytes.HasPrefix(p.message, []byte("INVITE ")) }

// from and to are the ends of the arrow.
func (p Packet) from() netip.AddrPort {
	if p.Incoming {
		return p.Remote
	}
	return p.Local
}

func (p Packet) to() netip.AddrPort {
	if p.Incoming {
		return p.Local
	}
	return p.Remote
}
