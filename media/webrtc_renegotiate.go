package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
)

// browserSide is what a WebRTC leg knows of its connection.
type browserSide struct {
	mu     sync.Mutex // one offer after the other
	link   *browserLink
	remote *browserSDP // what the browser said last; nil before it did
	own    ownSDP      // what we did
	awaits bool        // an offer of ours has no answer yet
}

// Renegotiate answers another offer of a WebRTC leg's browser (RFC 8829 section
// 4.1.10): hold and resume by direction, another network by an ICE restart. The
// stream goes on; the answer is then in Local. Errors about the offer wrap
// ErrBadOffer or ErrNoCommonCodec, and leave the leg as it was.
func (l *Leg) Renegotiate(ctx context.Context, offer string) error {
	if l.closed.Load() {
		return ErrClosed
	}
	if l.browser == nil {
		return errors.New("media: Renegotiate is for WebRTC legs; an RTP leg agrees by Agree")
	}
	remote, err := readBrowserSDP(offer, ErrBadOffer)
	if err != nil {
		return err
	}
	b := l.browser
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.awaits || b.remote == nil {
		return errors.New("media: Renegotiate before the browser has answered our first offer")
	}
	if !b.link.keys.fits(remote.dtls) {
		return fmt.Errorf("%w: it is of another certificate, so of another connection; call anew", ErrBadOffer)
	}
	choice := l.choose(remote.codecs)
	if choice.format.Codec == CodecNone {
		return ErrNoCommonCodec
	}
	if remote.ufrag != b.remote.ufrag || remote.password != b.remote.password {
		if err := b.link.restart(ctx, remote); err != nil {
			return err
		}
	}
	answer, err := l.answer(remote, choice)
	if err != nil {
		return err
	}
	l.settleWebRTC(remote.direction, answer)
	return nil
}

// answer makes the complete answer to an offer, in which choice was made.
func (l *Leg) answer(remote *browserSDP, choice browserChoice) (string, error) {
	own := &l.browser.own
	own.mid, own.bundled = remote.mid, remote.bundled
	own.direction, own.codecs = remote.direction.Answer(), choice.codecs
	own.setup = l.browser.link.keys.role
	l.browser.remote = remote
	l.agreeWebRTC(choice)
	return l.describe()
}

// describe writes down what our side says.
func (l *Leg) describe() (string, error) {
	own := l.browser.own
	own.fingerprint, own.name = l.engine.webrtc.fingerprint, string(l.monitor.name[:])
	l.out.mu.Lock()
	own.ssrc = l.out.ssrc
	l.out.mu.Unlock()
	if err := l.browser.link.describe(&own); err != nil {
		return "", err
	}
	l.browser.own.version++
	return own.marshal()
}

// settleWebRTC does as the offer's direction says, which an answer has been made to.
func (l *Leg) settleWebRTC(offered Direction, answer string) {
	l.in.mu.Lock()
	l.in.browserSends = offered.Sends()
	l.in.mu.Unlock()
	l.out.mu.Lock()
	l.out.held = !offered.Receives()
	l.out.wanted = l.out.connected && !l.out.held && !l.closed.Load()
	l.out.open = l.out.wanted
	l.out.mu.Unlock()
	l.descriptionMu.Lock()
	defer l.descriptionMu.Unlock()
	l.description.Direction = offered.Answer()
	l.description.WebRTC = SDP(answer)
}

// offeredDirection reads the direction of an SDP with one stream: the stream's,
// which comes last, before the session's.
func offeredDirection(sdp string) Direction {
	direction := SendRecv
	for line := range strings.Lines(sdp) {
		if found, ok := directionLine(line); ok {
			direction = found
		}
	}
	return direction
}

func directionLine(line string) (Direction, bool) {
	name, ok := strings.CutPrefix(strings.TrimRight(line, "\r\n"), "a=")
	if !ok {
		return SendRecv, false
	}
	for _, direction := range []Direction{SendRecv, SendOnly, RecvOnly, Inactive} {
		if name == direction.attribute() {
			return direction, true
		}
	}
	return SendRecv, false
}

// attribute is the direction as SDP has it.
func (d Direction) attribute() string {
	return [...]string{"sendrecv", "sendonly", "recvonly", "inactive"}[d&3]
}
