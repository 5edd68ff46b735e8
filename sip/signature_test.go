package sip

import (
	"slices"
	"testing"
)

func TestWhatASignatureIsComparedWith(t *testing.T) {
	const (
		ann      = "From: <sip:+13125550142@trunk.example>;tag=1"
		nobody   = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1"
		asserted = "P-Asserted-Identity: <tel:+1-312-555-0199>"
		signed   = "Identity: a.b.c;info=<https://certificates.example.com/c.pem>;alg=ES256;ppt=shaken"
	)
	cases := []struct {
		name    string
		trusted bool
		lines   []string
		origin  string
		headers int
	}{
		{"not signed", true, []string{ann}, "", 0},
		{"signed", true, []string{ann, signed}, "+13125550142", 1},
		{"asserted by a trunk", true, []string{ann, asserted, signed}, "+13125550199", 1},
		{"asserted by a stranger", false, []string{ann, asserted, signed}, "+13125550142", 1},
		{"private, and the trunk knows", true, []string{nobody, "Privacy: id", asserted, signed}, "+13125550199", 1},
		{"private, and nobody knows", true, []string{nobody, "Privacy: id", signed}, "", 1},
		{"too many", true, []string{ann, signed, signed, signed, signed, signed}, "+13125550142", maxSignatures},
	}
	for _, c := range cases {
		got := signatureOf(message(t, append(c.lines, "To: <sip:+13125550100@careline.example>")...), c.trusted)
		if got.Origin != c.origin || len(got.Identity) != c.headers {
			t.Errorf("%s: from %q, %d headers", c.name, got.Origin, len(got.Identity))
		}
		if c.headers > 0 && !slices.Contains(got.Destination, "+13125550100") {
			t.Errorf("%s: to %d others", c.name, len(got.Destination))
		}
	}
}
