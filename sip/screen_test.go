package sip

import (
	"io"
	"strings"
	"testing"
	"time"
)

// What makes the next message's beginning unknown is answered, and the
// connection is closed (RFC 3261 section 18.3, RFC 4475 section 3.1.2.3).
func TestBrokenFramingEndsTheConnection(t *testing.T) {
	for name, status := range map[string]string{"ncl": "400", "mcl01": "400", "inv2543": "400", "toolong": "513"} {
		t.Run(name, func(t *testing.T) {
			x := startExchange(t, nil)
			far := dialCaller(t, x, "tcp")
			message := string(torture{rfc: 4475, Message: "clerr"}.bytes(t))
			if name == "toolong" {
				message = strings.Replace(message, "9999", "99999", 1)
			} else {
				message = string(torture{rfc: 4475, Message: name}.bytes(t))
			}
			far.write(message)
			far.expect("SIP/2.0 " + status)
			select {
			case more, open := <-far.got:
				if open {
					t.Fatalf("heard %q", more)
				}
			case <-time.After(patience):
				t.Fatal("the connection stays open")
			}
			x.settled()
		})
	}
}

// A message with a fault of its own harms none of those around it.
func TestAFaultInAStreamHarmsNothingElse(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "tcp")
	good := far.request("OPTIONS", 1, "good", "")
	wrong := strings.Replace(far.request("OPTIONS", 2, "wrong", ""), "Max-Forwards: 70", "Max-Forwards: many", 1)
	unanswered := strings.Replace(far.request("ACK", 3, "ack", ""), "Max-Forwards: 70", "Max-Forwards: many", 1)
	far.write(good + "\r\n" + wrong + unanswered + far.request("OPTIONS", 4, "last", ""))
	heard := map[string]string{}
	for range 3 {
		message := far.heard()
		heard[header(message, "CSeq")] = firstLine(message)
	}
	if heard["1 OPTIONS"] != "SIP/2.0 200 OK" || heard["2 OPTIONS"] != "SIP/2.0 400 Bad Request" || heard["4 OPTIONS"] != "SIP/2.0 200 OK" {
		t.Fatalf("heard %v", heard)
	}
	far.quiet(2 * testT1)
}

func TestAMessageMayComeByteByByte(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "tcp")
	for _, one := range []byte(far.request("INVITE", 1, "first", offerPCM)) {
		far.write(string(one))
	}
	if near := x.nextCall(); near.Check() != nil {
		t.Fatal(near.Check())
	}
}

// RFC 5626 section 3.5.1: two empty lines are asked, one is answered.
func TestKeepAlivesAreAnswered(t *testing.T) {
	x := startExchange(t, nil)
	conn := dialNetwork(t, x, "tcp")
	defer func() { _ = conn.Close() }()
	for range 3 {
		_, err := conn.Write([]byte("\r\n\r\n"))
		must(t, err)
		must(t, conn.SetReadDeadline(time.Now().Add(patience)))
		pong := make([]byte, 2)
		if _, err := io.ReadFull(conn, pong); err != nil || string(pong) != "\r\n" {
			t.Fatalf("heard %q: %v", pong, err)
		}
	}
}

// The same request is refused in the same words (RFC 3261 section 8.2.7).
func TestARefusalSentAgainIsTheSame(t *testing.T) {
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	wrong := strings.Replace(far.request("INVITE", 1, "wrong", offerPCM), "Max-Forwards: 70", "Max-Forwards: many", 1)
	far.write(wrong)
	first := far.expect("SIP/2.0 400")
	far.write(wrong)
	if again := far.expect("SIP/2.0 400"); again != first || toTag(first) == "" || header(first, "Server") != "" {
		t.Fatalf("heard\n%s\n%s", first, again)
	}
	if x.ActiveDialogs() != 0 || x.Stats().Malformed != 2 {
		t.Fatalf("stats %+v", x.Stats())
	}
}

// A client of RFC 2543 gives neither branch nor tag (RFC 4475 section 3.4.1):
// its call is set up, acknowledged and ended even so.
func TestACallOfRFC2543(t *testing.T) {
	old := strings.NewReplacer(";tag=remote", "", ";branch=z9hG4bK-", ";x=", "Max-Forwards: 70\r\n", "")
	x := startExchange(t, nil)
	far := dialCaller(t, x, "udp")
	invite := old.Replace(far.request("INVITE", 1, "a", offerPCM))
	far.write(invite)
	near := x.nextCall()
	far.write(invite)
	must(t, near.Answer(ours()))
	answer := far.expect("SIP/2.0 200")
	if strings.Contains(header(answer, "From"), "tag") {
		t.Fatalf("From was %q", header(answer, "From"))
	}
	far.write(old.Replace(far.request("ACK", 1, "a", "")))
	near.expect(t, EventAcked)
	far.write(old.Replace(far.request("BYE", 2, "a", "")))
	for !strings.Contains(far.expect("SIP/2.0 200"), "CSeq: 2 BYE") {
	}
	near.expectEnd(t, ByRemote)
	x.settled()
	if calls := len(x.calls); calls != 0 {
		t.Fatalf("%d calls more", calls)
	}
}
