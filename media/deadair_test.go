package media

import (
	"bytes"
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"careline/media/noise"
	"careline/media/quality"
	"careline/media/signal"
)

func TestIsDead(t *testing.T) {
	for name, test := range map[string]struct {
		codec   Codec
		payload []byte
		want    bool
	}{
		"µ-law zeros":       {PCMU, bytes.Repeat([]byte{0xFF}, 160), true},
		"µ-law -0":          {PCMU, bytes.Repeat([]byte{0x7F}, 160), true},
		"µ-law, both zeros": {PCMU, append(bytes.Repeat([]byte{0xFF}, 159), 0x7F), false},
		"µ-law, loud":       {PCMU, bytes.Repeat([]byte{0x00}, 160), false},
		"A-law zeros":       {PCMA, bytes.Repeat([]byte{0xD5}, 160), true},
		"A-law hum":         {PCMA, append(bytes.Repeat([]byte{0xD5}, 80), bytes.Repeat([]byte{0x55}, 80)...), false},
		"L16 zeros":         {L16, make([]byte, 640), true},
		"L16 hum":           {L16, binary.BigEndian.AppendUint16(make([]byte, 638), 1), false},
		"nothing":           {PCMU, nil, false},
		"not decoded":       {CodecNone, bytes.Repeat([]byte{0xFF}, 160), false},
	} {
		if got := isDead(test.codec, test.payload); got != test.want {
			t.Errorf("%s: dead is %v", name, got)
		}
	}
}

// deadFrom plays a sound into a codec and says when it is told as dead, counted from
// where the sound begins; 0: it isn't.
func deadFrom(t *testing.T, codec Codec, parameters OpusParameters, before, sound []int16) time.Duration {
	t.Helper()
	speaker := newSpeaker(t, codec)
	var err error
	if speaker.encoder, err = newTunedEncoder(codec, parameters); err != nil {
		t.Fatal(err)
	}
	var d deadAir
	for at := 0; at+FrameSamples <= len(before)+len(sound); at += FrameSamples {
		frame := make([]int16, FrameSamples)
		if at < len(before) {
			copy(frame, before[at:])
		} else {
			copy(frame, sound[at-len(before):])
		}
		now := time.Duration(at) * time.Second / SampleRate
		if payload := speaker.say(frame)[headerSize:]; len(payload) > 0 {
			d.note(codec, payload, now)
		}
		heard := quality.Hearing{Expected: true, Gates: d.gates()}
		if d.on {
			heard.Dead = now - d.since
		}
		if trouble, _ := heard.Trouble(); trouble != quality.None {
			return now - time.Duration(len(before))*time.Second/SampleRate
		}
	}
	return 0
}

// deadCases are the codecs, Opus as agents and telephones may send it.
func deadCases(do func(name string, codec Codec, parameters OpusParameters)) {
	do("opus with FEC and DTX", Opus, OpusParameters{FEC: true, DTX: true})
	do("G722", G722, OpusParameters{})
	do("PCMU", PCMU, OpusParameters{})
	if raceDetector { // Opus takes ten times as long
		return
	}
	do("PCMA", PCMA, OpusParameters{})
	do("L16", L16, OpusParameters{})
	do("opus", Opus, OpusParameters{})
	do("opus of few bits", Opus, OpusParameters{DTX: true, Bitrate: 12000})
	do("opus of many bits", Opus, OpusParameters{FEC: true, Bitrate: 64000})
}

func TestAMutedMicrophoneIsToldInEachCodecWithinFiveSeconds(t *testing.T) {
	speech := spokenPrompt(t, "en-US/main-menu")[:SampleRate]
	deadCases(func(name string, codec Codec, parameters OpusParameters) {
		for of, before := range map[string][]int16{"from the start": nil, "after speech": speech} {
			took := deadFrom(t, codec, parameters, before, make([]int16, 5*SampleRate))
			if took < quality.OneWayAfter-200*time.Millisecond || took > 4200*time.Millisecond {
				t.Errorf("%s, %s: told after %v", name, of, took)
			}
		}
	})
}

// Whatever a live microphone gives isn't told in four seconds, nor are pauses of
// digital silence as speakers make them.
func TestALiveMicrophoneIsNeverToldAsDead(t *testing.T) {
	const length = 4 * SampleRate
	random := rand.New(rand.NewPCG(5, 6))
	floor := func(level float64) []int16 {
		sound := make([]int16, length)
		for i := range sound {
			sound[i] = int16(math.Round(level * random.NormFloat64()))
		}
		return sound
	}
	over := func(of []int16, sound []int16) []int16 {
		for i := range of {
			if i < len(sound) {
				of[i] += sound[i]
			}
		}
		return of
	}
	quiet := spokenPrompt(t, "en-US/main-menu")
	for i := range quiet {
		quiet[i] /= 64 // 36 dB below a prompt
	}
	comfort := make([]int16, length)
	var generator noise.Generator
	generator.Describe([]byte{60})
	for at := 0; at < length; at += FrameSamples {
		generator.Frame(comfort[at : at+FrameSamples])
	}
	chord := make([]int16, length)
	for i := range chord {
		chord[i] = int16(800 * (math.Sin(float64(i)/5) + math.Sin(float64(i)/7.3)) * math.Abs(math.Sin(float64(i)/9000)))
	}
	talk := spokenPrompt(t, "en-US/main-menu")
	gated := append(append(append([]int16{}, talk[:SampleRate]...), make([]int16, 3*SampleRate)...), talk[:SampleRate]...)
	sounds := map[string][]int16{
		"a noise floor":                   floor(8),
		"quiet speech, pauses of a floor": over(floor(6), quiet),
		"comfort noise":                   comfort,
		"music":                           chord,
		"a tone":                          signal.Tone(440, 4),
		"words with 3 s of zeros between": gated,
	}
	if raceDetector {
		for _, less := range []string{"comfort noise", "music", "a tone"} {
			delete(sounds, less)
		}
	}
	deadCases(func(name string, codec Codec, parameters OpusParameters) {
		for of, sound := range sounds {
			if took := deadFrom(t, codec, parameters, nil, sound); took != 0 {
				t.Errorf("%s: %s is told as dead after %v", name, of, took)
			}
		}
	})
}

// Who has been heard to gate words gets longer in each codec.
func TestANoiseGateGetsLongerInEachCodec(t *testing.T) {
	word := spokenPrompt(t, "en-US/main-menu")[:SampleRate/2]
	var before []int16
	for range 2 {
		before = append(append(before, word...), make([]int16, SampleRate/2)...)
	}
	before = append(before, word...)
	deadCases(func(name string, codec Codec, parameters OpusParameters) {
		if took := deadFrom(t, codec, parameters, before, make([]int16, 5*SampleRate)); took != 0 {
			t.Errorf("%s: told after %v", name, took)
		}
	})
}

// A gateway that never sends an upper band of G.722 may have quiet noise in the lower.
func TestG722WithoutAnUpperBandIsNotToldAsDead(t *testing.T) {
	loud, quiet := bytes.Repeat([]byte{0xC0 | 50}, 160), silence(G722)
	var d deadAir
	for i := range 20 {
		d.note(G722, loud, time.Duration(i)*FrameDuration)
	}
	d.note(G722, quiet, time.Second)
	if d.on {
		t.Error("it is")
	}
}

// A pause that the far side describes isn't dead, though its last word ended in zeros.
func TestDescribedPausesAreNotDead(t *testing.T) {
	l := newLine(t)
	in := &l.legs[0].in
	p := packet{payloadType: PCMU.PayloadType(), ssrc: 5, payload: silence(PCMU)}
	raw := make([]byte, headerSize+FrameSamples)
	take := func(payload []byte, kind uint8) {
		p.payloadType, p.sequence, p.timestamp = kind, p.sequence+1, p.timestamp+FrameSamples
		p.putHeader(raw)
		copy(raw[headerSize:], payload)
		if _, ok := in.take(raw[:headerSize+len(payload)], lineAddress(1), l.now); !ok {
			t.Fatal("the packet isn't taken")
		}
	}
	take(silence(PCMU), PCMU.PayloadType())
	if !in.dead.on {
		t.Fatal("zeros aren't dead")
	}
	take([]byte{60}, noisePayloadType)
	if in.dead.on {
		t.Error("the described pause is")
	}
}

func TestLookingForDeadAirAllocatesNothing(t *testing.T) {
	var d deadAir
	if n := testing.AllocsPerRun(100, func() {
		for _, codec := range Codecs() {
			d.note(codec, silence(codec), time.Second)
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
