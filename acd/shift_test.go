package acd

import (
	"fmt"
	"strings"
	"time"

	"pgregory.net/rapid"
)

// shift is an engine with a clock, for tests that read as stories.
type shift struct {
	t      rapid.TB
	engine *Engine
	now    time.Time
	last   []Decision
	events int
}

// monday is 9:00 in Chicago.
func monday() time.Time { return time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC) }

func startShift(t rapid.TB, rules Rules) *shift {
	t.Helper()
	s := &shift{t: t, engine: NewEngine(), now: monday()}
	s.do(RulesLoaded{Rules: rules})
	s.refusedNothing()
	return s
}

// do takes an event and checks the invariants after it.
func (s *shift) do(event Event) []Decision {
	s.t.Helper()
	s.last = s.engine.Step(s.now, event)
	s.events++
	checkInvariants(s.t, s.engine)
	return s.last
}

// wait lets time pass, waking the engine whenever it asked for it.
func (s *shift) wait(d time.Duration) []Decision {
	s.t.Helper()
	var all []Decision
	end := s.now.Add(d)
	for {
		at, ok := s.wake()
		if !ok || at.After(end) {
			break
		}
		s.now = at
		all = append(all, s.do(Woke{})...)
	}
	s.now = end
	s.last = all
	return all
}

func (s *shift) wake() (time.Time, bool) {
	if len(s.engine.alarms) == 0 && s.engine.licensed == 0 {
		return time.Time{}, false
	}
	e := *s.engine
	e.out = nil
	e.askWake()
	return e.out[0].(Wake).At, true
}

func (s *shift) available(agents ...AgentID) {
	s.t.Helper()
	for _, id := range agents {
		s.do(AgentSignedIn{Agent: id})
		s.refusedNothing()
		s.do(AgentSet{Agent: id, State: Available})
		s.refusedNothing()
		s.now = s.now.Add(time.Second)
	}
}

func (s *shift) arrives(c Contact) { s.t.Helper(); s.do(ContactArrived{Contact: c}) }

func (s *shift) calls(queue string, ids ...ContactID) {
	s.t.Helper()
	for _, id := range ids {
		s.arrives(Contact{ID: id, Queue: queue})
		s.now = s.now.Add(time.Second)
	}
}

// talk brings an offered agent into talk.
func (s *shift) talk(agent AgentID) {
	s.t.Helper()
	offer := s.agent(agent).Offer
	s.do(OfferAccepted{Offer: offer})
	s.refusedNothing()
	s.do(TalkStarted{Offer: offer})
	s.refusedNothing()
}

func (s *shift) agent(id AgentID) AgentStatus {
	s.t.Helper()
	status, ok := s.engine.Agent(id)
	if !ok {
		s.t.Fatalf("there is no agent %s", id)
	}
	return status
}

func (s *shift) state(id AgentID, want AgentState) {
	s.t.Helper()
	if got := s.agent(id).State; got != want {
		s.t.Fatalf("%s is %s, want %s\nlast: %s", id, got, want, tell(s.last))
	}
}

// rings says that the agent is offered this contact.
func (s *shift) rings(id AgentID, contact ContactID) {
	s.t.Helper()
	status := s.agent(id)
	if status.State != Offered || status.Contact != contact {
		s.t.Fatalf("%s is %s %s, want offered %s\nlast: %s", id, status.State, status.Contact, contact, tell(s.last))
	}
}

func (s *shift) waits(contact ContactID, place int) {
	s.t.Helper()
	got, ok := s.engine.Position(contact)
	if !ok || got != place || s.engine.contacts[contact].phase != waiting {
		s.t.Fatalf("%s: place %d (%v), want waiting at %d\nlast: %s", contact, got, ok, place, tell(s.last))
	}
}

func (s *shift) refusedNothing() {
	s.t.Helper()
	if r, ok := find[Refused](s.last); ok {
		s.t.Fatalf("refused: %+v", r)
	}
}

func (s *shift) refused() Refused {
	s.t.Helper()
	return must[Refused](s)
}

// must gives the one decision of a kind in the last step or wait.
func must[D Decision](s *shift) D {
	s.t.Helper()
	d, ok := find[D](s.last)
	if !ok {
		s.t.Fatalf("no %T among: %s", d, tell(s.last))
	}
	return d
}

func mustNot[D Decision](s *shift) {
	s.t.Helper()
	if d, ok := find[D](s.last); ok {
		s.t.Fatalf("unexpected %+v", d)
	}
}

func find[D Decision](list []Decision) (D, bool) {
	for _, d := range list {
		if found, ok := d.(D); ok {
			return found, true
		}
	}
	var none D
	return none, false
}

func tell(list []Decision) string {
	var text strings.Builder
	for _, d := range list {
		fmt.Fprintf(&text, "\n  %s %+v", DecisionName(d), d)
	}
	return text.String()
}

func hasReason(t rapid.TB, reasons []string, part string) {
	t.Helper()
	if !strings.Contains(strings.Join(reasons, "\n"), part) {
		t.Fatalf("no reason says %q:\n%s", part, strings.Join(reasons, "\n"))
	}
}

// clinic is two queues and five agents like those of the demo.
func clinic() Rules {
	active := func(t CredentialType, state string, multi bool, expires string) Credential {
		return Credential{Type: t, Number: state + "1", State: state, Multistate: multi, Expires: expires, Status: "active"}
	}
	return Rules{
		Version: "1",
		Agents: []Agent{
			{ID: "maria", Name: "Maria", Queues: []string{"members", "claims"}, Skills: map[string]int{"benefits": 4, "claims": 3}, Languages: []string{"en", "es"}},
			{ID: "james", Name: "James", Queues: []string{"members", "claims"}, Skills: map[string]int{"benefits": 2, "claims": 4}, Languages: []string{"en"}},
			{ID: "nora", Name: "Nora", Queues: []string{"nurse"}, Languages: []string{"en"}, Credentials: []Credential{active(RN, "WI", true, "2027-06-30"), active(RN, "MN", false, "2027-06-30")}},
			{ID: "rosa", Name: "Rosa", Queues: []string{"nurse"}, Languages: []string{"en", "es"}, Credentials: []Credential{active(RN, "IL", false, "2027-06-30")}},
			{ID: "evan", Name: "Evan", Queues: []string{"nurse"}, Languages: []string{"en"}, Credentials: []Credential{active(RN, "WI", true, "2026-06-30")}},
		},
		Queues: []Queue{
			{Name: "members", RingTimeout: 20 * time.Second, WrapUp: 30 * time.Second},
			{Name: "claims", RingTimeout: 20 * time.Second, WrapUp: 10 * time.Second},
			{Name: "nurse", Credential: RN, Priority: 100, RingTimeout: 15 * time.Second, WrapUp: time.Minute},
		},
		CompactStates: []string{"WI", "IA", "CO"},
	}
}
