package desk

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// from is a connection's far end that says it has this address.
type from struct {
	net.Conn
	address string
}

func (f from) RemoteAddr() net.Addr {
	return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(f.address))
}

func TestOneConnectionTooManyIsRefusedPolitely(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := newPipes()
		defer network.Close()
		b := newBounded(network, func(ip netip.Addr) bool { return ip.String() == "10.1.0.5" })
		taken := make(chan net.Conn, maxConnections)
		done := make(chan struct{})
		go func() {
			defer close(done)
			for {
				conn, err := b.Accept()
				if err != nil {
					return
				}
				taken <- conn
			}
		}()
		call := func(address string) net.Conn {
			ours, theirs := net.Pipe()
			network.calls <- from{theirs, address}
			synctest.Wait()
			return ours
		}
		refused := func(conn net.Conn) bool {
			response, err := http.ReadResponse(bufio.NewReader(conn), nil)
			conn.Close()
			synctest.Wait()
			return err == nil && response.StatusCode == http.StatusServiceUnavailable && response.Header.Get("Retry-After") != ""
		}
		var open []net.Conn
		for range maxOfSource {
			open = append(open, call("192.0.2.7:1000"))
		}
		if len(taken) != maxOfSource {
			t.Fatalf("%d taken", len(taken))
		}
		if !refused(call("192.0.2.7:1000")) {
			t.Error("one source may have them all")
		}
		first := <-taken
		first.Close()
		first.Close() // twice gives back one place
		open = append(open, call("192.0.2.7:1000"))
		if !refused(call("192.0.2.7:1000")) {
			t.Error("a place was given back twice")
		}
		for i := len(taken); i < maxConnections; i++ { // a proxy speaks for many
			open = append(open, call("10.1.0.5:1000"))
		}
		if !refused(call("10.1.0.5:1000")) || !refused(call("198.51.100.9:1000")) {
			t.Error("there is no end to connections")
		}
		deaf := call("198.51.100.9:1000") // doesn't read the refusal
		time.Sleep(2 * fullTime)
		synctest.Wait()
		deaf.Close()
		network.Close()
		<-done
		for len(taken) > 0 {
			(<-taken).Close()
		}
		for _, conn := range open {
			conn.Close()
		}
		if b.all != 0 || len(b.bySource) != 0 {
			t.Errorf("%d places are still taken: %v", b.all, b.bySource)
		}
	})
}

func TestWhoTakesNoAnswerIsCut(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		conn, err := s.client.Transport.(*http.Transport).DialContext(t.Context(), "tcp", "127.0.0.1:80")
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		fmt.Fprint(conn, "GET /api/welcome HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
		pass(answerTimeout + time.Second)
		_, err = conn.Write([]byte("x"))
		if err == nil || !strings.Contains(err.Error(), "closed") {
			t.Errorf("the connection stays: %v", err)
		}
	})
}
