package ivr

import (
	"errors"
	"slices"
)

// may reports whether values may be used so on this call, whatever the checker
// found, and tells the line where they may not. The reason names variables, and
// never what is in them.
func (r *Run) may(how use, names ...string) bool {
	for _, name := range names {
		if why := refusal(how, r.label(name), r.verified); why != "" {
			r.line.Refused(r.where() + ": " + name + " may not be " + how.String() + ": " + why)
			return false
		}
	}
	return true
}

// where names the step that the run is in.
func (r *Run) where() string {
	if r.step == nil {
		return r.Flow()
	}
	return r.step.flow.name + "/" + r.step.name
}

// String is the word for a use.
func (u use) String() string { return []string{"said", "tested", "passed on", "shown", "written"}[u] }

// errNotForThisCaller is why an expression was not computed.
var errNotForThisCaller = errors.New("ivr: a value was wanted that this caller must not have")

// readBy gives the label of what a server outside answers: the verified member's
// if it was asked with that member's number, else of whoever it is. (Another
// fact, such as a state, says not whom the server spoke of.)
func (r *Run) readBy(asked []string) label { return boundBy(asked, r.verified) }

// boundBy is readBy for a caller who is verified or not.
func boundBy(asked []string, verified bool) label {
	if verified && slices.Contains(asked, memberNumber) {
		return labelMember
	}
	return labelUnbound
}
