package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// MaxWAV bounds the sound that ReadWAV takes, in bytes: about 50 minutes of
// 16-bit samples.
const MaxWAV = 48 << 20

// WAV format tags (RFC 2361).
const (
	wavPCM        = 1
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE
)

// ErrWAV is wrapped by each error about a WAV's content.
var ErrWAV = errors.New("not a WAV that Careline plays")

const wavHint = "wanted is 8 kHz mono, 16-bit PCM, µ-law or A-law; sox in.wav -r 8000 -c 1 -e u-law out.wav makes one"

// wavFormat is the part of the fmt chunk that matters.
type wavFormat struct {
	tag, channels, bits uint16
	rate                uint32
}

// ReadWAV reads an 8 kHz mono WAV with 16-bit PCM, µ-law or A-law. Chunks that it
// doesn't know are skipped; a data chunk of unknown length (as a pipe leaves it)
// ends with the reader. Errors about the content wrap ErrWAV.
func ReadWAV(r io.Reader) ([]int16, error) {
	var header [12]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, wavError("too short for a header (%v)", err)
	}
	if string(header[:4]) != "RIFF" || string(header[8:]) != "WAVE" {
		return nil, wavError("no RIFF/WAVE header")
	}
	var format wavFormat
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return nil, wavError("no data chunk (%v)", err)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			var err error
			if format, err = readWAVFormat(r, size); err != nil {
				return nil, err
			}
		case "data":
			return readWAVData(r, size, format)
		default:
			if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
				return nil, wavError("chunk %q is cut short (%v)", chunk[:4], err)
			}
		}
	}
}

func readWAVFormat(r io.Reader, size int64) (wavFormat, error) {
	if size < 16 || size > 1024 {
		return wavFormat{}, wavError("fmt chunk of %d bytes", size)
	}
	raw := make([]byte, size+size%2)
	if _, err := io.ReadFull(r, raw); err != nil {
		return wavFormat{}, wavError("fmt chunk is cut short (%v)", err)
	}
	format := wavFormat{
		tag:      binary.LittleEndian.Uint16(raw),
		channels: binary.LittleEndian.Uint16(raw[2:]),
		rate:     binary.LittleEndian.Uint32(raw[4:]),
		bits:     binary.LittleEndian.Uint16(raw[14:]),
	}
	if format.tag == wavExtensible && size >= 40 {
		format.tag = binary.LittleEndian.Uint16(raw[24:]) // the sub-format's first bytes
	}
	if format.rate != SampleRate || format.channels != 1 {
		return format, wavError("%d Hz, %d channels", format.rate, format.channels)
	}
	law := format.tag == wavALaw || format.tag == wavMuLaw
	if !(format.tag == wavPCM && format.bits == 16) && !(law && format.bits == 8) {
		return format, wavError("format %d with %d bits", format.tag, format.bits)
	}
	return format, nil
}

func readWAVData(r io.Reader, size int64, format wavFormat) ([]int16, error) {
	if format.tag == 0 {
		return nil, wavError("data before fmt")
	}
	open := size == 0 || size >= 0x7FFFF000 // lengths that writers to a pipe leave
	if open {
		size = MaxWAV + 1
	}
	raw, err := io.ReadAll(io.LimitReader(r, min(size, MaxWAV+1)))
	if err != nil {
		return nil, fmt.Errorf("read WAV: %w", err)
	}
	if len(raw) > MaxWAV {
		return nil, wavError("more than %d bytes of sound", MaxWAV)
	}
	if !open && int64(len(raw)) < size {
		return nil, wavError("%d bytes of sound instead of %d", len(raw), size)
	}
	if format.tag == wavPCM {
		samples := make([]int16, len(raw)/2)
		for i := range samples {
			samples[i] = int16(binary.LittleEndian.Uint16(raw[2*i:]))
		}
		return samples, nil
	}
	codec := PCMU
	if format.tag == wavALaw {
		codec = PCMA
	}
	samples := make([]int16, len(raw))
	codec.Decode(samples, raw)
	return samples, nil
}

func wavError(format string, args ...any) error {
	return fmt.Errorf("%w: %s; %s", ErrWAV, fmt.Sprintf(format, args...), wavHint)
}

// WriteWAV writes the samples as 8 kHz mono 16-bit PCM.
func WriteWAV(w io.Writer, samples []int16) error {
	size := uint32(2 * len(samples))
	out := make([]byte, 0, 44+size)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, 36+size)
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, 16)
	out = binary.LittleEndian.AppendUint16(out, wavPCM)
	out = binary.LittleEndian.AppendUint16(out, 1)
	out = binary.LittleEndian.AppendUint32(out, SampleRate)
	out = binary.LittleEndian.AppendUint32(out, SampleRate*2)
	out = binary.LittleEndian.AppendUint16(out, 2)
	out = binary.LittleEndian.AppendUint16(out, 16)
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, size)
	for _, sample := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(sample))
	}
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("write WAV: %w", err)
	}
	return nil
}
