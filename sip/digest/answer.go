package digest

import (
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
)

// ErrNoChallenge says that none of the challenges can be answered.
var ErrNoChallenge = errors.New("digest: no challenge that we can answer: it must be Digest with MD5, SHA-256 or SHA-512-256 and qop auth, auth-int or none")

// ErrCredentials says that the credentials can't be sent.
var ErrCredentials = errors.New("digest: the user name is empty or holds control characters; give the one that the other side knows")

// Credentials are what a trunk or an account gave us. They print as •••.
type Credentials struct{ Username, Password string }

// String hides the credentials.
func (Credentials) String() string { return mask }

// GoString hides the credentials.
func (Credentials) GoString() string { return mask }

// MarshalText hides the credentials from every encoder.
func (Credentials) MarshalText() ([]byte, error) { return []byte(mask), nil }

const mask = "•••"

// challenge is one WWW-Authenticate or Proxy-Authenticate header.
type challenge struct {
	realm, nonce, opaque string
	name                 string // of the algorithm, as they wrote it
	algorithm            Algorithm
	session              bool
	qop                  string // the one that we take; "" where they know none
	hasOpaque            bool
}

// Answer makes the value of the Authorization or Proxy-Authorization header for
// the values of the WWW-Authenticate or Proxy-Authenticate headers of a
// response. It takes the strongest algorithm offered, the topmost of equals (RFC
// 8760 section 2.4). Errors: ErrNoChallenge, ErrCredentials.
func Answer(challenges []string, credentials Credentials, method, uri string, body []byte) (string, error) {
	if credentials.Username == "" || !printable(credentials.Username) {
		return "", ErrCredentials
	}
	best, ok := strongest(challenges)
	if !ok {
		return "", ErrNoChallenge
	}
	if !printable(uri) {
		return "", fmt.Errorf("digest: the Request-URI holds control characters")
	}
	return best.answer(credentials, method, uri, body, rand.Text()), nil
}

func strongest(headers []string) (best challenge, found bool) {
	for _, header := range headers {
		offered, ok := readChallenge(header)
		if ok && (!found || offered.algorithm > best.algorithm) {
			best, found = offered, true
		}
	}
	return best, found
}

func readChallenge(header string) (challenge, bool) {
	read, err := parse(header)
	if err != nil {
		return challenge{}, false
	}
	c := challenge{realm: read["realm"], nonce: read["nonce"], name: read["algorithm"]}
	c.opaque, c.hasOpaque = read["opaque"]
	var known bool
	if c.algorithm, c.session, known = parseAlgorithm(c.name); !known || c.nonce == "" {
		return challenge{}, false
	}
	offered, has := read["qop"]
	if !has {
		return c, !c.session // a session needs the cnonce, which goes with qop alone
	}
	for one := range strings.SplitSeq(offered, ",") {
		switch one = strings.ToLower(strings.TrimSpace(one)); {
		case one == qopAuth:
			c.qop = qopAuth
		case one == qopInt && c.qop == "":
			c.qop = qopInt
		}
	}
	return c, c.qop != ""
}

// answer writes the header. The nonce is used once, so its count is 1.
func (c challenge) answer(credentials Credentials, method, uri string, body []byte, cnonce string) string {
	p := proof{nonce: c.nonce, cnonce: cnonce, count: "00000001", qop: c.qop, method: method, uri: uri, body: body}
	ha1 := c.algorithm.of(credentials.Username, c.realm, credentials.Password)
	var header strings.Builder
	fmt.Fprintf(&header, "Digest username=%s, realm=%s, nonce=%s, uri=%s, response=%s",
		quote(credentials.Username), quote(c.realm), quote(c.nonce), quote(uri), quote(c.algorithm.response(ha1, c.session, p)))
	if c.name != "" {
		header.WriteString(", algorithm=" + c.name)
	}
	if c.qop != "" {
		fmt.Fprintf(&header, ", qop=%s, nc=%s, cnonce=%s", c.qop, p.count, quote(cnonce))
	}
	if c.hasOpaque {
		header.WriteString(", opaque=" + quote(c.opaque))
	}
	return header.String()
}
