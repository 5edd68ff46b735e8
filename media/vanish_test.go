package media

import (
	"context"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pion/webrtc/v4"

	"careline/media/signal"
)

// network stands between a browser and the engine, and can be cut.
type network struct {
	front, back *net.UDPConn
	cut         atomic.Bool
	noKeys      atomic.Bool // DTLS is lost (RFC 7983), ICE isn't
	browser     atomic.Pointer[netip.AddrPort]
}

func newNetwork(t testing.TB, engine netip.AddrPort) *network {
	t.Helper()
	n := &network{}
	var group sync.WaitGroup
	for _, conn := range []**net.UDPConn{&n.front, &n.back} {
		bound, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
		if err != nil {
			t.Fatal(err)
		}
		*conn = bound
	}
	carry := func(in, out *net.UDPConn, target func(from netip.AddrPort) *netip.AddrPort) {
		buffer := make([]byte, 2000)
		for {
			size, from, err := in.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			if to := target(from); to != nil && !n.cut.Load() && !(n.noKeys.Load() && buffer[0] >= 20 && buffer[0] <= 63) {
				out.WriteToUDPAddrPort(buffer[:size], *to)
			}
		}
	}
	group.Go(func() {
		carry(n.front, n.back, func(from netip.AddrPort) *netip.AddrPort { n.browser.Store(&from); return &engine })
	})
	group.Go(func() {
		carry(n.back, n.front, func(netip.AddrPort) *netip.AddrPort { return n.browser.Load() })
	})
	t.Cleanup(func() {
		n.front.Close()
		n.back.Close()
		group.Wait()
	})
	return n
}

// port is where the browser is to send.
func (n *network) port() string {
	return strconv.Itoa(int(n.front.LocalAddr().(*net.UDPAddr).AddrPort().Port()))
}

// connectThrough opens a leg for the browser on the network's other side.
func (b *browser) connectThrough(engine *Engine, between *network, told *events) *Leg {
	b.t.Helper()
	leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{Notify: told.notify}, b.offer())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(leg.Close)
	enginePort := strconv.Itoa(int(engine.WebRTCAddress().Port()))
	answer = strings.ReplaceAll(answer, " "+enginePort+" typ", " "+between.port()+" typ")
	if err := b.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatal(err)
	}
	return leg
}

func TestBrowserThatNeverAgreesOnKeysIsOver(t *testing.T) {
	engine := running(t, nil)
	between := newNetwork(t, engine.WebRTCAddress())
	between.noKeys.Store(true)
	var told events
	newBrowser(t, webrtc.MimeTypePCMU).connectThrough(engine, between, &told)
	eventually(t, "EventFailed", func() bool { return told.count(EventFailed) == 1 })
	if told.count(EventConnected) > 0 {
		t.Error("it was connected without keys")
	}
}

func TestBrowserVanishesAndComesBackAndVanishesForGood(t *testing.T) {
	engine := running(t, nil)
	between := newNetwork(t, engine.WebRTCAddress())
	agent := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	leg := agent.connectThrough(engine, between, &told)
	eventually(t, "EventConnected", func() bool { return told.count(EventConnected) == 1 })

	between.cut.Store(true)
	eventually(t, "EventDisconnected", func() bool { return told.count(EventDisconnected) == 1 })
	between.cut.Store(false)
	eventually(t, "EventConnected again", func() bool { return told.count(EventConnected) == 2 })
	hears(t, "agent", agent.packets, 440, 1000, func() {
		played := told.count(EventPlayed)
		leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}})
		eventually(t, "EventPlayed", func() bool { return told.count(EventPlayed) > played })
	})

	between.cut.Store(true)
	eventually(t, "EventFailed", func() bool { return told.count(EventFailed) == 1 })
	sent := leg.Stats().PacketsSent
	played := told.count(EventPlayed)
	leg.Play(Playback{ID: 5, Clips: []*Clip{NewClip(make([]int16, 800))}})
	eventually(t, "the playback ends nevertheless", func() bool { return told.count(EventPlayed) > played })
	if got := leg.Stats().PacketsSent; got != sent {
		t.Errorf("%d packets are sent to nobody", got-sent)
	}
}
