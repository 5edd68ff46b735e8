package ivr

import (
	"gopkg.in/yaml.v3"
)

// verb is a word of the language: what a step does, who reads it, and the keys
// that a step of it may have.
type verb struct {
	name  string
	parse func(*parser, *step, *yaml.Node) action
	// text is an empty value of the type that the step is decoded into: what
	// editors complete and check comes from its fields.
	text any
}

// verbs are the words of the language, in the order that hints name them. (A
// function, since a menu's choices may be steps themselves.)
func verbs() []verb {
	return []verb{
		{"play", (*parser).play, playText{}},
		{"say", (*parser).say, sayText{}},
		{"menu", (*parser).menu, menuText{}},
		{"collect", (*parser).collect, collectText{}},
		{"verify", (*parser).verify, verifyText{}},
		{"set", (*parser).setVariables, setText{}},
		{"branch", (*parser).branch, branchText{}},
		{"split", (*parser).split, splitText{}},
		{"wait", (*parser).wait, waitText{}},
		{"hours", (*parser).hours, hoursText{}},
		{"look_up", (*parser).lookUp, lookUpText{}},
		{"queue", (*parser).queue, queueText{}},
		{"voicemail", (*parser).voicemail, voicemailText{}},
		{"record", (*parser).record, recordText{}},
		{"survey", (*parser).survey, surveyText{}},
		{"call_back", (*parser).callBack, callBackText{}},
		{"escalate", (*parser).escalate, escalateText{}},
		{"call", (*parser).call, callText{}},
		{"return", (*parser).giveBack, returnText{}},
		{"transfer", (*parser).transfer, transferText{}},
		{"hang_up", (*parser).hangUp, hangUpText{}},
	}
}

// Verbs names the words of the language: what a step may do.
func Verbs() []string {
	var names []string
	for _, v := range verbs() {
		names = append(names, v.name)
	}
	return names
}
