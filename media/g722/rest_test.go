package g722

import (
	"math"
	"math/rand/v2"
	"testing"
)

// moves counts the packets that move either band, of a sound after a second of voice.
func moves(sound func(i int) float64) (low, high, packets int) {
	e := NewEncoder()
	random := rand.New(rand.NewPCG(3, 4))
	frame, payload := make([]int16, 320), make([]byte, 160)
	for packet := range 250 {
		for i := range frame {
			at := packet*len(frame) + i
			value := sound(at)
			if packet < 50 {
				value = 3000*math.Sin(float64(at)/20)*math.Sin(float64(at)/1000) + 100*random.NormFloat64()
			}
			frame[i] = int16(math.Round(value))
		}
		e.Encode(payload, frame)
		if packet < 52 {
			continue
		}
		packets++
		l, h := Moves(payload)
		if l {
			low++
		}
		if h {
			high++
		}
	}
	return low, high, packets
}

func TestOnlyZerosLetBothBandsRest(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for name, test := range map[string]struct {
		sound func(i int) float64
		moves bool
	}{
		"zeros":                     {func(int) float64 { return 0 }, false},
		"the zeros of A-law":        {func(int) float64 { return 8 }, false},
		"less than a step of noise": {func(int) float64 { return 0.4 * random.NormFloat64() }, true},
		"a noise floor":             {func(int) float64 { return 8 * random.NormFloat64() }, true},
		"a hum":                     {func(i int) float64 { return 8 * math.Sin(2*math.Pi*60*float64(i)/16000) }, true},
		"a tone":                    {func(i int) float64 { return 3000 * math.Sin(2*math.Pi*440*float64(i)/16000) }, true},
		"music":                     {func(i int) float64 { return 300 * (math.Sin(float64(i)/9) + math.Sin(float64(i)/13.1)) }, true},
	} {
		low, high, packets := moves(test.sound)
		if want := map[bool]int{true: packets}[test.moves]; low != want || high != want {
			t.Errorf("%s: of %d packets %d move the lower band and %d the upper", name, packets, low, high)
		}
	}
}

// A gateway that fills in the upper band: only the lower one tells.
func TestSoundWithoutAnUpperBandMovesTheLower(t *testing.T) {
	e := NewEncoder()
	payload := make([]byte, 160)
	for packet := range 50 {
		for i := range payload {
			at := packet*len(payload) + i
			payload[i] = restingHigh | e.encodeLow(int32(2000*math.Sin(float64(at)/4)))
		}
		if low, high := Moves(payload); packet > 1 && (!low || high) {
			t.Fatalf("packet %d: lower %v, upper %v", packet, low, high)
		}
	}
}

func BenchmarkMoves(b *testing.B) {
	payload := make([]byte, 160)
	NewEncoder().Encode(payload, make([]int16, 320))
	b.ReportAllocs()
	for b.Loop() {
		Moves(payload)
	}
}
