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
	"github.com/pion/interceptor"
	"github.com/pion/webrtc/v4"
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
	// iceKeepAlive is the pause between our own signs of life, where no sound goes.
	iceKeepAlive = 2 * time.Second
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
	conn    packetio.Shared
	mux     *ice.UDPMuxDefault
	streams *ice.TCPMuxDefault // nil: none
	api     *webrtc.API
	config  webrtc.Configuration
	// certificate is that of config, for telephones' DTLS, and fingerprint its hash.
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

func (w *webrtcSide) listening() bool { return w.conn != nil }

func (w *webrtcSide) address() netip.AddrPort {
	if w.conn == nil {
		return netip.AddrPort{}
	}
	return plain(w.conn.LocalAddr().(*net.UDPAddr).AddrPort())
}

func (w *webrtcSide) addressTCP() netip.AddrPort {
	if w.streams == nil {
		return netip.AddrPort{}
	}
	return plain(w.streams.LocalAddr().(*net.TCPAddr).AddrPort())
}

// listen binds the sockets and builds the API upon it.
func (w *webrtcSide) listen() error {
	if w.conn != nil {
		return errors.New("media: Listen was called before")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return fmt.Errorf("media: WebRTC key: %w", err)
	}
	certificate, raw, err := newCertificate(key)
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
	w.mux = ice.NewUDPMuxDefault(ice.UDPMuxParams{UDPConn: conn, Logger: logs.NewLogger("mux")})
	w.conn = conn
	if w.bindTCP.IsValid() {
		if w.streams, err = listenStreams(w.bindTCP, logs); err != nil {
			return errors.Join(err, w.close())
		}
	}
	if w.api, err = w.newAPI(logs); err != nil {
		return errors.Join(fmt.Errorf("media: WebRTC: %w", err), w.close())
	}
	w.config = webrtc.Configuration{Certificates: []webrtc.Certificate{certificate}}
	w.certificate, w.fingerprint = tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key}, fingerprint("sha-256", raw)
	return nil
}

func (w *webrtcSide) newAPI(logs pionLogs) (*webrtc.API, error) {
	engine := &webrtc.MediaEngine{}
	for _, codec := range browserCodecs() {
		if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			return nil, err
		}
	}
	// Nothing of the library's stands in the packets' way: reports are the monitor's.
	registry := &interceptor.Registry{}
	settings := webrtc.SettingEngine{LoggerFactory: logs}
	settings.SetLite(true)
	settings.SetICEUDPMux(w.mux)
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	networks := []webrtc.NetworkType{webrtc.NetworkTypeUDP4, webrtc.NetworkTypeUDP6}
	settings.DisableActiveTCP(true) // what a browser names is no reason to connect there
	if w.streams != nil {
		settings.SetICETCPMux(w.streams)
		networks = append(networks, webrtc.NetworkTypeTCP4, webrtc.NetworkTypeTCP6)
	}
	settings.SetNetworkTypes(networks)
	if w.public.IsValid() {
		if err := settings.SetICEAddressRewriteRules(webrtc.ICEAddressRewriteRule{
			External: []string{w.public.String()}, AsCandidateType: webrtc.ICECandidateTypeHost, Mode: webrtc.ICEAddressRewriteAppend,
		}); err != nil {
			return nil, err
		}
	}
	settings.SetICETimeouts(w.limits.disconnected, w.limits.failed, iceKeepAlive)
	settings.SetDTLSConnectContextMaker(func() (context.Context, func()) {
		return context.WithTimeout(context.Background(), w.limits.handshake)
	})
	if err := settings.SetAnsweringDTLSRole(webrtc.DTLSRoleServer); err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
		webrtc.WithSettingEngine(settings)), nil
}

// close ends the sockets; all peer connections are closed.
func (w *webrtcSide) close() error {
	err := w.mux.Close()
	if w.streams != nil {
		err = errors.Join(err, w.streams.Close())
	}
	if closeErr := w.conn.Close(); closeErr != nil && !errors.Is(closeErr, net.ErrClosed) {
		err = errors.Join(err, closeErr)
	}
	return err
}

// OpenWebRTC answers a browser's offer of audio. The answer is complete: there are
// no candidates to trickle. The leg sends and hears from EventConnected on.
// Errors about the offer wrap ErrBadOffer or ErrNoCommonCodec.
func (e *Engine) OpenWebRTC(ctx context.Context, options LegOptions, offerSDP string) (*Leg, string, error) {
	if err := checkOffer(offerSDP); err != nil {
		return nil, "", err
	}
	leg, err := e.newBrowserLeg(options)
	if err != nil {
		return nil, "", err
	}
	leg.browser.fingerprints = attributes(offerSDP, "fingerprint")
	answer, err := leg.answer(ctx, offerSDP)
	if err == nil {
		leg.settleWebRTC(offeredDirection(offerSDP), answer)
		err = e.adopt(leg)
	}
	if err != nil {
		return nil, "", leg.discard(err)
	}
	return leg, answer, nil
}

// newBrowserLeg makes a leg with a connection of its own, which nobody but the
// caller knows of yet: adopt or discard it.
func (e *Engine) newBrowserLeg(options LegOptions) (*Leg, error) {
	if !e.webrtc.listening() {
		return nil, errors.New("media: a WebRTC leg before Listen")
	}
	peer, err := e.webrtc.api.NewPeerConnection(e.webrtc.config)
	if err != nil {
		return nil, fmt.Errorf("media: peer connection: %w", err)
	}
	track := &browserTrack{}
	leg := e.newLeg(options, track)
	leg.description = Description{}
	leg.browser = &browserSide{connection: peer}
	if _, err := peer.AddTrack(track); err != nil {
		return nil, leg.discard(fmt.Errorf("media: track: %w", err))
	}
	peer.OnTrack(func(remote *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) {
		e.readReports(leg, receiver.Read)
		e.readTrack(leg, remote)
	})
	peer.OnConnectionStateChange(leg.connectionState)
	return leg, nil
}

// discard closes a leg that nothing came of, and says why.
func (l *Leg) discard(why error) error {
	l.closed.Store(true)
	l.notifyMu.Lock()
	l.notify = nil
	l.notifyMu.Unlock()
	return errors.Join(why, l.browser.connection.GracefulClose())
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
			if err := leg.browser.connection.GracefulClose(); err != nil {
				e.log.Debug("webrtc close", zap.String("call", leg.id), zap.Error(err))
			}
		}()
	}
	e.insert(leg, e.idlest())
	for _, sender := range leg.browser.connection.GetSenders() {
		e.group.Go(func() { readReports(leg, sender.Read) })
	}
	return nil
}

// readTrack hands what the browser says to the leg, until it is over.
func (e *Engine) readTrack(leg *Leg, remote *webrtc.TrackRemote) {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return
	}
	e.group.Add(1)
	e.mu.Unlock()
	defer e.group.Done()
	buffer := make([]byte, maxPacket)
	for {
		n, _, err := remote.Read(buffer)
		if err != nil {
			return
		}
		leg.receive(buffer[:n], netip.AddrPort{}, time.Now())
	}
}

// checkOffer refuses what no softphone sends, before the library works for it.
func checkOffer(offer string) error { return checkSections(offer, ErrBadOffer) }

// checkSections refuses, as wrong, a description that isn't of one stream of audio:
// each section costs the library a transceiver.
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
