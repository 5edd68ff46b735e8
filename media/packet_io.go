package media

import (
	"errors"
	"fmt"
	"net/netip"

	"go.uber.org/zap"

	"careline/media/packetio"
)

// PacketIO is a way to move RTP's packets; docs/decisions/0010-packet-io.md
// compares them.
type PacketIO uint8

const (
	// BatchedIO has each pacer read, every 2 ms, all that is to be passed on, and every
	// 40 ms what has come to its other legs; what has come from browsers is read every
	// 2 ms. Where the system has no means for it, it is PlainIO.
	BatchedIO PacketIO = iota + 1
	// PlainIO has a goroutine wait at each socket.
	PlainIO
)

// String names it as the configuration does.
func (p PacketIO) String() string {
	if p == PlainIO {
		return "plain"
	}
	return "batched"
}

// ParsePacketIO finds it by its name.
func ParsePacketIO(name string) (PacketIO, error) {
	for _, p := range []PacketIO{BatchedIO, PlainIO} {
		if name == p.String() {
			return p, nil
		}
	}
	return 0, fmt.Errorf("packets are moved batched or plain, not %q", name)
}

// openIO gives each pacer what it polls.
func (e *Engine) openIO() {
	e.besides.open()
	for _, pacer := range e.pacers {
		pacer.browsers = e.webrtc.socket
	}
	moving := e.moving
	if moving == BatchedIO {
		if err := e.openPollers(); err != nil {
			e.log.Warn("packets are moved plainly: the system has no means for batches", zap.Error(err))
			moving = PlainIO
		}
	}
	if moving == PlainIO {
		plain := packetio.NewPlain()
		for _, pacer := range e.pacers {
			pacer.io = plain
		}
	}
	e.log.Debug("packets are moved", zap.Stringer("by", moving))
}

// openPollers gives each pacer a poller of its own.
func (e *Engine) openPollers() error {
	for i, pacer := range e.pacers {
		poller, err := packetio.NewPoller()
		if err != nil {
			for _, earlier := range e.pacers[:i] {
				err = errors.Join(err, earlier.io.Close())
			}
			return err
		}
		pacer.io = poller
	}
	return nil
}

// openShared binds the socket of all browsers.
func openShared(moving PacketIO, address netip.AddrPort) (packetio.Shared, error) {
	if moving == BatchedIO {
		conn, err := packetio.PollShared(address, sharedReadBuffer)
		if !errors.Is(err, packetio.ErrUnsupported) {
			return conn, err
		}
	}
	return packetio.ListenShared(address, sharedReadBuffer)
}
