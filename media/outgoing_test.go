package media

import (
	"bytes"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// tape is a sender that keeps what goes out.
type tape struct{ heard []heardPacket }

func (s *tape) send(raw []byte) error {
	var p packet
	p.parse(raw)
	p.payload = append([]byte(nil), p.payload...)
	s.heard = append(s.heard, heardPacket{packet: p})
	return nil
}

func (s *tape) aim(netip.AddrPort) bool { return true }

func (s *tape) last() packet { return s.heard[len(s.heard)-1].packet }

// stream is an outgoing stream in a time of its own.
type stream struct {
	outgoing
	tape   *tape
	now    time.Time
	source *Leg

	sequence  uint16 // of the joined leg
	timestamp uint32
	ssrc      uint32
}

func newStream() *stream {
	s := &stream{tape: &tape{}, now: time.Unix(1000, 0), source: &Leg{}, sequence: 65000, timestamp: 4294960000}
	s.outgoing.to = s.tape
	s.outgoing.open, s.outgoing.fill = true, true
	s.outgoing.format = Format{PCMU, 0}
	s.outgoing.digit = 101
	s.outgoing.ssrc = 99
	s.outgoing.sequence, s.outgoing.timestamp = 65530, 4294967000
	return s
}

// tick lets the pacer visit, n times.
func (s *stream) tick(n int) {
	for range n {
		s.now = s.now.Add(FrameDuration)
		s.frame(s.now)
	}
}

// relayed lets the joined leg say one frame, filled with the byte.
func (s *stream) relayed(fill byte) {
	p := packet{sequence: s.sequence, timestamp: s.timestamp, ssrc: s.ssrc, payload: bytes.Repeat([]byte{fill}, FrameSamples)}
	s.sequence++
	s.timestamp += FrameSamples
	s.forward(s.source, &p, PCMU, false, s.now)
}

// talk lets n frames of the joined leg come at their pace.
func (s *stream) talk(n int) {
	for range n {
		s.tick(1)
		s.relayed(1)
	}
}

func TestOneStreamWhateverFeedsIt(t *testing.T) {
	s := newStream()
	clip := NewClip(make([]int16, 5*FrameSamples))
	s.tick(3)
	s.playing.start(Playback{Clips: []*Clip{clip}})
	s.tick(8)
	s.join(s.source)
	s.talk(10)
	digit, _ := ParseDigit('5')
	s.digits.Send(digit, 100*time.Millisecond)
	s.talk(12)
	s.playing.start(Playback{Clips: []*Clip{clip}, Loop: true})
	s.talk(20)
	s.playing.stop()
	s.talk(5)
	s.join(nil)
	s.tick(5)
	checkOneStream(t, s.tape.heard)
	// The clock of the stream keeps to that of the wall: at most a frame off.
	frames := int32(s.now.Sub(time.Unix(1000, 0)) / FrameDuration)
	if off := int32(s.tape.last().timestamp-4294967000)/FrameSamples - frames; off < -3 || off > 1 {
		t.Errorf("the stream's clock is %d frames off the wall's", off)
	}
	markers := 0
	for _, heard := range s.tape.heard {
		if heard.marker && heard.payloadType == 0 {
			markers++
		}
	}
	// Beginning, playback, relay, playback, relay.
	if markers != 5 {
		t.Errorf("%d talkspurts are marked, want 5", markers)
	}
}

func TestHeldLegHearsNothingOfTheOther(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(3)
	s.join(nil)
	before := len(s.tape.heard)
	s.relayed(1)
	if len(s.tape.heard) != before {
		t.Error("a packet goes out after parting")
	}
}

func TestDigitOfTheOtherLegIsNoLoss(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(3)
	before := s.tape.last()
	const packets = 3 // of a short digit
	for range packets {
		s.tick(1)
		s.sequence++
		s.timestamp += FrameSamples
		s.omit(s.source)
	}
	s.talk(3)
	checkOneStream(t, s.tape.heard)
	after := s.tape.heard[len(s.tape.heard)-3]
	if step := after.timestamp - before.timestamp; step != (packets+1)*FrameSamples || !after.marker || s.late != 0 {
		t.Errorf("after the digit: %d frames on, marker %v, %d dropped", step/FrameSamples, after.marker, s.late)
	}
}

// Senders choose how much sound a packet holds (ptime): 10 to 120 ms are seen.
func TestTimestampsFollowTheLengthOfPackets(t *testing.T) {
	for _, frames := range []int{1, 2, 3, 4, 6} {
		s := newStream()
		s.join(s.source)
		for range 20 {
			p := packet{sequence: s.sequence, timestamp: s.timestamp, ssrc: s.ssrc, payload: make([]byte, frames*FrameSamples)}
			s.sequence++
			s.timestamp += uint32(len(p.payload))
			s.forward(s.source, &p, PCMU, false, s.now)
			s.tick(frames)
		}
		if len(s.tape.heard) != 20 || s.late != 0 {
			t.Errorf("%d frames a packet: %d packets go out, %d are late", frames, len(s.tape.heard), s.late)
		}
		last := s.tape.last()
		s.playing.start(Playback{Clips: []*Clip{NewClip(make([]int16, FrameSamples))}})
		s.tick(1)
		if step := s.tape.last().timestamp - last.timestamp; step != uint32(frames*FrameSamples) {
			t.Errorf("%d frames a packet: the next sound is %d samples on", frames, step)
		}
	}
}

func TestTimestampsCountTheHoursOfHold(t *testing.T) {
	s := newStream()
	s.tick(1)
	first := s.tape.last()
	s.now = s.now.Add(5 * time.Hour)
	s.tick(1)
	if step := s.tape.last().timestamp - first.timestamp; step != 5*3600*SampleRate+FrameSamples || !s.tape.last().marker {
		t.Errorf("after five hours: %d samples on", step)
	}
}

func TestDigitCutByHoldIsOver(t *testing.T) {
	s := newStream()
	digit, _ := ParseDigit('1')
	s.digits.Send(digit, time.Second)
	s.tick(5)
	s.open = false
	s.tick(500)
	s.open = true
	s.tick(1)
	if s.tape.last().payloadType != 0 || s.digitsLost != 1 {
		t.Errorf("payload type %d after hold, %d digits lost", s.tape.last().payloadType, s.digitsLost)
	}
}

func TestLossAndDisorderStayAsTheyAre(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(3)
	start := s.tape.last()
	from := packet{sequence: s.sequence, timestamp: s.timestamp, ssrc: s.ssrc, payload: make([]byte, FrameSamples)}
	for _, frame := range []uint16{2, 0, 3, 1, 9} { // 4 to 8 are lost
		p := from
		p.sequence += frame
		p.timestamp += uint32(frame) * FrameSamples
		s.forward(s.source, &p, PCMU, false, s.now)
		got := s.tape.last()
		if got.sequence != start.sequence+1+frame || got.timestamp != start.timestamp+uint32(1+frame)*FrameSamples {
			t.Errorf("frame %d goes out as sequence %+d", frame, int16(got.sequence-start.sequence))
		}
	}
}

// Sequence numbers wrap after 22 minutes of talk, and compare wrongly after half of that.
func TestALongTalkHasNoGap(t *testing.T) {
	s := newStream()
	s.join(s.source)
	const minutes = 25
	for range minutes {
		s.talk(60 * framesPerSecond)
		s.tape.heard = s.tape.heard[:0]
	}
	if s.late != 0 || s.sent < minutes*60*framesPerSecond {
		t.Errorf("%d packets were dropped, %d passed on", s.late, s.sent)
	}
}

func TestDelayedBurstDoesNotAddDelay(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(10)
	before := s.tape.last()
	const gap = 25 // 500 ms: silence goes instead
	s.tick(gap)
	for range gap {
		s.relayed(2)
	}
	if s.late == 0 {
		t.Error("nothing of the burst is dropped")
	}
	s.talk(10)
	got := s.tape.last()
	if want := before.timestamp + (gap+10)*FrameSamples; got.timestamp != want {
		t.Errorf("the stream is %d samples ahead", int32(got.timestamp-want))
	}
	checkOneStream(t, s.tape.heard)
}

func TestSourceWhoseClockStoodStillIsHeardAgain(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(10)
	s.tick(25) // its timestamps don't go on in that time
	s.talk(30)
	if s.kind != fromRelay || s.late > 15 {
		t.Errorf("kind %d, %d packets dropped as late", s.kind, s.late)
	}
	checkOneStream(t, s.tape.heard)
}

func TestNewSourceIsMappedOntoTheStream(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(5)
	s.sequence, s.timestamp = 12, 5_000_000
	s.talk(5)
	checkOneStream(t, s.tape.heard)
	if s.late != 0 {
		t.Errorf("%d packets were dropped", s.late)
	}
}

func TestSourceWithTheSameNumbersButAnotherSSRCIsHeardAtOnce(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(5)
	s.sequence -= 4
	s.timestamp -= 4 * FrameSamples
	s.ssrc++
	s.talk(5)
	checkOneStream(t, s.tape.heard)
	if s.late != 0 {
		t.Errorf("%d packets were dropped", s.late)
	}
}

func TestNothingIsLostAfterHoldThoughClocksDiffer(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(5)
	s.playing.start(Playback{Clips: []*Clip{NewClip(make([]int16, FrameSamples))}, Loop: true})
	s.talk(20)
	s.tick(3) // the source's clock is three frames behind by now
	s.playing.stop()
	s.relayed(1)
	if s.late != 0 || s.kind != fromRelay {
		t.Errorf("%d packets were dropped", s.late)
	}
	checkOneStream(t, s.tape.heard)
}

func TestSilenceGoesWhenTheJoinedLegIsSilent(t *testing.T) {
	s := newStream()
	s.join(s.source)
	s.talk(5)
	before := len(s.tape.heard)
	s.tick(10)
	if got := len(s.tape.heard) - before; got < 4 || got > 6 {
		t.Errorf("%d frames of silence in 200 ms, want 5", got)
	}
	if s.tape.last().payload[0] != PCMU.Silence() {
		t.Error("the fill isn't silence")
	}
}

func TestIdleBrowserIsSentNothing(t *testing.T) {
	s := newStream()
	s.fill = false
	s.tick(50)
	if len(s.tape.heard) != 0 {
		t.Errorf("%d packets", len(s.tape.heard))
	}
	s.playing.start(Playback{Clips: []*Clip{NewClip(make([]int16, 800))}})
	s.tick(5)
	first := s.tape.heard[0]
	s.tick(50)
	s.playing.start(Playback{Clips: []*Clip{NewClip(make([]int16, 800))}})
	s.tick(1)
	// 5 frames, 50 of pause.
	if step := s.tape.last().timestamp - first.timestamp; step != 55*FrameSamples || !s.tape.last().marker {
		t.Errorf("after the pause: %d frames on, marker %v", step/FrameSamples, s.tape.last().marker)
	}
}

func TestFarSideOnHoldIsSentNothingWhilePlaybackGoesOn(t *testing.T) {
	s := newStream()
	s.open = false
	s.playing.start(Playback{ID: 3, Clips: []*Clip{NewClip(make([]int16, 2*FrameSamples))}})
	digit, _ := ParseDigit('1')
	s.digits.Send(digit, 0)
	finished := false
	for range 5 {
		if id, ok := s.frame(s.now); ok && id == 3 {
			finished = true
		}
	}
	if !finished || len(s.tape.heard) != 0 {
		t.Errorf("finished %v, %d packets", finished, len(s.tape.heard))
	}
	s.open = true
	s.tick(5)
	if s.digitsLost != 1 || s.tape.last().payloadType != 0 {
		t.Error("a digit of before comes late")
	}
}

func TestPlaybackFromAndLoop(t *testing.T) {
	mark := func(level int16) *Clip {
		samples := make([]int16, 2*FrameSamples)
		for i := range samples {
			samples[i] = level
		}
		return NewClip(samples)
	}
	clips := []*Clip{mark(1000), NewClip(nil), mark(2000), mark(4000)}
	for _, test := range []struct {
		name     string
		playback Playback
		want     []int16 // rounded to thousands, per frame
		ends     bool
	}{
		{"all", Playback{Clips: clips}, []int16{1, 1, 2, 2, 4, 4}, true},
		{"from within", Playback{Clips: clips, From: 60 * time.Millisecond}, []int16{2, 4, 4}, true},
		{"from beyond", Playback{Clips: clips, From: time.Minute}, nil, true},
		{"loop from beyond", Playback{Clips: clips, Loop: true, From: 160 * time.Millisecond}, []int16{2, 2, 4, 4, 1, 1, 2}, false},
		{"nothing", Playback{}, nil, true},
		{"loop of nothing", Playback{Clips: []*Clip{NewClip(nil)}, Loop: true}, nil, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			var p player
			p.start(test.playback)
			for i, want := range test.want {
				frame, playing, _, _ := p.next(PCMA)
				if !playing {
					t.Fatalf("ends at frame %d", i)
				}
				decoded := make([]int16, 1)
				PCMA.Decode(decoded, frame[:1])
				if got := (decoded[0] + 500) / 1000; got != want {
					t.Errorf("frame %d is %d, want %d", i, got, want)
				}
			}
			if _, _, _, ended := p.next(PCMA); ended != test.ends {
				t.Errorf("ended %v, want %v", ended, test.ends)
			}
		})
	}
}

// Whatever a source does with its numbers, and whatever plays between, the
// outgoing stream stays one whose sound never goes back in time.
func TestStreamStaysSaneForAnySource(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newStream()
		s.join(s.source)
		clip := NewClip(make([]int16, 3*FrameSamples))
		seen := make(map[uint16]bool)
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			switch rapid.IntRange(0, 7).Draw(t, "step") {
			case 0:
				s.sequence = rapid.Uint16().Draw(t, "sequence")
			case 1:
				s.timestamp = rapid.Uint32().Draw(t, "timestamp")
			case 2:
				s.playing.start(Playback{Clips: []*Clip{clip}})
			case 3:
				s.tick(rapid.IntRange(1, 30).Draw(t, "quiet"))
			case 4:
				digit, _ := DigitFromEvent(3)
				s.digits.Send(digit, 0)
			default:
				s.talk(rapid.IntRange(1, 5).Draw(t, "frames"))
			}
		}
		last := s.tape.heard
		for i, heard := range s.tape.heard {
			if seen[heard.sequence] {
				t.Fatalf("packet %d: sequence %d is used twice", i, heard.sequence)
			}
			seen[heard.sequence] = true
			if i > 0 && int16(heard.sequence-last[0].sequence) < 0 {
				continue // passed on in the disorder in which it came
			}
			if step := int32(heard.timestamp - last[0].timestamp); i > 0 && (step < -2*FrameSamples || step > 3*SampleRate) {
				t.Fatalf("packet %d: timestamp steps by %d", i, step)
			}
			last = s.tape.heard[i:]
		}
	})
}
