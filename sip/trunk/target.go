package trunk

import (
	"cmp"
	"math/rand/v2"
	"net/netip"
	"slices"
)

// Target is one server of a trunk.
type Target struct {
	// Network is the SIP transport: udp, tcp, tls, ws or wss.
	Network string
	Address netip.AddrPort
	// ServerName is what the certificate of a tls or wss target must be for:
	// the trunk's domain (RFC 5922 section 7.1), not the name that SRV led to.
	ServerName string
	// Priority orders the targets, the lowest first; Weight shares the calls
	// among those of one priority (RFC 2782).
	Priority, Weight uint16
}

// String names the target for logs: udp://192.0.2.1:5060.
func (t Target) String() string { return t.Network + "://" + t.Address.String() }

// key is what makes two targets the same server.
type key struct {
	network string
	address netip.AddrPort
}

func (t Target) key() key { return key{t.Network, t.Address} }

// arrange puts targets in the order of RFC 2782: by priority, and within one by
// chance as their weights say.
func arrange(targets []Target, random *rand.Rand) []Target {
	left := slices.Clone(targets)
	slices.SortStableFunc(left, func(a, b Target) int { return cmp.Compare(a.Priority, b.Priority) })
	arranged := make([]Target, 0, len(left))
	for len(left) > 0 {
		same := slices.IndexFunc(left, func(t Target) bool { return t.Priority != left[0].Priority })
		if same < 0 {
			same = len(left)
		}
		next := draw(left[:same], random)
		arranged = append(arranged, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return arranged
}

// draw picks one of targets with a chance in proportion to its weight; a weight
// of 0 has next to none beside others.
func draw(targets []Target, random *rand.Rand) int {
	sum := 0
	for _, target := range targets {
		sum += int(target.Weight)
	}
	if sum == 0 {
		return random.IntN(len(targets))
	}
	at := random.IntN(sum)
	for i, target := range targets {
		if at -= int(target.Weight); at < 0 {
			return i
		}
	}
	return len(targets) - 1
}
