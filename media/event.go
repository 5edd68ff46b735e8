package media

import "careline/media/quality"

// EventKind says what happened on a leg.
type EventKind uint8

const (
	// EventDigit: the far side keyed in Event.Digit.
	EventDigit EventKind = iota + 1
	// EventPlayed: the Playback with the ID Event.Playback was played to its end.
	// One that was stopped or replaced tells nothing.
	EventPlayed
	// EventTimeout: no RTP for Options.Timeout, told once until some comes again.
	EventTimeout
	// EventFirstPacket: the far side's first RTP packet has come; once a leg.
	EventFirstPacket
	// EventConnected: a WebRTC leg is up, or up again.
	EventConnected
	// EventDisconnected: a browser isn't heard of any more; it may come back.
	EventDisconnected
	// EventFailed: a WebRTC leg is over.
	EventFailed
	// EventOneWay: somebody isn't heard, for the reason Event.OneWay; told once, and
	// again where the reason changes. It ends nothing.
	EventOneWay
	// EventHeardAgain: in one direction EventOneWay is over; LegStats says of which
	// one it isn't.
	EventHeardAgain
)

// String names the kind, for logs.
func (k EventKind) String() string {
	switch k {
	case EventDigit:
		return "digit"
	case EventPlayed:
		return "played"
	case EventTimeout:
		return "timeout"
	case EventFirstPacket:
		return "first packet"
	case EventConnected:
		return "connected"
	case EventDisconnected:
		return "disconnected"
	case EventFailed:
		return "failed"
	case EventOneWay:
		return "one-way"
	case EventHeardAgain:
		return "heard again"
	}
	return "unknown"
}

// Event tells the owner of a leg that something happened.
type Event struct {
	Kind     EventKind
	Digit    Digit           // of EventDigit
	Playback int             // of EventPlayed
	OneWay   quality.Trouble // of EventOneWay
}
