package config

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"careline/desk"
	"careline/problem"
)

// turnKeys are the servers that agents' browsers are handed.
type turnKeys struct {
	URLs       []relayURL    `yaml:"urls" help:"The servers, as turn:turn.example.org:3478, turns:turn.example.org:443?transport=tcp or stun:stun.example.org (RFC 7064, RFC 7065). Empty: none."`
	SecretFile string        `yaml:"secret_file" help:"File with the secret that the TURN servers know, too, as its one line (coturn: use-auth-secret and static-auth-secret). Browsers are handed credentials made of it, never the secret. Paths that aren't absolute start at this folder."`
	Life       time.Duration `yaml:"life" range:"10m..168h" help:"How long a browser can use the credentials that it is handed; a shift at least, since some servers ask for them again in a call."`
}

func turnDefaults() turnKeys { return turnKeys{Life: desk.DefaultRelayLife} }

// relayURL is a STUN or TURN server.
type relayURL string

var relayForm = regexp.MustCompile(`^(stuns?|turns?):([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]{1,5})?(\?transport=(udp|tcp))?$`)

// UnmarshalText reads a URI of RFC 7064 or RFC 7065.
func (u *relayURL) UnmarshalText(text []byte) error {
	if !relayForm.Match(text) || strings.HasPrefix(string(text), "stun") && strings.Contains(string(text), "?") {
		return fmt.Errorf("%q is not a TURN or STUN server; write it as turn:turn.example.org:3478?transport=tcp", text)
	}
	*u = relayURL(text)
	return nil
}

// relays reads what browsers are handed.
func (r *reader) relays(doc *problem.Document, keys turnKeys) desk.Relays {
	relays := desk.Relays{Life: keys.Life}
	asksSecret := false
	for _, url := range keys.URLs {
		relays.URLs = append(relays.URLs, string(url))
		asksSecret = asksSecret || strings.HasPrefix(string(url), "turn")
	}
	node := at(doc.Root, "media", "turn")
	switch {
	case keys.SecretFile != "" && !asksSecret:
		r.add(doc.At(at(node, "secret_file"), "there is no TURN server for this secret").Hint("add it to urls, as in turn:turn.example.org:3478"))
	case keys.SecretFile != "":
		relays.Secret = desk.NewRelaySecret(r.secretIn(doc, at(node, "secret_file"), keys.SecretFile, "secret"))
	case asksSecret:
		r.add(doc.At(at(node, "urls"), "TURN servers let nobody in without credentials, and none can be made").
			Hint("add secret_file, a file with their shared secret and nothing else"))
	}
	return relays
}
