package passport

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/x509"
	"encoding/pem"
	"time"
)

const maxChain = 8 // certificates in one chain that are read

// certificate is one that signs PASSporTs, with what leads up to a root.
type certificate struct {
	leaf      *x509.Certificate
	between   *x509.CertPool
	key       *ecdsa.PublicKey
	authority authority
}

// parseCertificate reads a chain in PEM, the signer's first
// (application/pem-certificate-chain, RFC 8555 section 9.1).
func parseCertificate(chain []byte) (*certificate, error) {
	read := &certificate{between: x509.NewCertPool()}
	for range maxChain {
		block, rest := pem.Decode(chain)
		if block == nil {
			break
		}
		chain = rest
		if block.Type != "CERTIFICATE" {
			continue
		}
		one, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return nil, ErrCertificate
		case read.leaf == nil:
			read.leaf = one
		default:
			read.between.AddCert(one)
		}
	}
	if read.leaf == nil {
		return nil, ErrCertificate
	}
	key, ok := read.leaf.PublicKey.(*ecdsa.PublicKey)
	if !ok || key.Curve != elliptic.P256() {
		return nil, ErrCertificate
	}
	read.key = key
	var err error
	read.authority, err = readAuthority(read.leaf)
	return read, err
}

// trusted reports whether the chain leads to one of the roots at that time.
func (c *certificate) trusted(roots *x509.CertPool, now time.Time) bool {
	_, err := c.leaf.Verify(x509.VerifyOptions{
		Roots: roots, Intermediates: c.between, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
	})
	return err == nil
}
