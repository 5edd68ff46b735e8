package signalling

import (
	"testing"

	"careline/sip"
)

func TestCallerTransfersUsBlindly(t *testing.T) {
	t.Parallel()
	play(t, "it is answered", blindTransfer)
	play(t, "it is busy", blindTransferToTheBusy)
	play(t, "we don't want it", func(t *testing.T, s *stage) {
		caller := s.calledBy("refer-is-refused", played{})
		near := s.taken()
		near.expect(sip.EventRefer)
		must(t, near.RefuseRefer(603))
		near.ended(sip.ByRemote)
		caller.done()
	})
}

func blindTransfer(t *testing.T, s *stage) {
	caller := s.calledBy("refer-blind", played{})
	near := s.taken()
	refer := near.expect(sip.EventRefer).Refer
	if refer.Attended() || refer.Target.User().Reveal() != "+13125550177" || refer.By.Reveal() != "+13125550142" {
		t.Fatalf("refer %+v", refer)
	}
	must(t, near.AcceptRefer())
	phone := s.callee("call-out", played{})
	far := s.place(phone.hop(), nil)
	must(t, near.ReferProgress(180))
	far.answered("PCMA 192.0.2.7:40000 sendrecv")
	must(t, near.ReferProgress(200))
	near.ended(sip.ByRemote)
	caller.done()
	must(t, far.HangUp(sip.CauseNormal, ""))
	far.ended(sip.ByLocal)
	phone.done()
}

func blindTransferToTheBusy(t *testing.T, s *stage) {
	caller := s.calledBy("refer-blind-fails", played{})
	near := s.taken()
	near.expect(sip.EventRefer)
	must(t, near.AcceptRefer())
	must(t, near.ReferProgress(486))
	near.ended(sip.ByRemote)
	caller.done()
}

func TestCallerTransfersUsAttended(t *testing.T) {
	t.Parallel()
	play(t, "to somebody elsewhere", attendedTransfer)
	play(t, "to another call of its own", func(t *testing.T, s *stage) {
		caller := s.calledBy("refer-attended-between-two-calls", played{})
		first, second := s.taken(), s.taken()
		refer := first.expect(sip.EventRefer).Refer
		if !refer.Attended() || refer.With != second.Dialog {
			t.Fatalf("refer %+v", refer)
		}
		must(t, first.AcceptRefer())
		must(t, first.ReferProgress(200))
		first.ended(sip.ByRemote)
		second.ended(sip.ByRemote)
		caller.done()
	})
}

func attendedTransfer(t *testing.T, s *stage) {
	caller := s.calledBy("refer-attended", played{})
	near := s.taken()
	refer := near.expect(sip.EventRefer).Refer
	if !refer.Attended() || refer.With != nil {
		t.Fatalf("refer %+v", refer)
	}
	must(t, near.AcceptRefer())
	phone := s.callee("our-invite-replaces", played{})
	far := s.place(phone.hop(), func(i *sip.Invitation) { i.Target, i.Headers = refer.Target, refer.Headers })
	far.answered("PCMA 192.0.2.7:40000 sendrecv")
	must(t, near.ReferProgress(200))
	near.ended(sip.ByRemote)
	caller.done()
	must(t, far.HangUp(sip.CauseNormal, ""))
	far.ended(sip.ByLocal)
	phone.done()
}

func TestAnotherPhoneTakesTheCallOver(t *testing.T) {
	t.Parallel()
	play(t, "a call of ours", func(t *testing.T, s *stage) {
		caller := s.calledBy("replaces-takes-a-call-over", played{})
		near := s.taken()
		next := newCall(t)
		next.Dialog = near.expect(sip.EventReplaced).Dialog
		next.Notify(next.notify)
		must(t, next.Answer(ours()))
		next.expect(sip.EventAcked)
		near.ended(sip.ByLocal)
		next.ended(sip.ByRemote)
		caller.done()
	})
	play(t, "no call", func(t *testing.T, s *stage) {
		s.calledBy("replaces-unknown-call", played{}).done()
	})
}

func TestWeTransferTheCaller(t *testing.T) {
	t.Parallel()
	for file, statuses := range map[string][]int{"our-refer-blind": {100, 180, 200}, "our-refer-fails": {100, 404}} {
		play(t, file, weTransfer(file, statuses...))
	}
	play(t, "to somebody whom we have called", weTransferAttended)
}

func weTransferAttended(t *testing.T, s *stage) {
	phone := s.callee("call-out", played{})
	other := s.place(phone.hop(), nil)
	other.answered("PCMA 192.0.2.7:40000 sendrecv")
	caller := s.calledBy("our-refer-attended", played{})
	near := s.taken()
	must(t, near.ReferTo(other.Dialog))
	near.transferred(100, 200)
	for _, one := range []*call{near, other} {
		must(t, one.HangUp(sip.CauseNormal, ""))
		one.ended(sip.ByLocal)
	}
	caller.done()
	phone.done()
}

// transferred waits for the stages of a transfer of ours.
func (c *call) transferred(statuses ...int) {
	c.t.Helper()
	for _, status := range statuses {
		if event := c.expect(sip.EventReferProgress); event.Status != status {
			c.t.Fatalf("heard %s, expected %d", told(event), status)
		}
	}
}

func weTransfer(file string, statuses ...int) func(*testing.T, *stage) {
	return func(t *testing.T, s *stage) {
		target, err := sip.ParseTarget("<sip:+13125550177@trunk.example>")
		must(t, err)
		caller := s.calledBy(file, played{})
		near := s.taken()
		must(t, near.Refer(target))
		near.transferred(statuses...)
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		caller.done()
	}
}
