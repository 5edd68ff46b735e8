package passport

import "errors"

// Attestation is how well the originating carrier knows the caller (RFC 8588
// section 4).
type Attestation uint8

const (
	// AttestationNone: nothing that we could verify.
	AttestationNone Attestation = iota
	// AttestationFull, "A": the carrier knows the customer and that the number is
	// the customer's.
	AttestationFull
	// AttestationPartial, "B": the carrier knows the customer, not the number.
	AttestationPartial
	// AttestationGateway, "C": the carrier only knows where the call came in.
	AttestationGateway
)

// String is the letter that RFC 8588 gives it, or "none".
func (a Attestation) String() string {
	switch a {
	case AttestationFull:
		return "A"
	case AttestationPartial:
		return "B"
	case AttestationGateway:
		return "C"
	}
	return "none"
}

func parseAttestation(letter string) (Attestation, bool) {
	for _, a := range []Attestation{AttestationFull, AttestationPartial, AttestationGateway} {
		if letter == a.String() {
			return a, true
		}
	}
	return AttestationNone, false
}

// Verdict is what came of a verification.
type Verdict uint8

const (
	// NotSigned: the INVITE has no Identity header of a kind that we know.
	NotSigned Verdict = iota
	// Verified: signed by a certificate that we trust, fresh, for this call.
	Verified
	// Unverifiable: signed, but we could not find out whether rightly: the
	// certificate could not be had, or leads to no root of ours.
	Unverifiable
	// Refuted: the signature is wrong, stale, or made for another call. Someone
	// may be lying about the number.
	Refuted
)

// String is the verdict as flows, records and metrics name it.
func (v Verdict) String() string {
	switch v {
	case NotSigned:
		return "not signed"
	case Verified:
		return "verified"
	case Unverifiable:
		return "unverifiable"
	case Refuted:
		return "refuted"
	}
	return "unknown"
}

// The reasons of a Result. None of them holds what the far side sent.
var (
	// ErrMalformed: the Identity header or its PASSporT can't be read.
	ErrMalformed = errors.New("passport: the Identity header can't be read")
	// ErrCompact: SHAKEN has the full form only (ATIS-1000074).
	ErrCompact = errors.New("passport: the Identity header has the compact form, which SHAKEN doesn't allow")
	// ErrAlgorithm: signed with something other than ES256 (RFC 8225 section 6).
	ErrAlgorithm = errors.New("passport: the PASSporT isn't signed with ES256")
	// ErrClaims: a claim that SHAKEN asks for is missing or out of form.
	ErrClaims = errors.New("passport: the PASSporT lacks a claim that SHAKEN asks for")
	// ErrStale: older or newer than Options.MaxAge (RFC 8224 section 6.2 step 4).
	ErrStale = errors.New("passport: the PASSporT is not fresh; check this machine's clock and the trunk's")
	// ErrOtherCaller: made for another calling number.
	ErrOtherCaller = errors.New("passport: the PASSporT was made for another calling number")
	// ErrOtherCallee: made for another called number.
	ErrOtherCallee = errors.New("passport: the PASSporT was made for another called number")
	// ErrSignature: the signature isn't the certificate's.
	ErrSignature = errors.New("passport: the signature is not the certificate's")
	// ErrWithheld: the trunk didn't say who calls, so there is nothing to compare.
	ErrWithheld = errors.New("passport: the calling number is withheld from us, so the signature can't be compared")
	// ErrFetch: the certificate can't be had.
	ErrFetch = errors.New("passport: the certificate can't be fetched")
	// ErrCertificate: the certificate can't be read, or isn't one for STIR: no
	// P-256 key, no TNAuthList (RFC 8226 section 9).
	ErrCertificate = errors.New("passport: the certificate is not one for STIR")
	// ErrUntrusted: the certificate is expired, or leads to no root of ours.
	ErrUntrusted = errors.New("passport: the certificate leads to no root that we trust")
	// ErrAuthority: the certificate doesn't cover the calling number.
	ErrAuthority = errors.New("passport: the certificate has no authority over the calling number")
)

// Result is the outcome of one verification.
type Result struct {
	Verdict     Verdict
	Attestation Attestation
	// Origin is the carrier's own, opaque identifier of where the call came in:
	// a UUID, for trace-back (RFC 8588 section 5). Empty unless Verified.
	Origin string
	// Err says why, where the verdict is Unverifiable or Refuted.
	Err error
}

// Status is the response that RFC 8224 section 6.2.2 has for the result, for
// sites that refuse what isn't verified; 0 where the call is fine. SHAKEN's
// practice, and Careline's default, is to take the call all the same.
func (r Result) Status() int {
	switch {
	case r.Verdict == Verified:
		return 0
	case r.Verdict == NotSigned:
		return 428 // Use Identity Header
	case errors.Is(r.Err, ErrStale):
		return 403 // Stale Date
	case errors.Is(r.Err, ErrFetch):
		return 436 // Bad Identity Info
	case errors.Is(r.Err, ErrCertificate), errors.Is(r.Err, ErrUntrusted), errors.Is(r.Err, ErrAuthority), errors.Is(r.Err, ErrAlgorithm):
		return 437 // Unsupported Credential
	}
	return 438 // Invalid Identity Header
}
