package dialplan

import (
	"errors"
	"fmt"
	"slices"
)

// ErrNotAllowed says that no rule allows the number. The number isn't in it.
var ErrNotAllowed = errors.New("dialplan: no rule of the dial plan allows this number; add one under allow if it is to be dialed")

// Rule allows the numbers of a form over some trunks.
type Rule struct {
	Pattern Pattern
	// Trunks by name, in the order in which they are tried.
	Trunks []string
	// CallerID is the number that we show, in place of the trunk's own.
	CallerID string
}

// Options make a Plan.
type Options struct {
	// Country is the code of the country where the center is: "1" in North
	// America. Numbers dialed without one get it.
	Country string
	// Allow are the rules; the first that fits counts.
	Allow []Rule
	// Deny are forms that are never dialed, whatever Allow says: premium rates,
	// for example.
	Deny []Pattern
}

// Plan is a dial plan. It never changes; any number of calls may ask it at once.
// The zero value allows nothing.
type Plan struct {
	country string
	allow   []Rule
	deny    []Pattern
}

// New checks the options.
func New(options Options) (*Plan, error) {
	if options.Country == "" {
		options.Country = "1"
	}
	for _, char := range options.Country {
		if !isDigit(byte(char)) || char > '9' || len(options.Country) > 3 {
			return nil, fmt.Errorf("dialplan: %q is no country code; give 1 for North America", options.Country)
		}
	}
	for _, rule := range options.Allow {
		if len(rule.Trunks) == 0 {
			return nil, fmt.Errorf("dialplan: the rule for %s names no trunk, so nothing could be dialed by it", rule.Pattern)
		}
	}
	return &Plan{country: options.Country, allow: slices.Clone(options.Allow), deny: slices.Clone(options.Deny)}, nil
}

// Route is how a number is dialed.
type Route struct {
	Number   Number
	Trunks   []string
	CallerID string // "" for the trunk's own
}

// Empty reports whether nothing may be dialed at all.
func (p *Plan) Empty() bool { return len(p.allow) == 0 }

// Route decides on what someone dialed. Errors: ErrNotANumber, ErrNotAllowed.
func (p *Plan) Route(dialed string) (Route, error) {
	number, err := p.normalise(dialed)
	if err != nil {
		return Route{}, err
	}
	if slices.ContainsFunc(p.deny, func(form Pattern) bool { return form.Matches(number) }) {
		return Route{}, ErrNotAllowed
	}
	for _, rule := range p.allow {
		if rule.Pattern.Matches(number) {
			return Route{Number: number, Trunks: slices.Clone(rule.Trunks), CallerID: rule.CallerID}, nil
		}
	}
	return Route{}, ErrNotAllowed
}
