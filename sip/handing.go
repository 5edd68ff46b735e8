package sip

import (
	"errors"
	"net"
)

// ErrNoRefer says that the carrier of a call takes no callers over (RFC 3515): its trunk
// has no `refer`, or the call is no trunk's.
var ErrNoRefer = errors.New("sip: this call's carrier takes no REFER; trunks.yaml says which does")

// ReferTo asks the carrier of a call to take its caller to a number that the dial plan
// allows. EventReferProgress tells what comes of it. Errors: ErrNoRefer, and Place's.
func (s *Server) ReferTo(d *Dialog, number Number) error {
	route, err := s.options.Plan.Route(number.Reveal())
	if err != nil {
		return err
	}
	from := d.Remote().Addr().Unmap()
	for _, one := range s.options.Trunks {
		options := one.Options()
		if !options.Refer || !one.Sends(from) {
			continue
		}
		host := options.Domain
		if host == "" {
			host = hostOf(from.String())
		}
		target, err := TargetOf(NewNumber(route.Number.Reveal()), host)
		if err != nil {
			return err
		}
		return d.Refer(target)
	}
	return ErrNoRefer
}

// hostOf writes an address as a URI has it.
func hostOf(address string) string {
	if ip := net.ParseIP(address); ip != nil && ip.To4() == nil {
		return "[" + address + "]"
	}
	return address
}
