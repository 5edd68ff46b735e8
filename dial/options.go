package dial

import (
	"time"

	"careline/media"

	"go.uber.org/zap"
)

// Defaults of Options. Each wait has an end.
const (
	// DefaultRingTime is how long the far side may ring before the call is cancelled.
	DefaultRingTime = 60 * time.Second
	// DefaultReplyTime is how long an address may stay wholly silent before the
	// caller gives up on it; RFC 3261's own limit is 32 s, too long at a prompt.
	DefaultReplyTime = 8 * time.Second
	// DefaultCallTime ends Call's script when nothing else does, and bounds what
	// is kept of what was heard.
	DefaultCallTime = 30 * time.Minute
	// DefaultStepTime is how long a "wait-for" waits.
	DefaultStepTime = 60 * time.Second
	// DefaultDigitTime is a key press of an unhurried thumb.
	DefaultDigitTime = 120 * time.Millisecond
	// goodbyeTime bounds BYE, CANCEL and their answers.
	goodbyeTime = 5 * time.Second
)

// Options says whom to call and what to do there.
type Options struct {
	// Target is a SIP URI with an address and a port: sip:5550100@127.0.0.1:5070.
	Target string
	// Transport is "udp" (default) or "tcp"; a ;transport= in Target counts too.
	Transport string
	// From is the user part of our own address; it is how the far side sees
	// who is calling. Default "careline-dial".
	From string
	// Codec to offer; default is both, PCMU first.
	Codec media.Codec
	// Script is what Call does once the far side has answered; then it hangs up.
	Script []Step
	// Record is the WAV file that what was heard goes to; none if empty.
	Record string
	// Progress hears of each turn of the call as it happens; may be nil. It
	// must not block.
	Progress func(Progress)
	// RingTime, ReplyTime, CallTime and StepTime override the defaults.
	RingTime, ReplyTime, CallTime, StepTime time.Duration
	// Log gets events at debug level; may be nil.
	Log *zap.Logger
}

// Progress is one turn of the call, for a person who watches.
type Progress struct {
	// After is the time since the INVITE.
	After time.Duration
	// What, in words: "ringing (180)", "answered, PCMU", "press 8 keys".
	What string
}

func (o Options) withDefaults() Options {
	if o.From == "" {
		o.From = "careline-dial"
	}
	for _, each := range []struct {
		value *time.Duration
		use   time.Duration
	}{
		{&o.RingTime, DefaultRingTime}, {&o.ReplyTime, DefaultReplyTime},
		{&o.CallTime, DefaultCallTime}, {&o.StepTime, DefaultStepTime},
	} {
		if *each.value <= 0 {
			*each.value = each.use
		}
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	return o
}

// codecs to offer, in order.
func (o Options) codecs() []media.Codec {
	if o.Codec != media.CodecNone {
		return []media.Codec{o.Codec}
	}
	return media.DefaultCodecs()
}
