package member

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// Role is who a caller is to the member.
type Role string

// The roles (DOMAIN.md §4).
const (
	// Self: the caller is the member.
	Self Role = "self"
	// Representative: the caller speaks for the member (45 CFR 164.502(g), 164.508).
	Representative Role = "representative"
	// Provider: the caller is of an office that treats the member.
	Provider Role = "provider"
)

func (c Claim) role() Role {
	if c.Role == "" {
		return Self
	}
	return c.Role
}

// Basis is by what right somebody who is not the member is told of her.
type Basis string

// The bases of authority.
const (
	// ParentOfMinor ends with the member's majority, and doesn't cover care that the
	// minor consented to herself (45 CFR 164.502(g)(3)).
	ParentOfMinor Basis = "parent_of_minor"
	// Guardian is appointed by a court.
	Guardian Basis = "guardian"
	// HealthCareProxy and PowerOfAttorney decide about the member's care (45 CFR
	// 164.502(g)(2)).
	HealthCareProxy Basis = "health_care_proxy"
	PowerOfAttorney Basis = "power_of_attorney"
	// WrittenAuthorization is signed by the member (45 CFR 164.508).
	WrittenAuthorization Basis = "written_authorization"
	// NPIAndTIN is a provider's: both are of one enrolled office.
	NPIAndTIN Basis = "npi_and_tin"
)

// bases of representatives.
func bases() []string {
	return []string{string(ParentOfMinor), string(Guardian), string(HealthCareProxy), string(PowerOfAttorney), string(WrittenAuthorization)}
}

// LookUpPrefix begins, in a scope, the name of a look-up whose answer may be told.
const LookUpPrefix = "look_up."

// ScopeAll is the scope of a representative who may be told all that the member may.
const ScopeAll = "all"

// DefaultScopes are what representatives may be told, by the words of their scopes.
func DefaultScopes() map[string][]string {
	return map[string][]string{
		"claims":       {"id", "plan_year", "open_claims"},
		"appointments": {"id", "next_visit"},
	}
}

// DefaultProviderMay is the least that an office needs to be paid and to see the
// member (minimum necessary, 45 CFR 164.502(b)): no address, no telephone, no visit
// elsewhere.
func DefaultProviderMay() []string { return []string{"id", "plan_year", "open_claims"} }

// Authority is by what right a caller is told of a member, and of what. It holds no
// protected data.
type Authority struct {
	Role  Role
	Basis Basis
	// Scope are the words of a representative's scope.
	Scope []string
	// Until is when the authority itself ends; zero: no end is known.
	Until time.Time
	// everything but what withheld names; else only what may names.
	everything    bool
	may, withheld []string
	// noLookUps: what services outside tell may be of what is withheld.
	noLookUps bool
}

// Covers reports whether the caller may be told a fact, or, behind LookUpPrefix, what
// a look-up tells of the member.
func (a Authority) Covers(name string) bool {
	if a.noLookUps && strings.HasPrefix(name, LookUpPrefix) || slices.Contains(a.withheld, name) {
		return false
	}
	return a.everything || slices.Contains(a.may, name)
}

// String gives role and basis, as in "representative: health_care_proxy (claims)".
func (a Authority) String() string {
	text := string(a.Role)
	if a.Basis != "" {
		text += ": " + string(a.Basis)
	}
	if len(a.Scope) > 0 {
		text += " (" + strings.Join(a.Scope, ", ") + ")"
	}
	return text
}

// sealed gives all of it, for the verification's seal.
func (a Authority) sealed() []byte {
	sealed, _ := json.Marshal([]any{a.Role, a.Basis, a.Scope, a.Until.UnixNano(), a.everything, a.may, a.withheld, a.noLookUps}) // texts, numbers and truths always marshal
	return sealed
}

// rights are what the site lets those be told who are not the member.
type rights struct {
	scopes   map[string][]string
	provider []string
	majority int
	zone     *time.Location
}

func rightsOf(options Options) rights {
	r := rights{scopes: options.Scopes, provider: options.ProviderMay, majority: orDefault(options.Majority, DefaultMajority), zone: options.Zone}
	if r.scopes == nil {
		r.scopes = DefaultScopes()
	}
	if r.provider == nil {
		r.provider = DefaultProviderMay()
	}
	if r.zone == nil {
		r.zone = time.UTC
	}
	return r
}

// representative gives the authority of one who may speak for a member; false once it
// has ended.
func (r rights) representative(who representative, of *Entry, now time.Time) (Authority, bool) {
	a := Authority{Role: Representative, Basis: who.basis, Scope: who.scope}
	for _, word := range who.scope {
		a.everything = a.everything || word == ScopeAll
		a.may = append(a.may, r.scopes[word]...)
	}
	if !who.until.IsZero() { // the last day on which it stands
		a.Until = r.dayAfter(who.until)
	}
	if who.basis == ParentOfMinor {
		a.withheld, a.noLookUps = of.ownConsent, len(of.ownConsent) > 0
		if grown := r.dayOf(of.born.AddDate(r.majority, 0, 0)); a.Until.IsZero() || grown.Before(a.Until) {
			a.Until = grown
		}
	}
	return a, a.Until.IsZero() || now.Before(a.Until)
}

func (r rights) dayOf(day time.Time) time.Time {
	return time.Date(day.Year(), day.Month(), day.Day(), 0, 0, 0, 0, r.zone)
}

func (r rights) dayAfter(day time.Time) time.Time { return r.dayOf(day.AddDate(0, 0, 1)) }
