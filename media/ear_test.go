package media

import (
	"bytes"
	"net/netip"
	"slices"
	"testing"
	"time"

	"careline/media/signal"
)

// earshot is a leg that is listened to, and its far side, frame by frame.
type earshot struct {
	t     testing.TB
	leg   *Leg
	from  netip.AddrPort
	begun time.Time
	at    time.Duration
	far   *speaker
	rate  int
	heard []int16
	level []bool // voiced, per frame
}

func newEarshot(t testing.TB, codec Codec) *earshot {
	begun := time.Unix(1000, 0)
	leg, from := listening(codec, begun)
	return &earshot{t: t, leg: leg, from: from, begun: begun, far: newSpeaker(t, codec), rate: SampleRate}
}

func (e *earshot) take() {
	frame := make([]int16, e.rate/framesPerSecond)
	voiced := e.leg.ear.frame(frame, e.rate, e.begun.Add(e.at))
	e.heard, e.level = append(e.heard, frame...), append(e.level, voiced)
	e.at += FrameDuration
}

// says lets the far side say a sound, each frame in its time.
func (e *earshot) says(sound []int16) {
	for ; len(sound) >= FrameSamples; sound = sound[FrameSamples:] {
		e.leg.receive(e.far.say(sound[:FrameSamples]), e.from, e.begun.Add(e.at))
		e.take()
	}
}

// pauses lets so many frames pass in which nothing comes.
func (e *earshot) pauses(frames int) {
	for range frames {
		e.far.packet.timestamp += e.far.codec.FrameTicks()
		e.take()
	}
}

// sends lets a packet of another kind come, with the stream's numbers.
func (e *earshot) sends(payloadType uint8, payload []byte) {
	p := e.far.packet
	p.payloadType = payloadType
	raw := make([]byte, headerSize)
	p.putHeader(raw)
	e.far.packet.sequence++
	e.leg.receive(append(raw, payload...), e.from, e.begun.Add(e.at))
}

// tones is how many frames of the last so many hold the tone of 440 Hz.
func (e *earshot) tones(frames int) (count int) {
	size := e.rate / framesPerSecond
	for frame := range slices.Chunk(e.heard[len(e.heard)-frames*size:], size) {
		if e.rate == wideRate {
			narrow := make([]int16, FrameSamples)
			for i := range narrow {
				narrow[i] = frame[2*i]
			}
			frame = narrow
		}
		if signal.Goertzel(frame, 440) > 0.35 {
			count++
		}
	}
	return count
}

func TestTheFarSideIsHeardInEachCodecAtEachRate(t *testing.T) {
	for _, codec := range Codecs() {
		for _, rate := range []int{SampleRate, wideRate} {
			e := newEarshot(t, codec)
			e.rate = rate
			e.says(signal.Tone(440, 1))
			if count := e.tones(40); count < 39 {
				t.Errorf("%s at %d: the tone is in %d of 40 frames", codec, rate, count)
			}
		}
	}
}

// Who begins to listen in the middle of a talk, as a supervisor does, leaves no gap in it.
func TestAnEarThatOpensInMidWordHearsAtOnce(t *testing.T) {
	for _, codec := range Codecs() {
		e := newEarshot(t, codec)
		e.says(signal.Tone(440, 0.5))
		if slices.Contains(e.level[1:], false) {
			t.Errorf("%s: heard, frame by frame: %v", codec, e.level)
		}
	}
}

func TestPausesOfTheFarSideAreSilent(t *testing.T) {
	for _, codec := range Codecs() {
		e := newEarshot(t, codec)
		for range 2 {
			e.says(signal.Tone(440, 1))
			if e.tones(20) != 20 {
				t.Fatalf("%s: the tone isn't heard", codec)
			}
			e.pauses(50)
			if slices.Contains(e.level[len(e.level)-40:], true) {
				t.Errorf("%s: something is heard in a pause", codec)
			}
		}
		if stats := e.leg.ear.stats(); stats.Lost+stats.Late+stats.Restarts != 0 {
			t.Errorf("%s: %+v", codec, stats)
		}
		if codec == G722 || codec == Opus {
			continue // which remember, and so overshoot where a tone begins
		}
		if jump := signal.LargestJump(e.heard); jump > 6200 {
			t.Errorf("%s: a jump of %d", codec, jump)
		}
	}
}

func TestDigitsAreSilentAndComfortNoiseIsSoft(t *testing.T) {
	e := newEarshot(t, PCMU)
	e.says(signal.Tone(440, 1))
	for range 20 {
		e.sends(101, []byte{5, 10, 0, 160})
		e.pauses(1)
	}
	if slices.Contains(e.level[len(e.level)-14:], true) {
		t.Error("a digit is heard")
	}
	e.says(signal.Tone(440, 1))
	if e.tones(30) != 30 {
		t.Error("after a digit the tone isn't heard")
	}
	e.sends(noisePayloadType, []byte{55})
	e.pauses(50)
	pause := e.heard[len(e.heard)-40*FrameSamples:]
	if jump := signal.LargestJump(pause); jump == 0 || jump > 600 {
		t.Errorf("the comfort noise has a largest jump of %d", jump)
	}
	e.says(signal.Tone(440, 1))
	if stats := e.leg.ear.stats(); e.tones(40) != 40 || stats.Lost+stats.Late != 0 || stats.Concealed != 0 {
		t.Errorf("after the pause %d frames of 40 hold the tone; %+v", e.tones(40), stats)
	}
}

func TestTheCodecChangesInMidCall(t *testing.T) {
	e := newEarshot(t, PCMU)
	for _, codec := range []Codec{PCMU, PCMA, G722, PCMU, Opus, L16, PCMA} {
		for _, other := range Codecs() {
			e.leg.in.types[other.PayloadType()] = use(other)
		}
		before := e.far.packet
		e.far = newSpeaker(t, codec)
		e.far.packet.sequence, e.far.packet.timestamp = before.sequence, before.timestamp
		e.says(signal.Tone(440, 1))
		if count := e.tones(35); count < 35 {
			t.Errorf("%s: the tone is in %d of 35 frames", codec, count)
		}
	}
	// As much as G.722 overshoots where a tone begins, and less than a cut makes.
	if jump := signal.LargestJump(e.heard); jump > 8000 {
		t.Errorf("a jump of %d", jump)
	}
}

func TestAMutedLegIsSilentAndFadesInAndOut(t *testing.T) {
	e := newEarshot(t, PCMA)
	e.says(signal.Tone(440, 1))
	e.leg.Mute(true)
	e.says(signal.Tone(440, 1))
	if slices.Contains(e.level[len(e.level)-49:], true) {
		t.Error("a muted leg is heard")
	}
	e.leg.Mute(false)
	e.says(signal.Tone(440, 1))
	if e.tones(48) != 48 {
		t.Error("it isn't heard again")
	}
	if jump := signal.LargestJump(e.heard); jump > 6200 {
		t.Errorf("a jump of %d", jump)
	}
}

func TestAllTakersOfARoundHearTheSame(t *testing.T) {
	e := newEarshot(t, PCMU)
	e.says(signal.Tone(440, 1))
	due := e.begun.Add(e.at)
	first, second, wide := make([]int16, FrameSamples), make([]int16, FrameSamples), make([]int16, maxHeard)
	e.leg.ear.frame(first, SampleRate, due)
	if !e.leg.ear.frame(second, SampleRate, due.Add(8*time.Millisecond)) || !slices.Equal(first, second) {
		t.Error("who comes second in a round hears something else")
	}
	if !e.leg.ear.frame(wide, wideRate, due) || signal.LargestJump(wide) == 0 {
		t.Error("who wants another rate hears nothing")
	}
	e.leg.ear.frame(second, SampleRate, due.Add(FrameDuration))
	if slices.Equal(first, second) {
		t.Error("the next round is the same")
	}
}

func TestNobodyListensNothingIsKept(t *testing.T) {
	leg := &Leg{}
	first, second := leg.listen(), leg.listen()
	leg.unlisten()
	if !first.needed() || first != second {
		t.Error("the ear closes while one still listens")
	}
	a := &arrival{packet: packet{payload: bytes.Repeat([]byte{0xFF}, FrameSamples)}, use: use(PCMU)}
	first.put(a, time.Now())
	leg.unlisten()
	first.put(a, time.Now())
	if first.needed() || first.hearing != nil || first.stats().Packets != 1 {
		t.Errorf("after the last has gone: %+v", first.stats())
	}
	frame := []int16{1, 2, 3}
	if first.frame(frame, SampleRate, time.Now()) || frame[0] != 0 {
		t.Error("a closed ear hears something")
	}
}

func TestListeningAllocatesNothing(t *testing.T) {
	for _, codec := range Codecs() {
		e := newEarshot(t, codec)
		sound := signal.Tone(440, 1)[:FrameSamples]
		frame, wide := make([]int16, FrameSamples), make([]int16, maxHeard)
		packets := make([][]byte, 150)
		for i := range packets {
			packets[i] = e.far.say(sound)
		}
		i := 0
		step := func() {
			if i%17 != 3 { // each 17th is lost
				e.leg.receive(packets[i], e.from, e.begun.Add(e.at))
			}
			i++
			e.at += FrameDuration
			e.leg.ear.frame(frame, SampleRate, e.begun.Add(e.at))
			e.leg.ear.frame(wide, wideRate, e.begun.Add(e.at))
		}
		for range 40 {
			step()
		}
		if allocated := testing.AllocsPerRun(100, step); allocated != 0 {
			t.Errorf("%s: %v allocations a packet", codec, allocated)
		}
	}
}
