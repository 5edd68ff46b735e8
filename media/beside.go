package media

import (
	"context"
	"errors"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"careline/media/packetio"
	"careline/media/rtcp"
)

const (
	// besideEvery is how often the ports beside sound are asked for reports; the system
	// notes when they came.
	besideEvery = 100 * time.Millisecond
	// besideTime is how long that may take, however many come.
	besideTime = 2 * time.Millisecond
	// besideBuffer is asked of the system for what waits at a port in between: enough
	// for a telephone, which sends one in 5 s, too little for a flood.
	besideBuffer = 4 << 10
	// maxAsking is how many legs may wait for a port beside their sound.
	maxAsking = 256
)

// besides are the ports above those of legs' sound, where telephones send their
// reports unless they mux them. One goroutine opens and reads them all: a pacer has
// no time for the former.
type besides struct {
	asking chan *Leg
	io     packetio.IO // from Listen on
}

// open makes it ready to run.
func (b *besides) open() {
	if poller, err := packetio.NewPoller(); err == nil {
		b.io = poller
	} else { // the system has no means for it
		b.io = packetio.NewPlain()
	}
}

// run opens and reads ports until ctx is done.
func (b *besides) run(ctx context.Context) {
	ticker := time.NewTicker(besideEvery)
	defer ticker.Stop()
	for {
		var tick <-chan time.Time
		if b.io.Hurried() {
			tick = ticker.C
		}
		select {
		case <-ctx.Done():
			return
		case leg := <-b.asking:
			leg.openBeside()
		case <-tick:
			b.io.Poll(time.Now().Add(besideTime))
		}
	}
}

// wantBeside asks for a socket beside the sound, once it is time for that; the monitor's
// lock is held.
func (l *Leg) wantBeside() {
	m := &l.monitor
	if m.opened || !m.to.IsValid() || m.looks < looksPerSecond {
		return
	}
	select {
	case l.engine.besides.asking <- l:
		m.opened = true
	default: // many begin at once: at the next look
	}
}

// openBeside begins to listen for reports beside the sound, if that is still wanted.
func (l *Leg) openBeside() {
	socket, err := l.engine.ports.beside(l.engine.besides.io, l.local.Port())
	if err == nil {
		err = socket.Receive(l.receiveBeside, l.besideFailed)
		if err == nil {
			err = socket.Hurry(true)
		}
		if err != nil {
			err = errors.Join(err, socket.Close())
		}
	}
	if err != nil { // the call goes without reports, but for those that come with its sound
		l.besideFailed(err)
		return
	}
	socket.LimitWaiting(besideBuffer)
	m := &l.monitor
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed || !m.opened || m.beside != nil {
		_ = socket.Close()
		return
	}
	m.beside = socket
}

func (l *Leg) besideFailed(err error) {
	l.engine.log.Debug("no rtcp port", zap.String("call", l.id), zap.Error(err))
}

// receiveBeside takes what has come to the port beside.
func (l *Leg) receiveBeside(raw []byte, from netip.AddrPort, at time.Time) {
	if rtcp.Is(raw) {
		l.receiveReport(raw, from, true, at)
	}
}

// sendBeside sends a report from the port beside, or drops it where there is no room;
// the lock is held.
func (m *monitor) sendBeside(raw []byte) {
	if m.beside.Aim(m.to) {
		_ = m.beside.Send(raw)
	}
}

// closeBeside gives the socket beside back; the lock is held.
func (m *monitor) closeBeside() {
	if m.beside != nil {
		_ = m.beside.Close()
		m.beside = nil
	}
	m.opened = false
}
