package config

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/sip/srtp"
)

const (
	plainListen  = `["udp://127.0.0.1:5070", "tcp://127.0.0.1:5070"]`
	secureListen = `["udp://127.0.0.1:5070", "tls://127.0.0.1:5071", "wss://127.0.0.1:5443"]`
)

// secured is the demo listening at tls and wss, with a certificate good until
// then; the paths are relative, the folder's own.
func secured(t *testing.T, until time.Time) string {
	t.Helper()
	dir := copied(t, "careline.yaml", plainListen, secureListen+"\n  tls: {certificate: sip.pem, key: sip.key}")
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: autumn().AddDate(-1, 0, 0), NotAfter: until}
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
	return dir
}

func TestCertificateIsLoadedAndItsEndForeseen(t *testing.T) {
	settings, err := LoadAt(secured(t, autumn().AddDate(1, 0, 0)), autumn())
	if err != nil || settings.SIP.TLS.Certificate == nil || len(settings.Warnings) != 0 {
		t.Fatalf("%v, %+v", err, settings)
	}
	settings, err = LoadAt(secured(t, autumn().AddDate(0, 0, 20)), autumn())
	if err != nil || len(settings.Warnings) != 1 || !strings.Contains(settings.Warnings[0].Message, "expires on 2026-12-14") {
		t.Errorf("20 days ahead: %v, %v", err, settings.Warnings)
	}
	_, err = LoadAt(secured(t, autumn().AddDate(0, 0, -1)), autumn())
	if err == nil || !strings.Contains(err.Error(), "careline.yaml:9:22: the certificate expired on 2026-11-23; put a new one in its place") {
		t.Errorf("a day late: %v", err)
	}
}

func TestEncryptedListenersNeedACertificateThatCanBeUsed(t *testing.T) {
	_, err := LoadAt(copied(t, "careline.yaml", plainListen, secureListen), autumn())
	if err == nil || !strings.Contains(err.Error(), "careline.yaml:8:36: tls://127.0.0.1:5071 needs a certificate, and sip.tls gives none; add tls: {certificate: ") {
		t.Errorf("without one: %v", err)
	}
	dir := secured(t, autumn().AddDate(1, 0, 0))
	if err := os.Remove(filepath.Join(dir, "sip.key")); err != nil {
		t.Fatal(err)
	}
	_, err = LoadAt(dir, autumn())
	if err == nil || !strings.Contains(err.Error(), "careline.yaml:9:8: the certificate can't be used: sip: the certificate's key: ") {
		t.Errorf("without its key: %v", err)
	}
	_, err = LoadAt(copied(t, "careline.yaml", plainListen, `["tcp://127.0.0.1:5070", "ws://127.0.0.1:5070"]`), autumn())
	if err == nil || !strings.Contains(err.Error(), "sip.listen takes tcp port 5070, which sip.listen takes too") {
		t.Errorf("tcp and ws on one port: %v", err)
	}
	_, err = LoadAt(copied(t, "careline.yaml", "timeout: 30s", "srtp: required"), autumn())
	if err == nil || !strings.Contains(err.Error(), "careline.yaml:8:12: every call over udp://127.0.0.1:5070 would be refused: media.srtp is required") {
		t.Errorf("SRTP required in the clear: %v", err)
	}
	_, err = LoadAt(copied(t, "careline.yaml", "timeout: 30s", "srtp: on"), autumn())
	if err == nil || !strings.Contains(err.Error(), `"on" is not a policy for encrypted sound; it is one of off, optional, required`) {
		t.Errorf("SRTP by no policy: %v", err)
	}
	_, err = LoadAt(copied(t, "careline.yaml", plainListen, `["quic://127.0.0.1:5070"]`), autumn())
	if err == nil || !strings.Contains(err.Error(), `"quic" is not a transport that Careline speaks; use one of udp, tcp, tls, ws, wss`) {
		t.Errorf("an unknown transport: %v", err)
	}
}

func TestEncryptedSoundByPolicy(t *testing.T) {
	dir := secured(t, autumn().AddDate(1, 0, 0))
	file := filepath.Join(dir, "careline.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	secure := strings.Replace(string(text), `"udp://127.0.0.1:5070", `, "", 1)
	for _, policy := range srtp.Policies() {
		if err := os.WriteFile(file, []byte(strings.Replace(secure, "timeout: 30s", "srtp: "+policy.String(), 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		settings, err := LoadAt(dir, autumn())
		if err != nil {
			t.Fatalf("%s: %v", policy, err)
		}
		if settings.SIP.SRTP != policy {
			t.Errorf("srtp: %s is taken for %s", policy, settings.SIP.SRTP)
		}
	}
}
