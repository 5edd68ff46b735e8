package sip

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// authority signs certificates for a test.
type authority struct {
	key         *ecdsa.PrivateKey
	certificate *x509.Certificate
	pool        *x509.CertPool
	serial      int64
}

func newAuthority(t testing.TB) *authority {
	t.Helper()
	a := &authority{pool: x509.NewCertPool(), serial: 1}
	var err error
	a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: "test authority"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	fatal(t, err)
	a.certificate, err = x509.ParseCertificate(raw)
	fatal(t, err)
	a.pool.AddCert(a.certificate)
	return a
}

// issue writes a certificate for 127.0.0.1 and the names, and its key.
func (a *authority) issue(t testing.TB, file, keyFile string, names ...string) tls.Certificate {
	t.Helper()
	a.serial++
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	fatal(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(a.serial), Subject: pkix.Name{CommonName: "careline.example"},
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth, x509.ExtKeyUsageClientAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	fatal(t, err)
	keyRaw, err := x509.MarshalPKCS8PrivateKey(key)
	fatal(t, err)
	certificate := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: raw})
	private := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: keyRaw})
	fatal(t, os.WriteFile(file, certificate, 0o600))
	fatal(t, os.WriteFile(keyFile, private, 0o600))
	pair, err := tls.X509KeyPair(certificate, private)
	fatal(t, err)
	return pair
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// everyNetwork listens on each network there is, with a certificate of the
// authority's.
func everyNetwork(t testing.TB, a *authority) func(*Options) {
	dir := t.TempDir()
	file, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	a.issue(t, file, keyFile)
	certificate, err := LoadCertificate(file, keyFile, time.Now)
	fatal(t, err)
	return func(o *Options) {
		o.Listen = nil
		for _, network := range Networks() {
			o.Listen = append(o.Listen, Listen{network, netip.MustParseAddrPort("127.0.0.1:0")})
		}
		o.TLS = TLS{Certificate: certificate, Roots: a.pool}
	}
}

// dialNetwork connects a caller over any network; it trusts what the server trusts.
func dialNetwork(t *testing.T, x *exchange, network string) net.Conn {
	t.Helper()
	config := &tls.Config{RootCAs: x.options.TLS.Roots}
	switch network {
	case "tls":
		conn, err := tls.Dial("tcp", x.address(network), config)
		must(t, err)
		return conn
	case "ws", "wss":
		return websocket.NetConn(context.Background(), dialWebSocket(t, network+"://"+x.address(network), config, subprotocol), websocket.MessageText)
	}
	conn, err := net.Dial(network, x.address(network))
	must(t, err)
	return conn
}

func dialWebSocket(t *testing.T, url string, config *tls.Config, subprotocols ...string) *websocket.Conn {
	t.Helper()
	transport := &http.Transport{TLSClientConfig: config}
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	socket, _, err := websocket.Dial(ctx, url, &websocket.DialOptions{
		HTTPClient: &http.Client{Transport: transport}, Subprotocols: subprotocols,
	})
	must(t, err)
	return socket
}

func TestCallOverEachNetworkBothWays(t *testing.T) {
	for _, network := range Networks() {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, everyNetwork(t, newAuthority(t)))
			far := dialCaller(t, x, network)
			far.invite(offerPCM)
			near := x.nextCall()
			must(t, near.Answer(ours()))
			answer := far.expect("SIP/2.0 200")
			contact := header(answer, "Contact")
			if want := ";transport=" + uriTransport(network); network != "udp" && !strings.Contains(contact, want) {
				t.Errorf("Contact %q lacks %q", contact, want)
			}
			far.send("ACK", 1, "")
			near.expect(t, EventAcked)
			must(t, near.HangUp(CauseNormal, "done"))
			near.expectEnd(t, ByLocal)
			bye := far.expect("BYE ") // over the connection that the call came by
			if via := header(bye, "Via"); !strings.HasPrefix(via, "SIP/2.0/"+strings.ToUpper(network)+" ") {
				t.Errorf("Via %q", via)
			}
			far.answerRequest(bye)
			x.settled()
		})
	}
}

func TestCallOverIPv6(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, func(o *Options) {
				o.Listen = []Listen{{network, netip.MustParseAddrPort("[::1]:0")}}
			})
			far := dialCaller(t, x, network)
			far.invite(strings.ReplaceAll(offerPCM, "IP4 192.0.2.7", "IP6 2001:db8::7"))
			near := x.nextCall()
			local := ours()
			local.Address = netip.MustParseAddrPort("[::1]:20000")
			must(t, near.Answer(local))
			answer := far.expect("SIP/2.0 200")
			if !strings.Contains(answer, "c=IN IP6 ::1\r\n") || !strings.Contains(header(answer, "Contact"), "sip:[::1]:") {
				t.Errorf("the answer speaks IPv4:\n%s", answer)
			}
			far.send("ACK", 1, "")
			if acked := near.expect(t, EventAcked); acked.Agreement.Remote.Address != netip.MustParseAddrPort("[2001:db8::7]:40000") {
				t.Errorf("their RTP is at %s", acked.Agreement.Remote.Address)
			}
			must(t, near.HangUp(CauseNormal, "done"))
			near.expectEnd(t, ByLocal)
			far.answerRequest(far.expect("BYE "))
			x.settled()
		})
	}
}

// TestDawdlersHoldUpNobody: those who connect and say nothing, or begin a
// handshake and stop, stand in no one's way.
func TestDawdlersHoldUpNobody(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	for _, network := range []string{"tls", "ws", "wss"} {
		for _, beginning := range []string{"", "\x16\x03\x01", "GET / HTTP/1.1\r\n"} {
			conn, err := net.Dial("tcp", x.address(network))
			must(t, err)
			defer conn.Close()
			_, err = conn.Write([]byte(beginning))
			must(t, err)
		}
		far := dialCaller(t, x, network)
		far.send("OPTIONS", 1, "")
		far.expect("SIP/2.0 200")
	}
}

func TestCertificateIsRenewedWithoutRestart(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	file, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	first := a.issue(t, file, keyFile)
	var now atomic.Int64
	clock := func() time.Time { return time.Unix(now.Load(), 0) }
	certificate, err := LoadCertificate(file, keyFile, clock)
	must(t, err)
	x := startExchange(t, func(o *Options) {
		o.Listen = []Listen{{"tls", netip.MustParseAddrPort("127.0.0.1:0")}}
		o.TLS = TLS{Certificate: certificate, Roots: a.pool}
	})
	shows := func(want tls.Certificate, when string) net.Conn {
		t.Helper()
		conn := dialNetwork(t, x, "tls").(*tls.Conn)
		if shown := conn.ConnectionState().PeerCertificates[0].Raw; !bytes.Equal(shown, want.Certificate[0]) {
			t.Errorf("%s: another certificate is shown", when)
		}
		return conn
	}
	old := dialCaller(t, x, "tls")
	shows(first, "at first").Close()
	must(t, os.WriteFile(keyFile, []byte("half written"), 0o600))
	now.Add(60)
	shows(first, "with a broken key").Close()
	second := a.issue(t, file, keyFile)
	shows(first, "before the next look").Close()
	now.Add(60)
	shows(second, "after the renewal").Close()
	old.send("OPTIONS", 1, "")
	old.expect("SIP/2.0 200")
}

func TestCertificateThatCannotBeReadIsRefusedByName(t *testing.T) {
	dir := t.TempDir()
	file, keyFile := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	if _, err := LoadCertificate(file, keyFile, time.Now); err == nil || !strings.Contains(err.Error(), "cert.pem") {
		t.Errorf("a missing certificate: %v", err)
	}
	newAuthority(t).issue(t, file, keyFile)
	newAuthority(t).issue(t, file+"2", keyFile)
	if _, err := LoadCertificate(file, keyFile, time.Now); err == nil || !strings.Contains(err.Error(), "key.pem") {
		t.Errorf("another's key: %v", err)
	}
	if _, err := New(Options{Listen: []Listen{{"tls", netip.MustParseAddrPort("127.0.0.1:0")}}}, &exchange{}); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("TLS without a certificate: %v", err)
	}
}

func TestTrunkWithoutItsCertificateIsNotLetIn(t *testing.T) {
	a, stranger := newAuthority(t), newAuthority(t)
	dir := t.TempDir()
	mine := a.issue(t, filepath.Join(dir, "trunk.pem"), filepath.Join(dir, "trunk.key"))
	theirs := stranger.issue(t, filepath.Join(dir, "other.pem"), filepath.Join(dir, "other.key"))
	x := startExchange(t, func(o *Options) {
		everyNetwork(t, a)(o)
		o.TLS.ClientCAs = func(netip.Addr) *x509.CertPool { return a.pool }
	})
	for name, shown := range map[string][]tls.Certificate{"none": nil, "a stranger's": {theirs}} {
		conn, err := tls.Dial("tcp", x.address("tls"), &tls.Config{RootCAs: a.pool, Certificates: shown})
		if err == nil {
			must(t, conn.SetReadDeadline(time.Now().Add(patience)))
			_, err = conn.Read(make([]byte, 1)) // TLS 1.3: the refusal comes after the handshake
			conn.Close()
		}
		if err == nil || errorsIsTimeout(err) {
			t.Errorf("with %s certificate: %v", name, err)
		}
	}
	conn, err := tls.Dial("tcp", x.address("tls"), &tls.Config{RootCAs: a.pool, Certificates: []tls.Certificate{mine}})
	must(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "OPTIONS sip:127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/TLS 127.0.0.1;branch=z9hG4bK-1\r\nMax-Forwards: 70\r\n"+
		"From: <sip:a@b>;tag=1\r\nTo: <sip:b@c>\r\nCall-ID: mutual\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n")
	must(t, conn.SetReadDeadline(time.Now().Add(patience)))
	answer := make([]byte, 11)
	if _, err := io.ReadFull(conn, answer); err != nil || string(answer) != "SIP/2.0 200" {
		t.Errorf("with its certificate: %q, %v", answer, err)
	}
}

func errorsIsTimeout(err error) bool {
	timeout, ok := err.(net.Error)
	return ok && timeout.Timeout()
}

func TestOldTLSIsRefused(t *testing.T) {
	a := newAuthority(t)
	x := startExchange(t, everyNetwork(t, a))
	for _, network := range []string{"tls", "wss"} {
		conn, err := tls.Dial("tcp", x.address(network), &tls.Config{RootCAs: a.pool, MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10})
		if err == nil {
			conn.Close()
			t.Errorf("%s speaks TLS 1.1", network)
		}
	}
}
