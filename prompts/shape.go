package prompts

import (
	"bytes"
	"errors"
	"math"
	"slices"

	"careline/media"
	"careline/media/signal"
)

const (
	// speechLevel is what prompts are brought to: the active speech level that
	// telephone networks are planned for, about -20 dBov (ITU-T P.56, G.100.1).
	speechLevel = -20.0
	// peakLimit leaves the loudest sample below G.711's clipping.
	peakLimit = 0.89
	// quiet is where speech begins, relative to its loudest frame.
	quiet = 0.02
	// Pauses before and after speech, in samples; shorter around a piece, which
	// stands in a row with others.
	leadIn, leadOut           = 60 * 8, 120 * 8
	pieceLeadIn, pieceLeadOut = 15 * 8, 45 * 8
	fade                      = 8 * 8
)

// shape trims silence, brings speech to its level, softens the edges and fills
// up to whole frames of 20 ms.
func shape(samples []int16, piece bool) ([]int16, error) {
	begin, end, level := speech(samples)
	if begin >= end {
		return nil, errors.New("the synthesiser gave silence")
	}
	before, after := leadIn, leadOut
	if piece {
		before, after = pieceLeadIn, pieceLeadOut
	}
	gain := math.Pow(10, speechLevel/20) / level
	peak := 0.0
	for _, sample := range samples[begin:end] {
		peak = max(peak, math.Abs(float64(sample))/math.MaxInt16)
	}
	gain = min(gain, peakLimit/peak)
	length := before + end - begin + after
	length += (media.FrameSamples - length%media.FrameSamples) % media.FrameSamples
	out := make([]int16, length)
	for i, sample := range samples[begin:end] {
		edge := min(1, float64(i+1)/fade, float64(end-begin-i)/fade)
		out[before+i] = int16(math.Round(float64(sample) * gain * edge))
	}
	return out, nil
}

// trim takes the silence off a recording's ends, as shape does, and leaves the rest
// as it is.
func trim(samples []int16, rate int, piece bool) []int16 {
	begin, end, _ := speech(samples)
	if begin >= end {
		return samples
	}
	before, after := leadIn*rate/media.SampleRate, leadOut*rate/media.SampleRate
	if piece {
		before, after = pieceLeadIn*rate/media.SampleRate, pieceLeadOut*rate/media.SampleRate
	}
	out := make([]int16, before, before+end-begin+after)
	out = append(out, samples[begin:end]...)
	for i := range min(fade, end-begin) {
		out[before+i] = int16(int(out[before+i]) * i / fade)
		out[len(out)-1-i] = int16(int(out[len(out)-1-i]) * i / fade)
	}
	return append(out, make([]int16, after)...)
}

// speech finds where it begins and ends, and the RMS of its active frames
// (1 is full scale).
func speech(samples []int16) (begin, end int, level float64) {
	const frame = 80
	var levels []float64
	for at := 0; at < len(samples); at += frame {
		levels = append(levels, signal.RMS(samples[at:min(at+frame, len(samples))]))
	}
	if len(levels) == 0 {
		return 0, 0, 0
	}
	loudest := slices.Max(levels)
	if loudest < 0.001 {
		return 0, 0, 0
	}
	begin, end = -1, 0
	sum, active := 0.0, 0
	for i, l := range levels {
		if l < loudest*quiet {
			continue
		}
		if begin < 0 {
			begin = i * frame
		}
		end = min((i+1)*frame, len(samples))
		if l > loudest*0.1 {
			sum += l * l
			active++
		}
	}
	return begin, end, math.Sqrt(sum / float64(active))
}

// WriteFile writes samples as an 8 kHz mono µ-law WAV: a byte a sample, and
// exactly what a PCMU call carries.
func WriteFile(path string, samples []int16) error {
	var file bytes.Buffer
	if err := media.WriteG711WAV(&file, media.PCMU, samples); err != nil {
		return err
	}
	return replace(path, file.Bytes())
}
