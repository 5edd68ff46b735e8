package media

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/thesyncim/gopus"

	"careline/media/ogg"
	"careline/media/signal"
)

// taped is a tap of so many seconds, over, of a caller who says 440 Hz and hears
// 1000, with a pause from 2 s to 3 s.
func taped(t *testing.T, seconds int) *Tap {
	t.Helper()
	hall := newTapHall(t)
	a, b := hall.leg(PCMU), hall.leg(PCMU)
	hall.join(a, b)
	tap := hall.tap(a, TapOptions{Buffer: 8 << 20})
	caller, agent := hall.talker(a, PCMU, 1), hall.talker(b, PCMU, 2)
	for hz, talker := range map[float64]*talker{440: caller, 1000: agent} {
		said := sineAt(8000, hz, float64(seconds+1))
		talker.say = func(sound []int16, at time.Duration) { copy(sound, said[at*8000/time.Second:]) }
	}
	hall.listenFor(2*time.Second, nil, caller, agent)
	tap.pause(hall.now)
	hall.listenFor(time.Second, nil, caller, agent)
	tap.mu.Lock()
	tap.resume(hall.now)
	tap.mu.Unlock()
	hall.listenFor(time.Duration(seconds-3)*time.Second, nil, caller, agent)
	tap.close(hall.now)
	return tap
}

// checkSides looks at a recording's channels, of 8 kHz: a tone in each, silence in
// the pause, and nothing of one in the other.
func checkSides(t *testing.T, left, right []int16, leak float64) {
	t.Helper()
	for side, sound := range [][]int16{left, right} {
		own, other := 440.0, 1000.0
		if side == 1 {
			own, other = other, own
		}
		talk, pause := sound[4000:15000], sound[17000:23000]
		if got := signal.Goertzel(talk, own); math.Abs(got-0.25) > 0.03 {
			t.Errorf("side %d: %.3f of its tone, want 0.25", side, got)
		}
		if got := signal.Goertzel(talk, other); got > leak {
			t.Errorf("side %d: %.4f of the other's tone", side, got)
		}
		if got := signal.RMS(pause); got > 0.002 {
			t.Errorf("side %d: %.4f in the pause", side, got)
		}
	}
}

func checkRecorded(t *testing.T, got Recorded, err error, length time.Duration) {
	t.Helper()
	if err != nil || got.Length != length || len(got.Pauses) != 1 ||
		got.Pauses[0] != (RecordedPause{2 * time.Second, 3 * time.Second}) || got.Stats != (TapStats{}) {
		t.Errorf("recorded %+v, %v", got, err)
	}
}

func TestARecordingAsWAV(t *testing.T) {
	path := filepath.Join(t.TempDir(), "call.wav")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	recorded, err := taped(t, 5).RecordWAV(t.Context(), file)
	checkRecorded(t, recorded, err, 5*time.Second)
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if size := binary.LittleEndian.Uint32(raw[40:]); size != 5*TapRate*4 || len(raw) != wavHeaderSize+int(size) || binary.LittleEndian.Uint32(raw[4:]) != size+36 {
		t.Errorf("%d bytes, of which the header says %d", len(raw), size)
	}
	var left, right []int16
	for at := wavHeaderSize; at+8 <= len(raw); at += 8 {
		left = append(left, int16(binary.LittleEndian.Uint16(raw[at:])))
		right = append(right, int16(binary.LittleEndian.Uint16(raw[at+2:])))
	}
	checkSides(t, left, right, 0.001)

	// Where nothing can be written over, or nobody is left to, it is read all the same.
	var pipe bytes.Buffer
	if _, err := taped(t, 5).RecordWAV(t.Context(), &pipe); err != nil {
		t.Fatal(err)
	}
	for name, written := range map[string][]byte{"a pipe": pipe.Bytes(), "a crash": pipe.Bytes()[:wavHeaderSize+3*TapRate*4+2]} {
		if sound, err := ReadSound(bytes.NewReader(written), 0); err != nil || sound.Duration() < 3*time.Second {
			t.Errorf("of %s %v can be read: %v", name, sound.Duration(), err)
		}
	}
}

// decodeStereo reads a recording in Opus up to its end or its cut.
func decodeStereo(t *testing.T, file []byte) (left, right []int16, ended error) {
	t.Helper()
	r, err := ogg.NewReader(bytes.NewReader(file))
	if err != nil {
		t.Fatal(err)
	}
	decoder, err := gopus.NewDecoder(gopus.DefaultDecoderConfig(8000, 2))
	if err != nil {
		t.Fatal(err)
	}
	sound := make([]int16, 2*5760)
	for {
		p, err := r.Next()
		if err != nil {
			return left, right, err
		}
		n, err := decoder.DecodeInt16(p.Data, sound)
		if err != nil {
			t.Fatal(err)
		}
		for i := min(p.Skip/6, n); i < min(p.Keep/6, n); i++ {
			left, right = append(left, sound[2*i]), append(right, sound[2*i+1])
		}
	}
}

func TestARecordingAsOpus(t *testing.T) {
	var file bytes.Buffer
	recorded, err := taped(t, 5).RecordOpus(t.Context(), &file)
	checkRecorded(t, recorded, err, 5*time.Second)
	left, right, err := decodeStereo(t, file.Bytes())
	if err != io.EOF || len(left) != 5*8000 {
		t.Fatalf("%d samples, want 5 s, then %v", len(left), err)
	}
	checkSides(t, left, right, 0.01)
	if file.Len() > 5*7000 {
		t.Errorf("5 s take %d bytes", file.Len())
	}
	left, right, err = decodeStereo(t, file.Bytes()[:file.Len()-100])
	if !errors.Is(err, ogg.ErrCut) || len(left) < 4*8000-100 {
		t.Errorf("cut off, there are %d samples, then %v", len(left), err)
	}
	checkSides(t, left, right, 0.01)
}

// TestOtherProgramsReadOurRecordings: by opus-tools, which are built on the codec's
// own libraries.
func TestOtherProgramsReadOurRecordings(t *testing.T) {
	for _, program := range []string{"opusinfo", "opusdec"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("%s of the package opus-tools isn't installed", program)
		}
	}
	path := filepath.Join(t.TempDir(), "call.opus")
	var file bytes.Buffer
	if _, err := taped(t, 5).RecordOpus(t.Context(), &file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, file.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	said, err := exec.Command("opusinfo", path).CombinedOutput()
	if err != nil || strings.Contains(string(said), "WARNING") || !strings.Contains(string(said), "Playback length: 0m:05.000s") || !strings.Contains(string(said), "Channels: 2") {
		t.Errorf("opusinfo: %v\n%s", err, said)
	}
	wav := path + ".wav"
	if said, err := exec.Command("opusdec", "--quiet", "--rate", "8000", "--no-dither", path, wav).CombinedOutput(); err != nil {
		t.Fatalf("opusdec: %v\n%s", err, said)
	}
	raw, err := os.ReadFile(wav)
	if err != nil {
		t.Fatal(err)
	}
	var left, right []int16
	for at := bytes.Index(raw, []byte("data")) + 8; at+4 <= len(raw); at += 4 {
		left = append(left, int16(binary.LittleEndian.Uint16(raw[at:])))
		right = append(right, int16(binary.LittleEndian.Uint16(raw[at+2:])))
	}
	if n := len(left); n < 5*8000-10 || n > 5*8000+10 {
		t.Errorf("%d samples, want 5 s", n)
	}
	checkSides(t, left, right, 0.01)
}

// full is a disk that has room for so many bytes.
type full struct{ left int }

func (f *full) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("no space left on device")
	}
	return len(p), nil
}

func TestARecordingEndsInOrder(t *testing.T) {
	record := map[string]func(*Tap, context.Context, io.Writer) (Recorded, error){"WAV": (*Tap).RecordWAV, "Opus": (*Tap).RecordOpus}
	for name, record := range record {
		if _, err := record(taped(t, 5), t.Context(), &full{left: 10}); err == nil {
			t.Errorf("%s: a full disk is no error at the header", name)
		}
		got, err := record(taped(t, 5), t.Context(), &full{left: 10000})
		if err == nil || got.Length == 0 && name == "WAV" {
			t.Errorf("%s: on a full disk %v were recorded, %v", name, got.Length, err)
		}
		// Told to stop in the middle, the file is complete.
		hall, tap, caller, agent := conversation(t, TapOptions{})
		hall.listenFor(3*time.Second, nil, caller, agent)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		var file bytes.Buffer
		got, err = record(tap, ctx, &file)
		if !errors.Is(err, context.Canceled) || got.Length < 2500*time.Millisecond || got.Length >= 3*time.Second {
			t.Errorf("%s: recorded %v, %v", name, got.Length, err)
		}
		if sound, err := ReadSound(bytes.NewReader(file.Bytes()), 0); err != nil || sound.Duration() != got.Length {
			t.Errorf("%s: %v of %v can be read: %v", name, sound.Duration(), got.Length, err)
		}
	}
}
