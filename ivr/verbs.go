package ivr

import (
	"gopkg.in/yaml.v3"
)

// verb is a word of the language: what a step does, and who reads it.
type verb struct {
	name  string
	parse func(*parser, *step, *yaml.Node) action
}

// verbs are the words of the language, in the order that hints name them. (A
// function, since a menu's choices may be steps themselves.)
func verbs() []verb {
	return []verb{
		{"play", (*parser).play},
		{"say", (*parser).say},
		{"menu", (*parser).menu},
		{"collect", (*parser).collect},
		{"verify", (*parser).verify},
		{"set", (*parser).setVariables},
		{"branch", (*parser).branch},
		{"queue", (*parser).queue},
		{"transfer", (*parser).transfer},
		{"hang_up", (*parser).hangUp},
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
