package acd

import (
	"testing"
	"time"
)

// charge is a nurse who also answers members.
func charge() Rules {
	rules := clinic()
	for i := range rules.Agents {
		if rules.Agents[i].ID == "nora" {
			rules.Agents[i].Queues = []string{"members", "nurse"}
		}
	}
	for i := range rules.Queues {
		if rules.Queues[i].Name == "nurse" {
			rules.Queues[i].Priority, rules.Queues[i].QueueLimit = 0, 1
		}
	}
	return rules
}

func TestAClinicalCallerGoesBeforeAllOthersInAllLines(t *testing.T) {
	s := startShift(t, charge())
	s.arrives(Contact{ID: "urgent", Queue: "members", Priority: maxPriority, Since: s.now.Add(-time.Hour)})
	s.arrives(Contact{ID: "returned", Queue: "nurse", State: "WI", Returned: true})
	s.arrives(Contact{ID: "waiting", Queue: "nurse", State: "WI", Priority: maxPriority})
	s.now = s.now.Add(time.Minute)
	s.arrives(Contact{ID: "clinical", Queue: "nurse", State: "WI", Clinical: true}) // although the line is full
	s.waits("clinical", 1)
	s.waits("returned", 2)
	s.arrives(Contact{ID: "later", Queue: "nurse", State: "WI", Clinical: true})
	s.waits("later", 2)
	s.available("nora")
	s.rings("nora", "clinical")
	hasReason(t, offerOf(s, "clinical").Reasons, "clinical, before all others")
	s.do(OfferRefused{Offer: s.agent("nora").Offer, Cause: Declined})
	s.waits("clinical", 1) // and before the one who came later
	s.waits("later", 2)
	s.wait(DefaultAfterDeclined)
	for _, next := range []ContactID{"clinical", "later"} {
		s.rings("nora", next)
		s.do(ContactLeft{next, Moved})
	}
	s.rings("nora", "urgent") // of the highest priority then
}

func TestAClinicalCallerIsNeverGivenToWhoIsNotLicensedThere(t *testing.T) {
	s := startShift(t, clinic())
	s.available("nora", "rosa", "evan", "maria")
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "AK", Clinical: true})
	if left := must[LeaveQueue](s); left.Why != ExitNobody {
		t.Fatalf("left by %s", left.Why)
	}
	s.arrives(Contact{ID: "c2", Queue: "nurse", State: "IL", Clinical: true})
	s.rings("rosa", "c2")
	s.do(OfferRefused{Offer: s.agent("rosa").Offer, Cause: NoAnswer})
	s.wait(time.Hour)
	s.waits("c2", 1) // and nobody else is offered it
}

func TestWhoIsPresentForACaller(t *testing.T) {
	s := startShift(t, clinic())
	present := func(want bool) {
		t.Helper()
		if got := s.engine.Present("c1"); got != want {
			t.Fatalf("present is %v", got)
		}
	}
	present(false) // there is no such contact
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "IL", Clinical: true})
	present(false) // signed out
	s.do(AgentSignedIn{"nora"})
	s.do(AgentSet{Agent: "nora", State: Available})
	s.do(AgentSignedIn{"rosa"})
	present(false) // away, and nora may not
	s.do(AgentSet{Agent: "rosa", State: Available})
	s.rings("rosa", "c1")
	present(true)
	s.do(OfferRefused{Offer: s.agent("rosa").Offer, Cause: Declined})
	present(true)
	s.do(AgentSet{Agent: "rosa", State: Away, Reason: "lunch"})
	present(false)
}

func TestLicensesOfThoseWhoAreOnCall(t *testing.T) {
	rules, now := clinic(), monday()
	for _, c := range []struct {
		agent AgentID
		state string
		want  bool
	}{{"nora", "IA", true}, {"nora", "IL", false}, {"rosa", "IL", true}, {"evan", "WI", false}, {"maria", "WI", false}, {"nora", "", false}, {"nobody", "WI", false}} {
		if ok, why := rules.MayTakeToday(c.agent, Contact{Queue: "nurse", State: c.state}, now); ok != c.want || why == "" {
			t.Errorf("%s in %q: %v, %s", c.agent, c.state, ok, why)
		}
	}
	if ok, _ := rules.MayTakeToday("maria", Contact{Queue: "members"}, now); !ok {
		t.Error("where no license is needed, one is asked for")
	}
	if ok, _ := rules.MayTakeToday("maria", Contact{Queue: "members", Credential: RN, State: "WI"}, now); ok {
		t.Error("the flow's own license is not asked for")
	}
	if ok, _ := rules.MayTakeToday("nora", Contact{Queue: "nobody"}, now); ok {
		t.Error("of an unknown queue")
	}
}
