// Package phi holds values that must not leak: protected health information
// (45 CFR 160.103) and what a caller keys in.
//
// A value prints as ••• through every fmt verb, encoder and logger. It comes
// out through Reveal alone, which names who reads what of whom and why, and
// which fails if that can't be written to the audit (45 CFR 164.312(b)).
// Comparing needs no Reveal: Equal and Is answer without showing.
//
//	id := phi.NewString(row.MemberID)
//	log.Info("looked up", zap.Any("member", id))          // "•••"
//	text, err := id.Reveal(ctx, audit, phi.Access{Call: call, Actor: "agent:maria", Field: "name", Purpose: phi.ScreenPop})
//
// What must not live here: storage, logging, anything that knows of calls.
package phi

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
)

// Mask is how every protected value prints.
const Mask = "•••"

// ErrNoAuditor is returned by Reveal without somewhere to write the access.
var ErrNoAuditor = errors.New("phi: a value can be read only with an audit to write to")

// Purpose says why a value is read: the "what for" of an accounting (45 CFR 164.528).
type Purpose string

const (
	// Verification of a caller's identity (45 CFR 164.514(h)).
	Verification Purpose = "verification"
	// ScreenPop shows the verified caller to the agent who takes the call.
	ScreenPop Purpose = "screen_pop"
	// CallBack lets an agent call somebody back who asked for it.
	CallBack Purpose = "call_back"
	// SelfService speaks a member's data to the verified member.
	SelfService Purpose = "self_service"
	// CallingBack calls who asked to be called.
	CallingBack Purpose = "calling_back"
)

// Access is one reading of protected data. It holds none itself.
type Access struct {
	// Call is the call's UUIDv7, if the reading belongs to one.
	Call string
	// Actor is who reads: "agent:<user>", "flow:<name>", "system:<part>".
	Actor string
	// Subject is the member's token (Token), never the member's number.
	Subject string
	// Field is what is read: "name", "date_of_birth".
	Field   string
	Purpose Purpose
}

// Auditor writes accesses down. Where it fails, the read does not happen.
type Auditor interface {
	RecordAccess(ctx context.Context, access Access) error
}

// Disclosure is protected data that is told to somebody outside: what an
// accounting holds of it, with the date that the ledger gives (45 CFR
// 164.528(b)(2)). It holds none itself.
type Disclosure struct {
	// Call is the call's UUIDv7; Actor is who tells, "flow:<name>".
	Call, Actor string
	// Subject is the member's token; empty if it isn't known whose data it is.
	Subject string
	// Recipient is who is told, What is told, in words.
	Recipient, What string
	Purpose         Purpose
}

// String is a protected text. The zero value is an empty one. It can't be
// compared by ==; see Equal.
type String struct {
	// A closure, because fmt and reflection print unexported fields of a
	// struct that holds a String without asking its methods.
	value func() string
}

// NewString protects a text.
func NewString(text string) String {
	if text == "" {
		return String{}
	}
	return String{func() string { return text }}
}

func (s String) text() string {
	if s.value == nil {
		return ""
	}
	return s.value()
}

// IsEmpty reports whether there is no text.
func (s String) IsEmpty() bool { return s.value == nil }

// Equal compares in a time that depends on the lengths alone.
func (s String) Equal(other String) bool {
	return subtle.ConstantTimeCompare([]byte(s.text()), []byte(other.text())) == 1
}

// Reveal returns the text after the access is written down. The error says why
// it could not be; the text is then empty.
func (s String) Reveal(ctx context.Context, auditor Auditor, access Access) (string, error) {
	if auditor == nil {
		return "", ErrNoAuditor
	}
	if err := auditor.RecordAccess(ctx, access); err != nil {
		return "", fmt.Errorf("phi: %s not read: the access could not be audited: %w", access.Field, err)
	}
	return s.text(), nil
}

// Token is a keyed fingerprint of the text (HMAC-SHA-256, 16 bytes in hex): the
// same text under the same key gives the same token, and without the key it
// tells nothing. It is what records and audits name a member by.
func (s String) Token(key []byte) string {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, s.text())
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Format prints the mask for every verb.
func (String) Format(state fmt.State, _ rune) { io.WriteString(state, Mask) }

// String prints the mask.
func (String) String() string { return Mask }

// MarshalText writes the mask, for JSON, YAML, XML and zap alike.
func (String) MarshalText() ([]byte, error) { return []byte(Mask), nil }

// GobEncode refuses: gob would carry the value away.
func (String) GobEncode() ([]byte, error) {
	return nil, errors.New("phi: a protected value can't be encoded with gob")
}
