package call

import (
	"careline/acd"
	"careline/sip"
)

// Phones reaches the agents' desk phones; NewPhones makes one of a sip.Server.
type Phones interface {
	// Registered reports whether a phone can be reached now.
	Registered(phone string) bool
	// Devices lists what is registered under a phone's name.
	Devices(phone string) []sip.Device
	// Ring calls one device and returns at once.
	Ring(device sip.Device, invitation sip.Invitation) (PhoneDialog, error)
}

// PhoneDialog is our call to one device of a phone; *sip.Dialog is one.
type PhoneDialog interface {
	HangUp(q850 int, text string) error
	Reoffered
	Referrer
}

// serverPhones lets a sip.Server be Phones.
type serverPhones struct{ *sip.Server }

// NewPhones makes Phones of a SIP server that phones register with.
func NewPhones(server *sip.Server) Phones { return serverPhones{server} }

func (p serverPhones) Ring(device sip.Device, invitation sip.Invitation) (PhoneDialog, error) {
	dialog, err := p.Server.Ring(device, invitation)
	if err != nil {
		return nil, err
	}
	return dialog, nil
}

// UsePhones lets agents take calls on their desk phones, those that Content
// names. It is called before Run: the SIP server that reaches the phones is made
// after the Center, which takes its calls.
func (c *Center) UsePhones(phones Phones) {
	c.phones = phones
	for agent, phone := range c.options.Content.Phones {
		if device := c.devices[agent]; device != nil {
			device.phone = phone
			c.byPhone[phone] = device
		}
	}
}

// PhoneChanged is told that a phone registered or is gone; Phones knows which.
// It doesn't block.
func (c *Center) PhoneChanged(phone string) {
	device := c.byPhone[phone]
	if device == nil {
		return
	}
	device.phoneChanged(func() bool { return c.phones.Registered(phone) })
}

// usePhone moves an agent's calls to the desk phone, or back to the browser.
func (c *Center) usePhone(agent acd.AgentID, on bool) error {
	device := c.devices[agent]
	var refused error
	device.decide(func() acd.Event {
		switch {
		case device.phone == "":
			refused = ErrNoPhone
		case device.state.State == acd.Offered || device.inCall():
			refused = ErrInCall
		case on && !device.phoneUp:
			refused = ErrPhoneAway
		}
		if refused != nil || on == device.byPhone {
			return nil
		}
		return device.change(func() { device.byPhone = on })
	})
	device.notify()
	return refused
}
