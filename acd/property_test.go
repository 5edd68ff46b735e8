package acd

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// genRules draws rules over few names, so that they meet.
func genRules(t *rapid.T, version int) Rules {
	states := []string{"WI", "IA", "MN", "IL"}
	skills := rapid.MapOfN(rapid.SampledFrom([]string{"benefits", "claims"}), rapid.IntRange(0, 5), 0, 2)
	rules := Rules{Version: fmt.Sprint(version), CompactStates: states[:2]}
	for _, name := range []string{"q1", "q2", "q3"} {
		if version > 0 && rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
			continue
		}
		rules.Queues = append(rules.Queues, Queue{
			Name: name, Skills: skills.Draw(t, "skills"), MatchLanguage: rapid.Bool().Draw(t, "match"),
			RelaxEvery:     rapid.SampledFrom([]time.Duration{0, 7 * time.Second, time.Minute}).Draw(t, "relax"),
			Credential:     rapid.SampledFrom([]CredentialType{"", "", RN}).Draw(t, "credential"),
			Priority:       rapid.IntRange(-2, 10).Draw(t, "priority"),
			AgingPerSecond: rapid.SampledFrom([]float64{0, 0.01, 0.3}).Draw(t, "aging"),
			Strategy:       rapid.SampledFrom([]string{"", LongestIdle, FewestCalls, HighestSkill}).Draw(t, "strategy"),
			RingTimeout:    rapid.SampledFrom([]time.Duration{0, 5 * time.Second}).Draw(t, "ring"),
			WrapUp:         rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(t, "wrapup"),
			WaitLimit:      rapid.SampledFrom([]time.Duration{0, 90 * time.Second}).Draw(t, "limit"),
			QueueLimit:     rapid.SampledFrom([]int{0, 3}).Draw(t, "full"),
			Callback: CallbackRules{
				CallerFirst: rapid.Bool().Draw(t, "callerFirst"), Attempts: rapid.IntRange(0, 2).Draw(t, "attempts"),
				AfterBusy: rapid.SampledFrom([]time.Duration{0, 10 * time.Second}).Draw(t, "busy"), AfterNoAnswer: 20 * time.Second,
			},
			Site: rapid.SampledFrom([]string{"", "America/Chicago", "America/New_York"}).Draw(t, "site"),
		})
	}
	for _, id := range []AgentID{"a1", "a2", "a3", "a4"} {
		if version > 0 && rapid.IntRange(0, 9).Draw(t, "gone") == 0 {
			continue
		}
		agent := Agent{
			ID: id, Queues: rapid.SliceOfDistinct(rapid.SampledFrom([]string{"q1", "q2", "q3"}), rapid.ID).Draw(t, "queues"),
			Skills: skills.Draw(t, "skills"), Languages: rapid.SliceOfN(rapid.SampledFrom([]string{"en", "es-US"}), 0, 2).Draw(t, "languages"),
		}
		for range rapid.IntRange(0, 2).Draw(t, "licenses") {
			agent.Credentials = append(agent.Credentials, Credential{
				Type: RN, State: rapid.SampledFrom(states).Draw(t, "home"), Multistate: rapid.Bool().Draw(t, "multi"),
				Expires: rapid.SampledFrom([]string{"2026-11-22", "2026-11-23", "2027-01-01"}).Draw(t, "expires"),
				Status:  rapid.SampledFrom([]string{"active", "active", "active", "suspended"}).Draw(t, "status"),
			})
		}
		rules.Agents = append(rules.Agents, agent)
	}
	rules, err := rules.ResolveZones(time.LoadLocation, monday().AddDate(0, 0, -7), monday().AddDate(1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	return rules
}

func genContact(t *rapid.T, now time.Time, id ContactID) Contact {
	return Contact{
		ID: id, Queue: rapid.SampledFrom([]string{"q1", "q2", "q3", "q9"}).Draw(t, "queue"),
		Priority:   rapid.SampledFrom([]int{0, 0, 5}).Draw(t, "priority"),
		Skills:     rapid.MapOfN(rapid.Just("claims"), rapid.IntRange(0, 4), 0, 1).Draw(t, "skills"),
		Language:   rapid.SampledFrom([]string{"", "en-US", "es"}).Draw(t, "language"),
		State:      rapid.SampledFrom([]string{"", "WI", "IA", "MN", "IL"}).Draw(t, "state"),
		Credential: rapid.SampledFrom([]CredentialType{"", "", "", RN}).Draw(t, "credential"),
		Since:      rapid.SampledFrom([]time.Time{{}, now, now.Add(-time.Minute), now.Add(time.Hour)}).Draw(t, "since"),
		Returned:   rapid.SampledFrom([]bool{false, false, true}).Draw(t, "returned"),
		Clinical:   rapid.SampledFrom([]bool{false, false, true}).Draw(t, "clinical"),
		HandedTo:   rapid.SampledFrom([]AgentID{"", "", "a1", "a2", "a9"}).Draw(t, "handed"),
	}
}

// genCallback draws a callback with the needs of any contact.
func genCallback(t *rapid.T, now time.Time, id ContactID) Callback {
	c := Callback{Contact: genContact(t, now, id), Attempts: rapid.IntRange(0, 1).Draw(t, "made")}
	c.From = rapid.SampledFrom([]time.Time{{}, now, now.Add(20 * time.Second)}).Draw(t, "from")
	at := now.Add(-30 * time.Second)
	for range rapid.IntRange(0, 3).Draw(t, "hours") {
		at = at.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "shut")) * time.Second)
		until := at.Add(time.Duration(rapid.IntRange(1, 60).Draw(t, "open")) * time.Second)
		c.Hours = append(c.Hours, Period{at, until})
		at = until
	}
	return c
}

// genEvent draws an event, mostly one that makes sense.
func genEvent(t *rapid.T, w *watch, now time.Time, n int) Event {
	agent := rapid.SampledFrom([]AgentID{"a1", "a2", "a3", "a4", "a9"}).Draw(t, "agent")
	offer := OfferID("c0/1")
	if ids := slices.Sorted(maps.Keys(w.rings)); len(ids) > 0 {
		offer = rapid.SampledFrom(ids).Draw(t, "offer")
	}
	contact := ContactID("c0")
	if ids := slices.Sorted(maps.Keys(w.live)); len(ids) > 0 {
		contact = rapid.SampledFrom(ids).Draw(t, "contact")
	}
	callback := contact
	if ids := slices.Sorted(maps.Keys(w.promised)); len(ids) > 0 {
		callback = rapid.SampledFrom(ids).Draw(t, "callback")
	}
	switch rapid.IntRange(0, 32).Draw(t, "kind") {
	case 0, 1:
		return AgentSignedIn{agent}
	case 2, 3, 4, 5:
		return AgentSet{Agent: agent, State: Available}
	case 6:
		return AgentSet{Agent: agent, State: Away, Reason: "lunch"}
	case 7:
		return AgentSignedOut{agent}
	case 8, 9, 10, 11, 12:
		return ContactArrived{genContact(t, now, ContactID(fmt.Sprintf("c%d", n)))}
	case 13:
		return ContactLeft{contact, rapid.SampledFrom([]LeaveReason{Abandoned, Ended, Moved, Failed, Cancelled}).Draw(t, "reason")}
	case 14, 15, 16:
		return OfferAccepted{offer}
	case 17:
		return OfferRefused{offer, rapid.SampledFrom([]RefuseCause{Declined, Busy, Unreachable, NoAnswer}).Draw(t, "cause")}
	case 18, 19:
		return TalkStarted{OfferID(fmt.Sprintf("c%d/%d", rapid.IntRange(0, n).Draw(t, "c"), rapid.IntRange(1, 9).Draw(t, "o")))}
	case 20:
		return HoldChanged{agent, rapid.Bool().Draw(t, "on")}
	case 21:
		return AgentDropped{agent}
	case 22:
		return WrapUpDone{agent}
	case 23:
		return WrapUpExtended{agent, time.Minute}
	case 24, 25, 26, 27:
		return CallbackAsked{genCallback(t, now, ContactID(fmt.Sprintf("c%d", n)))}
	case 28, 29:
		return CallbackReached{callback}
	case 30, 31:
		return CallbackMissed{callback, rapid.SampledFrom([]MissCause{CalleeBusy, CalleeNoAnswer, CalleeMachine, CalleeHungUp, CallFailed, NotCalled, "bored"}).Draw(t, "miss")}
	}
	return RulesLoaded{genRules(t, n)}
}

func encodeAll(t *rapid.T, decisions []Decision) []byte {
	var all []byte
	for _, d := range decisions {
		line, err := EncodeDecision(d)
		if err != nil {
			t.Fatal(err)
		}
		all = append(append(all, line...), '\n')
	}
	return all
}

// TestAnyDay drives three engines through one drawn day: the live one, one that
// scans everything at each step, and afterwards a replay of the journal. All
// must decide alike, byte for byte; the observer and the invariants judge each
// step.
func TestAnyDay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		type entry struct {
			at   time.Time
			line []byte
			out  []byte
		}
		live, scan := NewEngine(), NewEngine()
		scan.scanAll = true
		w := newWatch(t)
		var journal []entry
		// From shortly before midnight in Chicago, so that days end.
		now := time.Date(2026, 11, 24, 4, 57, 0, 0, time.UTC)
		step := func(event Event) {
			line, err := EncodeEvent(event)
			if err != nil {
				t.Fatal(err)
			}
			decisions := live.Step(now, event)
			out := encodeAll(t, decisions)
			journal = append(journal, entry{now, line, out})
			if scanned := encodeAll(t, scan.Step(now, event)); !bytes.Equal(out, scanned) {
				t.Fatalf("%s: a full scan decides otherwise:\n%s\nnot\n%s", line, scanned, out)
			}
			w.step(now, event, decisions)
			checkInvariants(t, live)
		}
		pass := func(d time.Duration) {
			end := now.Add(d)
			for {
				at := nextWake(live)
				if at.IsZero() || at.After(end) {
					break
				}
				now = at
				step(Woke{})
			}
			now = end
		}
		step(RulesLoaded{genRules(t, 0)})
		for n := range rapid.IntRange(1, 80).Draw(t, "events") {
			step(genEvent(t, w, now, n))
			pass(rapid.SampledFrom([]time.Duration{0, time.Millisecond, time.Second, 4 * time.Second, 31 * time.Second}).Draw(t, "pause"))
		}
		// The day ends: every caller hangs up, and nobody stays reserved.
		for _, id := range slices.Sorted(maps.Keys(w.live)) {
			if _, still := w.live[id]; still {
				step(ContactLeft{id, Abandoned})
			}
		}
		pass(2 * time.Hour)
		if len(live.contacts)+len(w.live)+len(w.rings) != 0 {
			t.Fatalf("%d contacts, %d rings are left", len(live.contacts), len(w.rings))
		}
		for _, a := range live.Agents() {
			if a.State != SignedOut && a.State != Available && a.State != Away {
				t.Fatalf("%s is %s after everybody has gone", a.ID, a.State)
			}
		}
		replay := NewEngine()
		for _, e := range journal {
			event, err := DecodeEvent(e.line)
			if err != nil {
				t.Fatal(err)
			}
			if again, err := EncodeEvent(event); err != nil || !bytes.Equal(again, e.line) {
				t.Fatalf("%s comes back as %s (%v)", e.line, again, err)
			}
			if out := encodeAll(t, replay.Step(e.at, event)); !bytes.Equal(out, e.out) {
				t.Fatalf("%s: the replay decides otherwise:\n%s\nnot\n%s", e.line, out, e.out)
			}
		}
	})
}

func nextWake(e *Engine) time.Time {
	copied := *e
	copied.out = nil
	copied.askWake()
	if len(copied.out) == 0 {
		return time.Time{}
	}
	return copied.out[0].(Wake).At
}

// TestRulesInAnyOrderDecideAlike: the order in which an admin lists agents and
// queues means nothing.
func TestRulesInAnyOrderDecideAlike(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, other := NewEngine(), NewEngine()
		rules := genRules(t, 0)
		shuffled := rules
		shuffled.Agents = rapid.Permutation(rules.Agents).Draw(t, "agents")
		shuffled.Queues = rapid.Permutation(rules.Queues).Draw(t, "queues")
		now := monday()
		w := newWatch(t)
		first := one.Step(now, RulesLoaded{rules})
		w.step(now, RulesLoaded{rules}, first)
		other.Step(now, RulesLoaded{shuffled})
		for n := range 40 {
			event := genEvent(t, w, now, n)
			if _, reload := event.(RulesLoaded); reload {
				continue
			}
			decisions := one.Step(now, event)
			w.step(now, event, decisions)
			if a, b := encodeAll(t, decisions), encodeAll(t, other.Step(now, event)); !bytes.Equal(a, b) {
				t.Fatalf("%T: %s\nnot %s", event, b, a)
			}
			now = now.Add(time.Second)
		}
	})
}

// TestNobodyStarves: under a stream of more urgent callers that never lets up, a
// caller of the least priority is served once aging has made up the difference.
func TestNobodyStarves(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		gap := rapid.IntRange(1, 50).Draw(t, "priority")
		aging := rapid.SampledFrom([]float64{0.1, 0.5, 2}).Draw(t, "aging")
		handle := time.Duration(rapid.IntRange(1, 20).Draw(t, "handling")) * time.Second
		rules := Rules{
			Agents: []Agent{{ID: "a", Queues: []string{"urgent", "plain"}}},
			Queues: []Queue{{Name: "urgent", Priority: gap, AgingPerSecond: aging}, {Name: "plain", AgingPerSecond: aging}},
		}
		e, now, talking := NewEngine(), monday(), Offer{}
		step := func(event Event) {
			if o, ok := find[Offer](e.Step(now, event)); ok {
				talking = o
			}
		}
		step(RulesLoaded{rules})
		step(ContactArrived{Contact{ID: "poor", Queue: "plain"}})
		step(ContactArrived{Contact{ID: "u0", Queue: "urgent"}})
		step(AgentSignedIn{"a"})
		step(AgentSet{Agent: "a", State: Available})
		// Those who came within gap/aging after the poor one go first, no others.
		bound := int(float64(gap)/aging/handle.Seconds()) + 2
		for n := 1; talking.Contact != "poor"; n++ {
			if n > bound+1 {
				t.Fatalf("still waits after %d calls, want at most %d", n, bound)
			}
			step(OfferAccepted{talking.ID})
			step(TalkStarted{talking.ID})
			now = now.Add(handle)
			step(ContactArrived{Contact{ID: ContactID(fmt.Sprintf("u%d", n)), Queue: "urgent"}})
			step(ContactLeft{talking.Contact, Ended})
		}
	})
}

// TestFirstComeFirstServedWithinAPriority: among callers with the same needs.
func TestFirstComeFirstServedWithinAPriority(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &shift{t: t, engine: NewEngine(), now: monday()}
		s.do(RulesLoaded{clinic()})
		type came struct {
			id       ContactID
			priority int
		}
		var line []came
		for i, priority := range rapid.SliceOfN(rapid.IntRange(0, 2), 1, 20).Draw(t, "priorities") {
			c := came{ContactID(fmt.Sprintf("c%d", i)), priority}
			s.arrives(Contact{ID: c.id, Queue: "members", Priority: priority})
			line = append(line, c)
			s.now = s.now.Add(time.Duration(rapid.IntRange(0, 1).Draw(t, "gap")) * time.Second)
		}
		slices.SortStableFunc(line, func(a, b came) int { return b.priority - a.priority })
		for i, c := range line {
			s.waits(c.id, i+1)
		}
		s.available("maria")
		for _, c := range line {
			s.rings("maria", c.id)
			s.do(ContactLeft{c.id, Moved})
		}
	})
}
