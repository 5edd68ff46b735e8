package signalling

import (
	"strings"
	"testing"

	"careline/sip"
)

func TestAnswersGoWhereTheCallerSendsFrom(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"via-rport", "via-received"} {
		play(t, file, func(t *testing.T, s *stage) { s.plain(file, played{}) })
	}
}

// plain is a call that we take and that the caller ends.
func (s *stage) plain(file string, how played) {
	s.t.Helper()
	caller := s.calledBy(file, how)
	s.taken().ended(sip.ByRemote)
	caller.done()
}

func TestCompactHeaders(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("compact-headers", played{})
	near := s.taken()
	near.reoffered("PCMA 192.0.2.7:40000 sendonly")
	near.ended(sip.ByRemote)
	caller.done()
}

func TestLargeRequests(t *testing.T) {
	t.Parallel()
	play(t, "theirs", func(t *testing.T, s *stage) {
		s.plain("large-request-over-tcp", played{network: "tcp"})
	})
	play(t, "ours", func(t *testing.T, s *stage) {
		phone := s.callee("our-large-request-goes-by-tcp", played{network: "tcp"})
		near := s.place(sip.Hop{Network: "udp", Address: phone.address}, func(i *sip.Invitation) {
			i.Headers = []sip.Header{{Name: "X-Padding", Value: strings.Repeat("careline", 250)}}
		})
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	})
}

func TestConnectionBreaksDuringTheCall(t *testing.T) {
	t.Parallel()
	play(t, "that we made", func(t *testing.T, s *stage) {
		between := startRelay(t)
		phone := s.callee("connection-lost-by-the-callee", played{network: "tcp", keys: map[string]string{"relay": between.address.String()}})
		between.toSIPp(phone.address)
		near := s.place(sip.Hop{Network: "tcp", Address: between.address}, nil)
		near.answered("PCMA 192.0.2.7:40000 sendrecv")
		until(t, "the ACK", func() bool { return len(phone.times("ACK ")) > 0 })
		between.cut()
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		phone.done()
	})
	play(t, "that the caller made", func(t *testing.T, s *stage) {
		between := startRelay(t)
		between.toUs(s.address("tcp"))
		caller := s.calledBy("connection-lost-by-the-caller", played{network: "tcp", through: between.address})
		near := s.taken()
		between.cut()
		near.reoffered("PCMA 192.0.2.7:40000 sendrecv")
		until(t, "the ACK", func() bool { return near.State() == sip.StateConfirmed })
		must(t, near.HangUp(sip.CauseNormal, ""))
		near.ended(sip.ByLocal)
		caller.done()
	})
}

func TestRoutesAreFollowedBack(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("record-route-of-two-proxies", played{})
	near := s.taken()
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	caller.done()
}
