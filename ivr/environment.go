package ivr

import (
	"time"

	"careline/ivr/calendar"
)

// FactKind is the form that a member's fact has, and so how it is spoken.
type FactKind string

const (
	// FactDate is a day as YYYY-MM-DD; spoken by `| date`.
	FactDate FactKind = "date"
	// FactNumber is a whole number; spoken by `| number`, `| count`, `| ordinal`, `| digits`.
	FactNumber FactKind = "number"
	// FactDigits is a row of digits; spoken by `| digits`, `| phone`, `| letters`.
	FactDigits FactKind = "digits"
	// FactTime is a time of day as HH:MM, or a day and a time as RFC 3339 writes
	// them; spoken by `| time`, and by `| date` if it has a day.
	FactTime FactKind = "time"
	// FactMoney is an amount of US dollars, such as 12.50; spoken by `| money`.
	FactMoney FactKind = "money"
	// FactText is spelled, or said by a recording of its name.
	FactText FactKind = "text"
)

// Environment is what the flows are checked against: everything that they may
// name and that lives outside of them.
type Environment struct {
	// Languages that have prompts, as BCP 47 tags: "en-US", "es-US".
	Languages []string
	// HasPrompt reports whether a prompt ("welcome", "digits/4") is there in a
	// language. Nil: prompts are not checked.
	HasPrompt func(language, name string) bool
	// Speak gives words their sound, if they have none yet, and tells of those that
	// could not be given one. Nil: words are taken as spoken.
	Speak func(texts []Text) map[Prompt]error
	// Fallback names, for a language, those whose words are heard where it has none,
	// the nearest first.
	Fallback map[string][]string
	// Prompts are the names of all prompts, for those who misspell one.
	Prompts []string
	// Music names the hold music that is there. Nil: not checked.
	Music []string
	// Queues by name.
	Queues map[string]Queue
	// Facts of a verified member that a flow may speak, by name.
	Facts map[string]FactKind
	// ProviderMay are the facts, and behind LookUpPrefix the look-ups, that a verified
	// provider may be told of a member.
	ProviderMay []string
	// OnCall are the lists of those who are on call. Nil: not checked.
	OnCall []string
	// Numbers are the names of numbers outside. MayDial says why a name or number can't
	// be called; empty if it can. Nil: not checked.
	Numbers []string
	MayDial func(number string) string
	// Calendars that say when something is open, by name.
	Calendars map[string]*calendar.Hours
	// Zone is the site's: what day it is for callers. Nil: UTC.
	Zone *time.Location
	// LookUps that flows may make, by name.
	LookUps map[string]LookUp
	// PersonWithin is how many keys a caller presses at most to reach a person,
	// wherever she is asked something. 0: not checked.
	PersonWithin int
	// LongestSilence is how long a caller may hear nothing while nothing is asked,
	// LongestAnswer how long a question may wait for a key. 0: not checked.
	LongestSilence, LongestAnswer time.Duration
	// Beside is the text of files that stand beside the flows and decide what they do:
	// another text is another version.
	Beside []byte
	// Classes of retention that recordings may be kept by. Nil: not checked.
	Classes []string
	// Boxes that callers may leave messages in. Nil: not checked.
	Boxes []string
	// States that a call may be in, as two-letter codes. Empty: the fifty states
	// and DC.
	States []string
}

// Queue is what a flow must know of a queue.
type Queue struct {
	// Credential that the queue requires of its agents ("RN"); then the
	// caller's state must be known before the queue is entered (DOMAIN.md §5).
	Credential string
	// Agents says what the queue's agents bring along. Nil: not checked.
	Agents *Agents
}

// Agents is what some agent of a queue has, whoever it is.
type Agents struct {
	// Credentials by type ("RN").
	Credentials []string
	// Skills, each with the highest level.
	Skills map[string]int
	// Relaxes: wanted levels fall while the caller waits.
	Relaxes bool
}

// Taking says whose data a look-up's value may be, at most.
type Taking string

const (
	// TakesPublic: nobody's.
	TakesPublic Taking = "public"
	// TakesKeyed: what the caller keyed in, too.
	TakesKeyed Taking = "keyed"
	// TakesMember: the verified member's, too.
	TakesMember Taking = "member"
)

// LookUp is what a flow must know of a look-up.
type LookUp struct {
	// Takes are the values that it is made with, by name.
	Takes map[string]Taking
	// Gives are the kinds of the variables that it gives, by name: text, number,
	// truth, date or money.
	Gives map[string]string
	// Public: what it gives is nobody's data.
	Public bool
	// Time is the longest that it takes, tries again included.
	Time time.Duration
}
