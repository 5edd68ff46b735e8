package opus

import (
	"encoding/hex"
	"math"
	"math/rand/v2"
	"testing"
)

// What libopus 1.3.1 makes, three seconds after speech: of zeros, and of noise with a
// deviation of one step of 16-bit sound.
func TestDigitalSilenceOfLibopusIsTold(t *testing.T) {
	for name, packets := range map[string][2]string{
		"SILK, 10 ms":         {"4007c948e6d5", "400b64c089bee27d8ea2df4deb80"},
		"SILK, 20 ms":         {"4807c979c8c957c0", "480a7aef8a97c7040150a8f3ec77a06b1fb474498643f5879af0c4"},
		"SILK, 40 ms":         {"5003e4bce466e33c3cb5088a6b2140", "50053d4409703c305c69692c9f7a3f6e39317cf21f59e6af3d425e845aab484cb4ec6a82187e0569"},
		"SILK, 60 ms":         {"5801f25e7236921f05fa478d692c8f200afbfb2b20", "5802d85e84405e932e62055ba90bbba2c0fefe0a0187668ae6bf9a13681ab0f8f26891cf769e807c"},
		"SILK, narrow band":   {"1801f1acc38cd80bd705b6bd10d2", "18031137ce80c30c5de818a517e3688f676f676e2af04c1b85cb2ee754"},
		"SILK, 2 of 60 ms":    {"5901f25e7236921f05fa478d692c8f200afbfb2b2001f25e7236921f05fa478d692c8f200afbfb2b20", "5a4e029e9c800f2b81b0627e59de07d08f7c37e7bb7c2d62563b3194cbcab9540113e0c34bc1dde1"},
		"SILK, stereo":        {"4c0801ec0b296ab73d3c", "4c0801f8563f1981539e55b5c7a8c047eef9182b99859d9860"},
		"SILK, stereo, 80 ms": {"5502007b03283d6e31e0d59c88a7619bb38002007b03283d6e31e0d59c88a7619bb380", "56320200812bc697c56844847b3a8a82a7a7c444dea8de896ca47f5b5a9e9239d159d907c08d0c0c"},
		"SILK, padded":        {"4b411e06e379c8c957c0000000000000000000000000000000000000000000000000000000000000", "4808af6ccbd7cc42f1de83622b408d173b60bb6558d0051ce80dcac26c9554aec91aee410c415318"},
		"hybrid":              {"6807c979c8c957c0a21223fa599e539f0d9da79eecba38cab6d9b8a0f360f340", "680994a76119fc9f5459d50d41e9d21b4dc9c91210a2431ee01150013ba4e176b23ed8353f03dd6f"},
		"CELT":                {"f8fffe", "f8618605a711fcf7621058fc5f0fc85abd35095b62ebbcb0a09bae01d10adbff8104741628fa97bf"},
		"CELT, stereo":        {"fcfffe", "fc613c4848b88f141b4355fcf1e3d4a2f3f9150631e1788212c68ef9070637232b3a59adb480a2af"},
		"CELT, padded":        {"f8fffe0000000000000000000000000000000000", "f861898ab27bee5124bca5474d91ff2ab90be4ce00715b676dfa35f26efe2fc64375c6b9f48d823c"},
	} {
		for i, want := range []Silence{Digital, Sound} {
			packet, err := hex.DecodeString(packets[i])
			if err != nil {
				t.Fatal(err)
			}
			var d SilenceDetector
			got := d.Packet(packet)
			if i == 0 { // SILK's is told once it comes again
				got = d.Packet(packet)
			}
			if got != want && (i == 0 || got == Digital) {
				t.Errorf("%s, noise %v: %d, want %d", name, i == 1, got, want)
			}
		}
	}
}

// stillness is how many packets after the words tell of digital silence, of sound, and
// how many in a row of no sound.
func stillness(t *testing.T, p Parameters, sound []int16) (digital, sounding, row int) {
	t.Helper()
	var d SilenceDetector
	now := 0
	for _, packet := range encoded(t, p, sound)[16:] {
		now++
		switch d.Packet(packet) {
		case Digital:
			digital++
		case Sound:
			sounding++
			now = 0
		}
		row = max(row, now)
	}
	return digital, sounding, row
}

func TestOnlyZerosAreDigitalSilence(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	fill := func(value func(i int) float64) []int16 {
		sound := voice(SampleRate * 6 / 5)
		for i := SampleRate * 3 / 10; i < len(sound); i++ {
			sound[i] = int16(math.Round(value(i)))
		}
		return sound
	}
	for _, p := range []Parameters{{FEC: true}, {DTX: true, Bitrate: MinBitrate}, {Bitrate: MaxBitrate}} {
		if digital, sounding, _ := stillness(t, p, fill(func(int) float64 { return 0 })); sounding > remembered || digital == 0 {
			t.Errorf("%s: of zeros %d packets are told as silence, %d as sound", p, digital, sounding)
		}
		for name, sound := range map[string][]int16{
			"a noise of one step":   fill(func(int) float64 { return random.NormFloat64() }),
			"music, hardly audible": fill(func(i int) float64 { return 20 * math.Sin(2*math.Pi*440*float64(i)/SampleRate) }),
		} {
			if digital, sounding, row := stillness(t, p, sound); digital > 1 || sounding == 0 || row > 25 {
				t.Errorf("%s: of %s %d packets are told as silence, %d as sound; none of sound in %d", p, name, digital, sounding, row)
			}
		}
	}
}

func TestPacketsWithoutAFrameTellNothing(t *testing.T) {
	for _, packet := range [][]byte{nil, {0x48}, {0x48, 0xFF}, {0xF8}, {0x4B}, {0x4B, 0x41}, {0x4B, 0xC1, 255}, {0x4A}, {0x4A, 253}, {0x49, 1, 2}, {0x4B, 0x3F, 1, 2, 3}} {
		if got := new(SilenceDetector).Packet(packet); got != Untold {
			t.Errorf("% x: %d", packet, got)
		}
	}
	if got := new(SilenceDetector).Packet(AppendSilence(nil, 48)); got != Digital {
		t.Errorf("what we send as silence: %d", got)
	}
}

func FuzzSilenceDetector(f *testing.F) {
	f.Add(AppendSilence(nil, 48))
	f.Add([]byte{0x4B, 0xC2, 255, 3, 1, 2, 3, 4})
	f.Add([]byte{0x56, 0x32, 2, 0, 0x81, 0x2b})
	f.Fuzz(func(t *testing.T, packet []byte) {
		if new(SilenceDetector).Packet(packet) != Untold && Samples(packet, SampleRate) == 0 {
			t.Error("no packet, and yet it tells")
		}
	})
}

func BenchmarkSilenceDetector(b *testing.B) {
	for name, text := range map[string]string{"noise": "480a7aef8a97c7040150a8f3ec77a06b1fb474498643f5879af0c4", "zeros": "4c0801ec0b296ab73d3c"} {
		packet, err := hex.DecodeString(text)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				new(SilenceDetector).Packet(packet)
			}
		})
	}
}
