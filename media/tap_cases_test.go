package media

import (
	"context"
	"io"
	"testing"
	"time"

	"careline/media/signal"
	"careline/media/tone"
)

// listenFor lets so much time go by.
func (h *tapHall) listenFor(d time.Duration, ear *listener, talkers ...*talker) {
	for end := h.now + d; h.now < end; {
		h.visit(talkers...)
		if ear != nil {
			ear.listen(h.t)
		}
	}
}

// conversation is a caller and an agent who click together every second.
func conversation(t testing.TB, options TapOptions) (hall *tapHall, tap *Tap, caller, agent *talker) {
	hall = newTapHall(t)
	a, b := hall.leg(PCMU), hall.leg(PCMU)
	hall.join(a, b)
	caller, agent = hall.talker(a, PCMU, 1), hall.talker(b, PCMU, 2)
	caller.say, agent.say = clicker(PCMU, time.Second), clicker(PCMU, time.Second)
	return hall, hall.tap(a, options), caller, agent
}

// TestASlowWriterLosesSoundAndNoTime: what doesn't fit is dropped and counted; what
// comes later is where it belongs.
func TestASlowWriterLosesSoundAndNoTime(t *testing.T) {
	hall, tap, caller, agent := conversation(t, TapOptions{Buffer: 64 << 10}) // some 3 s
	ear := &listener{tap: tap}
	hall.listenFor(10*time.Second, ear, caller, agent)
	hall.listenFor(20*time.Second, nil, caller, agent) // the disk stalls
	hall.listenFor(10*time.Second, ear, caller, agent)
	if stats := tap.Stats(); stats.Dropped < 1500 || stats.Dropped > 1850 {
		t.Errorf("%d packets were dropped, of 2000 in 20 s", stats.Dropped)
	}
	for side, clicks := range ear.clicks {
		for _, at := range clicks {
			if off := (at - 50*time.Millisecond) % time.Second; off > 10*time.Millisecond && off < 990*time.Millisecond {
				t.Errorf("side %d: a click at %v", side, at)
			}
		}
		if n := len(clicks); n < 19 || n > 25 || clicks[n-1] < 38*time.Second {
			t.Errorf("side %d: %d clicks, the last at %v", side, n, clicks[n-1])
		}
	}
}

func TestAPauseIsSilenceAndNothingOfItIsKept(t *testing.T) {
	hall, tap, caller, agent := conversation(t, TapOptions{})
	ear := &listener{tap: tap}
	hall.listenFor(5500*time.Millisecond, ear, caller, agent)
	before := tap.queue.used
	tap.pause(hall.now)
	tap.pause(hall.now) // it is already
	hall.listenFor(300*time.Millisecond, nil, caller, agent)
	if tap.queue.used > before {
		t.Errorf("the queue grew from %d to %d bytes in a pause", before, tap.queue.used)
	}
	hall.listenFor(2700*time.Millisecond, ear, caller, agent)
	tap.mu.Lock()
	tap.resume(hall.now)
	tap.mu.Unlock()
	hall.listenFor(5*time.Second, ear, caller, agent)
	if n := len(ear.paused); n < 150 || n > 151 || ear.paused[0] != 275 {
		t.Errorf("%d frames are marked, from %v on; want 150 from 275 on", n, ear.paused[:1])
	}
	for side, clicks := range ear.clicks {
		for _, at := range clicks {
			if at > 5500*time.Millisecond && at < 8500*time.Millisecond {
				t.Errorf("side %d: in the pause, a click at %v", side, at)
			}
		}
		if n := len(clicks); n != 10 || clicks[5] != clicks[4]+4*time.Second {
			t.Errorf("side %d: clicks at %v", side, clicks)
		}
	}
}

func TestMoreAndMorePausesLeaveOutMore(t *testing.T) {
	hall, tap, caller, agent := conversation(t, TapOptions{})
	for range maxTapPauses + 20 {
		hall.listenFor(40*time.Millisecond, nil, caller, agent)
		tap.pause(hall.now)
		hall.listenFor(20*time.Millisecond, nil, caller, agent)
		tap.mu.Lock()
		tap.resume(hall.now)
		tap.mu.Unlock()
	}
	if n := len(tap.pauses); n != maxTapPauses {
		t.Errorf("%d pauses are held", n)
	}
	ear := &listener{tap: tap}
	hall.listenFor(time.Second, ear, caller, agent)
	if n := len(ear.paused); n < maxTapPauses+20 || len(tap.pauses) != 0 {
		t.Errorf("%d frames are marked, %d pauses held", n, len(tap.pauses))
	}
}

// TestDigitsAreInNeitherSide: neither as events nor as tones.
func TestDigitsAreInNeitherSide(t *testing.T) {
	hall := newTapHall(t)
	leg := hall.leg(PCMU)
	tap := hall.tap(leg, TapOptions{})
	caller := hall.talker(leg, PCMU, 1)
	caller.silent = true
	digit, _ := ParseDigit('5')
	var sender DigitSender
	heard := 0
	for range 100 {
		hall.visit(caller)
		switch hall.now {
		case 200 * time.Millisecond:
			leg.SendDigit(digit, 100*time.Millisecond)
			sender.Send(digit, 100*time.Millisecond)
		case 800 * time.Millisecond:
			leg.out.digit = 0 // from now on as a tone
			leg.SendDigit(digit, 200*time.Millisecond)
		}
		if frame, ok := sender.Next(uint32(hall.now / time.Millisecond * 8)); ok {
			p := packet{payloadType: DigitPayloadType, sequence: uint16(hall.now / FrameDuration), timestamp: frame.Timestamp, ssrc: 9}
			raw := make([]byte, headerSize+eventSize)
			p.putHeader(raw)
			copy(raw[headerSize:], frame.Payload[:])
			leg.receive(raw, loopbackFrom, hall.begun.Add(hall.now))
			heard++
		}
	}
	if heard < 5 || leg.out.sent < 60 || leg.out.digitsLost != 0 {
		t.Fatalf("%d event packets came, %d went, %d digits lost", heard, leg.out.sent, leg.out.digitsLost)
	}
	var frame TapFrame
	ready(t, tap, &frame, func() {
		if frame.Sound != [2 * TapFrameSamples]int16{} {
			t.Error("something of a digit is in the recording")
		}
	})
}

// TestAShieldedLegsKeysArentRecorded: their tones are silence, and all else is where
// it was.
func TestAShieldedLegsKeysArentRecorded(t *testing.T) {
	for _, shielded := range []bool{false, true} {
		hall, tap, caller, agent := conversation(t, TapOptions{})
		caller.leg.Shield(shielded)
		click := caller.say
		key := tone.NewAt(SampleRate, '5', 120*time.Millisecond)
		caller.say = func(sound []int16, at time.Duration) {
			click(sound, at)
			if at%time.Second >= 400*time.Millisecond && at%time.Second < 520*time.Millisecond {
				key.Fill(sound)
			} else {
				key = tone.NewAt(SampleRate, '5', 120*time.Millisecond)
			}
		}
		ear := &listener{tap: tap}
		keyed := 0.0
		for range 500 {
			hall.visit(caller, agent)
			before := ear.frames
			ear.listen(t)
			if at := time.Duration(before) * FrameDuration % time.Second; ear.frames > before && at > 300*time.Millisecond && at < 800*time.Millisecond {
				var left []int16
				for i := 0; i < len(ear.frame.Sound); i += 4 {
					left = append(left, ear.frame.Sound[i])
				}
				keyed = max(keyed, signal.Goertzel(left, 770))
			}
		}
		if heard := keyed > 0.02; heard == shielded {
			t.Errorf("shielded %v: %.3f of the tone", shielded, keyed)
		}
		if !shielded {
			continue // the tones are as loud as clicks
		}
		said, heard := ear.clicks[tapSaid], ear.clicks[tapHeard]
		if len(said) < 8 || len(said) != len(heard) {
			t.Fatalf("clicks at %v and %v", said, heard)
		}
		for i := range said {
			if apart := (said[i] - heard[i]).Abs(); apart > 10*time.Millisecond {
				t.Errorf("the clicks at %v and %v are %v apart", said[i], heard[i], apart)
			}
		}
	}
}

func TestEachCodecIsHeardOnBothSides(t *testing.T) {
	for _, codec := range Codecs() {
		t.Run(codec.String(), func(t *testing.T) {
			hall := newTapHall(t)
			a, b := hall.leg(codec), hall.leg(codec)
			hall.join(a, b)
			tap := hall.tap(a, TapOptions{})
			caller, agent := hall.talker(a, codec, 1), hall.talker(b, codec, 2)
			speak := func(hz float64) func([]int16, time.Duration) {
				said := sineAt(codec.SampleRate(), hz, 3)
				return func(sound []int16, at time.Duration) {
					copy(sound, said[int(at*time.Duration(codec.SampleRate())/time.Second):])
				}
			}
			caller.say, agent.say = speak(440), speak(1000)
			hall.listenFor(2*time.Second, nil, caller, agent)
			var sides [2][]int16
			var frame TapFrame
			ready(t, tap, &frame, func() {
				for i := 0; i < len(frame.Sound); i += 4 { // every second one, at signal's rate
					sides[0] = append(sides[0], frame.Sound[i])
					sides[1] = append(sides[1], frame.Sound[i+1])
				}
			})
			for side, hz := range []float64{440, 1000} {
				cut := sides[side][4000:12000]
				own, other := signal.Goertzel(cut, hz), signal.Goertzel(cut, 1440-hz)
				if own < 0.2 || other > 0.01 {
					t.Errorf("side %d: %.3f of its own tone, %.3f of the other's", side, own, other)
				}
			}
		})
	}
}

// sineAt is a tone of a quarter of full scale.
func sineAt(rate int, hz, seconds float64) []int16 {
	sound := signal.Tone(hz*8000/float64(rate), seconds*float64(rate)/8000)
	for i := range sound {
		sound[i] /= 2
	}
	return sound
}

func TestWhoIsMutedIsntRecorded(t *testing.T) {
	hall, tap, caller, agent := conversation(t, TapOptions{})
	caller.leg.Mute(true)
	ear := &listener{tap: tap}
	hall.listenFor(5*time.Second, ear, caller, agent)
	if len(ear.clicks[tapSaid]) != 0 || len(ear.clicks[tapHeard]) != 4 {
		t.Errorf("muted: %v said, %v heard", ear.clicks[tapSaid], ear.clicks[tapHeard])
	}
}

// TestSourcesThatBeginAnewAreFound: other SSRCs, and timestamps that jump, without
// end.
func TestSourcesThatBeginAnewAreFound(t *testing.T) {
	hall, tap, caller, agent := conversation(t, TapOptions{})
	ear := &listener{tap: tap}
	for round := range 20 {
		hall.listenFor(2*time.Second, ear, caller, agent)
		caller.timestamp += 1 << 28 * uint32(round)
		agent.ssrc++
		agent.timestamp -= 123456789
	}
	for side, clicks := range ear.clicks {
		if n := len(clicks); n < 38 {
			t.Errorf("side %d: %d clicks of 39", side, n)
		}
		for _, at := range clicks {
			if off := (at - 50*time.Millisecond) % time.Second; off > 20*time.Millisecond && off < 980*time.Millisecond {
				t.Errorf("side %d: a click at %v", side, at)
			}
		}
	}
}

func TestALegHasOneTapThatEndsWithIt(t *testing.T) {
	hall := newTapHall(t)
	leg := hall.leg(PCMU)
	tap := hall.tap(leg, TapOptions{})
	if _, err := leg.Tap(TapOptions{}); err != ErrTapped {
		t.Errorf("a second tap: %v", err)
	}
	hall.listenFor(time.Second, nil)
	tap.close(hall.now)
	tap.close(hall.now)
	again := hall.tap(leg, TapOptions{})
	var frame TapFrame
	frames := 0
	for ; tap.Next(t.Context(), &frame) == nil; frames++ {
	}
	if err := tap.Next(t.Context(), &frame); err != io.EOF || frames != 50 {
		t.Errorf("%d frames of a second, then %v", frames, err)
	}
	again.Pause()
	again.Close()
	again.Pause() // after its end
	again.Resume()
	leg.closed.Store(true)
	if _, err := leg.Tap(TapOptions{}); err != ErrClosed {
		t.Errorf("a tap of a closed leg: %v", err)
	}
}

// TestATapCostsThePacketPathNoMemory: on or off.
func TestATapCostsThePacketPathNoMemory(t *testing.T) {
	hall, tap, caller, _ := conversation(t, TapOptions{})
	p := packet{payloadType: 0, sequence: 1, ssrc: 7}
	raw := make([]byte, headerSize+FrameSamples)
	receive := func() {
		p.sequence++
		p.timestamp += FrameSamples
		hall.now += FrameDuration
		p.putHeader(raw)
		caller.leg.receive(raw, loopbackFrom, hall.begun.Add(hall.now))
		caller.leg.frame(hall.begun.Add(hall.now))
	}
	for on, name := range map[bool]string{true: "on", false: "off"} {
		if !on {
			tap.close(hall.now)
		}
		if allocated := testing.AllocsPerRun(500, receive); allocated != 0 && pooled {
			t.Errorf("with the tap %s, a frame allocates %.1f times", name, allocated)
		}
	}
}

// TestARunningEngineWakesTheReader: the pacer's visits are the tap's clock.
func TestARunningEngineWakesTheReader(t *testing.T) {
	engine := running(t, nil)
	phone := newPhone(t, PCMU)
	leg := phone.call(engine, nil)
	tap, err := leg.Tap(TapOptions{})
	if err != nil {
		t.Fatal(err)
	}
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 2))}})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var frame TapFrame
	loudest := int16(0)
	for range 25 {
		if err := tap.Next(ctx, &frame); err != nil {
			t.Fatal(err)
		}
		for i := 1; i < len(frame.Sound); i += 2 {
			loudest = max(loudest, frame.Sound[i])
		}
	}
	if loudest < 15000 {
		t.Errorf("of the playback %d is heard", loudest)
	}
	leg.Close()
	for err = error(nil); err == nil; {
		err = tap.Next(ctx, &frame)
	}
	if err != io.EOF {
		t.Errorf("after the leg's end %v", err)
	}
}

// BenchmarkTap is what a frame of a leg costs, received and sent, with and without a
// tap, and what it costs the reader.
func BenchmarkTap(b *testing.B) {
	for _, on := range []bool{false, true} {
		name := "off"
		if on {
			name = "on"
		}
		b.Run(name, func(b *testing.B) {
			hall, tap, caller, _ := conversation(b, TapOptions{})
			if !on {
				tap.close(hall.now)
			}
			p := packet{ssrc: 7}
			raw := make([]byte, headerSize+FrameSamples)
			ear := &listener{tap: tap}
			b.ReportAllocs()
			for i := range b.N {
				p.sequence, p.timestamp = p.sequence+1, p.timestamp+FrameSamples
				hall.now += FrameDuration
				p.putHeader(raw)
				caller.leg.receive(raw, loopbackFrom, hall.begun.Add(hall.now))
				caller.leg.frame(hall.begun.Add(hall.now))
				if on && i%50 == 0 {
					b.StopTimer()
					ear.listen(b)
					b.StartTimer()
				}
			}
		})
	}
	b.Run("reader", func(b *testing.B) {
		hall, tap, caller, agent := conversation(b, TapOptions{})
		ear := &listener{tap: tap}
		b.ReportAllocs()
		for b.Loop() {
			b.StopTimer()
			hall.visit(caller, agent)
			b.StartTimer()
			ear.listen(b)
		}
	})
}
