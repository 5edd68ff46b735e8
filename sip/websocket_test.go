package sip

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// options is an OPTIONS as a browser's phone sends it.
func options(callID string) string {
	return "OPTIONS sip:5550100@careline.example SIP/2.0\r\nVia: SIP/2.0/WS df7jal23ls0d.invalid;branch=z9hG4bK-" + callID +
		"\r\nMax-Forwards: 70\r\nFrom: <sip:maria@careline.example>;tag=1\r\nTo: <sip:5550100@careline.example>\r\nCall-ID: " + callID +
		"\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n"
}

func TestMessageInPiecesAndPingsAreUnderstood(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	socket := dialWebSocket(t, "ws://"+x.address("ws"), nil, subprotocol)
	defer socket.CloseNow()
	for _, kind := range []websocket.MessageType{websocket.MessageText, websocket.MessageBinary} { // RFC 7118 section 5.1 allows both
		pieces, err := socket.Writer(ctx, kind)
		must(t, err)
		message := options("pieces-" + kind.String())
		for _, piece := range []string{message[:40], message[40:41], message[41:]} {
			_, err := io.WriteString(pieces, piece)
			must(t, err)
		}
		must(t, pieces.Close())
		_, answer, err := socket.Read(ctx)
		must(t, err)
		if !strings.HasPrefix(string(answer), "SIP/2.0 200") {
			t.Errorf("%s heard %q", kind, answer)
		}
	}
	read := socket.CloseRead(ctx) // answers are read on, and pongs with them
	must(t, socket.Ping(ctx))
	if read.Err() != nil {
		t.Error("a ping ended the connection")
	}
}

func TestKeepAliveIsAnswered(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	for _, network := range []string{"tcp", "tls", "ws", "wss"} {
		conn := dialNetwork(t, x, network)
		_, err := conn.Write([]byte("\r\n\r\n")) // RFC 5626 section 3.5.1
		must(t, err)
		must(t, conn.SetReadDeadline(time.Now().Add(patience)))
		pong := make([]byte, 2)
		if _, err := io.ReadFull(conn, pong); err != nil || string(pong) != "\r\n" {
			t.Errorf("%s: %q, %v", network, pong, err)
		}
		conn.Close()
	}
}

func TestWebSocketThatIsNotForSIPIsRefused(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	url := "ws://" + x.address("ws")
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	other := dialWebSocket(t, url, nil, "mqtt")
	if _, _, err := other.Read(ctx); websocket.CloseStatus(err) != websocket.StatusPolicyViolation {
		t.Errorf("another subprotocol: %v", err)
	}
	answer, err := http.Get("http://" + x.address("ws"))
	must(t, err)
	answer.Body.Close()
	http.DefaultClient.CloseIdleConnections()
	if answer.StatusCode != http.StatusUpgradeRequired || answer.Header.Get("Server") != "" || answer.Header.Get("Date") != "" {
		t.Errorf("a plain request: %s %v", answer.Status, answer.Header)
	}
	long := dialWebSocket(t, url, nil, subprotocol)
	defer long.CloseNow()
	long.SetReadLimit(1 << 20)
	_ = long.Write(ctx, websocket.MessageText, bytes.Repeat([]byte("x"), 2*x.options.MaxMessage)) // may be cut on the way
	if _, _, err := long.Read(ctx); err == nil || ctx.Err() != nil {
		t.Errorf("a message too long: %v", err)
	}
}

func TestServerEndsWithWebSocketsOpen(t *testing.T) {
	x := startExchange(t, everyNetwork(t, newAuthority(t)))
	idle := dialNetwork(t, x, "wss")
	defer idle.Close()
	half, err := net.Dial("tcp", x.address("wss"))
	must(t, err)
	defer half.Close()
	began := time.Now()
	x.stop()
	if took := time.Since(began); took > patience {
		t.Errorf("it took %s", took)
	}
}

func FuzzFrames(f *testing.F) {
	f.Add([]byte("OPTIONS"), 3)
	f.Add(bytes.Repeat([]byte("x"), 200), 1)
	f.Add(bytes.Repeat([]byte("x"), 70000), 5)
	f.Fuzz(func(t *testing.T, message []byte, cut int) {
		frame := appendFrame(nil, message)
		header := len(frame) - len(message) - maskBytes
		unmasked := append(append([]byte{}, frame[:header]...), message...) // as a server would send it
		unmasked[1] &^= masked
		if cut >= 0 && cut < len(unmasked) {
			if _, _, whole := cutFrame(unmasked[:cut]); whole {
				t.Fatalf("%d of %d bytes make a frame", cut, len(unmasked))
			}
		}
		got, rest, whole := cutFrame(append(unmasked, 'z'))
		if !whole || !bytes.Equal(got, message) || string(rest) != "z" {
			t.Fatalf("%d bytes came back as %d, %q left", len(message), len(got), rest)
		}
		cutFrame(message)
	})
}
