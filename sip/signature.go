package sip

import (
	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/passport"
)

const maxSignatures = 4 // Identity headers that are kept

// signatureOf gathers what STIR/SHAKEN compares (RFC 8224 section 6.2): the
// Identity headers, who calls and who is called. The number is P-Asserted-Identity's
// where the trunk may vouch, even if the caller asked for privacy: it goes to the
// comparison alone.
func signatureOf(request *gosip.Request, trusted bool) passport.Call {
	var call passport.Call
	for _, header := range request.GetHeaders("Identity") {
		if len(call.Identity) < maxSignatures {
			call.Identity = append(call.Identity, header.Value())
		}
	}
	if len(call.Identity) == 0 {
		return call
	}
	if trusted {
		for _, value := range headerValues(request, "P-Asserted-Identity") {
			if asserted, err := parseAddress(value); err == nil && asserted.user().Known() && call.Origin == "" {
				call.Origin = asserted.user().Reveal()
			}
		}
	}
	if from := request.From(); call.Origin == "" && from != nil && !anonymous(from.Address) {
		call.Origin = userOf(from.Address)
	}
	call.Destination = []string{userOf(request.Recipient)}
	if to := request.To(); to != nil {
		call.Destination = append(call.Destination, userOf(to.Address))
	}
	return call
}

// Signature is what a verifier of STIR/SHAKEN judges the call by; false where
// the call isn't signed. It holds PHI.
func (d *Dialog) Signature() (passport.Call, bool) {
	return d.signature, len(d.signature.Identity) > 0
}
