package sip

import (
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/zap"

	"careline/sip/digest"
	"careline/sip/location"
)

const registrarURI = "sip:127.0.0.1"

var maria = digest.Credentials{Username: "maria-desk", Password: "a long password"}

// withPhones lets maria's phone and james's register.
func withPhones(o *Options) {
	o.Log = zap.NewNop() // a request that is still served may warn when the test is over
	o.Registrar = &RegistrarOptions{Secret: func(phone string) (digest.Secret, bool) {
		secret := digest.NewSecret("maria-desk", DefaultRealm, maria.Password)
		if phone == "james-desk" {
			secret = digest.NewSecret("james-desk", DefaultRealm, maria.Password)
		}
		return secret, phone == "maria-desk" || phone == "james-desk"
	}}
}

// phone is a raw client that registers.
type phone struct {
	*caller
	sequence int
}

func newPhone(t *testing.T, x *exchange, network string) *phone {
	return &phone{caller: dialCaller(t, x, network)}
}

// register sends a REGISTER and returns what it heard; extra are header lines.
func (p *phone) register(to string, extra ...string) string {
	p.t.Helper()
	p.sequence++
	lines := []string{
		"REGISTER " + registrarURI + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=z9hG4bK-%s-%d;rport", strings.ToUpper(p.network), p.sentBy(), p.id, p.sequence),
		"Max-Forwards: 70", fmt.Sprintf("From: <sip:%s@127.0.0.1>;tag=phone", to), fmt.Sprintf("To: <sip:%s@127.0.0.1>", to),
		"Call-ID: " + p.id, fmt.Sprintf("CSeq: %d REGISTER", p.sequence),
	}
	p.write(strings.Join(append(append(lines, extra...), "Content-Length: 0", "", ""), "\r\n"))
	return p.heard()
}

// signedIn registers and answers the challenge numbered which (0: SHA-256, 1: MD5).
func (p *phone) signedIn(who digest.Credentials, which int, extra ...string) string {
	p.t.Helper()
	challenged := p.register(who.Username, extra...)
	if !strings.HasPrefix(challenged, "SIP/2.0 401 ") {
		p.t.Fatalf("heard %q, expected a challenge", firstLine(challenged))
	}
	return p.register(who.Username, append(extra, p.answer(challenged, who, which))...)
}

func (p *phone) answer(challenged string, who digest.Credentials, which int) string {
	p.t.Helper()
	header, err := digest.Answer(challenges(challenged)[which:which+1], who, "REGISTER", registrarURI, nil)
	must(p.t, err)
	return "Authorization: " + header
}

func (p *phone) contact() string {
	return fmt.Sprintf("Contact: <sip:maria-desk@%s;transport=%s>", p.sentBy(), p.network)
}

func challenges(message string) []string {
	return headers(message, "WWW-Authenticate")
}

func headers(message, name string) []string {
	var all []string
	for _, line := range strings.Split(message, "\r\n") {
		if value, found := strings.CutPrefix(line, name+": "); found {
			all = append(all, value)
		}
	}
	return all
}

func (p *phone) wants(heard, start string) {
	p.t.Helper()
	if !strings.HasPrefix(heard, start) {
		p.t.Fatalf("heard %q, expected %q", firstLine(heard), start)
	}
}

func TestAPhoneRegistersWithEitherAlgorithm(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		for which, algorithm := range []string{"SHA-256", "MD5"} {
			t.Run(network+" "+algorithm, func(t *testing.T) {
				var changes atomic.Int32
				x := startExchange(t, func(o *Options) {
					withPhones(o)
					o.Registrar.Changed = func(string) { changes.Add(1) }
				})
				p := newPhone(t, x, network)
				heard := p.signedIn(maria, which, p.contact(), "Expires: 300")
				p.wants(heard, "SIP/2.0 200")
				listed := header(heard, "Contact")
				if !strings.HasPrefix(listed, "<sip:maria-desk@"+p.sentBy()) || !strings.Contains(listed, ";expires=300") || header(heard, "Date") == "" {
					t.Errorf("listed %q, dated %q", listed, header(heard, "Date"))
				}
				if !x.Registered("maria-desk") || x.Registered("james-desk") || changes.Load() != 1 {
					t.Errorf("registered: %v, told %d times", x.Registered("maria-desk"), changes.Load())
				}
				p.wants(p.signedIn(maria, which, "Contact: *", "Expires: 0"), "SIP/2.0 200")
				if x.Registered("maria-desk") || changes.Load() != 2 {
					t.Errorf("still registered, told %d times", changes.Load())
				}
			})
		}
	}
}

// What a scanner hears is the same whether an extension exists or not.
func TestAScannerLearnsNothing(t *testing.T) {
	x := startExchange(t, withPhones)
	p := newPhone(t, x, "udp")
	bare := func(message string) string {
		var kept []string
		for _, line := range strings.Split(message, "\r\n") {
			for _, changing := range []string{"Via", "To", "From", "CSeq", "WWW-Authenticate"} {
				if strings.HasPrefix(line, changing+":") {
					line = changing
				}
			}
			kept = append(kept, line)
		}
		return strings.Join(kept, "\n")
	}
	exists, not := p.register("maria-desk", p.contact()), p.register("nobody", p.contact())
	if bare(exists) != bare(not) || len(challenges(exists)) != 2 || len(challenges(not)) != 2 {
		t.Errorf("a phone and none differ:\n%s\n%s", exists, not)
	}
	wrong := p.register("maria-desk", p.contact(), p.answer(exists, digest.Credentials{Username: "maria-desk", Password: "guess"}, 0))
	stranger := p.register("nobody", p.contact(), p.answer(not, digest.Credentials{Username: "nobody", Password: "guess"}, 0))
	if bare(wrong) != bare(stranger) || strings.Contains(wrong, "stale") {
		t.Errorf("a wrong password and an unknown phone differ:\n%s\n%s", wrong, stranger)
	}
	if got := x.Stats().Unauthorized; got != 2 {
		t.Errorf("%d wrong passwords counted", got)
	}
	for _, user := range []string{"maria-desk", "nobody"} {
		p.sequence++
		p.write(strings.ReplaceAll(p.request("OPTIONS", p.sequence, fmt.Sprintf("options-%d", p.sequence), ""), "sip:5550100@", "sip:"+user+"@"))
	}
	p.quiet(10 * testT1)
}

func TestAReplayedOrStaleAnswerGetsAFreshChallenge(t *testing.T) {
	now := time.Now()
	x := startExchange(t, func(o *Options) {
		withPhones(o)
		o.Registrar.Now = func() time.Time { return now }
	})
	p := newPhone(t, x, "udp")
	challenged := p.register("maria-desk", p.contact())
	good := p.answer(challenged, maria, 0)
	p.wants(p.register("maria-desk", p.contact(), good), "SIP/2.0 200")
	replayed := p.register("maria-desk", p.contact(), good)
	p.wants(replayed, "SIP/2.0 401")
	if !strings.Contains(challenges(replayed)[0], "stale=true") {
		t.Errorf("challenged with %q", challenges(replayed)[0])
	}
	p.wants(p.register("maria-desk", p.contact(), p.answer(replayed, maria, 0)), "SIP/2.0 200")
}

func TestRegistrationsThatAreRefused(t *testing.T) {
	x := startExchange(t, withPhones)
	p := newPhone(t, x, "udp")
	p.wants(p.signedIn(maria, 0, p.contact(), "Expires: 600"), "SIP/2.0 200")
	cases := []struct {
		name, want string
		extra      []string
	}{
		{"too brief", "SIP/2.0 423", []string{p.contact() + ";expires=5"}},
		{"a star that doesn't end", "SIP/2.0 400", []string{"Contact: *", "Expires: 60"}},
		{"a star among others", "SIP/2.0 400", []string{"Contact: *", p.contact(), "Expires: 0"}},
		{"a telephone number", "SIP/2.0 400", []string{"Contact: <tel:+13125550142>"}},
		{"an endless contact", "SIP/2.0 400", []string{"Contact: <sip:" + strings.Repeat("a", 600) + "@192.0.2.1>"}},
		{"an extension we don't have", "SIP/2.0 420", []string{p.contact(), "Require: path, gruu"}},
		{"a Path that can't be read", "SIP/2.0 400", []string{p.contact(), "Path: <sip:>"}},
		{"too many contacts", "SIP/2.0 403", []string{"Contact: <sip:a@192.0.2.1>, <sip:a@192.0.2.2>, <sip:a@192.0.2.3>, <sip:a@192.0.2.4>, <sip:a@192.0.2.5>, <sip:a@192.0.2.6>, <sip:a@192.0.2.7>"}},
	}
	for _, c := range cases {
		heard := p.signedIn(maria, 0, c.extra...)
		if !strings.HasPrefix(heard, c.want) {
			t.Errorf("%s: %q, want %s", c.name, firstLine(heard), c.want)
		}
		if strings.Contains(c.want, "423") && header(heard, "Min-Expires") != "60" {
			t.Errorf("Min-Expires %q", header(heard, "Min-Expires"))
		}
		if strings.Contains(c.want, "420") && header(heard, "Unsupported") != "gruu" {
			t.Errorf("Unsupported %q", header(heard, "Unsupported"))
		}
	}
	challenged := p.register("james-desk", p.contact())
	p.wants(p.register("james-desk", p.contact(), p.answer(challenged, maria, 0)), "SIP/2.0 403")
	if !x.Registered("maria-desk") {
		t.Error("what was refused took the registration away")
	}
	x.Drain(time.Minute)
	heard := p.signedIn(maria, 0, p.contact())
	p.wants(heard, "SIP/2.0 503")
	if header(heard, "Retry-After") != "60" {
		t.Errorf("Retry-After %q", header(heard, "Retry-After"))
	}
}

func TestWithoutPhonesRegisterIsRefused(t *testing.T) {
	x := startExchange(t, nil)
	p := newPhone(t, x, "udp")
	p.wants(p.register("maria-desk", p.contact()), "SIP/2.0 405")
	if x.Registered("maria-desk") {
		t.Error("registered all the same")
	}
}

func TestALateRegisterIsRefused(t *testing.T) {
	x := startExchange(t, withPhones)
	p := newPhone(t, x, "udp")
	p.wants(p.signedIn(maria, 0, p.contact(), "Expires: 600"), "SIP/2.0 200")
	challenged := p.register("maria-desk")
	p.sequence = 0
	p.wants(p.register("maria-desk", p.contact()+";expires=0", p.answer(challenged, maria, 0)), "SIP/2.0 500")
	if !x.Registered("maria-desk") {
		t.Error("an older request undid a later one")
	}
}

func TestPathAndFlowAreKept(t *testing.T) {
	x := startExchange(t, withPhones)
	p := newPhone(t, x, "tcp")
	heard := p.signedIn(maria, 0,
		`Contact: <sip:maria-desk@10.11.12.13:5060;transport=tcp>;q=0.7;reg-id=1;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"`,
		"Supported: path, outbound", "Require: path", "Path: <sip:edge.example;lr>, <sip:inner.example;lr>")
	p.wants(heard, "SIP/2.0 200")
	if got := headers(heard, "Path"); len(got) != 2 || got[0] != "<sip:edge.example;lr>" {
		t.Errorf("Path %q", got)
	}
	if header(heard, "Require") != "outbound" || !strings.Contains(header(heard, "Contact"), ";q=0.700;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\";reg-id=1") {
		t.Errorf("Require %q, Contact %q", header(heard, "Require"), header(heard, "Contact"))
	}
	bindings := x.registrar.lookup("maria-desk")
	if len(bindings) != 1 || bindings[0].Flow.Remote.String() != p.conn.LocalAddr().String() || len(bindings[0].Path) != 2 || bindings[0].Confined {
		t.Errorf("bound %+v", bindings)
	}
}

func TestAPhoneBehindANATGoesWithItsConnection(t *testing.T) {
	gone := make(chan string, 4)
	x := startExchange(t, func(o *Options) {
		withPhones(o)
		o.Registrar.Changed = func(phone string) { gone <- phone }
	})
	p := newPhone(t, x, "tcp")
	p.wants(p.signedIn(maria, 0, "Contact: <sip:maria-desk@10.11.12.13:5060;transport=tcp>"), "SIP/2.0 200")
	<-gone // the registration itself
	if !x.Registered("maria-desk") {
		t.Fatal("not registered")
	}
	_ = p.conn.Close()
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatal("nobody noticed that the connection is gone")
	}
	if x.Registered("maria-desk") {
		t.Error("a phone is kept that nothing reaches")
	}
}

func TestARegistrationEndsByItself(t *testing.T) {
	var ahead atomic.Int64
	gone := make(chan string, 4)
	x := startExchange(t, func(o *Options) {
		withPhones(o)
		o.Registrar.Now = func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
		o.Registrar.Changed = func(phone string) { gone <- phone }
	})
	p := newPhone(t, x, "udp")
	heard := p.signedIn(maria, 0, "Contact: <sip:maria-desk@10.11.12.13>", "Expires: 3600")
	p.wants(heard, "SIP/2.0 200")
	if !strings.Contains(header(heard, "Contact"), ";expires=60;") {
		t.Errorf("a phone behind a NAT was granted %q", header(heard, "Contact"))
	}
	<-gone
	ahead.Store(int64(natExpires))
	if x.Registered("maria-desk") {
		t.Error("registered beyond its time")
	}
	select {
	case <-gone:
	case <-time.After(patience):
		t.Fatal("nobody was told")
	}
}

// RFC 5626 section 3.5.1: a double CRLF over a stream is answered with a single
// one; over UDP it only keeps the NAT's mapping, and no answer is due.
func TestKeepAlivesAreAnsweredOverStreams(t *testing.T) {
	x := startExchange(t, withPhones)
	stream, err := net.Dial("tcp", x.address("tcp"))
	must(t, err)
	defer func() { _ = stream.Close() }()
	must(t, stream.SetDeadline(time.Now().Add(patience)))
	for range 3 {
		_, err := stream.Write([]byte("\r\n\r\n"))
		must(t, err)
		pong := make([]byte, 2)
		if _, err := io.ReadFull(stream, pong); err != nil || string(pong) != "\r\n" {
			t.Fatalf("heard %q, %v; expected CRLF", pong, err)
		}
	}
	packets := newPhone(t, x, "udp")
	for _, ping := range []string{"\r\n\r\n", "\r\n", "\x00"} {
		packets.write(ping)
	}
	packets.wants(packets.register("maria-desk", packets.contact()), "SIP/2.0 401")
	if got := x.Stats().Malformed; got != 0 {
		t.Errorf("%d keep-alives count as malformed", got)
	}
}

func TestConfinedContacts(t *testing.T) {
	cases := []struct {
		network, source, contact string
		want                     bool
	}{
		{"udp", "192.0.2.7:5060", "sip:a@192.0.2.7", false},
		{"udp", "192.0.2.7:40000", "sip:a@10.0.0.5:5060", true},
		{"udp", "[2001:db8::7]:5060", "sip:a@[2001:db8::7]", false},
		{"udp", "192.0.2.7:5060", "sip:a@phone.example", true},
		{"tcp", "192.0.2.7:40000", "sip:a@192.0.2.7:5060;transport=tcp", false},
		{"tcp", "192.0.2.7:40000", "sip:a@192.0.2.7:40000;transport=tcp", true},
		{"ws", "192.0.2.7:40000", "sip:a@df7jal23ls0d.invalid;transport=ws", true},
		{"wss", "192.0.2.7:40000", "sip:a@192.0.2.7;transport=ws", true},
	}
	for _, c := range cases {
		flow := location.Flow{Network: c.network, Remote: netip.MustParseAddrPort(c.source)}
		if got := confined(parseURI(t, c.contact), flow); got != c.want {
			t.Errorf("%s from %s over %s: confined %v", c.contact, c.source, c.network, got)
		}
	}
}
