package media

import (
	"net/netip"

	"careline/media/packetio"
)

// rtpSocket is the sender of an RTP leg, and what its far side sends comes there.
type rtpSocket struct{ packetio.Socket }

func (s *rtpSocket) refused() uint64 { return s.Refused() }

func (s *rtpSocket) send(packet []byte) error { return s.Send(packet) }

func (s *rtpSocket) aim(target netip.AddrPort) bool { return s.Aim(plain(target)) }
