package media

// spliceSamples is how long the seam between two sources of sound takes: 5 ms.
const spliceSamples = SampleRate / 200

// splice lets the first sound of another source begin where the last one ended: the
// step between the two, which would be a click, fades out over 5 ms. In codecs with
// state the decoder smooths it.
func (o *outgoing) splice(payload []byte, codec Codec) {
	if !codec.isG711() || len(payload) == 0 {
		return
	}
	var seam [spliceSamples]int16
	n := min(len(payload), len(seam))
	codec.Decode(seam[:n], payload[:n])
	step := int32(o.ended) - int32(seam[0])
	for i := range seam[:n] {
		joined := int32(seam[i]) + step*int32(spliceSamples-i)/spliceSamples
		seam[i] = int16(min(max(joined, -32768), 32767))
	}
	codec.Encode(payload[:n], seam[:n])
}

// ends notes the last sample of a payload that goes out.
func (o *outgoing) ends(payload []byte, codec Codec) {
	if !codec.isG711() || len(payload) == 0 {
		o.ended = 0
		return
	}
	var last [1]int16
	codec.Decode(last[:], payload[len(payload)-1:])
	o.ended = last[0]
}
