package media

import (
	"crypto"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net/netip"
	"time"

	"github.com/pion/logging"
	"go.uber.org/zap"
)

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

// linked follows the link to the browser.
func (l *Leg) linked(state linkState) {
	switch state {
	case linkUp:
		l.out.mu.Lock()
		l.out.connected = true
		l.out.wanted = !l.out.held && !l.closed.Load()
		l.out.retarget(netip.AddrPort{})
		l.out.mu.Unlock()
		l.tell(Event{Kind: EventConnected})
	case linkQuiet:
		l.tell(Event{Kind: EventDisconnected})
	case linkFailed:
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
func newCertificate(key crypto.Signer) ([]byte, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		return nil, fmt.Errorf("serial number: %w", err)
	}
	now := time.Now()
	template := &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: "careline"},
		NotBefore: now.Add(-24 * time.Hour), NotAfter: now.Add(certificateLife), Version: 2,
	}
	return x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
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
