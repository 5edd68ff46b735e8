package config

import (
	"time"

	"careline/sip"
	"careline/sip/guard"
)

// guardKeys are sip.guard: when somebody isn't heard any more.
type guardKeys struct {
	BanAfter       int           `yaml:"ban_after" range:"1..1000" help:"Wrong passwords, or as much of other mischief, after which an address is banned: two probes or unreadable messages, or ten unanswered challenges or messages over the rate, weigh as much as one. Trunks are never banned."`
	Ban            time.Duration `yaml:"ban" range:"1s..24h" help:"How long an address's first ban lasts. Each further one lasts twice as long."`
	LongestBan     time.Duration `yaml:"longest_ban" range:"1s..720h" help:"The longest that a ban gets."`
	Forget         time.Duration `yaml:"forget" range:"1m..720h" help:"Offences are forgotten over this time, one by one; so long after a ban, the next is half as long again."`
	UnprovenRate   int           `yaml:"unproven_rate" range:"10..100000" help:"Messages a second that are read of all addresses together from which no phone has signed in."`
	CallsPerSource int           `yaml:"calls_per_source" range:"1..10000" help:"Calls at once from one address of phones; one more is refused with 503."`
	OverloadLag    time.Duration `yaml:"overload_lag" range:"10ms..10s" help:"While work waits so long for a processor, new calls are refused with 503; those that are up go on."`
}

func guardDefaults() guardKeys {
	return guardKeys{
		BanAfter: guard.DefaultBanAfter, Ban: guard.DefaultBan, LongestBan: guard.DefaultLongestBan, Forget: guard.DefaultForget,
		UnprovenRate: guard.DefaultUnprovenRate, CallsPerSource: sip.DefaultSourceCalls, OverloadLag: sip.DefaultOverloadLag,
	}
}

// options are what signalling makes of them.
func (k guardKeys) options() guard.Options {
	return guard.Options{BanAfter: k.BanAfter, Ban: k.Ban, LongestBan: k.LongestBan, Forget: k.Forget, UnprovenRate: k.UnprovenRate}
}
