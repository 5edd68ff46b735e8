package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/media/loudness"
	"careline/media/ogg"
	"careline/media/opus"
	"careline/media/signal"
)

// studio is a WAV of 16-bit PCM in which each channel has a tone of its own.
func studio(rate uint32, level float64, hz ...float64) []byte {
	body := make([]byte, 0, int(rate)*2*len(hz))
	for i := range int(rate) {
		for _, f := range hz {
			sample := math.Round(level * 32767 * math.Sin(2*math.Pi*f*float64(i)/float64(rate)))
			body = binary.LittleEndian.AppendUint16(body, uint16(int16(sample)))
		}
	}
	return wav(format(1, uint16(len(hz)), 16, rate), chunk("data", body))
}

func TestStudioSoundComesDownToTheTelephonesRate(t *testing.T) {
	for _, rate := range wavRates() {
		samples, err := ReadWAV(bytes.NewReader(studio(rate, 0.5, 440, 440)))
		if err != nil || len(samples) != SampleRate {
			t.Fatalf("%d Hz: %d samples, %v", rate, len(samples), err)
		}
		middle := samples[1000:7000]
		if got := signal.Goertzel(middle, 440); math.Abs(got-0.5) > 0.005 {
			t.Errorf("%d Hz: amplitude %.3f, want 0.5", rate, got)
		}
		if got := signal.RMS(middle); math.Abs(got-0.5/math.Sqrt2) > 0.003 {
			t.Errorf("%d Hz: %.3f in all, want the tone alone", rate, got)
		}
	}
}

func TestTwoChannelsBecomeTheirMean(t *testing.T) {
	samples, err := ReadWAV(bytes.NewReader(studio(48000, 0.5, 500, 1500)))
	if err != nil {
		t.Fatal(err)
	}
	for _, hz := range []float64{500, 1500} {
		if got := signal.Goertzel(samples[1000:7000], hz); math.Abs(got-0.25) > 0.005 {
			t.Errorf("amplitude %.3f at %.0f Hz, want 0.25", got, hz)
		}
	}
}

func TestWhatNoTelephoneCarriesIsntHeardElsewhere(t *testing.T) {
	samples, err := ReadWAV(bytes.NewReader(studio(48000, 0.5, 6300)))
	if err != nil {
		t.Fatal(err)
	}
	if level := signal.Level(samples[500:7500]); level > -65 {
		t.Errorf("6300 Hz are heard at %.0f dB", level)
	}
}

// opusFile is a file of Opus, with the sound a bit quieter and a gain that makes up
// for it.
func opusFile(t *testing.T, samples []int16) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := ogg.NewWriter(&file, ogg.Head{Channels: 1, PreSkip: 3 * opus.Delay, InputRate: opus.SampleRate, Gain: 6}, 1)
	if err != nil {
		t.Fatal(err)
	}
	encoder, err := opus.NewEncoder(opus.Parameters{})
	if err != nil {
		t.Fatal(err)
	}
	trim := -len(samples)
	padded := append(append([]int16(nil), samples...), make([]int16, opus.Delay+opus.FrameSamples)...)
	for ; len(padded) >= opus.FrameSamples && trim < opus.Delay; padded = padded[opus.FrameSamples:] {
		var packet [1280]byte
		n, err := encoder.Encode(packet[:], padded[:opus.FrameSamples])
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Packet(packet[:n], 960); err != nil {
			t.Fatal(err)
		}
		trim += opus.FrameSamples
	}
	if err := w.Close(3 * (trim - opus.Delay)); err != nil {
		t.Fatal(err)
	}
	return file.Bytes()
}

func TestOpusIsReadInPlaceAndAtItsLevel(t *testing.T) {
	said := make([]int16, 0, 20000)
	for i := range 20000 {
		at := float64(i) / 16000
		said = append(said, int16(6000*math.Sin(2*math.Pi*(300+200*at)*at)*math.Abs(math.Sin(2*math.Pi*3*at))))
	}
	file := opusFile(t, said)
	sound, err := ReadSound(bytes.NewReader(file), 0)
	if err != nil || sound.Rate() != 16000 || len(sound.samples) != len(said) {
		t.Fatalf("%d samples at %d, want %d: %v", len(sound.samples), sound.Rate(), len(said), err)
	}
	heard := sound.Samples(16000)
	if score, lag := signal.Correlate(append(make([]int16, 800), heard...), said[:16000]); score < 0.95 || lag < 98*time.Millisecond || lag > 102*time.Millisecond {
		t.Errorf("correlation %.3f at %v, want it at 100ms", score, lag)
	}
	if gain := signal.Level(heard) - signal.Level(said); math.Abs(gain-6) > 0.5 {
		t.Errorf("%.1f dB louder, want 6", gain)
	}
	for name, c := range map[string]struct {
		raw  []byte
		want error
	}{"cut off": {file[:len(file)/2], ogg.ErrCut}, "Vorbis": {bytes.Replace(file, []byte("OpusHead"), []byte("OpusHeed"), 1), ogg.ErrOgg}} {
		if _, err := ReadSound(bytes.NewReader(c.raw), 0); !errors.Is(err, c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := ReadSound(bytes.NewReader(file), time.Second); !errors.Is(err, ogg.ErrOgg) || !strings.Contains(err.Error(), "more than 1.0 s") {
		t.Errorf("longer than allowed: %v", err)
	}
}

// TestOpusOfOtherProgramsIsRead: as opus-tools write it, in stereo and with a
// comment that takes several pages.
func TestOpusOfOtherProgramsIsRead(t *testing.T) {
	if _, err := exec.LookPath("opusenc"); err != nil {
		t.Skip("opusenc of the package opus-tools isn't installed")
	}
	dir := t.TempDir()
	from, to := filepath.Join(dir, "in.wav"), filepath.Join(dir, "out.opus")
	if err := os.WriteFile(from, studio(48000, 0.4, 440, 700), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, err := exec.Command("opusenc", "--quiet", "--comment", "LONG="+strings.Repeat("x", 70_000), from, to).CombinedOutput(); err != nil {
		t.Fatalf("opusenc: %v\n%s", err, said)
	}
	file, err := os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	sound, err := ReadSound(file, time.Minute)
	if err != nil || sound.Duration() != time.Second {
		t.Fatalf("%v, %v", sound.Duration(), err)
	}
	middle := sound.Samples(8000)[1000:7000]
	for _, hz := range []float64{440, 700} {
		if got := signal.Goertzel(middle, hz); math.Abs(got-0.2) > 0.01 {
			t.Errorf("%.3f of %.0f Hz, want the mean of both channels, 0.2", got, hz)
		}
	}
}

func TestASoundThatIsTooLongIsRefusedBeforeItIsRead(t *testing.T) {
	for name, raw := range map[string][]byte{
		"by its header": studio(8000, 0.5, 440),
		"as it comes":   append(wav(format(1, 1, 16, 8000), []byte("data\xFF\xFF\xFF\xFF")), make([]byte, 16000)...),
	} {
		_, err := ReadSound(bytes.NewReader(raw), 990*time.Millisecond)
		if !errors.Is(err, ErrWAV) || !strings.Contains(err.Error(), "more than 1.0 s") {
			t.Errorf("%s: %v", name, err)
		}
		sound, err := ReadSound(bytes.NewReader(raw), time.Second)
		if err != nil || sound.Duration() != time.Second || sound.Rate() != 8000 {
			t.Errorf("%s, long enough: %v at %d, %v", name, sound.Duration(), sound.Rate(), err)
		}
	}
}

func TestNormalizedSoundsAreEquallyLoud(t *testing.T) {
	quiet := signal.Noise(1, 3)
	for i := range quiet {
		quiet[i] /= 6
	}
	for name, sound := range map[string]Sound{
		"a loud tone":         NewSound(signal.Tone(1000, 1), 8000),
		"quiet noise":         NewSound(quiet, 8000),
		"a short piece":       NewSound(append(append(make([]int16, 1600), signal.Noise(0.25, 1)...), make([]int16, 1600)...), 8000),
		"with a pause":        NewSound(append(append(signal.Noise(1, 1), make([]int16, 16000)...), signal.Noise(1, 2)...), 8000),
		"noise with one peak": NewSound(append(append(append([]int16{}, quiet...), 32000, -32000, 32000), quiet...), 8000),
	} {
		for _, target := range []float64{-23, -29, -18} {
			found := sound.Loudness()
			leveled := sound
			gain := leveled.Normalize(target)
			heard := NewSound(leveled.Samples(8000), 8000)
			if got := heard.Loudness(); math.Abs(got-target) > 0.5 {
				t.Errorf("%s: %.1f LUFS after %+.1f dB, want %.0f", name, got, gain, target)
			}
			if peak := loudness.TruePeak(heard.samples); peak > peakCeiling+0.1 {
				t.Errorf("%s at %.0f LUFS: a peak of %.2f dBTP", name, target, peak)
			}
			if sound.Loudness() != found {
				t.Errorf("%s: the sound itself was changed", name)
			}
		}
	}
}

func TestWhatIsAlmostSilentIsntMadeNoise(t *testing.T) {
	silent := NewSound(make([]int16, 8000), 8000)
	if !math.IsInf(silent.Loudness(), -1) || silent.Normalize(-23) != 0 || signal.RMS(silent.Samples(8000)) != 0 {
		t.Errorf("silence is %.1f LUFS", silent.Loudness())
	}
	whisper := signal.Tone(1000, 1)
	for i := range whisper {
		whisper[i] /= 100
	}
	sound := NewSound(whisper, 8000)
	if gain := sound.Normalize(-23); gain != MaxGain {
		t.Errorf("a whisper got %.1f dB, want %.0f", gain, MaxGain)
	}
}

func TestClippedSoundIsKnown(t *testing.T) {
	torn := signal.Tone(400, 1)
	for i := range torn {
		torn[i] = int16(min(max(4*int(torn[i]), -32768), 32767))
	}
	for name, c := range map[string]struct {
		samples []int16
		want    bool
	}{"a tone": {signal.Tone(400, 1), false}, "cut off": {torn, true}} {
		var file bytes.Buffer
		if err := WriteWAV(&file, c.samples); err != nil {
			t.Fatal(err)
		}
		sound, err := ReadSound(&file, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := sound.Clipped(); got > 0.1 != c.want {
			t.Errorf("%s: %.3f is clipped", name, got)
		}
		law := make([]byte, len(c.samples))
		PCMU.Encode(law, c.samples)
		heard := make([]int16, len(law))
		PCMU.Decode(heard, law)
		if got := NewSound(heard, 8000).Clipped(); got > 0.1 != c.want {
			t.Errorf("%s, in µ-law: %.3f is clipped", name, got)
		}
	}
}
