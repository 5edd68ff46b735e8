package media

import (
	"sync/atomic"
	"time"

	"careline/media/conceal"
	"careline/media/jitter"
	"careline/media/noise"
	"careline/media/resample"
)

const (
	wideRate = 2 * SampleRate
	// maxHeard is the most samples of a frame.
	maxHeard = wideRate / framesPerSecond
	// maxRounds bounds how often the jitter buffer is asked for one frame.
	maxRounds = 64
	// dtxPayload is the longest payload of Opus that stands for silence (RFC 6716
	// section 3.1: a table of contents and nothing, or next to nothing, behind it).
	dtxPayload = 2
)

// hearing is an ear at work: jitter buffer, decoders, concealment and resampling of
// one stream. Nothing is allocated once each codec that the far side uses was heard.
type hearing struct {
	begun  time.Time // zero of the buffer's time
	muted  *atomic.Bool
	buffer *jitter.Buffer
	clock  int // of the buffer's timestamps

	decoders [codecCount]decoder
	codec    Codec // that was heard last
	dtx      bool  // Opus is silent, and makes its comfort noise itself
	noise    noise.Generator
	playouts [2]*conceal.Playout // at SampleRate and at wideRate
	playout  *conceal.Playout    // of the two, the one in use
	work     [maxSamples]int16

	// What was heard at due, at own samples a second and, once somebody asked for
	// it, at the other rate.
	due      time.Time
	own      int
	frames   [2][maxHeard]int16
	filled   [2]bool
	voiced   bool
	silenced bool // muted at that time
	up       *resample.Up
	down     *resample.Down
}

func newHearing(now time.Time, muted *atomic.Bool) *hearing {
	h := &hearing{
		begun: now, muted: muted, silenced: muted.Load(),
		buffer: jitter.New(SampleRate), clock: SampleRate, own: SampleRate,
	}
	h.buffer.Hurry() // who is being listened to may be in the middle of a word
	h.speakAt(SampleRate)
	return h
}

// rateIndex is where a rate's things are.
func rateIndex(rate int) int { return rate / wideRate }

// speakAt goes on with sound at a rate.
func (h *hearing) speakAt(rate int) {
	i := rateIndex(rate)
	if h.playouts[i] == nil {
		h.playouts[i] = conceal.NewPlayout(rate)
	}
	h.playout = h.playouts[i]
	h.playout.Reset()
}

// put gives a packet to the jitter buffer.
func (h *hearing) put(a *arrival, at time.Time) {
	p := jitter.Packet{
		Kind: jitter.Sound, Source: a.packet.ssrc, Sequence: a.packet.sequence,
		Timestamp: a.packet.timestamp, Payload: a.packet.payload,
	}
	switch codec := a.use.codec(); {
	case a.use == useNoise:
		p.Kind = jitter.Noise
	case codec == CodecNone:
		p.Kind, p.Payload = jitter.Other, nil
	default:
		if clock := codec.ClockRate(); clock != h.clock {
			h.clock = clock
			h.buffer.Reset(clock)
		}
		p.Format, p.Ticks = uint8(codec), codec.ticks(p.Payload)
	}
	h.buffer.Put(p, at.Sub(h.begun))
}

// frame is ear.frame, of which it holds the lock.
func (h *hearing) frame(dst []int16, rate int, due time.Time) (voiced bool) {
	if due.Sub(h.due) >= FrameDuration/2 {
		h.due = due
		h.next(due.Sub(h.begun))
	}
	if !h.voiced {
		clear(dst)
		return false
	}
	wanted := rateIndex(rate)
	if !h.filled[wanted] {
		h.resample()
	}
	copy(dst, h.frames[wanted][:])
	return true
}

// resample makes the frame at the rate that isn't the far side's.
func (h *hearing) resample() {
	h.filled = [2]bool{true, true}
	narrow, wide := h.frames[0][:FrameSamples], h.frames[1][:]
	if h.own == SampleRate {
		if h.up == nil {
			h.up = new(resample.Up)
		}
		h.up.Frame(wide, narrow)
		return
	}
	if h.down == nil {
		h.down = new(resample.Down)
	}
	h.down.Frame(narrow, wide)
}

// next makes the frame that is due at now.
func (h *hearing) next(now time.Duration) {
	played := h.playout
	size := played.Rate() / framesPerSecond
	for rounds := 0; played.Ready() < size && rounds < maxRounds; rounds++ {
		left := uint32(played.Ready() * h.clock / played.Rate())
		h.hear(h.buffer.Get(now, left), now)
		if h.playout != played { // the far side goes on at another rate
			played.Conceal(size)
		}
	}
	if rate := played.Rate(); rate != h.own {
		h.own, h.up, h.down = rate, nil, nil
	}
	frame := h.frames[rateIndex(h.own)][:size]
	played.Take(frame)
	if h.playout != played {
		ramp(frame, false)
	}
	h.hush(frame)
	h.filled = [2]bool{}
	h.filled[rateIndex(h.own)] = true
	h.voiced = false
	for _, sample := range frame {
		if sample != 0 {
			h.voiced = true
			break
		}
	}
}

// hush silences the frame while the leg is muted; the change takes the frame's length.
func (h *hearing) hush(frame []int16) {
	muted := h.muted.Load()
	was := h.silenced
	h.silenced = muted
	switch {
	case muted && was:
		clear(frame)
	case muted != was:
		ramp(frame, !muted)
	}
}

// ramp lets a frame begin from nothing, or end in it.
func ramp(frame []int16, up bool) {
	for i := range frame {
		share := int32(len(frame) - i)
		if up {
			share = int32(i)
		}
		frame[i] = int16(int32(frame[i]) * share / int32(len(frame)))
	}
}

// hear appends to the playout what the jitter buffer gave.
func (h *hearing) hear(out jitter.Output, now time.Duration) {
	switch out.Kind {
	case jitter.Decode:
		h.decode(&out, now)
	case jitter.Conceal:
		h.conceal(&out)
	case jitter.Describe:
		h.noise.Describe(out.Payload)
	case jitter.Silence:
		sound := h.work[:h.samples(out.Ticks)]
		switch {
		case h.dtx && h.decoders[h.codec].lost(sound, nil):
			h.playout.Receive(sound)
			return
		case out.Noisy:
			h.noise.Frame(sound)
		default:
			clear(sound)
		}
		h.playout.Pause(sound)
	}
}

// samples is how many samples last so many ticks.
func (h *hearing) samples(ticks uint32) int {
	return min(int(ticks)*h.playout.Rate()/h.clock, maxSamples)
}

func (h *hearing) decode(out *jitter.Output, now time.Duration) {
	codec := Codec(out.Format)
	if h.decoders[codec] == nil {
		made, err := newDecoder(codec)
		if err != nil { // codecs that a leg may agree on have one
			h.conceal(out)
			return
		}
		h.decoders[codec] = made
	}
	if codec.SampleRate() != h.playout.Rate() {
		h.speakAt(codec.SampleRate())
	}
	n, err := h.decoders[codec].decode(h.work[:], out.Payload)
	if err != nil {
		h.playout.Conceal(h.samples(out.Ticks))
		return
	}
	if out.Broken || codec != h.codec {
		h.playout.Break()
	}
	h.codec = codec
	h.dtx = codec == Opus && len(out.Payload) <= dtxPayload
	h.playout.Receive(h.work[:n])
	h.follow(out.Advice, now)
}

// conceal fills a missing packet's place: by the codec's own means where it has some,
// else as the voice was.
func (h *hearing) conceal(out *jitter.Output) {
	sound := h.work[:h.samples(out.Ticks)]
	next := out.Payload
	if Codec(out.Format) != h.codec {
		next = nil
	}
	if own := h.decoders[h.codec]; own != nil && own.lost(sound, next) {
		h.playout.Receive(sound)
		return
	}
	h.playout.Conceal(len(sound))
}

// follow corrects how much sound waits, in a pause between words if there is time
// for that.
func (h *hearing) follow(advice jitter.Advice, now time.Duration) {
	changed := 0
	switch advice {
	case jitter.StretchPause, jitter.ShrinkPause:
		if !h.playout.Quiet() {
			return
		}
	}
	switch advice {
	case jitter.Stretch, jitter.StretchPause:
		changed = h.playout.Stretch()
	case jitter.Shrink, jitter.ShrinkPause:
		changed = -h.playout.Shrink()
	}
	if changed != 0 {
		h.buffer.Followed(time.Duration(changed)*time.Second/time.Duration(h.playout.Rate()), now)
	}
}
