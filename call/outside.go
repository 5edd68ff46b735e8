package call

import (
	"time"

	"careline/acd"
	"careline/sip"
)

// Outside is whom flows may call: numbers by name, and lists of those who are on call.
// The dial plan decides on each call anew.
type Outside struct {
	Numbers map[string]sip.Number
	OnCall  map[string]*OnCall
}

// number is a number by its name, or as it is written.
func (o Outside) number(name string) sip.Number {
	if number, known := o.Numbers[name]; known {
		return number
	}
	return sip.NewNumber(name)
}

// OnCall is a list of people who are called in turn, Rounds times over, until somebody
// takes the caller by a key: a voicemail that answers presses none.
type OnCall struct {
	// Ring is how long each may ring, Accept how long whoever has answered may think,
	// Spacing passes between two calls.
	Ring, Accept, Spacing time.Duration
	Rounds                int
	People                []OnCallPerson
}

// OnCallPerson is one of a list.
type OnCallPerson struct {
	// Name is what records have in the number's place.
	Name   string
	Number sip.Number
	// Agent whose licenses count; "" where States do: those that the person, or the
	// service, may take callers from. AnyState is all of them.
	Agent    acd.AgentID
	States   []string
	AnyState bool
	// Duty says whether the person is on call at a time; nil: always.
	Duty func(time.Time) bool
}

// Defaults and bounds of lists.
const (
	DefaultOnCallRing    = 25 * time.Second
	DefaultOnCallAccept  = 20 * time.Second
	DefaultOnCallSpacing = 2 * time.Second
	DefaultOnCallRounds  = 2
	MaxOnCallPeople      = 50
)
