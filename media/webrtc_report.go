package media

import (
	"errors"
	"io"
	"net/netip"
	"time"

	"github.com/pion/interceptor"
	pion "github.com/pion/rtcp"

	"careline/media/rtcp"
)

// sendReport sends a compound packet of RTCP, which the library encrypts.
func (b *browserSide) sendReport(raw []byte) {
	packet := pion.RawPacket(raw)
	_ = b.connection.WriteRTCP([]pion.Packet{&packet}) // not connected: the next one goes
}

// maxReport is the longest compound packet that is read.
const maxReport = 512

// readReports hands the browser's reports about one stream to the leg, beside what
// else goes on, until it is over.
func (e *Engine) readReports(leg *Leg, read func([]byte) (int, interceptor.Attributes, error)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if !e.closed {
		e.group.Go(func() { readReports(leg, read) })
	}
}

func readReports(leg *Leg, read func([]byte) (int, interceptor.Attributes, error)) {
	buffer := make([]byte, maxReport)
	for {
		n, _, err := read(buffer)
		switch {
		case errors.Is(err, io.ErrShortBuffer):
		case err != nil:
			return
		case rtcp.Is(buffer[:n]):
			leg.receiveReport(buffer[:n], netip.AddrPort{}, false, time.Now())
		}
	}
}
