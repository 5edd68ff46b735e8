package acd

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// line is one queue's waiting contacts and agents.
type line struct {
	queue   Queue
	members []*agent // who serve it by the rules, sorted by ID
	ready   []*agent // of members, those who may be offered now, sorted by ID
	groups  []*group // sorted by key; none is empty
	ringing []*contact
	// waiting counts the contacts of all groups, returned those that a failed
	// offer put back.
	waiting, returned int
	// calling counts the callbacks whose callers are being called.
	calling int
	// aging is Queue.AgingPerSecond in millionths of a point. Whole numbers,
	// because a fused multiply-add would differ between processors.
	aging int64
	// day is today's date at the site until dayEnds.
	day     string
	dayEnds time.Time
	zone    *Zone
	compact []string
	// best are the ranks of the first contacts that are not returned, as of this
	// dispatch; a returned contact goes right before that of its class if its own is
	// worse.
	best [classes]lead
}

// lead is the first contact of a class in a line, if there is one.
type lead struct {
	rank
	there bool
}

// class keeps clinical contacts before all others.
type class int

const (
	clinical class = iota
	ordinary
	classes
)

// group is the contacts of one line that need the same; each fits the same
// agents, apart from the rings that have opened for it.
type group struct {
	line *line
	key  string
	needs
	returned, fresh []*contact // each by arrival
	fits            map[*agent]fit
}

// needs is what a contact asks of an agent.
type needs struct {
	credentials []CredentialType // hard
	state       string
	language    string
	mustSpeak   bool // language is hard
	skills      []skillWish
	class       class
	priority    int64
	// callerFirst: a callback whose caller is called first.
	callerFirst bool
}

type skillWish struct {
	name  string
	level int
}

// fit is how an agent meets the needs: the ring that must have opened (0 from
// the start), or never.
type fit struct {
	ring   int
	speaks bool
	skill  int // sum of levels in the wanted skills
}

const never = -1

const maxPriority = 1_000_000

func needsOf(q *Queue, c *contact) needs {
	n := needs{
		class:     ordinary,
		language:  strings.ToLower(c.Language),
		mustSpeak: q.MatchLanguage && c.Language != "",
		priority:  int64(max(-maxPriority, min(maxPriority, q.Priority))) + int64(max(-maxPriority, min(maxPriority, c.Priority))),
	}
	if c.Clinical {
		n.class = clinical
	}
	n.callerFirst = c.promise != nil && q.Callback.CallerFirst
	for _, t := range []CredentialType{q.Credential, c.Credential} {
		if t != "" && !slices.Contains(n.credentials, t) {
			n.credentials = append(n.credentials, t)
		}
	}
	slices.Sort(n.credentials)
	if len(n.credentials) > 0 { // else it matters to nobody
		n.state = strings.ToUpper(strings.TrimSpace(c.State))
	}
	levels := make(map[string]int, len(q.Skills)+len(c.Skills))
	for name, level := range q.Skills {
		levels[name] = level
	}
	for name, level := range c.Skills {
		levels[name] = max(level, levels[name])
	}
	for name, level := range levels {
		if level > 0 {
			n.skills = append(n.skills, skillWish{name, level})
		}
	}
	slices.SortFunc(n.skills, func(a, b skillWish) int { return cmp.Compare(a.name, b.name) })
	return n
}

// key is one text per different needs.
func (n *needs) key() string {
	text := make([]byte, 0, 64)
	for _, t := range n.credentials {
		text = strconv.AppendQuote(text, string(t))
	}
	text = strconv.AppendQuote(append(text, ' '), n.state)
	text = strconv.AppendQuote(text, n.language)
	text = strconv.AppendBool(text, n.mustSpeak)
	for _, wish := range n.skills {
		text = strconv.AppendQuote(text, wish.name)
		text = strconv.AppendInt(text, int64(wish.level), 10)
	}
	text = strconv.AppendInt(append(text, ' '), int64(n.class), 10)
	text = strconv.AppendBool(append(text, ' '), n.callerFirst)
	return string(strconv.AppendInt(append(text, ' '), n.priority, 10))
}

// groupFor finds or makes the group of a contact.
func (e *Engine) groupFor(l *line, c *contact) *group {
	n := needsOf(&l.queue, c)
	key := n.key()
	at, found := slices.BinarySearchFunc(l.groups, key, func(g *group, key string) int { return cmp.Compare(g.key, key) })
	if found {
		return l.groups[at]
	}
	g := &group{line: l, key: key, needs: n, fits: map[*agent]fit{}}
	l.groups = slices.Insert(l.groups, at, g)
	return g
}

func (l *line) dropIfEmpty(g *group) {
	if len(g.returned)+len(g.fresh) > 0 {
		return
	}
	if at := slices.Index(l.groups, g); at >= 0 {
		l.groups = slices.Delete(l.groups, at, at+1)
	}
}

// row is the part of the group that a contact stands in.
func (g *group) row(c *contact) *[]*contact {
	if c.returned {
		return &g.returned
	}
	return &g.fresh
}

// servable: somebody in the rules, signed in or not, meets what never relaxes.
func (g *group) servable() bool {
	for _, a := range g.line.members {
		if g.hard(a) {
			return true
		}
	}
	return false
}

// hard says whether the agent meets what never relaxes.
func (g *group) hard(a *agent) bool {
	if g.mustSpeak && !speaks(a.rules.Languages, g.language) {
		return false
	}
	for _, t := range g.credentials {
		if ok, _ := mayTake(&a.rules, t, g.state, g.line.day, g.line.compact); !ok {
			return false
		}
	}
	return true
}

// fit says how an agent meets the needs. It is kept until the rules or the day
// change.
func (g *group) fit(a *agent) fit {
	if f, ok := g.fits[a]; ok {
		return f
	}
	f := fit{ring: never}
	if g.hard(a) {
		f.ring = 0
		f.speaks = g.language != "" && speaks(a.rules.Languages, g.language)
		for _, wish := range g.skills {
			level := a.rules.Skills[wish.name]
			f.skill += level
			f.ring = max(f.ring, wish.level-max(level, 0))
		}
		if f.ring > 0 && g.line.queue.RelaxEvery <= 0 {
			f.ring = never
		}
	}
	g.fits[a] = f
	return f
}

// ringOf is how many levels the skills have fallen for a contact by now.
func (g *group) ringOf(c *contact, now time.Time) int {
	every := g.line.queue.RelaxEvery
	if every <= 0 {
		return 0
	}
	return int(min(int64(now.Sub(c.Since)/every), math.MaxInt32))
}

// nextRing is when the next ring opens for a contact; zero when all are open.
func (g *group) nextRing(c *contact, now time.Time) time.Time {
	every := g.line.queue.RelaxEvery
	if every <= 0 || every > MaxWait {
		return time.Time{}
	}
	highest := 0
	for _, wish := range g.skills {
		highest = max(highest, wish.level)
	}
	open := g.ringOf(c, now)
	if open >= highest {
		return time.Time{}
	}
	return c.Since.Add(time.Duration(open+1) * every)
}

// first is the contact of the group that goes first to an agent with this fit.
// Within a row the first has waited longest, so its rings are the widest.
func (g *group) first(f fit, now time.Time) *contact {
	if f.ring == never || g.callsEnough() {
		return nil
	}
	for _, row := range [...][]*contact{g.returned, g.fresh} {
		if len(row) > 0 && g.ringOf(row[0], now) >= f.ring {
			return row[0]
		}
	}
	return nil
}

// rank orders contacts across queues: clinical ones first, then by score, then what waiting counts from,
// then arrival. A returned contact may be lent the rank of the best of its
// queue, and then goes right before it.
type rank struct {
	place
	lent bool
	own  place
}

type place struct {
	class    class
	score    int64 // points × 10⁹
	since    time.Time
	sequence uint64
}

func (p place) compare(q place) int {
	if c := cmp.Or(cmp.Compare(p.class, q.class), cmp.Compare(q.score, p.score)); c != 0 {
		return c
	}
	if c := p.since.Compare(q.since); c != 0 {
		return c
	}
	return cmp.Compare(p.sequence, q.sequence)
}

func (r rank) compare(s rank) int {
	if c := r.place.compare(s.place); c != 0 {
		return c
	}
	if r.lent != s.lent {
		if r.lent {
			return -1
		}
		return 1
	}
	return r.own.compare(s.own)
}

// placeOf is a contact's own place: priority, aged by its waiting.
func (g *group) placeOf(c *contact, now time.Time) place {
	waited := now.UnixMilli() - c.Since.UnixMilli()
	waited = min(waited, int64(MaxWait/time.Millisecond))
	return place{class: g.class, score: g.priority*1e9 + g.line.aging*waited, since: c.Since, sequence: c.sequence}
}

func (g *group) rankOf(c *contact, now time.Time) rank {
	own := g.placeOf(c, now)
	r := rank{place: own, own: own}
	if best := g.line.best[g.class]; c.returned && best.there && best.place.compare(own) < 0 {
		r.place, r.lent = best.place, true
	}
	return r
}

// lend notes the best ranks among contacts that are not returned.
func (l *line) lend(now time.Time) {
	l.best = [classes]lead{}
	if l.returned == 0 {
		return
	}
	for _, g := range l.groups {
		if len(g.fresh) == 0 {
			continue
		}
		own := g.placeOf(g.fresh[0], now)
		if best := &l.best[g.class]; !best.there || own.compare(best.place) < 0 {
			*best = lead{rank{place: own, own: own}, true}
		}
	}
}

// agingOf gives the points per second in millionths, between 0 and 1000 points.
func agingOf(perSecond float64) int64 {
	if !(perSecond > 0) { // NaN too
		return 0
	}
	return int64(math.Round(min(perSecond, 1000) * 1e6))
}

// speaks compares by RFC 4647 basic filtering in both directions: "es" and
// "es-US" match, "zh-HK" and "zh-CN" do not. wanted is in lower case.
func speaks(languages []string, wanted string) bool {
	for _, language := range languages {
		have := strings.ToLower(language)
		if have == wanted || strings.HasPrefix(have, wanted+"-") || strings.HasPrefix(wanted, have+"-") {
			return true
		}
	}
	return false
}
