package g722

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"testing"
)

// random is xorshift, 32 bits.
type random uint32

func (r *random) next() uint32 {
	*r ^= *r << 13
	*r ^= *r >> 17
	*r ^= *r << 5
	return uint32(*r)
}

// trials are four seconds of what a coder can be asked for: noise of three levels,
// silence, clipped squares, ramps and a rising whistle; then random codes.
func trials() (sound []int16, codes []byte) {
	r := random(0x2545F491)
	for i := range 64000 {
		value := 0
		switch i / 8000 {
		case 0:
			value = int(int16(r.next()>>16)) / 4
		case 1:
			value = int(int16(r.next() >> 16))
		case 3:
			value = -20000
			if i/7%2 == 1 {
				value = 20000
			}
		case 4:
			value = -32768
			if i/40%2 == 1 {
				value = 32767
			}
		case 5:
			value = i*37%2000 - 1000
		case 6:
			value = int(int16(r.next()>>16)) / 256
		case 7:
			value = int(int32(i*i))%30000 - 15000 // of 32 bits
		}
		sound = append(sound, int16(value))
	}
	for range 32000 {
		codes = append(codes, byte(r.next()>>24))
	}
	return sound, codes
}

func digest(samples []int16) string {
	var raw []byte
	for _, sample := range samples {
		raw = binary.LittleEndian.AppendUint16(raw, uint16(sample))
	}
	return fmt.Sprintf("%x", sha256.Sum256(raw))[:16]
}

func unclipped(samples []int16) []int16 {
	for i, sample := range samples {
		if sample == 32767 || sample == -32768 {
			samples[i] = 0
		}
	}
	return samples
}

// Bit for bit what spandsp 0.0.6 makes of the same: a coder written by others from
// the same recommendation. Its output is kept as digests. What is beyond full scale
// is left out: we clip it, as section 4.4 says, where that one wraps around.
func TestEachBitIsWhatAnotherCoderMakes(t *testing.T) {
	sound, codes := trials()
	if got := digest(sound); got != "fb76d0ea71d8f759" {
		t.Fatalf("the trial itself is another one: %s", got)
	}
	payload, heard := make([]byte, len(sound)/2), make([]int16, len(sound))
	NewEncoder().Encode(payload, sound)
	if got := fmt.Sprintf("%x", sha256.Sum256(payload))[:16]; got != "7415190ee4e65e93" {
		t.Errorf("encoded to %s", got)
	}
	NewDecoder().Decode(heard, payload)
	if got := digest(unclipped(heard)); got != "8477b354ee57489d" {
		t.Errorf("decoded to %s", got)
	}
	NewDecoder().Decode(heard, codes)
	if got := digest(unclipped(heard)); got != "70cade85c52a460a" {
		t.Errorf("random codes decoded to %s", got)
	}
}
