package media

import (
	"context"
	"slices"
	"testing"
	"time"

	"careline/media/signal"
)

// speaking is a stream whose far side speaks a codec.
func speaking(codec Codec) *stream {
	s := newStream()
	s.format = Format{codec, codec.PayloadType()}
	return s
}

// prepared is a clip that is held in a codec.
func prepared(samples []int16, codec Codec) *Clip {
	clip := NewClip(samples, codec)
	clip.Prepare(context.Background())
	return clip
}

// said lets the joined leg say one frame of its codec.
func (s *stream) said(codec Codec, payload []byte) {
	p := packet{sequence: s.sequence, timestamp: s.timestamp, ssrc: s.ssrc, payload: payload}
	s.sequence++
	s.timestamp += codec.ticks(payload)
	s.forward(s.source, &p, codec, false, s.now)
}

// Whatever feeds a stream, its timestamps go on by the codec's clock (RFC 3551
// section 4.1): playback, silence, digits, the joined leg, a pause.
func TestTimestampsGoByTheCodecsClock(t *testing.T) {
	for _, codec := range Codecs() {
		s := speaking(codec)
		s.digits.ClockRate = codec.ClockRate()
		s.tick(2)
		s.playing.start(Playback{Clips: []*Clip{prepared(signal.Tone(440, 0.1), codec)}})
		s.tick(5)
		digit, _ := ParseDigit('5')
		s.digits.Send(digit, MinDigit)
		s.tick(8)
		s.join(s.source)
		for range 5 {
			s.said(codec, silence(codec))
			s.tick(1)
		}
		s.fill = false
		s.join(nil)
		s.tick(50) // of pause
		s.fill = true
		s.tick(1)
		digits, first := 0, s.tape.heard[0].timestamp
		for i, heard := range s.tape.heard {
			if heard.payloadType == s.digit {
				digits++
				continue
			}
			if ticks := (heard.timestamp - first) % codec.FrameTicks(); ticks != 0 {
				t.Errorf("%s: packet %d is %d ticks beside a frame", codec, i, ticks)
			}
			if codec.ticks(heard.payload) != codec.FrameTicks() {
				t.Errorf("%s: packet %d isn't a frame of the codec", codec, i)
			}
		}
		last := s.tape.last()
		if frames := (last.timestamp - first) / codec.FrameTicks(); digits != 4 || frames != 2+5+8+5+50 || !last.marker {
			t.Errorf("%s: %d packets of a digit, %d frames, marked %v", codec, digits, frames, last.marker)
		}
	}
}

func TestEqualCodecsArePassedOnAsTheyAre(t *testing.T) {
	for _, codec := range Codecs() {
		s := speaking(codec)
		s.join(s.source)
		mouth := newMouth(t, codec)
		for _, frame := range [][]int16{signal.Tone(400, 0.02), signal.Tone(700, 0.02)} {
			payload := slices.Clone(mouth.speak(frame))
			s.said(codec, payload)
			if got := s.tape.last(); string(got.payload) != string(payload) || got.payloadType != codec.PayloadType() {
				t.Errorf("%s: %d bytes are passed on as %d of type %d", codec, len(payload), len(got.payload), got.payloadType)
			}
		}
	}
}

// Sound that would need decoding is never passed on as if it were something else.
func TestForeignCodecsAreNotPassedOn(t *testing.T) {
	for _, from := range Codecs() {
		for _, to := range Codecs() {
			s := speaking(to)
			s.join(s.source)
			s.said(from, silence(from))
			if passed := len(s.tape.heard) > 0; passed != (from == to || from.isG711() && to.isG711()) {
				t.Errorf("%s to %s: passed on %v", from, to, passed)
			}
		}
	}
}

func TestSilenceThatOpusHardlySendsIsLeftToTheDecoder(t *testing.T) {
	s := speaking(Opus)
	s.join(s.source)
	s.said(Opus, []byte{9 << 3})
	s.tick(20) // until the next that DTX sends
	if len(s.tape.heard) != 1 {
		t.Errorf("%d packets within the pause of DTX", len(s.tape.heard)-1)
	}
	s.tick(20)
	if len(s.tape.heard) < 10 {
		t.Errorf("%d packets once the source is silent", len(s.tape.heard))
	}
}

// A clip that isn't held in a leg's codec is heard all the same, and allocates
// nothing as it plays.
func TestClipThatIsNotHeldInTheCodecIsHeard(t *testing.T) {
	tone := signal.Tone(440, 1)
	for _, codec := range []Codec{G722, Opus, L16} {
		s := speaking(codec)
		s.playing.start(Playback{Clips: []*Clip{NewClip(tone)}, Loop: true})
		s.playing.speak(codec, OpusParameters{})
		s.tick(50)
		heard := s.tape.heard[5:]
		for i := range heard {
			heard[i].payloadType = codec.PayloadType()
		}
		if level := signal.Goertzel(sound(heard), 440); level < 0.45 {
			t.Errorf("%s: the tone is heard at %.2f", codec, level)
		}
	}
	if raceDetector {
		return // which allocates
	}
	var p player
	p.start(Playback{Clips: []*Clip{NewClip(tone)}, Loop: true})
	p.speak(G722, OpusParameters{})
	if n := testing.AllocsPerRun(100, func() { p.next(G722) }); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// While a clip is prepared it plays on; what began as it was encoded goes on so, and
// the next time it is a copy.
func TestClipIsPreparedWhileItPlays(t *testing.T) {
	clip := NewClip(signal.Tone(440, 0.2), Opus, PCMU)
	var p player
	p.start(Playback{Clips: []*Clip{clip}, Loop: true})
	p.speak(Opus, OpusParameters{})
	if p.next(Opus); p.encoded != nil || clip.in(Opus) != nil {
		t.Fatal("it is held before it was prepared")
	}
	stopped, stop := context.WithCancel(context.Background())
	stop()
	if clip.Prepare(stopped); clip.in(Opus) != nil {
		t.Error("it is prepared though it was told to stop")
	}
	clip.Prepare(context.Background())
	if clip.in(Opus).frames() != 10 || clip.wide != nil {
		t.Errorf("it is held in %d frames", clip.in(Opus).frames())
	}
	for range 9 {
		p.next(Opus)
	}
	if p.encoded != nil {
		t.Error("it changed over in mid-sound")
	}
	if frame, _, _, _ := p.next(Opus); string(frame) != string(clip.in(Opus).frame(0)) {
		t.Error("the next time it isn't a copy")
	}
}

func TestEngineThatEndsStopsPreparing(t *testing.T) {
	clip := NewClip(signal.Noise(120, 1), Opus) // which takes a second and more
	running(t, func(o *Options) { o.Clips = []*Clip{clip} })
	// The engine's end, which the test's cleanup waits for, doesn't wait for it.
}

// What is played over and over has no seam where it ends and begins: the tone goes on
// in phase.
func TestLoopsHaveNoSeam(t *testing.T) {
	for _, codec := range Codecs() {
		clip := prepared(signal.Tone(400, 1), codec) // 400 periods
		s := speaking(codec)
		s.playing.start(Playback{Clips: []*Clip{clip}, Loop: true})
		s.tick(150)
		samples := sound(s.tape.heard)
		for at := SampleRate - 1600; at+1600 <= 2*SampleRate+1600; at += 400 {
			if level := signal.Goertzel(samples[at:at+400], 400); level < 0.44 || level > 0.56 {
				t.Errorf("%s: around %d ms the tone is heard at %.2f", codec, at/8, level)
			}
		}
	}
}

// RFC 7160: another clock is another stream.
func TestAnotherClockIsAnotherSSRC(t *testing.T) {
	s := speaking(PCMU)
	before := s.outgoing.ssrc
	s.agree(Description{DigitPayloadType: 101}, Format{G722, 9})
	if s.outgoing.ssrc != before {
		t.Error("the SSRC changes though the clock doesn't")
	}
	s.agree(Description{DigitPayloadType: 110, DigitClockRate: 48000}, Format{Opus, 111})
	if s.outgoing.ssrc == before {
		t.Error("the SSRC stays though the clock changes")
	}
}

func TestDigitsAtOpusClockLastAsLong(t *testing.T) {
	sender := DigitSender{ClockRate: 48000}
	digit, _ := ParseDigit('7')
	sender.Send(digit, 100*time.Millisecond)
	var last DigitFrame
	for timestamp := uint32(0); !sender.Idle(); timestamp += 960 {
		if frame, ok := sender.Next(timestamp); ok {
			last = frame
		}
	}
	if got := int(last.Payload[2])<<8 | int(last.Payload[3]); got != 4800 || last.Payload[1]&0x80 == 0 {
		t.Errorf("a digit of 100 ms lasts %d ticks", got)
	}
	sender.Send(digit, MaxDigit)
	frames := 0
	for timestamp := uint32(0); !sender.Idle() && frames < 1000; timestamp += 960 {
		if frame, ok := sender.Next(timestamp); ok {
			last, frames = frame, frames+1
		}
	}
	if got := int(last.Payload[2])<<8 | int(last.Payload[3]); got != 68*960 || last.Payload[1]&0x80 == 0 {
		t.Errorf("the longest digit lasts %d ticks in %d packets", got, frames)
	}
}

// Comfort noise is a sign of silence: neither unknown nor passed on, and no loss to
// whom the sound goes.
func TestComfortNoiseIsSilence(t *testing.T) {
	engine := running(t, nil)
	a, b := newPhone(t, PCMU), newPhone(t, PCMU)
	legA, legB := a.call(engine, nil), b.call(engine, nil)
	Join(legA, legB)
	talk := func() {
		for range 5 {
			a.put(0, false, a.timestamp, silence(PCMU))
			a.timestamp += FrameSamples
			pause(FrameDuration)
		}
	}
	talk()
	for _, payload := range [][]byte{{60}, {60, 100, 150}, {}} {
		a.put(noisePayloadType, false, a.timestamp, payload)
		a.timestamp += FrameSamples
	}
	talk()
	eventually(t, "ten packets", func() bool { return legA.Stats().PacketsReceived == 13 })
	if stats := legA.Stats(); stats.Ignored != 0 || stats.Malformed != 0 {
		t.Errorf("%d packets are unknown, %d malformed", stats.Ignored, stats.Malformed)
	}
	for _, heard := range b.packets() {
		if heard.payloadType != 0 {
			t.Errorf("type %d is passed on", heard.payloadType)
		}
	}
	checkOneStream(t, b.packets())
}

func TestFarSideMaySendWhatItAnswered(t *testing.T) {
	types := payloadTypesFor(Format{PCMU, 0}, 101).also([]Format{{PCMU, 0}, {G722, 9}, {Opus, 96}})
	for number, want := range map[uint8]Codec{0: PCMU, 8: PCMA, 9: G722, 96: Opus, 111: Opus, 112: CodecNone, 13: CodecNone} {
		if got := types[number].codec(); got != want {
			t.Errorf("type %d is %s, want %s", number, got, want)
		}
	}
	if types[101] != useDigits || types[110] != useDigits || types[13] != useNoise {
		t.Errorf("digits and noise: %v %v %v", types[101], types[110], types[13])
	}
	types = payloadTypesFor(Format{Opus, 110}, 111) // numbers the other way round than ours
	if types[110] != use(Opus) || types[111] != useDigits {
		t.Errorf("Opus under 110 and digits under 111 are %v and %v", types[110], types[111])
	}
}
