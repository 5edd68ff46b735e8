package signal

import "math"

const (
	distortionFrame = SampleRate / 50 // 20 ms
	// activeLevel is how far below the loudest frame something is still said, in dB.
	activeLevel = 40.0
	// The bounds of a frame's ratio (Hansen and Pellom, 1998): beyond them nobody
	// hears a difference, or nothing of the sound.
	leastRatio, mostRatio = -10.0, 35.0
	// distanceFloor is how far below the loudest a band's level is still compared, in
	// dB: what is softer is masked.
	distanceFloor = 50.0
)

// SegmentalSNR is how far what was changed about said, in heard, is below it: the mean
// over the frames of 20 ms in which something is said, in dB, each within -10 and 35.
// The two must be aligned to the sample, and equally loud. Waveform codecs keep it
// high; a codec of speech changes what isn't heard and has 5 to 12.
func SegmentalSNR(heard, said []int16) float64 {
	length := min(len(heard), len(said)) / distortionFrame * distortionFrame
	loudest := 0.0
	powers := make([]float64, length/distortionFrame)
	for i := range powers {
		for _, sample := range said[i*distortionFrame : (i+1)*distortionFrame] {
			powers[i] += float64(sample) * float64(sample)
		}
		loudest = math.Max(loudest, powers[i])
	}
	sum, count := 0.0, 0
	for i, power := range powers {
		if power < loudest*math.Pow(10, -activeLevel/10) || power == 0 {
			continue
		}
		changed := 0.0
		for j := i * distortionFrame; j < (i+1)*distortionFrame; j++ {
			difference := float64(heard[j]) - float64(said[j])
			changed += difference * difference
		}
		sum += min(max(10*math.Log10(power/math.Max(changed, 1)), leastRatio), mostRatio)
		count++
	}
	if count == 0 {
		return leastRatio
	}
	return sum / float64(count)
}

// SpectralDistance is how much the spectra of heard differ from those of said, in dB:
// the root mean square of the levels' differences in thirds of an octave, over the
// spectra in which something is said. 0 is none; 1 is hardly heard, 6 is a fault. The
// two must be aligned to some milliseconds.
func SpectralDistance(heard, said []int16) float64 {
	first, second := spectra(said, distortionFrame), spectra(heard, distortionFrame)
	loudest := 0.0
	for i := range first {
		for _, level := range first[i] {
			loudest = math.Max(loudest, level)
		}
	}
	floor := loudest * math.Pow(10, -distanceFloor/20)
	sum, count := 0.0, 0
	for i := range min(len(first), len(second)) {
		if first[i].power() < loudest*loudest*math.Pow(10, -activeLevel/10) {
			continue
		}
		for band, level := range first[i] {
			difference := 20 * math.Log10(math.Max(second[i][band], floor)/math.Max(level, floor))
			sum += difference * difference
			count++
		}
	}
	if count == 0 {
		return math.Inf(1)
	}
	return math.Sqrt(sum / float64(count))
}
