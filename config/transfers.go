package config

import (
	"careline/problem"
)

// transfers checks that what sip.transfers promises can be done.
func (r *reader) transfers(doc *problem.Document, settings *Config, phones int) {
	node := at(doc.Root, "sip", "transfers")
	switch plan := settings.SIP.Plan; {
	case !settings.Transfers:
	case plan == nil || plan.Empty():
		r.warn(doc.At(node, "agents may transfer callers to colleagues and to the lines here alone: no number outside may be dialed").
			Hint("allow some in %s, or set sip.transfers to false", dialplanFile))
	case phones > 0 && len(settings.SIP.Trusted) > 0 && len(settings.SIP.Sources) > 0 && everyoneTrusted(settings):
		r.warn(doc.At(node, "desk phones can't call anybody before a transfer: whoever may talk to us is taken for a trunk").
			Hint("give the trunks of %s their own sources, and the phones theirs in %s", trunksFile, phonesFile))
	}
}

// everyoneTrusted reports whether no source is left that could be a phone's, whose
// calls must be signed with its password.
func everyoneTrusted(settings *Config) bool {
	for _, source := range settings.SIP.Sources {
		within := false
		for _, trusted := range settings.SIP.Trusted {
			within = within || trusted.Bits() <= source.Bits() && trusted.Contains(source.Addr())
		}
		if !within {
			return false
		}
	}
	return true
}
