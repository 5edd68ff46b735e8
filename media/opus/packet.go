package opus

const (
	// MaxSamples is what one packet decodes to at most: 120 ms at SampleRate (RFC
	// 6716 section 3.2.5).
	MaxSamples = SampleRate * 120 / 1000
	// FrameSamples are 20 ms at SampleRate.
	FrameSamples = SampleRate / 50
)

// Samples is how many samples a packet lasts at a rate, by its first bytes (RFC
// 6716 section 3.1); 0 if it is no packet, or one of more than 120 ms.
func Samples(packet []byte, rate int) int {
	if len(packet) == 0 {
		return 0
	}
	frames := 2
	switch packet[0] & 3 {
	case 0:
		frames = 1
	case 3:
		if len(packet) < 2 {
			return 0
		}
		frames = int(packet[1] & 0x3F)
	}
	samples := frames * frameLength(packet[0]>>3) * rate / 400
	if samples > rate*120/1000 {
		return 0
	}
	return samples
}

// frameLength is the length of one frame by its configuration number (RFC 6716
// table 2), in steps of 2.5 ms.
func frameLength(configuration byte) int {
	switch {
	case configuration < 12: // SILK: 10, 20, 40, 60 ms
		return [4]int{4, 8, 16, 24}[configuration%4]
	case configuration < 16: // hybrid: 10, 20 ms
		return [2]int{4, 8}[configuration%2]
	}
	return 1 << (configuration % 4) // CELT: 2.5, 5, 10, 20 ms
}

// AppendSilence appends a packet of silence that lasts so many steps of 2.5 ms, as
// packets do, at most 120 ms: the shortest that every decoder takes for sound (CELT,
// with nothing in its frames), unlike one without frames, which decoders conceal.
func AppendSilence(packet []byte, steps int) []byte {
	const configuration = 28 // CELT, full band; then 2.5, 5, 10 and 20 ms
	switch {
	case steps <= 1:
		return append(packet, configuration<<3, 0xFF, 0xFE)
	case steps <= 3:
		return append(packet, (configuration+1)<<3, 0xFF, 0xFE)
	case steps <= 7:
		return append(packet, (configuration+2)<<3, 0xFF, 0xFE)
	case steps <= 15:
		return append(packet, (configuration+3)<<3, 0xFF, 0xFE)
	}
	frames := min(steps/8, 6)
	packet = append(packet, (configuration+3)<<3|3, byte(frames)) // all of one length
	for range frames {
		packet = append(packet, 0xFF, 0xFE)
	}
	return packet
}
