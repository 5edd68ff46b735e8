package media

import "go.uber.org/zap"

// Join lets two legs hear each other. Each is parted from whom it was joined with
// before. Payloads pass through undecoded where the two codecs allow it; otherwise
// the sound is decoded, and encoded anew. It stays right when a codec is agreed on
// anew. While a leg plays, its far side hears the playback only.
func Join(a, b *Leg) {
	if a == b || a.engine != b.engine {
		return
	}
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	if a.closed.Load() || b.closed.Load() {
		return
	}
	a.part()
	b.part()
	a.joined, b.joined = b, a
	a.engine.connect(a, b)
}

// Part undoes Join; nothing happens if the two aren't joined. When it has
// returned, no more of the other's sound is sent to either.
func Part(a, b *Leg) {
	a.engine.mu.Lock()
	defer a.engine.mu.Unlock()
	if a.joined == b {
		a.part()
	}
}

// part undoes a join, or leaves a conference; Engine.mu is held.
func (l *Leg) part() {
	peer := l.joined
	if peer == nil {
		if c := l.conference.Load(); c != nil {
			c.remove(l)
		}
		return
	}
	l.joined, peer.joined = nil, nil
	l.engine.disconnect(l, peer)
}

// connect brings two joined legs' sound together, by the cheapest way that their
// codecs allow; Engine.mu is held.
func (e *Engine) connect(a, b *Leg) {
	if passes(a.Codec(), b.Codec()) {
		a.out.join(b)
		b.out.join(a)
		a.peer.Store(b)
		b.peer.Store(a)
		a.hurry()
		b.hurry()
		return
	}
	bridge := e.NewConference()
	for _, leg := range []*Leg{a, b} {
		// It has room, and Join has seen to it that both are open.
		_ = bridge.add(leg, Talking, nil)
	}
}

// disconnect undoes connect.
func (e *Engine) disconnect(a, b *Leg) {
	for _, leg := range []*Leg{a, b} {
		if c := leg.conference.Load(); c != nil {
			c.remove(leg)
		}
		leg.peer.Store(nil)
		leg.out.join(nil)
		leg.hurry()
	}
}

// hurry lets what comes to an RTP leg be taken soon if others hear it, or keys are
// being exchanged; otherwise the pacer's visit is soon enough. Engine.mu is held.
func (l *Leg) hurry() {
	if l.rtp.Socket == nil {
		return
	}
	on := l.peer.Load() != nil || l.conference.Load() != nil || l.in.handshakes()
	if err := l.rtp.Hurry(on); err != nil && !l.closed.Load() {
		l.engine.log.Warn("what comes waits for the leg's turn", zap.String("call", l.id), zap.Error(err))
	}
}

// passes reports whether payloads of two codecs pass through to each other. What
// isn't agreed on yet doesn't sound, and decides nothing.
func passes(a, b Codec) bool { return a == CodecNone || b == CodecNone || a.passes(b) }

// recode follows a codec that was agreed on anew: two who are joined change their
// way where they must, a member of a conference its encoder.
func (l *Leg) recode() {
	l.engine.mu.Lock()
	defer l.engine.mu.Unlock()
	defer l.hurry()
	if peer := l.joined; peer != nil && passes(l.Codec(), peer.Codec()) != (l.peer.Load() != nil) {
		l.engine.disconnect(l, peer)
		l.engine.connect(l, peer)
		return
	}
	if c := l.conference.Load(); c != nil {
		c.recoded(l)
	}
}
