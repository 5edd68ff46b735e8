package media

import (
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"strings"
)

// DTLS is what a side's session description says of its DTLS, which brings the keys of
// SRTP on the sound's own way (RFC 5763); the zero value is none.
type DTLS struct {
	// Fingerprint is the hash of its certificate, as SDP has it: sha-256 AB:CD:…
	// (RFC 8122 section 5).
	Fingerprint string
	// Setup is its part in the handshake.
	Setup Setup
}

// Used reports whether there is DTLS at all.
func (d DTLS) Used() bool { return d.Fingerprint != "" }

// Setup is who begins the handshake (RFC 4145 section 4).
type Setup uint8

const (
	// SetupNone is the zero value: not said.
	SetupNone Setup = iota
	// SetupActive: this side begins.
	SetupActive
	// SetupPassive: it waits.
	SetupPassive
	// SetupActpass leaves it to the answer.
	SetupActpass
)

// String is the value of SDP's setup attribute.
func (s Setup) String() string {
	switch s {
	case SetupActive:
		return "active"
	case SetupPassive:
		return "passive"
	case SetupActpass:
		return "actpass"
	}
	return ""
}

// ParseSetup reads it; SetupNone if it is none of them.
func ParseSetup(text string) Setup {
	for _, setup := range []Setup{SetupActive, SetupPassive, SetupActpass} {
		if text == setup.String() {
			return setup
		}
	}
	return SetupNone
}

// Answer is our part, given that of an offer. Who may begin does: its packets come
// through its NAT, and ours wouldn't.
func (s Setup) Answer() Setup {
	if s == SetupPassive {
		return SetupActive
	}
	return SetupPassive
}

// ParseFingerprint reads a fingerprint by a hash that isn't broken, in SDP's form
// with capital letters; false for any other (RFC 8122 section 5).
func ParseFingerprint(text string) (string, bool) {
	name, value, _ := strings.Cut(strings.TrimSpace(text), " ")
	name, value = strings.ToLower(name), strings.ToUpper(strings.TrimSpace(value))
	size := fingerprintSizes(name)
	octets := strings.Split(value, ":")
	if size == 0 || len(octets) != size {
		return "", false
	}
	for _, octet := range octets {
		if _, err := hex.DecodeString(octet); err != nil || len(octet) != 2 {
			return "", false
		}
	}
	return name + " " + value, true
}

func fingerprintSizes(name string) int {
	switch name {
	case "sha-256":
		return sha256.Size
	case "sha-384":
		return sha512.Size384
	case "sha-512":
		return sha512.Size
	}
	return 0
}

// fingerprint is a certificate's by the hash of another fingerprint, "" if unknown.
func fingerprint(like string, certificate []byte) string {
	name, _, _ := strings.Cut(like, " ")
	var sum []byte
	switch name {
	case "sha-256":
		all := sha256.Sum256(certificate)
		sum = all[:]
	case "sha-384":
		all := sha512.Sum384(certificate)
		sum = all[:]
	case "sha-512":
		all := sha512.Sum512(certificate)
		sum = all[:]
	default:
		return ""
	}
	octets := make([]string, len(sum))
	for i, octet := range sum {
		octets[i] = strings.ToUpper(hex.EncodeToString([]byte{octet}))
	}
	return name + " " + strings.Join(octets, ":")
}
