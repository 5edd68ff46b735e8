package sip

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// caller is a raw SIP client: it sends exactly the bytes that a test says.
type caller struct {
	t       *testing.T
	network string
	conn    net.Conn
	got     chan string
	id      string
	branch  int
	toTag   string
	known   map[string]bool // what expect has returned
}

var callCount atomic.Uint64

func dialCaller(t *testing.T, x *exchange, network string) *caller {
	t.Helper()
	return callerOn(t, network, dialNetwork(t, x, network))
}

func callerOn(t *testing.T, network string, conn net.Conn) *caller {
	t.Helper()
	c := &caller{t: t, network: network, conn: conn, got: make(chan string, 256), id: fmt.Sprintf("call-%d@test", callCount.Add(1))}
	var reader sync.WaitGroup
	reader.Go(c.read)
	t.Cleanup(func() { _ = conn.Close(); reader.Wait() })
	return c
}

// read cuts what comes into messages.
func (c *caller) read() {
	var kept []byte
	buffer := make([]byte, 65536)
	for {
		n, err := c.conn.Read(buffer)
		if err != nil {
			close(c.got)
			return
		}
		kept = append(kept, buffer[:n]...)
		for {
			end := bytes.Index(kept, []byte("\r\n\r\n"))
			if end < 0 {
				break
			}
			length := 0
			for _, line := range strings.Split(string(kept[:end]), "\r\n") {
				if value, found := strings.CutPrefix(line, "Content-Length: "); found {
					_, _ = fmt.Sscan(value, &length)
				}
			}
			if len(kept) < end+4+length {
				break
			}
			c.got <- string(kept[:end+4+length])
			kept = kept[end+4+length:]
		}
	}
}

func (c *caller) write(message string) {
	c.t.Helper()
	_, err := c.conn.Write([]byte(message))
	must(c.t, err)
}

// sentBy is where the client says that it is; a browser doesn't know (RFC 7118
// section 5).
func (c *caller) sentBy() string {
	if _, err := netip.ParseAddrPort(c.conn.LocalAddr().String()); err != nil {
		return "df7jal23ls0d.invalid"
	}
	return c.conn.LocalAddr().String()
}

// request writes a request of this call; extra are whole header lines.
func (c *caller) request(method string, sequence int, branch, body string, extra ...string) string {
	to := "<sip:5550100@127.0.0.1>"
	if c.toTag != "" {
		to += ";tag=" + c.toTag
	}
	lines := []string{
		method + " sip:5550100@127.0.0.1 SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=z9hG4bK-%s-%s;rport", strings.ToUpper(c.network), c.sentBy(), c.id, branch),
		"Max-Forwards: 70", "From: \"Linda\" <sip:+13125550142@trunk.example>;tag=remote", "To: " + to, "Call-ID: " + c.id,
		fmt.Sprintf("CSeq: %d %s", sequence, method),
		fmt.Sprintf("Contact: <sip:trunk@%s;transport=%s>", c.sentBy(), c.network),
	}
	lines = append(lines, extra...)
	if body != "" && !strings.Contains(strings.Join(extra, ""), "Content-Type") {
		lines = append(lines, "Content-Type: application/sdp")
	}
	lines = append(lines, fmt.Sprintf("Content-Length: %d", len(body)), "", body)
	return strings.Join(lines, "\r\n")
}

func (c *caller) send(method string, sequence int, body string, extra ...string) {
	c.t.Helper()
	c.branch++
	c.write(c.request(method, sequence, fmt.Sprintf("%s-%d", method, c.branch), body, extra...))
}

// invite sends the first INVITE under the branch that cancel and ackRefusal use.
func (c *caller) invite(body string, extra ...string) {
	c.t.Helper()
	c.write(c.request("INVITE", 1, "first", body, extra...))
}

func (c *caller) cancel(extra ...string) {
	c.t.Helper()
	c.write(c.request("CANCEL", 1, "first", "", extra...))
}

// heard waits for the next message; expect for one with this start line,
// skipping 100s and what is sent again of the kind to be skipped.
func (c *caller) heard() string {
	c.t.Helper()
	select {
	case message, ok := <-c.got:
		if !ok {
			c.t.Fatal("the connection was closed")
		}
		return message
	case <-time.After(patience):
		c.t.Fatal("heard nothing")
		return ""
	}
}

func (c *caller) expect(start string, skip ...string) string {
	c.t.Helper()
	if c.known == nil {
		c.known = map[string]bool{}
	}
	for {
		message := c.heard()
		if strings.HasPrefix(message, start) {
			c.known[message] = true
			if tag := toTag(message); tag != "" && strings.HasPrefix(message, "SIP/2.0 ") && strings.Contains(message, "INVITE\r\n") {
				c.toTag = tag
			}
			return message
		}
		skipped := strings.HasPrefix(message, "SIP/2.0 100 ") || c.known[message] // sent again before our answer was in
		for _, other := range skip {
			skipped = skipped || strings.HasPrefix(message, other)
		}
		if !skipped {
			c.t.Fatalf("heard %q, expected %q", firstLine(message), start)
		}
	}
}

func firstLine(message string) string { line, _, _ := strings.Cut(message, "\r\n"); return line }

func header(message, name string) string {
	for _, line := range strings.Split(message, "\r\n") {
		if value, found := strings.CutPrefix(line, name+": "); found {
			return value
		}
	}
	return ""
}

func toTag(message string) string {
	_, tag, _ := strings.Cut(header(message, "To"), ";tag=")
	return tag
}

// connect sets a call up to its ACK.
func connect(t *testing.T, x *exchange, network string) (*caller, *call) {
	t.Helper()
	far := dialCaller(t, x, network)
	far.invite(offerPCM)
	near := x.nextCall()
	must(t, near.Answer(ours()))
	far.expect("SIP/2.0 200")
	far.send("ACK", 1, "")
	near.expect(t, EventAcked)
	return far, near
}

// answerRequest answers a request of ours with 200.
func (c *caller) answerRequest(request string) {
	c.t.Helper()
	c.answer(request, "200 OK", "")
}

// answer answers a request of ours; extra are whole header lines.
func (c *caller) answer(request, status, body string, extra ...string) {
	c.t.Helper()
	c.write(answering(request, status, body, extra...))
}

func answering(request, status, body string, extra ...string) string {
	all := []string{"SIP/2.0 " + status}
	for _, name := range []string{"Via", "Record-Route", "From", "To", "Call-ID", "CSeq"} {
		for _, value := range lines(request, name) {
			all = append(all, name+": "+value)
		}
	}
	all = append(all, extra...)
	if body != "" {
		all = append(all, "Content-Type: application/sdp")
	}
	return strings.Join(append(all, fmt.Sprintf("Content-Length: %d", len(body)), "", body), "\r\n")
}

// quiet fails if anything but what is to be skipped comes in a while.
func (c *caller) quiet(while time.Duration, skip ...string) {
	c.t.Helper()
	deadline := time.After(while)
	for {
		select {
		case message := <-c.got:
			for _, other := range skip {
				if strings.HasPrefix(message, other) {
					message = ""
				}
			}
			if message != "" {
				c.t.Fatalf("heard %q, expected nothing", firstLine(message))
			}
		case <-deadline:
			return
		}
	}
}
