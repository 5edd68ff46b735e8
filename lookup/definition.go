package lookup

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"careline/phi"
)

// Taking says what a value of a look-up may be, at most: each may be what stands
// before it, too.
type Taking string

const (
	// TakesPublic: what a flow has set, or a public look-up has found.
	TakesPublic Taking = "public"
	// TakesKeyed: what the caller keyed in.
	TakesKeyed Taking = "keyed"
	// TakesMember: data of the verified member.
	TakesMember Taking = "member"
)

// Takings lists what a value may be, the least protected first.
func Takings() []Taking { return []Taking{TakesPublic, TakesKeyed, TakesMember} }

// Bounds of a look-up.
const (
	MaxKeep    = 24 * time.Hour
	MaxRetries = 3
	// MaxFields is how many fields one look-up may give, MaxValues how many values
	// it may take.
	MaxFields = 40
	MaxValues = 20
)

// Text is a look-up as an admin writes it. One of Get, Post, Search and Read is
// given: what is asked.
type Text struct {
	// Service that is asked.
	Service string
	// Purpose of telling it protected data (45 CFR 164.528).
	Purpose string
	// Public: the answer is nobody's data.
	Public bool
	// With are the values that it takes, by name.
	With map[string]Taking
	// Get and Post are paths below the service's URL. Query goes with both; Body
	// (JSON: maps, lists, texts, numbers, truths) or Form with Post.
	Get, Post string
	Query     map[string]string
	Body      any
	Form      map[string]string
	// Search is the type of FHIR resources searched for, By what; Read is a
	// resource's type and id, as in "Practitioner/{{ id }}".
	Search string
	By     map[string]string
	Read   string
	// Into are the fields that it gives, by name.
	Into map[string]FieldText
	// Keep is how long an answer is kept and given again; zero: not at all.
	Keep time.Duration
	// Retries after a failure that may pass; nil: one for what only reads (Get,
	// Search, Read), none for Post.
	Retries *int
}

// FieldText is a field as an admin writes it.
type FieldText struct {
	// Path in the answer; for FHIR, in the resource.
	Path string
	As   Kind
	// Otherwise is the field if the answer has none; nil: then the look-up finds
	// nothing.
	Otherwise *string
}

// Definition is a look-up that can be made. It is immutable; Compile makes it.
type Definition struct {
	name, service, purpose string
	public                 bool
	with                   map[string]Taking
	fields                 map[string]field
	keep                   time.Duration
	retries                int

	request request
	// version fingerprints the text, so that what was kept for another is not
	// given for this one.
	version string
}

type field struct {
	path      path
	kind      Kind
	otherwise *string
}

// Name of the look-up.
func (d *Definition) Name() string { return d.name }

// Service that it asks.
func (d *Definition) Service() string { return d.service }

// FHIR reports whether only a FHIR server can be asked it.
func (d *Definition) FHIR() bool { return d.request.resource != "" }

// Public reports whether its answer is nobody's data.
func (d *Definition) Public() bool { return d.public }

// With gives what it takes, by name.
func (d *Definition) With() map[string]Taking { return d.with }

// Fields gives the kinds of what it finds, by name.
func (d *Definition) Fields() map[string]Kind {
	kinds := map[string]Kind{}
	for name, f := range d.fields {
		kinds[name] = f.kind
	}
	return kinds
}

// discloses reports whether protected data is told when it is made.
func (d *Definition) discloses() bool {
	for _, taking := range d.with {
		if taking != TakesPublic {
			return true
		}
	}
	return false
}

// Purpose of what it tells.
func (d *Definition) Purpose() phi.Purpose { return phi.Purpose(d.purpose) }

func fingerprint(name string, text Text) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%q %+v %v", name, text, text.Body))
	return hex.EncodeToString(sum[:8])
}
