package acd

import (
	"strings"
	"testing"
	"time"
)

// handed is a caller whom an agent hands to a colleague by name.
func handed(id ContactID, queue string, to AgentID) Contact {
	return Contact{ID: id, Queue: queue, Returned: true, HandedTo: to}
}

func TestACallerHandedOverByNameRingsThatColleague(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria", "james") // maria is idle longer
	s.arrives(handed("c1", "members", "james"))
	offer := must[Offer](s)
	if offer.Agent != "james" || !strings.Contains(strings.Join(offer.Reasons, "; "), "handed to james by name") {
		t.Fatalf("offer %+v", offer)
	}
	s.talk("james")
	s.state("james", Talking)
	s.state("maria", Available)
}

func TestAColleagueWhoDoesNotTakeTheCallLeavesItFirstInLine(t *testing.T) {
	for _, cause := range []RefuseCause{Declined, Busy, Unreachable, NoAnswer} {
		s := startShift(t, clinic())
		s.available("james")
		s.arrives(handed("c1", "members", "james"))
		s.rings("james", "c1")
		s.calls("members", "c2", "c3")
		s.do(OfferRefused{Offer: s.agent("james").Offer, Cause: cause})
		s.waits("c1", 1)
		s.available("maria")
		s.rings("maria", "c1")
		if reasons := strings.Join(offerOf(s, "c1").Reasons, "; "); strings.Contains(reasons, "by name") || !strings.Contains(reasons, "at the head since an agent had the call") {
			t.Errorf("%s: the next one is told %s", cause, reasons)
		}
	}
}

// offerOf is the offer of a contact that rings now, as the engine would explain it.
func offerOf(s *shift, id ContactID) Offer {
	s.t.Helper()
	for _, d := range s.last {
		if offer, ok := d.(Offer); ok && offer.Contact == id {
			return offer
		}
	}
	s.t.Fatalf("%s is not offered: %s", id, tell(s.last))
	return Offer{}
}

func TestAColleagueWhoIsNotFreeIsNotWaitedFor(t *testing.T) {
	for name, prepare := range map[string]func(*shift){
		"signed out": func(*shift) {},
		"away":       func(s *shift) { s.available("james"); s.do(AgentSet{Agent: "james", State: Away, Reason: "lunch"}) },
		"in a call":  func(s *shift) { s.available("james"); s.calls("members", "c0"); s.talk("james") },
		"unknown":    func(s *shift) { s.do(Woke{}) },
	} {
		s := startShift(t, clinic())
		prepare(s)
		to := AgentID("james")
		if name == "unknown" {
			to = "nobody"
		}
		s.arrives(handed("c1", "members", to))
		s.waits("c1", 1)
		s.available("maria")
		s.rings("maria", "c1")
	}
}

func TestHandingOverNeverRelaxesALicense(t *testing.T) {
	rules := clinic()
	s := startShift(t, rules)
	s.available("rosa") // of Illinois alone
	caller := handed("c1", "nurse", "rosa")
	caller.State = "WI"
	if ok, why := rules.MayHandOver("rosa", caller, s.now); ok || !strings.Contains(why, "does not cover WI") {
		t.Errorf("may be handed: %v, %s", ok, why)
	}
	if ok, why := rules.MayHandOver("evan", caller, s.now); ok || !strings.Contains(why, "expired") {
		t.Errorf("may be handed: %v, %s", ok, why)
	}
	if ok, why := rules.MayHandOver("nora", caller, s.now); !ok {
		t.Errorf("may not be handed: %s", why)
	}
	s.arrives(caller)
	s.waits("c1", 1)
	s.available("nora")
	s.rings("nora", "c1")
	for _, c := range []struct {
		to    AgentID
		queue string
	}{{"maria", "nurse"}, {"nobody", "members"}, {"maria", "nowhere"}} {
		if ok, _ := rules.MayHandOver(c.to, Contact{Queue: c.queue, State: "WI"}, s.now); ok {
			t.Errorf("%s may be handed a caller of %s", c.to, c.queue)
		}
	}
}

// What relaxes is for the choice among agents; here somebody has chosen.
func TestSkillsDoNotKeepACallerFromWhomSheIsHandedTo(t *testing.T) {
	rules := clinic()
	rules.Queues[0].Skills, rules.Queues[0].RelaxEvery = map[string]int{"benefits": 5}, time.Minute
	s := startShift(t, rules)
	s.available("james")
	s.calls("members", "c1") // waits until the wish has fallen to james's level
	s.waits("c1", 1)
	s.arrives(handed("c2", "members", "james"))
	s.rings("james", "c2")
	s.waits("c1", 2) // those that ring keep their places
}

func TestACallerHandedOverEntersAFullLine(t *testing.T) {
	rules := clinic()
	rules.Queues[0].QueueLimit = 1
	s := startShift(t, rules)
	s.calls("members", "c1")
	s.arrives(handed("c2", "members", "james"))
	mustNot[LeaveQueue](s)
	s.waits("c2", 1)
}
