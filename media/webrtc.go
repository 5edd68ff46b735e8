package media

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/pion/ice/v4"
	"go.uber.org/zap"

	"careline/media/packetio"
)

const (
	// ICEDisconnected is after how long without any packet from a browser
	// EventDisconnected comes.
	ICEDisconnected = 5 * time.Second
	// ICEFailed is how much later it is EventFailed.
	ICEFailed = 15 * time.Second
	// dtlsTimeout is how long a browser that has found us may take to agree on keys;
	// then it is EventFailed.
	dtlsTimeout = 10 * time.Second
	// sharedReadBuffer is asked of the system for the socket of all browsers.
	sharedReadBuffer = 4 << 20
	// maxOffer bounds the size of an offer or an answer, in bytes.
	maxOffer = 64 << 10
	// certificateLife is how long the DTLS certificate is valid: longer than a
	// process runs.
	certificateLife = 10 * 365 * 24 * time.Hour
)

var (
	// ErrBadOffer is wrapped by errors about an offer that can't be understood.
	ErrBadOffer = errors.New("media: the offer isn't usable")
	// ErrNoCommonCodec says that an offer has no codec that the leg may speak.
	ErrNoCommonCodec = errors.New("media: the offer has no codec that is spoken here; media.desk_codecs says which are")
)

// browserLimits are ICEDisconnected, ICEFailed and dtlsTimeout, shorter in tests.
type browserLimits struct{ disconnected, failed, handshake time.Duration }

// webrtcSide is what all browsers share: one socket, one of TCP for those that UDP
// doesn't reach, one certificate.
type webrtcSide struct {
	log     *zap.Logger
	bind    netip.AddrPort
	bindTCP netip.AddrPort // invalid: none
	public  netip.Addr     // told beside the addresses bound; invalid: none
	limits  browserLimits
	moving  PacketIO
	socket  *browserSocket // nil before listen
	mux     *ice.UDPMuxDefault
	streams *ice.TCPMuxDefault // nil: none
	ice     []ice.AgentOption  // of each connection
	// certificate is that of DTLS, with browsers and telephones, and fingerprint its hash.
	certificate tls.Certificate
	fingerprint string
}

func newWebRTCSide(options Options) (*webrtcSide, error) {
	bind, tcp := options.WebRTC, options.WebRTCTCP
	if !bind.Addr().IsValid() || bind.Addr().IsUnspecified() {
		return nil, fmt.Errorf("media: webrtc address %q can't be told to browsers; set media.webrtc to one address of this machine", bind)
	}
	if tcp.IsValid() && tcp.Addr().IsUnspecified() {
		return nil, fmt.Errorf("media: webrtc_tcp address %q can't be told to browsers; set media.webrtc_tcp to one address of this machine", tcp)
	}
	return &webrtcSide{
		log: options.Log, bind: bind, bindTCP: tcp, public: options.Public, moving: options.PacketIO,
		limits: browserLimits{ICEDisconnected, ICEFailed, dtlsTimeout},
	}, nil
}

func (w *webrtcSide) listening() bool { return w.socket != nil }

func (w *webrtcSide) address() netip.AddrPort {
	if w.socket == nil {
		return netip.AddrPort{}
	}
	return plain(w.socket.LocalAddr().(*net.UDPAddr).AddrPort())
}

func (w *webrtcSide) addressTCP() netip.AddrPort {
	if w.streams == nil {
		return netip.AddrPort{}
	}
	return plain(w.streams.LocalAddr().(*net.TCPAddr).AddrPort())
}

// listen binds the sockets and prepares what lies upon them.
func (w *webrtcSide) listen() error {
	if w.socket != nil {
		return errors.New("media: Listen was called before")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("media: WebRTC key: %w", err)
	}
	raw, err := newCertificate(key)
	if err != nil {
		return fmt.Errorf("media: WebRTC certificate: %w", err)
	}
	conn, err := openShared(w.moving, w.bind)
	if packetio.IsAddressInUse(err) {
		return fmt.Errorf("media: UDP %s is in use by another program; stop it or change media.webrtc: %w", w.bind, err)
	}
	if err != nil {
		return fmt.Errorf("media: UDP %s (media.webrtc): %w", w.bind, err)
	}
	logs := pionLogs{w.log}
	w.socket = newBrowserSocket(conn, w.limits.disconnected/5)
	w.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: w.socket, Logger: logs.NewLogger("mux")})
	if w.bindTCP.IsValid() {
		if w.streams, err = listenStreams(w.bindTCP, logs); err != nil {
			return errors.Join(err, w.close())
		}
	}
	w.ice = w.agentOptions(logs)
	w.certificate, w.fingerprint = tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, fingerprint("sha-256", raw)
	return nil
}

// agentOptions are what each browser's ICE is made of.
func (w *webrtcSide) agentOptions(logs pionLogs) []ice.AgentOption {
	networks := []ice.NetworkType{ice.NetworkTypeUDP4, ice.NetworkTypeUDP6}
	options := []ice.AgentOption{
		ice.WithICELite(true), ice.WithCandidateTypes([]ice.CandidateType{ice.CandidateTypeHost}), ice.WithUDPMux(w.mux),
		ice.WithIncludeLoopback(), ice.WithMulticastDNSMode(ice.MulticastDNSModeDisabled), ice.WithLoggerFactory(logs),
		ice.WithDisableActiveTCP(), // what a browser names is no reason to connect there
		ice.WithDisconnectedTimeout(w.limits.disconnected), ice.WithFailedTimeout(w.limits.failed),
	}
	if w.streams != nil {
		options = append(options, ice.WithTCPMux(w.streams))
		networks = append(networks, ice.NetworkTypeTCP4, ice.NetworkTypeTCP6)
	}
	if w.public.IsValid() {
		options = append(options, ice.WithAddressRewriteRules(ice.AddressRewriteRule{
			External: []string{w.public.String()}, AsCandidateType: ice.CandidateTypeHost, Mode: ice.AddressRewriteAppend,
		}))
	}
	return append(options, ice.WithNetworkTypes(networks))
}

// close ends the sockets; all links are closed.
func (w *webrtcSide) close() error {
	err := w.mux.Close()
	if w.streams != nil {
		err = errors.Join(err, w.streams.Close())
	}
	if closeErr := w.socket.Close(); closeErr != nil && !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	return err
}

// OpenWebRTC answers a browser's offer of audio. The answer is complete: there are
// no candidates to trickle. The leg sends and hears from EventConnected on.
// Errors about the offer wrap ErrBadOffer or ErrNoCommonCodec.
func (e *Engine) OpenWebRTC(ctx context.Context, options LegOptions, offerSDP string) (*Leg, string, error) {
	remote, err := readBrowserSDP(offerSDP, ErrBadOffer)
	if err != nil {
		return nil, "", err
	}
	leg, err := e.newBrowserLeg(options)
	if err != nil {
		return nil, "", err
	}
	answer, err := leg.open(ctx, remote)
	if err == nil {
		leg.settleWebRTC(remote.direction, answer)
		err = e.adopt(leg)
	}
	if err != nil {
		return nil, "", leg.discard(err)
	}
	return leg, answer, nil
}

// open lets the browser come that has made the first offer.
func (l *Leg) open(ctx context.Context, remote *browserSDP) (string, error) {
	choice := l.choose(remote.codecs)
	if choice.format.Codec == CodecNone {
		return "", ErrNoCommonCodec
	}
	if err := l.browser.link.gather(ctx); err != nil {
		return "", err
	}
	if err := l.browser.link.accept(remote); err != nil {
		return "", err
	}
	return l.answer(remote, choice)
}

// newBrowserLeg makes a leg with a link of its own, which nobody but the caller knows
// of yet: adopt or discard it.
func (e *Engine) newBrowserLeg(options LegOptions) (*Leg, error) {
	if !e.webrtc.listening() {
		return nil, errors.New("media: a WebRTC leg before Listen")
	}
	leg := e.newLeg(options, nil)
	link, err := newBrowserLink(leg, e.webrtc)
	if err != nil {
		return nil, err
	}
	leg.description = Description{}
	leg.browser = &browserSide{link: link, own: ownSDP{session: uint64(newSSRC(0))}}
	leg.in.keying, leg.out.keying = true, true
	leg.out.to = link
	return leg, nil
}

// discard closes a leg that nothing came of, and says why.
func (l *Leg) discard(why error) error {
	l.closed.Store(true)
	l.notifyMu.Lock()
	l.notify = nil
	l.notifyMu.Unlock()
	return errors.Join(why, l.browser.link.close())
}

// adopt makes the leg one of the engine's.
func (e *Engine) adopt(leg *Leg) error {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return ErrClosed
	}
	e.group.Add(1)
	// Closing waits for the library's goroutines, so it has one of its own.
	leg.release = func() {
		go func() {
			defer e.group.Done()
			if err := leg.browser.link.close(); err != nil {
				e.log.Debug("webrtc close", zap.String("call", leg.id), zap.Error(err))
			}
		}()
	}
	e.insert(leg, e.idlest())
	return nil
}

// checkSections refuses, as wrong, a description that isn't of one stream of audio, as
// no softphone sends it, before it is read.
func checkSections(sdp string, wrong error) error {
	if len(sdp) > maxOffer {
		return fmt.Errorf("%w: more than %d bytes", wrong, maxOffer)
	}
	sections, audio := 0, false
	for line := range strings.Lines(sdp) {
		if strings.HasPrefix(line, "m=") {
			sections++
		}
		port, ok := strings.CutPrefix(line, "m=audio ")
		audio = audio || ok && !strings.HasPrefix(port, "0 ")
	}
	if sections != 1 || !audio {
		return fmt.Errorf("%w: %d media sections; wanted is one, of audio", wrong, sections)
	}
	return nil
}
