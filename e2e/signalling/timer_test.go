package signalling

import (
	"testing"
	"time"

	"careline/sip"
)

// hurried has sessions that expire in seconds.
func hurried(o *sip.Options) { o.SessionExpires, o.MinSessionExpires = 3*time.Second, 2*time.Second }

func TestSessionTimer(t *testing.T) {
	t.Parallel()
	for _, file := range []string{
		"session-refreshed-by-the-caller", "we-refresh-the-session-by-update", "we-refresh-the-session-by-reinvite",
		"session-interval-too-small", "our-refresh-is-too-small",
	} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := open(t, hurried)
			caller := s.calledBy(file, played{})
			near := s.nextAccepted()
			if file == "session-refreshed-by-the-caller" {
				near.reoffered("PCMA 192.0.2.7:40000 sendrecv")
			}
			near.ended(sip.ByRemote)
			caller.done()
		})
	}
}

// nextAccepted is taken for callers who can't be rung.
func (s *stage) nextAccepted() *call {
	s.t.Helper()
	one := s.nextCall()
	must(s.t, one.Answer(ours()))
	one.expect(sip.EventAcked)
	return one
}

func TestSessionExpires(t *testing.T) {
	t.Parallel()
	for file, by := range map[string]sip.EndedBy{"session-expires": sip.ByTimeout, "session-expires-on-their-refresh": sip.ByRemote} {
		t.Run(file, func(t *testing.T) {
			t.Parallel()
			s := open(t, hurried)
			caller := s.calledBy(file, played{})
			s.nextAccepted().ended(by)
			caller.done()
		})
	}
}

func TestSessionTimerInACallOfOurs(t *testing.T) {
	t.Parallel()
	t.Run("we refresh", func(t *testing.T) {
		t.Parallel()
		s := open(t, hurried)
		phone := s.callee("our-call-has-a-session-timer", played{})
		near := s.place(phone.hop(), nil)
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		until(t, "our refresh", func() bool { return len(phone.times("UPDATE ")) > 0 })
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	})
	t.Run("they refresh", func(t *testing.T) {
		t.Parallel()
		s := open(t, hurried)
		phone := s.callee("callee-refreshes-the-session", played{})
		near := s.place(phone.hop(), nil)
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		near.ended(sip.ByTimeout)
		phone.done()
	})
}
