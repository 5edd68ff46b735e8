package signalling

import (
	"net/netip"
	"testing"
	"time"

	"careline/media"
	"careline/sip"
)

func TestCallerHoldsAndResumes(t *testing.T) {
	t.Parallel()
	for file, asked := range map[string]string{
		"hold-sendonly":     "PCMA 192.0.2.7:40000 sendonly",
		"hold-inactive":     "PCMA 192.0.2.7:40000 inactive",
		"hold-zero-address": "PCMA invalid AddrPort sendonly",
	} {
		play(t, file, theyHold(file, asked))
	}
}

func theyHold(file, asked string) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) {
		caller := s.calledBy(file, played{})
		near := s.taken()
		near.reoffered(asked)
		near.reoffered("PCMA 192.0.2.7:40000 sendrecv")
		near.ended(sip.ByRemote)
		caller.done()
	}
}

func TestWeHoldAndResume(t *testing.T) {
	t.Parallel()
	play(t, "by re-INVITE", weHold)
}

func weHold(t *testing.T, s *stage) {
	caller := s.calledBy("our-hold-and-resume", played{})
	near := s.taken()
	held := ours()
	held.Direction = media.SendOnly
	must(t, near.Reoffer(held))
	near.agrees(near.expect(sip.EventReofferAnswered).Agreement, "PCMA 192.0.2.7:40000 recvonly")
	must(t, near.Reoffer(ours()))
	near.agrees(near.expect(sip.EventReofferAnswered).Agreement, "PCMA 192.0.2.7:40000 sendrecv")
	near.ended(sip.ByRemote)
	caller.done()
}

func TestSessionMoves(t *testing.T) {
	t.Parallel()
	play(t, "by their re-INVITE", theyMoveByReinvite)
	play(t, "by their UPDATE", theyMoveByUpdate)
	play(t, "by our re-INVITE", weMove)
}

func theyMoveByReinvite(t *testing.T, s *stage) {
	caller := s.calledBy("reinvite-moves-the-session", played{})
	near := s.taken()
	near.reoffered("PCMU 192.0.2.8:41000 sendrecv")
	until(t, "the ACK", func() bool { return near.State() == sip.StateConfirmed })
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	caller.done()
}

func theyMoveByUpdate(t *testing.T, s *stage) {
	caller := s.calledBy("update-moves-the-session", played{})
	near := s.taken()
	near.reoffered("PCMU 192.0.2.8:41000 sendrecv")
	near.ended(sip.ByRemote)
	caller.done()
}

func weMove(t *testing.T, s *stage) {
	caller := s.calledBy("our-reinvite-moves-the-session", played{})
	near := s.taken()
	moved := ours()
	moved.Address = netip.AddrPortFrom(moved.Address.Addr(), 20002)
	moved.Formats = []media.Format{{Codec: media.PCMU, PayloadType: media.PCMU.PayloadType()}}
	must(t, near.Reoffer(moved))
	near.agrees(near.expect(sip.EventReofferAnswered).Agreement, "PCMU 192.0.2.7:40000 sendrecv")
	near.ended(sip.ByRemote)
	caller.done()
}

func TestUpdateWhileItRings(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("early-update", played{})
	near := s.nextCall()
	must(t, near.Ringing())
	until(t, "the UPDATE's answer", func() bool { return len(caller.times("SIP/2.0 200")) > 0 })
	must(t, near.Answer(ours()))
	near.expect(sip.EventAcked)
	near.ended(sip.ByRemote)
	caller.done()
}

func TestOurReinviteFails(t *testing.T) {
	t.Parallel()
	play(t, "refused", func(t *testing.T, s *stage) {
		caller := s.calledBy("our-reinvite-is-refused", played{})
		near := s.taken()
		must(t, near.Reoffer(ours()))
		if refused := near.expect(sip.EventReofferRefused); refused.Status != 488 {
			t.Fatalf("heard %s", told(refused))
		}
		near.ended(sip.ByRemote)
		caller.done()
	})
	play(t, "no dialog", func(t *testing.T, s *stage) {
		caller := s.calledBy("our-reinvite-finds-no-dialog", played{})
		near := s.taken()
		must(t, near.Reoffer(ours()))
		near.ended(sip.ByRemote)
		caller.done()
	})
}

func TestOfferComesLater(t *testing.T) {
	t.Parallel()
	play(t, "ours in the 200", ourOfferInThe200)
	play(t, "theirs in the 200", theirOfferInThe200)
	play(t, "ours in the 200 to their re-INVITE", ourOfferInTheirReinvite)
	play(t, "theirs in the 200 to our re-INVITE", theirOfferInOurReinvite)
}

func ourOfferInThe200(t *testing.T, s *stage) {
	caller := s.calledBy("delayed-offer", played{})
	near := s.nextCall()
	must(t, near.Answer(ours()))
	near.agrees(near.expect(sip.EventAcked).Agreement, "PCMA 192.0.2.7:40000 sendrecv")
	near.ended(sip.ByRemote)
	caller.done()
}

func theirOfferInThe200(t *testing.T, s *stage) {
	phone := s.callee("our-delayed-offer", played{})
	near := s.place(phone.hop(), func(i *sip.Invitation) { i.DelayedOffer = true })
	near.answered("PCMA 192.0.2.7:40000 sendrecv")
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	phone.done()
}

func ourOfferInTheirReinvite(t *testing.T, s *stage) {
	caller := s.calledBy("delayed-offer-in-reinvite", played{})
	near := s.taken()
	near.expect(sip.EventReoffer)
	must(t, near.AnswerReoffer(ours()))
	near.agrees(near.expect(sip.EventRenegotiated).Agreement, "PCMU 192.0.2.8:41000 sendrecv")
	near.ended(sip.ByRemote)
	caller.done()
}

func theirOfferInOurReinvite(t *testing.T, s *stage) {
	caller := s.calledBy("our-delayed-offer-in-reinvite", played{})
	near := s.taken()
	must(t, near.RequestOffer(ours()))
	near.agrees(near.expect(sip.EventReofferAnswered).Agreement, "PCMU 192.0.2.8:41000 sendrecv")
	near.ended(sip.ByRemote)
	caller.done()
}

func TestReinvitesCross(t *testing.T) {
	t.Parallel()
	held := ours()
	held.Direction = media.SendOnly
	play(t, "they called", func(t *testing.T, s *stage) {
		caller := s.calledBy("glare-they-called", played{})
		near := s.taken()
		must(t, near.Reoffer(held))
		near.agrees(near.expect(sip.EventReofferAnswered).Agreement, "PCMA 192.0.2.7:40000 recvonly")
		near.reoffered("PCMA 192.0.2.7:40000 sendrecv")
		near.ended(sip.ByRemote)
		caller.done()
		if wait := retried(caller); wait > 4*stageT1+6*stageT1 {
			t.Fatalf("ours came again after %s; RFC 3261 section 14.1 asks for 0 to 4*T1", wait)
		}
	})
	play(t, "we called", func(t *testing.T, s *stage) {
		phone := s.callee("glare-we-called", played{})
		near := s.place(phone.hop(), nil)
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		must(t, near.Reoffer(held))
		near.reoffered("PCMA 192.0.2.7:40000 sendrecv")
		near.agrees(near.expect(sip.EventReofferAnswered).Agreement, "PCMA 192.0.2.7:40000 recvonly")
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
		if wait := retried(phone); wait < 4*stageT1 {
			t.Fatalf("ours came again after %s; RFC 3261 section 14.1 asks for 4.2 to 8*T1", wait)
		}
	})
}

// retried is how long after their 491 our re-INVITE came again.
func retried(p *sipp) time.Duration {
	var refused time.Time
	for _, one := range p.messages() {
		switch {
		case one.sent && refused.IsZero() && len(one.text) > 11 && one.text[:11] == "SIP/2.0 491":
			refused = one.at
		case !one.sent && !refused.IsZero() && one.text[:7] == "INVITE ":
			return one.at.Sub(refused)
		}
	}
	return 0
}

func TestEarlyMedia(t *testing.T) {
	t.Parallel()
	play(t, "to the caller", earlyMediaToTheCaller)
	play(t, "from the callee", earlyMediaFromTheCallee)
}

func earlyMediaToTheCaller(t *testing.T, s *stage) {
	caller := s.calledBy("early-media-to-the-caller", played{})
	near := s.nextCall()
	must(t, near.Progress(ours()))
	must(t, near.Answer(ours()))
	near.expect(sip.EventAcked)
	near.ended(sip.ByRemote)
	caller.done()
}

func earlyMediaFromTheCallee(t *testing.T, s *stage) {
	phone := s.callee("early-media-from-the-callee", played{})
	near := s.place(phone.hop(), nil)
	near.agrees(near.expect(sip.EventProgress).Agreement, "PCMA 192.0.2.7:40000 sendrecv")
	near.answered("PCMA 192.0.2.7:40000 sendrecv")
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	phone.done()
}
