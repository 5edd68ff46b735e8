package sip

import (
	"net/netip"
	"time"

	"go.uber.org/zap"

	"careline/sip/guard"
)

// Bans lists the sources that aren't heard now, in the order of their addresses.
func (s *Server) Bans() []guard.Ban { return s.guard.rules.Bans(time.Now()) }

// Lift ends the bans of an address and forgets what led to them; the zero Addr
// means those who are banned as guard.Others. It returns how many bans there were.
func (s *Server) Lift(address netip.Addr) int {
	lifted := s.guard.rules.Lift(time.Now(), address)
	if lifted > 0 {
		name := guard.Others
		if address.IsValid() {
			name = address.String()
		}
		s.log.Info("ban lifted", zap.String("source", name))
	}
	return lifted
}
