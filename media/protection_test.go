package media

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"

	"careline/media/signal"
)

// secure lets a phone speak SRTP with a leg: under a new key of its own, and
// reading what the leg sends under the leg's.
func (p *phone) secure(leg *Leg, suite Suite) {
	p.t.Helper()
	p.rekey(suite)
	p.listen(leg, suite)
	p.to = leg.LocalAddress()
	if err := leg.Agree(p.secureDescription(), p.format()); err != nil {
		p.t.Fatal(err)
	}
}

func (p *phone) secureDescription() Description {
	description := p.description()
	description.Crypto = []Crypto{p.crypto}
	return description
}

// rekey takes a new key, and with it a roll-over counter of 0.
func (p *phone) rekey(suite Suite) {
	p.t.Helper()
	p.crypto = Crypto{Tag: 7, Suite: suite, Key: newKey(suite)}
	context := contextOf(p.t, p.crypto)
	p.seal = func(raw []byte) []byte {
		sealed, err := context.EncryptRTP(nil, raw, nil)
		if err != nil {
			p.t.Error(err)
		}
		return sealed
	}
}

// listen begins anew to read what the leg sends.
func (p *phone) listen(leg *Leg, suite Suite) {
	p.t.Helper()
	context := contextOf(p.t, leg.own(p.t, suite), srtp.SRTPReplayProtection(64))
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open = func(raw []byte) []byte {
		plain, err := context.DecryptRTP(nil, raw, nil)
		if err != nil {
			return nil
		}
		return plain
	}
}

func (l *Leg) own(t testing.TB, suite Suite) Crypto {
	t.Helper()
	for _, crypto := range l.Local().Crypto {
		if crypto.Suite == suite {
			return crypto
		}
	}
	t.Fatalf("the leg has no key for %s", suite)
	return Crypto{}
}

func contextOf(t testing.TB, c Crypto, options ...srtp.ContextOption) *srtp.Context {
	t.Helper()
	context, err := srtp.CreateContext(c.Key.master(), c.Key.salt(), c.Suite.profile(), options...)
	if err != nil {
		t.Fatal(err)
	}
	return context
}

func (p *phone) unheard() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.deaf
}

// openSecure opens a leg that is agreed with a new phone.
func openSecure(t testing.TB, engine *Engine, suite Suite, notify func(Event)) (*phone, *Leg) {
	t.Helper()
	caller := newPhone(t, PCMU)
	leg, err := engine.OpenRTP(LegOptions{ID: "secure", Notify: notify})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leg.Close)
	return caller, leg
}

// Playback, the joined leg and digits are one stream to a far side that decrypts,
// across the roll-over of sequence numbers, and its own sound and digits get in.
func TestEncryptedCallIsOneStreamAcrossTheRollOver(t *testing.T) {
	engine := running(t, nil)
	for _, suite := range Suites() {
		t.Run(suite.String(), func(t *testing.T) {
			var told events
			caller, leg := openSecure(t, engine, suite, told.notify)
			leg.out.sequence = 65530
			caller.secure(leg, suite)
			agent := newPhone(t, PCMU)
			other := agent.call(engine, nil)
			leg.Play(Playback{ID: 1, Clips: []*Clip{NewClip(signal.Tone(440, 1)[:10*FrameSamples])}})
			eventually(t, "the playback's end", func() bool { return told.count(EventPlayed) == 1 })
			Join(leg, other)
			caller.say(signal.Tone(620, 1)[:15*FrameSamples]) // its numbers begin at 65530, too
			digit, _ := ParseDigit('5')
			leg.SendDigit(digit, MinDigit)
			caller.press('7')
			agent.say(signal.Tone(880, 1)[:15*FrameSamples])
			eventually(t, "15 frames at the agent's", func() bool { return len(agent.packets()) > 15 })
			eventually(t, "a digit", func() bool { return told.keys() == "7" })
			heard := caller.packets()
			checkOneStream(t, heard)
			if caller.unheard() != 0 {
				t.Errorf("the caller can't decrypt %d packets", caller.unheard())
			}
			if heard[0].sequence < 65530 || heard[len(heard)-1].sequence > 30000 {
				t.Errorf("numbers from %d to %d: no roll-over", heard[0].sequence, heard[len(heard)-1].sequence)
			}
			for _, hz := range []float64{440, 880} {
				if level := signal.Goertzel(sound(heard), hz); level < 0.01 {
					t.Errorf("the caller hears %.4f of %v Hz", level, hz)
				}
			}
			if level := signal.Goertzel(sound(agent.packets()), 620); level < 0.01 {
				t.Errorf("the agent hears %.4f of the caller", level)
			}
			if stats := leg.Stats(); stats.Unauthentic != 0 || stats.Malformed != 0 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

func TestPacketsThatTheKeyDoesNotVouchForAreDropped(t *testing.T) {
	engine := running(t, nil)
	for _, suite := range Suites() {
		t.Run(suite.String(), func(t *testing.T) {
			var told events
			caller, leg := openSecure(t, engine, suite, told.notify)
			caller.secure(leg, suite)
			caller.say(make([]int16, 3*FrameSamples))
			eventually(t, "the caller", func() bool { return leg.Stats().PacketsReceived == 3 })

			genuine := caller.seal
			var last []byte
			for _, forgery := range []func([]byte) []byte{
				func(raw []byte) []byte { return raw },                                              // plain RTP
				func(raw []byte) []byte { raw = genuine(raw); raw[headerSize] ^= 1; return raw },    // another payload
				func(raw []byte) []byte { raw = genuine(raw); raw[len(raw)-1] ^= 1; return raw },    // another tag
				func(raw []byte) []byte { raw = genuine(raw); raw[5] ^= 1; return raw },             // another header
				func(raw []byte) []byte { raw = genuine(raw); return raw[:len(raw)-1] },             // cut
				func(raw []byte) []byte { return append(genuine(raw), 0) },                          // stretched
				func(raw []byte) []byte { return raw[:headerSize] },                                 // nothing but a header
				func([]byte) []byte { return []byte{0x80, 200, 0, 1, 1, 2, 3, 4, 0, 0, 0, 0} },      // RTCP in the clear
				func([]byte) []byte { return append([]byte{0x80, 201, 0, 1}, make([]byte, 30)...) }, // RTCP without a tag
			} {
				caller.seal = forgery
				caller.put(0, false, caller.timestamp, make([]byte, FrameSamples))
				caller.timestamp += FrameSamples
			}
			caller.seal = func(raw []byte) []byte { last = genuine(raw); return last }
			caller.put(0, false, caller.timestamp, make([]byte, FrameSamples))
			caller.seal = func([]byte) []byte { return last } // once more
			caller.put(0, false, caller.timestamp, make([]byte, FrameSamples))
			caller.sequence--
			caller.seal = genuine
			caller.press('5')
			eventually(t, "10 packets without proof", func() bool { return leg.Stats().Unauthentic == 10 })
			eventually(t, "the genuine ones", func() bool { return told.keys() == "5" })
			if stats := leg.Stats(); stats.Malformed != 0 || stats.Ignored != 0 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// Reports of the far side are signs of life, if they are its own.
func TestEncryptedReportIsASignOfLife(t *testing.T) {
	engine := running(t, nil)
	for _, suite := range Suites() {
		caller, leg := openSecure(t, engine, suite, nil)
		caller.secure(leg, suite)
		leg.in.mu.Lock()
		before := leg.in.quietSince
		leg.in.mu.Unlock()
		report := binary.BigEndian.AppendUint32([]byte{0x80, 201, 0, 1}, 77)
		sealed, err := contextOf(t, caller.crypto).EncryptRTCP(nil, report, nil)
		if err != nil {
			t.Fatal(err)
		}
		caller.seal = func([]byte) []byte { return sealed }
		caller.put(0, false, 0, nil)
		eventually(t, "a sign of life", func() bool {
			leg.in.mu.Lock()
			defer leg.in.mu.Unlock()
			return leg.in.quietSince.After(before)
		})
		caller.put(0, false, 0, nil) // the same one again
		eventually(t, "a repetition", func() bool { return leg.Stats().Unauthentic == 1 })
	}
}

// A stranger who knows all but the key isn't learned, however many packets come;
// the far side is, from where its SDP didn't say.
func TestOnlyTheKeyTeachesTheLatch(t *testing.T) {
	engine := running(t, nil)
	caller, leg := openSecure(t, engine, AESCM128SHA80, nil)
	stranger := newPhone(t, PCMU)
	stranger.rekey(AESCM128SHA80)
	stranger.to = leg.LocalAddress()
	caller.rekey(AESCM128SHA80)
	caller.listen(leg, AESCM128SHA80)
	caller.to = leg.LocalAddress()
	behindNAT := caller.secureDescription()
	behindNAT.Address = netip.AddrPortFrom(loopback, 9)
	if err := leg.Agree(behindNAT, caller.format()); err != nil {
		t.Fatal(err)
	}
	for range 2 * learnPackets {
		stranger.put(0, false, stranger.timestamp, make([]byte, FrameSamples))
		stranger.timestamp += FrameSamples
	}
	eventually(t, "the stranger's packets", func() bool { return leg.Stats().Unauthentic == 2*learnPackets })
	caller.say(make([]int16, 10*FrameSamples))
	eventually(t, "sound at the caller's", func() bool { return len(caller.packets()) > 10 })
	stranger.put(0, false, stranger.timestamp, make([]byte, FrameSamples))
	eventually(t, "a stranger who costs nothing any more", func() bool { return leg.Stats().Ignored > learnPackets-1 })
	if stats := leg.Stats(); stats.Remote != caller.address().String() || stats.Unauthentic != 2*learnPackets || len(stranger.packets()) > 0 {
		t.Errorf("%+v; the stranger hears %d packets", stats, len(stranger.packets()))
	}
}

func TestNewKeysOfTheFarSide(t *testing.T) {
	engine := running(t, nil)
	for _, suite := range Suites() {
		t.Run(suite.String(), func(t *testing.T) {
			caller, leg := openSecure(t, engine, suite, nil)
			caller.secure(leg, suite)
			caller.say(make([]int16, 20*FrameSamples)) // past its own roll-over
			old, oldSSRC := caller.seal, leg.out.ssrc

			// A refresh with the same keys changes nothing.
			if err := leg.Agree(caller.secureDescription(), caller.format()); err != nil {
				t.Fatal(err)
			}
			caller.say(make([]int16, 5*FrameSamples))
			eventually(t, "25 frames", func() bool { return leg.Stats().PacketsReceived == 25 })

			// New keys: what is still under way under the old ones counts, until the new
			// ones prove themselves.
			caller.rekey(suite)
			renewed := caller.seal
			if err := leg.Agree(caller.secureDescription(), caller.format()); err != nil {
				t.Fatal(err)
			}
			caller.seal = old
			caller.say(make([]int16, 2*FrameSamples))
			caller.seal = renewed
			caller.say(make([]int16, 5*FrameSamples))
			eventually(t, "32 frames", func() bool { return leg.Stats().PacketsReceived == 32 })
			caller.seal = old
			caller.say(make([]int16, FrameSamples))
			eventually(t, "the old key is worth nothing", func() bool { return leg.Stats().Unauthentic == 1 })
			heard := caller.packets()
			checkOneStream(t, heard)
			if heard[len(heard)-1].ssrc != oldSSRC || caller.unheard() != 0 {
				t.Errorf("%d packets unheard", caller.unheard())
			}
		})
	}
}

// RFC 3711 lets the roll-over counter go on under new keys, RFC 4568 lets it begin
// anew: far sides do either.
func TestRollOverCounterGoesOnUnderNewKeys(t *testing.T) {
	engine := running(t, nil)
	for _, suite := range Suites() {
		caller, leg := openSecure(t, engine, suite, nil)
		caller.secure(leg, suite)
		caller.say(make([]int16, 10*FrameSamples)) // begins at 65530
		caller.crypto.Key = newKey(suite)
		going := contextOf(t, caller.crypto)
		going.SetROC(caller.ssrc, 1)
		caller.seal = func(raw []byte) []byte {
			sealed, err := going.EncryptRTP(nil, raw, nil)
			if err != nil {
				t.Error(err)
			}
			return sealed
		}
		if err := leg.Agree(caller.secureDescription(), caller.format()); err != nil {
			t.Fatal(err)
		}
		caller.say(make([]int16, 10*FrameSamples))
		eventually(t, suite.String()+": 20 frames", func() bool { return leg.Stats().PacketsReceived == 20 })
	}
}

// A far side that begins to listen anew can't know how often our numbers have
// rolled over. Under another SSRC, they haven't.
func TestFarSideThatBeginsAnewUnderstandsUsAfterTheRollOver(t *testing.T) {
	engine := running(t, nil)
	caller, leg := openSecure(t, engine, AESCM128SHA80, nil)
	leg.out.sequence = 65530
	caller.secure(leg, AESCM128SHA80)
	eventually(t, "our roll-over", func() bool { return len(caller.packets()) > 10 })
	caller.rekey(AESCM128SHA80)
	caller.mu.Lock()
	caller.open = func([]byte) []byte { return nil }
	caller.heard = nil
	caller.mu.Unlock()
	if err := leg.Agree(caller.secureDescription(), caller.format()); err != nil {
		t.Fatal(err)
	}
	caller.listen(leg, AESCM128SHA80)
	eventually(t, "sound", func() bool { return len(caller.packets()) > 5 })

	// Plain for a while, and back.
	caller.mu.Lock()
	caller.open, caller.heard = nil, nil
	caller.mu.Unlock()
	if err := leg.Agree(caller.description(), caller.format()); err != nil {
		t.Fatal(err)
	}
	eventually(t, "plain sound", func() bool {
		heard := caller.packets()
		return len(heard) > 10 && len(heard[len(heard)-1].payload) == FrameSamples
	})
	caller.mu.Lock()
	caller.open, caller.heard = func([]byte) []byte { return nil }, nil
	caller.mu.Unlock()
	caller.secure(leg, AESCM128SHA80)
	eventually(t, "sound again", func() bool { return len(caller.packets()) > 5 })
}

func TestFarSideWithEndlessSourcesIsBounded(t *testing.T) {
	engine := running(t, nil)
	caller, leg := openSecure(t, engine, AESCM128SHA80, nil)
	caller.secure(leg, AESCM128SHA80)
	for ssrc := range uint32(2 * maxSources) {
		caller.ssrc = ssrc
		caller.put(0, false, 0, make([]byte, FrameSamples))
	}
	eventually(t, "half of them refused", func() bool {
		stats := leg.Stats()
		return stats.PacketsReceived == maxSources && stats.Unauthentic == maxSources
	})
}

func TestAgreeRefusesKeysThatAreNone(t *testing.T) {
	engine := running(t, nil)
	caller, leg := openSecure(t, engine, AESCM128SHA80, nil)
	for _, crypto := range []Crypto{{}, {Suite: AESCM128SHA80}, {Suite: 9, Key: newKey(AESGCM128)}, {Suite: AESCM128SHA80, Key: newKey(AESGCM128)}} {
		remote := caller.description()
		remote.Crypto = []Crypto{crypto}
		if leg.Agree(remote, caller.format()) == nil {
			t.Errorf("agreed with %+v", crypto)
		}
	}
}

// FuzzReceiveEncrypted feeds an encrypted leg datagrams that nobody with its key
// has made.
func FuzzReceiveEncrypted(f *testing.F) {
	crypto := Crypto{Suite: AESCM128SHA80, Key: Key{size: 30}}
	f.Add(byte(1), []byte{0x80, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11})
	f.Add(byte(2), []byte{0x9F, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 0xBE, 0xDE, 0, 1, 1, 2, 3, 4, 5})
	f.Add(byte(3), []byte{0x80, 200, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13})
	f.Add(byte(1), []byte("0")) // as DTLS begins (RFC 7983), which this leg doesn't speak
	header, _ := (&rtp.Header{Version: 2, Extension: true, ExtensionProfile: 0xC0DE}).Marshal()
	f.Add(byte(1), append(header, make([]byte, 40)...))
	from := netip.MustParseAddrPort("192.0.2.1:4000")
	f.Fuzz(func(t *testing.T, which byte, raw []byte) {
		now := time.Unix(1000, 0)
		crypto := crypto
		crypto.Suite = Suites()[int(which)%len(Suites())]
		crypto.Key.size = uint8(crypto.Suite.keyBytes())
		opener, err := newOpener(crypto)
		if err != nil {
			t.Fatal(err)
		}
		leg := &Leg{engine: &Engine{}}
		leg.in.types, leg.in.latch = payloadTypesFor(Format{PCMU, 0}, 101), &latch{}
		leg.in.secure = &decryption{current: opener}
		leg.in.latch.reopen(from, true, now)
		leg.receive(raw, from, now)
		handshake := uint64(0)
		if len(raw) > 0 && raw[0] >= 20 && raw[0] <= 63 {
			handshake = 1
		}
		if stats := leg.Stats(); stats.PacketsReceived != 0 || stats.Ignored != handshake || stats.Unauthentic+stats.Malformed+stats.Ignored != 1 {
			t.Errorf("%x is counted as %+v", raw, stats)
		}
	})
}
