package trunk

import (
	"context"
	"errors"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// nameServer serves records on the loopback until the test ends.
func nameServer(t *testing.T, records ...string) *DNS {
	t.Helper()
	var zone []dns.RR
	for _, text := range records {
		record, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		zone = append(zone, record)
	}
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	stream, err := net.Listen("tcp", socket.LocalAddr().String())
	if err != nil {
		t.Fatal(err)
	}
	answer := dns.HandlerFunc(func(w dns.ResponseWriter, question *dns.Msg) {
		reply := new(dns.Msg)
		reply.SetReply(question)
		for _, record := range zone {
			if record.Header().Rrtype == question.Question[0].Qtype && strings.EqualFold(record.Header().Name, question.Question[0].Name) {
				reply.Answer = append(reply.Answer, record)
			}
		}
		if w.LocalAddr().Network() == "udp" {
			reply.Truncate(dns.MinMsgSize)
		}
		_ = w.WriteMsg(reply)
	})
	for _, server := range []*dns.Server{{PacketConn: socket, Handler: answer}, {Listener: stream, Handler: answer}} {
		started, done := make(chan struct{}), make(chan error, 1)
		server.NotifyStartedFunc = func() { close(started) }
		go func() { done <- server.ActivateAndServe() }()
		<-started
		t.Cleanup(func() { _ = server.Shutdown(); <-done })
	}
	return NewDNS([]string{socket.LocalAddr().String()})
}

func resolved(t *testing.T, d *DNS, domain, network string) (string, time.Duration) {
	t.Helper()
	targets, life, err := d.Resolve(t.Context(), domain, network)
	if err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, target := range targets {
		if target.ServerName != domain {
			t.Errorf("%s must show a certificate for %q", target, target.ServerName)
		}
		all = append(all, target.String())
	}
	return strings.Join(all, " "), life
}

func TestServersAreFoundByNAPTRThenSRV(t *testing.T) {
	d := nameServer(t,
		`carrier.example. 300 IN NAPTR 20 10 "s" "SIP+D2U" "" _sip._udp.carrier.example.`,
		`carrier.example. 300 IN NAPTR 10 10 "s" "SIPS+D2T" "" _sips._tcp.carrier.example.`,
		`carrier.example. 300 IN NAPTR 5 10 "s" "SIP+D2S" "" _sip._sctp.carrier.example.`,
		`_sips._tcp.carrier.example. 120 IN SRV 10 0 5061 edge1.carrier.example.`,
		`_sip._udp.carrier.example. 300 IN SRV 20 60 5060 edge2.carrier.example.`,
		`_sip._udp.carrier.example. 300 IN SRV 10 60 5062 edge1.carrier.example.`,
		`edge1.carrier.example. 60 IN A 192.0.2.1`,
		`edge1.carrier.example. 90 IN AAAA 2001:db8::1`,
		`edge2.carrier.example. 300 IN A 192.0.2.2`,
	)
	got, life := resolved(t, d, "carrier.example", "")
	if want := "tls://192.0.2.1:5061 tls://[2001:db8::1]:5061 udp://192.0.2.1:5062 udp://[2001:db8::1]:5062 udp://192.0.2.2:5060"; got != want || life != time.Minute {
		t.Errorf("got %s for %s\nwant %s", got, life, want)
	}
	if got, _ := resolved(t, d, "carrier.example", "udp"); got != "udp://192.0.2.1:5062 udp://[2001:db8::1]:5062 udp://192.0.2.2:5060" {
		t.Errorf("over UDP: %s", got)
	}
}

func TestServersAreFoundWithoutNAPTRAndWithoutSRV(t *testing.T) {
	d := nameServer(t, `_sip._tcp.srv.example. 60 IN SRV 0 0 5070 host.example.`, `host.example. 60 IN A 192.0.2.7`,
		`_sip._udp.gone.example. 60 IN SRV 0 0 0 .`)
	if got, _ := resolved(t, d, "srv.example", ""); got != "tcp://192.0.2.7:5070" {
		t.Errorf("SRV alone: %s", got)
	}
	if got, _ := resolved(t, d, "host.example", ""); got != "udp://192.0.2.7:5060" {
		t.Errorf("a host: %s", got)
	}
	if got, _ := resolved(t, d, "host.example", "tls"); got != "tls://192.0.2.7:5061" {
		t.Errorf("a host over TLS: %s", got)
	}
	for _, domain := range []string{"gone.example", "absent.example"} {
		if _, _, err := d.Resolve(t.Context(), domain, ""); !errors.Is(err, ErrNotFound) {
			t.Errorf("%s: %v", domain, err)
		}
	}
}

func TestLongAnswerComesByTCP(t *testing.T) {
	var records []string
	for _, host := range "abcdefghijklmnop" {
		name := strings.Repeat(string(host), 40) + ".carrier.example."
		records = append(records, `_sip._udp.carrier.example. 60 IN SRV 0 0 5060 `+name, name+` 60 IN A 192.0.2.9`)
	}
	targets, _, err := nameServer(t, records...).Resolve(t.Context(), "carrier.example", "udp")
	if err != nil || len(targets) != maxTargets {
		t.Errorf("%d targets, %v", len(targets), err)
	}
}

func TestNameServerThatIsNotThereIsAnError(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0") // hears, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer socket.Close()
	if _, _, err := NewDNS([]string{socket.LocalAddr().String()}).Resolve(ctx, "carrier.example", ""); !errors.Is(err, ErrNotFound) {
		t.Errorf("%v", err)
	}
}
