package quality

import (
	"math"
	"time"
)

// Path is what happens to sound on its way, one direction.
type Path struct {
	// Loss is the share of packets that don't come, or come too late: 0 to 1.
	Loss float64
	// Bursts is how much longer the runs of lost packets are than by chance: the
	// burst ratio, 1 where losses are random (ITU-T G.107 section 7.4). Less than 1
	// counts as 1.
	Bursts float64
	// Delay is from mouth to ear.
	Delay time.Duration
}

// The scales of R: where a connection without any fault stands.
const (
	narrowbandBest = 93.35 // Ro-Is with the default values (ITU-T G.107 table 2)
	widebandBest   = 129   // ITU-T G.107.1
	// maxBurstRatio: with more than 2 % of loss the model wasn't tested beyond it
	// (ITU-T G.107 section 7.4).
	maxBurstRatio = 2
	// maxDelay bounds what is put into the model.
	maxDelay = 10 * time.Second
)

// Rating is the transmission rating factor R of a path in a codec, with the default
// values for all that a network can't know: sets, rooms, echo. Wideband is brought
// to the scale of narrowband, 0 to 100 (ITU-T G.107.1 annex A), so that R says how
// good sound is for what the codec can do.
func Rating(codec Codec, path Path) float64 {
	loss := 100 * math.Min(math.Max(path.Loss, 0), 1)
	bursts := math.Max(path.Bursts, 1)
	if loss > 2 {
		bursts = math.Min(bursts, maxBurstRatio)
	}
	known := codec.figures()
	impairment := known.impairment
	if loss > 0 {
		// Ie,eff (ITU-T G.107 equation 7-29).
		impairment += (95 - known.impairment) * loss / (loss/bursts + known.robustness)
	}
	delay := delayImpairment(min(max(path.Delay, 0), maxDelay))
	if known.wideband {
		return math.Max(widebandBest-delay-impairment, 0) * 100 / widebandBest
	}
	return math.Max(narrowbandBest-delay-impairment, 0)
}

// delayImpairment is Id, what a delay costs in talking: echo with the default loss
// of 65 dB (Idte, Idle) and the delay itself (Idd), by ITU-T G.107 section 7.3.
func delayImpairment(oneWay time.Duration) float64 {
	const (
		echoLoss        = 65    // TELR, dB
		weightedEcho    = 110   // WEPL, dB
		noiseToLoudness = 94.77 // Ro and Roe with the default values
	)
	t := float64(oneWay) / float64(time.Millisecond)

	heardEcho := echoLoss - 40*math.Log10((1+t/10)/(1+t/150)) + 6*math.Exp(-0.3*t*t) // TERV
	half := (noiseToLoudness - (80 + 2.5*(heardEcho-14))) / 2
	// Below 10 ms the formula goes under 0, which an echo can't.
	talker := math.Max(half+math.Sqrt(half*half+100)-1, 0) * (1 - math.Exp(-t))

	half = (noiseToLoudness - 10.5*(weightedEcho+7)*math.Pow(2*t+1, -0.25)) / 2
	listener := half + math.Sqrt(half*half+169)

	pure := 0.0
	if t > 100 {
		x := math.Log2(t / 100)
		pure = 25 * (math.Pow(1+math.Pow(x, 6), 1.0/6) - 3*math.Pow(1+math.Pow(x/3, 6), 1.0/6) + 2)
	}
	return talker + listener + pure
}

// MOS is the mean opinion score, 1 to 4.5, that belongs to a rating (ITU-T G.107
// annex B).
func MOS(rating float64) float64 {
	switch {
	case rating <= 0:
		return 1
	case rating >= 100:
		return 4.5
	}
	return math.Max(1, 1+0.035*rating+rating*(rating-60)*(100-rating)*7e-6)
}

// Grade is a score in one word.
type Grade uint8

const (
	// Unknown: nothing has been measured.
	Unknown Grade = iota
	// Good: R of 80 and more, at which people are satisfied (ITU-T G.109).
	Good
	// Fair: R of 60 to 80, at which many are not.
	Fair
	// Bad: nearly all are not.
	Bad
)

// The scores at which a grade ends: those of R = 80 and R = 60.
const (
	goodFrom = 4.02
	fairFrom = 3.10
)

// GradeOf puts a score into a word; 0 is Unknown.
func GradeOf(mos float64) Grade {
	switch {
	case mos <= 0:
		return Unknown
	case mos >= goodFrom:
		return Good
	case mos >= fairFrom:
		return Fair
	}
	return Bad
}

// String names the grade, as pages and records have it; empty for Unknown.
func (g Grade) String() string { return [...]string{"", "good", "fair", "bad"}[g&3] }
