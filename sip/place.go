package sip

import (
	"errors"
	"time"

	"careline/media"
	"careline/sip/trunk"
)

// ErrNoTrunk says that a number may be dialed, but none of the trunks of its
// rule is there.
var ErrNoTrunk = errors.New("sip: the dial plan's trunks for this number are unknown or have no target yet; look at trunks.yaml and the log")

// Placement is a call of ours to a telephone number.
type Placement struct {
	// ID is the call's identity, which stands in the Call-ID.
	ID string
	// Number is who is called, as it was dialed or written. The dial plan
	// decides whether and how.
	Number Number
	// Display is the name shown beside the caller's number.
	Display string
	Local   media.Description
	Headers []Header
	// Notify is told of events as Invitation.Notify is.
	Notify func(Event)
}

// Place begins a call to a number that the dial plan allows, over the first of
// the rule's trunks that has a channel and a target that answers, and then the
// next. A trunk's channel is held while the call is on it. Errors:
// dialplan.ErrNotAllowed, dialplan.ErrNotANumber, ErrNoTrunk, and Invite's. Where
// all trunks are full, the call ends with 503.
func (s *Server) Place(p Placement) (*Dialog, error) {
	route, err := s.options.Plan.Route(p.Number.Reveal())
	if err != nil {
		return nil, err
	}
	lease := &lease{now: time.Now, notify: p.Notify}
	invitation := Invitation{
		ID: p.ID, To: NewNumber(route.Number.Reveal()), Display: p.Display, Local: p.Local, Headers: p.Headers,
		Admit: lease.admit, Notify: lease.tell,
	}
	for _, name := range route.Trunks {
		for _, one := range s.options.Trunks {
			if one.Options().Name != name {
				continue
			}
			for _, target := range one.Order(time.Now()) {
				if len(invitation.Hops) >= maxHops {
					break
				}
				if _, err := s.gate(hopTo(target)); err != nil {
					continue // the trunk's network has no listener, which the configuration's check says
				}
				invitation.Hops = append(invitation.Hops, s.hopBy(one, target, route.CallerID))
				lease.places = append(lease.places, stop{one, target})
			}
		}
	}
	if len(invitation.Hops) == 0 {
		return nil, ErrNoTrunk
	}
	return s.Invite(invitation)
}

// hopBy is a target as a trunk wants to be called.
func (s *Server) hopBy(one *trunk.Trunk, target trunk.Target, callerID string) Hop {
	options := one.Options()
	hop := hopTo(target)
	hop.Domain, hop.Credentials, hop.SRTP = options.Domain, options.Credentials, options.SRTP
	if callerID == "" {
		callerID = options.CallerID
	}
	hop.From = NewNumber(callerID)
	return hop
}

// stop is where a hop is.
type stop struct {
	trunk  *trunk.Trunk
	target trunk.Target
}

// lease holds the channel that a call takes of the trunk that it is on. Its
// methods run on the dialog's goroutine.
type lease struct {
	now     func() time.Time
	notify  func(Event)
	places  []stop
	held    *trunk.Trunk
	release func()
}

// admit takes a channel of the hop's trunk, and gives the one before back.
func (l *lease) admit(hop int) bool {
	wanted := l.places[hop].trunk
	if l.held == wanted {
		return true
	}
	l.drop()
	release, err := wanted.Take(l.now())
	if err != nil {
		return false
	}
	l.held, l.release = wanted, release
	return true
}

func (l *lease) drop() {
	if l.release != nil {
		l.release()
	}
	l.held, l.release = nil, nil
}

// tell passes an event on, after what it says about a trunk's target has been
// learned from it.
func (l *lease) tell(event Event) {
	at := l.places[min(max(event.Hop, 0), len(l.places)-1)]
	switch event.Kind {
	case EventHopFailed:
		at.trunk.Report(at.target, trunk.Outcome{RetryAfter: event.RetryAfter}, l.now())
	case EventProgress, EventAnswered:
		at.trunk.Report(at.target, trunk.Outcome{Reached: true}, l.now())
	case EventEnded:
		l.drop()
	}
	l.notify(event)
}

// Allows says why the dial plan doesn't allow a number to be called; nil if it does.
func (s *Server) Allows(number Number) error {
	_, err := s.options.Plan.Route(number.Reveal())
	return err
}
