package media

import (
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"careline/media/signal"
)

// Caller, agent, nurse and supervisor, each with another codec: for each way to take
// part, everybody hears exactly the tones that they should.
func TestEachHearsWhomTheMatrixSays(t *testing.T) {
	inHall(t, func(h *hall) {
		caller, agent := h.party(PCMU, 440), h.party(L16, 700)
		nurse, supervisor := h.party(G722, 1100), h.party(PCMA, 1500)
		type heard = map[*party][]*party
		c := h.engine.NewConference()
		h.add(c, caller, Talking, nil)
		h.add(c, agent, Talking, nil)
		h.add(c, nurse, Talking, nil)
		three := heard{caller: {agent, nurse}, agent: {caller, nurse}, nurse: {caller, agent}}
		h.wantHeard("three", three)
		h.add(c, supervisor, Listening, nil)
		three[supervisor] = []*party{caller, agent, nurse}
		h.wantHeard("listening", three)
		h.add(c, supervisor, Whispering, agent.leg)
		h.wantHeard("whispering", heard{caller: {agent, nurse}, agent: {caller, nurse, supervisor},
			nurse: {caller, agent}, supervisor: {caller, agent, nurse}})
		h.add(c, supervisor, Talking, nil)
		h.wantHeard("barging in", heard{caller: {agent, nurse, supervisor}, agent: {caller, nurse, supervisor},
			nurse: {caller, agent, supervisor}, supervisor: {caller, agent, nurse}})
		agent.leg.Mute(true)
		h.wantHeard("the agent muted", heard{caller: {nurse, supervisor}, agent: {caller, nurse, supervisor},
			nurse: {caller, supervisor}, supervisor: {caller, nurse}})
		agent.leg.Mute(false)
		c.Remove(caller.leg)
		h.wantHeard("the caller on hold", heard{agent: {nurse, supervisor}, nurse: {agent, supervisor}, supervisor: {agent, nurse}})
		c.Close()
		h.wantHeard("it is over", nil)
	})
}

// Two legs hear each other in whatever codecs they speak, also when one changes.
func TestJoinFindsTheWayForEachPairOfCodecs(t *testing.T) {
	for _, pair := range [][2]Codec{{PCMU, PCMA}, {PCMU, G722}, {PCMA, L16}, {G722, G722}, {G722, L16}, {Opus, PCMU}} {
		one, other := pair[0], pair[1]
		t.Run(one.String()+" and "+other.String(), func(t *testing.T) {
			inHall(t, func(h *hall) {
				a, b := h.party(one, 500), h.party(other, 900)
				each := map[*party][]*party{a: {b}, b: {a}}
				Join(a.leg, b.leg)
				if decoded := a.leg.conference.Load() != nil; decoded == one.passes(other) {
					t.Errorf("decoded: %v", decoded)
				}
				h.wantHeard("joined", each)
				Part(a.leg, b.leg)
				h.wantHeard("parted", nil)
				Join(a.leg, b.leg)
				b.speak(PCMA)
				h.wantHeard("one speaks another codec", each)
				a.speak(PCMU)
				if a.leg.peer.Load() != b.leg || a.leg.conference.Load() != nil {
					t.Error("they could pass through, and don't")
				}
				h.wantHeard("both do", each)
				checkOneStream(t, soundOf(a.tape.heard))
			})
		})
	}
}

// A codec that is agreed on anew in mid-talk: the way changes, and neither side misses
// more than a syllable's end.
func TestACodecChangesWithoutAGap(t *testing.T) {
	inHall(t, func(h *hall) {
		a, b := h.party(G722, 500), h.party(G722, 900)
		Join(a.leg, b.leg)
		h.pass(30)
		for _, change := range []func(){
			func() { b.speak(PCMA) }, // decoded from now on
			func() { a.speak(PCMU) }, // passed through again
			func() { a.speak(L16) },
		} {
			since := map[*party]int{a: len(a.tape.heard), b: len(b.tape.heard)}
			change()
			h.pass(30)
			for _, one := range []*party{a, b} {
				heard, frame := one.heard(since[one]), one.format.Codec.FrameSamples()
				silent := 30 - len(heard)/frame
				for ; len(heard) >= frame; heard = heard[frame:] {
					if signal.Level(heard[:frame]) < -30 {
						silent++
					}
				}
				if silent > 4 {
					t.Errorf("%v misses %d ms", one.format.Codec, silent*20)
				}
			}
		}
	})
}

// soundOf leaves the clock's changes out: another codec's timestamps are a stream of
// their own.
func soundOf(packets []heardPacket) []heardPacket {
	last := len(packets) - 1
	first := last
	for first > 0 && packets[first-1].ssrc == packets[last].ssrc {
		first--
	}
	return packets[first:]
}

func TestOneStreamIntoTheConferenceAndOut(t *testing.T) {
	inHall(t, func(h *hall) {
		caller, agent, supervisor := h.party(PCMU, 440), h.party(PCMU, 700), h.party(PCMU, 1500)
		Join(caller.leg, agent.leg)
		h.pass(20)
		c := h.engine.NewConference()
		for _, p := range []*party{caller, agent} {
			h.add(c, p, Talking, nil)
		}
		h.add(c, supervisor, Listening, nil)
		h.pass(20)
		caller.leg.Play(Playback{ID: 3, Clips: []*Clip{NewClip(signal.Tone(2000, 0.2))}})
		h.pass(20)
		digit, _ := ParseDigit('5')
		caller.leg.SendDigit(digit, 100*time.Millisecond)
		h.pass(20)
		c.Close()
		Join(caller.leg, agent.leg)
		h.wantHeard("joined again", map[*party][]*party{caller: {agent}, agent: {caller}})
		for _, p := range h.parties {
			checkOneStream(t, p.tape.heard)
		}
		if caller.told.count(EventPlayed) != 1 {
			t.Error("the end of the playback wasn't told")
		}
	})
}

// A prompt to one member is heard by that one alone, who is heard all the while.
func TestPlaybackInAConferenceIsForOne(t *testing.T) {
	inHall(t, func(h *hall) {
		caller, agent, nurse := h.party(PCMU, 440), h.party(L16, 700), h.party(PCMU, 1100)
		c := h.engine.NewConference()
		for _, p := range h.parties {
			h.add(c, p, Talking, nil)
		}
		h.pass(10)
		const prompt = 2000
		caller.leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(prompt, 1))}, Loop: true})
		h.wantHeard("a prompt for the caller", map[*party][]*party{agent: {caller, nurse}, nurse: {caller, agent}})
		for _, p := range h.parties {
			rate := float64(p.format.Codec.SampleRate()) / signal.SampleRate
			level := signal.Goertzel(p.heard(len(p.tape.heard)-25), prompt/rate)
			if heard := level > 0.1; heard != (p == caller) {
				t.Errorf("%v hears %.4f of the prompt", p.format.Codec, level)
			}
		}
		caller.leg.StopPlaying()
		h.wantHeard("after the prompt", map[*party][]*party{caller: {agent, nurse}, agent: {caller, nurse}, nurse: {caller, agent}})
	})
}

// A key pressed in a conference is told, and nobody hears it.
func TestDigitsInAConferenceAreToldAndNotHeard(t *testing.T) {
	inHall(t, func(h *hall) {
		caller, agent, nurse := h.party(PCMU, 440), h.party(PCMU, 700), h.party(PCMU, 1100)
		c := h.engine.NewConference()
		for _, p := range h.parties {
			h.add(c, p, Talking, nil)
		}
		h.pass(10)
		digit, _ := ParseDigit('7')
		var sender DigitSender
		sender.Send(digit, 60*time.Millisecond)
		begun := caller.timestamp
		for {
			frame, ok := sender.Next(begun)
			if !ok {
				break
			}
			timestamp := caller.timestamp
			caller.timestamp = begun
			caller.put(DigitPayloadType, frame.Payload[:])
			caller.timestamp = timestamp
		}
		h.pass(10)
		if caller.told.keys() != "7" || agent.told.count(EventDigit)+nurse.told.count(EventDigit) != 0 {
			t.Errorf("told: %q", caller.told.keys())
		}
		for _, p := range []*party{agent, nurse} {
			for _, got := range p.tape.heard {
				if got.payloadType == DigitPayloadType {
					t.Error("the key was sent on")
				}
			}
		}
	})
}

// Joining, leaving and changing roles while all speak: no listener's sound jumps by
// more than the tones do and a ramp adds.
func TestNothingClicksInAConference(t *testing.T) {
	inHall(t, func(h *hall) {
		caller, agent := h.party(PCMU, 110), h.party(L16, 130)
		nurse, supervisor := h.party(L16, 150), h.party(PCMA, 170)
		c := h.engine.NewConference()
		steps := []func(){
			func() { h.add(c, caller, Talking, nil); h.add(c, agent, Talking, nil) },
			func() { h.add(c, nurse, Talking, nil) },
			func() { h.add(c, supervisor, Whispering, caller.leg) },
			func() { h.add(c, supervisor, Talking, nil) },
			func() { nurse.leg.Mute(true) },
			func() { nurse.leg.Mute(false) },
			func() { c.Remove(supervisor.leg) },
			func() { c.Remove(nurse.leg) },
			func() { h.add(c, nurse, Talking, nil) },
			func() { nurse.leg.Close() },
		}
		for i, step := range steps {
			step()
			since := len(caller.tape.heard) - 1
			h.pass(20)
			for _, p := range []*party{caller, agent} {
				sound := p.heard(max(since, 0))
				// Three tones at 0.3 of full scale step by 3000 at 8 kHz; a ramp of 8 ms
				// adds some 500, G.711 up to 500.
				if got := largestJump(sound); got > 4500 {
					t.Errorf("step %d: %v hears a jump of %d", i, p.format.Codec, got)
				}
			}
		}
	})
}

// The ways by which a call's sound changes: whatever one source ended with, the next
// begins there.
func TestNothingClicksAtJoins(t *testing.T) {
	inHall(t, func(h *hall) {
		caller, agent, supervisor := h.party(PCMU, 110), h.party(PCMA, 130), h.party(PCMU, 150)
		c := h.engine.NewConference()
		music := NewClip(sine(90, 0.3, 5, 2*SampleRate, SampleRate))
		steps := map[string]func(){
			"1 join":     func() { Join(caller.leg, agent.leg) },
			"2 hold":     func() { Part(caller.leg, agent.leg); caller.leg.Play(Playback{Clips: []*Clip{music}, Loop: true}) },
			"3 resume":   func() { caller.leg.StopPlaying(); Join(caller.leg, agent.leg) },
			"4 a prompt": func() { caller.leg.Play(Playback{Clips: []*Clip{music}, From: 333 * time.Millisecond}) },
			"5 its end":  func() { caller.leg.StopPlaying() },
			"6 conference": func() {
				h.add(c, caller, Talking, nil)
				h.add(c, agent, Talking, nil)
				h.add(c, supervisor, Listening, nil)
			},
			"7 a prompt there":  func() { caller.leg.Play(Playback{Clips: []*Clip{music}, From: 777 * time.Millisecond}) },
			"8 its end":         func() { caller.leg.StopPlaying() },
			"9 out, and joined": func() { c.Close(); Join(caller.leg, agent.leg) },
		}
		for _, name := range slices.Sorted(maps.Keys(steps)) {
			before := max(len(caller.tape.heard)-1, 0)
			steps[name]()
			h.pass(30)
			// The tones step by 1000 from sample to sample; a seam adds 500, G.711 500.
			if got := largestJump(caller.heard(before)); got > 2200 {
				t.Errorf("%s: the caller hears a jump of %d", name, got)
			}
		}
	})
}

// Roles change, members come and go and legs close while packets flow.
func TestAConferenceIsChangedWhileSoundFlows(t *testing.T) {
	engine := running(t, nil)
	c := engine.NewConference()
	stop := make(chan struct{})
	var talking sync.WaitGroup
	var legs []*Leg
	for i, codec := range []Codec{PCMU, PCMA, PCMU, PCMA} {
		far := newPhone(t, codec)
		legs = append(legs, far.call(engine, nil))
		sound := signal.Tone(400+200*float64(i), 0.1)
		talking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					far.say(sound)
				}
			}
		})
	}
	var changing sync.WaitGroup
	for i, leg := range legs {
		changing.Go(func() {
			for turn := range 60 {
				switch (turn + i) % 4 {
				case 0:
					_ = c.Add(leg, Talking, nil)
				case 1:
					_ = c.Add(leg, Whispering, legs[(i+1)%len(legs)])
				case 2:
					Join(leg, legs[(i+2)%len(legs)])
				case 3:
					c.Remove(leg)
				}
				pause(5 * time.Millisecond)
			}
		})
	}
	changing.Wait()
	for _, leg := range legs {
		if err := c.Add(leg, Talking, nil); err != nil {
			t.Error(err)
		}
	}
	before := legs[0].Stats().PacketsSent
	eventually(t, "the conference sounds", func() bool { return legs[0].Stats().PacketsSent > before+10 })
	close(stop)
	talking.Wait()
}

// Those who hear the same in the same stateless codec are sent what was encoded once.
func TestAMixIsEncodedOncePerSetAndCodec(t *testing.T) {
	inHall(t, func(h *hall) {
		c := h.engine.NewConference()
		for i, codec := range []Codec{PCMU, PCMU, PCMU, PCMA, PCMA} {
			p := h.party(codec, 400+100*float64(i))
			p.silent = i > 0
			h.add(c, p, Talking, nil)
		}
		h.pass(20)
		// The one who speaks hears silence; the others the same, in two codecs.
		if c.shared != [2]int{3, 0} {
			t.Errorf("%v payloads were encoded for five", c.shared)
		}
	})
}

func TestAConferenceIsBounded(t *testing.T) {
	inHall(t, func(h *hall) {
		c := h.engine.NewConference()
		for range MaxConference {
			h.add(c, h.party(PCMU, 440), Talking, nil)
		}
		late := h.party(PCMU, 440)
		if err := c.Add(late.leg, Talking, nil); err != ErrConferenceFull {
			t.Errorf("one too many: %v", err)
		}
		c.Remove(h.parties[3].leg)
		h.pass(1) // its last frame fades out
		h.add(c, late, Talking, nil)
		if err := c.Add(late.leg, Whispering, nil); err == nil {
			t.Error("a whisper to nobody")
		}
		late.leg.Close()
		if err := c.Add(late.leg, Talking, nil); err != ErrClosed {
			t.Errorf("a leg that is closed: %v", err)
		}
		c.Close()
		if err := c.Add(h.parties[0].leg, Talking, nil); err != ErrClosed {
			t.Errorf("a conference that is closed: %v", err)
		}
		for _, p := range h.parties {
			if p.leg.conference.Load() != nil || p.leg.ear.needed() {
				t.Fatal("a leg is still listened to")
			}
		}
	})
}

// A frame of a conference, from three packets to three packets.
func TestAConferencesFrameAllocatesNothing(t *testing.T) {
	engine := running(t, nil)
	round := conferenceRound(t, engine, PCMU, Opus, G722)
	for range 100 { // until decoders, buffers and the port for reports are there
		round()
	}
	if n := testing.AllocsPerRun(30, round); n != 0 {
		t.Errorf("%.1f allocations a round", n)
	}
}
