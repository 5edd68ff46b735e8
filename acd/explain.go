package acd

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// explain says, for a supervisor, why this contact, why this agent, and why not
// the others. It is called while the contact still stands in line.
func (e *Engine) explain(a *agent, c *contact) (reasons []string, considered []Considered, unlisted int) {
	g := c.group
	handed := c.HandedTo == a.id
	if handed {
		reasons = append(reasons, "handed to "+string(a.id)+" by name", "free, so nobody in line could have been offered to "+string(a.id))
	} else {
		reasons = append(reasons, e.whyContact(c), e.whyAgent(a, g, c))
	}
	if c.promise != nil {
		reasons = append(reasons, "callback, asked for "+short(e.now.Sub(c.inLineFrom))+" ago")
	}
	for _, t := range g.credentials {
		_, why := MayTake(a.rules, t, g.state, g.line.day, g.line.compact)
		reasons = append(reasons, "license: "+why+", checked for "+g.line.day)
	}
	if !handed { // what relaxes counts for nothing there
		reasons = append(reasons, g.whySkills(a, c, e.now)...)
	}
	if g.language != "" {
		verb := "speaks "
		switch {
		case g.fit(a).speaks:
		case handed:
			verb = "does not speak "
		default:
			verb = "no free agent speaks "
		}
		reasons = append(reasons, verb+c.Language)
	}
	considered, unlisted = e.consider(a, c)
	return reasons, considered, unlisted
}

func (e *Engine) whyContact(c *contact) string {
	g := c.group
	var text strings.Builder
	ahead := e.aheadInLine(c)
	if ahead == 0 {
		fmt.Fprintf(&text, "first in line for %s", g.line.queue.Name)
	} else {
		fmt.Fprintf(&text, "first in line for %s whom a free agent can take (%d ahead need somebody else)", g.line.queue.Name, ahead)
	}
	fmt.Fprintf(&text, ", waited %s", short(e.now.Sub(c.inLineFrom)))
	if c.Clinical {
		text.WriteString(", clinical, before all others")
	}
	switch {
	case c.Returned:
		text.WriteString(", at the head since an agent had the call")
	case c.returned:
		text.WriteString(", back at the head after an offer that failed")
	}
	aged := (g.placeOf(c, e.now).score - g.priority*1e9) / 1e8
	if g.priority != 0 || aged != 0 {
		fmt.Fprintf(&text, ", priority %d", g.priority)
		if aged != 0 {
			fmt.Fprintf(&text, " and %d.%d for waiting", aged/10, aged%10)
		}
	}
	return text.String()
}

func (e *Engine) whyAgent(a *agent, g *group, c *contact) string {
	fitting := 0
	open := g.ringOf(c, e.now)
	for _, other := range g.line.ready {
		if f := g.fit(other); f.ring != never && f.ring <= open {
			fitting++
		}
	}
	if fitting <= 1 {
		return "the only free agent who fits"
	}
	idle := short(e.now.Sub(a.idleSince))
	switch g.line.queue.Strategy {
	case FewestCalls:
		return fmt.Sprintf("fewest calls (%d) of %d free agents who fit", a.calls, fitting)
	case HighestSkill:
		return fmt.Sprintf("highest skill (%d) of %d free agents who fit", g.fit(a).skill, fitting)
	}
	return fmt.Sprintf("longest idle (%s) of %d free agents who fit", idle, fitting)
}

func (g *group) whySkills(a *agent, c *contact, now time.Time) []string {
	var out []string
	open := g.ringOf(c, now)
	for _, wish := range g.skills {
		text := fmt.Sprintf("skill %s %d, wanted %d", wish.name, a.rules.Skills[wish.name], wish.level)
		if a.rules.Skills[wish.name] < wish.level {
			text += fmt.Sprintf(", relaxed to %d after %s", max(0, wish.level-open), short(now.Sub(c.Since)))
		}
		out = append(out, text)
	}
	return out
}

// WhyWaiting says, for a contact in line, why each signed-in agent of its queue
// is not offered it now: at most MaxConsidered, sorted by agent. False if the
// contact does not stand in line.
func (e *Engine) WhyWaiting(id ContactID) (list []Considered, ok bool) {
	c := e.contacts[id]
	if c == nil || c.phase != waiting {
		return nil, false
	}
	list, _ = e.consider(nil, c)
	return list, true
}

// consider lists the other signed-in agents of the queue.
func (e *Engine) consider(chosen *agent, c *contact) (list []Considered, unlisted int) {
	g := c.group
	others := 0
	var picked []*agent
	for _, free := range [...]bool{true, false} {
		for _, a := range g.line.members {
			if a == chosen || a.state == SignedOut || a.ready != free {
				continue
			}
			others++
			if len(picked) < MaxConsidered {
				picked = append(picked, a)
			}
		}
	}
	slices.SortFunc(picked, byAgentID)
	for _, a := range picked {
		list = append(list, Considered{Agent: a.id, Why: e.whyNot(a, chosen, c)})
	}
	return list, others - len(picked)
}

func (e *Engine) whyNot(a, chosen *agent, c *contact) string {
	g := c.group
	if !g.hard(a) {
		return g.refusal(a)
	}
	switch a.state {
	case Available:
		if !a.ready {
			return "free, but refused an offer and is left in peace for another " + short(a.notBefore.Sub(e.now))
		}
	case Away:
		return cmp.Or("away: "+a.reason, "away")
	case WrapUp:
		return "in wrap-up"
	default:
		return strings.ReplaceAll(string(a.state), "_", " ") + " with another caller"
	}
	f := g.fit(a)
	if open := g.ringOf(c, e.now); f.ring == never || f.ring > open {
		return g.lacking(a, open)
	}
	if chosen == nil {
		return "free"
	}
	best := g.fit(chosen)
	switch {
	case f.speaks != best.speaks:
		return "free, but does not speak " + c.Language
	case g.line.queue.Strategy == FewestCalls && a.calls != chosen.calls:
		return "free, has had " + strconv.Itoa(a.calls) + " calls"
	case g.line.queue.Strategy == HighestSkill && f.skill != best.skill:
		return "free, skill " + strconv.Itoa(f.skill)
	}
	return "free, idle " + short(e.now.Sub(a.idleSince))
}

// lacking names the skills that keep an agent out at this ring.
func (g *group) lacking(a *agent, open int) string {
	var parts []string
	for _, wish := range g.skills {
		if wanted := wish.level - open; a.rules.Skills[wish.name] < wanted {
			parts = append(parts, fmt.Sprintf("%s %d, wanted %d", wish.name, a.rules.Skills[wish.name], wanted))
		}
	}
	text := "free, skill " + strings.Join(parts, "; ")
	if g.line.queue.RelaxEvery <= 0 {
		text += " (never relaxes)"
	}
	return text
}

// refusal says which hard requirement an agent does not meet.
func (g *group) refusal(a *agent) string {
	for _, t := range g.credentials {
		if ok, why := MayTake(a.rules, t, g.state, g.line.day, g.line.compact); !ok {
			return why
		}
	}
	return "does not speak " + g.language
}

// short prints a duration in whole seconds from a second on.
func short(d time.Duration) string {
	if d >= time.Second || d <= -time.Second {
		d = d.Truncate(time.Second)
	} else {
		d = d.Truncate(time.Millisecond)
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
