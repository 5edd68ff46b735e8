package sip

import (
	"net/netip"
	"strings"

	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/location"
)

// Device is one device that is registered under a phone's name.
type Device struct {
	// Browser: it registered over WebSocket (RFC 7118), itself or by way of a proxy.
	// It is offered WebRTC, which is all that browsers take.
	Browser bool

	binding location.Binding
}

// Devices lists the devices that are registered under a phone's name now, the
// preferred first.
func (s *Server) Devices(phone string) []Device {
	if s.registrar == nil {
		return nil
	}
	var devices []Device
	for _, binding := range s.registrar.lookup(phone) {
		devices = append(devices, Device{Browser: speaksWebSocket(binding), binding: binding})
	}
	return devices
}

// Ring calls a device over the flow that it registered by, as Invite does. Target,
// Route and Hops are filled in here; Local is what the device is to be offered.
func (s *Server) Ring(device Device, invitation Invitation) (*Dialog, error) {
	if err := invitation.towards(device.binding); err != nil {
		return nil, err
	}
	return s.Invite(invitation)
}

// speaksWebSocket reports a phone that a browser is: behind a proxy, its contact
// alone says so.
func speaksWebSocket(binding location.Binding) bool {
	network := binding.Flow.Network
	if target, err := ParseTarget("<" + binding.URI + ">"); err == nil {
		network = networkTo(target.uri, network)
	}
	return network == "ws" || network == "wss" || binding.Flow.Network == "ws" || binding.Flow.Network == "wss"
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
