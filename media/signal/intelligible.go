package signal

import "math"

const (
	spectrumSize = 256 // samples of one spectrum: 32 ms
	finestHop    = 32  // 4 ms: how exactly what was heard is aligned
	saidHop      = 128 // between two spectra of a segment
	segmentSize  = 24  // spectra of a segment: 384 ms
	lowestBand   = 150.0
	bandCount    = 14 // thirds of an octave: up to 3.6 kHz
)

// bandLevels are the amplitudes in a spectrum's bands.
type bandLevels [bandCount]float64

// Intelligibility says how well the words of said, at 8 kHz, can be understood in
// heard: the mean correlation of the envelopes in thirds of an octave over segments
// of 384 ms, after the short-time objective intelligibility measure (Taal, Hendriks,
// Heusdens and Jensen, 2011). 1 is the very same; above 0.75 nearly all is
// understood. Each segment is looked for up to longest samples later, so that sound
// that was delayed, or played a little faster, is no worse for that.
func Intelligibility(heard, said []int16, longest int) float64 {
	first, second := spectra(said, saidHop), spectra(heard, finestHop)
	loudest := 0.0
	for i := range first {
		loudest = math.Max(loudest, first[i].power())
	}
	sum, count := 0.0, 0
	for from := 0; from+segmentSize <= len(first); from += segmentSize / 2 {
		power := 0.0
		for _, levels := range first[from : from+segmentSize] {
			power += levels.power() / segmentSize
		}
		if power < loudest/10000 { // nothing is said
			continue
		}
		best := -1.0
		for lag := 0; lag <= longest; lag += finestHop {
			start := (from*saidHop + lag) / finestHop
			if start+segmentSize*saidHop/finestHop > len(second) {
				break
			}
			best = math.Max(best, alike(first[from:from+segmentSize], second[start:]))
		}
		sum += math.Max(best, 0)
		count++
	}
	if count == 0 {
		return 0
	}
	return sum / float64(count)
}

// alike is the mean over the bands of the correlation of their envelopes.
func alike(said, heard []bandLevels) float64 {
	sum := 0.0
	for band := range bandCount {
		var x, y, xx, yy, xy float64
		for i := range said {
			a, b := said[i][band], heard[i*saidHop/finestHop][band]
			x, y, xx, yy, xy = x+a, y+b, xx+a*a, yy+b*b, xy+a*b
		}
		n := float64(len(said))
		spread := (xx - x*x/n) * (yy - y*y/n)
		if spread > 0 {
			sum += (xy - x*y/n) / math.Sqrt(spread)
		}
	}
	return sum / bandCount
}

func (b *bandLevels) power() (sum float64) {
	for _, level := range b {
		sum += level * level
	}
	return sum
}

// spectra are those of windows that begin each hop samples.
func spectra(sound []int16, hop int) []bandLevels {
	if len(sound) < spectrumSize {
		return nil
	}
	window := make([]float64, spectrumSize)
	for i := range window {
		window[i] = 0.5 - 0.5*math.Cos(2*math.Pi*float64(i)/spectrumSize)
	}
	all := make([]bandLevels, 0, (len(sound)-spectrumSize)/hop+1)
	values := make([]complex128, spectrumSize)
	for start := 0; start+spectrumSize <= len(sound); start += hop {
		for i := range values {
			values[i] = complex(float64(sound[start+i])*window[i], 0)
		}
		transform(values)
		all = append(all, levelsOf(values))
	}
	return all
}

func levelsOf(values []complex128) (levels bandLevels) {
	const perLine = float64(SampleRate) / spectrumSize
	for line := 1; line < spectrumSize/2; line++ {
		band := int(math.Floor(math.Log2(float64(line)*perLine/lowestBand)*3 + 0.5))
		if band < 0 || band >= bandCount {
			continue
		}
		re, im := real(values[line]), imag(values[line])
		levels[band] += re*re + im*im
	}
	for band := range levels {
		levels[band] = math.Sqrt(levels[band])
	}
	return levels
}

// LargestJump is the largest step from one sample to the next: a click is one.
func LargestJump(sound []int16) (jump int) {
	for i := 1; i < len(sound); i++ {
		step := int(sound[i]) - int(sound[i-1])
		jump = max(jump, step, -step)
	}
	return jump
}
