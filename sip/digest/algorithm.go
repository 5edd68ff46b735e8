package digest

import (
	"crypto/md5" // RFC 3261 asks for it, and most phones have nothing better
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
)

// Algorithm is a hash that a challenge asks for (RFC 8760 section 2.1), without
// the "-sess" that may follow its name.
type Algorithm uint8

// The algorithms, weakest first.
const (
	MD5 Algorithm = iota + 1
	SHA256
	SHA512t256
)

const sessionSuffix = "-sess"

// algorithms are all that we know, weakest first.
func algorithms() []Algorithm { return []Algorithm{MD5, SHA256, SHA512t256} }

// String is the name on the wire.
func (a Algorithm) String() string {
	switch a {
	case MD5:
		return "MD5"
	case SHA256:
		return "SHA-256"
	case SHA512t256:
		return "SHA-512-256"
	}
	return "unknown"
}

func (a Algorithm) new() hash.Hash {
	switch a {
	case SHA256:
		return sha256.New()
	case SHA512t256:
		return sha512.New512_256()
	}
	return md5.New()
}

// of hashes the parts, joined by colons, into lower-case hex.
func (a Algorithm) of(parts ...string) string {
	sum := a.new()
	for i, part := range parts {
		if i > 0 {
			sum.Write([]byte{':'})
		}
		sum.Write([]byte(part))
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// ParseAlgorithm reads the name of an algorithm, as md5 or SHA-256.
func ParseAlgorithm(name string) (Algorithm, error) {
	a, session, known := parseAlgorithm(name)
	if name == "" || session || !known {
		return 0, fmt.Errorf("digest: %q is no algorithm; there are md5, sha-256 and sha-512-256", name)
	}
	return a, nil
}

// parseAlgorithm reads a name; none at all means MD5 (RFC 2617 section 3.2.1).
func parseAlgorithm(name string) (a Algorithm, session, known bool) {
	if name == "" {
		return MD5, false, true
	}
	if base := len(name) - len(sessionSuffix); base > 0 && strings.EqualFold(name[base:], sessionSuffix) {
		name, session = name[:base], true
	}
	for _, a := range algorithms() {
		if strings.EqualFold(name, a.String()) {
			return a, session, true
		}
	}
	return 0, false, false
}

// response is what proves the password (RFC 7616 section 3.4.1): ha1 is
// H(username:realm:password).
func (a Algorithm) response(ha1 string, session bool, p proof) string {
	if session {
		ha1 = a.of(ha1, p.nonce, p.cnonce)
	}
	ha2 := a.of(p.method, p.uri)
	if p.qop == qopInt {
		ha2 = a.of(p.method, p.uri, a.of(string(p.body)))
	}
	if p.qop == "" { // RFC 2069, for which RFC 2617 left a door
		return a.of(ha1, p.nonce, ha2)
	}
	return a.of(ha1, p.nonce, p.count, p.cnonce, p.qop, ha2)
}

// proof is what goes into a response beside the password.
type proof struct {
	nonce, cnonce, count, qop string
	method, uri               string
	body                      []byte
}

const (
	qopAuth = "auth"
	qopInt  = "auth-int"
)
