package packetio

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// All browsers share one socket: who sends must not wait for another's sending.
func TestSendersOfOneSocketDoNotWaitForEachOther(t *testing.T) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	target := conn.LocalAddr().(*net.UDPAddr).AddrPort()
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	sending, release := make(chan struct{}), make(chan struct{})
	ended := make(chan error, 1)
	go func() {
		ended <- raw.Write(func(uintptr) bool { // holds the socket's lock for writers
			close(sending)
			<-release
			return true
		})
	}()
	<-sending
	shared, err := NewShared(conn)
	if err != nil {
		t.Fatal(err)
	}
	sent := make(chan error, 1)
	go func() {
		_, err := shared.WriteToAddrPort([]byte("sound"), target)
		sent <- err
	}()
	select {
	case err := <-sent:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(5 * time.Second):
		t.Error("sending waits for another's")
	}
	close(release)
	if err := <-ended; err != nil {
		t.Error(err)
	}
}
