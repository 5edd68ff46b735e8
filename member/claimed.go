package member

import (
	"context"
	"fmt"
	"slices"

	"careline/phi"
)

// claimed is what the directories have of a claim.
type claimed struct {
	// entries of the claimed member: one or none by the member's number, and by the
	// keys of a Medicare number any that they may mean.
	entries []*Entry
	// tokens of those, or of what was claimed if there are none.
	tokens []string
	// office is the provider's; nil if there is none by both numbers.
	office *Office
}

// find asks the directories whom a claim may mean.
func (v *Verifier) find(ctx context.Context, claim Claim) (claimed, error) {
	var found claimed
	var err error
	if claim.Role == Provider && v.providers != nil {
		if found.office, err = v.providers.Enrolled(ctx, claim.NPI, claim.TIN); err != nil {
			return found, fmt.Errorf("member: the directory of providers did not answer: %w", err)
		}
	}
	if claim.MemberID.IsEmpty() && !claim.MBIKeys.IsEmpty() {
		if found.entries, err = v.directory.FindByMBI(ctx, claim.MBIKeys); err != nil {
			return found, fmt.Errorf("member: the directory did not answer: %w", err)
		}
		for _, entry := range found.entries {
			found.tokens = append(found.tokens, entry.id.Token(v.memberKey))
		}
		if len(found.entries) == 0 {
			found.tokens = []string{claim.MBIKeys.Token(v.memberKey)}
		}
		return found, nil
	}
	entry, err := v.directory.Find(ctx, claim.MemberID)
	if err != nil {
		return found, fmt.Errorf("member: the directory did not answer: %w", err)
	}
	if entry != nil {
		found.entries = []*Entry{entry}
	}
	if !claim.MemberID.IsEmpty() { // else nobody is claimed
		found.tokens = []string{claim.MemberID.Token(v.memberKey)}
	}
	return found, nil
}

// judge compares what was claimed with what was found. A member who is not there is
// compared with a decoy, and never right; nor are two who fit alike.
func (v *Verifier) judge(claim Claim, found claimed) (who *Entry, token string, authority Authority, right bool) {
	entries := found.entries
	if len(entries) == 0 {
		entries = []*Entry{v.decoy}
	}
	if token = claim.MemberID.Token(v.memberKey); len(found.tokens) > 0 {
		token = found.tokens[0]
	}
	fitting := 0
	for i, entry := range entries {
		by, ok := v.authority(claim, found, entry)
		if v.isMember(claim, entry) && ok && len(found.entries) > 0 {
			fitting++
			who, token, authority = entry, found.tokens[i], by
		}
	}
	return who, token, authority, fitting == 1
}

// isMember compares both factors of the member.
func (v *Verifier) isMember(claim Claim, entry *Entry) bool {
	same := entry.id.Token(v.memberKey) == claim.MemberID.Token(v.memberKey)
	if claim.MemberID.IsEmpty() {
		same = !claim.MBIKeys.IsEmpty() && entry.mbi.Token(v.memberKey) == claim.MBIKeys.Token(v.memberKey)
	}
	return entry.dateOfBirth.Equal(claim.DateOfBirth) && !claim.DateOfBirth.IsEmpty() && same
}

// authority is by what right the caller may be told of the member; false for none. It
// compares with as many representatives whether the member has any or not.
func (v *Verifier) authority(claim Claim, found claimed, entry *Entry) (Authority, bool) {
	switch claim.role() {
	case Self:
		return Authority{Role: Self, everything: true}, true
	case Provider:
		if found.office == nil || !found.office.Until.IsZero() && !v.now().Before(v.rights.dayAfter(found.office.Until)) {
			return Authority{}, false
		}
		a := Authority{Role: Provider, Basis: NPIAndTIN, may: v.rights.provider}
		if !found.office.Until.IsZero() {
			a.Until = v.rights.dayAfter(found.office.Until)
		}
		return a, true
	case Representative:
		var authority Authority
		fitting := 0
		for i := range MaxRepresentatives {
			who := decoyRepresentative()
			if i < len(entry.representatives) {
				who = entry.representatives[i]
			}
			by, stands := v.rights.representative(who, entry, v.now())
			if who.is(claim) && stands {
				fitting++
				authority = by
			}
		}
		return authority, fitting == 1
	}
	return Authority{}, false
}

// decoyRepresentative is never anybody.
func decoyRepresentative() representative {
	return representative{pin: phi.NewString("--------"), born: phi.NewString("--------"), authorization: phi.NewString("--------")}
}

// is compares all that the claim says of its caller: it says something, and all of it
// is this representative's.
func (r representative) is(claim Claim) bool {
	said := []struct{ theirs, ours phi.String }{{claim.PIN, r.pin}, {claim.OwnBorn, r.born}, {claim.Authorization, r.authorization}}
	differs := func(s struct{ theirs, ours phi.String }) bool { return !s.theirs.IsEmpty() && !s.ours.Equal(s.theirs) }
	says := func(s struct{ theirs, ours phi.String }) bool { return !s.theirs.IsEmpty() }
	return slices.ContainsFunc(said, says) && !slices.ContainsFunc(said, differs) && r.basis != ""
}
