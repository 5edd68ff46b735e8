package media

import (
	"encoding/binary"
	"fmt"
	"io"
	"math"
)

// wavHeaderSize is the length of the header of 16-bit PCM.
const wavHeaderSize = 44

// wavHeader is the header of 16-bit PCM, of so many bytes of sound.
func wavHeader(rate, channels int, size uint32) []byte {
	out := make([]byte, 0, wavHeaderSize)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(min(uint64(size)+wavHeaderSize-8, math.MaxUint32)))
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, 16)
	out = binary.LittleEndian.AppendUint16(out, wavPCM)
	out = binary.LittleEndian.AppendUint16(out, uint16(channels))
	out = binary.LittleEndian.AppendUint32(out, uint32(rate))
	out = binary.LittleEndian.AppendUint32(out, uint32(rate*channels*2))
	out = binary.LittleEndian.AppendUint16(out, uint16(channels*2))
	out = binary.LittleEndian.AppendUint16(out, 16)
	out = append(out, "data"...)
	return binary.LittleEndian.AppendUint32(out, size)
}

func appendSamples(out []byte, samples []int16) []byte {
	for _, sample := range samples {
		out = binary.LittleEndian.AppendUint16(out, uint16(sample))
	}
	return out
}

// WriteWAV writes the samples as 8 kHz mono 16-bit PCM.
func WriteWAV(w io.Writer, samples []int16) error { return WriteWAVAt(w, samples, SampleRate) }

// WriteWAVAt writes rate samples a second as mono 16-bit PCM.
func WriteWAVAt(w io.Writer, samples []int16, rate int) error {
	size := 2 * len(samples)
	out := append(make([]byte, 0, wavHeaderSize+size), wavHeader(rate, 1, uint32(size))...)
	if _, err := w.Write(appendSamples(out, samples)); err != nil {
		return fmt.Errorf("write WAV: %w", err)
	}
	return nil
}

// WriteG711WAV writes 8 kHz mono samples in PCMU or PCMA, half as large and just what
// a telephone is sent. As RFC 2361 asks of all that isn't PCM, the fmt chunk has a
// size of its extension, and a fact chunk says how many samples there are.
func WriteG711WAV(w io.Writer, codec Codec, samples []int16) error {
	tag := uint16(wavMuLaw)
	switch codec {
	case PCMA:
		tag = wavALaw
	case PCMU:
	default:
		return fmt.Errorf("write WAV: codec %s; give PCMU or PCMA", codec)
	}
	const before = 4 + 8 + 18 + 8 + 4 + 8 // of the sound, from WAVE on
	size := len(samples)
	out := make([]byte, 0, 8+before+size+size%2)
	out = append(out, "RIFF"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(before+size+size%2))
	out = append(out, "WAVEfmt "...)
	out = binary.LittleEndian.AppendUint32(out, 18)
	out = binary.LittleEndian.AppendUint16(out, tag)
	out = binary.LittleEndian.AppendUint16(out, 1)
	out = binary.LittleEndian.AppendUint32(out, SampleRate)
	out = binary.LittleEndian.AppendUint32(out, SampleRate)
	out = binary.LittleEndian.AppendUint16(out, 1)
	out = binary.LittleEndian.AppendUint16(out, 8)
	out = binary.LittleEndian.AppendUint16(out, 0)
	out = append(out, "fact"...)
	out = binary.LittleEndian.AppendUint32(out, 4)
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	out = append(out, "data"...)
	out = binary.LittleEndian.AppendUint32(out, uint32(size))
	begin := len(out)
	out = out[:begin+size+size%2]
	codec.Encode(out[begin:begin+size], samples)
	if _, err := w.Write(out); err != nil {
		return fmt.Errorf("write WAV: %w", err)
	}
	return nil
}
