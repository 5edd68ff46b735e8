package config

import (
	"time"

	"careline/call"
)

// onCallKeys is one list of outside.yaml: who is on call for urgent callers.
type onCallKeys struct {
	Ring    time.Duration `yaml:"ring" range:"5s..2m" help:"How long each may ring."`
	Accept  time.Duration `yaml:"accept" range:"5s..1m" help:"How long whoever has answered has to press 1; a voicemail presses nothing."`
	Spacing time.Duration `yaml:"spacing" range:"1s..1m" help:"How long it is until the next one is called."`
	Rounds  int           `yaml:"rounds" range:"1..5" help:"How often the list is gone through."`
	People  []personKeys  `yaml:"people" help:"Who is called, in this order."`
}

// personKeys is one of a list.
type personKeys struct {
	Name   string   `yaml:"name" help:"What records have in the number's place. Left out, the agent's."`
	Number string   `yaml:"number" help:"Where. dialplan.yaml must allow it."`
	Agent  string   `yaml:"agent" help:"Whose licenses in agents.yaml count: where they aren't good for the caller's state today, this one isn't called."`
	States []string `yaml:"states" help:"For a service that is no agent: the states that its nurses are licensed in, which you vouch for; [all] for all."`
	Hours  string   `yaml:"hours" help:"The calendar of calendars.yaml by which this one is on call. Left out: always."`
}

func onCallDefaults() onCallKeys {
	return onCallKeys{Ring: call.DefaultOnCallRing, Accept: call.DefaultOnCallAccept, Spacing: call.DefaultOnCallSpacing, Rounds: call.DefaultOnCallRounds}
}
