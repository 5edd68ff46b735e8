package sip

import (
	"errors"
	"net/netip"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/sip/location"
)

// ErrNotRegistered says that no device is registered under a phone's name.
var ErrNotRegistered = errors.New("sip: no device of this phone is registered")

// Ring calls all devices that are registered under a phone's name at once, each
// over the flow that it registered by. Target, Route, Hops and Notify are filled
// in here; notify is told of each device's events by its place in the list that
// is returned, on a goroutine of that device's. Errors: ErrNotRegistered, or
// why none could be called.
func (s *Server) Ring(phone string, invitation Invitation, notify func(device int, event Event)) ([]*Dialog, error) {
	if s.registrar == nil {
		return nil, ErrNotRegistered
	}
	var dialogs []*Dialog
	failed := ErrNotRegistered
	for _, binding := range s.registrar.lookup(phone) {
		device := len(dialogs)
		one := invitation
		one.Notify = func(event Event) { notify(device, event) }
		err := one.towards(binding)
		var dialog *Dialog
		if err == nil {
			dialog, err = s.Invite(one)
		}
		if err != nil {
			s.log.Warn("device not called", zap.String("phone", phone), zap.Error(err))
			failed = err
			continue
		}
		dialogs = append(dialogs, dialog)
	}
	if len(dialogs) == 0 {
		return nil, failed
	}
	return dialogs, nil
}

// towards aims an invitation at a binding.
func (i *Invitation) towards(binding location.Binding) error {
	target, err := ParseTarget("<" + binding.URI + ">") // bare, its parameters would not be its own
	if err != nil {
		return err
	}
	i.Target, i.Route, i.Hops = target, nil, hopsTo(binding, target)
	for _, value := range binding.Path {
		proxy, err := ParseTarget(value)
		if err != nil {
			return err
		}
		i.Route = append(i.Route, proxy)
	}
	return nil
}

// hopsTo lists where a binding's device may be reached, best first: its flow,
// and where its contact means something to us, the address that it names.
func hopsTo(binding location.Binding, target Target) []Hop {
	flow := Hop{Network: binding.Flow.Network, Address: binding.Flow.Remote}
	address, err := netip.ParseAddr(strings.Trim(target.uri.Host, "[]"))
	if binding.Confined || len(binding.Path) > 0 || err != nil {
		return []Hop{flow}
	}
	contact := Hop{Network: networkTo(target.uri, flow.Network)}
	port := target.uri.Port
	if port == 0 {
		port = gosip.DefaultPort(contact.Network)
	}
	contact.Address = netip.AddrPortFrom(address.Unmap(), uint16(port))
	switch {
	case flow.Network == "udp" || contact == flow:
		return []Hop{contact} // over UDP the contact is where the phone listens
	default:
		return []Hop{flow, contact}
	}
}

// networkTo is the transport that a contact asks for.
func networkTo(uri gosip.Uri, otherwise string) string {
	if asked, given := uri.UriParams.Get("transport"); given {
		otherwise = strings.ToLower(asked)
	}
	if uri.Scheme == "sips" && otherwise == "tcp" {
		return "tls"
	}
	return otherwise
}
