package media

import "time"

// Playback is what a leg plays: clips one after the other.
type Playback struct {
	// ID comes back in EventPlayed.
	ID    int
	Clips []*Clip
	// Loop plays them over and over: no EventPlayed.
	Loop bool
	// From is where to begin, as a time from the start of the first clip. With
	// Loop it wraps around.
	From time.Duration
}

// player steps through a Playback, a frame at a time.
type player struct {
	playback Playback
	on       bool
	clip     int
	index    int
	live     *clipEncoder // for clips that aren't held in the leg's codec

	// What the clip at hand is played from, in codec, chosen as it began: a codec
	// with a memory goes on with what it began with. nil: it is encoded as it plays.
	codec   Codec
	encoded *encodedClip
	chosen  bool
}

func (p *player) active() bool { return p.on }

// speak makes ready for a codec in which some clip isn't held. It is called as a
// playback begins and as the codec changes, not by the pacer: encoders are large.
func (p *player) speak(codec Codec, parameters OpusParameters) {
	if !p.on || p.live != nil && p.live.codec == codec {
		return
	}
	for _, clip := range p.playback.Clips {
		if clip.in(codec) == nil && codec != CodecNone {
			p.live = newClipEncoder(codec, parameters)
			return
		}
	}
}

func (p *player) stop() { *p = player{} }

// start begins at playback.From; a playback without sound ends at the next frame.
func (p *player) start(playback Playback) {
	*p = player{playback: playback, on: true}
	total := 0
	for _, clip := range playback.Clips {
		total += clip.frames()
	}
	if total == 0 {
		p.playback.Loop = false
		return
	}
	skip := int(max(playback.From, 0) / FrameDuration)
	if playback.Loop {
		skip %= total
	}
	for p.clip < len(playback.Clips) && skip >= playback.Clips[p.clip].frames() {
		skip -= playback.Clips[p.clip].frames()
		p.clip++
	}
	p.index = skip
}

// next gives the frame that is due in the codec. When the last one has been
// played before, or there is none, it tells that the playback has finished.
func (p *player) next(codec Codec) (frame []byte, playing bool, id int, finished bool) {
	if !p.on {
		return nil, false, 0, false
	}
	clips := p.playback.Clips
	for p.clip < len(clips) && p.index >= clips[p.clip].frames() {
		p.clip, p.index, p.chosen = p.clip+1, 0, false
		if p.clip == len(clips) && p.playback.Loop {
			p.clip = 0
		}
	}
	if p.clip >= len(clips) {
		id = p.playback.ID
		p.stop()
		return nil, false, id, true
	}
	if !p.chosen || p.codec != codec {
		p.codec, p.encoded, p.chosen = codec, clips[p.clip].in(codec), true
	}
	switch {
	case p.encoded != nil:
		frame = p.encoded.frame(p.index)
	case codec == CodecNone:
	case p.live != nil && p.live.codec == codec:
		frame = p.live.frame(clips[p.clip], p.index)
	default:
		frame = silence(codec)
	}
	p.index++
	return frame, true, 0, false
}
