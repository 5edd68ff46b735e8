package simulate

import (
	"errors"
	"slices"
	"time"

	"careline/ivr"
	"careline/phi"
)

// How long things take on a simulated line.
const (
	// PromptLasts is how long a prompt plays whose recording isn't looked at.
	PromptLasts = 2 * time.Second
	// PauseLasts is how long the silence between groups of digits is.
	PauseLasts = 300 * time.Millisecond
	// KeyEvery is the time between two keys of a caller.
	KeyEvery = 300 * time.Millisecond
	// VerifyTakes and FactTakes are how long the verifier and the directory take.
	VerifyTakes = 500 * time.Millisecond
	FactTakes   = 20 * time.Millisecond
	// LookUpTakes is how long a service takes.
	LookUpTakes = time.Second
	// CallBackTakes is how long it takes to keep a callback.
	CallBackTakes = 20 * time.Millisecond
)

// World is what a call meets outside of its flow.
type World struct {
	// Begins is the wall clock at the call's beginning.
	Begins time.Time
	// Language to begin in; empty: the flow's first.
	Language    string
	Attestation ivr.Attestation
	// Members who can be verified. They are invented.
	Members []Member
	// Providers who can be verified.
	Providers []Provider
	// LockedOut: the verifier hears no claim any more.
	LockedOut bool
	// LookUps are what services answer, by the look-up's name; one that isn't here
	// fails.
	LookUps map[string]ivr.LookUpAnswer
	// Unkept: what callers say can't be kept.
	Unkept bool
	// Outside is what comes of calls there, by the number or list that is called. Nobody
	// answers of a list that isn't here; of a number, Call.Do says.
	Outside map[string]Outside
	// Position in line that a waiting caller is told; 0: not known.
	Position int
	// Number is the caller's own, ten digits; none: it isn't known.
	Number phi.Digits
	// CallBack is what becomes of a callback that is asked for; empty: it is kept.
	CallBack ivr.CallBackOutcome
	// Split is what each split step draws, from 0 to ivr.MaxSplit-1.
	Split int
}

// Member is an invented member.
type Member struct {
	ID phi.Digits
	// Born is the date of birth as keyed in, MMDDYYYY.
	Born phi.Digits
	// MBIKeys of her Medicare number, one for each place; empty for who has none.
	MBIKeys phi.Digits
	// Facts by name; one that isn't there can't be read.
	Facts map[string]string
	// Representative may speak for her; nil for nobody.
	Representative *Representative
}

// Representative is an invented one.
type Representative struct {
	// What she says of herself, as keyed in; what she can't say is empty.
	PIN, Born, Authorization phi.Digits
	// Hears are the facts, and behind ivr.LookUpPrefix the look-ups, that she may be
	// told; nil: all.
	Hears []string
}

// Provider is an invented office.
type Provider struct{ NPI, TIN phi.Digits }

var errNoFact = errors.New("simulate: the member has no such fact")

// verify is the world's verifier; who is nil unless the claim is verified.
func (w World) verify(claim ivr.Claim) (outcome ivr.VerifyOutcome, who *Member) {
	if w.LockedOut {
		return ivr.LockedOut, nil
	}
	for i := range w.Members {
		if member := &w.Members[i]; member.is(claim) && w.mayBeTold(member, claim) {
			return ivr.Verified, member
		}
	}
	return ivr.NotVerified, nil
}

func (m *Member) is(claim ivr.Claim) bool {
	same := claim.MemberID.Len() > 0 && claim.MemberID.Text().Equal(m.ID.Text())
	if claim.MemberID.Len() == 0 {
		same = claim.MBIKeys.Len() > 0 && claim.MBIKeys.Text().Equal(m.MBIKeys.Text())
	}
	return same && claim.DateOfBirth.Text().Equal(m.Born.Text())
}

// mayBeTold reports whether the caller is who she claims to be to the member.
func (w World) mayBeTold(m *Member, claim ivr.Claim) bool {
	switch claim.Role {
	case ivr.RoleProvider:
		return slices.ContainsFunc(w.Providers, func(p Provider) bool {
			return claim.NPI.Text().Equal(p.NPI.Text()) && claim.TIN.Text().Equal(p.TIN.Text())
		})
	case ivr.RoleRepresentative:
		r, said := m.Representative, false
		if r == nil {
			return false
		}
		for _, pair := range [][2]phi.Digits{{claim.PIN, r.PIN}, {claim.OwnBorn, r.Born}, {claim.Authorization, r.Authorization}} {
			if pair[0].Len() > 0 && !pair[0].Text().Equal(pair[1].Text()) {
				return false
			}
			said = said || pair[0].Len() > 0
		}
		return said
	}
	return true
}

// hears reports whether a call's caller may be told a fact, or what a look-up finds.
func (c *Call) hears(name string) bool {
	if c.member == nil {
		return false
	}
	switch r := c.member.Representative; c.run.Role() {
	case ivr.RoleProvider:
		return slices.Contains(c.set.ProviderMay(), name)
	case ivr.RoleRepresentative:
		return r.Hears == nil || slices.Contains(r.Hears, name)
	}
	return true
}
