package trunk

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// ErrNotFound says that the DNS knows no server of the domain that we could use.
var ErrNotFound = errors.New("trunk: the DNS knows no SIP server of this domain; check the trunk's domain, or give its targets")

const (
	lookupTimeout = 3 * time.Second
	lookupTries   = 2
	plainPort     = 5060 // RFC 3261 section 19.1.2
	securePort    = 5061
)

// DNS finds domains' servers as RFC 3263 section 4 has it: the transport by
// NAPTR, the servers by SRV, their addresses by A and AAAA.
type DNS struct {
	servers []string
	udp     dns.Client
	tcp     dns.Client
}

// NewDNS asks these name servers ("192.0.2.53:53"), in turn.
func NewDNS(servers []string) *DNS {
	return &DNS{
		servers: servers,
		udp:     dns.Client{Net: "udp", Timeout: lookupTimeout, UDPSize: dns.DefaultMsgSize},
		tcp:     dns.Client{Net: "tcp", Timeout: lookupTimeout},
	}
}

// SystemDNS asks the name servers of the machine.
func SystemDNS() (*DNS, error) {
	config, err := dns.ClientConfigFromFile("/etc/resolv.conf")
	if err != nil {
		return nil, fmt.Errorf("trunk: the machine's name servers: %w", err)
	}
	var servers []string
	for _, server := range config.Servers {
		servers = append(servers, net.JoinHostPort(server, config.Port))
	}
	return NewDNS(servers), nil
}

// service is a transport, and where its SRV records are.
type service struct {
	network string
	name    string // _sip._udp.example.com.
}

// Resolve finds the servers. Where network is given, only those of that
// transport; else what NAPTR prefers, and without NAPTR the transports that have
// SRV records: TLS first, then UDP, then TCP (RFC 3263 section 4.1). The
// duration is the shortest life of the records used.
func (d *DNS) Resolve(ctx context.Context, domain, network string) ([]Target, time.Duration, error) {
	q := &query{dns: d, ctx: ctx, life: maxLife}
	name := dns.Fqdn(strings.ToLower(domain))
	services := q.services(name, network)
	var targets []Target
	for preference, one := range services {
		for _, target := range q.servers(one) {
			target.Priority += uint16(preference) << preferenceShift
			targets = append(targets, target)
		}
	}
	if len(targets) == 0 { // no SRV at all: the domain is a host (RFC 3263 section 4.2)
		port, fallback := uint16(plainPort), cmp.Or(network, "udp")
		if fallback == "tls" {
			port = securePort
		}
		for _, address := range q.addresses(name) {
			targets = append(targets, Target{Network: fallback, Address: netip.AddrPortFrom(address, port)})
		}
	}
	for i := range targets {
		targets[i].ServerName = strings.TrimSuffix(name, ".")
	}
	if len(targets) == 0 {
		return nil, 0, errors.Join(ErrNotFound, q.err)
	}
	slices.SortStableFunc(targets, func(a, b Target) int { return cmp.Compare(a.Priority, b.Priority) })
	return targets, q.life, nil
}

// preferenceShift keeps a less preferred transport behind every server of a
// better one; priorities of SRV above 4095 count as 4095.
const (
	preferenceShift = 12
	maxPriority     = 1<<preferenceShift - 1
)

// query is one resolution: the shortest life so far, and the last failure.
type query struct {
	dns  *DNS
	ctx  context.Context
	life time.Duration
	err  error
}

// services finds the transports, best first.
func (q *query) services(name, network string) []service {
	all := []service{{"tls", "_sips._tcp." + name}, {"udp", "_sip._udp." + name}, {"tcp", "_sip._tcp." + name}}
	if network != "" {
		return slices.DeleteFunc(all, func(s service) bool { return s.network != network })
	}
	var pointers []*dns.NAPTR
	for _, record := range q.ask(name, dns.TypeNAPTR) {
		if pointer, ok := record.(*dns.NAPTR); ok && strings.EqualFold(pointer.Flags, "s") && pointer.Regexp == "" {
			pointers = append(pointers, pointer)
		}
	}
	slices.SortStableFunc(pointers, func(a, b *dns.NAPTR) int {
		return cmp.Or(cmp.Compare(a.Order, b.Order), cmp.Compare(a.Preference, b.Preference))
	})
	networks := map[string]string{"SIPS+D2T": "tls", "SIP+D2U": "udp", "SIP+D2T": "tcp"}
	var found []service
	for _, pointer := range pointers {
		if network := networks[strings.ToUpper(pointer.Service)]; network != "" && len(found) < len(networks) {
			found = append(found, service{network, pointer.Replacement})
		}
	}
	if len(found) > 0 {
		return found
	}
	return all
}

// servers finds what SRV says of a transport.
func (q *query) servers(one service) []Target {
	var targets []Target
	for _, record := range q.ask(one.name, dns.TypeSRV) {
		server, ok := record.(*dns.SRV)
		if !ok || server.Target == "." || len(targets) >= maxTargets { // "." says: not here (RFC 2782)
			continue
		}
		for _, address := range q.addresses(server.Target) {
			targets = append(targets, Target{
				Network: one.network, Address: netip.AddrPortFrom(address, server.Port),
				Priority: min(server.Priority, maxPriority), Weight: server.Weight,
			})
		}
	}
	return targets
}

// addresses finds a host's, IPv4 first.
func (q *query) addresses(host string) []netip.Addr {
	if literal, err := netip.ParseAddr(strings.TrimSuffix(host, ".")); err == nil {
		return []netip.Addr{literal}
	}
	var all []netip.Addr
	for _, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		for _, record := range q.ask(host, kind) {
			var raw net.IP
			switch known := record.(type) {
			case *dns.A:
				raw = known.A
			case *dns.AAAA:
				raw = known.AAAA
			}
			if address, ok := netip.AddrFromSlice(raw); ok && len(all) < maxTargets {
				all = append(all, address.Unmap())
			}
		}
	}
	return all
}

// ask asks one question, of each name server in turn; over TCP where the answer
// was cut. No answer is no records.
func (q *query) ask(name string, kind uint16) []dns.RR {
	question := new(dns.Msg)
	question.SetQuestion(name, kind)
	for range lookupTries {
		for _, server := range q.dns.servers {
			answer, _, err := q.dns.udp.ExchangeContext(q.ctx, question, server)
			if err == nil && answer.Truncated {
				answer, _, err = q.dns.tcp.ExchangeContext(q.ctx, question, server)
			}
			switch {
			case err != nil:
				q.err = err
			case answer.Rcode == dns.RcodeSuccess || answer.Rcode == dns.RcodeNameError:
				for _, record := range answer.Answer {
					q.life = min(q.life, time.Duration(record.Header().Ttl)*time.Second)
				}
				return answer.Answer
			default:
				q.err = fmt.Errorf("trunk: the name server answers %s", dns.RcodeToString[answer.Rcode])
			}
		}
	}
	return nil
}
