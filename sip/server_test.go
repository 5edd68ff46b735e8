package sip

import (
	"context"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest"

	"careline/media"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	patience = 5 * time.Second       // how long a test waits for what must come
	testT1   = 20 * time.Millisecond // 64*T1 = 1.28 s
	offerPCM = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\n" +
		"m=audio 40000 RTP/AVP 8 0 101\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n"
)

func ours() media.Description {
	return media.Description{
		Address: netip.MustParseAddrPort("127.0.0.1:20000"), DigitPayloadType: 101,
		Formats: []media.Format{{Codec: media.PCMU}, {Codec: media.PCMA, PayloadType: 8}},
	}
}

// call is one call as the handler of a test sees it.
type call struct {
	*Dialog
	events chan Event
}

// exchange is a server with a handler that hands its calls to the test.
type exchange struct {
	*Server
	t     *testing.T
	calls chan *call
	first func(*Dialog) // what the handler does within Invite, if anything
	stop  func()
}

func (x *exchange) Invite(d *Dialog) {
	c := &call{Dialog: d, events: make(chan Event, 64)}
	d.Notify(func(e Event) { c.events <- e })
	if x.first != nil {
		x.first(d)
	}
	x.calls <- c
}

// startExchange runs a server on free ports of the loopback until the test ends.
func startExchange(t *testing.T, change func(*Options)) *exchange {
	t.Helper()
	x := bindExchange(t, change)
	x.start()
	return x
}

// bindExchange makes a server that has its sockets and doesn't run yet.
func bindExchange(t *testing.T, change func(*Options)) *exchange {
	t.Helper()
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	options := Options{
		Listen: []Listen{{"udp", loopback}, {"tcp", loopback}}, T1: testT1, T2: 8 * testT1, SetUpRate: 10000, EndGrace: 5 * testT1,
		Log: zaptest.NewLogger(t, zaptest.Level(zap.WarnLevel)),
	}
	if change != nil {
		change(&options)
	}
	x := &exchange{t: t, calls: make(chan *call, 1024)}
	server, err := New(options, x)
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Listen(); err != nil {
		t.Fatal(err)
	}
	x.Server = server
	return x
}

func (x *exchange) start() {
	t := x.t
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- x.Run(ctx) }()
	x.stop = sync.OnceFunc(func() {
		cancel()
		select {
		case err := <-done:
			if err != nil {
				t.Errorf("Run: %v", err)
			}
		case <-time.After(2 * patience):
			t.Error("Run didn't return")
		}
	})
	t.Cleanup(x.stop)
	eventually(t, "the server runs", x.listening)
}

// listening reports whether calls of ours find their socket.
func (x *exchange) listening() bool {
	if !x.serving.Load() {
		return false
	}
	for _, listen := range x.Addresses() {
		if listen.Network != "udp" {
			continue
		}
		if open, err := x.transport.GetConnection("udp", listen.Address.String()); err != nil || open == nil {
			return false
		}
	}
	return true
}

func (x *exchange) address(network string) string {
	for _, listen := range x.Addresses() {
		if listen.Network == network {
			return listen.Address.String()
		}
	}
	x.t.Fatalf("no %s listener", network)
	return ""
}

func (x *exchange) nextCall() *call {
	x.t.Helper()
	select {
	case c := <-x.calls:
		return c
	case <-time.After(patience):
		x.t.Fatal("no call reached the handler")
		return nil
	}
}

// settled waits until no dialog is left.
func (x *exchange) settled() {
	x.t.Helper()
	eventually(x.t, "all dialogs are over", func() bool { return x.ActiveDialogs() == 0 })
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline, tick := time.After(patience), time.NewTicker(2*time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("never: %s", what)
		case <-tick.C:
		}
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// expect waits for the next event, which must be of the kind.
func (c *call) expect(t *testing.T, kind EventKind) Event {
	t.Helper()
	select {
	case event := <-c.events:
		if event.Kind != kind {
			t.Fatalf("event %s (by %s), expected %s", event.Kind, event.By, kind)
		}
		return event
	case <-time.After(patience):
		t.Fatalf("no event; expected %s (the dialog is %s)", kind, c.State())
		return Event{}
	}
}

func (c *call) expectEnd(t *testing.T, by EndedBy) Event {
	t.Helper()
	event := c.expect(t, EventEnded)
	if event.By != by {
		t.Fatalf("ended by %s, expected %s", event.By, by)
	}
	return event
}

func mustAddrPort(t *testing.T, text string) netip.AddrPort {
	t.Helper()
	address, err := netip.ParseAddrPort(text)
	must(t, err)
	return address
}
