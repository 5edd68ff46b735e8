package guard

// Offence is what a source did that those don't do who belong here.
type Offence uint8

// The offences.
const (
	// Challenged: it asked for something and was asked for its password. It weighs
	// little, since every phone begins so.
	Challenged Offence = iota
	// Flood: a message over its rate.
	Flood
	// Probe: a request that a phone has no use for before it registers, such as
	// OPTIONS, or a number that isn't there.
	Probe
	// Unreadable: not SIP, or broken.
	Unreadable
	// WrongPassword: a wrong password, or a user name that isn't there.
	WrongPassword
)

// String names the offence, as bans and logs say it.
func (o Offence) String() string {
	switch o {
	case Challenged:
		return "unanswered challenges"
	case Flood:
		return "flood"
	case Probe:
		return "probing"
	case Unreadable:
		return "unreadable messages"
	case WrongPassword:
		return "wrong passwords"
	}
	return "unknown"
}

// weight is the offence in wrong passwords.
func (o Offence) weight() float64 {
	switch o {
	case Challenged, Flood:
		return 0.1
	case Probe, Unreadable:
		return 0.5
	}
	return 1
}
