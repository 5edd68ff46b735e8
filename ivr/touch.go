package ivr

import (
	"strings"

	"gopkg.in/yaml.v3"
)

// label says whose data a value is. Labels add up: what is computed from two
// values has both of theirs.
type label uint8

const (
	// labelPublic is nobody's: written in a flow, or read from a public look-up.
	labelPublic label = 0
	// labelKeyed is what the caller keyed in. It may be said back, asked for in a
	// condition and given to a look-up that takes it, and goes nowhere else.
	labelKeyed label = 1 << (iota - 1)
	// labelMember is data of the verified member.
	labelMember
	// labelUnbound is data of somebody who was not shown to be the verified
	// member: read before verification, or by nothing but what was keyed in.
	labelUnbound
)

// use is what a step does with a value.
type use uint8

const (
	// spoken to the caller.
	spoken use = iota
	// tested in a condition: which way the call goes tells something of it.
	tested
	// passed to a server outside.
	passed
	// shown to the agent, and kept in the call's record.
	shown
	// assigned: the step gives the value.
	assigned
)

// touch is one thing that a step does with a value: what the proof knows of it.
type touch struct {
	// value is a variable's name, or "member.NAME" for a fact of the member.
	value string
	how   use
	// node and text are where the file says so.
	node *yaml.Node
	text string

	// label of what is written; what it is computed from adds its own.
	label label
	from  []string
	// on is the edge on which it is written; nil for each edge.
	on *edge
	// takes says whose data may be passed on here, at most; empty: any that the
	// caller may have.
	takes Taking
	// taker is what it is given to, in words; empty: a look-up.
	taker string
}

// refusal says why a value with a label may not be used so; empty if it may.
func (t touch) refusal(l label, verified bool) string {
	if why := refusal(t.how, l, verified); why != "" {
		return why
	}
	if t.takes != "" && l&^t.takes.allowed() != 0 {
		return notTaken
	}
	return ""
}

// notTaken is why a value isn't passed on that may be used otherwise.
const notTaken = "the look-up takes no such data"

// The values that are no variables: what Careline knows of the call.
const (
	// valueVerified is written by a verify step on its edge "verified".
	valueVerified = "verified"
	// valueState is where the caller is.
	valueState = "state"
	// memberPrefix begins the name of a member's fact.
	memberPrefix = "member."
	// memberNumber is the fact that says which member is meant.
	memberNumber = memberPrefix + "id"
)

// isFact reports whether a value is a fact of the member.
func isFact(value string) bool { return strings.HasPrefix(value, memberPrefix) }

// on gives the touches of a step that happen when an edge is taken.
func writtenOn(touches []touch, e *edge) []touch {
	var writes []touch
	for _, t := range touches {
		if t.how == assigned && (t.on == nil || t.on == e) {
			writes = append(writes, t)
		}
	}
	return writes
}

// refusal says why a value with a label may not be used so by a caller who is
// verified or not; empty if it may.
func refusal(how use, l label, verified bool) string {
	switch {
	case how == assigned:
		return ""
	case l&labelUnbound != 0:
		return "it was not read for the verified member"
	case l&labelMember != 0 && !verified:
		return "it is a member's, and the caller is not verified"
	case l&labelKeyed != 0 && how == shown:
		return "the caller keyed it in"
	}
	return ""
}
