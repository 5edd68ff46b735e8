package ogg

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"testing"

	"pgregory.net/rapid"
)

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// speech is an Opus packet by its first byte: 20 ms, wideband SILK, one frame.
func speech(body ...byte) []byte { return append([]byte{9 << 3}, body...) }

const frame = 960

// written is a stream of n packets, each of its own content.
func written(t testing.TB, head Head, n, trim int) []byte {
	t.Helper()
	var file bytes.Buffer
	w, err := NewWriter(&file, head, 7)
	must(t, err)
	for i := range n {
		must(t, w.Packet(speech(byte(i), byte(i>>8)), frame))
	}
	must(t, w.Close(trim))
	return file.Bytes()
}

// read returns what there is of a file, the samples to be played, and how it ended.
func read(t testing.TB, file []byte) (packets [][]byte, played int, err error) {
	t.Helper()
	r, err := NewReader(bytes.NewReader(file))
	if err != nil {
		return nil, 0, err
	}
	for {
		p, err := r.Next()
		if err != nil {
			if _, again := r.Next(); again != err {
				t.Errorf("after %v comes %v", err, again)
			}
			return packets, played, err
		}
		packets = append(packets, bytes.Clone(p.Data))
		played += max(p.Keep-p.Skip, 0)
	}
}

func TestWhatWasWrittenIsRead(t *testing.T) {
	head := Head{Channels: 2, PreSkip: 312, InputRate: 16000, Gain: -1.5}
	file := written(t, head, 120, 100)
	r, err := NewReader(bytes.NewReader(file))
	must(t, err)
	if r.Head() != head {
		t.Errorf("head %+v, want %+v", r.Head(), head)
	}
	packets, played, err := read(t, file)
	if err != io.EOF || len(packets) != 120 || played != 120*frame-312-100 {
		t.Fatalf("%d packets, %d samples, %v", len(packets), played, err)
	}
	for i, packet := range packets {
		if !bytes.Equal(packet, speech(byte(i), byte(i>>8))) {
			t.Fatalf("packet %d is %x", i, packet)
		}
	}
}

func TestAnyPacketsComeBackAsTheyWere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.OneOf(rapid.IntRange(0, 3), rapid.IntRange(250, 520), rapid.IntRange(maxPacket-300, maxPacket-1)), 1, 80).Draw(t, "sizes")
		var file bytes.Buffer
		w, err := NewWriter(&file, Head{Channels: 1}, 1)
		if err != nil {
			t.Fatal(err)
		}
		var packets [][]byte
		for i, size := range sizes {
			packets = append(packets, speech(bytes.Repeat([]byte{byte(i)}, size)...))
			if err := w.Packet(packets[i], frame); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(0); err != nil {
			t.Fatal(err)
		}
		r, err := NewReader(&file)
		if err != nil {
			t.Fatal(err)
		}
		for i, want := range packets {
			got, err := r.Next()
			if err != nil || !bytes.Equal(got.Data, want) || got.Keep != frame {
				t.Fatalf("packet %d of %d bytes: %d bytes, keep %d, %v", i, len(want), len(got.Data), got.Keep, err)
			}
		}
		if _, err := r.Next(); err != io.EOF {
			t.Fatalf("at the end %v", err)
		}
	})
}

// TestACutFileIsReadUpToTheCut: wherever it was cut, no packet is wrong and no more
// than the last page is missing.
func TestACutFileIsReadUpToTheCut(t *testing.T) {
	file := written(t, Head{Channels: 1}, 200, 0)
	whole, _, _ := read(t, file)
	for cut := 100; cut < len(file); cut += 7 {
		for name, damaged := range map[string][]byte{
			"cut":               file[:cut],
			"filled with zeros": append(bytes.Clone(file[:cut]), make([]byte, len(file)-cut)...),
			"a byte changed":    append(append(bytes.Clone(file[:cut]), file[cut]^0x10), file[cut+1:]...),
		} {
			packets, _, err := read(t, damaged)
			if !errors.Is(err, ErrCut) && !errors.Is(err, ErrOgg) {
				t.Fatalf("%s at %d: ended with %v", name, cut, err)
			}
			pages := bytes.Count(file[:cut], []byte(capturePattern)) - 3 // two of headers, and the one that is cut
			if len(packets) < pages*50 {
				t.Fatalf("%s at %d: %d packets of %d whole pages", name, cut, len(packets), pages)
			}
			for i := range packets {
				if !bytes.Equal(packets[i], whole[i]) {
					t.Fatalf("%s at %d: packet %d is wrong", name, cut, i)
				}
			}
		}
	}
}

// TestAWriterThatDiesLosesASecond: nothing but whole pages is ever written.
func TestAWriterThatDiesLosesASecond(t *testing.T) {
	var file bytes.Buffer
	w, err := NewWriter(&file, Head{Channels: 1}, 1)
	must(t, err)
	for i := range 150 {
		must(t, w.Packet(speech(byte(i)), frame))
	}
	packets, played, err := read(t, file.Bytes())
	if !errors.Is(err, ErrCut) || len(packets) != 100 || played != 100*frame {
		t.Errorf("of 3 s there are %d packets and %d samples, then %v", len(packets), played, err)
	}
}

func TestCRCIsTheOneOfTheStandard(t *testing.T) {
	// A bit-by-bit division, as RFC 3533 describes it.
	slow := func(raw []byte) uint32 {
		sum := uint32(0)
		for _, b := range raw {
			for bit := 7; bit >= 0; bit-- {
				top := sum>>31 ^ uint32(b>>bit&1)
				sum = sum<<1 ^ top*0x04C11DB7
			}
		}
		return sum
	}
	for _, raw := range [][]byte{nil, {0}, {1}, []byte("123456789"), bytes.Repeat([]byte{0xFF}, 300)} {
		if checksum(raw) != slow(raw) {
			t.Errorf("%x: %08x, want %08x", raw, checksum(raw), slow(raw))
		}
	}
}

// pages writes pages as another program might.
func pages(all ...page) []byte {
	var out []byte
	for i := range all {
		all[i].sequence = uint32(i)
		all[i].serial = 5
		out = all[i].appendTo(out)
	}
	return out
}

func headers(head Head) []page {
	h := head.append(nil)
	return []page{{flags: flagFirst, lacing: []byte{byte(len(h))}, body: h}, {lacing: []byte{byte(len(tags()))}, body: tags()}}
}

func TestFilesOfOtherPrograms(t *testing.T) {
	head := headers(Head{Channels: 1, PreSkip: 100})
	long := bytes.Repeat([]byte{1}, 400)
	big := append(tags(), make([]byte, 100_000)...) // a picture, over several pages
	picture := []page{head[0]}
	for rest := big; ; {
		part := rest[:min(len(rest), 255*255)]
		rest = rest[len(part):]
		p := page{granule: noGranule, lacing: bytes.Repeat([]byte{255}, len(part)/255), body: part}
		if len(picture) > 1 {
			p.flags = flagContinued
		}
		if len(rest) == 0 {
			p.granule, p.lacing = 0, append(p.lacing, byte(len(part)%255))
			picture = append(picture, p)
			break
		}
		picture = append(picture, p)
	}
	ended := page{flags: flagLast, granule: 2 * frame, lacing: []byte{1, 1}, body: []byte{9 << 3, 9 << 3}}
	for _, c := range []struct {
		name    string
		file    []byte
		packets int
		played  int
		err     error
	}{
		{"a plain one", pages(append(headers(Head{Channels: 1, PreSkip: 100}), ended)...), 2, 2*frame - 100, io.EOF},
		{"a picture in its comments", pages(append(picture, ended)...), 2, 2*frame - 100, io.EOF},
		{"a packet over two pages", pages(append(headers(Head{Channels: 1}),
			page{granule: noGranule, lacing: []byte{255}, body: append([]byte{9 << 3}, long[:254]...)},
			page{flags: flagContinued | flagLast, granule: frame, lacing: []byte{10}, body: long[:10]})...), 1, frame, io.EOF},
		{"one that begins late", pages(append(headers(Head{Channels: 1}),
			page{granule: 100000, lacing: []byte{1}, body: []byte{9 << 3}},
			page{flags: flagLast, granule: 100000 + 500, lacing: []byte{1}, body: []byte{9 << 3}})...), 2, frame + 500, io.EOF},
		{"a last page without sound", pages(append(headers(Head{Channels: 1}),
			page{granule: frame, lacing: []byte{1}, body: []byte{9 << 3}},
			page{flags: flagLast, granule: frame})...), 1, frame, io.EOF},
		{"less than the pre-skip", pages(append(headers(Head{Channels: 1, PreSkip: 3000}), ended)...), 2, 0, io.EOF},
		{"two streams in a row", append(pages(append(headers(Head{Channels: 1}), ended)...), pages(headers(Head{Channels: 1})...)...), 2, 2 * frame, ErrOgg},
		{"a missing page", append(pages(headers(Head{Channels: 1})...), (&page{serial: 5, sequence: 3, granule: frame, lacing: []byte{1}, body: []byte{9 << 3}}).appendTo(nil)...), 0, 0, ErrCut},
		{"streams side by side", append(pages(headers(Head{Channels: 1})...), (&page{serial: 6, sequence: 2, flags: flagFirst}).appendTo(nil)...), 0, 0, ErrOgg},
		{"a packet of no length", pages(append(headers(Head{Channels: 1}), page{flags: flagLast, granule: frame, lacing: []byte{0}})...), 0, 0, ErrOgg},
		{"Vorbis", pages(page{flags: flagFirst, lacing: []byte{30}, body: append([]byte("\x01vorbis"), make([]byte, 23)...)}), 0, 0, ErrOgg},
		{"surround", pages(page{flags: flagFirst, lacing: []byte{19}, body: append(append([]byte("OpusHead"), 1, 6), 0, 0, 0, 0, 0, 0, 0, 0, 1)}), 0, 0, ErrOgg},
		{"a WAV", []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00"), 0, 0, ErrOgg},
		{"nothing", nil, 0, 0, ErrOgg},
		{"only its headers", pages(headers(Head{Channels: 1})...), 0, 0, ErrCut},
	} {
		packets, played, err := read(t, c.file)
		if len(packets) != c.packets || played != c.played || !errors.Is(err, c.err) {
			t.Errorf("%s: %d packets, %d samples, %v; want %d, %d, %v", c.name, len(packets), played, err, c.packets, c.played, c.err)
		}
	}
}

// failing gives an error after so many bytes.
type failing struct{ left int }

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left < 0 {
		return 0, errors.New("the disk is full")
	}
	return len(p), nil
}

func TestMistakesOfTheWriterAreTold(t *testing.T) {
	for _, head := range []Head{{}, {Channels: 3}, {Channels: 1, PreSkip: -1}, {Channels: 1, PreSkip: 70000}} {
		if _, err := NewWriter(io.Discard, head, 1); err == nil {
			t.Errorf("%+v was taken", head)
		}
	}
	w, err := NewWriter(&failing{left: 200}, Head{Channels: 1}, 1)
	must(t, err)
	for name, packet := range map[string][]byte{"nothing": nil, "too much": make([]byte, maxPacket+1)} {
		if w.Packet(packet, frame) == nil {
			t.Errorf("a packet of %s was taken", name)
		}
	}
	if w.Packet(speech(), 0) == nil || w.Packet(speech(), maxDuration+1) == nil {
		t.Error("a packet of no or too long time was taken")
	}
	for err = error(nil); err == nil; {
		err = w.Packet(speech(bytes.Repeat([]byte{1}, 200)...), frame)
	}
	if again := w.Packet(speech(), frame); again != err || w.Close(0) != err {
		t.Errorf("after %v comes %v", err, again)
	}
	if _, err := NewWriter(&failing{}, Head{Channels: 1}, 1); err == nil {
		t.Error("headers that can't be written are no error")
	}
}

func FuzzReader(f *testing.F) {
	f.Add(written(f, Head{Channels: 2, PreSkip: 312}, 60, 100))
	f.Add(pages(append(headers(Head{Channels: 1}), page{granule: noGranule, lacing: []byte{255}, body: make([]byte, 255)})...))
	f.Fuzz(func(t *testing.T, raw []byte) {
		// The checksums are set right, or nothing but they would be tried.
		for at := 0; ; {
			found := bytes.Index(raw[at:], []byte(capturePattern))
			if found < 0 || at+found+pageHeaderSize > len(raw) {
				break
			}
			at += found
			end := at + pageHeaderSize + int(raw[at+26])
			for _, length := range raw[min(at+pageHeaderSize, len(raw)):min(end, len(raw))] {
				end += int(length)
			}
			if end <= len(raw) {
				binary.LittleEndian.PutUint32(raw[at+22:], 0)
				binary.LittleEndian.PutUint32(raw[at+22:], checksum(raw[at:end]))
			}
			at += len(capturePattern)
		}
		r, err := NewReader(bytes.NewReader(raw))
		if err != nil {
			if !errors.Is(err, ErrOgg) && !errors.Is(err, ErrCut) {
				t.Fatalf("an error about content is %v", err)
			}
			return
		}
		size := 0
		for {
			p, err := r.Next()
			if err != nil {
				if err != io.EOF && !errors.Is(err, ErrOgg) && !errors.Is(err, ErrCut) {
					t.Fatalf("an error about content is %v", err)
				}
				return
			}
			if size += len(p.Data); size > len(raw) {
				t.Fatalf("%d bytes of packets out of %d", size, len(raw))
			}
			if p.Skip < 0 || p.Skip > p.Duration || p.Keep < 0 || p.Keep > p.Duration {
				t.Fatalf("%d to %d of %d are to be played", p.Skip, p.Keep, p.Duration)
			}
		}
	})
}
