package signalling

import (
	"testing"
	"time"

	"careline/sip"
)

func TestCallsBothWaysOverEachTransport(t *testing.T) {
	t.Parallel()
	for _, host := range []string{"127.0.0.1", "::1"} {
		for _, network := range []string{"udp", "tcp"} {
			t.Run(network+" "+host, func(t *testing.T) {
				s := openAt(t, host, nil)
				how := played{network: network, host: host}
				caller := s.calledBy("call-in", how)
				near := s.taken()
				near.agrees(firstAgreement(near), "PCMA 192.0.2.7:40000 sendrecv")
				if end := near.ended(sip.ByRemote); end.Cause != sip.CauseNormal || end.Reason != "Normal call clearing" {
					t.Fatalf("heard %s", told(end))
				}
				caller.done()

				phone := s.callee("call-out", how)
				near = s.place(phone.hop(), nil)
				near.answered("PCMA 192.0.2.7:40000 sendrecv")
				must(t, near.HangUp(sip.CauseNormal, ""))
				near.ended(sip.ByLocal)
				phone.done()
				s.settled()
			})
		}
	}
}

func TestOlderRequestIsRefused(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("older-cseq-is-refused", played{})
	s.taken().ended(sip.ByRemote)
	caller.done()
}

func TestUnacknowledgedAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("unacked-200-is-repeated-then-bye", played{more: []string{"-nr"}})
	near := s.nextCall()
	must(t, near.Answer(ours()))
	if end := near.ended(sip.ByTimeout); end.Cause != sip.CauseRecoveryOnTimer {
		t.Fatalf("heard %s", told(end))
	}
	caller.done()
	answers := caller.times("SIP/2.0 200")
	if len(answers) < 6 {
		t.Fatalf("%d answers came", len(answers))
	}
	want := stageT1
	for i, at := range answers[1:] {
		// They leave at the instants of the sum; a loaded machine shows some late.
		if sum := at.Sub(answers[0]); sum < want-stageT1/2 || sum > want+6*stageT1 {
			t.Errorf("answer %d came after %s, expected %s", i+2, sum, want)
		}
		want = 2*want + stageT1
	}
	if stats := s.Stats(); stats.Unacked != 1 {
		t.Fatalf("stats %+v", stats)
	}
}

func TestAnswerIsRepeatedUntilItsAck(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("lost-ack-is-sent-again", played{more: []string{"-nr"}})
	near := s.nextCall()
	must(t, near.Answer(ours()))
	near.expect(sip.EventAcked)
	near.ended(sip.ByRemote)
	caller.done()
}

func TestCallerGivesUp(t *testing.T) {
	t.Parallel()
	play(t, "while it rings", cancelWhileItRings)
	play(t, "as we answer", cancelAsWeAnswer)
	play(t, "by BYE before the answer", byeBeforeTheAnswer)
	play(t, "by BYE before the ACK", byeBeforeTheAck)
}

func cancelWhileItRings(t *testing.T, s *stage) {
	caller := s.calledBy("cancel-while-ringing", played{})
	near := s.nextCall()
	must(t, near.Ringing())
	if cancelled := near.expect(sip.EventCancelled); cancelled.Reason != "Call completed elsewhere" {
		t.Fatalf("heard %s", told(cancelled))
	}
	near.ended(sip.ByRemote)
	caller.done()
}

func cancelAsWeAnswer(t *testing.T, s *stage) {
	caller := s.calledBy("cancel-crosses-200", played{})
	near := s.nextCall()
	must(t, near.Answer(ours()))
	near.ended(sip.ByRemote)
	caller.done()
}

func byeBeforeTheAnswer(t *testing.T, s *stage) {
	caller := s.calledBy("bye-in-early-dialog", played{})
	near := s.nextCall()
	must(t, near.Ringing())
	if end := near.ended(sip.ByRemote); end.Status != 487 {
		t.Fatalf("heard %s", told(end))
	}
	caller.done()
}

func byeBeforeTheAck(t *testing.T, s *stage) {
	caller := s.calledBy("bye-overtakes-the-ack", played{})
	near := s.nextCall()
	must(t, near.Answer(ours()))
	near.ended(sip.ByRemote)
	caller.done()
}

func TestWeGiveUp(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"our-cancel", "our-cancel-crosses-200"} {
		play(t, file, weGiveUp(file))
	}
	play(t, "before anything was heard", func(t *testing.T, s *stage) {
		phone := s.callee("our-cancel-waits-for-a-provisional-response", played{})
		near := s.place(phone.hop(), nil)
		until(t, "the INVITE", func() bool { return len(phone.times("INVITE ")) > 0 })
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	})
}

func TestOurCallForksAndTwoAnswer(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	phone := s.callee("forked-answers", played{})
	near := s.place(phone.hop(), nil)
	near.expect(sip.EventProgress)
	near.agrees(near.expect(sip.EventProgress).Agreement, "PCMA 192.0.2.9:40000 sendrecv")
	near.answered("PCMA 192.0.2.7:40000 sendrecv")
	until(t, "the second to be sent away", func() bool { return len(phone.times("BYE ")) > 0 })
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	phone.done()
	s.settled()
}

func TestExtensionThatWeLackIsNamed(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("require-unknown-option", played{})
	s.taken().ended(sip.ByRemote)
	caller.done()
}

func TestLastHopTakesWhatMayGoNoFurther(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("max-forwards-zero", played{})
	s.taken().ended(sip.ByRemote)
	caller.done()
}

func TestTheSameInviteTwice(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("retransmitted-invite-is-one-call", played{more: []string{"-nr"}})
	near := s.nextCall()
	must(t, near.Ringing())
	until(t, "the second INVITE's answer", func() bool { return len(caller.times("SIP/2.0 180")) == 2 })
	must(t, near.Answer(ours()))
	near.expect(sip.EventAcked)
	near.ended(sip.ByRemote)
	caller.done()

	caller = s.calledBy("same-invite-by-another-way", played{})
	near = s.nextCall()
	must(t, near.Ringing())
	caller.done()
	must(t, near.Refuse(480, "", 0))
	near.ended(sip.ByLocal)
	if invites := s.Stats().Invites; invites != 3 {
		t.Fatalf("%d INVITEs", invites)
	}
}

// answered waits until a call of ours is up, and compares what was agreed on.
func (c *call) answered(want string) {
	c.t.Helper()
	for {
		select {
		case event := <-c.events:
			switch event.Kind {
			case sip.EventProgress:
				continue
			case sip.EventAnswered:
				c.agrees(event.Agreement, want)
				return
			}
			c.t.Fatalf("heard %s, expected an answer", told(event))
		case <-time.After(patience):
			c.t.Fatal("nobody answered")
		}
	}
}

// firstAgreement is what is in force.
func firstAgreement(c *call) sip.Agreement {
	agreement, _ := c.Agreement()
	return agreement
}

func weGiveUp(file string) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) {
		phone := s.callee(file, played{})
		near := s.place(phone.hop(), nil)
		near.expect(sip.EventProgress)
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	}
}
