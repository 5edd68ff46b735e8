package config

import "time"

// callbackKeys are a queue's, for callers who asked to be called.
type callbackKeys struct {
	Flow          string        `yaml:"flow" help:"What callers hear who are called back: a flow from a greeting that tells nothing to this queue. Empty: nobody is called back."`
	First         string        `yaml:"first" help:"Who is there first: agent (an agent takes the callback, then the number is called) or caller (the number is called when an agent is free, and the caller waits at the head of the line)."`
	Attempts      int           `yaml:"attempts" range:"1..10" help:"Calls at most; then the callback is given up."`
	AfterBusy     time.Duration `yaml:"after_busy" range:"1m..24h" help:"From a call that found the number busy, or could not reach it, to the next."`
	AfterNoAnswer time.Duration `yaml:"after_no_answer" range:"1m..24h" help:"From a call that nobody answered, or a machine, to the next."`
}

// callingKeys is calling.yaml, which may be left out: when people may be called.
type callingKeys struct {
	From      string         `yaml:"from" help:"Nobody is called earlier, by the clock where she is."`
	To        string         `yaml:"to" help:"Nobody is called later (47 CFR 64.1200(c)(1) says 9 p.m. for solicitations)."`
	Unknown   []zone         `yaml:"unknown" help:"Zones that numbers of other area codes may be in: they are called when it is time in all of them."`
	AreaCodes []areaCodeKeys `yaml:"area_codes" help:"Zones of area codes, from which day on. The latest that has begun counts."`
}

type areaCodeKeys struct {
	From   day                 `yaml:"from" help:"The first day of this list."`
	Source string              `yaml:"source" help:"Where it was read. An entry without a source is refused."`
	Zones  map[string][]string `yaml:"zones" help:"Area codes by IANA zone, in quotes."`
}

func callingDefaults() callingKeys {
	keys := callingKeys{From: "8:00", To: "21:00"}
	for _, name := range []string{"America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles", "America/Anchorage", "Pacific/Honolulu"} {
		if location, err := time.LoadLocation(name); err == nil {
			keys.Unknown = append(keys.Unknown, zone{location})
		}
	}
	return keys
}
