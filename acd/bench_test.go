package acd

import (
	"fmt"
	"slices"
	"testing"
	"time"
)

const (
	busyContacts = 2000
	busyAgents   = 500
)

// busyRules are ten queues, one of them for nurses, that 500 agents serve three each.
func busyRules() Rules {
	rules := Rules{CompactStates: []string{"WI", "IA", "CO", "TX"}}
	for i := range 10 {
		q := Queue{
			Name: fmt.Sprintf("q%d", i), Priority: i % 3, AgingPerSecond: 0.01, RingTimeout: 20 * time.Second,
			Skills: map[string]int{"benefits": 1 + i%4}, RelaxEvery: time.Minute,
		}
		if i == 9 {
			q.Credential, q.Priority = RN, 100
		}
		rules.Queues = append(rules.Queues, q)
	}
	states := []string{"WI", "IL", "MN", "CO"}
	for i := range busyAgents {
		a := Agent{ID: AgentID(fmt.Sprintf("a%03d", i)), Skills: map[string]int{"benefits": i % 6}, Languages: []string{"en", "es"}[:1+i%2]}
		for k := range 3 {
			a.Queues = append(a.Queues, fmt.Sprintf("q%d", (i+k*3)%10))
		}
		a.Credentials = []Credential{{Type: RN, State: states[i%4], Multistate: i%2 == 0, Expires: "2030-01-01", Status: "active"}}
		rules.Agents = append(rules.Agents, a)
	}
	return rules
}

// rush is a center with 500 agents in talk and 2,000 callers in line.
type rush struct {
	engine  *Engine
	now     time.Time
	talking []Offer
	next    int
	events  int
	offers  int
	after   func() // each event
}

func startRush(b *testing.B) *rush {
	b.Helper()
	r := &rush{engine: NewEngine(), now: monday(), after: func() {}}
	r.step(RulesLoaded{busyRules()})
	for range busyContacts + busyAgents {
		r.arrive()
	}
	for _, a := range busyRules().Agents {
		r.step(AgentSignedIn{a.ID})
		r.step(AgentSet{Agent: a.ID, State: Available})
	}
	r.now = r.now.Add(10 * time.Minute) // all rings open, so that nobody is idle
	r.step(Woke{})
	for len(r.engine.contacts) < busyContacts+len(r.talking) {
		r.arrive()
	}
	if len(r.talking) != busyAgents {
		b.Fatalf("only %d agents in talk", len(r.talking))
	}
	return r
}

func (r *rush) step(event Event) {
	r.events++
	r.now = r.now.Add(5 * time.Millisecond)
	for _, d := range r.engine.Step(r.now, event) {
		if o, ok := d.(Offer); ok {
			r.offers++
			r.talking = append(r.talking, o)
			r.after()
			r.step(OfferAccepted{o.ID})
			r.step(TalkStarted{o.ID})
		}
	}
	r.after()
}

func (r *rush) arrive() {
	states := []string{"WI", "IL", "MN", "CO", "TX"}
	r.next++
	r.step(ContactArrived{Contact{
		ID: ContactID(fmt.Sprintf("c%d", r.next)), Queue: fmt.Sprintf("q%d", r.next*7%10),
		Language: []string{"en", "es"}[r.next/3%2], State: states[r.next%5],
	}})
}

// turn ends the oldest call, whose agent takes the next caller, and a new one comes.
func (r *rush) turn() {
	o := r.talking[0]
	r.talking = r.talking[1:]
	r.step(ContactLeft{o.Contact, Ended})
	r.arrive()
}

// naiveScan is what an engine without groups, fresh lists and kept fits does
// after each event: sort all who wait, and ask each agent of the queue about each.
func naiveScan(e *Engine) (found int) {
	type entry struct {
		c *contact
		p place
	}
	var all []entry
	for _, c := range e.contacts {
		if c.phase == waiting {
			all = append(all, entry{c, c.group.placeOf(c, e.now)})
		}
	}
	slices.SortFunc(all, func(a, b entry) int { return a.p.compare(b.p) })
	for _, w := range all {
		for _, a := range w.c.group.line.members {
			if a.state == Available && a.ready && w.c.group.hard(a) {
				found++
			}
		}
	}
	return found
}

// BenchmarkStep measures an event of a busy center, and how many times longer
// it takes with a full scan after each.
func BenchmarkStep(b *testing.B) {
	naive := func() float64 {
		r := startRush(b)
		const turns = 25
		r.events = 0
		r.after = func() { naiveScan(r.engine) }
		start := time.Now()
		for range turns {
			r.turn()
		}
		return float64(time.Since(start).Nanoseconds()) / float64(r.events)
	}()
	r := startRush(b)
	r.events, r.offers = 0, 0
	b.ReportAllocs()
	b.ResetTimer()
	for b.Loop() {
		r.turn()
	}
	each := float64(b.Elapsed().Nanoseconds()) / float64(r.events)
	b.ReportMetric(each, "ns/event")
	b.ReportMetric(naive/each, "×naive")
	b.ReportMetric(float64(r.offers)/float64(r.events), "offers/event")
	b.ReportMetric(float64(len(r.engine.contacts)-len(r.talking)), "waiting")
}

// BenchmarkQuietEvent measures an event that changes no match: a hold.
func BenchmarkQuietEvent(b *testing.B) {
	r := startRush(b)
	agent := r.talking[0].Agent
	on := false
	b.ReportAllocs()
	for b.Loop() {
		on = !on
		r.engine.Step(r.now, HoldChanged{agent, on})
	}
}

// BenchmarkReload measures new rules over 2,000 waiting contacts and 500 agents.
func BenchmarkReload(b *testing.B) {
	r := startRush(b)
	rules := busyRules()
	for b.Loop() {
		r.engine.Step(r.now, RulesLoaded{rules})
	}
}
