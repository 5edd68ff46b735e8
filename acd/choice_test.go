package acd

import (
	"testing"
	"time"
)

func withSkills(level int, every time.Duration) Rules {
	rules := clinic()
	rules.Queues[0].Skills = map[string]int{"benefits": level}
	rules.Queues[0].RelaxEvery = every
	return rules
}

func TestSkillsRelaxInRingsAndSayingSo(t *testing.T) {
	s := startShift(t, withSkills(4, 30*time.Second))
	s.available("james") // benefits 2
	s.calls("members", "c1")
	s.waits("c1", 1)
	s.wait(58 * time.Second)
	s.waits("c1", 1)
	why, _ := s.engine.WhyWaiting("c1")
	if len(why) != 1 || why[0].Why != "free, skill benefits 2, wanted 3" {
		t.Fatalf("%+v", why)
	}
	s.wait(time.Second) // 60 s since arrival: the level has fallen to 2
	s.rings("james", "c1")
	offer := must[Offer](s)
	hasReason(t, offer.Reasons, "skill benefits 2, wanted 4, relaxed to 2 after 1m")
	hasReason(t, offer.Reasons, "the only free agent who fits")
	hasReason(t, offer.Reasons, "first in line for members, waited 1m")
}

func TestTheExpertIsPreferredWhileTheFirstRingIsOpen(t *testing.T) {
	s := startShift(t, withSkills(4, 30*time.Second))
	s.available("james", "maria") // james is longer idle
	s.calls("members", "c1")
	s.rings("maria", "c1")
	if got := must[Offer](s).Considered[0]; got.Agent != "james" || got.Why != "free, skill benefits 2, wanted 4" {
		t.Fatalf("%+v", got)
	}
}

func TestAllOpenRingsCountTogether(t *testing.T) {
	s := startShift(t, withSkills(4, 30*time.Second))
	s.calls("members", "c1")
	s.wait(2 * time.Minute)
	s.do(AgentSignedIn{"james"})
	s.do(AgentSignedIn{"maria"})
	s.do(AgentSet{Agent: "james", State: Available}) // beginner, first
	s.rings("james", "c1")
}

func TestSkillsWithoutRelaxEveryNeverRelax(t *testing.T) {
	s := startShift(t, withSkills(4, 0))
	s.available("james")
	s.calls("members", "c1")
	s.wait(24 * time.Hour)
	s.waits("c1", 1)
	s.available("maria")
	s.rings("maria", "c1")
}

func TestAContactsOwnSkillsAddToTheQueues(t *testing.T) {
	s := startShift(t, withSkills(1, 0))
	s.available("james", "maria")
	s.arrives(Contact{ID: "c1", Queue: "members", Skills: map[string]int{"claims": 4}})
	s.rings("james", "c1")
	s.arrives(Contact{ID: "c2", Queue: "members", Skills: map[string]int{"benefits": 3, "claims": 0}})
	s.rings("maria", "c2")
}

func TestStrategies(t *testing.T) {
	for strategy, want := range map[string]AgentID{"": "james", LongestIdle: "james", FewestCalls: "maria", HighestSkill: "maria", "unheard of": "james"} {
		t.Run(strategy, func(t *testing.T) {
			rules := withSkills(1, 0)
			rules.Queues[0].Strategy = strategy
			rules.Queues[0].WrapUp = 0
			s := startShift(t, rules)
			s.available("james")
			s.calls("members", "c1")
			s.talk("james")
			s.do(ContactLeft{"c1", Ended})
			s.now = s.now.Add(time.Minute)
			s.available("maria")
			s.calls("members", "c2")
			s.rings(want, "c2")
			if len(must[Offer](s).Considered) != 1 {
				t.Fatal("the other isn't considered")
			}
		})
	}
}

func TestARefusalDoesNotWinIdleTime(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria", "james")
	s.calls("members", "c1")
	s.rings("maria", "c1")
	s.do(ContactLeft{"c1", Abandoned}) // no fault of hers: still the longest idle
	s.calls("members", "c2")
	s.rings("maria", "c2")
}

func TestLanguageIsPreferredOrRequired(t *testing.T) {
	spanish := Contact{ID: "c1", Queue: "members", Language: "es-US"}
	s := startShift(t, clinic())
	s.available("james", "maria")
	s.arrives(spanish)
	s.rings("maria", "c1")
	hasReason(t, must[Offer](s).Reasons, "speaks es-US")
	if got := must[Offer](s).Considered[0].Why; got != "free, but does not speak es-US" {
		t.Fatal(got)
	}

	s = startShift(t, clinic())
	s.available("james")
	s.arrives(spanish)
	s.rings("james", "c1")
	hasReason(t, must[Offer](s).Reasons, "no free agent speaks es-US")

	rules := clinic()
	rules.Queues[0].MatchLanguage = true
	s = startShift(t, rules)
	s.available("james")
	s.arrives(spanish)
	s.waits("c1", 1)
	s.arrives(Contact{ID: "c2", Queue: "members", Language: "vi"})
	if left := must[LeaveQueue](s); left.Why != ExitNobody {
		t.Fatalf("%+v", left)
	}
	s.arrives(Contact{ID: "c3", Queue: "members"}) // no language said
	s.rings("james", "c3")
	s.available("maria")
	s.rings("maria", "c1")
}

func TestLanguagesMatchAsRFC4647Says(t *testing.T) {
	for _, c := range []struct {
		have, want string
		ok         bool
	}{{"es", "es-us", true}, {"es-US", "es", true}, {"ES-us", "es-us", true}, {"zh-HK", "zh-cn", false}, {"e", "es", false}, {"en", "es", false}} {
		if got := speaks([]string{c.have}, c.want); got != c.ok {
			t.Errorf("%s for %s: %v", c.have, c.want, got)
		}
	}
}

func TestPriorityGoesFirstAcrossAnAgentsQueues(t *testing.T) {
	rules := clinic()
	rules.Queues[1].Priority = 5
	s := startShift(t, rules)
	s.calls("members", "c1")
	s.calls("claims", "c2", "c3")
	s.arrives(Contact{ID: "c4", Queue: "members", Priority: 6})
	s.waits("c4", 1)
	s.waits("c1", 2)
	for _, want := range []ContactID{"c4", "c2", "c3", "c1"} {
		if want == "c4" {
			s.available("maria")
		}
		s.rings("maria", want)
		if want == "c2" {
			hasReason(t, must[Offer](s).Reasons, "priority 5")
		}
		s.do(ContactLeft{want, Abandoned})
	}
}

// A returned caller is first in her queue, but takes nothing from a queue that
// goes before hers.
func TestAReturnedCallerIsHeadOfHerOwnQueueOnly(t *testing.T) {
	rules := clinic()
	rules.Queues[1].Priority = 5
	s := startShift(t, rules)
	s.available("maria")
	s.calls("members", "c1")
	s.arrives(Contact{ID: "c2", Queue: "members", Priority: 3})
	s.calls("claims", "c3")
	s.do(OfferRefused{"c1/1", Declined})
	s.waits("c1", 1)
	s.waits("c2", 2)
	s.wait(DefaultAfterDeclined)
	s.rings("maria", "c3")
	s.do(ContactLeft{"c3", Abandoned})
	s.rings("maria", "c1")
	s.do(ContactLeft{"c1", Abandoned})
	s.rings("maria", "c2")
}

func TestAFullQueueTurnsAwayAndTheRingingCount(t *testing.T) {
	rules := clinic()
	rules.Queues[0].QueueLimit = 2
	s := startShift(t, rules)
	s.available("maria")
	s.calls("members", "c1", "c2", "c3")
	if left := must[LeaveQueue](s); left.Contact != "c3" || left.Why != ExitFull {
		t.Fatalf("%+v", left)
	}
	s.do(OfferAccepted{"c1/1"})
	s.calls("members", "c4")
	s.waits("c4", 2)
	s.do(AgentDropped{"maria"}) // one more than the limit, but never turned away
	s.waits("c1", 1)
	s.waits("c4", 3)
}

func TestTheWaitLimitDoesNotInterruptARing(t *testing.T) {
	rules := clinic()
	rules.Queues[0].WaitLimit = 30 * time.Second
	s := startShift(t, rules)
	s.calls("members", "c1")
	s.wait(25 * time.Second)
	s.available("maria")
	s.rings("maria", "c1")
	s.wait(10 * time.Second)
	s.rings("maria", "c1")
	s.do(OfferRefused{"c1/1", Declined})
	if left := must[LeaveQueue](s); left.Why != ExitTimeout {
		t.Fatalf("%+v", left)
	}
	s.state("maria", Available)
}

func TestTheSameCallInASecondQueueHasNewOfferIDs(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.calls("members", "c1")
	first := must[Offer](s).ID
	s.do(ContactLeft{"c1", Moved})
	s.calls("claims", "c1")
	if second := must[Offer](s).ID; second == first {
		t.Fatalf("both are %s", first)
	}
	s.do(OfferAccepted{first})
	s.refused()
}

func TestAContactArrivesOnce(t *testing.T) {
	s := startShift(t, clinic())
	s.calls("members", "c1")
	s.calls("claims", "c1")
	s.refused()
	s.arrives(Contact{Queue: "claims"})
	s.refused()
	s.waits("c1", 1)
}

func TestConsideredIsBounded(t *testing.T) {
	rules := clinic()
	var ids []AgentID
	for i := range 60 {
		id := AgentID([]byte{'z', byte('a' + i/26), byte('a' + i%26)})
		rules.Agents = append(rules.Agents, Agent{ID: id, Queues: []string{"members"}})
		ids = append(ids, id)
	}
	s := startShift(t, rules)
	s.available(ids...)
	s.calls("members", "c1")
	offer := must[Offer](s)
	if len(offer.Considered) != MaxConsidered || offer.Unlisted != 60-1-MaxConsidered {
		t.Fatalf("%d listed, %d not", len(offer.Considered), offer.Unlisted)
	}
}

func TestTimeThatRunsBackwardsStandsStill(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.calls("members", "c1")
	s.now = s.now.Add(-time.Hour)
	s.do(Woke{})
	s.rings("maria", "c1")
	s.now = s.now.Add(time.Hour)
	s.wait(20 * time.Second)
	s.state("maria", Away)
}
