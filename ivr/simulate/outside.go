package simulate

import (
	"errors"
	"time"

	"careline/ivr"
)

// Outside is what somebody outside does who is called: a number that the caller is
// transferred to, or those of a list who are on call.
type Outside string

const (
	// Answers: somebody takes the caller.
	Answers  Outside = "answered"
	Busy     Outside = Outside(ivr.TransferBusy)
	NoAnswer Outside = Outside(ivr.TransferNoAnswer)
	Declines Outside = Outside(ivr.TransferDeclined)
	Fails    Outside = Outside(ivr.TransferFailed)
	// HangsUp: whoever has taken the caller hangs up first.
	HangsUp Outside = "hangs_up"
)

// Outsides are all that somebody outside may do.
func Outsides() []string {
	return []string{string(Answers), string(Busy), string(NoAnswer), string(Declines), string(Fails), string(HangsUp)}
}

// OutsideTakes is how long it takes until somebody outside answers, or a list is
// through.
const OutsideTakes = 10 * time.Second

var (
	// ErrOutside: the call is with somebody outside, or being transferred there.
	ErrOutside = errors.New("the call is with somebody outside, where keys are not heard")
	// ErrNotOutside: nobody outside is called, or has the call.
	ErrNotOutside = errors.New("nobody outside is called or has the call")
)

// outside is the call's way to somebody outside.
type outside struct {
	// name of the number or list that is called, or has the caller once taken is set.
	name     string
	taken    bool
	transfer *ivr.TransferRequest // nil for those on call
}

// Outside names who outside is called, or has the call; empty for nobody.
func (c *Call) Outside() (name string, taken bool) { return c.out.name, c.out.taken }

// Transfer calls a number; the world says what comes of it, or else Do does.
func (l line) Transfer(request ivr.TransferRequest) {
	c := l.Call
	c.out = outside{name: request.Number, transfer: &request}
	c.tell(Event{Kind: Called, Outside: request.Number})
	for _, prompt := range request.Announce {
		c.tell(Event{Kind: Announced, Prompt: prompt})
	}
	if does, known := c.world.Outside[request.Number]; known {
		c.after(OutsideTakes, func() { _ = c.does(does) })
	}
}

// Do lets whoever outside is called, or has the call, do something.
func (c *Call) Do(does Outside) error {
	if c.out.name == "" {
		return ErrNotOutside
	}
	err := c.does(does)
	c.begin()
	return err
}

func (c *Call) does(does Outside) error {
	request := c.out.transfer
	switch {
	case c.out.taken != (does == HangsUp):
		return ErrNotOutside
	case does == HangsUp && (request == nil || !request.After):
		c.end("whoever outside had the caller hung up")
	case does == HangsUp:
		c.out = outside{}
		c.run.Transferred(ivr.TransferOver)
	case does == Answers && request.How == ivr.TransferBlind:
		c.out.taken = true
		c.end("the carrier has taken the caller there")
	case does == Answers:
		c.out.taken = true
		c.tell(Event{Kind: Taken, Outside: c.out.name})
	default:
		c.out = outside{}
		c.run.Transferred(ivr.TransferOutcome(does))
	}
	return nil
}

func (c *Call) end(reason string) {
	c.run.Stop()
	line{c}.HangUp(reason)
}

// hurried: an urgent caller has waited as long as the line had; those on call are called
// now, and where nobody takes the caller, the next line is gone to.
func (c *Call) hurried() {
	request := c.queued
	if !c.tryOnCall(request) && request.Urgent.Further {
		c.leave(ivr.ExitTimeout)
	}
}

// tryOnCall calls those on call, and reports whether somebody takes the caller.
func (c *Call) tryOnCall(request *ivr.QueueRequest) bool {
	c.onCallTried = request
	for _, list := range request.Urgent.OnCall {
		c.tell(Event{Kind: Called, Outside: list})
		c.now += OutsideTakes
		if c.world.Outside[list] == Answers {
			c.queued, c.out = nil, outside{name: list, taken: true}
			c.tell(Event{Kind: Taken, Outside: list})
			return true
		}
	}
	return false
}
