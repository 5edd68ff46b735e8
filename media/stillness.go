package media

import "careline/media/noise"

// stillness is what a joined leg's far side says that its pauses sound like: who
// hears nothing at all takes the line for dead (RFC 3389 section 1).
type stillness struct {
	source    *Leg // whose it is
	generator noise.Generator
	sound     [FrameSamples]int16
	payload   [FrameSamples]byte
}

// describe takes the comfort noise of the joined leg's far side. It isn't passed on:
// what we send in the pause sounds like it.
func (o *outgoing) describe(from *Leg, payload []byte) {
	o.omit(from)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.source != from {
		return
	}
	if o.still == nil {
		o.still = new(stillness)
	}
	o.still.source = from
	o.still.generator.Describe(payload)
}

// silence is the frame that goes out while nothing else does; the lock is held.
func (o *outgoing) silence() []byte {
	s := o.still
	if s == nil || o.source == nil || s.source != o.source || o.source.muted.Load() || !o.format.Codec.isG711() {
		return silence(o.format.Codec)
	}
	s.generator.Frame(s.sound[:])
	o.format.Codec.Encode(s.payload[:], s.sound[:])
	return s.payload[:]
}
