// Package trunk knows the carriers: where each is reached, which of its targets
// answer, and how many calls may go over it.
//
// What lives here: finding a domain's servers (RFC 3263, RFC 2782), their health
// by OPTIONS, the order in which a call tries them, and each trunk's limits.
// What must not: SIP messages (a Pinger sends them), numbers, and which calls go
// by which trunk, which is the dial plan's.
//
//	t, err := trunk.New(trunk.Options{Name: "main", Domain: "sip.carrier.example"}, random)
//	err = trunk.NewMonitor(trunks, pinger, resolver, log).Run(ctx) // blocks
//	release, err := t.Take(now)                                    // ErrFull, ErrTooFast
//	for _, target := range t.Order() { … }                         // best first
package trunk
