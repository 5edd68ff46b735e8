package media

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/pion/dtls/v3"
	"go.uber.org/zap"
)

const (
	// maxHandshakes is how often the address that signalling named, and others in its
	// place, may begin before signalling has to agree anew.
	maxHandshakes = 8
	// maxWires is how many addresses may be at it at once, so that one who doesn't go on
	// keeps nobody from it.
	maxWires = 4
)

// errForeignCertificate says that the DTLS peer isn't the one that signalling named.
var errForeignCertificate = errors.New("media: the certificate isn't the one that the session description names")

// handshake brings the keys of one agreement by DTLS (RFC 5764): with a telephone, or
// with a browser on the way that ICE has found. What
// is below mu is read by the goroutine that reads the leg's packets and by the one that
// shakes hands.
type handshake struct {
	leg    *Leg
	remote DTLS
	role   Setup // ours: active or passive
	ctx    context.Context
	cancel context.CancelFunc
	send   func(packet []byte, to netip.AddrPort)
	agreed func() // the keys are in force; nil: nobody asks
	ended  func() // an attempt has failed, or the far side said good-bye; nil: nobody asks

	running sync.WaitGroup

	settled atomic.Bool // the keys are in force

	mu    sync.Mutex  // a leg's locks are never taken under it
	wires []*dtlsWire // of the attempts that run; in the end that which brought the keys
	tries [2]int      // of others, and of the address that signalling named
}

// newHandshake makes one that waits; begin lets an active one begin.
func newHandshake(leg *Leg, remote DTLS) *handshake {
	ctx, cancel := context.WithCancel(context.Background())
	return &handshake{leg: leg, remote: remote, role: remote.Setup.Answer(), ctx: ctx, cancel: cancel, send: leg.sendDTLS}
}

// fits reports whether an agreement goes on with the handshake there is (RFC 8842
// section 4): the same certificate, and a part that it can still play.
func (h *handshake) fits(remote DTLS) bool {
	return h != nil && h.remote.Fingerprint == remote.Fingerprint &&
		(remote.Setup == SetupActpass || remote.Setup == SetupNone || remote.Setup.Answer() == h.role)
}

// begin begins the handshake towards an address, where that is our part.
func (h *handshake) begin(remote netip.AddrPort) {
	if h != nil && h.role == SetupActive && remote.IsValid() && remote.Port() != 0 {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.try(remote, true)
	}
}

// take is given what has come of DTLS. Where our part is to wait, a ClientHello begins
// an attempt with its sender. named: signalling named the address.
func (h *handshake) take(raw []byte, from netip.AddrPort, named bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	wire := h.wireTo(from)
	if wire == nil && h.role == SetupPassive && isClientHello(raw) {
		wire = h.try(from, named)
	}
	if wire != nil {
		wire.put(raw)
	}
}

// wireTo is the attempt with an address, or nil; the lock is held.
func (h *handshake) wireTo(from netip.AddrPort) *dtlsWire {
	for _, wire := range h.wires {
		if wire.remote == from {
			return wire
		}
	}
	return nil
}

// try begins an attempt with one address, if there is room: the one that signalling
// named takes another's. The lock is held.
func (h *handshake) try(with netip.AddrPort, named bool) *dtlsWire {
	tries := &h.tries[0]
	if named {
		tries = &h.tries[1]
	}
	if h.settled.Load() || *tries >= maxHandshakes || h.ctx.Err() != nil || len(h.wires) >= maxWires && !named {
		return nil
	}
	*tries++
	wire := newDTLSWire(h.leg.local, with, h.send)
	h.running.Add(1)
	if !h.leg.engine.start(func() { defer h.running.Done(); h.run(wire) }) {
		h.running.Done()
		return nil
	}
	if len(h.wires) >= maxWires {
		_ = h.wires[0].Close()
		h.wires = h.wires[1:]
	}
	h.wires = append(h.wires, wire)
	return wire
}

// run shakes hands with one address, and keeps the connection until the agreement
// ends: the far side may not have heard our last words.
func (h *handshake) run(wire *dtlsWire) {
	log := h.leg.engine.log.With(zap.String("call", h.leg.id))
	conn, err := h.shake(wire)
	if err == nil {
		if err = h.settle(conn); err == nil {
			log.Debug("DTLS keys agreed")
			if h.agreed != nil {
				h.agreed()
			}
			h.only(wire)
			h.stay(conn)
		}
		_ = conn.Close() // says good-bye, if it can
	}
	_ = wire.Close()
	if h.ended != nil {
		h.ended()
	}
	if err != nil {
		log.Debug("DTLS handshake failed", zap.Error(err))
		h.mu.Lock()
		defer h.mu.Unlock()
		h.wires = slices.DeleteFunc(h.wires, func(one *dtlsWire) bool { return one == wire })
	}
}

// stay waits for the end: of the agreement, or of the far side, where somebody asks.
func (h *handshake) stay(conn *dtls.Conn) {
	if h.ended == nil {
		<-h.ctx.Done()
		return
	}
	over := make(chan struct{})
	stop := context.AfterFunc(h.ctx, func() {
		defer close(over)
		_ = conn.Close()
	})
	var nothing [1]byte
	for { // what is said by DTLS itself is for nobody here
		if _, err := conn.Read(nothing[:]); err != nil && !errors.Is(err, io.ErrShortBuffer) {
			break
		}
	}
	if !stop() {
		<-over
	}
}

// only ends the other attempts: this one has brought the keys.
func (h *handshake) only(wire *dtlsWire) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, other := range h.wires {
		if other != wire {
			_ = other.Close()
		}
	}
	h.wires = []*dtlsWire{wire}
}

// shake shakes hands; the connection that it returns is through.
func (h *handshake) shake(wire *dtlsWire) (*dtls.Conn, error) {
	certificate := h.leg.engine.webrtc.certificate
	options := []dtls.Option{
		dtls.WithCertificates(certificate), dtls.WithInsecureSkipVerify(true), // the fingerprint vouches, below
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM, dtls.SRTP_AES128_CM_HMAC_SHA1_80),
		dtls.WithExtendedMasterSecret(dtls.RequestExtendedMasterSecret), dtls.WithLoggerFactory(pionLogs{h.leg.engine.log}),
		dtls.WithVerifyPeerCertificate(func(raw [][]byte, _ [][]*x509.Certificate) error {
			if len(raw) == 0 || fingerprint(h.remote.Fingerprint, raw[0]) != h.remote.Fingerprint {
				return errForeignCertificate
			}
			return nil
		}),
	}
	to := net.UDPAddrFromAddrPort(wire.remote)
	var conn *dtls.Conn
	var err error
	if h.role == SetupActive {
		client := make([]dtls.ClientOption, len(options))
		for i, one := range options {
			client[i] = one
		}
		conn, err = dtls.ClientWithOptions(wire, to, client...)
	} else {
		server := []dtls.ServerOption{dtls.WithClientAuth(dtls.RequireAnyClientCert)}
		for _, one := range options {
			server = append(server, one)
		}
		conn, err = dtls.ServerWithOptions(wire, to, server...)
	}
	if err != nil {
		return nil, fmt.Errorf("media: DTLS: %w", err)
	}
	ctx, cancel := context.WithTimeout(h.ctx, h.leg.engine.webrtc.limits.handshake)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("media: DTLS: %w", err), conn.Close())
	}
	return conn, nil
}

// settle takes the keys out of a connection (RFC 5764 section 4.2) and puts them in
// force on the leg.
func (h *handshake) settle(conn *dtls.Conn) error {
	suite := SuiteNone
	switch profile, _ := conn.SelectedSRTPProtectionProfile(); profile {
	case dtls.SRTP_AEAD_AES_128_GCM:
		suite = AESGCM128
	case dtls.SRTP_AES128_CM_HMAC_SHA1_80:
		suite = AESCM128SHA80
	default:
		return errors.New("media: DTLS brought no suite of SRTP that is spoken here")
	}
	state, ok := conn.ConnectionState()
	if !ok {
		return errors.New("media: DTLS has no state after its handshake")
	}
	salt := suite.keyBytes() - masterKeyBytes
	secret, err := state.ExportKeyingMaterial("EXTRACTOR-dtls_srtp", nil, 2*suite.keyBytes())
	if err != nil {
		return fmt.Errorf("media: DTLS: %w", err)
	}
	client, server := Key{size: uint8(suite.keyBytes())}, Key{size: uint8(suite.keyBytes())}
	salts := secret[2*masterKeyBytes:]
	copy(client.bytes[:], append(secret[:masterKeyBytes:masterKeyBytes], salts[:salt]...))
	copy(server.bytes[:], append(secret[masterKeyBytes:2*masterKeyBytes:2*masterKeyBytes], salts[salt:]...))
	own, theirs := Crypto{Suite: suite, Key: server}, Crypto{Suite: suite, Key: client}
	if h.role == SetupActive {
		own, theirs = theirs, own
	}
	return h.leg.keyed(h, own, theirs)
}

// with reports whether the handshake is with that address.
func (h *handshake) with(from netip.AddrPort) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.wireTo(from) != nil
}

// close ends the handshake and its goroutine. It may be called again, and on nil.
func (h *handshake) close() {
	if h != nil {
		h.mu.Lock()
		defer h.mu.Unlock()
		h.cancel()
	}
}

// wait waits until that has ended, once it is closed; on nil there is nothing.
func (h *handshake) wait() {
	if h != nil {
		h.running.Wait()
	}
}

// isClientHello reports a record of a handshake that holds its first message (RFC 6347
// sections 4.1 and 4.2.2).
func isClientHello(raw []byte) bool { return len(raw) > 13 && raw[0] == 22 && raw[13] == 1 }

// isDTLS tells DTLS from RTP, RTCP and STUN by its first byte (RFC 7983 section 7).
func isDTLS(raw []byte) bool { return len(raw) > 0 && raw[0] >= 20 && raw[0] <= 63 }
