package mix

// knee is up to where a sum passes as it is, -2.5 dB below full scale; beyond, it
// is bent towards full scale, which it never reaches. The bend begins without a
// corner, so that two who talk loudly at once sound pressed, not torn.
const (
	knee     = 24576
	headroom = 32767 - knee
)

// limit brings a sum back into 16 bits. It has no memory: nothing pumps after a
// loud word, and a set of listeners needs no state of its own.
func limit(sum int32) int16 {
	if uint32(sum+knee) <= 2*knee {
		return int16(sum)
	}
	return bend(sum)
}

func bend(sum int32) int16 {
	over := int64(sum) - knee
	if sum < 0 {
		over = -int64(sum) - knee
	}
	bent := int16(knee + over*headroom/(over+headroom))
	if sum < 0 {
		return -bent
	}
	return bent
}

func limitAll(out []int16, sum []int32) {
	sum = sum[:len(out)]
	for i := range out {
		out[i] = limit(sum[i])
	}
}

// limitDifference is limitAll of sum without one voice.
func limitDifference(out []int16, sum []int32, voice []int16) {
	sum, voice = sum[:len(out)], voice[:len(out)]
	for i := range out {
		out[i] = limit(sum[i] - int32(voice[i]))
	}
}
