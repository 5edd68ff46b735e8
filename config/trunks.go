package config

import (
	"crypto/x509"
	"maps"
	"math/rand/v2"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
	"careline/sip"
	"careline/sip/digest"
	"careline/sip/srtp"
	"careline/sip/trunk"
)

const trunksFile = "trunks.yaml"

// trunkLine is one trunk of trunks.yaml, checked.
type trunkLine struct {
	*trunk.Trunk
	sources  []netip.Prefix
	clientCA *x509.CertPool
}

// trunks reads trunks.yaml. Without the file Careline places no calls, and
// whoever sip.sources lets in is taken for a trunk.
func (r *reader) trunks(site siteFile) []trunkLine {
	if !r.exists(trunksFile) {
		return nil
	}
	doc := r.document(trunksFile)
	if doc == nil {
		return nil
	}
	var keys trunksKeys
	before := len(r.problems)
	r.problems.Add(doc.File, doc.Decode(doc.Root, &keys))
	if len(r.problems) > before {
		return nil
	}
	r.bounds(doc, doc.Root, keys)
	var all []trunkLine
	for _, pair := range problem.Pairs(at(doc.Root, "trunks")) {
		name := pair.Key.Value
		if !userName.MatchString(name) {
			r.add(doc.At(pair.Key, "%q can't be a trunk's name", name).
				Hint("begin with a lower-case letter; then letters, digits, dots, dashes, at most 32"))
			continue
		}
		all = append(all, r.trunk(doc, pair, keys.Trunks[name], site))
	}
	return all
}

var callerID = regexp.MustCompile(`^\+?[0-9]{3,15}$`)

func (r *reader) trunk(doc *problem.Document, pair problem.Pair, keys trunkKeys, site siteFile) trunkLine {
	line := trunkLine{}
	for _, source := range keys.Sources {
		line.sources = append(line.sources, source.Prefix)
	}
	if keys.CallerID != "" && !callerID.MatchString(keys.CallerID) {
		r.add(doc.At(at(pair.Value, "caller_id"), "the caller ID is no telephone number").Hint(`write it as "+12025550100"`))
	}
	options := trunk.Options{
		Name: pair.Key.Value, Domain: keys.Domain, Network: keys.Transport, CallerID: keys.CallerID,
		Sources: line.sources, Channels: keys.Channels, SetUpRate: keys.SetUpRate, Refer: keys.Refer, SRTP: keys.SRTP.Policy,
		Credentials: digest.Credentials{Username: keys.Username, Password: r.secret(doc, pair.Value, keys)},
	}
	r.reach(doc, pair, keys, site)
	r.trunkSound(doc, pair, keys, site)
	for _, target := range keys.Targets {
		options.Targets = append(options.Targets, trunk.Target{Network: target.transport, Address: target.address, ServerName: keys.ServerName})
	}
	if keys.ClientCA != "" {
		line.clientCA = r.pool(doc, at(pair.Value, "client_ca"), keys.ClientCA, "give the PEM file of the authority that signs the trunk's certificate")
	}
	var err error
	if line.Trunk, err = trunk.New(options, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))); err != nil {
		r.add(doc.At(pair.Key, "%s", strings.TrimPrefix(err.Error(), "trunk ")).
			Hint("targets: [udp://192.0.2.1:5060], or domain: sip.carrier.example"))
	}
	return line
}

// reach checks how the trunk's servers are reached: a listener for each of their
// transports, and TLS where certificates are spoken of.
func (r *reader) reach(doc *problem.Document, pair problem.Pair, keys trunkKeys, site siteFile) {
	listening := map[string]bool{}
	for _, listen := range site.SIP.Listen {
		listening[listen.transport] = true
	}
	wants := func(node *yaml.Node, network string) {
		if !listening[network] {
			r.add(doc.At(node, "calls to this trunk go by %s, and nothing listens there", network).
				Hint("add a %s:// address to sip.listen in careline.yaml, from which they leave", network))
		}
	}
	for i, target := range keys.Targets {
		node := item(at(pair.Value, "targets"), i)
		wants(node, target.transport)
		if target.address.Addr().IsUnspecified() || target.address.Port() == 0 {
			r.add(doc.At(node, "%s is no address that can be called", target).Hint("write one as udp://192.0.2.1:5060"))
		}
		if target.transport == "tls" && keys.ServerName == "" {
			r.add(doc.At(node, "%s must show a certificate, and nothing says for which name", target).
				Hint("add server_name: sip.carrier.example, or give the trunk's domain instead of targets"))
		}
	}
	if keys.Transport != "" {
		node := at(pair.Value, "transport")
		if !slices.Contains([]string{"udp", "tcp", "tls"}, keys.Transport) {
			r.add(doc.At(node, "%q is not a transport of trunks", keys.Transport).Hint("use udp, tcp or tls, or leave it to the DNS"))
		} else {
			wants(node, keys.Transport)
		}
	}
	if keys.ClientCA != "" && !listening["tls"] {
		r.add(doc.At(at(pair.Value, "client_ca"), "the trunk is to show a certificate, and nothing listens for TLS").
			Hint("add a tls:// address to sip.listen in careline.yaml"))
	}
	if keys.ClientCA != "" && len(keys.Sources) == 0 {
		r.add(doc.At(at(pair.Value, "client_ca"), "nothing says whose certificate is asked for").Hint("add the trunk's sources"))
	}
}

// trunkSound checks that a trunk which must encrypt its sound can: the keys stand in
// the signalling, which must be encrypted too (RFC 4568 section 8).
func (r *reader) trunkSound(doc *problem.Document, pair problem.Pair, keys trunkKeys, site siteFile) {
	node := at(pair.Value, "srtp")
	policy := keys.SRTP.Or(site.Media.SRTP.Policy)
	if policy != srtp.Required {
		return
	}
	if keys.SRTP.Policy == srtp.Unset {
		node = pair.Key // media.srtp asks for it
	}
	for _, target := range keys.Targets {
		if target.transport != "tls" {
			r.add(doc.At(node, "every call to %s would fail: the trunk's sound must be encrypted, and the keys need encrypted signalling", target).
				Hint("give its targets as tls://, or write srtp: optional"))
			return
		}
	}
	if keys.Domain != "" && keys.Transport != "tls" {
		r.add(doc.At(node, "calls to %s may go by a transport that isn't encrypted, and the trunk's sound must be", keys.Domain).
			Hint("add transport: tls, or write srtp: optional"))
		return
	}
	if secure := func(e endpoint) bool { return (sip.Listen{Network: e.transport}).Secure() }; !slices.ContainsFunc(site.SIP.Listen, secure) {
		r.add(doc.At(node, "every call from the trunk would be refused: its sound must be encrypted, and nothing listens for encrypted signalling").
			Hint("add a tls:// address to sip.listen in careline.yaml, or write srtp: optional"))
	}
}

// secret reads the trunk's password out of its file.
func (r *reader) secret(doc *problem.Document, node *yaml.Node, keys trunkKeys) string {
	if keys.PasswordFile == "" {
		if keys.Username != "" {
			r.add(doc.At(at(node, "username"), "there is no password for this user name").Hint("add password_file, a file that holds nothing else"))
		}
		return ""
	}
	place := at(node, "password_file")
	if keys.Username == "" {
		r.add(doc.At(place, "there is no user name for this password").Hint("add username, as the carrier gave it"))
	}
	return r.secretIn(doc, place, keys.PasswordFile, "password")
}

// secretIn reads a file that holds a secret and nothing else; what names the secret.
func (r *reader) secretIn(doc *problem.Document, place *yaml.Node, file, what string) string {
	path := r.path(file)
	info, err := os.Stat(path)
	if err != nil || info.Size() > maxSecret {
		r.add(doc.At(place, "the %s's file can't be read", what).Hint("a file of one line, readable by Careline alone: chmod 600"))
		return ""
	}
	if info.Mode().Perm()&0o077 != 0 {
		r.warn(doc.At(place, "others on this machine can read the %s", what).Hint("chmod 600"))
	}
	raw, err := os.ReadFile(path)
	secret := strings.TrimRight(string(raw), "\r\n")
	if err != nil || secret == "" || strings.ContainsAny(secret, "\r\n") {
		r.add(doc.At(place, "the %s's file can't be used", what).Hint("write the %s as its one line", what))
	}
	return secret
}

const maxSecret = 1024 // bytes of a secret's file

// pool reads certificates that sign others.
func (r *reader) pool(doc *problem.Document, node *yaml.Node, file, hint string) *x509.CertPool {
	raw, err := os.ReadFile(r.path(file))
	pool := x509.NewCertPool()
	if err != nil || !pool.AppendCertsFromPEM(raw) {
		r.add(doc.At(node, "there is no certificate in %s", file).Hint("%s", hint))
	}
	return pool
}

// ofTrunks gives the trunks to signalling: where they may come from, whose word
// counts, and which certificate each must show.
func ofTrunks(options *sip.Options, all []trunkLine) {
	if len(all) == 0 {
		return
	}
	options.Trusted = nil
	pools := map[netip.Prefix]*x509.CertPool{}
	for _, line := range all {
		options.Trunks = append(options.Trunks, line.Trunk)
		options.Trusted = append(options.Trusted, line.sources...)
		if len(options.Sources) > 0 {
			options.Sources = append(options.Sources, line.sources...)
		}
		for _, source := range line.sources {
			if line.clientCA != nil {
				pools[source] = line.clientCA
			}
		}
	}
	if len(pools) == 0 {
		return
	}
	prefixes := slices.SortedFunc(maps.Keys(pools), func(a, b netip.Prefix) int { return b.Bits() - a.Bits() }) // the narrowest first
	options.TLS.ClientCAs = func(source netip.Addr) *x509.CertPool {
		for _, prefix := range prefixes {
			if prefix.Contains(source) {
				return pools[prefix]
			}
		}
		return nil
	}
}
