package opus

import (
	"errors"
	"fmt"

	"github.com/thesyncim/gopus"
)

// StereoBitrate is that of a recording of two voices, in bits a second: below it the
// codec narrows the stereo image, and each voice would be heard in the other's
// channel.
const StereoBitrate = 48000

// stereoComplexity is the effort: from 4 on a frame costs 300 instead of 170 µs, and
// two voices sound no better.
const stereoComplexity = 2

// StereoEncoder encodes one stream of two channels, for recordings. It isn't safe for
// concurrent use.
type StereoEncoder struct{ encoder *gopus.Encoder }

// NewStereoEncoder makes an encoder. What it encodes is heard Delay later.
func NewStereoEncoder() (*StereoEncoder, error) {
	encoder, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: SampleRate, Channels: 2, Application: gopus.ApplicationVoIP})
	if err != nil {
		return nil, fmt.Errorf("opus: stereo encoder: %w", err)
	}
	err = errors.Join(
		encoder.SetBitrate(StereoBitrate),
		encoder.SetComplexity(stereoComplexity),
		encoder.SetSignal(gopus.SignalVoice),
		encoder.SetForceChannels(2),
		encoder.SetFrameSize(FrameSamples),
	)
	if err != nil {
		return nil, fmt.Errorf("opus: stereo encoder: %w", err)
	}
	return &StereoEncoder{encoder}, nil
}

// Encode writes FrameSamples pairs, left and right in turn, as a packet and returns
// its length.
func (e *StereoEncoder) Encode(packet []byte, pairs []int16) (n int, err error) {
	defer func() {
		if recover() != nil {
			e.encoder.Reset()
			n, err = 0, errors.New("opus: the stereo encoder failed, and begins anew")
		}
	}()
	n, err = e.encoder.EncodeInt16(pairs, packet)
	if err != nil {
		return 0, fmt.Errorf("opus: encode stereo: %w", err)
	}
	return n, nil
}
