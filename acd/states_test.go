package acd

import (
	"slices"
	"testing"
	"time"
)

// inState brings maria into a state with contact c1, offer c1/1 where there is one.
func inState(t *testing.T, state AgentState) *shift {
	t.Helper()
	s := startShift(t, clinic())
	if state == SignedOut {
		return s
	}
	s.do(AgentSignedIn{Agent: "maria"})
	if state == Away {
		return s
	}
	s.do(AgentSet{Agent: "maria", State: Available})
	if state == Available {
		return s
	}
	s.calls("members", "c1")
	if state == Offered {
		return s
	}
	s.do(OfferAccepted{Offer: "c1/1"})
	if state == Connecting {
		return s
	}
	s.do(TalkStarted{Offer: "c1/1"})
	switch state {
	case Holding:
		s.do(HoldChanged{Agent: "maria", On: true})
	case WrapUp:
		s.do(ContactLeft{Contact: "c1", Reason: Ended})
	}
	return s
}

var allStates = []AgentState{SignedOut, Away, Available, Offered, Connecting, Talking, Holding, WrapUp}

// TestEachEventInEachState enumerates what an agent's state becomes; "" is an
// event that is refused and changes nothing.
func TestEachEventInEachState(t *testing.T) {
	const no = AgentState("")
	rules := clinic()
	rules.Agents = rules.Agents[1:] // without maria
	table := []struct {
		name  string
		event Event
		// after, by the order of allStates.
		after [8]AgentState
	}{
		{"sign in", AgentSignedIn{"maria"}, [8]AgentState{Away, no, no, no, no, no, no, no}},
		{"sign out", AgentSignedOut{"maria"}, [8]AgentState{no, SignedOut, SignedOut, SignedOut, SignedOut, SignedOut, SignedOut, SignedOut}},
		{"set available", AgentSet{"maria", Available, ""}, [8]AgentState{no, Available, Available, Offered, Connecting, Talking, Holding, WrapUp}},
		{"set away", AgentSet{"maria", Away, "lunch"}, [8]AgentState{no, Away, Away, Offered, Connecting, Talking, Holding, WrapUp}},
		{"set nonsense", AgentSet{"maria", Talking, ""}, [8]AgentState{}},
		{"accept", OfferAccepted{"c1/1"}, [8]AgentState{no, no, no, Connecting, no, no, no, no}},
		{"decline", OfferRefused{"c1/1", Declined}, [8]AgentState{no, no, no, Available, no, no, no, no}},
		{"busy", OfferRefused{"c1/1", Busy}, [8]AgentState{no, no, no, Available, no, no, no, no}},
		{"unreachable", OfferRefused{"c1/1", Unreachable}, [8]AgentState{no, no, no, Available, no, no, no, no}},
		{"no answer", OfferRefused{"c1/1", NoAnswer}, [8]AgentState{no, no, no, Away, no, no, no, no}},
		{"refused for nonsense", OfferRefused{"c1/1", "whim"}, [8]AgentState{}},
		{"another offer accepted", OfferAccepted{"c1/2"}, [8]AgentState{}},
		{"an offer without a number", OfferAccepted{"c1"}, [8]AgentState{}},
		{"talk", TalkStarted{"c1/1"}, [8]AgentState{no, no, no, no, Talking, no, no, no}},
		{"hold", HoldChanged{"maria", true}, [8]AgentState{no, no, no, no, no, Holding, no, no}},
		{"take back", HoldChanged{"maria", false}, [8]AgentState{no, no, no, no, no, no, Talking, no}},
		{"drop", AgentDropped{"maria"}, [8]AgentState{no, no, no, no, Away, Away, Away, no}},
		{"caller hangs up", ContactLeft{"c1", Abandoned}, [8]AgentState{no, no, no, Available, Available, WrapUp, WrapUp, no}},
		{"wrap-up done", WrapUpDone{"maria"}, [8]AgentState{no, no, no, no, no, no, no, Available}},
		{"wrap-up extended", WrapUpExtended{"maria", time.Minute}, [8]AgentState{no, no, no, no, no, no, no, WrapUp}},
		{"wrap-up extended by a day", WrapUpExtended{"maria", 24 * time.Hour}, [8]AgentState{}},
		{"wrap-up shortened", WrapUpExtended{"maria", -time.Minute}, [8]AgentState{}},
		{"removed from the rules", RulesLoaded{rules}, [8]AgentState{SignedOut, SignedOut, SignedOut, SignedOut, Connecting, Talking, Holding, WrapUp}},
		{"woke early", Woke{}, [8]AgentState{SignedOut, Away, Available, Offered, Connecting, Talking, Holding, WrapUp}},
		{"unknown agent drops", AgentDropped{"nobody"}, [8]AgentState{}},
		{"unknown agent signs in", AgentSignedIn{"nobody"}, [8]AgentState{}},
		{"unknown contact leaves", ContactLeft{"c9", Ended}, [8]AgentState{}},
		{"leaves for nonsense", ContactLeft{"c1", "whim"}, [8]AgentState{}},
		{"nothing at all", nil, [8]AgentState{}},
	}
	for _, row := range table {
		for i, state := range allStates {
			t.Run(row.name+" while "+string(state), func(t *testing.T) {
				s := inState(t, state)
				s.state("maria", state)
				before := s.agent("maria")
				s.do(row.event)
				after, ok := s.engine.Agent("maria")
				if !ok {
					after.State = SignedOut // removed and gone
				}
				if row.after[i] == no {
					if why := s.refused().Why; why == "" {
						t.Fatal("refused without a reason")
					}
					if after != before {
						t.Fatalf("refused, but changed %+v to %+v", before, after)
					}
					return
				}
				s.refusedNothing()
				if after.State != row.after[i] {
					t.Fatalf("is %s, want %s%s", after.State, row.after[i], tell(s.last))
				}
				if after.State != state && !slices.Contains(Transitions()[state], after.State) {
					t.Fatalf("%s to %s is not in the table of transitions", state, after.State)
				}
			})
		}
	}
}

func TestTheTableOfTransitionsCoversEachState(t *testing.T) {
	table := Transitions()
	for _, state := range allStates {
		if len(table[state]) == 0 {
			t.Errorf("no way out of %s", state)
		}
		if state != SignedOut && !slices.Contains(table[state], SignedOut) {
			t.Errorf("one cannot sign out while %s", state)
		}
	}
	if len(table) != len(allStates) {
		t.Errorf("%d states in the table, want %d", len(table), len(allStates))
	}
}

// TestSignOutInEachStateKeepsTheCaller: the contact goes back to its line.
func TestSignOutInEachStateKeepsTheCaller(t *testing.T) {
	for _, state := range []AgentState{Offered, Connecting, Talking, Holding} {
		t.Run(string(state), func(t *testing.T) {
			s := inState(t, state)
			s.calls("members", "c2")
			s.do(AgentSignedOut{Agent: "maria"})
			must[Requeued](s)
			if _, withdrawn := find[Withdraw](s.last); withdrawn != (state == Offered) {
				t.Fatalf("withdrawn: %v", withdrawn)
			}
			s.waits("c1", 1)
			s.waits("c2", 2)
			s.available("james")
			s.rings("james", "c1")
		})
	}
}

func TestAwayAskedForDuringACallHoldsAfterwards(t *testing.T) {
	for _, state := range []AgentState{Offered, Connecting, Talking, Holding, WrapUp} {
		t.Run(string(state), func(t *testing.T) {
			s := inState(t, state)
			s.do(AgentSet{Agent: "maria", State: Away, Reason: "lunch"})
			s.state("maria", state)
			if got := s.agent("maria"); got.RequestedState != Away || got.RequestedReason != "lunch" {
				t.Fatalf("asked for %q %q", got.RequestedState, got.RequestedReason)
			}
			if state != WrapUp {
				s.do(ContactLeft{Contact: "c1", Reason: Ended})
			}
			s.wait(time.Minute)
			if got := s.agent("maria"); got.State != Away || got.Reason != "lunch" || got.RequestedState != "" {
				t.Fatalf("is %+v", got)
			}
		})
	}
}

func TestTheLastWishDuringACallCounts(t *testing.T) {
	s := inState(t, Talking)
	s.do(AgentSet{Agent: "maria", State: Away, Reason: "lunch"})
	s.do(AgentSet{Agent: "maria", State: Available})
	s.do(ContactLeft{Contact: "c1", Reason: Ended})
	s.do(WrapUpDone{Agent: "maria"})
	s.state("maria", Available)
}

func TestAnAgentWhoRangOutAfterAskingForLunchIsAtLunch(t *testing.T) {
	s := inState(t, Offered)
	s.do(AgentSet{Agent: "maria", State: Away, Reason: "lunch"})
	s.wait(20 * time.Second)
	if got := s.agent("maria"); got.State != Away || got.Reason != "lunch" {
		t.Fatalf("is %s %q", got.State, got.Reason)
	}
}

func TestWrapUpIsExtendedUpToItsBound(t *testing.T) {
	s := inState(t, WrapUp)
	s.do(WrapUpExtended{Agent: "maria", By: time.Minute})
	if until := must[AgentChanged](s).Until; !until.Equal(s.agent("maria").Since.Add(90 * time.Second)) {
		t.Fatalf("until %v", until)
	}
	for range 7 {
		s.do(WrapUpExtended{Agent: "maria", By: MaxExtension})
	}
	s.refused()
	s.wait(MaxWrapUp - time.Second)
	s.state("maria", WrapUp)
	s.wait(2 * time.Second)
	s.state("maria", Available)
}

func TestConnectingThatTakesTooLongDropsTheAgent(t *testing.T) {
	s := inState(t, Connecting)
	s.wait(DefaultConnect)
	if got := s.agent("maria"); got.State != Away || got.Reason != ReasonConnectionLost {
		t.Fatalf("is %s %q", got.State, got.Reason)
	}
	s.waits("c1", 1)
}

func TestTheCallerLeavesBeforeTheJoinWithoutWrapUp(t *testing.T) {
	s := inState(t, Connecting)
	s.do(ContactLeft{Contact: "c1", Reason: Abandoned})
	s.state("maria", Available)
	if s.agent("maria").Calls != 0 {
		t.Fatal("counts as a call")
	}
}
