package acd

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// MayTake says whether an agent may lawfully take a contact that needs this
// credential, and why or why not, for a supervisor (DOMAIN.md §5). state is
// where the caller is, two letters; day is today there, YYYY-MM-DD; compact are
// the states where the Nurse Licensure Compact is in force. It never errs on
// the lenient side: an unreadable date, an unknown status or a missing state is
// a no. No credential asked for is a yes.
func MayTake(agent Agent, credential CredentialType, state, day string, compact []string) (ok bool, why string) {
	if credential == "" {
		return true, "no license is needed"
	}
	ok, which := mayTake(&agent, credential, state, day, compact)
	return ok, licenseReason(&agent, ok, which, credential, state, day, compact)
}

// The failures of one license, from far to near: the nearest is told.
type licenseCheck int

const (
	noLicense licenseCheck = iota
	otherState
	notInCompact
	badStatus
	badExpiry
	expired
	licensedThere
	licensedByCompact
)

// mayTake is the predicate alone; which is the index of the license that is
// best, or -1.
func mayTake(agent *Agent, credential CredentialType, state, day string, compact []string) (ok bool, which int) {
	which = -1
	if state == "" || excluded(agent) {
		return false, -1
	}
	best := noLicense
	for i := range agent.Credentials {
		if c := checkLicense(&agent.Credentials[i], credential, state, day, compact); c > best {
			best, which = c, i
		}
	}
	return best >= licensedThere, which
}

func checkLicense(c *Credential, credential CredentialType, state, day string, compact []string) licenseCheck {
	if licenseType(c.Type) != licenseType(credential) {
		return noLicense
	}
	there := strings.EqualFold(c.State, state)
	byCompact := c.Multistate && underCompact(c.Type) && inCompact(compact, c.State) && inCompact(compact, state)
	switch {
	case !there && !c.Multistate:
		return otherState
	case !there && !byCompact:
		return notInCompact
	case c.Status != "active":
		return badStatus
	case !isDay(c.Expires) || !isDay(day):
		return badExpiry
	case c.Expires < day:
		return expired
	case there:
		return licensedThere
	}
	return licensedByCompact
}

// excluded: a person on the OIG LEIE or SAM list is excluded in every role, so
// one mark on any license is enough.
func excluded(agent *Agent) bool {
	for i := range agent.Credentials {
		if agent.Credentials[i].Excluded {
			return true
		}
	}
	return false
}

// licenseType treats the vocational nurse's names as one (LPN/VN).
func licenseType(t CredentialType) CredentialType {
	if t == "LVN" || t == "VN" || t == "LPN/VN" {
		return LPN
	}
	return t
}

// underCompact: the compact covers RN and LPN/VN, not advanced practice.
func underCompact(t CredentialType) bool {
	t = licenseType(t)
	return t == RN || t == LPN
}

func inCompact(compact []string, state string) bool {
	return state != "" && slices.ContainsFunc(compact, func(s string) bool { return strings.EqualFold(s, state) })
}

func isDay(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil
}

func licenseReason(agent *Agent, ok bool, which int, credential CredentialType, state, day string, compact []string) string {
	if state == "" {
		return "the caller's state is not known"
	}
	if excluded(agent) {
		return "is on an exclusion list (OIG LEIE or SAM)"
	}
	if which < 0 {
		return fmt.Sprintf("has no %s license", credential)
	}
	c := &agent.Credentials[which]
	name := fmt.Sprintf("%s license of %s", c.Type, c.State)
	if c.Multistate {
		name += " (multistate)"
	}
	switch checkLicense(c, credential, state, day, compact) {
	case otherState:
		return fmt.Sprintf("%s does not cover %s", name, state)
	case notInCompact:
		return fmt.Sprintf("%s does not cover %s: the compact is not in force in both", name, state)
	case badStatus:
		return fmt.Sprintf("%s is %q, not active", name, c.Status)
	case badExpiry:
		return fmt.Sprintf("%s has no readable expiry date", name)
	case expired:
		return fmt.Sprintf("%s expired on %s", name, c.Expires)
	case licensedThere:
		return fmt.Sprintf("%s, valid through %s", name, c.Expires)
	case licensedByCompact:
		return fmt.Sprintf("%s covers %s by the compact, valid through %s", name, state, c.Expires)
	}
	return fmt.Sprintf("has no %s license", credential)
}
