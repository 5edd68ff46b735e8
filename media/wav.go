package media

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
)

// MaxWAV bounds the sound that is taken from one WAV, in bytes: an hour of 16-bit
// samples at 8 kHz, 5 minutes of a studio's stereo.
const MaxWAV = 64 << 20

// WAV format tags (RFC 2361).
const (
	wavPCM        = 1
	wavALaw       = 6
	wavMuLaw      = 7
	wavExtensible = 0xFFFE
)

// wavSubFormat is what follows the tag in the sub-format of WAVE_FORMAT_EXTENSIBLE
// where it is a tag at all.
const wavSubFormat = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xAA\x00\x38\x9B\x71"

// wavRates are the sample rates that are read.
func wavRates() []uint32 {
	return []uint32{8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000}
}

// ErrWAV is wrapped by each error about a WAV's content.
var ErrWAV = errors.New("not a WAV that Careline plays")

const wavHint = "wanted is 16-bit PCM, µ-law or A-law, mono or stereo, of 8, 16, 44.1 or 48 kHz; sox in.wav -r 16000 -c 1 -b 16 -e signed-integer out.wav makes one"

// wavFormat is the part of the fmt chunk that matters.
type wavFormat struct {
	tag, channels, bits uint16
	rate                uint32
}

// ReadWAV reads a WAV with 16-bit PCM, µ-law or A-law, of 8 to 48 kHz, mono or
// stereo, as 8 kHz mono: two channels become their mean. Chunks that it doesn't
// know are skipped; a data chunk of unknown length (as a pipe or a crash leaves it)
// ends with the reader. Errors about the content wrap ErrWAV.
func ReadWAV(r io.Reader) ([]int16, error) {
	sound, err := readWAV(r, 0)
	if err != nil {
		return nil, err
	}
	return sound.Samples(SampleRate), nil
}

// readWAV reads at most longest of sound; 0 is as much as MaxWAV allows.
func readWAV(r io.Reader, longest time.Duration) (Sound, error) {
	var header [12]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return Sound{}, wavError("too short for a header (%v)", err)
	}
	if string(header[:4]) != "RIFF" || string(header[8:]) != "WAVE" {
		return Sound{}, wavError("no RIFF/WAVE header")
	}
	var format wavFormat
	for {
		var chunk [8]byte
		if _, err := io.ReadFull(r, chunk[:]); err != nil {
			return Sound{}, wavError("no data chunk (%v)", err)
		}
		size := int64(binary.LittleEndian.Uint32(chunk[4:]))
		switch string(chunk[:4]) {
		case "fmt ":
			var err error
			if format, err = readWAVFormat(r, size); err != nil {
				return Sound{}, err
			}
		case "data":
			return readWAVData(r, size, format, longest)
		default:
			if _, err := io.CopyN(io.Discard, r, size+size%2); err != nil {
				return Sound{}, wavError("chunk %q is cut short (%v)", chunk[:4], err)
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
	if format.tag == wavExtensible && size >= 40 && string(raw[26:40]) == wavSubFormat {
		format.tag = binary.LittleEndian.Uint16(raw[24:])
	}
	if !slices.Contains(wavRates(), format.rate) || format.channels < 1 || format.channels > 2 {
		return format, wavError("%d Hz, %d channels", format.rate, format.channels)
	}
	law := format.tag == wavALaw || format.tag == wavMuLaw
	if !(format.tag == wavPCM && format.bits == 16) && !(law && format.bits == 8) {
		return format, wavError("format %d with %d bits", format.tag, format.bits)
	}
	return format, nil
}

// frame is how many bytes one sample of all channels has.
func (f wavFormat) frame() int { return int(f.channels) * int(f.bits) / 8 }

func readWAVData(r io.Reader, size int64, format wavFormat, longest time.Duration) (Sound, error) {
	if format.tag == 0 {
		return Sound{}, wavError("data before fmt")
	}
	open := size == 0 || size >= 0x7FFFF000 // lengths that writers to a pipe leave
	most := int64(MaxWAV)
	if longest > 0 {
		most = min(most, int64(longest.Seconds()*float64(format.rate))*int64(format.frame()))
	}
	sound, limit := Sound{rate: int(format.rate)}, size
	switch {
	case open:
		limit = most + 1
	case size > most:
		return Sound{}, format.tooLong(most)
	default:
		sound.samples = make([]float32, 0, min(size, 1<<20)/int64(format.frame()))
	}
	data, law := io.LimitReader(r, limit), format.law()
	block, taken := make([]byte, min(64<<10, (limit+3)&^3)), int64(0) // whole frames, whatever the format
	for {
		n, err := io.ReadFull(data, block)
		if taken += int64(n); taken > most {
			return Sound{}, format.tooLong(most)
		}
		sound.samples = format.decode(sound.samples, block[:n], law)
		if err == io.EOF || err == io.ErrUnexpectedEOF {
			break
		}
		if err != nil {
			return Sound{}, fmt.Errorf("read WAV: %w", err)
		}
	}
	if !open && taken < size {
		return Sound{}, wavError("%d bytes of sound instead of %d", taken, size)
	}
	return sound, nil
}

func (f wavFormat) tooLong(most int64) error {
	longest := time.Duration(most) * time.Second / time.Duration(int(f.rate)*f.frame())
	return wavError("more than %s of sound", seconds(longest))
}

// decode appends raw's samples to sound, as one channel. Bytes that make no whole
// sample are left out.
func (f wavFormat) decode(sound []float32, raw []byte, law *[256]float32) []float32 {
	frame, channels := f.frame(), int(f.channels)
	from := len(sound)
	sound = slices.Grow(sound, len(raw)/frame)[:from+len(raw)/frame]
	for i := range sound[from:] {
		sum := float32(0)
		for channel := range channels {
			if f.tag == wavPCM {
				sum += float32(int16(binary.LittleEndian.Uint16(raw[i*frame+2*channel:]))) / fullScale
			} else {
				sum += law[raw[i*frame+channel]]
			}
		}
		sound[from+i] = sum / float32(channels)
	}
	return sound
}

// law is what each byte of G.711 stands for; nil for PCM.
func (f wavFormat) law() *[256]float32 {
	codec := PCMU
	switch f.tag {
	case wavPCM:
		return nil
	case wavALaw:
		codec = PCMA
	}
	var bytes [256]byte
	var samples [256]int16
	for i := range bytes {
		bytes[i] = byte(i)
	}
	codec.Decode(samples[:], bytes[:])
	var law [256]float32
	for i, sample := range samples {
		law[i] = float32(sample) / fullScale
	}
	return &law
}

func wavError(format string, args ...any) error {
	return fmt.Errorf("%w: %s; %s", ErrWAV, fmt.Sprintf(format, args...), wavHint)
}
