package media

import (
	"time"

	"go.uber.org/zap"

	"careline/media/mix"
)

// The two rates of a conference; the number doubles FrameSamples so often.
const (
	narrow = iota // 8 kHz
	wide          // 16 kHz
)

// alawSilence is what A-law's quietest bytes decode to, plus or minus.
const alawSilence = 8

// voice is where a conference takes what a member's far side says; an ear is one.
type voice interface {
	// frame writes the 20 ms that are due, at a rate; false where they are silent.
	frame(dst []int16, rate int, due time.Time) (voiced bool)
}

// share is a mix, encoded in a codec without state, that several members are sent.
type share struct {
	which   int
	codec   Codec
	payload []byte
	room    [2 * mix.MaxSamples]byte
}

// rate is that of the member's codec.
func (s *seat) rate() int {
	if s.codec.SampleRate() > SampleRate {
		return wide
	}
	return narrow
}

// frame is the pacer's visit of a member, for the frame that is due at due.
func (c *Conference) frame(leg *Leg, due time.Time) (played int, finished bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s := c.seatOf(leg)
	if s == nil { // it has just left
		return leg.out.frame(due)
	}
	if due.Sub(c.mixedAt) >= FrameDuration/2 {
		c.round(due)
	}
	return leg.out.frameOf(s, due)
}

// round takes a frame of every member and mixes what each is to hear.
func (c *Conference) round(due time.Time) {
	c.mixedAt = due
	c.shared = [2]int{}
	for _, s := range c.seats {
		if s == nil {
			continue
		}
		if !s.gone {
			c.take(s, due)
		}
		for rate := range c.rounds {
			c.rounds[rate].Voices[s.place] = nil
			if s.voiced {
				c.rounds[rate].Voices[s.place] = s.said[rate][:FrameSamples<<rate]
			}
		}
	}
	for rate := range c.rounds {
		r := &c.rounds[rate]
		if r.Listeners == 0 {
			continue
		}
		for _, s := range c.seats {
			if s != nil {
				r.Hears[s.place] = s.hears
			}
		}
		c.mixers[rate].Mix(r)
	}
	for _, s := range c.seats {
		if s != nil && s.gone {
			c.free(s.place)
		}
	}
}

// take takes the member's frame that is due at due, at each rate that somebody hears.
func (c *Conference) take(s *seat, due time.Time) {
	s.voiced = false
	for rate := range c.rounds {
		if c.rounds[rate].Listeners != 0 {
			frame := s.said[rate][:FrameSamples<<rate]
			s.voiced = s.voice.frame(frame, SampleRate<<rate, due) && audible(frame)
		}
	}
}

// audible reports whether a frame has more in it than A-law's silence, which is no zero.
func audible(frame []int16) bool {
	for _, sample := range frame {
		if sample > alawSilence || sample < -alawSilence {
			return true
		}
	}
	return false
}

// free lets a place go to the next who comes.
func (c *Conference) free(place int) {
	c.seats[place] = nil
	for rate := range c.rounds {
		c.rounds[rate].Hears[place] = 0
		c.rounds[rate].Voices[place] = nil
		if c.mixers[rate] != nil {
			c.mixers[rate].Forget(place)
		}
	}
}

// silentFrame is a frame of nothing, at either rate; never written.
var silentFrame [mix.MaxSamples]int16

// encoded is what the member is sent in this round: a payload in its codec, in room
// or elsewhere, until the next round. It is empty where nothing needs to be sent.
// The visit holds the conference's lock.
func (s *seat) encoded(codec Codec, room []byte) ([]byte, error) {
	if codec != s.codec || s.encoder == nil { // which has just changed
		return nil, nil
	}
	c, rate := s.conference, s.rate()
	which, sound := c.mixers[rate].Sound(s.place)
	if sound == nil {
		sound = silentFrame[:FrameSamples<<rate]
	}
	if !codec.stateless() {
		n, err := s.encoder.encode(room, sound)
		return room[:n], err
	}
	shares := c.shares[rate]
	for i := range c.shared[rate] {
		if shares[i].which == which && shares[i].codec == codec {
			return shares[i].payload, nil
		}
	}
	one := &shares[c.shared[rate]]
	n, err := s.encoder.encode(one.room[:], sound)
	if err != nil {
		return nil, err
	}
	one.which, one.codec, one.payload = which, codec, one.room[:n]
	c.shared[rate]++
	return one.payload, nil
}

// recoded follows a member's codec.
func (c *Conference) recoded(leg *Leg) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if s := c.seatOf(leg); s != nil {
		c.recode(s)
		c.arrange()
	}
}

// recode makes the member's encoder, of the codec that its leg sends.
func (c *Conference) recode(s *seat) {
	codec, parameters := s.leg.sends()
	if codec == s.codec && s.encoder != nil {
		return
	}
	s.codec, s.encoder = codec, nil
	if codec == CodecNone {
		return
	}
	encoder, err := newTunedEncoder(codec, parameters)
	if err != nil {
		c.engine.log.Error("member of a conference hears nothing", zap.String("call", s.leg.id), zap.Stringer("codec", codec), zap.Error(err))
		return
	}
	s.encoder = encoder
}

// stateless reports whether each frame is encoded alike, whatever was before it.
func (c Codec) stateless() bool { return c == PCMU || c == PCMA || c == L16 }
