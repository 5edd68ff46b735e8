package acd

import (
	"testing"
	"time"
)

// promised asks for a callback that waits since a moment.
func (s *shift) promised(id ContactID, since time.Time, hours ...Period) {
	s.t.Helper()
	s.do(CallbackAsked{Callback{Contact: Contact{ID: id, Queue: "members", Since: since}, Hours: hours}})
	s.refusedNothing()
}

// callerFirst is the clinic with its members called before an agent is taken.
func callerFirst() Rules {
	rules := clinic()
	for i := range rules.Queues {
		rules.Queues[i].Callback = CallbackRules{CallerFirst: true, Attempts: 2}
	}
	return rules
}

func TestACallbackKeepsItsPlaceInLine(t *testing.T) {
	s := startShift(t, clinic())
	s.calls("members", "before")
	asked := s.now.Add(-time.Millisecond)
	s.calls("members", "after")
	s.promised("back", asked)
	s.waits("back", 2)
	s.waits("after", 3)
	s.available("maria")
	s.rings("maria", "before")
	s.talk("maria")
	s.do(ContactLeft{"before", Ended})
	s.wait(30 * time.Second)
	s.rings("maria", "back")
	if offer, ok := find[Offer](s.last); !ok || offer.Waited < 30*time.Second {
		t.Fatalf("waited %v", offer.Waited)
	}
}

func TestTheAgentIsFreeAtOnceWhenNobodyIsReached(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.promised("back", s.now)
	s.rings("maria", "back")
	s.talk("maria")
	s.do(CallbackMissed{"back", CalleeBusy})
	s.state("maria", Available)
	if parked := must[Parked](s); parked.Attempts != 1 || !parked.Until.Equal(s.now.Add(DefaultAfterCalleeBusy)) {
		t.Fatalf("%+v", parked)
	}
	s.wait(DefaultAfterCalleeBusy)
	s.rings("maria", "back")
	s.talk("maria")
	s.do(CallbackReached{"back"})
	s.state("maria", Talking)
	s.do(ContactLeft{"back", Ended})
	s.state("maria", WrapUp)
}

func TestACallbackIsGivenUpAfterItsAttempts(t *testing.T) {
	s := startShift(t, callerFirst())
	s.available("maria")
	s.promised("back", s.now)
	must[Dial](s)
	s.state("maria", Available)
	s.do(CallbackMissed{"back", NotCalled}) // no attempt
	pause := AfterNotCalled
	for _, cause := range []MissCause{CalleeNoAnswer, CalleeMachine} {
		s.wait(pause)
		pause = DefaultAfterCalleeAway
		must[Dial](s)
		s.do(CallbackMissed{"back", cause})
	}
	if left := must[LeaveQueue](s); left.Why != ExitGivenUp {
		t.Fatalf("%+v", left)
	}
}

func TestWhoIsCalledFirstTakesTheFreeAgent(t *testing.T) {
	s := startShift(t, callerFirst())
	s.available("maria")
	s.promised("one", s.now)
	must[Dial](s)
	s.promised("two", s.now) // as many are called as agents are free
	if _, ok := find[Dial](s.last); ok {
		t.Fatal("two are called for one agent")
	}
	s.calls("members", "meanwhile")
	s.rings("maria", "meanwhile")
	s.talk("maria")
	s.do(CallbackReached{"one"})
	s.waits("one", 1)
	s.do(ContactLeft{"meanwhile", Ended})
	s.wait(30 * time.Second)
	s.rings("maria", "one")
}

func TestACallbackIsMadeInItsHoursOnly(t *testing.T) {
	s := startShift(t, clinic())
	s.promised("back", s.now, Period{s.now, s.now.Add(time.Minute)}, Period{s.now.Add(time.Hour), s.now.Add(2 * time.Hour)})
	s.waits("back", 1)
	s.wait(time.Minute)
	must[Parked](s)
	s.available("maria")
	s.state("maria", Available)
	s.wait(time.Hour - time.Minute - time.Second)
	s.rings("maria", "back")
	s.do(OfferRefused{s.agent("maria").Offer, Declined})
	s.waits("back", 1)
	s.do(AgentSignedOut{"maria"})
	s.wait(3 * time.Hour)
	if left := must[LeaveQueue](s); left.Why != ExitExpired {
		t.Fatalf("%+v", left)
	}
}

func TestACallbackCanBeTakenBackAtAnyMoment(t *testing.T) {
	for name, bring := range map[string]func(*shift){
		"in line": func(s *shift) { s.do(AgentSignedOut{"maria"}); s.promised("back", s.now) },
		"aside": func(s *shift) {
			s.do(CallbackAsked{Callback{Contact: Contact{ID: "back", Queue: "members"}, From: s.now.Add(time.Hour)}})
		},
		"ringing": func(s *shift) { s.promised("back", s.now) },
		"called":  func(s *shift) { s.promised("back", s.now); s.talk("maria") },
	} {
		t.Run(name, func(t *testing.T) {
			s := startShift(t, clinic())
			s.available("maria")
			bring(s)
			s.do(ContactLeft{"back", Cancelled})
			s.refusedNothing()
			if n := len(s.engine.contacts) + len(s.engine.Callbacks()); n != 0 {
				t.Fatalf("%d are left", n)
			}
		})
	}
}

func TestCallbacksAreAskedForAnewAfterAStart(t *testing.T) {
	s := startShift(t, clinic())
	since := s.now.Add(-26 * time.Hour) // longer than a caller can have waited
	s.do(Started{})
	s.do(RulesLoaded{clinic()})
	s.do(CallbackAsked{Callback{Contact: Contact{ID: "back", Queue: "members", Since: since}, Attempts: 2}})
	if all := s.engine.Callbacks(); len(all) != 1 || all[0].Attempts != 2 || all[0].Place != 1 {
		t.Fatalf("%+v", all)
	}
	s.available("maria")
	s.rings("maria", "back")
	s.do(CallbackMissed{"back", CalleeBusy})
	must[LeaveQueue](s)
	s.state("maria", Available)
}
