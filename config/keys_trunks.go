package config

import "careline/sip/dialplan"

// trunksKeys is trunks.yaml, which may be left out.
type trunksKeys struct {
	Trunks map[string]trunkKeys `yaml:"trunks" help:"Carriers by name. Each has targets or a domain."`
}

// trunkKeys is one trunk of trunks.yaml.
type trunkKeys struct {
	Sources      []network  `yaml:"sources" help:"Addresses that its calls come from. Their word on who calls (P-Asserted-Identity) is believed, and they are let in beside sip.sources."`
	Targets      []endpoint `yaml:"targets" help:"Its servers, as udp://192.0.2.1:5060, the best first."`
	Domain       string     `yaml:"domain" help:"Where to find its servers in the DNS (RFC 3263), instead of targets."`
	Transport    string     `yaml:"transport" help:"udp, tcp or tls for a domain; left out, the DNS decides."`
	ServerName   string     `yaml:"server_name" help:"The name that the certificate of tls targets must be for. A domain stands for itself."`
	ClientCA     string     `yaml:"client_ca" help:"PEM file of the authority whose certificate the trunk must show us over TLS (mutual TLS)."`
	Username     string     `yaml:"username" help:"What we sign in with where the carrier asks."`
	PasswordFile string     `yaml:"password_file" help:"File with the password as its one line. Paths that aren't absolute start at this folder."`
	CallerID     string     `yaml:"caller_id" help:"The number that we show, where the dial plan has none."`
	Channels     int        `yaml:"channels" help:"Calls at once, in both directions; one more from it is refused with 503. 0 for no limit." range:"0..100000"`
	SetUpRate    int        `yaml:"set_up_rate" help:"Calls a second, in both directions; 0 for no limit." range:"0..10000"`
	Refer        bool       `yaml:"refer" help:"The carrier takes its callers to numbers elsewhere when asked by REFER; then blind transfers of flows go that way. Ask the carrier."`
	SRTP         srtpPolicy `yaml:"srtp" help:"Encrypted sound of its calls, in both directions: off, optional or required, as media.srtp has it. Left out, media.srtp holds."`
}

// dialplanKeys is dialplan.yaml, which may be left out.
type dialplanKeys struct {
	Country string             `yaml:"country" help:"Code of the country that numbers without one belong to."`
	Allow   []ruleKeys         `yaml:"allow" help:"Numbers that may be dialed; the first rule that fits counts. Empty: none."`
	Deny    []dialplan.Pattern `yaml:"deny" help:"Numbers that are never dialed, whatever allow says."`
}

type ruleKeys struct {
	Numbers  dialplan.Pattern `yaml:"numbers" help:"Their form: digits, X any digit, N 2-9, Z 1-9, a last dot for the rest; with + and country code, or a short code."`
	Trunks   []string         `yaml:"trunks" help:"Trunks to try, the best first."`
	CallerID string           `yaml:"caller_id" help:"The number that we show, in place of the trunk's."`
}

func dialplanDefaults() dialplanKeys { return dialplanKeys{Country: "1"} }
