package media

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/pion/logging"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"go.uber.org/zap"
)

// browserTrack is the sender of a WebRTC leg: the library encrypts what it is
// given. It numbers packets as the outgoing stream says, but under the SSRC that
// the answer names.
type browserTrack struct {
	bound  atomic.Pointer[boundTrack]
	header rtp.Header // for one packet at a time
}

type boundTrack struct {
	writer webrtc.TrackLocalWriter
	ssrc   uint32
}

func (t *browserTrack) send(raw []byte) error {
	bound := t.bound.Load()
	if bound == nil {
		return ErrClosed
	}
	var p packet
	p.parse(raw)
	t.header = rtp.Header{
		Version: 2, Marker: p.marker, PayloadType: p.payloadType,
		SequenceNumber: p.sequence, Timestamp: p.timestamp, SSRC: bound.ssrc,
	}
	_, err := bound.writer.WriteRTP(&t.header, p.payload)
	return err
}

// source is the SSRC that the answer names; 0 before there is one.
func (t *browserTrack) source() uint32 {
	if bound := t.bound.Load(); bound != nil {
		return bound.ssrc
	}
	return 0
}

// aim: a WebRTC leg has one way only, which opens when it is connected.
func (t *browserTrack) aim(netip.AddrPort) bool { return true }

// Bind is called by the library when the stream's numbers are known.
func (t *browserTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.bound.Store(&boundTrack{c.WriteStream(), uint32(c.SSRC())})
	for _, codec := range c.CodecParameters() {
		if codecOf(codec) != CodecNone {
			return codec, nil
		}
	}
	return webrtc.RTPCodecParameters{}, ErrNoCommonCodec
}

// Unbind is called by the library when the stream is over.
func (t *browserTrack) Unbind(webrtc.TrackLocalContext) error {
	t.bound.Store(nil)
	return nil
}

// ID, RID, StreamID and Kind describe the track in the answer.
func (t *browserTrack) ID() string                { return "careline" }
func (t *browserTrack) RID() string               { return "" }
func (t *browserTrack) StreamID() string          { return "careline" }
func (t *browserTrack) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }

// agreeWebRTC is Agree for a browser.
func (l *Leg) agreeWebRTC(choice browserChoice) {
	defer l.recode()
	l.in.mu.Lock()
	l.in.types = payloadTypesFor(choice.format, choice.remote.DigitPayloadType)
	l.in.mu.Unlock()
	l.out.mu.Lock()
	l.out.agree(choice.remote, choice.format)
	l.out.mu.Unlock()
	l.descriptionMu.Lock()
	defer l.descriptionMu.Unlock()
	l.description.agree(choice.remote, choice.format)
}

// connectionState follows the peer connection. It runs in the library's callback.
func (l *Leg) connectionState(state webrtc.PeerConnectionState) {
	switch state {
	case webrtc.PeerConnectionStateConnected:
		l.out.mu.Lock()
		l.out.connected = true
		l.out.wanted = !l.out.held && !l.closed.Load()
		l.out.retarget(netip.AddrPort{})
		l.out.mu.Unlock()
		l.tell(Event{Kind: EventConnected})
	case webrtc.PeerConnectionStateDisconnected:
		l.tell(Event{Kind: EventDisconnected})
	case webrtc.PeerConnectionStateFailed, webrtc.PeerConnectionStateClosed:
		l.out.mu.Lock()
		l.out.connected, l.out.wanted, l.out.open = false, false, false
		l.out.mu.Unlock()
		if !l.failed.Swap(true) {
			l.tell(Event{Kind: EventFailed})
		}
	}
}

// newCertificate makes the self-signed certificate of DTLS; its fingerprint is in
// each session description.
func newCertificate(key crypto.Signer) (webrtc.Certificate, []byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return webrtc.Certificate{}, nil, fmt.Errorf("serial number: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "careline"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(certificateLife), Version: 2,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return webrtc.Certificate{}, nil, err
	}
	parsed, err := x509.ParseCertificate(raw)
	if err != nil {
		return webrtc.Certificate{}, nil, err
	}
	return webrtc.CertificateFromX509(key, parsed), raw, nil
}

// pionLogs lets the library's warnings come out at debug level: what they tell is
// told as events where it matters.
type pionLogs struct{ log *zap.Logger }

// NewLogger is called by the library for each of its parts.
func (p pionLogs) NewLogger(scope string) logging.LeveledLogger {
	return pionLog{p.log.With(zap.String("part", scope))}
}

type pionLog struct{ log *zap.Logger }

func (pionLog) Trace(string)          {}
func (pionLog) Tracef(string, ...any) {}
func (pionLog) Debug(string)          {}
func (pionLog) Debugf(string, ...any) {}
func (pionLog) Info(string)           {}
func (pionLog) Infof(string, ...any)  {}
func (p pionLog) Warn(text string)    { p.log.Debug("webrtc library", zap.String("detail", text)) }
func (p pionLog) Error(text string)   { p.Warn(text) }
func (p pionLog) Warnf(format string, args ...any) {
	if p.log.Core().Enabled(zap.DebugLevel) {
		p.Warn(fmt.Sprintf(format, args...))
	}
}
func (p pionLog) Errorf(format string, args ...any) { p.Warnf(format, args...) }
