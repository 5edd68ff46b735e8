package digest

import (
	"encoding/hex"
	"fmt"
	"strings"
)

// Secret is what a verifier keeps instead of a password: the hash of user name,
// realm and password, by each algorithm that the user may answer with. Whoever
// has it can sign in as that user in that realm, so it prints as •••.
type Secret struct{ md5, sha256 string }

// NewSecret hashes a password for a user in a realm.
func NewSecret(username, realm, password string) Secret {
	return Secret{md5: MD5.of(username, realm, password), sha256: SHA256.of(username, realm, password)}
}

// ParseSecret reads the hashes from hex. One of them may be empty; answers by
// that algorithm are then refused.
func ParseSecret(md5, sha256 string) (Secret, error) {
	if md5 == "" && sha256 == "" {
		return Secret{}, fmt.Errorf("digest: a secret needs at least one hash")
	}
	for _, one := range []struct {
		algorithm Algorithm
		text      string
	}{{MD5, md5}, {SHA256, sha256}} {
		raw, err := hex.DecodeString(one.text)
		if one.text != "" && (err != nil || len(raw) != one.algorithm.new().Size()) {
			return Secret{}, fmt.Errorf("digest: the hash by %s must have %d hex digits", one.algorithm, 2*one.algorithm.new().Size())
		}
	}
	return Secret{md5: strings.ToLower(md5), sha256: strings.ToLower(sha256)}, nil
}

// Reveal gives the hash by an algorithm, for a file that only we read; "" where
// there is none.
func (s Secret) Reveal(a Algorithm) string {
	switch a {
	case MD5:
		return s.md5
	case SHA256:
		return s.sha256
	}
	return ""
}

// String hides the secret.
func (Secret) String() string { return mask }

// GoString hides the secret.
func (Secret) GoString() string { return mask }

// MarshalText hides the secret from every encoder.
func (Secret) MarshalText() ([]byte, error) { return []byte(mask), nil }
