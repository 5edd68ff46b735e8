package media

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	pion "github.com/pion/rtcp"

	"careline/media/quality"
	"careline/media/rtcp"
	"careline/media/signal"
)

// reportPort is a phone's port for reports; sound that comes is dropped.
type reportPort struct {
	t     *testing.T
	conn  *net.UDPConn
	heard chan []byte
	from  chan netip.AddrPort
}

func newReportPort(t *testing.T) *reportPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	p := &reportPort{t: t, conn: conn, heard: make(chan []byte, 100), from: make(chan netip.AddrPort, 100)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 2000)
		for {
			n, from, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			if rtcp.Is(buffer[:n]) && len(p.heard) < cap(p.heard) {
				p.from <- plain(from)
				p.heard <- append([]byte(nil), buffer[:n]...)
			}
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return p
}

func (p *reportPort) address() netip.AddrPort {
	return plain(p.conn.LocalAddr().(*net.UDPAddr).AddrPort())
}

// next is the next report, which must be there within a second.
func (p *reportPort) next() (rtcp.Report, []byte, netip.AddrPort) {
	p.t.Helper()
	select {
	case raw := <-p.heard:
		report, err := rtcp.Read(raw, 0x1234)
		if err != nil {
			p.t.Fatalf("%x: %v", raw, err)
		}
		return report, raw, <-p.from
	case <-time.After(time.Second):
		p.t.Fatal("no report comes")
		return rtcp.Report{}, nil, netip.AddrPort{}
	}
}

// reportNow sends a report, due or not.
func (l *Leg) reportNow() {
	l.monitor.mu.Lock()
	defer l.monitor.mu.Unlock()
	now := time.Now()
	l.report(now, l.in.tally(now), l.out.tally(now))
}

func (l *Leg) hasBeside() bool {
	l.monitor.mu.Lock()
	defer l.monitor.mu.Unlock()
	return l.monitor.beside != nil
}

// evenPorts gives the engine a small range, so that the ports above are free.
func evenPorts(o *Options) { o.PortMin, o.PortMax = 21400, 21498 }

// A telephone that knows no muxing gets reports at the port that its SDP names, from
// the port above its sound's, and sends its own there.
func TestReportsBesideTheSound(t *testing.T) {
	engine := running(t, evenPorts)
	caller, reports := newPhone(t, PCMU), newReportPort(t)
	leg, err := engine.OpenRTP(LegOptions{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leg.Close)
	remote := caller.description()
	remote.Reports, remote.ReportsMuxed = reports.address(), false
	if err := leg.Agree(remote, caller.format()); err != nil {
		t.Fatal(err)
	}
	caller.to = leg.LocalAddress()
	caller.say(signal.Tone(440, 1)[:10*FrameSamples])
	eventually(t, "the caller's sound", func() bool { return leg.Stats().PacketsReceived == 10 })
	if leg.hasBeside() {
		t.Error("a call of a moment has a socket more")
	}
	for range looksPerSecond {
		leg.observe(time.Now())
	}
	eventually(t, "somebody listens for reports", leg.hasBeside)
	leg.reportNow()
	report, _, from := reports.next()
	if !report.Sends || !report.Told || report.About.Highest&0xFFFF != uint32(caller.sequence-1) || report.About.Lost != 0 {
		t.Errorf("report is %+v", report)
	}
	besides := netip.AddrPortFrom(loopback, leg.LocalAddress().Port()+1)
	if from != besides {
		t.Errorf("it comes from %v, want %v", from, besides)
	}

	// The caller's own, from a port that NAT has changed: it is answered there.
	other := newReportPort(t)
	answer := appendAnswer(report)
	if _, err := other.conn.WriteToUDPAddrPort(answer, besides); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a round trip", func() bool {
		leg.observe(time.Now())
		return leg.Stats().Said.RoundTrip > 0
	})
	leg.reportNow()
	other.next()

	leg.Close()
	if bye, _, _ := other.next(); !bye.Goodbye {
		t.Errorf("no good-bye: %+v", bye)
	}
}

// appendAnswer is a receiver's report about what our report said.
func appendAnswer(about rtcp.Report) []byte {
	raw, err := pion.Marshal([]pion.Packet{&pion.ReceiverReport{SSRC: 0x1234, Reports: []pion.ReceptionReport{{
		SSRC: about.Source, LastSequenceNumber: 1, LastSenderReport: uint32(about.Sender.NTP >> 16),
	}}}})
	if err != nil {
		panic(err)
	}
	return raw
}

// With muxing reports share the sound's port, encrypted where it is.
func TestReportsMuxedAndEncrypted(t *testing.T) {
	engine := running(t, nil)
	for _, suite := range append(Suites(), SuiteNone) {
		caller := newReportPort(t)
		leg, err := engine.OpenRTP(LegOptions{ID: "test"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(leg.Close)
		if !leg.Local().ReportsMuxed {
			t.Error("we don't offer to mux")
		}
		remote := Description{Address: caller.address(), ReportsMuxed: true}
		if suite != SuiteNone {
			remote.Crypto = []Crypto{{Tag: 1, Suite: suite, Key: newKey(suite)}}
		}
		if err := leg.Agree(remote, Format{PCMU, 0}); err != nil {
			t.Fatal(err)
		}
		eventually(t, "something sent", func() bool { return leg.Stats().PacketsSent > 0 })
		leg.reportNow()
		var raw []byte
		select {
		case raw = <-caller.heard:
		case <-time.After(time.Second):
			t.Fatal("no report comes")
		}
		if suite == SuiteNone {
			if _, err := rtcp.Read(raw, 0); err != nil {
				t.Errorf("%x: %v", raw, err)
			}
			continue
		}
		if _, err := rtcp.Read(raw, 0); err == nil {
			t.Errorf("%s: it goes in the clear", suite)
		}
		opened, err := contextOf(t, leg.own(t, suite)).DecryptRTCP(nil, raw, nil)
		if err != nil {
			t.Fatalf("%s: %v", suite, err)
		}
		report, err := rtcp.Read(opened, 0)
		if err != nil {
			t.Fatalf("%s: %v", suite, err)
		}
		answer, err := contextOf(t, remote.Crypto[0]).EncryptRTCP(nil, appendAnswer(report), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := caller.conn.WriteToUDPAddrPort(answer, leg.LocalAddress()); err != nil {
			t.Fatal(err)
		}
		eventually(t, "a round trip", func() bool { return leg.Stats().Said.RoundTrip > 0 })
	}
}

// A stranger's reports change nothing.
func TestStrangersReportsAreIgnored(t *testing.T) {
	engine := running(t, evenPorts)
	caller := newPhone(t, PCMU)
	leg := caller.call(engine, nil)
	stranger := netip.MustParseAddrPort("192.0.2.99:7")
	raw := appendAnswer(rtcp.Report{Source: 1})
	leg.receiveReport(raw, stranger, false, time.Now())
	leg.receiveReport(raw, stranger, true, time.Now())
	if stats := leg.Stats(); stats.Ignored != 2 {
		t.Errorf("%d ignored, want 2", stats.Ignored)
	}
}

// A browser's connection carries our reports, and brings the browser's.
func TestReportsWithABrowser(t *testing.T) {
	engine := running(t, nil)
	b := newBrowser(t, webrtc.MimeTypePCMU, mimeDigits)
	var told events
	leg, _ := b.connect(engine, &told)
	together(func() { b.say(signal.Tone(440, 1)[:20*FrameSamples]) }, func() {
		leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1)[:20*FrameSamples])}})
	})
	eventually(t, "sound", func() bool { return leg.Stats().PacketsReceived > 15 && len(b.packets()) > 15 })
	leg.reportNow()
	receiver := b.peer.GetTransceivers()[0].Receiver()
	packets, _, err := receiver.ReadRTCP()
	if err != nil {
		t.Fatal(err)
	}
	sender, ok := packets[0].(*pion.SenderReport)
	if !ok || sender.SSRC != b.packets()[0].ssrc || len(sender.Reports) != 1 || sender.PacketCount < 15 {
		t.Fatalf("the browser gets %+v", packets)
	}
	about := rtcp.Report{Source: sender.SSRC, Sender: rtcp.Sender{NTP: sender.NTPTime}}
	answer := pion.RawPacket(appendAnswer(about))
	if err := b.peer.WriteRTCP([]pion.Packet{&answer}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a round trip", func() bool { return leg.Stats().Said.RoundTrip > 0 })
}

// Nobody is at the telephone's port: the system is told so (ICMP), and no report is
// needed to know that nobody hears.
func TestWhereNobodyIsNobodyHears(t *testing.T) {
	engine := running(t, nil)
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
	leg, err := engine.OpenRTP(LegOptions{ID: "test"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leg.Close)
	gone := plain(conn.LocalAddr().(*net.UDPAddr).AddrPort())
	if err := leg.Agree(Description{Address: gone, ReportsMuxed: true}, Format{PCMU, 0}); err != nil {
		t.Fatal(err)
	}
	refused := func() uint64 { return leg.out.tally(time.Now()).refused }
	leg.looks.Store(-1 << 20) // the looks are ours alone
	now := time.Now()
	for range 12 {
		before := refused()
		eventually(t, "an answer", func() bool { return refused() > before })
		now = now.Add(250 * time.Millisecond)
		leg.observe(now)
	}
	if got := leg.Stats().Said.OneWay; got != quality.Unheard {
		t.Errorf("it is told as %q", got)
	}
}
