package acd

import (
	"bytes"
	"slices"
	"time"

	"pgregory.net/rapid"
)

// watch is what an outside observer may know of an engine: events in, decisions
// out. It judges by its own books.
type watch struct {
	t      *rapid.T
	rules  Rules
	states map[AgentID]AgentState
	rings  map[OfferID]Offer
	live   map[ContactID]Contact
	ended  map[ContactID]bool
	// promised are the callbacks whose callers aren't reached, called those of them
	// whose callers are being called.
	promised map[ContactID]Callback
	called   map[ContactID]bool
}

func newWatch(t *rapid.T) *watch {
	return &watch{
		t: t, states: map[AgentID]AgentState{}, rings: map[OfferID]Offer{},
		live: map[ContactID]Contact{}, ended: map[ContactID]bool{},
		promised: map[ContactID]Callback{}, called: map[ContactID]bool{},
	}
}

func (w *watch) step(now time.Time, event Event, decisions []Decision) {
	_, refused := find[Refused](decisions)
	if !refused {
		w.took(event)
	}
	for _, d := range decisions {
		switch d := d.(type) {
		case Offer:
			w.offer(now, d)
		case Withdraw:
			if _, ok := w.rings[d.Offer]; !ok || d.Why == "" {
				w.t.Fatalf("withdraws %q, which does not ring", d.Offer)
			}
			delete(w.rings, d.Offer)
		case AgentChanged:
			w.changed(d)
		case Dial:
			w.dial(now, d)
		case Parked:
			if _, ok := w.promised[d.Contact]; !ok || !d.Until.After(now) || w.called[d.Contact] {
				w.t.Fatalf("puts %s aside until %v", d.Contact, d.Until)
			}
		case LeaveQueue:
			if _, ok := w.live[d.Contact]; !ok {
				w.t.Fatalf("%s leaves and was not here", d.Contact)
			}
			w.end(d.Contact)
		case Requeued:
			if _, ok := w.live[d.Contact]; !ok || d.Why == "" {
				w.t.Fatalf("%s is requeued and was not here", d.Contact)
			}
		case Wake:
			if !d.At.After(now) {
				w.t.Fatalf("asks at %v to be woken at %v", now, d.At)
			}
		case Refused:
			if d.Why == "" || d.Event == "" {
				w.t.Fatal("refused without a reason")
			}
		}
	}
}

func (w *watch) took(event Event) {
	switch ev := event.(type) {
	case RulesLoaded:
		w.rules = ev.Rules
	case ContactArrived:
		w.live[ev.Contact.ID] = ev.Contact
		delete(w.ended, ev.Contact.ID)
	case ContactLeft:
		w.end(ev.Contact)
	case CallbackAsked:
		id := ev.Callback.Contact.ID
		w.live[id], w.promised[id] = ev.Callback.Contact, ev.Callback
		delete(w.ended, id)
	case CallbackReached:
		delete(w.promised, ev.Contact)
		delete(w.called, ev.Contact)
	case CallbackMissed:
		delete(w.called, ev.Contact)
	case OfferAccepted:
		delete(w.rings, ev.Offer)
	case OfferRefused:
		delete(w.rings, ev.Offer)
	}
}

func (w *watch) end(id ContactID) {
	if w.ended[id] {
		w.t.Fatalf("%s ended twice", id)
	}
	w.ended[id] = true
	delete(w.live, id)
	delete(w.promised, id)
	delete(w.called, id)
}

// dial judges a call to who asked for a callback: in its hours, and only once.
func (w *watch) dial(now time.Time, d Dial) {
	c, ok := w.promised[d.Contact]
	if !ok || w.called[d.Contact] || len(d.Reasons) < 2 {
		w.t.Fatalf("calls %+v", d)
	}
	w.inHours(now, c)
	w.called[d.Contact] = true
	for id, ring := range w.rings {
		if ring.Contact == d.Contact {
			w.t.Fatalf("calls %s while %s rings", d.Contact, id)
		}
	}
}

func (w *watch) inHours(now time.Time, c Callback) {
	within := func(p Period) bool { return !now.Before(p.From) && now.Before(p.Until) }
	if now.Before(c.From) || len(c.Hours) > 0 && !slices.ContainsFunc(c.Hours, within) {
		w.t.Fatalf("%s is called back at %v, not in its hours", c.Contact.ID, now)
	}
}

func (w *watch) offer(now time.Time, o Offer) {
	c, ok := w.live[o.Contact]
	if !ok {
		w.t.Fatalf("offers %s, who is not here", o.Contact)
	}
	if promise, ok := w.promised[o.Contact]; ok {
		w.inHours(now, promise)
	}
	for id, other := range w.rings {
		if other.Agent == o.Agent || other.Contact == o.Contact {
			w.t.Fatalf("offers %s to %s while %s rings", o.Contact, o.Agent, id)
		}
	}
	if w.states[o.Agent] != Available {
		w.t.Fatalf("offers to %s, who is %s", o.Agent, w.states[o.Agent])
	}
	if _, again := w.rings[o.ID]; again || o.Ring <= 0 || o.Waited < 0 || len(o.Reasons) < 2 {
		w.t.Fatalf("a poor offer %+v", o)
	}
	w.rings[o.ID] = o
	at := slices.IndexFunc(w.rules.Agents, func(a Agent) bool { return a.ID == o.Agent })
	in := slices.IndexFunc(w.rules.Queues, func(q Queue) bool { return q.Name == c.Queue })
	if at < 0 || in < 0 || !slices.Contains(w.rules.Agents[at].Queues, c.Queue) || o.Queue != c.Queue {
		w.t.Fatalf("offers %s of %s to %s, who doesn't serve it", o.Contact, c.Queue, o.Agent)
	}
	// By the zone files, not by the engine's table.
	location, err := time.LoadLocation(w.rules.Queues[in].Site)
	if err != nil {
		w.t.Fatal(err)
	}
	day := now.In(location).Format(time.DateOnly)
	for _, credential := range []CredentialType{w.rules.Queues[in].Credential, c.Credential} {
		if ok, why := MayTake(w.rules.Agents[at], credential, c.State, day, w.rules.CompactStates); !ok {
			w.t.Fatalf("offers %s to %s, who %s", o.Contact, o.Agent, why)
		}
	}
	if !slices.IsSortedFunc(o.Considered, func(a, b Considered) int { return bytes.Compare([]byte(a.Agent), []byte(b.Agent)) }) {
		w.t.Fatalf("considered is not sorted: %+v", o.Considered)
	}
	for _, other := range o.Considered {
		if other.Agent == o.Agent || other.Why == "" {
			w.t.Fatalf("considered %+v", other)
		}
	}
}

func (w *watch) changed(d AgentChanged) {
	from := w.states[d.Agent]
	if from == "" {
		from = SignedOut
	}
	if !slices.Contains(Transitions()[from], d.State) {
		w.t.Fatalf("%s goes from %s to %s", d.Agent, from, d.State)
	}
	w.states[d.Agent] = d.State
}
