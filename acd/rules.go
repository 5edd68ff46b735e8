package acd

import "time"

// AgentID names an agent; it is the user name the agent signs in with.
type AgentID string

// ContactID names a contact: the call's UUIDv7.
type ContactID string

// OfferID names one offer of one contact to one agent: "<contact>/<n>", where n
// counts all offers of the engine from 1, so that no ID comes twice even when a
// call enters a second queue.
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
	// Zones are the clock offsets of the queues' sites, so that the engine
	// reads no zone files and a replay gives the same day everywhere. Fill
	// them by ResolveZones.
	Zones []Zone `json:",omitempty"`
	// Timing are the waits between offers; its zero value is the defaults.
	Timing Timing
}

// Timing are waits that hold for all queues. Zero is the default named beside
// each; more than MaxWait counts as MaxWait.
type Timing struct {
	// AfterDeclined, AfterBusy, AfterUnreachable and AfterNoAnswer pass before
	// an agent who ended an offer in this way is offered anything again
	// (DOMAIN.md §10.4). After no answer the agent is Away besides, and the
	// wait runs meanwhile.
	AfterDeclined    time.Duration // DefaultAfterDeclined
	AfterBusy        time.Duration // DefaultAfterBusy
	AfterUnreachable time.Duration // DefaultAfterUnreachable
	AfterNoAnswer    time.Duration // DefaultAfterNoAnswer
	// Connect is how long an accepted offer may take to join both sides; then
	// the agent counts as dropped.
	Connect time.Duration // DefaultConnect
}

// Defaults and bounds of the engine's waits.
const (
	DefaultAfterDeclined    = 10 * time.Second
	DefaultAfterBusy        = 20 * time.Second
	DefaultAfterUnreachable = 30 * time.Second
	DefaultAfterNoAnswer    = 3 * time.Second
	DefaultConnect          = 10 * time.Second
	DefaultRing             = 20 * time.Second
	// MaxWait bounds each duration in the rules.
	MaxWait = 30 * 24 * time.Hour
	// MaxEarlier bounds how long before its arrival a contact's waiting may
	// count from.
	MaxEarlier = 24 * time.Hour
	// MaxExtension bounds one WrapUpExtended, MaxWrapUp a wrap-up in all.
	MaxExtension = 10 * time.Minute
	MaxWrapUp    = time.Hour
	// MaxConsidered bounds Offer.Considered.
	MaxConsidered = 32
)

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
	// MatchLanguage makes the contact's language a hard requirement. Without
	// it, agents who speak it are preferred among those who are free.
	MatchLanguage bool
	// Priority of its contacts; higher goes first. Aging points are added per
	// second of waiting so that no queue starves (DOMAIN.md §10.9).
	Priority       int
	AgingPerSecond float64
	// Strategy of choice among fitting agents: LongestIdle (default),
	// FewestCalls, HighestSkill.
	Strategy string
	// RingTimeout of an offer; zero is DefaultRing.
	RingTimeout time.Duration
	// WrapUp is the agent's time after a call; zero for none.
	WrapUp time.Duration
	// WaitLimit, QueueLimit: a contact that waits longer, or comes when so many
	// wait, leaves by that edge; zero for no limit.
	WaitLimit  time.Duration
	QueueLimit int
	// Site is the zone in which the license's day is counted, an IANA name.
	// Empty is UTC. A zone that is not in Rules.Zones counts as UTC+14, where
	// the day ends first, so that a missing zone never lengthens a license.
	Site string
	// Callback is how its callbacks are made.
	Callback CallbackRules
}

// Strategies of choice among the free agents who fit. Ties go to the longer
// idle agent, then by ID.
const (
	LongestIdle  = "longest_idle"
	FewestCalls  = "fewest_calls"  // fewest since the agent signed in
	HighestSkill = "highest_skill" // highest sum of levels in the wanted skills
)
