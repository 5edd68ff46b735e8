package simulate

import (
	"errors"
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
	// LockedOut: the verifier hears no claim any more.
	LockedOut bool
	// LookUps are what services answer, by the look-up's name; one that isn't here
	// fails.
	LookUps map[string]ivr.LookUpAnswer
	// Unkept: what callers say can't be kept.
	Unkept bool
	// Position in line that a waiting caller is told; 0: not known.
	Position int
	// Split is what each split step draws, from 0 to ivr.MaxSplit-1.
	Split int
}

// Member is an invented member.
type Member struct {
	ID phi.Digits
	// Born is the date of birth as keyed in, MMDDYYYY.
	Born phi.Digits
	// Facts by name; one that isn't there can't be read.
	Facts map[string]string
}

var errNoFact = errors.New("simulate: the member has no such fact")

// verify is the world's verifier; who is nil unless the claim is verified.
func (w World) verify(claim ivr.Claim) (outcome ivr.VerifyOutcome, who *Member) {
	if w.LockedOut {
		return ivr.LockedOut, nil
	}
	for i, member := range w.Members {
		if claim.MemberID.Text().Equal(member.ID.Text()) && claim.DateOfBirth.Text().Equal(member.Born.Text()) {
			return ivr.Verified, &w.Members[i]
		}
	}
	return ivr.NotVerified, nil
}
