package signalling

import (
	"testing"

	"careline/sip"
)

func TestReliableProvisionalResponses(t *testing.T) {
	t.Parallel()
	play(t, "required", prackOfTheCaller)
	for _, file := range []string{"prack-is-lost", "prack-for-nothing"} {
		play(t, file, func(t *testing.T, s *stage) {
			caller := s.calledBy(file, played{more: []string{"-nr"}})
			near := s.nextCall()
			must(t, near.Progress(ours()))
			must(t, near.Answer(ours())) // goes out once the 183 is acknowledged
			near.expect(sip.EventAcked)
			near.ended(sip.ByRemote)
			caller.done()
		})
	}
	play(t, "never acknowledged", func(t *testing.T, s *stage) {
		caller := s.calledBy("prack-never-comes", played{more: []string{"-nr"}})
		near := s.nextCall()
		must(t, near.Progress(ours()))
		if end := near.ended(sip.ByTimeout); end.Status != 504 {
			t.Errorf("heard %s", told(end))
		}
		caller.done()
	})
}

func prackOfTheCaller(t *testing.T, s *stage) {
	caller := s.calledBy("prack", played{})
	near := s.nextCall()
	must(t, near.Ringing())
	until(t, "the PRACK's answer", func() bool { return len(caller.times("SIP/2.0 200")) > 0 })
	must(t, near.Answer(ours()))
	near.expect(sip.EventAcked)
	near.ended(sip.ByRemote)
	caller.done()
}

func TestReliableProvisionalResponsesToACallOfOurs(t *testing.T) {
	t.Parallel()
	play(t, "in order", func(t *testing.T, s *stage) {
		phone := s.callee("our-prack", played{})
		near := s.place(phone.hop(), nil)
		if ringing := near.expect(sip.EventProgress); ringing.Status != 180 {
			t.Errorf("heard %s", told(ringing))
		}
		near.agrees(near.expect(sip.EventProgress).Agreement, "PCMA 192.0.2.7:40000 sendrecv")
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	})
	play(t, "lost", func(t *testing.T, s *stage) {
		phone := s.callee("our-prack-is-lost", played{more: []string{"-nr"}})
		near := s.place(phone.hop(), nil)
		near.agrees(near.expect(sip.EventProgress).Agreement, "PCMA 192.0.2.7:40000 sendrecv")
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	})
}
