package sip

import (
	"bytes"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

func TestNextHopTakesTheCall(t *testing.T) {
	x := startExchange(t, nil)
	first, second := listenFar(t, x), listenFar(t, x)
	near := place(t, x, nil, hopOf(t, first), hopOf(t, second))
	invite := first.expect("INVITE ")
	first.answer(invite, "100 Trying", "")
	first.reply(invite, "503 Service Unavailable", "first", "", "Retry-After: 5")
	first.expect("ACK ")
	failed := near.expect(t, EventHopFailed)
	if failed.Hop != 0 || failed.Status != 503 || failed.RetryAfter != 5*time.Second {
		t.Fatalf("failed %+v", failed)
	}
	again := second.expect("INVITE ")
	if header(again, "Call-ID") != header(invite, "Call-ID") || header(again, "From") != header(invite, "From") ||
		cseq(again) != "1 INVITE" || header(again, "Via") == header(invite, "Via") {
		t.Fatalf("the second INVITE:\n%s", again)
	}
	second.reply(again, "200 OK", "second", offerPCM)
	if answered := near.expect(t, EventAnswered); answered.Hop != 1 {
		t.Fatalf("answered by hop %d", answered.Hop)
	}
	second.expect("ACK ")
	must(t, near.HangUp(CauseNormal, ""))
	second.answerRequest(second.expect("BYE "))
	x.settled()
	first.quiet(2 * testT1)
}

func TestSilentHopIsGivenUp(t *testing.T) {
	x := startExchange(t, nil)
	first, second := listenFar(t, x), listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.HopTimeout = 5 * testT1 }, hopOf(t, first), hopOf(t, second))
	invite := first.expect("INVITE ")
	if failed := near.expect(t, EventHopFailed); failed.Status != 408 {
		t.Fatalf("failed %+v", failed)
	}
	again := second.expect("INVITE ")
	second.reply(again, "180 Ringing", "second", "")
	near.expect(t, EventProgress)

	// The first one wakes up: it is told to forget it, and what it has begun is ended.
	first.reply(invite, "180 Ringing", "first", "")
	first.answerRequest(first.expect("CANCEL ", "INVITE "))
	first.reply(invite, "200 OK", "first", offerPCM)
	first.expect("ACK sip:first@")
	first.answerRequest(first.expect("BYE sip:first@"))

	second.reply(again, "200 OK", "second", offerPCM)
	near.expect(t, EventAnswered)
	second.expect("ACK sip:second@")
	must(t, near.HangUp(CauseNormal, ""))
	second.answerRequest(second.expect("BYE "))
	x.settled()
}

func TestHopThatCannotBeReachedIsPassedOver(t *testing.T) {
	x := startExchange(t, nil)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	nobody := Hop{Network: "tcp", Address: mustAddrPort(t, closed.Addr().String())}
	must(t, closed.Close())
	second := listenFar(t, x)
	near := place(t, x, nil, nobody, hopOf(t, second))
	if failed := near.expect(t, EventHopFailed); failed.Status != 503 {
		t.Fatalf("failed %+v", failed)
	}
	second.reply(second.expect("INVITE "), "200 OK", "second", offerPCM)
	near.expect(t, EventAnswered)
}

func TestConnectionIsLostBeforeTheAnswer(t *testing.T) {
	x := startExchange(t, nil)
	phone, hop := listenStream(t)
	second := listenFar(t, x)
	near := place(t, x, nil, hop, hopOf(t, second))
	far := phone.accept()
	far.answer(far.expect("INVITE "), "100 Trying", "")
	must(t, far.conn.Close())
	near.expect(t, EventHopFailed)
	invite := second.expect("INVITE ")
	second.reply(invite, "200 OK", "second", offerPCM)
	near.expect(t, EventAnswered)
}

func TestConnectionIsLostWhileItRings(t *testing.T) {
	x := startExchange(t, nil)
	phone, hop := listenStream(t)
	second := listenFar(t, x)
	near := place(t, x, nil, hop, hopOf(t, second))
	far := phone.accept()
	far.reply(far.expect("INVITE "), "180 Ringing", "far", "")
	near.expect(t, EventProgress)
	must(t, far.conn.Close())
	if end := near.expectEnd(t, ByTransport); end.Status != 503 {
		t.Fatalf("ended %+v", end)
	}
	second.quiet(2 * testT1) // somebody was rung already
	x.settled()
}

func TestWhatEndsTheSearchForAHop(t *testing.T) {
	for _, status := range []string{"404 Not Found", "486 Busy Here", "500 Server Internal Error", "603 Decline", "302 Moved Temporarily"} {
		t.Run(status, func(t *testing.T) {
			x := startExchange(t, nil)
			first, second := listenFar(t, x), listenFar(t, x)
			near := place(t, x, nil, hopOf(t, first), hopOf(t, second))
			first.reply(first.expect("INVITE "), status, "first", "", "Contact: <sip:+19005550199@elsewhere.example>")
			if end := near.expectEnd(t, ByRemote); !strings.HasPrefix(status, strconv.Itoa(end.Status)) {
				t.Fatalf("ended with %d", end.Status)
			}
			second.quiet(testT1)
			x.settled()
		})
	}
	t.Run("503 from beyond", func(t *testing.T) {
		x := startExchange(t, nil)
		first, second := listenFar(t, x), listenFar(t, x)
		near := place(t, x, nil, hopOf(t, first), hopOf(t, second))
		invite := first.expect("INVITE ")
		first.reply(invite, "180 Ringing", "first", "")
		near.expect(t, EventProgress)
		first.reply(invite, "503 Service Unavailable", "first", "")
		near.expectEnd(t, ByRemote)
		second.quiet(testT1)
	})
	t.Run("no hop is left", func(t *testing.T) {
		x := startExchange(t, nil)
		first, second := listenFar(t, x), listenFar(t, x)
		near := place(t, x, nil, hopOf(t, first), hopOf(t, second))
		first.reply(first.expect("INVITE "), "503 Service Unavailable", "first", "")
		near.expect(t, EventHopFailed)
		second.reply(second.expect("INVITE "), "503 Service Unavailable", "second", "")
		if end := near.expectEnd(t, ByRemote); end.Hop != 1 || end.Status != 503 {
			t.Fatalf("ended %+v", end)
		}
		x.settled()
	})
}

// Challenged at the first hop, the second starts afresh and may challenge too.
func TestEachHopMayChallenge(t *testing.T) {
	x := startExchange(t, nil)
	first, second := listenFar(t, x), listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.Credentials.Username, i.Credentials.Password = "careline", "hush" }, hopOf(t, first), hopOf(t, second))
	const challenge = `WWW-Authenticate: Digest realm="x", nonce="y", qop="auth"`
	first.reply(first.expect("INVITE "), "401 Unauthorized", "first", "", challenge)
	first.expect("ACK ")
	first.reply(first.expect("INVITE "), "503 Service Unavailable", "first", "")
	near.expect(t, EventHopFailed)
	invite := second.expect("INVITE ")
	if header(invite, "Authorization") != "" || cseq(invite) != "2 INVITE" {
		t.Fatalf("the second hop's INVITE:\n%s", invite)
	}
	second.reply(invite, "401 Unauthorized", "second", "", challenge)
	second.expect("ACK ")
	again := second.expect("INVITE ")
	if cseq(again) != "3 INVITE" {
		t.Fatalf("CSeq %s", cseq(again))
	}
	second.reply(again, "200 OK", "second", offerPCM)
	near.expect(t, EventAnswered)
}

// The 200 is lost over and over, provisional responses come late and twice, and
// what the network does to our ACK is repaired too.
func TestCallSurvivesLossAndReordering(t *testing.T) {
	x := startExchange(t, nil)
	far := listenFar(t, x)
	near := place(t, x, nil, hopOf(t, far))
	far.expect("INVITE ")
	invite := far.expect("INVITE ") // the first was lost
	for range 3 {
		far.reply(invite, "180 Ringing", "far", "")
	}
	for range 3 {
		near.expect(t, EventProgress)
	}
	far.reply(invite, "200 OK", "far", offerPCM)
	near.expect(t, EventAnswered)
	first := far.expect("ACK ", "INVITE ")
	far.reply(invite, "180 Ringing", "far", "") // overtaken by the 200
	for range 5 {
		far.reply(invite, "200 OK", "far", offerPCM)
		if again := far.expect("ACK ", "INVITE "); again != first {
			t.Fatalf("the ACK changed:\n%s\n%s", first, again)
		}
	}
	if near.State() != StateConfirmed || len(near.events) != 0 {
		t.Fatalf("the call is %s, %d events", near.State(), len(near.events))
	}
	must(t, near.HangUp(CauseNormal, ""))
	far.expect("BYE ", "INVITE ")
	far.answerRequest(far.expect("BYE ", "INVITE ")) // the first was lost
	x.settled()
}

// What can't be sent is told without the number that it was for.
func TestErrorsOfTheTransportNameNobody(t *testing.T) {
	var kept bytes.Buffer
	log := zap.New(zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(&kept)), zap.DebugLevel))
	x := startExchange(t, func(o *Options) { o.Log = log })
	far := listenFar(t, x)
	near := place(t, x, func(i *Invitation) { i.To = NewNumber("+13125550177") }, hopOf(t, far))
	far.expect("INVITE ")
	near.expectEnd(t, ByTimeout)
	for _, network := range []string{"tcp", "udp"} {
		nobody := Hop{Network: network, Address: mustAddrPort(t, "127.0.0.1:1")}
		if network == "udp" {
			nobody.Address = mustAddrPort(t, "192.0.2.1:9") // out of reach of a socket on the loopback
		}
		end := place(t, x, func(i *Invitation) { i.To = NewNumber("+13125550177") }, nobody).expectEnd(t, ByTransport)
		if end.Status != 503 {
			t.Fatalf("ended %+v", end)
		}
	}
	x.settled()
	x.stop()
	if text := kept.String(); strings.Contains(text, "5550177") || !strings.Contains(text, "can't be reached") {
		t.Fatalf("logged\n%s", text)
	}
}
