package acd

import (
	"testing"
	"time"
)

// One story for each item of DOMAIN.md §10 that the engine decides.

// Item 1.
func TestEveryWayOutOfAnOfferReleasesTheAgent(t *testing.T) {
	ways := map[string]func(*shift){
		"declined":        func(s *shift) { s.do(OfferRefused{"c1/1", Declined}) },
		"busy":            func(s *shift) { s.do(OfferRefused{"c1/1", Busy}) },
		"unreachable":     func(s *shift) { s.do(OfferRefused{"c1/1", Unreachable}) },
		"no answer":       func(s *shift) { s.do(OfferRefused{"c1/1", NoAnswer}) },
		"rings out":       func(s *shift) { s.wait(20 * time.Second) },
		"caller abandons": func(s *shift) { s.do(ContactLeft{"c1", Abandoned}) },
		"flow moves on":   func(s *shift) { s.do(ContactLeft{"c1", Moved}) },
		"call fails":      func(s *shift) { s.do(ContactLeft{"c1", Failed}) },
		"signs out":       func(s *shift) { s.do(AgentSignedOut{"maria"}); s.do(AgentSignedIn{"maria"}) },
		"queue removed":   func(s *shift) { r := clinic(); r.Queues = r.Queues[1:]; s.do(RulesLoaded{r}) },
		"leaves the queue": func(s *shift) {
			r := clinic()
			r.Agents[0].Queues = []string{"claims"}
			s.do(RulesLoaded{r})
		},
		"never joined":     func(s *shift) { s.do(OfferAccepted{"c1/1"}); s.wait(DefaultConnect) },
		"drops after":      func(s *shift) { s.do(OfferAccepted{"c1/1"}); s.do(AgentDropped{"maria"}) },
		"left before join": func(s *shift) { s.do(OfferAccepted{"c1/1"}); s.do(ContactLeft{"c1", Abandoned}) },
		"talks to the end": func(s *shift) { s.talk("maria"); s.do(ContactLeft{"c1", Ended}); s.wait(time.Minute) },
	}
	for name, out := range ways {
		t.Run(name, func(t *testing.T) {
			s := inState(t, Offered)
			out(s)
			s.do(ContactLeft{"c1", Abandoned}) // if it is still here
			s.wait(2 * time.Minute)            // every delay is over
			s.do(AgentSet{Agent: "maria", State: Available})
			s.calls("claims", "c2")
			s.rings("maria", "c2")
		})
	}
}

// Item 2.
func TestWrapUpBelongsToTheAgentNotToAQueue(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.calls("members", "c1")
	s.talk("maria")
	s.do(ContactLeft{"c1", Ended})
	s.calls("claims", "c2")
	s.calls("members", "c3")
	s.state("maria", WrapUp)
	s.wait(27 * time.Second)
	s.state("maria", WrapUp)
	s.wait(time.Second)
	s.rings("maria", "c2")
}

// Item 3.
func TestCallerHangsUpWhileAgentRings(t *testing.T) {
	s := inState(t, Offered)
	s.do(ContactLeft{"c1", Abandoned})
	if w, ok := s.last[0].(Withdraw); !ok || w.Agent != "maria" || w.Offer != "c1/1" {
		t.Fatalf("the ring does not stop first:%s", tell(s.last))
	}
	s.state("maria", Available)
	s.do(OfferAccepted{"c1/1"})
	s.refused()
}

// Item 4.
func TestRefusalsKeepTheCallersPlaceAndHaveFourDelays(t *testing.T) {
	delays := map[RefuseCause]time.Duration{
		Declined: DefaultAfterDeclined, Busy: DefaultAfterBusy, Unreachable: DefaultAfterUnreachable, NoAnswer: DefaultAfterNoAnswer,
	}
	different := map[time.Duration]bool{}
	for cause, delay := range delays {
		different[delay] = true
		t.Run(string(cause), func(t *testing.T) {
			s := startShift(t, clinic())
			s.available("maria")
			s.calls("members", "c1", "c2")
			s.do(OfferRefused{"c1/1", cause})
			must[Requeued](s)
			mustNot[LeaveQueue](s)
			s.waits("c1", 1)
			s.waits("c2", 2)
			if cause == NoAnswer {
				if got := s.agent("maria"); got.State != Away || got.Reason != ReasonNoAnswer {
					t.Fatalf("is %s %q", got.State, got.Reason)
				}
				s.do(AgentSet{Agent: "maria", State: Available})
			}
			s.state("maria", Available)
			s.wait(delay - time.Millisecond)
			s.waits("c1", 1)
			s.wait(time.Millisecond)
			s.rings("maria", "c1")
		})
	}
	if len(different) != 4 {
		t.Fatalf("%d different delays, want 4", len(different))
	}
}

func TestDelaysComeFromTheRules(t *testing.T) {
	rules := clinic()
	rules.Timing.AfterDeclined = time.Minute
	s := startShift(t, rules)
	s.available("maria")
	s.calls("members", "c1")
	s.do(OfferRefused{"c1/1", Declined})
	s.wait(59 * time.Second)
	s.waits("c1", 1)
	s.wait(time.Second)
	s.rings("maria", "c1")
}

func TestADeclinedCallRingsTheNextAgentAtOnce(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria", "james")
	s.calls("members", "c1")
	s.rings("maria", "c1")
	s.do(OfferRefused{"c1/1", Declined})
	s.rings("james", "c1")
	hasReason(t, must[Offer](s).Reasons, "back at the head")
	if got := must[Offer](s).Considered; len(got) != 1 || got[0].Agent != "maria" {
		t.Fatalf("considered %+v", got)
	}
}

func TestAnAgentWhoDoesNotAnswerIsTakenOutAndTheNextRings(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria", "james")
	s.calls("members", "c1")
	s.wait(20 * time.Second)
	if w := must[Withdraw](s); w.Agent != "maria" {
		t.Fatalf("withdrawn from %s", w.Agent)
	}
	s.state("maria", Away)
	s.rings("james", "c1")
	s.wait(time.Hour)
	s.state("maria", Away)
	s.state("james", Away)
	s.waits("c1", 1)
}

// Item 5.
func TestAgentAnswersAndDropsBeforeTheJoin(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.calls("members", "c1", "c2")
	s.do(OfferAccepted{"c1/1"})
	s.do(AgentDropped{"maria"})
	if got := s.agent("maria"); got.State != Away || got.Reason != ReasonConnectionLost {
		t.Fatalf("is %s %q", got.State, got.Reason)
	}
	s.waits("c1", 1)
	s.waits("c2", 2)
}

func TestAgentDropsInTalkAndTheCallerKeepsHerTime(t *testing.T) {
	rules := clinic()
	rules.Queues[0].WaitLimit = 10 * time.Minute
	s := startShift(t, rules)
	s.available("maria")
	since := s.now
	s.calls("members", "c1", "c2")
	s.talk("maria")
	s.wait(25 * time.Minute) // longer than the wait limit: c2 leaves, c1 talks
	if left := must[LeaveQueue](s); left.Contact != "c2" || left.Why != ExitTimeout {
		t.Fatalf("left %+v", left)
	}
	s.calls("members", "c3")
	s.do(AgentDropped{"maria"})
	s.waits("c1", 1)
	s.waits("c3", 2)
	if got := s.engine.contacts["c1"].Since; !got.Equal(since) {
		t.Fatalf("since %v, want %v", got, since)
	}
	s.available("james")
	s.rings("james", "c1")
	if waited := must[Offer](&shift{t: t, last: s.last}).Waited; waited > time.Minute {
		t.Fatalf("waited %v: talk counts as waiting", waited)
	}
}

// Item 6: the engine tells enough to count abandons: a contact that leaves the
// line is told apart from one that talked.
func TestWaitingCountsThoseWhoRingToo(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.calls("members", "c1", "c2", "c3")
	s.wait(5 * time.Second)
	for _, q := range s.engine.Waiting(s.now) {
		if q.Queue == "members" && (q.Waiting != 3 || q.Longest != 8*time.Second || q.Ready != 0) {
			t.Fatalf("%+v", q)
		}
	}
	s.do(ContactLeft{"c2", Abandoned})
	if got := s.engine.Waiting(s.now)[1]; got.Queue != "members" || got.Waiting != 2 {
		t.Fatalf("%+v", got)
	}
}

// Item 8.
func TestACallerWhomNobodyPresentCanServeHoldsUpNobody(t *testing.T) {
	s := startShift(t, clinic())
	s.available("rosa") // Illinois only
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "MN"})
	s.arrives(Contact{ID: "c2", Queue: "nurse", State: "IL"})
	s.rings("rosa", "c2")
	hasReason(t, must[Offer](s).Reasons, "1 ahead need somebody else")
	s.waits("c1", 2) // the ringing one keeps its place
	why, ok := s.engine.WhyWaiting("c1")
	if !ok || len(why) != 1 || why[0].Why != "RN license of IL does not cover MN" {
		t.Fatalf("why: %+v", why)
	}
	s.available("nora")
	s.rings("nora", "c1")
}

// Item 9.
func TestAgingLetsALowPriorityCallerOvertakeLaterOnes(t *testing.T) {
	rules := clinic()
	rules.Queues[1].Priority = 10
	for i := range rules.Queues {
		rules.Queues[i].AgingPerSecond = 0.1
	}
	s := startShift(t, rules)
	s.calls("members", "low")
	s.wait(50 * time.Second)
	s.calls("claims", "early") // 10 points ahead, worth 100 s
	s.wait(60 * time.Second)
	s.calls("claims", "late")
	s.available("maria")
	s.rings("maria", "early")
	s.available("james")
	s.rings("james", "low")
	s.waits("late", 1+1)
}

func TestTimeBeforeTheQueueCounts(t *testing.T) {
	s := startShift(t, clinic())
	s.calls("members", "c1")
	s.arrives(Contact{ID: "c2", Queue: "members", Since: s.now.Add(-time.Minute)})
	s.waits("c2", 1)
	s.waits("c1", 2)
	s.arrives(Contact{ID: "c3", Queue: "members", Since: s.now.Add(time.Hour)}) // a clock astray
	s.waits("c3", 3)
}

// Item 10.
func TestAReloadReachesWaitingCallersAndSignedInAgents(t *testing.T) {
	s := startShift(t, clinic())
	s.available("nora")
	s.calls("members", "c1", "c2")
	s.calls("claims", "c3")
	rules := clinic()
	rules.Version = "2"
	rules.Agents[2].Queues = []string{"nurse", "claims"} // nora takes claims now
	rules.Queues = append(rules.Queues[:0:0], rules.Queues[1:]...)
	s.do(RulesLoaded{Rules: rules})
	s.rings("nora", "c3")
	left := 0
	for _, d := range s.last {
		if l, ok := d.(LeaveQueue); ok && l.Why == ExitUnknownQueue {
			left++
		}
	}
	if left != 2 {
		t.Fatalf("%d left the removed queue, want 2:%s", left, tell(s.last))
	}
}

func TestAReloadChangesPriorityWaitLimitAndSkillsOfThoseWhoWait(t *testing.T) {
	rules := clinic()
	rules.Queues[0].Skills = map[string]int{"benefits": 5}
	s := startShift(t, rules)
	s.available("maria")
	s.calls("members", "c1")
	s.waits("c1", 1)
	rules = clinic()
	rules.Queues[0].Skills = map[string]int{"benefits": 4}
	s.do(RulesLoaded{Rules: rules})
	s.rings("maria", "c1")
	s.calls("members", "c2")
	s.wait(10 * time.Second)
	rules = clinic()
	rules.Queues[0].WaitLimit = 12 * time.Second
	s.do(RulesLoaded{Rules: rules})
	s.wait(2 * time.Second)
	if left := must[LeaveQueue](s); left.Contact != "c2" || left.Why != ExitTimeout {
		t.Fatalf("%+v", left)
	}
}

func TestAnAgentRemovedByAReloadFinishesTheCall(t *testing.T) {
	for _, state := range []AgentState{Connecting, Talking, Holding} {
		s := inState(t, state)
		rules := clinic()
		rules.Agents = rules.Agents[1:]
		s.do(RulesLoaded{Rules: rules})
		s.state("maria", state)
		s.do(AgentSet{Agent: "maria", State: Available})
		s.refused()
		s.do(ContactLeft{"c1", Ended})
		if state != Connecting {
			s.state("maria", WrapUp)
			s.wait(30 * time.Second)
		}
		changed := must[AgentChanged](s)
		if changed.State != SignedOut || changed.Reason != ReasonRemoved {
			t.Fatalf("%s: %+v", state, changed)
		}
		if _, ok := s.engine.Agent("maria"); ok {
			t.Fatal("a removed agent is kept")
		}
	}
}

func TestARingIsWithdrawnWhenTheReloadTakesTheLicense(t *testing.T) {
	s := startShift(t, clinic())
	s.available("nora")
	s.arrives(Contact{ID: "c1", Queue: "nurse", State: "WI"})
	s.rings("nora", "c1")
	rules := clinic()
	rules.Agents[2].Credentials[0].Status = "suspended"
	s.do(RulesLoaded{Rules: rules})
	must[Withdraw](s)
	if left := must[LeaveQueue](s); left.Why != ExitNobody {
		t.Fatalf("%+v", left)
	}
	s.state("nora", Available)
}

func TestBadRulesAreRefusedWholeAndTheOldGoOn(t *testing.T) {
	s := startShift(t, clinic())
	rules := clinic()
	rules.Agents = append(rules.Agents, rules.Agents[0])
	s.do(RulesLoaded{Rules: rules})
	s.refused()
	rules = clinic()
	rules.Queues = append(rules.Queues, Queue{})
	s.do(RulesLoaded{Rules: rules})
	s.refused()
	s.available("maria")
	s.calls("members", "c1")
	s.rings("maria", "c1")
}

// Contract 3: a journal holds every run of the program. What an earlier run
// left behind, callers in line and agents signed in, is not there in the next.
func TestOneReplayGoesThroughAllRuns(t *testing.T) {
	second := []Event{
		Started{}, RulesLoaded{clinic()}, AgentSignedIn{"maria"}, AgentSet{Agent: "maria", State: Available},
		ContactArrived{Contact{ID: "c9", Queue: "members"}}, OfferAccepted{"c9/1"}, TalkStarted{"c9/1"},
	}
	live := NewEngine()
	replay := inState(t, Talking) // as the first run was cut
	replay.calls("members", "c2")
	replay.now = monday().Add(-time.Hour) // and the clock was put right meanwhile
	for _, event := range second {
		want := tell(live.Step(replay.now, event))
		if got := tell(replay.do(event)); got != want {
			t.Fatalf("%s:%s\nnot%s", EventName(event), got, want)
		}
		replay.now = replay.now.Add(time.Second)
	}
	replay.state("maria", Talking)
}

// Records count by the cause, whatever the sentence says.
func TestACallerComesBackWithTheCause(t *testing.T) {
	for cause, out := range map[RefuseCause]func(*shift){
		Declined:       func(s *shift) { s.do(OfferRefused{"c1/1", Declined}) },
		Unreachable:    func(s *shift) { s.do(OfferRefused{"c1/1", Unreachable}) },
		NoAnswer:       func(s *shift) { s.wait(20 * time.Second) },
		AgentLeft:      func(s *shift) { s.do(AgentSignedOut{"maria"}) },
		ConnectionLost: func(s *shift) { s.do(OfferAccepted{"c1/1"}); s.do(AgentDropped{"maria"}) },
		RulesChanged: func(s *shift) {
			r := clinic()
			r.Agents[0].Queues = []string{"claims"}
			s.do(RulesLoaded{r})
		},
	} {
		s := inState(t, Offered)
		out(s)
		if got := must[Requeued](s).Cause; got != cause {
			t.Errorf("came back for %q, want %q", got, cause)
		}
	}
}

// A caller whose transfer failed after the agent left goes before those who came
// meanwhile and before, and no limit turns her away.
func TestAReturnedCallerIsFirstWhateverTheLimit(t *testing.T) {
	rules := clinic()
	rules.Queues[0].QueueLimit = 1
	s := startShift(t, rules)
	s.calls("members", "c1")
	s.arrives(Contact{ID: "c2", Queue: "members", Returned: true})
	s.available("maria")
	s.rings("maria", "c2")
	s.waits("c1", 2)
}
