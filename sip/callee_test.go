package sip

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
)

// listenFar is a far side that waits for our call over UDP: it answers what a
// test tells it to, from one socket.
func listenFar(t *testing.T, x *exchange) *caller {
	t.Helper()
	far := dialCaller(t, x, "udp") // our INVITE comes from the port it is connected to
	far.toTag = "far"
	return far
}

// hopOf is where a far side can be reached.
func hopOf(t *testing.T, far *caller) Hop {
	t.Helper()
	return Hop{Network: far.network, Address: mustAddrPort(t, far.conn.LocalAddr().String())}
}

// place begins a call of ours to the hops.
func place(t *testing.T, x *exchange, change func(*Invitation), hops ...Hop) *call {
	t.Helper()
	near := &call{events: make(chan Event, 64)}
	invitation := Invitation{
		ID: fmt.Sprintf("0198c2de-0000-7000-8000-%012d", callCount.Add(1)), To: NewNumber("+13125550177"), Domain: "trunk.example",
		From: NewNumber("+13125550100"), Display: "Member Services", Hops: hops, Local: ours(),
		Notify: func(e Event) { near.events <- e },
	}
	if change != nil {
		change(&invitation)
	}
	dialog, err := x.Server.Invite(invitation)
	must(t, err)
	near.Dialog = dialog
	return near
}

// reply answers an INVITE of ours under a tag of its own.
func (c *caller) reply(request, status, tag, body string, extra ...string) {
	c.t.Helper()
	tagged := strings.Replace(request, "\r\nTo: "+header(request, "To"), "\r\nTo: "+header(request, "To")+";tag="+tag, 1)
	c.answer(tagged, status, body, append([]string{"Contact: <sip:" + tag + "@" + c.sentBy() + ">"}, extra...)...)
}

// within writes a request of the far side's in the dialog that an INVITE of ours
// began.
func (c *caller) within(invite, method string, sequence int, tag, body string) {
	c.t.Helper()
	c.branch++
	all := []string{
		method + " sip:us@127.0.0.1 SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=z9hG4bK-within-%d;rport", strings.ToUpper(c.network), c.sentBy(), c.branch),
		"Max-Forwards: 70", "From: " + header(invite, "To") + ";tag=" + tag, "To: " + header(invite, "From"),
		"Call-ID: " + header(invite, "Call-ID"), fmt.Sprintf("CSeq: %d %s", sequence, method),
		"Contact: <sip:" + tag + "@" + c.sentBy() + ">",
	}
	if body != "" {
		all = append(all, "Content-Type: application/sdp")
	}
	c.write(strings.Join(append(all, fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n"))
}

// reach sets a call of ours up to its ACK.
func reach(t *testing.T, x *exchange) (far *caller, near *call, invite string) {
	t.Helper()
	far = listenFar(t, x)
	near = place(t, x, nil, hopOf(t, far))
	invite = far.expect("INVITE ")
	far.reply(invite, "200 OK", "far", offerPCM)
	far.expect("ACK ")
	near.expect(t, EventAnswered)
	return far, near, invite
}

// streamFar is a far side that waits for our connection over TCP.
type streamFar struct {
	t        *testing.T
	listener net.Listener
}

func listenStream(t *testing.T) (*streamFar, Hop) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return &streamFar{t, listener}, Hop{Network: "tcp", Address: mustAddrPort(t, listener.Addr().String())}
}

// accept takes the next connection.
func (s *streamFar) accept() *caller {
	s.t.Helper()
	connection, err := s.listener.Accept()
	must(s.t, err)
	far := &caller{t: s.t, network: "tcp", conn: connection, got: make(chan string, 64)}
	var reader sync.WaitGroup
	reader.Go(far.read)
	s.t.Cleanup(func() { _ = connection.Close(); reader.Wait() })
	return far
}
