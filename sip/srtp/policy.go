// Package srtp says whether telephones' sound is to be encrypted (RFC 3711).
//
// What lives here: the policy, by its names in the configuration. What must not:
// keys and packets, which are media's, and what an offer comes to under a policy,
// which is sip's.
//
//	policy, known := srtp.Parse("required")
//	policy = trunks.Or(servers) // what the trunk says, else what the server does
package srtp

// Policy says whether sound is encrypted.
type Policy uint8

const (
	// Unset leaves it to what stands above: a trunk's to the server, the server's
	// to Optional.
	Unset Policy = iota
	// Optional encrypts where the signalling is encrypted and the far side wants it.
	Optional
	// Off never does. Browsers' sound is encrypted all the same.
	Off
	// Required takes and makes no call without.
	Required
)

// Policies are those that can be chosen.
func Policies() []Policy { return []Policy{Off, Optional, Required} }

// Parse reads a policy's name in the configuration.
func Parse(name string) (policy Policy, known bool) {
	for _, policy := range Policies() {
		if policy.String() == name {
			return policy, true
		}
	}
	return Unset, false
}

// Or is the policy, or the other one where nothing is set.
func (p Policy) Or(other Policy) Policy {
	if p == Unset {
		return other
	}
	return p
}

// String is the policy's name in the configuration.
func (p Policy) String() string {
	switch p {
	case Optional:
		return "optional"
	case Off:
		return "off"
	case Required:
		return "required"
	}
	return "unset"
}
