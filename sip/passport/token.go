package passport

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"math/big"
	"strings"
	"time"
)

const (
	shaken        = "shaken"
	signatureSize = 64  // ES256: r and s of 32 bytes each (RFC 7518 section 3.4)
	maxOrigin     = 64  // bytes of origid that are kept
	maxNumbers    = 128 // called numbers that are looked at
)

// token is a PASSporT (RFC 8225), read but not yet believed.
type token struct {
	signed      []byte // what the signature is over
	signature   []byte
	location    string // x5u
	issued      time.Time
	origin      string
	called      []string
	attestation Attestation
	identifier  string
}

// joseHeader is the first part (RFC 8225 section 4).
type joseHeader struct {
	Type      string `json:"typ"`
	Algorithm string `json:"alg"`
	Extension string `json:"ppt"`
	Location  string `json:"x5u"`
}

// claims is the second part (RFC 8225 section 5, RFC 8588 section 4).
type claims struct {
	Issued      json.Number `json:"iat"`
	Origin      numbers     `json:"orig"`
	Destination numbers     `json:"dest"`
	Attestation string      `json:"attest"`
	Identifier  string      `json:"origid"`
}

// numbers holds tn, one in orig and a list in dest.
type numbers struct {
	Telephone oneOrMany `json:"tn"`
}

type oneOrMany []string

// UnmarshalJSON takes a string or a list of strings.
func (o *oneOrMany) UnmarshalJSON(raw []byte) error {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		*o = oneOrMany{one}
		return nil
	}
	var many []string
	if err := json.Unmarshal(raw, &many); err != nil {
		return err
	}
	*o = many
	return nil
}

// parseToken reads the full form of a PASSporT.
func parseToken(text string) (token, error) {
	parts := strings.Split(text, ".")
	if len(parts) != 3 {
		return token{}, ErrMalformed
	}
	if parts[0] == "" && parts[1] == "" {
		return token{}, ErrCompact
	}
	var header joseHeader
	var claimed claims
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || !decode(parts[0], &header) || !decode(parts[1], &claimed) {
		return token{}, ErrMalformed
	}
	switch {
	case header.Algorithm != "ES256":
		return token{}, ErrAlgorithm
	case header.Type != "passport" || header.Extension != shaken:
		return token{}, ErrClaims
	case len(signature) != signatureSize:
		return token{}, ErrSignature
	}
	issued, err := claimed.Issued.Int64()
	attestation, known := parseAttestation(claimed.Attestation)
	if err != nil || !known || len(claimed.Origin.Telephone) != 1 || len(claimed.Destination.Telephone) == 0 ||
		claimed.Identifier == "" || len(claimed.Identifier) > maxOrigin {
		return token{}, ErrClaims
	}
	called := claimed.Destination.Telephone
	return token{
		signed: []byte(parts[0] + "." + parts[1]), signature: signature, location: header.Location, issued: time.Unix(issued, 0),
		origin: claimed.Origin.Telephone[0], called: called[:min(len(called), maxNumbers)],
		attestation: attestation, identifier: claimed.Identifier,
	}, nil
}

// decode reads base64url and then JSON, one value and no more.
func decode(part string, into any) bool {
	raw, err := base64.RawURLEncoding.DecodeString(part)
	if err != nil {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	return decoder.Decode(into) == nil && !decoder.More()
}

// signedBy reports whether the signature is this key's.
func (t token) signedBy(key *ecdsa.PublicKey) bool {
	sum := sha256.Sum256(t.signed)
	r := new(big.Int).SetBytes(t.signature[:signatureSize/2])
	s := new(big.Int).SetBytes(t.signature[signatureSize/2:])
	return ecdsa.Verify(key, sum[:], r, s)
}
