package digest

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// What options fall back to.
const (
	DefaultLifetime  = 5 * time.Minute
	DefaultMaxNonces = 16384

	minKey      = 16
	countDigits = 8
	maxUsername = 128 // bytes
)

// Options make a Verifier. What is left zero takes its default.
type Options struct {
	// Realm names what one signs in to; secrets hold for one realm. Required.
	Realm string
	// Key keys the nonces; at least 16 random bytes. Empty: drawn at New.
	Key []byte
	// Now is the wall clock; time.Now by default.
	Now func() time.Time
	// Algorithms are those offered, MD5 and SHA256 or one of them, in the order of
	// preference: clients take the topmost that they know (RFC 8760 section 2.4),
	// some look at the first alone, and some give up at one that they don't know.
	// Empty: SHA256, then MD5.
	Algorithms []Algorithm
	// Lifetime is how long a nonce can be used; then its user is told to take a
	// new one, without being asked for the password again.
	Lifetime time.Duration
	// MaxNonces is how many nonces in use are remembered. Where more are in use,
	// the oldest turn stale early.
	MaxNonces int
}

// Verifier challenges and judges the answers. Safe for use by many at once.
type Verifier struct {
	options Options
	usage   *usage
}

// Outcome is what came of an answer.
type Outcome uint8

// The outcomes. All but Accepted lead to the same challenge; Stale says in it
// that the password was right.
const (
	Absent   Outcome = iota // no answer for our realm: challenge
	Refused                 // wrong, unknown or unreadable: challenge again, and count it
	Stale                   // right, but the nonce is too old or was used before
	Accepted                // right, for the first time
)

// String names the outcome.
func (o Outcome) String() string {
	switch o {
	case Absent:
		return "absent"
	case Refused:
		return "refused"
	case Stale:
		return "stale"
	case Accepted:
		return "accepted"
	}
	return "unknown"
}

// Verdict is an outcome, and who proved to know the password: "" unless the
// outcome is Accepted or Stale.
type Verdict struct {
	Outcome  Outcome
	Username string
}

// New checks the options and makes a verifier. Nonces made before, by whatever
// process with the same key, are stale: how often they were used isn't known.
func New(options Options) (*Verifier, error) {
	if options.Realm == "" || !printable(options.Realm) {
		return nil, errors.New("digest: the realm is empty or holds control characters; name it as users know it, for example careline")
	}
	if len(options.Key) > 0 && len(options.Key) < minKey {
		return nil, fmt.Errorf("digest: the key has %d bytes; give at least %d random ones", len(options.Key), minKey)
	}
	if len(options.Key) == 0 {
		options.Key = make([]byte, 32)
		if _, err := rand.Read(options.Key); err != nil {
			return nil, fmt.Errorf("digest: draw a key: %w", err)
		}
	}
	if len(options.Algorithms) == 0 {
		options.Algorithms = []Algorithm{SHA256, MD5}
	}
	for _, algorithm := range options.Algorithms {
		if algorithm != SHA256 && algorithm != MD5 {
			return nil, fmt.Errorf("digest: a secret holds no hash by %s; offer SHA-256, MD5 or both", algorithm)
		}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.Lifetime <= 0 {
		options.Lifetime = DefaultLifetime
	}
	if options.MaxNonces <= 0 {
		options.MaxNonces = DefaultMaxNonces
	}
	// A nonce of this very millisecond is ours: the stamp has no finer grain.
	start := options.Now().Truncate(time.Millisecond).Add(-time.Millisecond)
	return &Verifier{options: options, usage: newUsage(options.MaxNonces, start)}, nil
}

// Challenges are the values of the WWW-Authenticate (or Proxy-Authenticate)
// headers to send, in this order.
func (v *Verifier) Challenges(stale bool) []string {
	nonce := mint(v.options.Key, v.options.Realm, v.options.Now())
	suffix := ""
	if stale {
		suffix = ", stale=true"
	}
	var headers []string
	for _, algorithm := range v.options.Algorithms {
		headers = append(headers, fmt.Sprintf(`Digest realm=%s, nonce=%s, algorithm=%s, qop="auth"%s`,
			quote(v.options.Realm), quote(nonce), algorithm, suffix))
	}
	return headers
}

// Verify judges the values of a request's Authorization headers, of which those
// for other realms are passed over. The request's method and Request-URI must be
// what was signed. lookup finds a user's secret; it is asked once at most. An
// unknown user costs the same time as a wrong password, and has the same outcome.
func (v *Verifier) Verify(authorizations []string, method, uri string, lookup func(username string) (Secret, bool)) Verdict {
	return v.weigh(authorizations, method, uri, lookup, true)
}

// Check is Verify but for not counting the nonce's use, so that the same answer
// can be verified after it: for deciding who is let in at all. An answer that was
// used before passes.
func (v *Verifier) Check(authorizations []string, method, uri string, lookup func(username string) (Secret, bool)) Verdict {
	return v.weigh(authorizations, method, uri, lookup, false)
}

func (v *Verifier) weigh(authorizations []string, method, uri string, lookup func(string) (Secret, bool), spend bool) Verdict {
	for _, header := range authorizations {
		read, err := parse(header)
		if err != nil {
			return Verdict{Outcome: Refused}
		}
		if read["realm"] == v.options.Realm {
			return v.judge(read, method, uri, lookup, spend)
		}
	}
	return Verdict{}
}

func (v *Verifier) judge(read parameters, method, uri string, lookup func(string) (Secret, bool), spend bool) Verdict {
	algorithm, session, known := parseAlgorithm(read["algorithm"])
	count, counted := parseCount(read["nc"])
	username := read["username"]
	if !known || session || !slices.Contains(v.options.Algorithms, algorithm) || !strings.EqualFold(read["qop"], qopAuth) || !counted ||
		read["cnonce"] == "" || username == "" || len(username) > maxUsername || !sameURI(read["uri"], uri) {
		return Verdict{Outcome: Refused}
	}
	secret, exists := lookup(username)
	ha1, decoy := secret.Reveal(algorithm), v.decoy(algorithm, username)
	if !exists || ha1 == "" {
		ha1, exists = decoy, false
	}
	want := algorithm.response(ha1, false, proof{
		nonce: read["nonce"], cnonce: read["cnonce"], count: read["nc"], qop: read["qop"], method: method, uri: read["uri"],
	})
	got := strings.ToLower(read["response"])
	if subtle.ConstantTimeCompare([]byte(want), []byte(got)) != 1 || !exists {
		return Verdict{Outcome: Refused}
	}
	made, ours := minted(v.options.Key, v.options.Realm, read["nonce"])
	if !ours || v.expired(made) || spend && !v.usage.spend(read["nonce"], made, count, v.expired) {
		return Verdict{Outcome: Stale, Username: username}
	}
	return Verdict{Outcome: Accepted, Username: username}
}

// expired reports whether a nonce is too old, or from a time that the clock has
// since gone back behind.
func (v *Verifier) expired(made time.Time) bool {
	age := v.options.Now().Sub(made)
	return age >= v.options.Lifetime || age < -v.options.Lifetime
}

// decoy is the hash against which an unknown user's answer is compared.
func (v *Verifier) decoy(algorithm Algorithm, username string) string {
	return algorithm.of(string(v.options.Key), username)
}

// parseCount reads nc: eight hex digits, not all of them zero.
func parseCount(text string) (uint32, bool) {
	if len(text) != countDigits {
		return 0, false
	}
	count, err := strconv.ParseUint(text, 16, 32)
	return uint32(count), err == nil && count > 0
}

// sameURI compares what was signed with what was asked for. Parameters are left
// out: proxies on the way add and drop them (RFC 3261 section 22.4).
func sameURI(signed, asked string) bool {
	return signed != "" && strings.EqualFold(bare(signed), bare(asked))
}

func bare(uri string) string {
	if end := strings.IndexAny(uri, ";?"); end >= 0 {
		uri = uri[:end]
	}
	return uri
}
