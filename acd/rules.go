package acd

import "time"

// AgentID names an agent; it is the user name the agent signs in with.
type AgentID string

// ContactID names a contact: the call's UUIDv7.
type ContactID string

// OfferID names one offer of one contact to one agent: "<contact>/<n>", n from 1.
type OfferID string

// Rules are what the admin wrote of agents and queues: an immutable value with
// a version. The engine reads them at each decision (DOMAIN.md §10.10).
type Rules struct {
	Version string
	// Agents and Queues in any order; the engine never depends on it.
	Agents []Agent
	Queues []Queue
	// CompactStates are the states where the Nurse Licensure Compact is in
	// force, as two-letter codes (DOMAIN.md §5).
	CompactStates []string
}

// Agent is a person who takes calls.
type Agent struct {
	ID AgentID
	// Name as callers' records and supervisors see it.
	Name string
	// Queues that the agent serves.
	Queues []string
	// Skills with levels 1 (beginner) to 5 (expert).
	Skills map[string]int
	// Languages as BCP 47 tags: "en-US", "es-US".
	Languages   []string
	Credentials []Credential
}

// CredentialType is a license type.
type CredentialType string

// The types that the Nurse Licensure Compact covers are RN and LPN/VN.
const (
	RN  CredentialType = "RN"
	LPN CredentialType = "LPN"
)

// Credential is a license that a state gave an agent (DOMAIN.md §5).
type Credential struct {
	Type   CredentialType
	Number string
	// State that issued it, two letters; for a multistate license the nurse's
	// home state.
	State string
	// Multistate: the license carries the compact privilege.
	Multistate bool
	// Expires is the last day on which the license is valid, as YYYY-MM-DD.
	Expires string
	// Status: only "active" may work; anything else ("suspended", "encumbered") may not.
	Status string
	// Excluded: on the OIG LEIE or SAM list.
	Excluded bool
}

// Queue is a line of waiting contacts and its rules.
type Queue struct {
	Name string
	// Skills wanted: contacts go first to agents with these levels; the levels
	// fall by one each RelaxEvery until none is wanted. Zero never relaxes.
	Skills     map[string]int
	RelaxEvery time.Duration
	// Credential required of an agent, in the contact's state; empty for none.
	// It never relaxes.
	Credential CredentialType
	// MatchLanguage makes the contact's language a hard requirement.
	MatchLanguage bool
	// Priority of its contacts; higher goes first. Aging points are added per
	// second of waiting so that no queue starves (DOMAIN.md §10.9).
	Priority       int
	AgingPerSecond float64
	// Strategy of choice among fitting agents: "longest_idle" (default),
	// "fewest_calls", "highest_skill".
	Strategy string
	// RingTimeout of an offer.
	RingTimeout time.Duration
	// WrapUp is the agent's time after a call; zero for none.
	WrapUp time.Duration
	// WaitLimit, QueueLimit: a contact that waits longer, or comes when so many
	// wait, leaves by that edge; zero for no limit.
	WaitLimit  time.Duration
	QueueLimit int
	// Site is the zone in which the license's day is counted, an IANA name;
	// the engine takes the zone's date from Event time. Empty is UTC.
	Site string
}
