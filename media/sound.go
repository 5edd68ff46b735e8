package media

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"time"

	"careline/media/loudness"
	"careline/media/ogg"
	"careline/media/opus"
	"careline/media/polyphase"
)

// Sound is what a file of speech or music holds, as one channel at the file's own
// rate. Clips are made of it; nothing in a call touches it.
type Sound struct {
	rate    int
	samples []float32 // 1 is full scale
	leveled bool      // by Normalize, so that peaks may be beyond full scale
}

// NewSound makes a sound of mono samples, rate a second.
func NewSound(samples []int16, rate int) Sound {
	sound := Sound{rate: rate, samples: make([]float32, len(samples))}
	for i, sample := range samples {
		sound.samples[i] = float32(sample) / fullScale
	}
	return sound
}

// Rate is how many samples the file has for a second.
func (s Sound) Rate() int { return s.rate }

// Duration is how long it lasts.
func (s Sound) Duration() time.Duration {
	if s.rate == 0 {
		return 0
	}
	return time.Duration(len(s.samples)) * time.Second / time.Duration(s.rate)
}

// fullScale is what 1 stands for.
const fullScale = 1 << 15

// Samples gives the sound with rate samples a second, 16 bit. Of a sound that was
// normalised no true peak is above peakCeiling.
func (s Sound) Samples(rate int) []int16 {
	samples := s.samples
	if rate != s.rate || s.leveled {
		samples = polyphase.Resample(samples, s.rate, rate)
	}
	if s.leveled {
		loudness.Limit(samples, rate, peakCeiling)
	}
	return rounded(samples)
}

const (
	// peakCeiling is the highest true peak of a normalised sound, in dBTP (EBU R 128
	// recommends -1); G.711 ends at -0.17.
	peakCeiling = -1.0
	// MaxGain bounds how much louder Normalize makes a sound, in dB: what is quieter
	// is mostly noise.
	MaxGain = 20.0
	// closeEnough is how far from its loudness a sound may be, in LU.
	closeEnough = 0.2
	// quiet is the level below which the ends of a sound are silence.
	quiet = 0.003
)

// Loudness is the sound's integrated loudness in LUFS (ITU-R BS.1770-4), without the
// silence at its ends, of which a short piece may have more than speech; -Inf of
// silence.
func (s Sound) Loudness() float64 {
	loud := func(sample float32) bool { return sample > quiet || sample < -quiet }
	first := slices.IndexFunc(s.samples, loud)
	if first < 0 {
		return math.Inf(-1)
	}
	last := len(s.samples)
	for !loud(s.samples[last-1]) {
		last--
	}
	if level := loudness.Integrated(s.rate, s.samples[first:last]); level > loudness.Silence {
		return level
	}
	return math.Inf(-1)
}

// Clipped is the part of the sound, 0 to 1, that was cut off at full scale when it
// was recorded.
func (s Sound) Clipped() float64 { return loudness.Clipped(s.samples) }

// Normalize brings the sound to the loudness target, in LUFS, and returns by how
// many dB it is louder for it, at most MaxGain. Peaks that would get too high are
// turned down where they are (see Samples). Silence stays silence.
func (s *Sound) Normalize(target float64) (gain float64) {
	found := s.Loudness()
	if math.IsInf(found, -1) {
		return 0
	}
	gain = min(target-found, MaxGain)
	original := s.samples
	for range 3 {
		s.samples = louder(original, gain)
		limited := Sound{rate: s.rate, samples: slices.Clone(s.samples)}
		// Turning down peaks takes loudness too; what it took is given back.
		if loudness.Limit(limited.samples, s.rate, peakCeiling) == 0 {
			break
		}
		missing := min(target-limited.Loudness(), MaxGain-gain)
		if missing < closeEnough {
			break
		}
		gain += missing
	}
	s.leveled = true
	return gain
}

func louder(samples []float32, gain float64) []float32 {
	out, factor := make([]float32, len(samples)), float32(math.Pow(10, gain/20))
	for i, sample := range samples {
		out[i] = sample * factor
	}
	return out
}

func rounded(samples []float32) []int16 {
	out := make([]int16, len(samples))
	for i, sample := range samples {
		scaled := math.RoundToEven(float64(sample) * fullScale)
		out[i] = int16(min(max(scaled, math.MinInt16), math.MaxInt16))
	}
	return out
}

// ReadSound reads a file of at most so long a time (0: as MaxSound allows): a WAV, as
// ReadWAV does, or Opus in Ogg, mono or stereo. Which it is, its first bytes say.
// Errors about the content wrap ErrWAV, ogg.ErrOgg or ogg.ErrCut.
func ReadSound(r io.Reader, longest time.Duration) (Sound, error) {
	var magic [4]byte
	n, err := io.ReadFull(r, magic[:])
	r = io.MultiReader(bytes.NewReader(magic[:n]), r)
	if err == nil && string(magic[:]) == "OggS" {
		return readOgg(r, longest)
	}
	return readWAV(r, longest)
}

// readOgg reads Opus in Ogg.
func readOgg(r io.Reader, longest time.Duration) (Sound, error) {
	file, err := ogg.NewReader(r)
	if err != nil {
		return Sound{}, oggError(err)
	}
	decoder, err := opus.NewDecoder()
	if err != nil {
		return Sound{}, err
	}
	if longest == 0 {
		longest = MaxSound
	}
	most := int(longest.Seconds() * opus.SampleRate)
	sound, gain := Sound{rate: opus.SampleRate}, float32(math.Pow(10, file.Head().Gain/20))
	var decoded [opus.MaxSamples]int16
	for {
		packet, err := file.Next()
		if err == io.EOF {
			return sound, nil
		}
		if err != nil {
			return Sound{}, oggError(err)
		}
		n, err := decoder.Decode(decoded[:], packet.Data)
		if err != nil {
			return Sound{}, oggError(fmt.Errorf("%w: %w", ogg.ErrOgg, err))
		}
		const per = 48000 / opus.SampleRate
		begin, end := min(packet.Skip/per, n), min(packet.Keep/per, n)
		for _, sample := range decoded[min(begin, end):end] {
			sound.samples = append(sound.samples, float32(sample)/fullScale*gain)
		}
		if len(sound.samples) > most {
			return Sound{}, oggError(fmt.Errorf("%w: more than %s of sound", ogg.ErrOgg, seconds(longest)))
		}
	}
}

// MaxSound is the longest sound that is taken from a file of Opus.
const MaxSound = time.Hour

func oggError(err error) error {
	if errors.Is(err, ogg.ErrCut) {
		return fmt.Errorf("%w; copy it again from where it is whole", err)
	}
	return fmt.Errorf("%w; opusenc in.wav out.opus makes one that is", err)
}

// seconds writes a duration as people say it of sounds.
func seconds(d time.Duration) string { return fmt.Sprintf("%.1f s", d.Seconds()) }
