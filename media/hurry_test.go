package media

import "testing"

// hurried reports whether any pacer has sockets to poll.
func (e *Engine) hurried() bool {
	for _, pacer := range e.pacers {
		if pacer.io.Hurried() {
			return true
		}
	}
	return false
}

// Only what somebody else hears is read every 2 ms.
func TestLegsAreInAHurryWhileOthersHearThem(t *testing.T) {
	engine := running(t, nil)
	caller, agent := newPhone(t, PCMU), newPhone(t, PCMU)
	a, b := caller.call(engine, nil), agent.call(engine, nil)
	expect := func(when string, want bool) {
		t.Helper()
		if got := engine.hurried(); got != want {
			t.Errorf("%s: in a hurry is %v", when, got)
		}
	}
	expect("before", false)
	Join(a, b)
	expect("joined", true)
	Part(a, b)
	expect("parted", false)
	conference := engine.NewConference()
	for _, leg := range []*Leg{a, b} {
		if err := conference.Add(leg, Talking, nil); err != nil {
			t.Fatal(err)
		}
	}
	expect("in a conference", true)
	conference.Close()
	expect("after it", false)
	Join(a, b)
	a.Close()
	expect("one has gone", false)
	b.Close()
}
