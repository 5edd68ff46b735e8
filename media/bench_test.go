package media

import (
	"math"
	"net"
	"net/netip"
	"runtime"
	"sort"
	"sync"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
	"golang.org/x/sys/unix"

	"careline/media/signal"
)

// sink is a socket that nobody reads.
func sink(t testing.TB) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn.LocalAddr().(*net.UDPAddr).AddrPort()
}

// unpaced opens a leg towards a sink, that only the benchmark visits.
func unpaced(t testing.TB, engine *Engine, codec Codec, crypto ...Crypto) *Leg {
	t.Helper()
	leg, err := engine.OpenRTP(LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	leg.place.pacer.remove(leg)
	t.Cleanup(func() {
		leg.place.pacer.add(leg)
		leg.Close()
	})
	// A socket for reports that opens within the call would be measured with it.
	if err := leg.Agree(Description{Address: sink(t), DigitPayloadType: 101, ReportsMuxed: true, Crypto: crypto}, Format{codec, codec.PayloadType()}); err != nil {
		t.Fatal(err)
	}
	return leg
}

type packetPath struct {
	name  string
	run   func()
	pools bool // it takes memory from a sync.Pool
}

// packetPaths are the ways of a packet through a leg, sockets of telephones included.
func packetPaths(t testing.TB, engine *Engine) []packetPath {
	playing := unpaced(t, engine, PCMU)
	playing.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	due := time.Now()
	paths := []packetPath{{name: "playback", run: func() {
		due = due.Add(FrameDuration)
		playing.frame(due)
	}}}
	for _, to := range DefaultCodecs() {
		a, b := unpaced(t, engine, PCMU), unpaced(t, engine, to)
		Join(a, b)
		from := a.in.latch.expected
		p := packet{ssrc: 1}
		raw := make([]byte, headerSize+FrameSamples)
		now := time.Now()
		paths = append(paths, packetPath{name: "PCMU passed on as " + to.String(), run: func() {
			p.sequence++
			p.timestamp += FrameSamples
			p.putHeader(raw)
			now = now.Add(FrameDuration)
			a.receive(raw, from, now)
		}})
	}
	for _, suite := range Suites() {
		paths = append(paths, securePaths(t, engine, suite)...)
	}
	return append(paths, browserPaths(t, engine)...)
}

func securePaths(t testing.TB, engine *Engine, suite Suite) []packetPath {
	crypto := Crypto{Suite: suite, Key: newKey(suite)}
	playing := unpaced(t, engine, PCMU, crypto)
	playing.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	due := time.Now()
	a, b := unpaced(t, engine, PCMU, crypto), unpaced(t, engine, PCMU, crypto)
	Join(a, b)
	far, err := newSealer(crypto)
	if err != nil {
		t.Fatal(err)
	}
	p := packet{ssrc: 1}
	buffer := make([]byte, headerSize+FrameSamples+maxTagBytes)
	now := time.Now()
	return []packetPath{
		{name: "playback by " + suite.String(), pools: suite != AESGCM128, run: func() {
			due = due.Add(FrameDuration)
			playing.frame(due)
		}},
		{name: "passed on by " + suite.String(), pools: suite != AESGCM128, run: func() { // encrypted thrice: also what the far side does
			p.sequence++
			p.timestamp += FrameSamples
			p.putHeader(buffer)
			raw, err := far.seal(buffer[:headerSize+FrameSamples])
			if err != nil {
				t.Fatal(err)
			}
			now = now.Add(FrameDuration)
			a.receive(raw, a.in.latch.expected, now)
		}},
	}
}

func BenchmarkPacket(b *testing.B) {
	engine := running(b, nil)
	for _, path := range packetPaths(b, engine) {
		b.Run(path.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				path.run()
			}
		})
	}
}

// BenchmarkToBrowser sends to a browser, by its socket.
func BenchmarkToBrowser(b *testing.B) {
	engine := running(b, nil)
	agent := newBrowser(b, webrtc.MimeTypePCMU)
	var told events
	leg, _ := agent.connect(engine, &told)
	leg.place.pacer.remove(leg)
	defer leg.place.pacer.add(leg)
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	due := time.Now()
	b.ReportAllocs()
	for b.Loop() {
		due = due.Add(FrameDuration)
		leg.frame(due)
	}
}

func BenchmarkTranscode(b *testing.B) {
	in, out := make([]byte, FrameSamples), make([]byte, FrameSamples)
	for b.Loop() {
		transcode(out, in, PCMU, PCMA)
	}
}

// The load of BenchmarkPacing.
const (
	pacedLegs    = 400
	pacedSeconds = 4
)

// BenchmarkPacing plays to many legs from the engine, and from what it replaces:
// a goroutine with a ticker for each call. It reports the CPU time of a leg's
// second, how late packets are, and the ratios.
func BenchmarkPacing(b *testing.B) {
	for range b.N {
		oursCPU, oursLate := paceByEngine(b)
		naiveCPU, naiveLate := paceByTickers(b)
		b.ReportMetric(oursCPU, "cpu-ms/leg-s")
		b.ReportMetric(naiveCPU, "naive-cpu-ms/leg-s")
		b.ReportMetric(naiveCPU/oursCPU, "cpu-ratio")
		b.ReportMetric(oursLate.Seconds()*1000, "p99-late-ms")
		b.ReportMetric(naiveLate.Seconds()*1000, "naive-p99-late-ms")
	}
}

func paceByEngine(b *testing.B) (cpu float64, p99 time.Duration) {
	engine := running(b, nil)
	target := sink(b)
	clip := NewClip(signal.Tone(440, 2))
	for range pacedLegs {
		leg, err := engine.OpenRTP(LegOptions{})
		if err != nil {
			b.Fatal(err)
		}
		defer leg.Close()
		if err := leg.Agree(Description{Address: target}, Format{PCMU, 0}); err != nil {
			b.Fatal(err)
		}
		leg.Play(Playback{Clips: []*Clip{clip}, Loop: true})
	}
	sentBefore, lateBefore := engine.Stats().PacketsSent, engine.Stats().Lateness
	cpu = spent(b, func() { pause(pacedSeconds * time.Second) })
	stats := engine.Stats()
	if sent := stats.PacketsSent - sentBefore; sent < pacedLegs*pacedSeconds*45 {
		b.Logf("the machine is too busy to measure: %d packets instead of %d", sent, pacedLegs*pacedSeconds*50)
	}
	var all, sum uint64
	for i := range stats.Lateness {
		stats.Lateness[i].Frames -= lateBefore[i].Frames
		all += stats.Lateness[i].Frames
	}
	for _, class := range stats.Lateness {
		if sum += class.Frames; sum*100 >= all*99 && class.UpTo > 0 {
			return cpu, class.UpTo // the class's upper bound
		}
	}
	return cpu, time.Duration(math.MaxInt64) // above every bound
}

func paceByTickers(b *testing.B) (cpu float64, p99 time.Duration) {
	target := sink(b)
	sound := signal.Tone(440, 2)
	late := make([][]time.Duration, pacedLegs)
	cpu = spent(b, func() {
		var group sync.WaitGroup
		for i := range pacedLegs {
			group.Go(func() { late[i] = paceByTicker(b, target, sound) })
		}
		group.Wait()
	})
	var all []time.Duration
	for _, some := range late {
		all = append(all, some...)
	}
	sort.Slice(all, func(i, j int) bool { return all[i] < all[j] })
	return cpu, all[len(all)*99/100]
}

// paceByTicker is one call of the naive kind: it encodes as it goes.
func paceByTicker(b *testing.B, target netip.AddrPort, sound []int16) (late []time.Duration) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		b.Error(err)
		return nil
	}
	defer conn.Close()
	ticker := time.NewTicker(FrameDuration)
	defer ticker.Stop()
	start := time.Now()
	for n := range pacedSeconds * 50 {
		<-ticker.C
		payload := make([]byte, FrameSamples)
		PCMU.Encode(payload, sound[n%100*FrameSamples:][:FrameSamples])
		p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: uint16(n), Timestamp: uint32(n * FrameSamples)}, Payload: payload}
		raw, err := p.Marshal()
		if err != nil {
			b.Error(err)
		}
		conn.WriteToUDPAddrPort(raw, target)
		late = append(late, time.Since(start)-time.Duration(n+1)*FrameDuration)
	}
	return late
}

// spent gives the CPU time of run, in ms a leg and second.
func spent(b *testing.B, run func()) float64 {
	b.Helper()
	runtime.GC()
	used := func() time.Duration {
		var usage unix.Rusage
		if err := unix.Getrusage(unix.RUSAGE_SELF, &usage); err != nil {
			b.Fatal(err)
		}
		return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
	}
	before := used()
	run()
	return (used() - before).Seconds() * 1000 / pacedLegs / pacedSeconds
}
