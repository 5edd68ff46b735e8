package g722

const (
	// restingHigh are the two bits of the upper band's code in a byte where it is that
	// of zeros: any noise that the low bit of 16-bit sound can hold changes its sign.
	restingHigh = 0xC0
	// mostResting is the highest logarithm of the lower band's scale factor that zeros
	// come to, with room: after speech its predictor may swing about nothing for good.
	mostResting = 4096
)

// Moves tells by the code words of a packet, undecoded, in which bands there is sound.
// A stream of zeros moves neither, and no microphone has so little noise; where one
// moves the lower band alone, its sender doesn't use the upper one, and quiet noise
// can't be told from zeros. Where the upper band moves, the lower counts as moving.
func Moves(payload []byte) (low, high bool) {
	for _, code := range payload {
		if code < restingHigh {
			return true, true
		}
	}
	scale := int32(0)
	for _, code := range payload {
		scale = min(max((scale*127)>>7+lowSteps[code>>2&15], 0), lowMost)
		low = low || scale > mostResting
	}
	return low, false
}
