package config

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"careline/problem"
	"careline/sip"
	"careline/sip/srtp"
)

// claim is a range of ports that one key takes.
type claim struct {
	key       string
	node      *yaml.Node
	transport string
	address   netip.Addr
	portRange
}

// choices checks what agents may choose from: an empty name is none, and
// without a reason nobody can go away.
func (r *reader) choices(doc *problem.Document, site siteFile) {
	for key, names := range map[string][]string{"away_reasons": site.AwayReasons, "dispositions": site.Dispositions} {
		for i, name := range names {
			if strings.TrimSpace(name) == "" || slices.Contains(names[:i], name) {
				r.add(doc.At(item(at(doc.Root, key), i), "%s holds %q, which is empty or there already", key, name).Hint("remove it"))
			}
		}
	}
	if len(site.AwayReasons) == 0 {
		r.add(doc.At(at(doc.Root, "away_reasons"), "away_reasons is missing: no agent could go to lunch").Hint("add it, as in away_reasons: [Break, Lunch]"))
	}
}

// network checks the listeners: all given, none on another's port, none outside
// loopback in a demo.
func (r *reader) network(doc *problem.Document, site siteFile) {
	r.required(doc, site)
	claims := claims(doc.Root, site)
	for i, later := range claims {
		for _, earlier := range claims[:i] {
			if overlap(earlier, later) {
				r.add(doc.At(later.node, "%s takes %s port %s, which %s takes too", later.key, later.transport, shared(earlier, later), earlier.key).
					Hint("give one of them another port"))
			}
		}
		if site.Demo.SignIns && !later.address.IsLoopback() && later.address.IsValid() {
			r.add(doc.At(later.node, "%s listens at %s while demo.sign_ins shows everyone the passwords", later.key, later.address).
				Hint("listen at 127.0.0.1, or remove the demo section and give the agents passwords of their own"))
		}
	}
	if tcp := site.Media.WebRTCTCP.Addr(); tcp.IsValid() && tcp.IsUnspecified() {
		r.add(doc.At(at(doc.Root, "media", "webrtc_tcp"), "%s is every address, and browsers have to be told one", tcp).
			Hint("write the address that media.webrtc has"))
	}
	if public, address := site.Media.Public, site.Media.Address; public.IsValid() && address.IsValid() && public.Unmap().Is4() != address.Unmap().Is4() {
		r.add(doc.At(at(doc.Root, "media", "public"), "%s is of another IP version than media.address, %s", public, address).
			Hint("write the address that the NAT gives to media.address"))
	}
	if desk := site.Desk.Listen.Addr(); desk.IsValid() && !desk.IsLoopback() && !site.Desk.SecureCookies {
		r.warn(doc.At(at(doc.Root, "desk", "secure_cookies"), "sign-ins at %s can be overheard: their cookies go over plain HTTP too", desk).
			Hint("set secure_cookies to true, and reach the desk by HTTPS"))
	}
	if path := site.Ledger.Path; path == "" {
		r.add(doc.At(at(doc.Root, "ledger", "path"), "the ledger has no file").Hint("name one, as in path: var/careline.db"))
	}
	if site.Demo.SignIns && site.Demo.Password == "" {
		r.add(doc.At(at(doc.Root, "demo"), "demo.sign_ins shows the agents' password, and demo.password is empty").Hint("write it, or remove the demo section"))
	}
	if site.SIP.MinSessionExpires > site.SIP.SessionExpires {
		r.add(doc.At(at(doc.Root, "sip", "min_session_expires"), "min_session_expires is %s, longer than session_expires with %s",
			site.SIP.MinSessionExpires, site.SIP.SessionExpires).Hint("lower min_session_expires or raise session_expires"))
	}
	if ports := site.Media.Ports; ports.last > 0 && site.SIP.MaxCalls > ports.calls() {
		r.add(doc.At(at(doc.Root, "sip", "max_calls"), "%d calls need as many even RTP ports, and media.ports has %d", site.SIP.MaxCalls, ports.calls()).
			Hint("widen media.ports or lower sip.max_calls"))
	}
}

func (r *reader) required(doc *problem.Document, site siteFile) {
	missing := func(given bool, section, key, example string) {
		if !given {
			node := keyNode(doc.Root, section)
			r.add(doc.At(node, "%s.%s is missing", section, key).Hint("add it under %s, as in %s: %s", section, key, example))
		}
	}
	missing(site.Site.Name != "", "site", "name", "Northwood Health Plan")
	missing(len(site.SIP.Listen) > 0, "sip", "listen", "[udp://127.0.0.1:5070, tcp://127.0.0.1:5070]")
	missing(site.Media.Address.IsValid(), "media", "address", "127.0.0.1")
	missing(problem.Get(at(doc.Root, "media"), "ports") != nil, "media", "ports", "20000-20999")
	missing(site.Media.WebRTC.IsValid(), "media", "webrtc", "127.0.0.1:8089")
	missing(site.Desk.Listen.IsValid(), "desk", "listen", "127.0.0.1:8088")
	missing(site.Operations.Listen.IsValid(), "operations", "listen", "127.0.0.1:8090")
	if g := site.SIP.Guard; g.LongestBan < g.Ban {
		r.add(doc.At(at(doc.Root, "sip", "guard", "longest_ban"), "longest_ban is %s, shorter than the first ban, %s", g.LongestBan, g.Ban).
			Hint("write at least as much as ban says"))
	}
	if len(site.SIP.Sources) == 0 && slices.ContainsFunc(site.SIP.Listen, func(e endpoint) bool { return !e.address.Addr().IsLoopback() }) {
		r.warn(doc.At(keyNode(doc.Root, "sip"), "sip.sources is empty: anyone may talk SIP to us, scanners too").
			Hint("list the trunk's addresses, as in sources: [192.0.2.0/24]"))
	}
	for i, listen := range site.SIP.Listen {
		if listen.address.Addr().IsUnspecified() && !site.SIP.Advertise.IsValid() {
			r.add(doc.At(item(at(doc.Root, "sip", "listen"), i), "%s is every address, and callers have to be told one", listen).
				Hint("add advertise to sip, with the address that the trunk reaches"))
		}
	}
}

// soundInClear: where all sound must be encrypted, nobody could call by a listener in
// the clear, save a trunk that has terms of its own.
func (r *reader) soundInClear(doc *problem.Document, site siteFile, carriers []trunkLine) {
	eased := slices.ContainsFunc(carriers, func(line trunkLine) bool {
		return line.Trunk != nil && line.Options().SRTP.Or(srtp.Required) != srtp.Required
	})
	if site.Media.SRTP.Policy != srtp.Required || eased {
		return
	}
	for i, listen := range site.SIP.Listen {
		if !(sip.Listen{Network: listen.transport}).Secure() {
			r.add(doc.At(item(at(doc.Root, "sip", "listen"), i), "every call over %s would be refused: media.srtp is required, and its keys need encrypted signalling", listen).
				Hint("listen at tls or wss alone, set media.srtp to optional, or give the trunk that calls there srtp: optional"))
		}
	}
}

// claims lists the ports in the order of the file's sections.
func claims(root *yaml.Node, site siteFile) []claim {
	var all []claim
	one := func(key, transport string, address netip.AddrPort, node *yaml.Node) {
		if address.IsValid() {
			all = append(all, claim{key, node, transport, address.Addr(), portRange{address.Port(), address.Port()}})
		}
	}
	for i, listen := range site.SIP.Listen {
		one("sip.listen", carrier(listen.transport), listen.address, item(at(root, "sip", "listen"), i))
	}
	if site.Media.Address.IsValid() {
		all = append(all, claim{"media.ports", at(root, "media", "ports"), "udp", site.Media.Address.Addr, site.Media.Ports})
	}
	one("media.webrtc", "udp", site.Media.WebRTC.AddrPort, at(root, "media", "webrtc"))
	one("media.webrtc_tcp", "tcp", site.Media.WebRTCTCP.AddrPort, at(root, "media", "webrtc_tcp"))
	one("desk.listen", "tcp", site.Desk.Listen.AddrPort, at(root, "desk", "listen"))
	one("operations.listen", "tcp", site.Operations.Listen.AddrPort, at(root, "operations", "listen"))
	return all
}

// carrier is the transport below a SIP transport, whose ports it takes.
func carrier(transport string) string {
	if transport == "udp" {
		return "udp"
	}
	return "tcp"
}

func overlap(a, b claim) bool {
	sameHost := a.address == b.address || a.address.IsUnspecified() || b.address.IsUnspecified()
	chosen := a.last > 0 && b.last > 0
	return sameHost && chosen && a.transport == b.transport && a.first <= b.last && b.first <= a.last
}

// shared names the ports that both take.
func shared(a, b claim) string {
	first, last := max(a.first, b.first), min(a.last, b.last)
	if first == last {
		return fmt.Sprint(first)
	}
	return fmt.Sprintf("%d-%d", first, last)
}
