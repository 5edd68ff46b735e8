package g722

import (
	"math"
	"math/rand/v2"
	"testing"
)

// coded sends sound through an encoder and a decoder, in frames of 20 ms.
func coded(sound []int16) []int16 {
	encoder, decoder := NewEncoder(), NewDecoder()
	out := make([]int16, len(sound))
	payload := make([]byte, 160)
	for at := 0; at+320 <= len(sound); at += 320 {
		encoder.Encode(payload, sound[at:at+320])
		decoder.Decode(out[at:at+320], payload)
	}
	return out
}

func tone(hz, amplitude float64, length int) []int16 {
	sound := make([]int16, length)
	for i := range sound {
		sound[i] = int16(math.Round(amplitude * math.Sin(2*math.Pi*hz*float64(i)/16000)))
	}
	return sound
}

// snr compares what came out with what went in, Delay earlier, in dB.
func snr(in, out []int16) float64 {
	var signal, noise float64
	for i := 1000; i < len(out); i++ {
		want := float64(in[i-Delay])
		signal += want * want
		noise += (want - float64(out[i])) * (want - float64(out[i]))
	}
	return 10 * math.Log10(signal/noise)
}

// The recommendation's own figure 2 asks for a signal-to-distortion ratio that a
// coder in working order exceeds: at -10 dB of full scale, tones of both bands.
func TestTonesComeOutAsTheyWentIn(t *testing.T) {
	for _, test := range []struct{ hz, least float64 }{
		{200, 30}, {1000, 30}, {2500, 25}, {3400, 20}, {5000, 10}, {6500, 8},
	} {
		in := tone(test.hz, 10000, 16000)
		if got := snr(in, coded(in)); got < test.least {
			t.Errorf("%v Hz: %.1f dB, want %v", test.hz, got, test.least)
		}
	}
}

func TestSilenceStaysSilent(t *testing.T) {
	for i, sample := range coded(make([]int16, 3200)) {
		if sample > 8 || sample < -8 {
			t.Fatalf("sample %d is %d", i, sample)
		}
	}
}

// A decoder that began to listen late, or lost packets, comes to hear the same.
func TestDecoderThatLostPacketsComesBack(t *testing.T) {
	in := tone(700, 8000, 16000)
	encoder, whole, late := NewEncoder(), NewDecoder(), NewDecoder()
	payload, a, b := make([]byte, 160), make([]int16, 320), make([]int16, 320)
	for at := 0; at < len(in); at += 320 {
		encoder.Encode(payload, in[at:at+320])
		whole.Decode(a, payload)
		if frame := at / 320; frame != 3 && frame != 4 && frame != 20 {
			late.Decode(b, payload)
		}
	}
	for i := range a {
		if step := int(a[i]) - int(b[i]); step > 100 || step < -100 {
			t.Fatalf("half a second after the loss, sample %d is %d instead of %d", i, b[i], a[i])
		}
	}
}

// Whatever is encoded or sent, the predictors stay within their bounds.
func TestAnySoundAndAnyBytesStayInBounds(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	encoder, decoder := NewEncoder(), NewDecoder()
	payload, sound := make([]byte, 160), make([]int16, 320)
	for round := range 500 {
		for i := range sound {
			switch round % 3 {
			case 0:
				sound[i] = int16(random.Uint32())
			case 1:
				sound[i] = []int16{32767, -32768}[i/(1+round%7)%2]
			}
		}
		encoder.Encode(payload, sound)
		if round%2 == 0 {
			for i := range payload {
				payload[i] = byte(random.Uint32())
			}
		}
		decoder.Decode(sound, payload)
		for _, b := range []*band{&encoder.low, &encoder.high, &decoder.low, &decoder.high} {
			if b.a[1] > 12288 || b.a[1] < -12288 || b.a[0] > 15360-b.a[1] || b.a[0] < b.a[1]-15360 {
				t.Fatalf("round %d: an unstable predictor: %v", round, b.a)
			}
			if b.det <= 0 || b.nb < 0 || b.s != clip16(b.s) {
				t.Fatalf("round %d: scale factor %d of %d, prediction %d", round, b.det, b.nb, b.s)
			}
		}
	}
}

func TestCodingAllocatesNothing(t *testing.T) {
	encoder, decoder := NewEncoder(), NewDecoder()
	payload, sound := make([]byte, 160), make([]int16, 320)
	if n := testing.AllocsPerRun(100, func() {
		encoder.Encode(payload, sound)
		decoder.Decode(sound, payload)
	}); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

func BenchmarkEncode(b *testing.B) {
	encoder, payload, sound := NewEncoder(), make([]byte, 160), tone(700, 8000, 320)
	for b.Loop() {
		encoder.Encode(payload, sound)
	}
}

func BenchmarkDecode(b *testing.B) {
	encoder, decoder, payload, sound := NewEncoder(), NewDecoder(), make([]byte, 160), tone(700, 8000, 320)
	encoder.Encode(payload, sound)
	for b.Loop() {
		decoder.Decode(sound, payload)
	}
}
