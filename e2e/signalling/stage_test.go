package signalling

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"careline/media"
	"careline/sip"
)

const (
	// patience bounds everything that a test waits for.
	patience = 20 * time.Second
	// stageT1 is short, so that what takes 64*T1 takes 6.4 s here.
	stageT1 = 100 * time.Millisecond
)

// stage is a server of ours whose calls the test plays.
type stage struct {
	*sip.Server
	t     *testing.T
	calls chan *call
	// between are the proxies in front of us, if any.
	between *proxies
}

// call is our side of one: a dialog, and what it was told.
type call struct {
	*sip.Dialog
	t      *testing.T
	events chan sip.Event
}

// Invite hands a call that came to the test.
func (s *stage) Invite(dialog *sip.Dialog) {
	one := newCall(nil)
	one.Dialog = dialog
	dialog.Notify(one.notify)
	s.calls <- one
}

func newCall(t *testing.T) *call {
	return &call{t: t, events: make(chan sip.Event, 64)}
}

func (c *call) notify(event sip.Event) { c.events <- event }

// open starts a server on loopback, over UDP and TCP, which ends with the test.
func open(t *testing.T, change func(*sip.Options)) *stage {
	t.Helper()
	return openAt(t, "127.0.0.1", change)
}

func openAt(t *testing.T, host string, change func(*sip.Options)) *stage {
	t.Helper()
	s := &stage{t: t, calls: make(chan *call, 16)}
	address := netip.AddrPortFrom(netip.MustParseAddr(host), 0)
	options := sip.Options{
		Listen: []sip.Listen{{Network: "udp", Address: address}, {Network: "tcp", Address: address}},
		T1:     stageT1, Transfers: true,
	}
	if change != nil {
		change(&options)
	}
	server, err := sip.New(options, s)
	must(t, err)
	must(t, server.Listen())
	s.Server = server
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- server.Run(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the server ended with %v", err)
		}
	})
	return s
}

// in is the same stage for a test within the test. One at a time may have it.
func (s *stage) in(t *testing.T) *stage {
	s.t = t
	return s
}

// play runs one story with a server of its own.
func play(t *testing.T, name string, story func(*testing.T, *stage)) {
	t.Helper()
	t.Run(name, func(t *testing.T) {
		s := open(t, nil)
		story(t, s)
		s.settled()
	})
}

// address is where we listen.
func (s *stage) address(network string) netip.AddrPort {
	for _, listen := range s.Addresses() {
		if listen.Network == network {
			return listen.Address
		}
	}
	s.t.Fatalf("no listener for %s", network)
	return netip.AddrPort{}
}

// nextCall waits for a call that comes to us.
func (s *stage) nextCall() *call {
	s.t.Helper()
	select {
	case one := <-s.calls:
		one.t = s.t
		return one
	case <-time.After(patience):
		s.t.Fatal("no call came")
		return nil
	}
}

// taken is the next call, answered and acknowledged.
func (s *stage) taken() *call {
	s.t.Helper()
	one := s.nextCall()
	must(s.t, one.Ringing())
	must(s.t, one.Answer(ours()))
	one.expect(sip.EventAcked)
	return one
}

// place calls a far side.
func (s *stage) place(to sip.Hop, change func(*sip.Invitation)) *call {
	s.t.Helper()
	one := newCall(s.t)
	invitation := sip.Invitation{
		ID: "0198c2de-7a51-7cc3-98c4-dc0c0c07398f", To: sip.NewNumber("+13125550177"), Domain: "trunk.example",
		From: sip.NewNumber("+13125550100"), Display: "Member Services", Hops: []sip.Hop{to}, Local: ours(), Notify: one.notify,
	}
	if change != nil {
		change(&invitation)
	}
	dialog, err := s.Server.Invite(invitation)
	must(s.t, err)
	one.Dialog = dialog
	return one
}

// settled waits until the server owes nothing to any dialog.
func (s *stage) settled() {
	s.t.Helper()
	s.until("the dialogs to be over", func() bool { return s.ActiveDialogs() == 0 })
}

// until polls for what the server doesn't tell by an event.
func (s *stage) until(what string, met func() bool) {
	s.t.Helper()
	until(s.t, what, met)
}

func until(t *testing.T, what string, met func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for tick := time.NewTicker(5 * time.Millisecond); !met(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited in vain for %s", what)
		}
	}
}

// expect waits for the next event, which must be of this kind.
func (c *call) expect(kind sip.EventKind) sip.Event {
	c.t.Helper()
	select {
	case event := <-c.events:
		if event.Kind != kind {
			c.t.Fatalf("heard %s, expected %s", told(event), kind)
		}
		return event
	case <-time.After(patience):
		c.t.Fatalf("heard nothing, expected %s", kind)
		return sip.Event{}
	}
}

// ended waits for the end, which must be the next thing to come.
func (c *call) ended(by sip.EndedBy) sip.Event {
	c.t.Helper()
	event := c.expect(sip.EventEnded)
	if event.By != by {
		c.t.Fatalf("heard %s, expected it by %s", told(event), by)
	}
	return event
}

// reoffered takes a change of theirs, which must ask for this.
func (c *call) reoffered(want string) {
	c.t.Helper()
	c.agrees(c.expect(sip.EventReoffer).Agreement, want)
	must(c.t, c.AnswerReoffer(ours()))
}

// agrees compares an agreement with "codec address direction".
func (c *call) agrees(agreement sip.Agreement, want string) {
	c.t.Helper()
	remote := agreement.Remote
	if got := fmt.Sprintf("%s %s %s", agreement.Format.Codec, remote.Address, direction(remote.Direction)); got != want {
		c.t.Fatalf("agreed on %s, expected %s", got, want)
	}
}

func told(event sip.Event) string {
	return fmt.Sprintf("%s (by %s, status %d, cause %d %q)", event.Kind, event.By, event.Status, event.Cause, event.Reason)
}

func direction(d media.Direction) string {
	switch {
	case d.Sends() && d.Receives():
		return "sendrecv"
	case d.Sends():
		return "sendonly"
	case d.Receives():
		return "recvonly"
	}
	return "inactive"
}

// ours is our side of the sound; nobody sends any.
func ours() media.Description {
	return media.Description{Address: netip.MustParseAddrPort("127.0.0.1:20000"), Direction: media.SendRecv}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
