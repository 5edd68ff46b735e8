package media

import (
	"errors"
	"fmt"
	"net/netip"
	"time"

	"careline/media/packetio"
)

// DefaultDrain is how long a closed leg's port rests before it is used again, so
// that late packets of one call never reach the next.
const DefaultDrain = 10 * time.Second

// ErrNoPorts says that every RTP port is in use or rests. Refuse the call (503).
var ErrNoPorts = errors.New("media: no RTP port is free; widen media.ports")

// ports hands out even UDP ports of a range, the longest rested first. It isn't
// safe for concurrent use.
type ports struct {
	address netip.Addr
	any     bool // no range: the system chooses
	drain   time.Duration
	free    []restingPort // in the order of release
	inUse   int
}

type restingPort struct {
	port uint16
	from time.Time // free from then on
}

func newPorts(address netip.Addr, low, high uint16, drain time.Duration) (*ports, error) {
	p := &ports{address: address, drain: drain}
	if low == 0 && high == 0 {
		p.any = true
		return p, nil
	}
	for port := (uint32(low) + 1) &^ 1; port <= uint32(high); port += 2 {
		p.free = append(p.free, restingPort{port: uint16(port)})
	}
	if low == 0 || len(p.free) == 0 {
		return nil, fmt.Errorf("media: ports %d-%d hold no even port; set media.ports to a range such as 20000-20999", low, high)
	}
	return p, nil
}

// open binds a free port by io. A port that another program holds goes to the end
// of the line.
func (p *ports) open(io packetio.IO, now time.Time) (packetio.Socket, error) {
	if p.any {
		socket, err := p.bind(io, 0)
		if err == nil {
			p.inUse++
		}
		return socket, err
	}
	for range len(p.free) {
		next := p.free[0]
		if now.Before(next.from) {
			return nil, ErrNoPorts
		}
		socket, err := p.bind(io, next.port)
		switch {
		case err == nil:
			p.free = p.free[1:]
			p.inUse++
			return socket, nil
		case !packetio.IsAddressInUse(err):
			return nil, err // nothing is wrong with this port
		}
		p.free = append(p.free[1:], restingPort{next.port, now.Add(p.drain)})
	}
	return nil, ErrNoPorts
}

func (p *ports) bind(io packetio.IO, port uint16) (packetio.Socket, error) {
	local := netip.AddrPortFrom(p.address, port)
	socket, err := io.Open(local)
	if err != nil {
		return nil, fmt.Errorf("media: RTP port %s: %w", local, err)
	}
	return socket, nil
}

// beside binds the port above that of a leg's sound, which rests and is used again
// with it. It changes nothing here.
func (p *ports) beside(io packetio.IO, port uint16) (packetio.Socket, error) {
	if port == 65535 {
		return nil, errors.New("media: no port is above 65535")
	}
	return p.bind(io, port+1)
}

// close takes a port back, to rest.
func (p *ports) close(port uint16, now time.Time) {
	p.inUse--
	if !p.any {
		p.free = append(p.free, restingPort{port, now.Add(p.drain)})
	}
}
