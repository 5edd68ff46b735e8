package sip

import (
	"errors"

	gosip "github.com/emiago/sipgo/sip"
)

// Target is a SIP URI that a request can be sent to: a phone's contact, a
// transfer's destination. Its user part is PHI, so it prints as •••.
type Target struct{ uri gosip.Uri }

var errTarget = errors.New("sip: a target must be a sip:, sips: or tel: URI of visible ASCII characters")

// ParseTarget reads a URI, in angle brackets or not. The error doesn't quote it.
func ParseTarget(text string) (Target, error) {
	parsed, err := parseAddress(text)
	if err != nil {
		return Target{}, errTarget
	}
	return Target{parsed.uri}, nil
}

// TargetOf is the URI of a number at a host.
func TargetOf(number Number, host string) (Target, error) {
	if !number.Known() || !isHost(host) {
		return Target{}, errTarget
	}
	return ParseTarget("<sip:" + escapeUser(number.Reveal()) + "@" + host + ">")
}

// Known reports whether there is a URI at all.
func (t Target) Known() bool { return t.uri.Host != "" || t.uri.Raw() != "" }

// User is the URI's user part: the number to dial.
func (t Target) User() Number { return NewNumber(userOf(t.uri)) }

// Host is the URI's host name or address, without its port; "" for tel:.
func (t Target) Host() string { return t.uri.Host }

// Reveal gives the whole URI.
func (t Target) Reveal() string { return t.uri.String() }

// String hides the URI.
func (Target) String() string { return numberMask }

// GoString hides the URI.
func (Target) GoString() string { return numberMask }

// MarshalText hides the URI from JSON and every other encoder.
func (Target) MarshalText() ([]byte, error) { return []byte(numberMask), nil }
