package guard

import (
	"cmp"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// Guard keeps the accounts. Any number of readers may ask it at once.
type Guard struct {
	options Options
	start   time.Time
	law     law
	counts  struct{ flooded, banned, shut, offences, unproven atomic.Uint64 }

	mu       sync.Mutex
	known    *table
	others   *table
	unproven account // the allowance that all who have proven nothing share
	flows    flows
}

// Verdict is what becomes of a message.
type Verdict uint8

// The verdicts.
const (
	Admitted Verdict = iota
	// Flooding: over the source's rate, or too long.
	Flooding
	// Banned: its source is.
	Banned
)

// New makes a guard whose accounts are all blank at now.
func New(options Options, now time.Time) *Guard {
	options.fill()
	rate := float64(options.SetUpRate)
	g := &Guard{options: options, start: now, flows: newFlows(options.Flows)}
	g.law = law{
		rates:    [rates]float64{messages: packetFactor * rate, floods: floodFactor * rate, setUps: rate},
		banAfter: float64(options.BanAfter), leak: float64(options.BanAfter) / options.Forget.Seconds(),
		ban: options.Ban, most: options.LongestBan, forget: options.Forget,
	}
	g.known, g.others = newTable(options.Sources, &g.law), newTable(options.Sources, &g.law)
	return g
}

func (g *Guard) table(source Source) *table {
	if source.Known {
		return g.known
	}
	return g.others
}

// since is a moment in the accounts' time. It begins after 0, which means never.
func (g *Guard) since(now time.Time) time.Duration { return now.Sub(g.start) + time.Nanosecond }

// Hear decides on one message, unread but for its length and for whether it is an
// INVITE. What comes over its rate gets a source banned that isn't known.
func (g *Guard) Hear(now time.Time, source Source, size int, invite bool) (Verdict, *Ban) {
	at := g.since(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	a, by := g.table(source).open(at, keyOf(source), 0)
	if a.banned() {
		g.counts.shut.Add(1)
		return Banned, nil
	}
	if size <= g.options.MaxMessage && a.take(messages, by) && (!invite || a.take(floods, by)) {
		return Admitted, nil
	}
	g.counts.flooded.Add(1)
	return Flooding, g.offend(at, source, Flood)
}

// Shut reports whether a source is banned. Of one that is not it keeps nothing.
func (g *Guard) Shut(now time.Time, source Source) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.table(source).known(g.since(now), keyOf(source))
	shut := a != nil && a.banned()
	if shut {
		g.counts.shut.Add(1)
	}
	return shut
}

// SetUp takes one INVITE from a source's allowance; false where it is used up.
func (g *Guard) SetUp(now time.Time, source Source) bool {
	at := g.since(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	a, by := g.table(source).open(at, keyOf(source), 0)
	if a.take(setUps, by) {
		return true
	}
	g.counts.flooded.Add(1)
	return false
}

// Unproven takes one message from what all sources together may send that have
// proven nothing; false where it is used up, and the message is to be dropped.
func (g *Guard) Unproven(now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	by := law{rates: [rates]float64{messages: float64(g.options.UnprovenRate)}}
	g.unproven.settle(g.since(now), &by)
	if g.unproven.take(messages, &by) {
		return true
	}
	g.counts.unproven.Add(1)
	return false
}

// Offend notes an offence. The ban is nil unless this offence brought it about;
// sources that are known get none.
func (g *Guard) Offend(now time.Time, source Source, offence Offence) *Ban {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.offend(g.since(now), source, offence)
}

func (g *Guard) offend(at time.Duration, source Source, offence Offence) *Ban {
	if source.Known {
		return nil
	}
	g.counts.offences.Add(1)
	a, by := g.others.open(at, keyOf(source), offence.weight())
	if !a.offend(at, offence, by) {
		return nil
	}
	g.counts.banned.Add(1)
	ban := g.banOf(a)
	return &ban
}

// Excuse takes a challenge back that was answered with the right password.
func (g *Guard) Excuse(now time.Time, source Source) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if a := g.others.known(g.since(now), keyOf(source)); a != nil {
		a.points = max(0, a.points-Challenged.weight())
	}
}

// Ban is a source that isn't heard for a while.
type Ban struct {
	// Source is the address, or the IPv6 network of 64 bits; invalid for all those
	// together that found no place in the table.
	Source netip.Prefix
	// Connected says that it is for connections; otherwise for datagrams.
	Connected bool
	// Until is its end.
	Until time.Time
	// Times is how many bans of this source aren't forgotten, this one included.
	Times int
	// Because is the offence that brought it about.
	Because Offence
}

// Others names those who found no place in the table, where they are banned
// together.
const Others = "others"

// Name is the banned address or network, or Others.
func (b Ban) Name() string {
	switch {
	case !b.Source.IsValid():
		return Others
	case b.Source.Addr().Is4():
		return b.Source.Addr().String()
	}
	return b.Source.String()
}

func (g *Guard) banOf(a *account) Ban {
	ban := Ban{Connected: a.key.connected, Until: g.start.Add(a.until), Times: a.times, Because: a.because}
	if a.used { // the crowd's isn't
		ban.Source = a.key.prefix()
	}
	return ban
}

// Bans lists those that hold, in the order of their addresses.
func (g *Guard) Bans(now time.Time) []Ban {
	at := g.since(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	var all []Ban
	g.others.each(func(a *account, by *law) {
		if a.settle(at, by); a.banned() {
			all = append(all, g.banOf(a))
		}
	})
	slices.SortFunc(all, func(a, b Ban) int {
		if order := a.Source.Addr().Compare(b.Source.Addr()); order != 0 {
			return order
		}
		return cmp.Compare(side(a), side(b))
	})
	return all
}

func side(b Ban) int {
	if b.Connected {
		return 1
	}
	return 0
}

// Lift ends the bans of an address, or with the zero Addr that of all those who
// found no place in the table, and forgets what led to them. It returns how many
// there were.
func (g *Guard) Lift(now time.Time, address netip.Addr) int {
	at := g.since(now)
	g.mu.Lock()
	defer g.mu.Unlock()
	lifted := 0
	for _, a := range g.accounts(at, address) {
		if a.settle(at, &g.law); a.banned() {
			lifted++
		}
		a.points, a.times, a.until = 0, 0, 0
	}
	return lifted
}

// accounts are those of an address that are there.
func (g *Guard) accounts(at time.Duration, address netip.Addr) []*account {
	if !address.IsValid() {
		return []*account{&g.others.crowd}
	}
	var all []*account
	for _, connected := range []bool{false, true} {
		if a := g.others.known(at, keyOf(Source{Address: address, Connected: connected})); a != nil {
			all = append(all, a)
		}
	}
	return all
}

// Stats are counts since the start, and what holds now.
type Stats struct {
	Bans     int    // that hold
	Flows    int    // that have proven who they are
	Banned   uint64 // bans so far
	Shut     uint64 // messages and connections of banned sources
	Flooded  uint64 // messages over the rate of their source
	Unproven uint64 // messages over what all unproven sources may send together
	Offences uint64
}

// Stats takes a snapshot.
func (g *Guard) Stats(now time.Time) Stats {
	stats := Stats{
		Banned: g.counts.banned.Load(), Shut: g.counts.shut.Load(), Flooded: g.counts.flooded.Load(),
		Unproven: g.counts.unproven.Load(), Offences: g.counts.offences.Load(), Bans: len(g.Bans(now)),
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	stats.Flows = g.flows.count(g.since(now))
	return stats
}
