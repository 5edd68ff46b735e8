package opus

import (
	"math"
	"testing"

	"pgregory.net/rapid"
)

// voice is something with the pitch, the formants and the pauses of speech.
func voice(length int) []int16 {
	sound := make([]int16, length)
	for i := range sound {
		at := float64(i) / SampleRate
		envelope := max(math.Sin(2*math.Pi*3*at), 0)
		var value float64
		for harmonic := 1.0; harmonic <= 20; harmonic++ {
			hz := 120 * harmonic
			value += math.Sin(2*math.Pi*hz*at) / (1 + math.Pow((hz-600)/500, 2))
		}
		sound[i] = int16(3000 * envelope * value)
	}
	return sound
}

func encoded(t *testing.T, p Parameters, sound []int16) [][]byte {
	t.Helper()
	encoder, err := NewEncoder(p)
	if err != nil {
		t.Fatal(err)
	}
	var packets [][]byte
	for at := 0; at+FrameSamples <= len(sound); at += FrameSamples {
		var packet [1280]byte
		n, err := encoder.Encode(packet[:], sound[at:at+FrameSamples])
		if err != nil {
			t.Fatal(err)
		}
		packets = append(packets, append([]byte(nil), packet[:n]...))
	}
	return packets
}

// decoded hears the packets; those that are lost (nil) are concealed, by the
// following one if fec.
func decoded(t *testing.T, packets [][]byte, fec bool) []int16 {
	t.Helper()
	decoder, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	var sound []int16
	for i, packet := range packets {
		var frame [MaxSamples]int16
		n := FrameSamples
		if packet != nil {
			if n, err = decoder.Decode(frame[:], packet); err != nil {
				t.Fatal(err)
			}
		} else {
			var next []byte
			if fec && i+1 < len(packets) {
				next = packets[i+1]
			}
			if err := decoder.Conceal(frame[:n], next); err != nil {
				t.Fatal(err)
			}
		}
		sound = append(sound, frame[:n]...)
	}
	return sound
}

// likeness is the correlation of what was heard with what was said, Delay earlier.
func likeness(said, heard []int16, from, to int) float64 {
	var both, a, b float64
	for i := from; i < to; i++ {
		x, y := float64(said[i-Delay]), float64(heard[i])
		both, a, b = both+x*y, a+x*x, b+y*y
	}
	return both / math.Sqrt(a*b+1)
}

func TestSpeechComesOutAsItWentIn(t *testing.T) {
	said := voice(2 * SampleRate)
	packets := encoded(t, Parameters{}, said)
	bytes := 0
	for _, packet := range packets {
		bytes += len(packet)
		if got := Samples(packet, SampleRate); got != FrameSamples {
			t.Fatalf("a packet lasts %d samples", got)
		}
	}
	if rate := bytes * 8 / 2; rate < DefaultBitrate/3 || rate > DefaultBitrate*5/4 {
		t.Errorf("%d bits a second, of %d wanted", rate, DefaultBitrate)
	}
	if got := likeness(said, decoded(t, packets, false), 2000, len(said)-FrameSamples); got < 0.9 {
		t.Errorf("a likeness of %.3f", got)
	}
}

func TestFECRestoresWhatConcealmentGuesses(t *testing.T) {
	said := voice(4 * SampleRate)
	packets := encoded(t, Parameters{FEC: true}, said)
	var lost []int
	for i := 20; i < len(packets)-1; i += 7 {
		packets[i] = nil
		lost = append(lost, i)
	}
	plain, restored := decoded(t, packets, false), decoded(t, packets, true)
	var without, with float64
	for _, i := range lost {
		without += likeness(said, plain, i*FrameSamples, (i+1)*FrameSamples) / float64(len(lost))
		with += likeness(said, restored, i*FrameSamples, (i+1)*FrameSamples) / float64(len(lost))
	}
	t.Logf("lost frames are like what was said by %.2f with FEC, by %.2f without", with, without)
	if with < without+0.1 || with < 0.4 {
		t.Errorf("lost frames are like what was said by %.2f with FEC, by %.2f without", with, without)
	}
}

func TestSilenceIsHardlySentWithDTX(t *testing.T) {
	said := voice(4 * SampleRate)
	clear(said[SampleRate:])
	count := func(p Parameters) (sent int) {
		for _, packet := range encoded(t, p, said)[75:] { // a while after the voice
			if len(packet) > 0 {
				sent++
			}
		}
		return sent
	}
	if with, without := count(Parameters{DTX: true}), count(Parameters{}); with > without/10 || with == 0 {
		t.Errorf("%d packets of silence with DTX, %d without", with, without)
	}
}

func TestParametersAreReadAndSaid(t *testing.T) {
	for text, want := range map[string]Parameters{
		"":                             {},
		"minptime=10;useinbandfec=1":   {FEC: true},
		" useinbandfec=1 ; USEDTX=1":   {FEC: true, DTX: true},
		"maxaveragebitrate=20000":      {Bitrate: 20000},
		"maxaveragebitrate=1":          {Bitrate: MinBitrate},
		"maxaveragebitrate=9999999999": {},
		"maxaveragebitrate=-1;usedtx":  {},
	} {
		if got := ParseParameters(text); got != want {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		p := Parameters{rapid.Bool().Draw(t, "fec"), rapid.Bool().Draw(t, "dtx"), rapid.IntRange(MinBitrate, MaxBitrate).Draw(t, "rate")}
		if got := ParseParameters(p.String()); got != p {
			t.Errorf("%+v is said as %q", p, p)
		}
	})
	ours := Parameters{FEC: true, Bitrate: 32000}
	if got := ours.Within(Parameters{DTX: true, Bitrate: 20000}); got != (Parameters{DTX: true, Bitrate: 20000}) {
		t.Errorf("agreed on %+v", got)
	}
}

// RFC 6716 table 2, and its bounds.
func TestHowLongPacketsAre(t *testing.T) {
	for _, test := range []struct {
		packet []byte
		want   int // at 48 kHz
	}{
		{nil, 0},
		{[]byte{9 << 3}, 960},            // SILK, wide band, 20 ms
		{[]byte{11<<3 | 1}, 5760},        // two of 60 ms
		{[]byte{15 << 3}, 960},           // hybrid, 20 ms
		{[]byte{28<<3 | 2}, 240},         // two of 2.5 ms
		{[]byte{31<<3 | 3, 6}, 5760},     // six of 20 ms
		{[]byte{31<<3 | 3, 7}, 0},        // 140 ms
		{[]byte{31<<3 | 3}, 0},           // cut short
		{[]byte{31<<3 | 3, 0x80}, 0},     // no frame
		{[]byte{3<<3 | 3, 2 + 64}, 5760}, // two of 60 ms, padded
	} {
		got := Samples(test.packet, 48000)
		if got != test.want {
			t.Errorf("% x lasts %d samples, want %d", test.packet, got, test.want)
		}
	}
}

func TestCodingAllocatesNothing(t *testing.T) {
	encoder, err := NewEncoder(Parameters{})
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := NewDecoder()
	if err != nil {
		t.Fatal(err)
	}
	said := voice(SampleRate)
	var packet [1280]byte
	var sound [MaxSamples]int16
	at := 0
	run := func() {
		n, err := encoder.Encode(packet[:], said[at:at+FrameSamples])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decoder.Decode(sound[:], packet[:n]); err != nil {
			t.Fatal(err)
		}
		at = (at + FrameSamples) % (SampleRate - FrameSamples)
	}
	for range 60 {
		run()
	}
	if n := testing.AllocsPerRun(100, run); n != 0 {
		t.Errorf("%v allocations a frame", n)
	}
}

// FuzzDecode hears what strangers send, and goes on.
func FuzzDecode(f *testing.F) {
	f.Add(AppendSilence(nil, 8), []byte{9 << 3, 1, 2, 3})
	f.Add([]byte{31<<3 | 3, 0xC2, 1, 0, 0}, []byte{12 << 3, 0x80, 0x7F})
	f.Add([]byte{1<<3 | 2, 5, 1, 2, 3, 4, 5, 6}, []byte{9 << 3})
	encoder, err := NewEncoder(Parameters{FEC: true})
	if err != nil {
		f.Fatal(err)
	}
	said := voice(SampleRate / 2)
	for at := 0; at+FrameSamples <= len(said); at += 5 * FrameSamples {
		var packet [1280]byte
		n, err := encoder.Encode(packet[:], said[at:at+FrameSamples])
		if err != nil {
			f.Fatal(err)
		}
		f.Add(append([]byte(nil), packet[:n]...), append([]byte(nil), packet[:n/2]...))
	}
	f.Fuzz(func(t *testing.T, first, second []byte) {
		decoder, err := NewDecoder()
		if err != nil {
			t.Fatal(err)
		}
		var sound [MaxSamples]int16
		for _, packet := range [][]byte{first, second, first} {
			if n, err := decoder.Decode(sound[:], packet); err == nil && n != Samples(packet, SampleRate) {
				t.Errorf("%d samples of a packet of %d", n, Samples(packet, SampleRate))
			}
			_ = decoder.Conceal(sound[:FrameSamples], packet)
		}
		if n, err := decoder.Decode(sound[:], AppendSilence(nil, 8)); n != FrameSamples || err != nil {
			t.Errorf("afterwards: %d samples, %v", n, err)
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	encoder, err := NewEncoder(Parameters{FEC: true})
	if err != nil {
		b.Fatal(err)
	}
	said := voice(SampleRate)
	var packet [1280]byte
	at := 0
	for b.Loop() {
		if _, err := encoder.Encode(packet[:], said[at:at+FrameSamples]); err != nil {
			b.Fatal(err)
		}
		at = (at + FrameSamples) % (SampleRate - FrameSamples)
	}
}

func BenchmarkDecode(b *testing.B) {
	encoder, err := NewEncoder(Parameters{})
	if err != nil {
		b.Fatal(err)
	}
	decoder, err := NewDecoder()
	if err != nil {
		b.Fatal(err)
	}
	said := voice(SampleRate)
	var packet [1280]byte
	n, err := encoder.Encode(packet[:], said[2000:2000+FrameSamples])
	if err != nil {
		b.Fatal(err)
	}
	var sound [MaxSamples]int16
	for b.Loop() {
		if _, err := decoder.Decode(sound[:], packet[:n]); err != nil {
			b.Fatal(err)
		}
	}
}
