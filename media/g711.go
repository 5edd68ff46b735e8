package media

import "github.com/zaf/g711"

// byteTable translates G.711 bytes of one law into those of the other.
type byteTable [256]byte

// The tables are made once and never written again.
var (
	ulawToAlaw = makeTable(g711.Ulaw2AlawFrame)
	alawToUlaw = makeTable(g711.Alaw2UlawFrame)
)

func makeTable(translate func(uint8) uint8) *byteTable {
	var table byteTable
	for i := range table {
		table[i] = translate(uint8(i))
	}
	return &table
}

// transcode writes payload, which is in the codec from, into out in the codec to,
// where from passes to it. out is as long as payload. Equal codecs are a copy.
func transcode(out, payload []byte, from, to Codec) {
	table := ulawToAlaw
	switch {
	case from == to:
		copy(out, payload)
		return
	case to == PCMU:
		table = alawToUlaw
	}
	for i, b := range payload {
		out[i] = table[b]
	}
}

// Silence is the byte of G.711 that sounds like nothing.
func (c Codec) Silence() byte {
	if c == PCMA {
		return 0xD5
	}
	return 0xFF
}

// Encode writes 8 kHz samples in G.711, for the codecs that are G.711; out is as long
// as samples.
func (c Codec) Encode(out []byte, samples []int16) {
	encode := g711.EncodeUlawFrame
	if c == PCMA {
		encode = g711.EncodeAlawFrame
	}
	for i, sample := range samples {
		out[i] = encode(sample)
	}
}

// Decode writes the samples of a payload of G.711, for the codecs that are G.711, into
// out, which is as long as payload.
func (c Codec) Decode(out []int16, payload []byte) {
	decode := g711.DecodeUlawFrame
	if c == PCMA {
		decode = g711.DecodeAlawFrame
	}
	for i, b := range payload {
		out[i] = decode(b)
	}
}
