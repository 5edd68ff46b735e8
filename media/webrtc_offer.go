package media

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
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
	own := &l.browser.own
	own.mid, own.bundled, own.setup, own.direction = "0", true, SetupActpass, SendRecv
	if own.codecs = l.offeredCodecs(); len(own.codecs) == 0 {
		return "", ErrNoCommonCodec
	}
	l.browser.awaits = true
	if err := l.browser.link.gather(ctx); err != nil {
		return "", err
	}
	return l.describe()
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
	remote, err := readAnswer(answer, l.browser.own.mid)
	if err != nil {
		return err
	}
	choice := l.choose(remote.among(l.browser.own.codecs))
	if choice.format.Codec == CodecNone {
		return ErrNoCommonCodec
	}
	if err := l.browser.link.accept(remote); err != nil {
		return fmt.Errorf("%w: %v", ErrBadAnswer, err)
	}
	l.browser.remote = remote
	l.agreeWebRTC(choice)
	l.settleWebRTC(remote.direction, string(l.Local().WebRTC))
	return nil
}

// readAnswer reads an answer to an offer of one section of that name.
func readAnswer(answer, mid string) (*browserSDP, error) {
	remote, err := readBrowserSDP(answer, ErrBadAnswer)
	switch {
	case err != nil:
		return nil, err
	case remote.mid != mid:
		return nil, fmt.Errorf("%w: it is about another section than the offer's", ErrBadAnswer)
	case remote.dtls.Setup != SetupActive && remote.dtls.Setup != SetupPassive: // RFC 8842 section 5.3
		return nil, fmt.Errorf("%w: in DTLS neither side would begin", ErrBadAnswer)
	}
	return remote, nil
}

// among are the codecs of an answer that were offered, under the offer's numbers.
func (b *browserSDP) among(offered []browserCodec) []browserCodec {
	return slices.DeleteFunc(slices.Clone(b.codecs), func(one browserCodec) bool {
		return !slices.ContainsFunc(offered, func(other browserCodec) bool {
			return one.payloadType == other.payloadType && strings.EqualFold(one.name, other.name) && one.clock == other.clock
		})
	})
}
