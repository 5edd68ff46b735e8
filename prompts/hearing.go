package prompts

import (
	"fmt"
	"math"

	"careline/media"
)

const (
	// tooLoud is a loudness that nothing recorded well has, in LUFS: a sine at full
	// scale has -3.
	tooLoud = -8.0
	// tornPart is the part of a sound that is cut off at full scale from which on it
	// is heard.
	tornPart = 0.001
	// nearEnough is how far below its loudness a sound may stay, in LU.
	nearEnough = 1.0
)

// Hearing says why callers won't hear a sound, or won't like to, and what to do;
// empty if they will. target is the loudness that it is brought to, in LUFS; -Inf
// if it is left as it is.
func Hearing(sound media.Sound, target float64) (fault, advice string) {
	level, clipped := sound.Loudness(), sound.Clipped()
	const again = "record it anew with less gain"
	switch {
	case math.IsInf(level, -1):
		return "the sound is silent: callers hear nothing", "record it anew"
	case clipped > tornPart:
		return fmt.Sprintf("%.1f %% of the sound is cut off at full scale: it was recorded too loud, and rattles", 100*clipped), again
	case level > tooLoud:
		return fmt.Sprintf("the sound has %.1f LUFS: it was recorded or made too loud, and rattles", level), again
	case level+media.MaxGain < target-nearEnough:
		return fmt.Sprintf("the sound has %.1f LUFS: it is made %.0f dB louder, and not more, for its noise, and stays quieter than the others", level, media.MaxGain),
			"record it anew, nearer to the microphone"
	}
	return "", ""
}
