package sip

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"sync"
	"time"

	"go.uber.org/zap"
)

// recheck is how often, at most, the files are looked at.
const recheck = 10 * time.Second

// Certificate is a certificate with its key in two PEM files. When the files
// change, the next handshake uses what is new; present connections go on. Files
// that don't go together are logged, and the old certificate stays.
type Certificate struct {
	file, keyFile string
	log           *zap.Logger
	now           func() time.Time

	mu      sync.Mutex
	pair    *tls.Certificate
	stamp   stamp // of the files last looked at
	checked time.Time
}

// stamp tells files that were changed from those that weren't.
type stamp struct {
	certificate, key         time.Time
	certificateSize, keySize int64
}

// LoadCertificate reads the files: the certificate, with what leads up to its
// root, and its key. The error says which of them is wrong.
func LoadCertificate(file, keyFile string, now func() time.Time) (*Certificate, error) {
	c := &Certificate{file: file, keyFile: keyFile, log: zap.NewNop(), now: now, checked: now()}
	var err error
	if c.stamp, err = c.look(); err != nil {
		return nil, err
	}
	c.pair, err = c.read()
	return c, err
}

// logTo names the log that renewals go to.
func (c *Certificate) logTo(log *zap.Logger) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.log = log
}

// Expires is the last moment at which the certificate is good.
func (c *Certificate) Expires() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pair.Leaf.NotAfter
}

func (c *Certificate) look() (stamp, error) {
	certificate, err := os.Stat(c.file)
	if err != nil {
		return stamp{}, fmt.Errorf("sip: the certificate: %w", err)
	}
	key, err := os.Stat(c.keyFile)
	if err != nil {
		return stamp{}, fmt.Errorf("sip: the certificate's key: %w", err)
	}
	return stamp{certificate.ModTime(), key.ModTime(), certificate.Size(), key.Size()}, nil
}

func (c *Certificate) read() (*tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(c.file, c.keyFile)
	if err != nil {
		return nil, fmt.Errorf("sip: %s with %s: %w", c.file, c.keyFile, err)
	}
	if pair.Leaf == nil {
		if pair.Leaf, err = x509.ParseCertificate(pair.Certificate[0]); err != nil {
			return nil, fmt.Errorf("sip: %s: %w", c.file, err)
		}
	}
	return &pair, nil
}

// current is the certificate in force.
func (c *Certificate) current() *tls.Certificate {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.checked) >= recheck {
		c.checked = now
		c.renew()
	}
	return c.pair
}

// renew is called under the lock.
func (c *Certificate) renew() {
	seen, err := c.look()
	if err == nil && seen == c.stamp {
		return
	}
	var pair *tls.Certificate
	if err == nil {
		pair, err = c.read()
	}
	if err != nil { // half written, perhaps: the next look may find both
		c.log.Warn("certificate not renewed; the one in force stays", zap.Time("expires", c.pair.Leaf.NotAfter), zap.Error(err))
		return
	}
	c.pair, c.stamp = pair, seen
	c.log.Info("certificate renewed", zap.Time("expires", pair.Leaf.NotAfter))
}

func (c *Certificate) forServer(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	return c.current(), nil
}

func (c *Certificate) forClient(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
	return c.current(), nil
}
