package sip

import (
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careline/sip/dialplan"
	"careline/sip/digest"
	"careline/sip/trunk"
)

// carriers are two trunks with one target each, and a plan that allows +1 312 over both.
func carriers(t *testing.T, change func(*trunk.Options), targets ...*caller) func(*Options) {
	t.Helper()
	pattern, err := dialplan.ParsePattern("+1312NXXXXXX")
	must(t, err)
	var trunks []*trunk.Trunk
	var names []string
	for i, far := range targets {
		options := trunk.Options{
			Name: string(rune('a' + i)), Targets: []trunk.Target{targetOf(t, far)}, CallerID: "+1312555010" + string(rune('0'+i)),
		}
		if change != nil {
			change(&options)
		}
		one, err := trunk.New(options, rand.New(rand.NewPCG(1, 1)))
		must(t, err)
		trunks, names = append(trunks, one), append(names, options.Name)
	}
	plan, err := dialplan.New(dialplan.Options{Allow: []dialplan.Rule{{Pattern: pattern, Trunks: names}}})
	must(t, err)
	return func(o *Options) { o.Trunks, o.Plan = trunks, plan }
}

func targetOf(t *testing.T, far *caller) trunk.Target {
	return trunk.Target{Network: far.network, Address: mustAddrPort(t, far.conn.LocalAddr().String())}
}

// carrierConn is a carrier's socket: it answers our OPTIONS and talks to whoever
// spoke last.
type carrierConn struct {
	*net.UDPConn
	from atomic.Pointer[netip.AddrPort]
}

func (c *carrierConn) Read(buffer []byte) (int, error) {
	for {
		n, from, err := c.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return 0, err
		}
		c.from.Store(&from)
		if !strings.HasPrefix(string(buffer[:n]), "OPTIONS ") {
			return n, nil
		}
		if _, err := c.Write([]byte(answering(string(buffer[:n]), "200 OK", ""))); err != nil {
			return 0, err
		}
	}
}

func (c *carrierConn) Write(data []byte) (int, error) {
	return c.WriteToUDPAddrPort(data, *c.from.Load())
}

// carrier is a far side that is there before the server is.
func carrier(t *testing.T) *caller {
	t.Helper()
	socket, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	must(t, err)
	far := &caller{t: t, network: "udp", conn: &carrierConn{UDPConn: socket}, got: make(chan string, 256)}
	var reader sync.WaitGroup
	reader.Go(far.read)
	t.Cleanup(func() { _ = socket.Close(); reader.Wait() })
	return far
}

func placement(number string, notify func(Event)) Placement {
	return Placement{ID: fmt.Sprintf("0198c2de-0000-7000-8000-%012d", callCount.Add(1)), Number: NewNumber(number), Local: ours(), Notify: notify}
}

// dial places a call to a number.
func dial(t *testing.T, x *exchange, number string) *call {
	t.Helper()
	near := &call{events: make(chan Event, 64)}
	dialog, err := x.Place(placement(number, func(e Event) { near.events <- e }))
	must(t, err)
	near.Dialog = dialog
	return near
}

func TestCallToANumberGoesByThePlan(t *testing.T) {
	first := carrier(t)
	x := startExchange(t, carriers(t, func(o *trunk.Options) {
		o.Credentials = digest.Credentials{Username: "careline", Password: "open-sesame"}
	}, first))
	near := dial(t, x, "312-555-0177")
	invite := first.expect("INVITE ")
	for _, part := range []string{"INVITE sip:+13125550177@127.0.0.1:", "From: <sip:+13125550100@127.0.0.1>"} {
		if !strings.Contains(invite, part) {
			t.Errorf("the INVITE lacks %q:\n%s", part, invite)
		}
	}
	first.reply(invite, "407 Proxy Authentication Required", "x", "", `Proxy-Authenticate: Digest realm="carrier", nonce="n", algorithm=SHA-256, qop="auth"`)
	first.expect("ACK ")
	again := first.expect("INVITE ")
	if !strings.Contains(again, `Proxy-Authorization: Digest username="careline", realm="carrier"`) {
		t.Errorf("no credentials:\n%s", again)
	}
	first.reply(again, "200 OK", "far", offerPCM)
	near.expect(t, EventAnswered)
	first.expect("ACK ")
	if state := x.options.Trunks[0].State(time.Now()); state.Calls != 1 {
		t.Errorf("%d channels taken", state.Calls)
	}
	must(t, near.HangUp(CauseNormal, ""))
	near.expectEnd(t, ByLocal)
	first.answerRequest(first.expect("BYE "))
	x.settled()
	if state := x.options.Trunks[0].State(time.Now()); state.Calls != 0 {
		t.Errorf("%d channels still taken", state.Calls)
	}
}

func TestNumberThatThePlanDoesNotAllowIsNotDialed(t *testing.T) {
	far := carrier(t)
	x := startExchange(t, carriers(t, nil, far))
	for number, want := range map[string]error{"+442079460142": dialplan.ErrNotAllowed, "911": dialplan.ErrNotAllowed, "sip:evil@example.com": dialplan.ErrNotANumber, "": dialplan.ErrNotANumber} {
		if _, err := x.Place(placement(number, func(Event) {})); !errors.Is(err, want) {
			t.Errorf("%q: %v", number, err)
		}
	}
	plain := startExchange(t, nil)
	if _, err := plain.Place(placement("+13125550177", func(Event) {})); !errors.Is(err, dialplan.ErrNotAllowed) {
		t.Errorf("without a plan: %v", err)
	}
	far.quiet(2 * testT1)
}

func TestNextTrunkTakesTheCallAndItsChannel(t *testing.T) {
	first, second := carrier(t), carrier(t)
	x := startExchange(t, carriers(t, func(o *trunk.Options) { o.Channels = 1 }, first, second))
	calls := func() (int, int) {
		now := time.Now()
		return x.options.Trunks[0].State(now).Calls, x.options.Trunks[1].State(now).Calls
	}
	near := dial(t, x, "+13125550177")
	first.reply(first.expect("INVITE "), "503 Service Unavailable", "first", "", "Retry-After: 60")
	first.expect("ACK ")
	near.expect(t, EventHopFailed)
	invite := second.expect("INVITE ")
	if !strings.Contains(invite, "From: <sip:+13125550101@") {
		t.Errorf("the second trunk is shown another number:\n%s", invite)
	}
	second.reply(invite, "200 OK", "second", offerPCM)
	near.expect(t, EventAnswered)
	if a, b := calls(); a != 0 || b != 1 {
		t.Errorf("channels taken: %d and %d", a, b)
	}
	third := dial(t, x, "+13125550178") // the second trunk is full, and the first wants to be left alone, but may be tried
	first.reply(first.expect("INVITE "), "200 OK", "first", offerPCM)
	third.expect(t, EventAnswered)
	full := dial(t, x, "+13125550179")
	if end := full.expectEnd(t, ByLocal); end.Status != 503 || end.Cause != CauseNoCircuit {
		t.Errorf("with no channel: %+v", end)
	}
	if a, b := calls(); a != 1 || b != 1 {
		t.Errorf("channels taken: %d and %d", a, b)
	}
}

func TestPingTellsWhoIsThere(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	for status, reached := range map[string]bool{"200 OK": true, "404 Not Found": true, "503 Service Unavailable": false} {
		done := make(chan trunk.Outcome, 1)
		go func() { done <- x.Ping(t.Context(), targetOf(t, far)) }()
		asked := far.expect("OPTIONS sip:127.0.0.1:")
		far.answer(asked, status, "", "Retry-After: 7")
		if outcome := <-done; outcome.Reached != reached || (!reached && outcome.RetryAfter != 7*time.Second) {
			t.Errorf("%s: %+v", status, outcome)
		}
	}
}

// TestTrunkOverTLSMustShowItsDomain: the certificate is asked for the trunk's
// name, not for its address, and one connection serves all calls.
func TestTrunkOverTLSMustShowItsDomain(t *testing.T) {
	a := newAuthority(t)
	dir := t.TempDir()
	pair := a.issue(t, filepath.Join(dir, "c.pem"), filepath.Join(dir, "c.key"), "sip.carrier.example")
	listener, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{pair}})
	must(t, err)
	defer listener.Close()
	x := startExchange(t, everyNetwork(t, a))
	hop := Hop{Network: "tls", Address: mustAddrPort(t, listener.Addr().String()), ServerName: "sip.carrier.example"}
	secure := &streamFar{t, listener}
	near := place(t, x, nil, hop)
	far := secure.accept()
	invite := far.expect("INVITE ")
	second := place(t, x, nil, hop)
	again := far.expect("INVITE ") // over the same connection
	far.reply(invite, "200 OK", "one", offerPCM)
	near.expect(t, EventAnswered)
	far.expect("ACK ")
	far.reply(again, "200 OK", "two", offerPCM)
	second.expect(t, EventAnswered)
	far.expect("ACK ")
	must(t, near.HangUp(CauseNormal, ""))
	far.answerRequest(far.expect("BYE "))
	near.expectEnd(t, ByLocal)

	hop.ServerName = "sip.other.example" // another trunk at the same address
	if end := place(t, x, nil, hop).expectEnd(t, ByTransport); end.Status != 503 {
		t.Errorf("by the other trunk's connection: %+v", end)
	}
	far.quiet(2 * testT1)
	stranger := startExchange(t, everyNetwork(t, a))
	refused := place(t, stranger, nil, hop)
	shaken := make(chan error, 1)
	go func() {
		connection, err := listener.Accept()
		if err == nil {
			err = connection.(*tls.Conn).Handshake()
			connection.Close()
		}
		shaken <- err
	}()
	if end := refused.expectEnd(t, ByTransport); end.Status != 503 {
		t.Errorf("with another's certificate: %+v", end)
	}
	if err := <-shaken; err == nil {
		t.Error("the certificate of another domain was taken")
	}
}
