package config

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careline/sip/dialplan"
	"careline/sip/srtp"
)

const (
	twoTrunks = `trunks:
  main:
    sources: [192.0.2.0/28]
    targets: ["udp://192.0.2.1:5060", "udp://192.0.2.2:5060"]
    username: careline
    password_file: main.password
    caller_id: "+12025550100"
    channels: 30
  spare:
    sources: [198.51.100.7]
    domain: sip.carrier.example
    transport: tcp
`
	plan = `allow:
  - {numbers: "+1NXXNXXXXXX", trunks: [main, spare]}
  - {numbers: "988", trunks: [main], caller_id: "+12025550111"}
deny: ["+1900."]
`
)

// trunked is the demo with trunks and a dial plan, with one edit per pair of
// texts: file, old, new.
func trunked(t *testing.T, edits ...string) string {
	t.Helper()
	dir := copied(t)
	files := map[string]string{trunksFile: twoTrunks, dialplanFile: plan, "main.password": "open-sesame\n"}
	for i := 0; i+2 < len(edits); i += 3 {
		if strings.Count(files[edits[i]], edits[i+1]) != 1 {
			t.Fatalf("%s doesn't hold %q once", edits[i], edits[i+1])
		}
		files[edits[i]] = strings.Replace(files[edits[i]], edits[i+1], edits[i+2], 1)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestTrunksAndDialPlanReachSignalling(t *testing.T) {
	settings, err := LoadAt(trunked(t), autumn())
	if err != nil {
		t.Fatal(err)
	}
	sip := settings.SIP
	if len(sip.Trunks) != 2 || sip.Trunks[0].Options().Credentials.Password != "open-sesame" || sip.Trunks[1].Options().Domain != "sip.carrier.example" {
		t.Errorf("trunks: %+v", sip.Trunks)
	}
	loopback, carrier := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.3")
	within := func(list []netip.Prefix, address netip.Addr) bool {
		for _, prefix := range list {
			if prefix.Contains(address) {
				return true
			}
		}
		return false
	}
	if !within(sip.Sources, carrier) || !within(sip.Sources, loopback) || !within(sip.Trusted, carrier) || within(sip.Trusted, loopback) {
		t.Errorf("let in %v, trusted %v", sip.Sources, sip.Trusted)
	}
	route, err := sip.Plan.Route("202-555-0142")
	if err != nil || strings.Join(route.Trunks, " ") != "main spare" {
		t.Errorf("%+v, %v", route, err)
	}
	if route, err := sip.Plan.Route("988"); err != nil || route.CallerID != "+12025550111" {
		t.Errorf("%+v, %v", route, err)
	}
	if _, err := sip.Plan.Route("+19005550142"); !errors.Is(err, dialplan.ErrNotAllowed) {
		t.Errorf("a denied number: %v", err)
	}
}

func TestDemoMayDialNothing(t *testing.T) {
	settings, err := LoadAt("demo", autumn())
	if err != nil || settings.SIP.Plan != nil || len(settings.SIP.Trunks) != 0 {
		t.Errorf("%v, %+v", err, settings.SIP)
	}
}

func TestMistakesInTrunksAndDialPlan(t *testing.T) {
	cases := []struct {
		name  string
		edits []string
		want  string
	}{
		{"no targets", []string{trunksFile, "    domain: sip.carrier.example\n    transport: tcp\n", ""},
			"trunks.yaml:9:3: spare: it has neither targets nor a domain, so no call could go there; targets: [udp://192.0.2.1:5060], or domain: sip.carrier.example"},
		{"both", []string{trunksFile, "domain: sip", "targets: [\"udp://192.0.2.9:5060\"]\n    domain: sip"}, "it has both targets and a domain"},
		{"a transport that nobody listens to", []string{trunksFile, "transport: tcp", "transport: tls"},
			"trunks.yaml:12:16: calls to this trunk go by tls, and nothing listens there; add a tls:// address to sip.listen"},
		{"an unknown transport", []string{trunksFile, "transport: tcp", "transport: quic"}, `"quic" is not a transport of trunks; use udp, tcp or tls`},
		{"no port", []string{trunksFile, "192.0.2.1:5060", "192.0.2.1:0"}, "udp://192.0.2.1:0 is no address that can be called"},
		{"a caller ID of letters", []string{trunksFile, `"+12025550100"`, `"Northwood"`}, "trunks.yaml:7:16: the caller ID is no telephone number"},
		{"no password", []string{trunksFile, "    password_file: main.password\n", ""}, "there is no password for this user name; add password_file"},
		{"no user", []string{trunksFile, "    username: careline\n", ""}, "there is no user name for this password"},
		{"an absent file", []string{trunksFile, "main.password", "other.password"}, "trunks.yaml:6:20: the password's file can't be read"},
		{"an empty password", []string{"main.password", "open-sesame\n", "\n"}, "write the password as its one line"},
		{"too many channels", []string{trunksFile, "channels: 30", "channels: -3"}, "channels"},
		{"no authority", []string{trunksFile, "channels: 30", "client_ca: ca.pem"}, "there is no certificate in ca.pem"},
		{"a name that no trunk has", []string{trunksFile, "  main:", "  Main Line:"}, `"Main Line" can't be a trunk's name`},
		{"an unknown trunk", []string{dialplanFile, "[main, spare]", "[main, spear]"}, `dialplan.yaml:2:46: "spear" is not a trunk of trunks.yaml; did you mean "spare"?`},
		{"no trunk", []string{dialplanFile, "[main, spare]", "[]"}, "the rule names no trunk, so nothing could be dialed by it"},
		{"no numbers", []string{dialplanFile, `numbers: "988", `, ""}, "the rule says no numbers"},
		{"every number there is", []string{dialplanFile, `"+1NXXNXXXXXX"`, `"+."`}, `dialplan.yaml:2:15: "+." is every country's numbers; begin with a country code`},
		{"a form that is none", []string{dialplanFile, `"+1900."`, `"premium"`}, `holds 'p'; a pattern has digits`},
		{"no country", []string{dialplanFile, "allow:", "country: US\nallow:"}, `"US" is no country code`},
	}
	for _, c := range cases {
		_, err := LoadAt(trunked(t, c.edits...), autumn())
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "open-sesame") {
			t.Errorf("%s: %v\nwant %s", c.name, err, c.want)
		}
	}
}

func TestRootsOfSignaturesAreLoaded(t *testing.T) {
	dir := secured(t, autumn().AddDate(1, 0, 0))
	site := filepath.Join(dir, "careline.yaml")
	raw, err := os.ReadFile(site)
	if err != nil {
		t.Fatal(err)
	}
	for roots, want := range map[string]string{"sip.pem": "", "none.pem": "there is no certificate in none.pem; give the PEM file of the authorities"} {
		text := strings.Replace(string(raw), "sip.key}", "sip.key}\n  stir: {roots: "+roots+"}", 1)
		if err := os.WriteFile(site, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		settings, err := LoadAt(dir, autumn())
		if want == "" && (err != nil || settings.STIR == nil) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v", roots, err)
		}
	}
}

func TestPasswordThatOthersCanReadIsWarnedOf(t *testing.T) {
	dir := trunked(t)
	if err := os.Chmod(filepath.Join(dir, "main.password"), 0o644); err != nil {
		t.Fatal(err)
	}
	settings, err := LoadAt(dir, autumn())
	if err != nil || len(settings.Warnings) != 1 || !strings.Contains(settings.Warnings[0].Message, "others on this machine can read the password") {
		t.Errorf("%v, %v", err, settings.Warnings)
	}
}

func TestTrunkThatMustShowACertificateIsFoundByItsAddress(t *testing.T) {
	dir := secured(t, autumn().AddDate(1, 0, 0))
	text := strings.Replace(twoTrunks, "channels: 30", "client_ca: sip.pem", 1)
	for name, content := range map[string]string{trunksFile: strings.Replace(text, "transport: tcp", "transport: tls", 1), "main.password": "x"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	settings, err := LoadAt(dir, autumn())
	if err != nil {
		t.Fatal(err)
	}
	asked := settings.SIP.TLS.ClientCAs
	if asked(netip.MustParseAddr("192.0.2.5")) == nil || asked(netip.MustParseAddr("198.51.100.7")) != nil || asked(netip.MustParseAddr("203.0.113.1")) != nil {
		t.Error("another source is asked for the trunk's certificate")
	}
}

func TestATrunksSoundIsOnItsTermsOrTheSites(t *testing.T) {
	settings, err := LoadAt(trunked(t, trunksFile, "    channels: 30", "    channels: 30\n    srtp: off"), autumn())
	if err != nil {
		t.Fatal(err)
	}
	if own, sites := settings.SIP.Trunks[0].Options().SRTP, settings.SIP.Trunks[1].Options().SRTP; own != srtp.Off || sites != srtp.Unset || settings.SIP.SRTP != srtp.Optional {
		t.Errorf("%s, %s, of the site %s", own, sites, settings.SIP.SRTP)
	}
	for edit, want := range map[string]string{
		"    channels: 30\n    srtp: required": "trunks.yaml:9:11: every call to udp://192.0.2.1:5060 would fail: the trunk's sound must be encrypted, and the keys need encrypted signalling; give its targets as tls://, or write srtp: optional",
		"    channels: 30\n    srtp: maybe":    `trunks.yaml:9:11: "maybe" is not a policy for encrypted sound; it is one of off, optional, required`,
	} {
		if _, err := LoadAt(trunked(t, trunksFile, "    channels: 30", edit), autumn()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	_, err = LoadAt(trunked(t, trunksFile, "transport: tcp", "transport: tcp\n    srtp: required"), autumn())
	if want := "trunks.yaml:13:11: calls to sip.carrier.example may go by a transport that isn't encrypted, and the trunk's sound must be; add transport: tls, or write srtp: optional"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v\nwant %s", err, want)
	}
}

func TestATrunkMayEaseWhatTheSiteRequires(t *testing.T) {
	required := func(edits ...string) error {
		dir := trunked(t, edits...)
		site := filepath.Join(dir, "careline.yaml")
		text, err := os.ReadFile(site)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(site, []byte(strings.Replace(string(text), "timeout: 30s", "srtp: required", 1)), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err = LoadAt(dir, autumn())
		return err
	}
	err := required()
	for _, want := range []string{
		"every call over udp://127.0.0.1:5070 would be refused: media.srtp is required",
		"trunks.yaml:2:3: every call to udp://192.0.2.1:5060 would fail: the trunk's sound must be encrypted",
		"trunks.yaml:9:3: calls to sip.carrier.example may go by a transport that isn't encrypted",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nwant %s", err, want)
		}
	}
	if err := required(trunksFile, "    channels: 30", "    srtp: off", trunksFile, "transport: tcp", "transport: tcp\n    srtp: optional"); err != nil {
		t.Errorf("both eased: %v", err)
	}
}
