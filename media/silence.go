package media

import (
	"careline/media/g722"
	"careline/media/opus"
)

// stepsPerFrame is how many of the steps that Opus packets are measured in are 20 ms.
const stepsPerFrame = 8

// silentFrames are one frame of silence in each codec; never written.
var silentFrames = makeSilentFrames()

func makeSilentFrames() (frames [codecCount][]byte) {
	frames[PCMU] = filled(PCMU.FrameSamples(), PCMU.Silence())
	frames[PCMA] = filled(PCMA.FrameSamples(), PCMA.Silence())
	frames[L16] = make([]byte, 2*L16.FrameSamples())
	frames[Opus] = opus.AppendSilence(nil, stepsPerFrame)
	// What an encoder makes of silence once it has come to rest: any decoder does
	// the same on hearing it.
	frames[G722] = make([]byte, G722.FrameSamples()/2)
	encoder := g722.NewEncoder()
	for range framesPerSecond {
		encoder.Encode(frames[G722], make([]int16, G722.FrameSamples()))
	}
	return frames
}

func filled(size int, value byte) []byte {
	frame := make([]byte, size)
	for i := range frame {
		frame[i] = value
	}
	return frame
}

// silence is one frame of it.
func silence(codec Codec) []byte { return silentFrames[codec.known()] }

// putSilence writes silence that lasts so many ticks, as near as the codec can say
// it, and returns its length in bytes; no more than maxPayload.
func putSilence(payload []byte, codec Codec, ticks uint32) int {
	if codec == Opus {
		return len(opus.AppendSilence(payload[:0], int(ticks*stepsPerFrame/codec.FrameTicks())))
	}
	frame := silence(codec)
	size := min(len(frame)*int(ticks)/int(codec.FrameTicks()), maxPayload)
	for filled := 0; filled < size; {
		filled += copy(payload[filled:size], frame)
	}
	return size
}
