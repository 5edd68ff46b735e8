// Package member establishes who is calling (45 CFR 164.514(h)).
//
// What lives here: the directory of members and the verifier. What must not:
// prompts, calls, agents. A member's data leaves this room only through a
// Verification, which only a Verifier makes, for one call and for a limited
// time, so that a disclosure without one does not compile.
//
//	directory, err := member.LoadDirectory("members.yaml", raw)
//	verifier, err := member.NewVerifier(member.Options{Directory: directory, Store: ledger, Audit: ledger, Key: key})
//	result, err := verifier.Verify(ctx, claim)   // result.Verification is nil unless result.Outcome is Verified
//
// This is HIPAA's reasonable verification by what a member knows, not an
// authenticator in the sense of NIST SP 800-63B. The caller's number is no
// factor: it can be forged; it is counted against, never for.
package member

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"time"

	"careline/phi"
)

// Claim is what a caller says of herself.
type Claim struct {
	// Call is the call's UUIDv7.
	Call string
	// ANI is the caller's number as the trunk gives it; empty if withheld.
	ANI phi.String
	// MemberID and DateOfBirth (MMDDYYYY) as keyed in.
	MemberID    phi.String
	DateOfBirth phi.String
	// MBIKeys in the place of MemberID: the keys of the Medicare number, one for each place.
	MBIKeys phi.String
	// Role that the caller claims; empty is Self. What else she says of herself belongs
	// to it: a representative says one of three, a provider both.
	Role                        Role
	PIN, OwnBorn, Authorization phi.String
	NPI, TIN                    phi.String
	// Attempt in this call, from 1.
	Attempt int
}

// Outcome of a verification.
type Outcome string

const (
	// Verified: both factors are right.
	Verified Outcome = "verified"
	// NotVerified: they are not; which one is never told, nor whether there is such a member.
	NotVerified Outcome = "not_verified"
	// LockedOut: too many failures; nothing was tried, right or wrong.
	LockedOut Outcome = "locked_out"
)

// Result of a verification. Verification is set only with Verified.
type Result struct {
	Outcome      Outcome
	Verification *Verification
}

// Entry is one member as a directory gives it to the verifier; nobody else can
// look into it.
type Entry struct {
	id, name, dateOfBirth phi.String
	// mbi as it is keyed in; empty for who has none.
	mbi   phi.String
	facts map[string]phi.String
	born  time.Time
	// representatives may speak for the member; ownConsent are the facts of care that a
	// minor consented to herself (45 CFR 164.502(g)(3)).
	representatives []representative
	ownConsent      []string
}

// Directory finds members. It returns nil and no error for one that is not
// there, in about the time that it takes for one that is.
type Directory interface {
	Find(ctx context.Context, memberID phi.String) (*Entry, error)
	// FindByMBI finds members by the keys of their Medicare numbers, one for each place.
	FindByMBI(ctx context.Context, keys phi.String) ([]*Entry, error)
}

// Errors of a Verification.
var (
	// ErrNotVerified: there is no verification, or not for this call.
	ErrNotVerified = errors.New("member: the caller is not verified for this call")
	// ErrExpired: the verification is too old; verify again.
	ErrExpired = errors.New("member: the verification has expired; verify the caller again")
	// ErrOutOfScope: the caller is verified, but not to be told this fact.
	ErrOutOfScope = errors.New("member: this caller may not be told this fact of the member")
	// ErrNoFact: the directory holds no such fact of this member.
	ErrNoFact = errors.New("member: there is no such fact of this member")
)

// Verification is the proof that a caller is who she says, bound to one call.
// Only Verifier.Verify makes one that is valid; the zero value is not.
type Verification struct {
	call, token string
	expires     time.Time
	entry       *Entry
	authority   Authority
	// seal is the verifier's own HMAC over call, token, expiry and authority.
	seal     [sha256.Size]byte
	verifier *Verifier
}

// Call is the ID of the call that it was made for.
func (v *Verification) Call() string {
	if v == nil {
		return ""
	}
	return v.call
}

// Token names the member in records and audits, and tells nothing without the key.
func (v *Verification) Token() string {
	if v == nil {
		return ""
	}
	return v.token
}

// Expires is when it ends.
func (v *Verification) Expires() time.Time {
	if v == nil {
		return time.Time{}
	}
	return v.expires
}

// Valid returns nil if the verification stands for this call at this time,
// else ErrNotVerified or ErrExpired.
func (v *Verification) Valid(call string, now time.Time) error {
	switch {
	case v == nil || v.verifier == nil || v.entry == nil || call == "" || v.call != call:
		return ErrNotVerified
	case !hmac.Equal(v.seal[:], v.verifier.sealOf(v)):
		return ErrNotVerified
	case !now.Before(v.expires):
		return ErrExpired
	}
	return nil
}

// Authority is by what right the caller is told of the member.
func (v *Verification) Authority() Authority {
	if v == nil {
		return Authority{}
	}
	return v.authority
}

// Name of the member; empty once expired.
func (v *Verification) Name() phi.String {
	if v == nil || v.verifier == nil || v.Valid(v.call, v.verifier.now()) != nil {
		return phi.String{}
	}
	return v.entry.name
}

// Fact returns a fact (see Facts) of the member, ErrExpired once expired,
// ErrOutOfScope if the caller's authority doesn't cover it, or ErrNoFact.
func (v *Verification) Fact(name string) (phi.String, error) {
	if v == nil || v.verifier == nil {
		return phi.String{}, ErrNotVerified
	}
	if err := v.Valid(v.call, v.verifier.now()); err != nil {
		return phi.String{}, err
	}
	if !v.authority.Covers(name) {
		return phi.String{}, ErrOutOfScope
	}
	return v.fact(name)
}

// ForLookUp gives a fact by which a service outside is asked for a caller who may be
// told what comes of that look-up; errors as Fact's. The fact itself is not told to
// her: it need not be among those that she may hear.
func (v *Verification) ForLookUp(lookUp, name string) (phi.String, error) {
	if v == nil || v.verifier == nil {
		return phi.String{}, ErrNotVerified
	}
	if err := v.Valid(v.call, v.verifier.now()); err != nil {
		return phi.String{}, err
	}
	if !v.authority.Covers(LookUpPrefix + lookUp) {
		return phi.String{}, ErrOutOfScope
	}
	return v.fact(name)
}

func (v *Verification) fact(name string) (phi.String, error) {
	fact, ok := v.entry.facts[name]
	if !ok || fact.IsEmpty() {
		return phi.String{}, ErrNoFact
	}
	return fact, nil
}

// Facts lists what a flow may read of a verified member, with the form of the
// text: "date" is YYYY-MM-DD, "number" a whole number, "digits" digits to be
// read out one by one, "text" anything.
func Facts() map[string]string {
	return map[string]string{
		"next_visit":  "date",
		"plan_year":   "number",
		"open_claims": "number",
		"phone":       "digits",
		"state":       "text",
		"id":          "digits",
	}
}
