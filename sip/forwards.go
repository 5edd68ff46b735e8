package sip

import (
	"errors"

	gosip "github.com/emiago/sipgo/sip"
)

// ErrTooManyHops says that a call has passed as many servers as it may, most likely
// round in a circle. It can't be carried on; its caller may be refused with 483.
var ErrTooManyHops = errors.New("sip: the call has come as far as its Max-Forwards lets it; look for numbers that are forwarded in a circle")

// Forwards is how many servers a call may still pass (Max-Forwards, RFC 3261
// section 20.22). The zero value is that of a call that begins with us.
type Forwards struct {
	left  int
	known bool
}

// forwardsOf reads an INVITE's Max-Forwards. One of 0 says nothing against
// answering the call: it only may go no further (RFC 3261 section 16.3).
func forwardsOf(request *gosip.Request) Forwards {
	if header := request.MaxForwards(); header != nil {
		return Forwards{left: int(min(*header, maxForwards)), known: true}
	}
	return Forwards{left: maxForwards, known: true}
}

// onward is the Max-Forwards of a call that carries this one on: one less, lest
// two servers forward to each other for ever (RFC 7332 section 4).
func (f Forwards) onward() (gosip.MaxForwardsHeader, error) {
	if !f.known {
		return maxForwards, nil
	}
	if f.left < 1 {
		return 0, ErrTooManyHops
	}
	return gosip.MaxForwardsHeader(f.left - 1), nil
}
