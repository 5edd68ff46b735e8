package desk

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// DefaultRelayLife is how long a browser may use the credentials that it is handed:
// as long as a shift, since some TURN servers ask for them again in a call.
const DefaultRelayLife = 12 * time.Hour

// Relays are the TURN and STUN servers that browsers are handed. A browser behind a
// firewall that lets no UDP through has its sound sent by way of one.
type Relays struct {
	// URLs as in RFC 7064 and RFC 7065: turn:turn.example.org:3478?transport=tcp.
	URLs []string
	// Secret is shared with the TURN servers, which know nobody's password.
	Secret RelaySecret
	// Life is how long credentials can be used; 0 is DefaultRelayLife.
	Life time.Duration
}

// RelaySecret makes credentials for TURN servers. Whoever has it may send through
// them what they like, so it prints as •••.
type RelaySecret struct{ key []byte }

// NewRelaySecret takes a secret as the TURN servers have it.
func NewRelaySecret(text string) RelaySecret { return RelaySecret{[]byte(text)} }

const hidden = "•••"

// String hides the secret.
func (RelaySecret) String() string { return hidden }

// Format hides the secret from every verb.
func (RelaySecret) Format(state fmt.State, _ rune) { io.WriteString(state, hidden) }

// MarshalText hides the secret from encoders.
func (RelaySecret) MarshalText() ([]byte, error) { return []byte(hidden), nil }

// iceServer is an RTCIceServer as the browser takes it.
type iceServer struct {
	URLs       []string `json:"urls"`
	Username   string   `json:"username,omitempty"`
	Credential string   `json:"credential,omitempty"`
}

// servers are what a user's browser is handed now. Credentials are those of the TURN
// REST convention (draft-uberti-behave-turn-rest-00 section 2.2): the name tells the
// server until when, the password is the name's HMAC-SHA-1.
func (r Relays) servers(user string, now time.Time) []iceServer {
	life := r.Life
	if life <= 0 {
		life = DefaultRelayLife
	}
	name := fmt.Sprintf("%d:%s", now.Add(life).Unix(), user)
	sum := hmac.New(sha1.New, r.Secret.key)
	io.WriteString(sum, name)
	turn := iceServer{Username: name, Credential: base64.StdEncoding.EncodeToString(sum.Sum(nil))}
	var stun iceServer
	for _, url := range r.URLs {
		if strings.HasPrefix(url, "turn") {
			turn.URLs = append(turn.URLs, url)
		} else {
			stun.URLs = append(stun.URLs, url)
		}
	}
	all := []iceServer{} // an empty list, not null
	for _, server := range []iceServer{stun, turn} {
		if len(server.URLs) > 0 {
			all = append(all, server)
		}
	}
	return all
}

// relays hands the page what its next peer connection may use.
func (d *Desk) relays(w http.ResponseWriter, _ *http.Request, s *session) {
	answer(w, http.StatusOK, struct {
		Servers []iceServer `json:"servers"`
	}{d.options.Relays.servers(s.user.Name, d.options.Now())})
}
