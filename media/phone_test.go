package media

import (
	"context"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"careline/media/resample"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var loopback = netip.MustParseAddr("127.0.0.1")

// running starts an engine that ends with the test.
func running(t testing.TB, change func(*Options)) *Engine {
	t.Helper()
	options := Options{Address: loopback, WebRTC: netip.AddrPortFrom(loopback, 0)}
	if change != nil {
		change(&options)
	}
	engine, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	engine.webrtc.limits = browserLimits{time.Second, 2 * time.Second, 2 * time.Second}
	if err := engine.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- engine.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		select {
		case err := <-ended:
			if err != nil {
				t.Errorf("engine ended with %v", err)
			}
		case <-time.After(10 * time.Second):
			t.Error("engine doesn't end")
		}
	})
	return engine
}

// heardPacket is what a phone received.
type heardPacket struct {
	packet
	at time.Time
}

// phone is a far side: it records what it hears, and says what it is told to.
type phone struct {
	t     testing.TB
	conn  *net.UDPConn
	to    netip.AddrPort
	codec Codec

	mu     sync.Mutex
	heard  []heardPacket
	open   func(raw []byte) []byte // decrypts what comes, nil if it isn't authentic
	deaf   int                     // packets that weren't
	seal   func(raw []byte) []byte // encrypts what goes
	crypto Crypto                  // that seal uses

	sequence  uint16
	timestamp uint32
	ssrc      uint32
}

func newPhone(t testing.TB, codec Codec) *phone {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		t.Fatal(err)
	}
	p := &phone{t: t, conn: conn, codec: codec, sequence: 65530, timestamp: 4294967000, ssrc: 0x1234}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, 2000)
		for {
			n, _, err := conn.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			p.hear(buffer[:n])
		}
	}()
	t.Cleanup(func() { conn.Close(); <-done })
	return p
}

func (p *phone) hear(raw []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.open != nil {
		if raw = p.open(raw); raw == nil {
			p.deaf++
			return
		}
	}
	var got packet
	if got.parse(raw) == isRTP {
		got.payload = append([]byte(nil), got.payload...)
		p.heard = append(p.heard, heardPacket{got, time.Now()})
	}
}

func (p *phone) address() netip.AddrPort { return p.conn.LocalAddr().(*net.UDPAddr).AddrPort() }

func (p *phone) format() Format { return Format{p.codec, p.codec.PayloadType()} }

func (p *phone) description() Description {
	return Description{Address: p.address(), Formats: []Format{p.format()}, DigitPayloadType: 101, ReportsMuxed: true}
}

// call opens a leg that is agreed with the phone.
func (p *phone) call(engine *Engine, notify func(Event)) *Leg {
	p.t.Helper()
	leg, err := engine.OpenRTP(LegOptions{ID: "test", Notify: notify})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(leg.Close)
	if err := leg.Agree(p.description(), p.format()); err != nil {
		p.t.Fatal(err)
	}
	p.to = leg.LocalAddress()
	return leg
}

// put sends one packet.
func (p *phone) put(payloadType uint8, marker bool, timestamp uint32, payload []byte) {
	out := packet{marker: marker, payloadType: payloadType, sequence: p.sequence, timestamp: timestamp, ssrc: p.ssrc}
	raw := make([]byte, headerSize+len(payload))
	out.putHeader(raw)
	copy(raw[headerSize:], payload)
	p.sequence++
	if p.seal != nil {
		raw = p.seal(raw)
	}
	if _, err := p.conn.WriteToUDPAddrPort(raw, p.to); err != nil {
		p.t.Error(err)
	}
}

// say sends samples at their pace and returns when they are out.
func (p *phone) say(samples []int16) {
	ticker := time.NewTicker(FrameDuration)
	defer ticker.Stop()
	mouth := newMouth(p.t, p.codec)
	for ; len(samples) >= FrameSamples; samples = samples[FrameSamples:] {
		p.put(p.codec.PayloadType(), false, p.timestamp, mouth.speak(samples[:FrameSamples]))
		p.timestamp += p.codec.FrameTicks()
		<-ticker.C
	}
}

// mouth encodes sound of 8 kHz in any codec.
type mouth struct {
	t       testing.TB
	codec   Codec
	coder   encoder
	up      resample.Up
	payload [maxPayload]byte
}

func newMouth(t testing.TB, codec Codec) *mouth {
	coder, err := newEncoder(codec)
	if err != nil {
		t.Fatal(err)
	}
	return &mouth{t: t, codec: codec, coder: coder}
}

// speak makes the payload of one frame.
func (m *mouth) speak(samples []int16) []byte {
	if m.codec.SampleRate() != SampleRate {
		wide := make([]int16, 2*len(samples))
		m.up.Frame(wide, samples)
		samples = wide
	}
	n, err := m.coder.encode(m.payload[:], samples)
	if err != nil {
		m.t.Error(err)
	}
	return m.payload[:n]
}

// press sends one digit's packets without waiting.
func (p *phone) press(key byte) {
	digit, _ := ParseDigit(key)
	var sender DigitSender
	sender.Send(digit, 60*time.Millisecond)
	for {
		frame, ok := sender.Next(p.timestamp)
		if !ok {
			break
		}
		p.put(101, frame.Marker, frame.Timestamp, frame.Payload[:])
	}
	p.timestamp += 8 * p.codec.FrameTicks()
}

// packets returns what was heard so far.
func (p *phone) packets() []heardPacket {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]heardPacket(nil), p.heard...)
}

// sound decodes the sound in packets, in the order of arrival, to 8 kHz. Codecs are
// known by our own payload types.
func sound(packets []heardPacket) []int16 {
	var samples []int16
	var decoders [codecCount]decoder
	var down resample.Down
	for _, heard := range packets {
		codec := CodecNone
		for _, one := range Codecs() {
			if one.PayloadType() == heard.payloadType {
				codec = one
			}
		}
		if codec == CodecNone {
			continue
		}
		if decoders[codec] == nil {
			decoders[codec], _ = newDecoder(codec)
		}
		var decoded [maxSamples]int16
		n, err := decoders[codec].decode(decoded[:], heard.payload)
		if err != nil {
			continue // it isn't heard, then
		}
		if codec.SampleRate() != SampleRate {
			n /= 2
			wide := decoded
			down.Frame(decoded[:n], wide[:2*n])
		}
		samples = append(samples, decoded[:n]...)
	}
	return samples
}

// eventually waits until the condition holds.
func eventually(t testing.TB, what string, condition func() bool) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for !condition() {
		if time.Now().After(deadline) {
			t.Fatalf("never: %s", what)
		}
		pause(5 * time.Millisecond)
	}
}

// pause lets so much real time pass.
func pause(d time.Duration) { <-time.After(d) }

// events collects what a leg tells.
type events struct {
	mu   sync.Mutex
	seen []Event
}

func (e *events) notify(event Event) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.seen = append(e.seen, event)
}

func (e *events) count(kind EventKind) int {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := 0
	for _, event := range e.seen {
		if event.Kind == kind {
			n++
		}
	}
	return n
}

func (e *events) keys() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	var keys []byte
	for _, event := range e.seen {
		if event.Kind == EventDigit {
			keys = append(keys, event.Digit.Key())
		}
	}
	return string(keys)
}

// checkOneStream fails unless the packets are one continuous RTP stream: one
// SSRC, no sequence number missing, sound's timestamps ascending.
func checkOneStream(t testing.TB, packets []heardPacket) {
	t.Helper()
	for i := 1; i < len(packets); i++ {
		last, next := packets[i-1], packets[i]
		if next.ssrc != last.ssrc {
			t.Errorf("packet %d: SSRC changes", i)
		}
		if next.sequence != last.sequence+1 {
			t.Errorf("packet %d: sequence %d after %d", i, next.sequence, last.sequence)
		}
		if step := int32(next.timestamp - last.timestamp); step < 0 || step > 10*SampleRate {
			t.Errorf("packet %d: timestamp steps by %d", i, step)
		}
	}
}
