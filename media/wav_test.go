package media

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"careline/media/signal"
)

// chunk makes a RIFF chunk.
func chunk(name string, body []byte) []byte {
	out := binary.LittleEndian.AppendUint32([]byte(name), uint32(len(body)))
	out = append(out, body...)
	if len(body)%2 == 1 {
		out = append(out, 0)
	}
	return out
}

func format(tag, channels, bits uint16, rate uint32, extra ...byte) []byte {
	body := binary.LittleEndian.AppendUint16(nil, tag)
	body = binary.LittleEndian.AppendUint16(body, channels)
	body = binary.LittleEndian.AppendUint32(body, rate)
	body = append(body, make([]byte, 6)...)
	body = binary.LittleEndian.AppendUint16(body, bits)
	return chunk("fmt ", append(body, extra...))
}

func wav(chunks ...[]byte) []byte {
	return append([]byte("RIFF\x00\x00\x00\x00WAVE"), bytes.Join(chunks, nil)...)
}

func TestReadWAV(t *testing.T) {
	pcm := chunk("data", []byte{1, 0, 0xFF, 0xFF})
	open := append([]byte("data\xFF\xFF\xFF\xFF"), 1, 0, 2, 0)
	extended := append([]byte{22, 0, 16, 0, 0, 0, 0, 0, 1, 0}, wavSubFormat...)
	ambisonic := append([]byte{22, 0, 16, 0, 0, 0, 0, 0, 1, 0}, "\x00\x00\x21\x07\xD3\x11\x86\x44\xC8\xC1\xCA\x00\x00\x00"...)
	for _, test := range []struct {
		name string
		raw  []byte
		want int // samples; -1: refused
	}{
		{"PCM", wav(format(1, 1, 16, 8000), pcm), 2},
		{"µ-law", wav(format(7, 1, 8, 8000, 0, 0), chunk("data", []byte{1, 2, 3})), 3},
		{"A-law", wav(format(6, 1, 8, 8000), chunk("data", []byte{1, 2})), 2},
		{"chunks between, of odd length", wav(chunk("LIST", []byte{1, 2, 3}), format(1, 1, 16, 8000), chunk("fact", make([]byte, 4)), pcm), 2},
		{"extensible", wav(format(0xFFFE, 1, 16, 8000, extended...), pcm), 2},
		{"stereo", wav(format(1, 2, 16, 8000), pcm), 1},
		{"16 kHz", wav(format(1, 1, 16, 16000), pcm), 1},
		{"44.1 kHz", wav(format(1, 2, 16, 44100), chunk("data", make([]byte, 4*44100))), 8000},
		{"48 kHz µ-law", wav(format(7, 1, 8, 48000), chunk("data", make([]byte, 4800))), 800},
		{"from a pipe, of unknown length", wav(format(1, 1, 16, 8000), open), 2},
		{"empty", nil, -1},
		{"not a WAV", bytes.Repeat([]byte("x"), 100), -1},
		{"no data", wav(format(1, 1, 16, 8000)), -1},
		{"data first", wav(pcm), -1},
		{"extensible, and not PCM", wav(format(0xFFFE, 1, 16, 8000, ambisonic...), pcm), -1},
		{"surround", wav(format(1, 6, 16, 48000), pcm), -1},
		{"no channel", wav(format(1, 0, 16, 8000), pcm), -1},
		{"96 kHz", wav(format(1, 1, 16, 96000), pcm), -1},
		{"4 kHz", wav(format(1, 1, 16, 4000), pcm), -1},
		{"24 bit", wav(format(1, 1, 24, 8000), pcm), -1},
		{"MP3 inside", wav(format(0x55, 1, 16, 8000), pcm), -1},
		{"cut short", wav(format(1, 1, 16, 8000), pcm)[:46], -1},
		{"a chunk that lies", wav([]byte("LIST\xFF\xFF\xFF\x7F1234")), -1},
		{"a huge fmt", wav([]byte("fmt \xFF\xFF\xFF\x7F1234")), -1},
	} {
		samples, err := ReadWAV(bytes.NewReader(test.raw))
		if test.want < 0 {
			if !errors.Is(err, ErrWAV) {
				t.Errorf("%s: got %v, want ErrWAV", test.name, err)
			}
			continue
		}
		if err != nil || len(samples) != test.want {
			t.Errorf("%s: %d samples, %v", test.name, len(samples), err)
		}
	}
}

func TestWAVComesBackAsWritten(t *testing.T) {
	var file bytes.Buffer
	written := signal.Noise(0.3, 5)
	if err := WriteWAV(&file, written); err != nil {
		t.Fatal(err)
	}
	read, err := ReadWAV(bytes.NewReader(file.Bytes()))
	if err != nil || len(read) != len(written) {
		t.Fatalf("%d samples, %v", len(read), err)
	}
	for i := range read {
		if read[i] != written[i] {
			t.Fatalf("sample %d differs", i)
		}
	}
	clip := NewClip(read)
	if clip.Duration() != 300*time.Millisecond || len(clip.Samples()) != len(written) {
		t.Fatalf("clip of %v", clip.Duration())
	}
	if score, _ := signal.Correlate(clip.Samples(), written); score < 0.99 {
		t.Errorf("the clip sounds different: %.3f", score)
	}
}

func TestG711InAWAVComesBackAsItWasCoded(t *testing.T) {
	for _, codec := range []Codec{PCMU, PCMA} {
		for _, length := range []int{0, 1, 2, 801} {
			written := signal.Noise(1, 5)[:length]
			var file bytes.Buffer
			if err := WriteG711WAV(&file, codec, written); err != nil {
				t.Fatal(err)
			}
			raw := file.Bytes()
			if size := binary.LittleEndian.Uint32(raw[4:]); int(size) != len(raw)-8 || len(raw)%2 != 0 {
				t.Errorf("%s: the header says %d of %d bytes", codec, size, len(raw))
			}
			read, err := ReadWAV(bytes.NewReader(raw))
			if err != nil || len(read) != length {
				t.Fatalf("%s: %d samples of %d, %v", codec, len(read), length, err)
			}
			want, payload := make([]int16, length), make([]byte, length)
			codec.Encode(payload, written)
			codec.Decode(want, payload)
			if !slices.Equal(read, want) {
				t.Errorf("%s: the sound differs", codec)
			}
		}
	}
	if WriteG711WAV(&bytes.Buffer{}, Opus, nil) == nil {
		t.Error("Opus in a WAV was written")
	}
}

func TestTranscodingKeepsTheSound(t *testing.T) {
	said := signal.Noise(0.5, 3)
	for _, from := range DefaultCodecs() {
		for _, to := range DefaultCodecs() {
			payload, out := make([]byte, len(said)), make([]byte, len(said))
			heard := make([]int16, len(said))
			from.Encode(payload, said)
			transcode(out, payload, from, to)
			to.Decode(heard, out)
			if score, lag := signal.Correlate(heard, said); score < 0.998 || lag != 0 {
				t.Errorf("%v to %v: score %.4f, lag %v", from, to, score, lag)
			}
		}
	}
}

func FuzzReadWAV(f *testing.F) {
	f.Add(wav(format(1, 1, 16, 8000), chunk("data", []byte{1, 0})))
	f.Add(wav(format(7, 1, 8, 8000), chunk("LIST", nil), chunk("data", []byte{1})))
	f.Fuzz(func(t *testing.T, raw []byte) {
		samples, err := ReadWAV(bytes.NewReader(raw))
		if err != nil && !errors.Is(err, ErrWAV) {
			t.Errorf("an error about content doesn't wrap ErrWAV: %v", err)
		}
		if len(samples) > len(raw) {
			t.Errorf("%d samples out of %d bytes", len(samples), len(raw))
		}
	})
}
