package desk

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"
)

// The credential is what `openssl dgst -sha1 -hmac north -binary | base64` makes of the
// name; a test of e2e shows it to coturn.
func TestTURNCredentialsAreOfTheRESTConvention(t *testing.T) {
	relays := Relays{
		URLs:   []string{"turn:turn.example.org:3478?transport=udp", "stun:turn.example.org", "turns:turn.example.org:443?transport=tcp"},
		Secret: NewRelaySecret("north"), Life: time.Hour,
	}
	now := time.Unix(1_764_000_000, 0)
	servers := relays.servers("maria", now)
	if len(servers) != 2 || len(servers[0].URLs) != 1 || servers[0].Username != "" || servers[0].Credential != "" {
		t.Fatalf("handed %+v", servers)
	}
	turn := servers[1]
	if len(turn.URLs) != 2 || turn.Username != "1764003600:maria" || turn.Credential != "up3KaFZgx6BCxIpgQ0mS1lF7cmc=" {
		t.Errorf("handed %+v", turn)
	}
	if later := relays.servers("maria", now.Add(time.Second))[1]; later.Credential == turn.Credential {
		t.Error("the credential doesn't change with the time")
	}
	if got := (Relays{URLs: relays.URLs}).servers("maria", now)[1].Username; got != "1764043200:maria" {
		t.Errorf("by default until %q", got)
	}
	if none := (Relays{}).servers("maria", now); none == nil || len(none) != 0 {
		t.Errorf("without relays: %v", none)
	}
}

func TestRelaySecretPrintsNothing(t *testing.T) {
	secret := NewRelaySecret("north")
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if text := fmt.Sprintf(verb, secret) + fmt.Sprintf(verb, Relays{Secret: secret}); strings.Contains(text, "north") || strings.Contains(text, "6e6f727468") || strings.Contains(text, "110 111") {
			t.Errorf("%s prints %q", verb, text)
		}
	}
	if text, err := json.Marshal(Relays{Secret: secret}); err != nil || strings.Contains(string(text), "bm9ydGg") || strings.Contains(string(text), "north") {
		t.Errorf("JSON %s, %v", text, err)
	}
}

func TestRelaysAreForThoseWhoAreSignedIn(t *testing.T) {
	s := open(t, func(o *Options) { o.Relays = Relays{URLs: []string{"turn:192.0.2.1"}, Secret: NewRelaySecret("north")} })
	if status, text := s.get("/api/relays"); status != http.StatusUnauthorized || strings.Contains(text, "credential") {
		t.Errorf("a stranger got %d %s", status, text)
	}
	s.signIn()
	status, text := s.get("/api/relays")
	if status != http.StatusOK || !strings.Contains(text, `{"servers":[{"urls":["turn:192.0.2.1"],"username":"`) || !strings.Contains(text, `:maria","credential":"`) {
		t.Errorf("got %d %s", status, text)
	}
}
