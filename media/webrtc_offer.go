package media

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/pion/webrtc/v4"
)

// ErrBadAnswer is wrapped by errors about an answer that can't be used.
var ErrBadAnswer = errors.New("media: the answer isn't usable")

// OfferWebRTC makes a leg for a browser that is called, and our offer of audio to it
// (RFC 8829 section 5.2.1). The offer is complete: ICE-lite, with all candidates, and
// DTLS in either role. AnswerWebRTC takes the browser's answer; until then the leg
// holds a connection that waits, so one that gets none is to be closed. What the
// browser offers later goes to Renegotiate.
func (e *Engine) OfferWebRTC(ctx context.Context, options LegOptions) (*Leg, string, error) {
	leg, err := e.newBrowserLeg(options)
	if err != nil {
		return nil, "", err
	}
	leg.browser.awaits = true
	offer, err := leg.offer(ctx)
	if err == nil {
		err = e.adopt(leg)
	}
	if err != nil {
		return nil, "", leg.discard(err)
	}
	leg.descriptionMu.Lock()
	defer leg.descriptionMu.Unlock()
	leg.description.WebRTC = SDP(offer)
	return leg, offer, nil
}

// offer makes the complete offer.
func (l *Leg) offer(ctx context.Context) (string, error) {
	codecs := l.offeredCodecs()
	if len(codecs) == 0 {
		return "", ErrNoCommonCodec
	}
	if err := l.browser.connection.GetTransceivers()[0].SetCodecPreferences(codecs); err != nil {
		return "", fmt.Errorf("media: offer: %w", err)
	}
	offer, err := l.browser.connection.CreateOffer(nil)
	if err != nil {
		return "", fmt.Errorf("media: offer: %w", err)
	}
	if err := l.setLocal(ctx, offer); err != nil {
		return "", fmt.Errorf("media: offer: %w", err)
	}
	return l.browser.connection.LocalDescription().SDP, nil
}

// offeredCodecs are those that the leg may speak, in its order, and the digits that go
// with them.
func (l *Leg) offeredCodecs() []webrtc.RTPCodecParameters {
	var offered []webrtc.RTPCodecParameters
	clocks := map[uint32]bool{}
	for _, codec := range l.codecs {
		for _, one := range browserCodecs() {
			if codecOf(one) != codec {
				continue
			}
			if codec == Opus {
				one.SDPFmtpLine = l.engine.opus.String()
			}
			offered = append(offered, one)
			clocks[one.ClockRate] = true
		}
	}
	for _, one := range browserCodecs() {
		if strings.EqualFold(one.MimeType, mimeDigits) && clocks[one.ClockRate] {
			offered = append(offered, one)
		}
	}
	return offered
}

// setLocal makes a description ours, and waits until its candidates are known. No
// network is asked for them.
func (l *Leg) setLocal(ctx context.Context, description webrtc.SessionDescription) error {
	gathered := webrtc.GatheringCompletePromise(l.browser.connection)
	if err := l.browser.connection.SetLocalDescription(description); err != nil {
		return err
	}
	select {
	case <-gathered:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// AnswerWebRTC takes the browser's answer to the offer of OfferWebRTC, once. The leg
// sends and hears from EventConnected on; a browser that can't be reached is
// EventFailed. Errors about the answer wrap ErrBadAnswer or ErrNoCommonCodec: the leg
// is then of no use any more, and is to be closed.
func (l *Leg) AnswerWebRTC(answer string) error {
	if l.closed.Load() {
		return ErrClosed
	}
	if l.browser == nil {
		return errors.New("media: AnswerWebRTC is for WebRTC legs; an RTP leg agrees by Agree")
	}
	l.browser.mu.Lock()
	defer l.browser.mu.Unlock()
	if !l.browser.awaits {
		return errors.New("media: AnswerWebRTC without an offer of ours that has no answer yet")
	}
	l.browser.awaits = false
	if err := checkAnswer(answer); err != nil {
		return err
	}
	remote := webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: withDirection(answer, SendRecv)}
	if err := l.browser.connection.SetRemoteDescription(remote); err != nil {
		return fmt.Errorf("%w: %v", ErrBadAnswer, err)
	}
	choice := l.choose(l.browser.connection.GetSenders()[0].GetParameters().Codecs)
	if choice.format.Codec == CodecNone {
		return ErrNoCommonCodec
	}
	l.browser.fingerprints = attributes(answer, "fingerprint")
	l.agreeWebRTC(choice)
	l.settleWebRTC(offeredDirection(answer), l.browser.connection.LocalDescription().SDP)
	return nil
}

// checkAnswer refuses what the library would take and nothing could come of.
func checkAnswer(answer string) error {
	if err := checkSections(answer, ErrBadAnswer); err != nil {
		return err
	}
	switch role := strings.TrimSpace(attributes(answer, "setup")); role {
	case "", "active", "passive": // one of the two sides begins (RFC 8842 section 5.3)
		return nil
	default:
		return fmt.Errorf("%w: in DTLS neither side would begin", ErrBadAnswer)
	}
}
