package config

import (
	"path/filepath"
	"time"

	"careline/problem"
	"careline/sip"
)

// renewal is how long before its end a certificate is worth a warning.
const renewal = 30 * 24 * time.Hour

// certificate loads what encrypted listeners show; nil where there are none and
// none is given. Paths that aren't absolute start at the configuration's folder.
func (r *reader) certificate(doc *problem.Document, site siteFile, now time.Time) *sip.Certificate {
	given := site.SIP.TLS
	for i, listen := range site.SIP.Listen {
		if (sip.Listen{Network: listen.transport}).Secure() && (given.Certificate == "" || given.Key == "") {
			r.add(doc.At(item(at(doc.Root, "sip", "listen"), i), "%s needs a certificate, and sip.tls gives none", listen).
				Hint("add tls: {certificate: /etc/careline/sip.pem, key: /etc/careline/sip.key} to sip"))
			return nil
		}
	}
	if given.Certificate == "" && given.Key == "" {
		return nil
	}
	node := at(doc.Root, "sip", "tls")
	certificate, err := sip.LoadCertificate(r.path(given.Certificate), r.path(given.Key), time.Now)
	if err != nil {
		r.add(doc.At(node, "the certificate can't be used: %v", err).
			Hint("certificate and key are two PEM files that belong together, readable by Careline"))
		return nil
	}
	switch left := certificate.Expires().Sub(now); {
	case left <= 0:
		r.add(doc.At(at(node, "certificate"), "the certificate expired on %s", certificate.Expires().Format(time.DateOnly)).
			Hint("put a new one in its place"))
	case left < renewal:
		r.warn(doc.At(at(node, "certificate"), "the certificate expires on %s", certificate.Expires().Format(time.DateOnly)).
			Hint("put a new one in its place; no restart is needed"))
	}
	return certificate
}

func (r *reader) path(file string) string {
	if filepath.IsAbs(file) {
		return file
	}
	return filepath.Join(r.dir, file)
}
