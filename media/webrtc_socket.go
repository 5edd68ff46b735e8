package media

import (
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"careline/media/packetio"
)

// signOfLife is how many bytes of a packet the library gets that does ICE, for it to
// know that the browser is there: nothing that is sent is so short.
const signOfLife = 1

// browserSocket is the socket of all browsers. It tells sound and reports from what
// belongs to ICE and DTLS (RFC 7983) and gives them to the leg whose browser they come
// from, in the goroutine that reads; the library gets the rest.
type browserSocket struct {
	packetio.Shared
	signEvery time.Duration // between two signs of life

	mu    sync.Mutex // of those who replace the map
	links atomic.Pointer[map[netip.AddrPort]*browserLink]
}

func newBrowserSocket(shared packetio.Shared, signEvery time.Duration) *browserSocket {
	s := &browserSocket{Shared: shared, signEvery: signEvery}
	s.links.Store(&map[netip.AddrPort]*browserLink{})
	return s
}

// reroute lets a link's packets come from another address; nil is none.
func (s *browserSocket) reroute(link *browserLink, before, next *netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	links := maps.Clone(*s.links.Load())
	if before != nil && links[*before] == link {
		delete(links, *before)
	}
	if next != nil {
		links[*next] = link
	}
	s.links.Store(&links)
}

// ReadFromAddrPort gives the library what is its own.
func (s *browserSocket) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	for {
		n, from, err := s.Shared.ReadFromAddrPort(b)
		if err != nil || !isMedia(b[:n]) {
			return n, from, err
		}
		link := (*s.links.Load())[netip.AddrPortFrom(from.Addr().Unmap(), from.Port())]
		if link == nil {
			return n, from, nil
		}
		now := time.Now()
		link.receive(b[:n], now)
		if now.Sub(link.signed) >= s.signEvery {
			link.signed = now
			return signOfLife, from, nil
		}
	}
}

// isMedia tells RTP and RTCP from STUN and DTLS by the first byte (RFC 7983 section 7).
func isMedia(raw []byte) bool { return len(raw) > signOfLife && raw[0] >= 128 && raw[0] <= 191 }
