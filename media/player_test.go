package media

import "testing"

// TestAPlaybackWithoutSoundIsOver: what a flow plays may have no sound, of a prompt that
// couldn't be read; the caller isn't held by it, nor by one that would go round.
func TestAPlaybackWithoutSoundIsOver(t *testing.T) {
	for name, clips := range map[string][]*Clip{"no clip": nil, "a clip of nothing": {NewClip(nil)}} {
		for _, loop := range []bool{false, true} {
			var p player
			p.start(Playback{ID: 7, Clips: clips, Loop: loop})
			if frame, playing, id, finished := p.next(PCMU); frame != nil || playing || id != 7 || !finished {
				t.Errorf("%s, loop %v: it plays %v, and %d has finished: %v", name, loop, playing, id, finished)
			}
			if _, _, _, again := p.next(PCMU); again {
				t.Errorf("%s: it finishes twice", name)
			}
		}
	}
}
