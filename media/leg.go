package media

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"careline/media/rtcp"
)

const (
	// DigitPayloadType is the payload type that Careline offers for digits at 8 kHz.
	DigitPayloadType = 101
	// WideDigitPayloadType is the one at 48 kHz, beside Opus.
	WideDigitPayloadType = 110
)

// timeoutEvery is how many frames lie between two looks at the time-out and at how
// the leg sounds.
const timeoutEvery = int32(time.Second / FrameDuration / 4)

// ErrClosed is returned for a leg or an engine that is closed.
var ErrClosed = errors.New("media: closed")

// LegOptions are what the owner of a leg says of it.
type LegOptions struct {
	// ID stands in the log lines about the leg, as field call.
	ID string
	// Codecs are what the leg may speak, in the order of preference; empty:
	// Options.Codecs.
	Codecs []Codec
	// Notify is told what happens, by goroutines of the engine, one event at a
	// time: it must neither block nor call Close. It may be nil.
	Notify func(Event)
}

// Leg is one far side's sound: a telephone's RTP or a browser's WebRTC. All
// methods may be called by any goroutine; none waits for the network.
type Leg struct {
	// What a visit of the pacer needs lies together: with many legs each line of it
	// comes from far away in memory.
	looks  atomic.Int32 // frames since the last look
	muted  atomic.Bool
	shield shield
	peer   atomic.Pointer[Leg] // whose payloads pass through; written under engine.mu
	// conference that the leg is in; written under engine.mu and the conference's.
	conference atomic.Pointer[Conference]
	rtp        rtpSocket // of RTP legs
	out        outgoing
	in         incoming
	ear        ear

	id      string
	engine  *Engine
	local   netip.AddrPort // of RTP legs
	place   place          // with the pacer
	release func()         // gives back socket or link
	joined  *Leg           // by Join; under engine.mu

	monitor monitor

	codecs []Codec // that it may speak, in the order of preference

	browser *browserSide // of WebRTC legs
	keys    []Crypto     // our own, one for each suite; of RTP legs, never written

	descriptionMu sync.Mutex
	description   Description // our side

	notifyMu sync.Mutex
	notify   func(Event)
	closed   atomic.Bool
	failed   atomic.Bool // EventFailed was told
}

// ID returns LegOptions.ID.
func (l *Leg) ID() string { return l.id }

// LocalAddress is where an RTP leg receives; zero for a WebRTC leg.
func (l *Leg) LocalAddress() netip.AddrPort { return l.local }

// Local is what an SDP should say of our side: everything we speak before Agree;
// afterwards what was agreed, and the direction that answers the far side's.
func (l *Leg) Local() Description {
	l.descriptionMu.Lock()
	defer l.descriptionMu.Unlock()
	description := l.description
	description.Formats = slices.Clone(description.Formats)
	description.Crypto = slices.Clone(description.Crypto)
	return description
}

// Agree sets what was negotiated with an RTP leg's far side: its description and
// the one codec to send, under the far side's payload type. It may be called
// again (re-INVITE): the stream goes on, and the latch reopens. Where
// remote.Direction doesn't receive, nothing is sent (playback goes on in time);
// where it doesn't send, the time-out rests. The first of remote.Crypto is the far
// side's key; without one the sound is plain RTP. An address of another IP version
// than ours is none.
func (l *Leg) Agree(remote Description, format Format) error {
	if l.closed.Load() {
		return ErrClosed
	}
	if err := l.agreeable(remote, format); err != nil {
		return err
	}
	if address := remote.Address.Addr(); address.IsValid() && address.Unmap().Is4() != l.local.Addr().Is4() {
		// Telephones with two stacks name an address of the one and send from the
		// other: they are found by their packets.
		remote.Address = netip.AddrPort{}
	}
	now := time.Now()
	l.agreeReports(remote)
	defer l.recode()
	var over, begun *handshake
	defer func() { // without the locks
		over.close()
		begun.begin(plain(remote.Address))
		l.overtaken(begun, now)
	}()
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	secure, err := l.decryption(remote)
	if err != nil {
		return err
	}
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	moved := plain(remote.Address) != l.in.latch.expected
	own, err := l.encryption(remote, moved || secure != l.in.secure)
	if err != nil {
		return err
	}
	over, begun = l.rekey(remote)
	l.in.secure = secure
	l.in.types = payloadTypesFor(format, remote.DigitPayloadType).also(remote.Formats)
	l.in.listenForTones(l.engine.inband.listens(remote.DigitPayloadType))
	if sends := remote.Direction.Sends(); sends && (!l.in.expects || l.in.quietSince.IsZero()) {
		l.in.quietSince, l.in.timedOut = now, false
	}
	l.in.expects = remote.Direction.Sends()
	l.in.latch.reopen(remote.Address, l.in.expects, now)
	l.out.agree(remote, format)
	l.out.wanted = remote.Direction.Receives()
	l.out.retarget(l.in.latch.target)

	l.descriptionMu.Lock()
	defer l.descriptionMu.Unlock()
	l.description.agree(remote, format)
	l.description.Direction = remote.Direction.Answer()
	l.description.Crypto = own
	l.description.DTLS.Setup = SetupNone
	if l.in.handshake != nil {
		l.description.DTLS.Setup = l.in.handshake.role
	}
	l.description.ReportsMuxed = remote.ReportsMuxed
	return nil
}

// agreeable says what is wrong with what Agree was given.
func (l *Leg) agreeable(remote Description, format Format) error {
	switch {
	case l.in.latch == nil:
		return errors.New("media: Agree is for RTP legs; a WebRTC leg agrees by offer and answer")
	case remote.WebRTC != "":
		return errors.New("media: agree: the far side is a browser; give it a WebRTC leg")
	case !slices.Contains(Codecs(), format.Codec):
		return fmt.Errorf("media: agree: codec %s: give one of %v", format.Codec, Codecs())
	case len(remote.Crypto) > 0 && !remote.Crypto[0].whole():
		return fmt.Errorf("media: agree: the far side's key isn't one for %s", remote.Crypto[0].Suite)
	}
	return nil
}

// Codec is the one we send; CodecNone before Agree.
func (l *Leg) Codec() Codec {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.out.format.Codec
}

// sends is the codec that we send, and how Opus is.
func (l *Leg) sends() (Codec, OpusParameters) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	return l.out.format.Codec, l.out.opus
}

// Play begins a playback at once, in place of what plays. It wins over the joined
// leg's sound until it ends.
func (l *Leg) Play(playback Playback) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.out.playing.start(playback)
	l.out.playing.speak(l.out.format.Codec, l.out.opus)
}

// StopPlaying ends the playback, without EventPlayed.
func (l *Leg) StopPlaying() {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.out.playing.stop()
}

// SendDigit queues a digit for the far side, of a length within MinDigit and
// MaxDigit: as an event (RFC 4733), or as the key's tone to a far side that takes
// none. It goes in place of sound. Before Agree, or where too many wait, it is
// dropped and counted.
func (l *Leg) SendDigit(digit Digit, duration time.Duration) {
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	if !l.out.saysDigits() || !l.out.digits.Send(digit, duration) {
		l.out.digitsLost++
	}
}

// Mute decides whether the joined leg hears silence instead of this leg's far side.
func (l *Leg) Mute(on bool) { l.muted.Store(on) }

// Stats returns one snapshot of the counters.
func (l *Leg) Stats() LegStats {
	heard, said := l.monitor.live()
	l.in.mu.Lock()
	stats := LegStats{
		PacketsReceived: l.in.received,
		PacketsLost:     l.in.stats.lostInAll(),
		Ignored:         l.in.ignored,
		Malformed:       l.in.malformed,
		Unauthentic:     l.in.unauthentic,
		Jitter:          l.in.stats.jitterTime(),
	}
	if l.in.latch != nil && l.in.latch.target.IsValid() {
		stats.Remote = l.in.latch.target.String()
	}
	l.in.mu.Unlock()
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	stats.PacketsSent, stats.SendErrors = l.out.sent, l.out.errors
	stats.RelayLate, stats.DigitsLost = l.out.late, l.out.digitsLost
	stats.Heard, stats.Said = heard, said
	stats.Buffer = l.ear.stats()
	return stats
}

// Close parts the leg, frees its port or browser and ends its goroutines.
// No event is told after it returns. It may be called again.
func (l *Leg) Close() {
	if l.closed.Swap(true) {
		return
	}
	l.notifyMu.Lock()
	l.notify = nil
	l.notifyMu.Unlock()
	l.engine.remove(l)
	l.leave(time.Now())
	for i := range l.out.taps {
		if t := l.out.taps[i].Load(); t != nil {
			t.Close()
		}
	}
	l.in.mu.Lock()
	l.in.handshake.close()
	l.in.mu.Unlock()
	l.out.mu.Lock()
	l.out.wanted, l.out.open = false, false
	l.out.to = nowhere{}
	l.out.playing.stop()
	l.out.mu.Unlock()
	l.release()
}

// tell notifies the owner, unless the leg is closed.
func (l *Leg) tell(event Event) {
	l.notifyMu.Lock()
	defer l.notifyMu.Unlock()
	if l.notify != nil {
		l.notify(event)
	}
}

// receive handles one packet from the network.
func (l *Leg) receive(raw []byte, from netip.AddrPort, now time.Time) {
	if rtcp.Is(raw) {
		l.receiveReport(raw, from, false, now)
		return
	}
	if isDTLS(raw) {
		l.receiveDTLS(raw, from, now)
		return
	}
	a, ok := l.in.take(raw, from, now)
	if !ok {
		return
	}
	if a.moved {
		l.follow()
	}
	if a.first {
		l.tell(Event{Kind: EventFirstPacket})
	}
	if a.digit != (Digit{}) {
		l.tell(Event{Kind: EventDigit, Digit: a.digit})
	}
	if l.shield.wanted(l.ear.needed() || l.peer.Load() != nil || l.out.taps.any()) {
		l.shield.pass(&a, func(a *arrival, key bool) { l.pass(a, key, now) })
		return
	}
	l.pass(&a, false, now)
}

// follow sends to where the latch says.
func (l *Leg) follow() {
	l.in.mu.Lock()
	defer l.in.mu.Unlock()
	l.out.mu.Lock()
	defer l.out.mu.Unlock()
	l.out.retarget(l.in.latch.target)
}

// visit lets the leg send its frame: that of its conference, where it is in one.
func (l *Leg) visit(due time.Time) (played int, finished bool) {
	if c := l.conference.Load(); c != nil {
		return c.frame(l, due)
	}
	return l.out.frame(due)
}

// frame is the pacer's visit, for the frame that is due at due.
func (l *Leg) frame(due time.Time) {
	for i := range l.out.taps {
		if t := l.out.taps[i].Load(); t != nil {
			t.tick(due)
		}
	}
	played, finished := l.visit(due)
	if finished {
		l.tell(Event{Kind: EventPlayed, Playback: played})
	}
	if l.looks.Add(1) >= timeoutEvery {
		l.looks.Store(0)
		l.observe(time.Now())
		if l.engine.timeout > 0 && l.in.overdue(l.engine.timeout, due) {
			l.tell(Event{Kind: EventTimeout})
		}
	}
}
