package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// startSecure runs a server that listens at tls and wss, too, with a certificate
// that it signed itself.
func startSecure(t *testing.T, edits ...[3]string) *server {
	t.Helper()
	dir := t.TempDir()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "careline.example"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(90 * 24 * time.Hour),
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	for name, block := range map[string]*pem.Block{"sip.pem": {Type: "CERTIFICATE", Bytes: raw}, "sip.key": {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	listen := fmt.Sprintf("\"tcp://127.0.0.1:0\", \"tls://127.0.0.1:0\", \"wss://127.0.0.1:0\"]\n  tls: {certificate: %s, key: %s}",
		filepath.Join(dir, "sip.pem"), filepath.Join(dir, "sip.key"))
	// At debug level, a failed story says what signalling heard.
	return start(t, append([][3]string{{"careline.yaml", "level: info", "level: debug"}, {"careline.yaml", `"tcp://127.0.0.1:0"]`, listen}}, edits...)...)
}

// wantEncrypted: one side was answered, with its sound encrypted that way.
func (s *server) wantEncrypted(answered, by string) {
	s.t.Helper()
	var got []any
	for _, line := range s.log() {
		if line["msg"] == answered {
			got = append(got, line["encrypted_by"])
		}
	}
	if len(got) != 1 || got[0] != by {
		s.t.Errorf("%s: encrypted by %v, want %s", answered, got, by)
	}
}

// A telephone that takes nothing but SRTP calls in over TLS.
func TestCallerOverTLSWithSRTPTalksWithTheAgent(t *testing.T) {
	t.Parallel()
	server := startSecure(t)
	maria := server.signIn(t, "maria")
	caller := server.baresip(t, tone(), "<sip:5550199@127.0.0.1;transport=tls>;regint=0;mediaenc=srtp-mand")
	caller.dialURI("sip:5550100@" + server.listens["tls"] + ";transport=tls")
	caller.press(english + identify + member + person)
	maria.accept()
	joined := time.Now()
	heard := maria.listenFor(theCaller, 3*time.Second)
	if !loud(heard, callerTone) {
		t.Errorf("the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
	}
	pass(time.Second)
	end := time.Now()
	caller.hangUp()
	maria.finish()
	if score := agentsVoice(t, caller.between(caller.heard(), joined.Add(time.Second), end)); score < 0.6 {
		t.Errorf("the caller hears the agent by %.2f", score)
	}
	server.wantEncrypted("call answered", "AES_CM_128_HMAC_SHA1_80")
	if n := server.metrics()["careline_media_packets_unauthentic_total"]; n != 0 {
		t.Errorf("%v packets weren't authentic", n)
	}
	if record, _ := server.record(); record.EndedBy != ledger.ByCaller || record.Verification != "verified" {
		t.Errorf("the record says %+v", record)
	}
}

// A telephone that brings its keys by DTLS calls in.
func TestCallerWithDTLSTalksWithTheAgent(t *testing.T) {
	t.Parallel()
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.baresip(t, tone(), "<sip:5550199@127.0.0.1;transport=tcp>;regint=0;mediaenc=dtls_srtp")
	caller.dialURI("sip:5550100@" + server.listens["tcp"] + ";transport=tcp")
	pass(time.Second)
	caller.press(english + identify + member + person)
	maria.accept()
	joined := time.Now()
	heard := maria.listenFor(theCaller, 3*time.Second)
	if !loud(heard, callerTone) {
		t.Errorf("the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
	}
	end := time.Now()
	caller.hangUp()
	maria.finish()
	if score := agentsVoice(t, caller.between(caller.heard(), joined.Add(time.Second), end)); score < 0.6 {
		t.Errorf("the caller hears the agent by %.2f", score)
	}
	server.wantEncrypted("call answered", "DTLS-SRTP")
	if record, _ := server.record(); record.Verification != "verified" {
		t.Errorf("the record says %+v", record)
	}
}

// The agent's desk phone registers over TLS and takes nothing but SRTP.
func TestDeskPhoneOverTLSWithSRTP(t *testing.T) {
	t.Parallel()
	server := startSecure(t)
	before := server.logged("phone registered")
	desk := server.baresip(t, signal.Tone(deskTone, 120), fmt.Sprintf(
		"<sip:maria-desk@%s;transport=tls>;auth_user=maria-desk;auth_pass=careline-demo;regint=60;mediaenc=srtp", server.listens["tls"]))
	eventually(t, 10*time.Second, "the desk phone is registered", func() bool { return server.logged("phone registered") > before })
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	eventually(t, 30*time.Second, "the desk phone rings", func() bool { return desk.saw("CALL_INCOMING") })
	desk.command("accept", "")
	maria.await("talking")
	joined := time.Now()
	pass(3 * time.Second)
	end := time.Now()
	desk.hangUp()
	caller.awaitEnd()
	maria.finish()
	server.wantEncrypted("phone answered", "AEAD_AES_128_GCM") // our first choice
	if cut := caller.between(caller.heard(), joined.Add(time.Second), end); !loud(cut, deskTone) {
		t.Errorf("the caller hears %.4f of the agent's tone", toneIn(cut, deskTone))
	}
	if cut := desk.between(desk.heard(), joined.Add(time.Second), end); !loud(cut, callerTone) {
		t.Errorf("the agent hears %.4f of the caller's tone", toneIn(cut, callerTone))
	}
}
