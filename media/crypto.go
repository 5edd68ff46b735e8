package media

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"io"
	"strings"

	"github.com/pion/srtp/v3"
)

// Suite is an SRTP crypto suite as SDP names it (RFC 4568 section 6.2, RFC 7714
// section 14.2).
type Suite uint8

const (
	// SuiteNone is the zero value: sound that isn't encrypted.
	SuiteNone Suite = iota
	// AESGCM128 is AEAD_AES_128_GCM (RFC 7714): a tag of 16 bytes.
	AESGCM128
	// AESCM128SHA80 is AES_CM_128_HMAC_SHA1_80 (RFC 3711), which every SRTP
	// endpoint has: a tag of 10 bytes.
	AESCM128SHA80
	// AESCM128SHA32 is AES_CM_128_HMAC_SHA1_32: a tag of 4 bytes, the weakest.
	AESCM128SHA32
)

// Suites lists what Careline speaks, in the order of preference.
func Suites() []Suite { return []Suite{AESGCM128, AESCM128SHA80, AESCM128SHA32} }

// String gives the suite's name in SDP.
func (s Suite) String() string {
	switch s {
	case AESGCM128:
		return "AEAD_AES_128_GCM"
	case AESCM128SHA80:
		return "AES_CM_128_HMAC_SHA1_80"
	case AESCM128SHA32:
		return "AES_CM_128_HMAC_SHA1_32"
	}
	return "none"
}

// ParseSuite finds a suite by its name in SDP, in any case; SuiteNone if unknown.
func ParseSuite(name string) Suite {
	for _, suite := range Suites() {
		if strings.EqualFold(name, suite.String()) {
			return suite
		}
	}
	return SuiteNone
}

const (
	masterKeyBytes = 16 // of each of our suites
	maxKeyBytes    = 30
	// maxTagBytes is the longest that a suite makes a packet.
	maxTagBytes = 16
)

// keyBytes is the length of master key and master salt together.
func (s Suite) keyBytes() int {
	switch s {
	case AESGCM128:
		return 28 // a salt of 96 bits (RFC 7714 section 12)
	case AESCM128SHA80, AESCM128SHA32:
		return 30 // a salt of 112 bits (RFC 3711 section 4.1.1)
	}
	return 0
}

func (s Suite) profile() srtp.ProtectionProfile {
	switch s {
	case AESGCM128:
		return srtp.ProtectionProfileAeadAes128Gcm
	case AESCM128SHA32:
		return srtp.ProtectionProfileAes128CmHmacSha1_32
	}
	return srtp.ProtectionProfileAes128CmHmacSha1_80
}

// Key is an SRTP master key with its salt. Whoever has it hears the call, so it
// prints as •••; Inline takes the value out, for SDP alone.
type Key struct {
	bytes [maxKeyBytes]byte
	size  uint8 // 0: no key
}

// ParseKey reads the key of a suite as SDP has it: base64, with or without its
// padding (RFC 4568 section 6.1).
func ParseKey(suite Suite, inline string) (Key, bool) {
	var key Key
	want := suite.keyBytes()
	inline = strings.TrimRight(inline, "=")
	if want == 0 || base64.RawStdEncoding.DecodedLen(len(inline)) != want {
		return Key{}, false
	}
	if _, err := base64.RawStdEncoding.Decode(key.bytes[:want], []byte(inline)); err != nil {
		return Key{}, false
	}
	key.size = uint8(want)
	return key, true
}

// newKey draws a key for a suite.
func newKey(suite Suite) Key {
	key := Key{size: uint8(suite.keyBytes())}
	rand.Read(key.bytes[:key.size]) // never fails
	return key
}

// Inline is the key in base64, as SDP has it.
func (k Key) Inline() string { return base64.StdEncoding.EncodeToString(k.bytes[:k.size]) }

func (k *Key) master() []byte { return k.bytes[:masterKeyBytes] }
func (k *Key) salt() []byte   { return k.bytes[masterKeyBytes:k.size] }

const hidden = "•••"

// String hides the key.
func (Key) String() string { return hidden }

// Format hides the key from every verb.
func (Key) Format(state fmt.State, _ rune) { io.WriteString(state, hidden) }

// MarshalText hides the key from encoders.
func (Key) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// Crypto is one line of SDES (RFC 4568): the key that the side which states it
// encrypts with.
type Crypto struct {
	// Tag links an answer to what was offered.
	Tag   int
	Suite Suite
	Key   Key
}

// whole reports whether the key is one of the suite's.
func (c Crypto) whole() bool { return c.Suite != SuiteNone && c.Suite.keyBytes() == int(c.Key.size) }

// newCryptos are a leg's own keys, one for each suite, which last as long as the
// leg: an answer may take any of them.
func newCryptos() []Crypto {
	var all []Crypto
	for i, suite := range Suites() {
		all = append(all, Crypto{Tag: i + 1, Suite: suite, Key: newKey(suite)})
	}
	return all
}

// SDP is a session description whole, as WebRTC needs it (RFC 8829). The secrets
// of its connection are in it, so that it prints as its length alone.
type SDP string

// Format hides the text from every verb.
func (s SDP) Format(state fmt.State, _ rune) { fmt.Fprintf(state, "%d bytes of SDP", len(s)) }

// MarshalText hides the text from encoders.
func (s SDP) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%d bytes of SDP", len(s)), nil }
