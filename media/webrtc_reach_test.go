package media

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"careline/media/signal"
)

// reaches connects a browser by what the change leaves of our answer, and lets both
// hear each other.
func (b *browser) reaches(engine *Engine, change func(answer string) string) {
	b.t.Helper()
	var told events
	leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{ID: "test", Notify: told.notify}, b.offer())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(leg.Close)
	if answer = change(answer); !strings.Contains(answer, "a=candidate:") {
		b.t.Fatalf("no way is left of the answer:\n%s", answer)
	}
	if err := b.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatal(err)
	}
	eventually(b.t, "EventConnected", func() bool { return told.count(EventConnected) > 0 })
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	b.say(signal.Tone(1000, 0.6))
	eventually(b.t, "sound both ways", func() bool { return leg.Stats().PacketsReceived > 20 && len(b.packets()) > 20 })
	if got := signal.Goertzel(recent(b.t, b.packets(), 0.3), 440); got < 0.25 {
		b.t.Errorf("the browser hears 440 Hz at %.3f", got)
	}
}

// dropCandidates leaves out the candidates that don't hold a word.
func dropCandidates(sdp, word string) string {
	var kept strings.Builder
	for line := range strings.Lines(sdp) {
		if !strings.HasPrefix(line, "a=candidate:") || strings.Contains(line, word) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestBrowserThatUDPDoesNotReachTalksByTCP(t *testing.T) {
	engine := running(t, func(o *Options) { o.WebRTCTCP = netip.AddrPortFrom(loopback, 0) })
	agent := newBrowserOn(t, func(s *webrtc.SettingEngine) {
		s.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
	}, webrtc.MimeTypePCMU)
	agent.reaches(engine, func(answer string) string {
		if !strings.Contains(answer, " udp ") || !strings.Contains(answer, " tcp ") || !strings.Contains(answer, "tcptype passive") {
			t.Errorf("answered\n%s", answer)
		}
		return dropCandidates(answer, " tcp ")
	})
}

// nat lets every UDP packet to its address come out of another, as a 1:1 NAT does.
type nat struct {
	outside *net.UDPConn
	mu      sync.Mutex
	inside  map[netip.AddrPort]*net.UDPConn
	group   sync.WaitGroup
}

func newNAT(t *testing.T, public netip.Addr, to netip.AddrPort) {
	t.Helper()
	outside, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(public, to.Port())))
	if err != nil {
		t.Fatal(err)
	}
	n := &nat{outside: outside, inside: map[netip.AddrPort]*net.UDPConn{}}
	n.group.Go(func() { n.run(to) })
	t.Cleanup(func() {
		outside.Close()
		n.mu.Lock()
		for _, conn := range n.inside {
			conn.Close()
		}
		n.mu.Unlock()
		n.group.Wait()
	})
}

func (n *nat) run(to netip.AddrPort) {
	buffer := make([]byte, maxPacket)
	for {
		size, from, err := n.outside.ReadFromUDPAddrPort(buffer)
		if err != nil {
			return
		}
		n.mu.Lock()
		conn := n.inside[from]
		if conn == nil {
			if conn, err = net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to)); err != nil {
				n.mu.Unlock()
				return
			}
			n.inside[from] = conn
			n.group.Go(func() {
				back := make([]byte, maxPacket)
				for {
					size, err := conn.Read(back)
					if err != nil {
						return
					}
					n.outside.WriteToUDPAddrPort(back[:size], from)
				}
			})
		}
		n.mu.Unlock()
		conn.Write(buffer[:size])
	}
}

func TestBrowserReachesUsByAPublicAddress(t *testing.T) {
	public := netip.MustParseAddr("127.0.0.2")
	engine := running(t, func(o *Options) { o.Public = public })
	newNAT(t, public, engine.WebRTCAddress())
	for _, way := range []string{public.String(), loopback.String()} { // from outside, and from the network of ours
		agent := newBrowser(t, webrtc.MimeTypePCMU)
		agent.reaches(engine, func(answer string) string { return dropCandidates(answer, " "+way+" ") })
	}
	leg, err := engine.OpenRTP(LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Close()
	if told := leg.Local().Address; told != netip.AddrPortFrom(public, leg.LocalAddress().Port()) || leg.LocalAddress().Addr() != loopback {
		t.Errorf("telephones are told %s, and it listens at %s", told, leg.LocalAddress())
	}
}

func TestPublicAddressesThatCannotBe(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"every address":        func(o *Options) { o.Public = netip.IPv4Unspecified() },
		"a group":              func(o *Options) { o.Public = netip.MustParseAddr("224.0.0.1") },
		"of the other family":  func(o *Options) { o.Public = netip.MustParseAddr("2001:db8::1") },
		"TCP at every address": func(o *Options) { o.WebRTCTCP = netip.MustParseAddrPort("0.0.0.0:0") },
	} {
		options := Options{Address: loopback, WebRTC: netip.AddrPortFrom(loopback, 0)}
		change(&options)
		if _, err := New(options); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

func TestBusyTCPPortIsNamed(t *testing.T) {
	engine := running(t, func(o *Options) { o.WebRTCTCP = netip.AddrPortFrom(loopback, 0) })
	other, err := New(Options{Address: loopback, WebRTC: netip.AddrPortFrom(loopback, 0), WebRTCTCP: engine.WebRTCTCPAddress()})
	if err != nil {
		t.Fatal(err)
	}
	if err := other.Listen(); err == nil || !strings.Contains(err.Error(), engine.WebRTCTCPAddress().String()) || !strings.Contains(err.Error(), "media.webrtc_tcp") {
		t.Errorf("got %v", err)
	}
}

func TestOnlySoManyStreamsAreOpen(t *testing.T) {
	inner, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	listener := newStreamListener(inner, 2)
	accepted := make(chan net.Conn, 8)
	done := make(chan error, 1)
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				done <- err
				return
			}
			accepted <- conn
		}
	}()
	dial := func() net.Conn {
		conn, err := net.Dial("tcp", inner.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		return conn
	}
	dial()
	dial()
	first, second := <-accepted, <-accepted
	third := dial()
	third.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := third.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("one too many: %v", err)
	}
	first.Close()
	first.Close() // gives its place back once
	dial()
	fourth := <-accepted
	if open := listener.open.Load(); open != 2 {
		t.Errorf("%d are counted", open)
	}
	second.Close()
	fourth.Close()
	listener.Close()
	listener.Close()
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("ended with %v", err)
	}
}

// A stranger's connection ends, whatever it says.
func TestStreamsOfStrangersEnd(t *testing.T) {
	engine := running(t, func(o *Options) { o.WebRTCTCP = netip.AddrPortFrom(loopback, 0) })
	conn, err := net.Dial("tcp", engine.WebRTCTCPAddress().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.Write([]byte("\x00\x10GET / HTTP/1.1\r\n\r\n"))
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a stranger reads %v", err)
	}
}
