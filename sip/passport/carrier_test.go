package passport

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"testing"
	"time"
)

const (
	caller   = "12025550142"
	callee   = "12025550100"
	location = "https://certificates.example.com/carrier.pem"
	trace    = "4437e7eb-8f7a-4f0e-a863-f53a0e60251a"
)

// carrier signs calls, as one that the tests trust.
type carrier struct {
	key   *ecdsa.PrivateKey
	chain []byte
	roots *x509.CertPool
	now   time.Time
}

// providerList is the TNAuthList of a carrier with the code 818H.
const providerList = "MAigBhYEODE4SA=="

func newCarrier(t testing.TB, now time.Time, authority []byte) *carrier {
	t.Helper()
	rootKey, leafKey := newKey(t), newKey(t)
	root := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "STI root"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(48 * time.Hour),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}
	rootRaw := issue(t, root, root, &rootKey.PublicKey, rootKey)
	leaf := &x509.Certificate{
		SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "SHAKEN 818H"}, NotBefore: now.Add(-time.Hour), NotAfter: now.Add(24 * time.Hour),
		KeyUsage: x509.KeyUsageDigitalSignature,
	}
	if authority != nil {
		leaf.ExtraExtensions = []pkix.Extension{{Id: authorityIdentifier(), Value: authority}}
	}
	leafRaw := issue(t, leaf, root, &leafKey.PublicKey, rootKey)
	parsed, err := x509.ParseCertificate(rootRaw)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	return &carrier{key: leafKey, chain: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: leafRaw}), roots: roots, now: now}
}

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func issue(t testing.TB, child, parent *x509.Certificate, public *ecdsa.PublicKey, signer *ecdsa.PrivateKey) []byte {
	t.Helper()
	raw, err := x509.CreateCertificate(rand.Reader, child, parent, public, signer)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func spc(t testing.TB) []byte {
	t.Helper()
	raw, err := base64.StdEncoding.DecodeString(providerList)
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// blockOf is a TNAuthList of one range of numbers.
func blockOf(t testing.TB, start string, count int64) []byte {
	t.Helper()
	span, err := asn1.Marshal(struct {
		Start string `asn1:"ia5"`
		Count int64
	}{start, count})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := asn1.Marshal([]asn1.RawValue{{Class: asn1.ClassContextSpecific, Tag: tagRange, IsCompound: true, Bytes: span}})
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

// header and payload of a good PASSporT, to be changed by a case.
func (c *carrier) parts() (header, payload map[string]any) {
	return map[string]any{"alg": "ES256", "typ": "passport", "ppt": "shaken", "x5u": location},
		map[string]any{
			"attest": "A", "origid": trace, "iat": c.now.Unix(),
			"orig": map[string]any{"tn": caller}, "dest": map[string]any{"tn": []string{callee}},
		}
}

func (c *carrier) sign(t testing.TB, header, payload map[string]any) string {
	t.Helper()
	encode := func(part map[string]any) string {
		raw, err := json.Marshal(part)
		if err != nil {
			t.Fatal(err)
		}
		return base64.RawURLEncoding.EncodeToString(raw)
	}
	signed := encode(header) + "." + encode(payload)
	sum := sha256.Sum256([]byte(signed))
	r, s, err := ecdsa.Sign(rand.Reader, c.key, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	signature := append(r.FillBytes(make([]byte, 32)), s.FillBytes(make([]byte, 32))...)
	return signed + "." + base64.RawURLEncoding.EncodeToString(signature)
}

// identity is a good Identity header.
func (c *carrier) identity(t testing.TB) string {
	t.Helper()
	header, payload := c.parts()
	return c.sign(t, header, payload) + ";info=<" + location + ">;alg=ES256;ppt=shaken"
}

// serve is a Fetcher that knows the carrier's one certificate.
func (c *carrier) serve(_ context.Context, asked string) (Fetched, error) {
	if asked != location {
		return Fetched{}, ErrFetch
	}
	return Fetched{Chain: c.chain, MaxAge: time.Hour}, nil
}

func (c *carrier) verifier(t testing.TB, change func(*Options)) *Verifier {
	t.Helper()
	options := Options{Roots: c.roots, Fetch: c.serve, Now: func() time.Time { return c.now }}
	if change != nil {
		change(&options)
	}
	verifier, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	return verifier
}

func call(identities ...string) Call {
	return Call{Identity: identities, Origin: "+1 202-555-0142", Destination: []string{"2025550100"}}
}
