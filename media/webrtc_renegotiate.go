package media

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"github.com/pion/webrtc/v4"
)

// browserSide is what a WebRTC leg knows of its connection.
type browserSide struct {
	mu           sync.Mutex // one offer after the other
	connection   *webrtc.PeerConnection
	fingerprints string // of the browser's certificate
	awaits       bool   // an offer of ours has no answer yet
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
	if err := checkOffer(offer); err != nil {
		return err
	}
	l.browser.mu.Lock()
	defer l.browser.mu.Unlock()
	if l.browser.awaits {
		return errors.New("media: Renegotiate before the browser has answered our first offer")
	}
	if attributes(offer, "fingerprint") != l.browser.fingerprints {
		return fmt.Errorf("%w: it is of another certificate, so of another connection; call anew", ErrBadOffer)
	}
	answer, err := l.answer(ctx, offer)
	if err != nil {
		// Fails where there is nothing to take back.
		_ = l.browser.connection.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeRollback})
		return err
	}
	l.settleWebRTC(offeredDirection(offer), answer)
	return nil
}

// answer makes the complete answer to an offer. To the library, sound always goes
// both ways: a direction of inactive would end its stream for good.
func (l *Leg) answer(ctx context.Context, offer string) (string, error) {
	connection := l.browser.connection
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: withDirection(offer, SendRecv)}
	if err := connection.SetRemoteDescription(remote); err != nil {
		return "", fmt.Errorf("%w: %v", ErrBadOffer, err)
	}
	transceiver := connection.GetTransceivers()[0]
	if err := transceiver.SetCodecPreferences(nil); err != nil { // as it was before the last choice
		return "", fmt.Errorf("media: answer: %w", err)
	}
	choice := l.choose(transceiver.Sender().GetParameters().Codecs)
	if choice.format.Codec == CodecNone {
		return "", ErrNoCommonCodec
	}
	if err := transceiver.SetCodecPreferences(choice.codecs); err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	answer, err := connection.CreateAnswer(nil)
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrBadOffer, err)
	}
	l.agreeWebRTC(choice)
	if err := l.setLocal(ctx, answer); err != nil {
		return "", fmt.Errorf("media: answer: %w", err)
	}
	return withDirection(connection.LocalDescription().SDP, offeredDirection(offer).Answer()), nil
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

// withDirection says another direction in an SDP.
func withDirection(sdp string, direction Direction) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if found, ok := directionLine(line); ok {
			line = strings.Replace(line, found.attribute(), direction.attribute(), 1)
		}
		b.WriteString(line)
	}
	return b.String()
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

// attributes are the values of an SDP attribute, a line each.
func attributes(sdp, name string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if value, ok := strings.CutPrefix(line, "a="+name+":"); ok {
			b.WriteString(strings.TrimRight(value, "\r\n") + "\n")
		}
	}
	return b.String()
}
