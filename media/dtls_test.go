package media

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"net"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/srtp/v3"

	"careline/media/signal"
)

// dtlsPhone is a telephone that brings its keys by DTLS: one socket for both.
type dtlsPhone struct {
	t           *testing.T
	conn        *net.UDPConn
	leg         netip.AddrPort
	certificate tls.Certificate
	fingerprint string
	wire        *dtlsWire
	reader      sync.WaitGroup

	mu         sync.Mutex
	send, hear *srtp.Context
	heard      []heardPacket
	unreadable int

	sequence  uint16
	timestamp uint32
}

func newDTLSPhone(t *testing.T, leg netip.AddrPort) *dtlsPhone {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := newCertificate(key)
	if err != nil {
		t.Fatal(err)
	}
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	p := &dtlsPhone{
		t: t, conn: conn, leg: leg, certificate: tls.Certificate{Certificate: [][]byte{raw}, PrivateKey: key},
		fingerprint: fingerprint("sha-256", raw), sequence: 1,
	}
	p.wire = newDTLSWire(p.address(), leg, func(packet []byte, to netip.AddrPort) { conn.WriteToUDPAddrPort(packet, to) })
	p.reader.Go(p.read)
	t.Cleanup(func() {
		p.wire.Close()
		conn.Close()
		p.reader.Wait()
	})
	return p
}

func (p *dtlsPhone) address() netip.AddrPort {
	return p.conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

func (p *dtlsPhone) read() {
	buffer, plain := make([]byte, maxPacket), make([]byte, maxPacket)
	for {
		n, _, err := p.conn.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		if isDTLS(buffer[:n]) {
			p.wire.put(buffer[:n])
			continue
		}
		p.mu.Lock()
		var got packet
		switch opened, err := p.open(plain, buffer[:n]); {
		case err != nil:
			p.unreadable++
		case got.parse(opened) == isRTP:
			got.payload = append([]byte(nil), got.payload...)
			p.heard = append(p.heard, heardPacket{got, time.Now()})
		}
		p.mu.Unlock()
	}
}

func (p *dtlsPhone) open(buffer, raw []byte) ([]byte, error) {
	if p.hear == nil {
		return nil, os.ErrInvalid
	}
	return p.hear.DecryptRTP(buffer, raw, nil)
}

// shake shakes hands as client or as server, and keys the phone.
func (p *dtlsPhone) shake(client bool) error {
	options := []dtls.Option{
		dtls.WithCertificates(p.certificate), dtls.WithInsecureSkipVerify(true),
		dtls.WithSRTPProtectionProfiles(dtls.SRTP_AES128_CM_HMAC_SHA1_80),
	}
	to := net.UDPAddrFromAddrPort(p.leg)
	var conn *dtls.Conn
	var err error
	if client {
		conn, err = dtls.ClientWithOptions(p.wire, to, options[0], options[1], options[2])
	} else {
		conn, err = dtls.ServerWithOptions(p.wire, to, options[0], options[1], options[2], dtls.WithClientAuth(dtls.RequireAnyClientCert))
	}
	if err != nil {
		return err
	}
	p.t.Cleanup(func() { conn.Close() })
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	if err := conn.HandshakeContext(ctx); err != nil {
		return err
	}
	state, _ := conn.ConnectionState()
	config := &srtp.Config{Profile: srtp.ProtectionProfileAes128CmHmacSha1_80}
	if err := config.ExtractSessionKeysFromDTLS(&state, client); err != nil {
		return err
	}
	send, err := srtp.CreateContext(config.Keys.LocalMasterKey, config.Keys.LocalMasterSalt, config.Profile)
	if err != nil {
		return err
	}
	hear, err := srtp.CreateContext(config.Keys.RemoteMasterKey, config.Keys.RemoteMasterSalt, config.Profile)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.send, p.hear = send, hear
	return err
}

func (p *dtlsPhone) packets() []heardPacket {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]heardPacket(nil), p.heard...)
}

// say sends frames of sound at their pace, encrypted unless in the clear.
func (p *dtlsPhone) say(samples []int16, clear bool) {
	ticker := time.NewTicker(FrameDuration)
	defer ticker.Stop()
	for ; len(samples) >= FrameSamples; samples = samples[FrameSamples:] {
		raw := make([]byte, headerSize+FrameSamples, maxPacket)
		(&packet{sequence: p.sequence, timestamp: p.timestamp, ssrc: 7}).putHeader(raw)
		PCMU.Encode(raw[headerSize:], samples[:FrameSamples])
		if !clear {
			var err error
			if raw, err = p.send.EncryptRTP(nil, raw, nil); err != nil {
				p.t.Error(err)
			}
		}
		p.conn.WriteToUDPAddrPort(raw, p.leg)
		p.sequence++
		p.timestamp += FrameSamples
		<-ticker.C
	}
}

func (p *dtlsPhone) description(setup Setup) Description {
	return Description{Address: p.address(), DTLS: DTLS{Fingerprint: p.fingerprint, Setup: setup}, ReportsMuxed: true}
}

// begins opens a leg that agrees with a phone, which shakes hands as the setup says.
func begins(t *testing.T, engine *Engine, setup Setup) (*Leg, *dtlsPhone) {
	t.Helper()
	leg, err := engine.OpenRTP(LegOptions{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leg.Close)
	p := newDTLSPhone(t, leg.LocalAddress())
	shaken := make(chan error, 1)
	go func() { shaken <- p.shake(setup != SetupPassive) }() // its first packet overtakes the ACK
	pause(50 * time.Millisecond)
	if err := leg.Agree(p.description(setup), Format{PCMU, 0}); err != nil {
		t.Fatal(err)
	}
	if err := <-shaken; err != nil {
		t.Fatalf("the phone shakes hands: %v", err)
	}
	return leg, p
}

func TestATelephoneIsKeyedByDTLS(t *testing.T) {
	for _, setup := range []Setup{SetupActpass, SetupActive, SetupPassive} {
		t.Run(setup.String(), func(t *testing.T) {
			engine := running(t, nil)
			began := time.Now()
			leg, p := begins(t, engine, setup)
			if took := time.Since(began); setup != SetupPassive && took > 900*time.Millisecond {
				t.Errorf("the handshake took %s: its first packet was sent twice", took)
			}
			if local := leg.Local(); local.DTLS.Setup != setup.Answer() || local.DTLS.Fingerprint != engine.webrtc.fingerprint || len(local.Crypto) > 0 {
				t.Errorf("our side says %+v", local.DTLS)
			}
			leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
			p.say(signal.Tone(1000, 0.5), false)
			eventually(t, "sound both ways", func() bool { return leg.Stats().PacketsReceived > 20 && len(p.packets()) > 20 })
			if got := signal.Goertzel(recent(t, p.packets(), 0.3), 440); got < 0.25 {
				t.Errorf("the phone hears 440 Hz at %.3f", got)
			}
			before := leg.Stats()
			p.say(make([]int16, 5*FrameSamples), true)
			eventually(t, "sound in the clear is refused", func() bool { return leg.Stats().Unauthentic >= before.Unauthentic+5 })

			// Hold and resume: the same certificate goes on with the same keys.
			hold := p.description(SetupActpass)
			hold.Direction = SendOnly
			for _, again := range []Description{hold, p.description(SetupActpass)} {
				if err := leg.Agree(again, Format{PCMU, 0}); err != nil {
					t.Fatal(err)
				}
			}
			if role := leg.Local().DTLS.Setup; role != setup.Answer() {
				t.Errorf("the part in the handshake became %s", role)
			}
			heard := len(p.packets())
			p.say(make([]int16, 10*FrameSamples), false)
			eventually(t, "sound as before", func() bool {
				return len(p.packets()) > heard+5 && leg.Stats().PacketsReceived >= before.PacketsReceived+8
			})
		})
	}
}

func TestAnotherCertificateBringsOtherKeys(t *testing.T) {
	engine := running(t, nil)
	leg, first := begins(t, engine, SetupActpass)
	second := newDTLSPhone(t, leg.LocalAddress())
	if err := leg.Agree(second.description(SetupActpass), Format{PCMU, 0}); err != nil {
		t.Fatal(err)
	}
	before := leg.Stats().PacketsReceived
	first.say(make([]int16, 3*FrameSamples), false)
	if err := second.shake(true); err != nil {
		t.Fatal(err)
	}
	if got := leg.Stats().PacketsReceived; got != before {
		t.Errorf("%d packets under the keys of before are taken", got-before)
	}
	second.say(make([]int16, 10*FrameSamples), false)
	eventually(t, "sound both ways", func() bool { return leg.Stats().PacketsReceived > before+5 && len(second.packets()) > 5 })
	if err := leg.Agree(Description{Address: second.address()}, Format{PCMU, 0}); err != nil { // and plain RTP
		t.Fatal(err)
	}
	second.say(make([]int16, 10*FrameSamples), true)
	eventually(t, "plain sound", func() bool { return leg.Stats().PacketsReceived > before+13 })
}

// Whoever shows another certificate than signalling named gets no key, hears nothing
// and is not heard; the telephone itself is still let in.
func TestStrangersCertificateIsRefused(t *testing.T) {
	engine := running(t, nil)
	leg, err := engine.OpenRTP(LegOptions{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leg.Close)
	owner, stranger := newDTLSPhone(t, leg.LocalAddress()), newDTLSPhone(t, leg.LocalAddress())
	if err := leg.Agree(owner.description(SetupActpass), Format{PCMU, 0}); err != nil {
		t.Fatal(err)
	}
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	if err := stranger.shake(true); err == nil {
		t.Error("a stranger shakes hands")
	}
	for range maxWires + 1 { // and others hang on
		idle := newDTLSPhone(t, leg.LocalAddress())
		idle.conn.WriteToUDPAddrPort(clientHello, idle.leg)
	}
	pause(100 * time.Millisecond)
	if stats := leg.Stats(); stats.PacketsSent > 0 || stats.PacketsReceived > 0 {
		t.Errorf("before there are keys: %+v", stats)
	}
	if err := owner.shake(true); err != nil {
		t.Fatalf("the telephone after the stranger: %v", err)
	}
	eventually(t, "the telephone hears", func() bool { return len(owner.packets()) > 5 })
	late := newDTLSPhone(t, leg.LocalAddress())
	late.conn.WriteToUDPAddrPort(clientHello, late.leg)
	heard := len(owner.packets())
	eventually(t, "it goes on hearing", func() bool { return len(owner.packets()) > heard+10 })
}

// clientHello is the beginning of a record that looks like one, and no more.
var clientHello = []byte{22, 254, 253, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1}

func TestFingerprints(t *testing.T) {
	whole := strings.TrimSuffix(strings.Repeat("aB:", 32), ":")
	for text, want := range map[string]string{
		"SHA-256 " + whole:            "sha-256 " + strings.ToUpper(whole),
		"sha-256 " + whole + ":00":    "",
		"sha-1 " + whole:              "",
		"sha-256":                     "",
		"sha-256 " + whole[:93] + "g": "",
		"":                            "",
	} {
		if got, ok := ParseFingerprint(text); got != want || ok != (want != "") {
			t.Errorf("%q is read as %q", text, got)
		}
	}
	for _, setup := range []Setup{SetupActive, SetupPassive, SetupActpass} {
		if ParseSetup(setup.String()) != setup {
			t.Errorf("%s isn't read", setup)
		}
	}
	if ParseSetup("holdconn") != SetupNone || ParseSetup("") != SetupNone {
		t.Error("what isn't a part is taken for one")
	}
}

func FuzzFingerprint(f *testing.F) {
	f.Add("sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":"))
	f.Fuzz(func(t *testing.T, text string) {
		if got, ok := ParseFingerprint(text); ok {
			if again, ok := ParseFingerprint(got); !ok || again != got {
				t.Errorf("%q becomes %q, and that %q", text, got, again)
			}
		}
	})
}
