package acd

import (
	"slices"

	"pgregory.net/rapid"
)

// checkInvariants holds after every step, whatever happened.
func checkInvariants(t rapid.TB, e *Engine) {
	t.Helper()
	held := map[*contact]AgentID{}
	for id, a := range e.agents {
		busy := a.state == Offered || a.state == Connecting || a.state == Talking || a.state == Holding
		switch {
		case busy && (a.contact == nil || e.contacts[a.contact.ID] != a.contact || a.contact.agent != a):
			t.Fatalf("%s is %s without a contact of its own", id, a.state)
		case !busy && (a.contact != nil || a.offer != ""):
			t.Fatalf("%s is %s and holds a contact", id, a.state)
		case busy && (a.offer == "" || a.offer != a.contact.offer):
			t.Fatalf("%s: offer %q is not the contact's", id, a.offer)
		}
		if busy {
			if other, twice := held[a.contact]; twice {
				t.Fatalf("%s is with %s and %s", a.contact.ID, other, id)
			}
			held[a.contact] = id
		}
		timed := a.state == Offered || a.state == Connecting || a.state == WrapUp
		if timed && (a.alarm.place == 0 || !a.until.After(e.now)) {
			t.Fatalf("%s is %s for ever", id, a.state)
		}
		if ready := a.state == Available && !a.notBefore.After(e.now); ready != a.ready {
			t.Fatalf("%s: ready is %v, want %v (%s)", id, a.ready, ready, a.state)
		}
		for _, l := range a.lines {
			if slices.Contains(l.ready, a) != a.ready {
				t.Fatalf("%s: ready in line %s is %v", id, l.queue.Name, !a.ready)
			}
		}
	}
	checkLines(t, e)
	for i, a := range e.alarms {
		if a.place != i+1 {
			t.Fatal("the alarms are out of order")
		}
	}
}

func checkLines(t rapid.TB, e *Engine) {
	t.Helper()
	standing, licensed := 0, 0
	for _, l := range e.byName {
		inLine := 0
		for _, g := range l.groups {
			if len(g.returned)+len(g.fresh) == 0 {
				t.Fatalf("line %s keeps an empty group", l.queue.Name)
			}
			for _, row := range [][]*contact{g.returned, g.fresh} {
				if !slices.IsSortedFunc(row, byArrival) {
					t.Fatalf("line %s is out of order", l.queue.Name)
				}
				for _, c := range row {
					inLine++
					if len(g.credentials) > 0 {
						licensed++
					}
					if c.phase != waiting || c.group != g || c.agent != nil {
						t.Fatalf("%s stands in line and is elsewhere too", c.ID)
					}
					for _, a := range l.ready {
						if f := g.fit(a); f.ring != never && f.ring <= g.ringOf(c, e.now) {
							if g.callsEnough() {
								continue
							}
							t.Fatalf("%s waits while %s is free and fits", c.ID, a.id)
						}
					}
				}
			}
		}
		if dialed := calledFor(e, l.queue.Name); dialed != l.calling || dialed < 0 {
			t.Fatalf("line %s counts %d called, has %d", l.queue.Name, l.calling, dialed)
		}
		if inLine != l.waiting {
			t.Fatalf("line %s counts %d waiting, has %d", l.queue.Name, l.waiting, inLine)
		}
		standing += inLine
	}
	for id, c := range e.contacts {
		switch {
		case c.phase == waiting:
			standing--
		case c.phase == parked || c.phase == calling:
			if c.promise == nil || c.agent != nil || c.group != nil || c.alarm.place == 0 {
				t.Fatalf("%s is neither in line nor a callback that is waited for", id)
			}
		case c.agent == nil || c.agent.contact != c:
			t.Fatalf("%s is with nobody and not in line", id)
		}
	}
	if standing != 0 {
		t.Fatalf("%d contacts more in lines than wait", standing)
	}
	if licensed != e.licensed {
		t.Fatalf("counts %d licensed, has %d", e.licensed, licensed)
	}
}

// calledFor counts the callbacks of a queue whose callers are being called.
func calledFor(e *Engine, queue string) int {
	n := 0
	for _, c := range e.contacts {
		if c.phase == calling && c.Queue == queue {
			n++
		}
	}
	return n
}
