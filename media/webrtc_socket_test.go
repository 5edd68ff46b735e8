package media

import (
	"errors"
	"net"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"careline/media/packetio"
	"careline/media/signal"
)

// script is a socket of all browsers from which is read what a test wants.
type script struct {
	packetio.Shared
	from    netip.AddrPort
	packets [][]byte
	sent    int
}

func (s *script) ReadFromAddrPort(b []byte) (int, netip.AddrPort, error) {
	if len(s.packets) == 0 {
		return 0, netip.AddrPort{}, net.ErrClosed
	}
	n := copy(b, s.packets[0])
	s.packets = s.packets[1:]
	return n, s.from, nil
}

func (s *script) WriteToAddrPort(b []byte, _ netip.AddrPort) (int, error) {
	s.sent++
	return len(b), nil
}

// scripted is a browser's leg that is connected by a script, and who encrypts what the
// browser says.
func scripted(t testing.TB, engine *Engine, socket *browserSocket) (leg *Leg, far *sealer) {
	t.Helper()
	own, theirs := Crypto{Suite: AESGCM128, Key: newKey(AESGCM128)}, Crypto{Suite: AESGCM128, Key: newKey(AESGCM128)}
	leg = engine.newLeg(LegOptions{}, nil)
	open, err := newOpener(theirs)
	if err != nil {
		t.Fatal(err)
	}
	if leg.out.seal, err = newSealer(own); err != nil {
		t.Fatal(err)
	}
	if far, err = newSealer(theirs); err != nil {
		t.Fatal(err)
	}
	link := &browserLink{leg: leg, socket: socket}
	leg.browser = &browserSide{link: link}
	leg.in.secure, leg.out.to = &decryption{current: open}, link
	leg.agreeWebRTC(browserChoice{format: Format{PCMU, 0}})
	leg.linked(linkUp)
	route := netip.MustParseAddrPort("192.0.2.7:7000")
	link.route.Store(&route)
	socket.reroute(link, nil, &route)
	return leg, far
}

func scriptedEngine(t testing.TB) *Engine {
	t.Helper()
	engine, err := New(Options{Address: loopback, WebRTC: netip.AddrPortFrom(loopback, 0)})
	if err != nil {
		t.Fatal(err)
	}
	return engine
}

// said are packets of a browser's, encrypted.
func said(t testing.TB, far *sealer, p *packet, count int) [][]byte {
	t.Helper()
	var packets [][]byte
	for range count {
		buffer := make([]byte, headerSize+FrameSamples+maxTagBytes)
		p.sequence++
		p.timestamp += FrameSamples
		p.putHeader(buffer)
		raw, err := far.seal(buffer[:headerSize+FrameSamples])
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, raw)
	}
	return packets
}

// library reads as the library does, until nothing is left, and returns how long each
// packet is that it gets.
func library(t testing.TB, socket *browserSocket) (sizes []int) {
	t.Helper()
	buffer := make([]byte, maxPacket)
	for {
		n, _, err := socket.ReadFromAddrPort(buffer)
		if errors.Is(err, net.ErrClosed) {
			return sizes
		}
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, n)
	}
}

func TestABrowsersSoundGoesPastTheLibrary(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		network := &script{from: netip.MustParseAddrPort("[::ffff:192.0.2.7]:7000")} // as some sockets have it
		socket := newBrowserSocket(network, time.Second)
		leg, far := scripted(t, scriptedEngine(t), socket)
		p := packet{ssrc: 1}
		first := said(t, far, &p, 1)
		network.packets = first
		if got := library(t, socket); len(got) != 1 || got[0] != signOfLife {
			t.Errorf("of the first packet the library gets %v, want a sign of life", got)
		}
		for range 20 {
			time.Sleep(FrameDuration)
			network.packets = said(t, far, &p, 1)
			if got := library(t, socket); len(got) > 0 {
				t.Errorf("the library gets %v", got)
			}
		}
		if stats := leg.Stats(); stats.PacketsReceived != 21 || stats.Unauthentic > 0 || stats.PacketsLost > 0 {
			t.Errorf("the leg has %+v", stats)
		}
		time.Sleep(time.Second)
		network.packets = said(t, far, &p, 3)
		if got := library(t, socket); len(got) != 1 || got[0] != signOfLife {
			t.Errorf("after a second the library gets %v, want one sign of life", got)
		}

		// What comes twice, what somebody else encrypted, and what isn't encrypted at all.
		foreign, err := newSealer(Crypto{Suite: AESGCM128, Key: newKey(AESGCM128)})
		if err != nil {
			t.Fatal(err)
		}
		next := p
		bare := make([]byte, headerSize+FrameSamples)
		next.putHeader(bare)
		network.packets = [][]byte{first[0], said(t, foreign, &next, 1)[0], bare}
		library(t, socket)
		if stats := leg.Stats(); stats.PacketsReceived != 24 || stats.Unauthentic != 3 {
			t.Errorf("the leg has %+v", stats)
		}

		// What isn't sound, and what comes from elsewhere, is the library's.
		network.packets = [][]byte{{0, 1, 2, 3}, {22, 1, 2, 3, 4}, {64, 0}, {}}
		if got := library(t, socket); len(got) != 4 || got[0] != 4 || got[1] != 5 || got[2] != 2 {
			t.Errorf("of four packets that aren't sound the library gets %v", got)
		}
		network.from, network.packets = netip.MustParseAddrPort("192.0.2.7:7001"), said(t, far, &p, 1)
		if got := library(t, socket); len(got) != 1 || got[0] <= signOfLife {
			t.Errorf("of a packet from elsewhere the library gets %v", got)
		}
	})
}

func TestTheWayToABrowserChanges(t *testing.T) {
	network := &script{}
	socket := newBrowserSocket(network, time.Hour)
	engine := scriptedEngine(t)
	leg, _ := scripted(t, engine, socket)
	before, next := netip.MustParseAddrPort("192.0.2.7:7000"), netip.MustParseAddrPort("192.0.2.8:7000")
	link := leg.browser.link
	socket.reroute(link, &before, &next)
	if links := *socket.links.Load(); len(links) != 1 || links[next] != link {
		t.Errorf("known are %v", links)
	}
	other, _ := scripted(t, engine, socket) // at the address that the first one had
	socket.reroute(link, &before, nil)      // late
	socket.reroute(link, &next, nil)
	if links := *socket.links.Load(); len(links) != 1 || links[before] != other.browser.link {
		t.Errorf("known are %v", links)
	}
	if err := leg.browser.link.send([]byte{128}); err != nil || network.sent != 1 {
		t.Errorf("%d sent, %v", network.sent, err)
	}
	link.route.Store(nil)
	if err := link.send([]byte{128}); !errors.Is(err, ErrClosed) {
		t.Errorf("a link without any way: %v", err)
	}
}

// browserPaths are the ways of a packet from a browser to a telephone, and back.
func browserPaths(t testing.TB, engine *Engine) []packetPath {
	network := &script{from: netip.MustParseAddrPort("192.0.2.7:7000")}
	socket := newBrowserSocket(network, time.Hour)
	agent, far := scripted(t, engine, socket)
	caller := unpaced(t, engine, PCMU)
	Join(agent, caller)
	p, packets, buffer := packet{ssrc: 1}, make([][]byte, 1), make([]byte, headerSize+FrameSamples+maxTagBytes)
	into := make([]byte, maxPacket)
	playing, _ := scripted(t, engine, newBrowserSocket(&script{}, time.Hour))
	playing.out.retarget(netip.AddrPort{})
	playing.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	due := time.Now()
	return []packetPath{
		{name: "from a browser to a telephone", run: func() {
			p.sequence++
			p.timestamp += FrameSamples
			p.putHeader(buffer)
			raw, err := far.seal(buffer[:headerSize+FrameSamples])
			if err != nil {
				t.Fatal(err)
			}
			packets[0] = raw
			network.packets = packets
			if _, _, err := socket.ReadFromAddrPort(into); err == nil && p.sequence > 1 {
				t.Fatal("the library gets it")
			}
			if got := agent.in.received; got == 0 {
				t.Fatal("it isn't heard")
			}
		}},
		{name: "playback to a browser", run: func() {
			due = due.Add(FrameDuration)
			playing.frame(due)
		}},
	}
}
