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
func WriteWAV(w io.Writer, samples []int16) error {
	size := 2 * len(samples)
	out := append(make([]byte, 0, wavHeaderSize+size), wavHeader(SampleRate, 1, uint32(size))...)
	if _, err := w.Write(appendSamples(out, samples)); err != nil {
		return fmt.Errorf("write WAV: %w", err)
	}
	return nil
}
