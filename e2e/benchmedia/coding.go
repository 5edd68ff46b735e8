package main

import (
	"fmt"

	"careline/media"
	"careline/media/opus"
	"careline/media/signal"
)

// coding is what a stream of the load says, over and over.
type coding struct {
	payloadType byte
	ticks       uint32 // a frame, by the clock of its timestamps
	stamped     bool   // each payload begins with the time of sending
	frames      [][]byte
}

// newCodings prepares one for each codec.
func newCodings(codecs []media.Codec) ([]*coding, error) {
	var all []*coding
	for _, codec := range codecs {
		one, err := newCoding(codec)
		if err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, nil
}

func newCoding(codec media.Codec) (*coding, error) {
	c := &coding{payloadType: codec.PayloadType(), ticks: codec.FrameTicks()}
	switch codec {
	case media.PCMU:
		c.stamped = true
		frame := make([]byte, frameBytes)
		for at := range frame {
			frame[at] = byte(at * 37)
		}
		c.frames = [][]byte{frame}
	case media.Opus:
		encoder, err := opus.NewEncoder(opus.Parameters{})
		if err != nil {
			return nil, err
		}
		sound := signal.Noise(4, 1) // 2 s at 16 kHz
		for n := codec.FrameSamples(); len(sound) >= n; sound = sound[n:] {
			packet := make([]byte, longest)
			size, err := encoder.Encode(packet, sound[:n])
			if err != nil {
				return nil, err
			}
			c.frames = append(c.frames, packet[:size])
		}
	default:
		return nil, fmt.Errorf("the load can't say %s", codec)
	}
	return c, nil
}
