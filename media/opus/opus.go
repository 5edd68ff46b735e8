// Package opus speaks and hears Opus (RFC 6716) as telephony needs it: one voice,
// 16 kHz, frames of 20 ms. What lives here: an encoder and a decoder of one stream
// each, their parameters as SDP names them (RFC 7587), and how long a packet is.
// What must not: RTP, sockets, calls.
//
//	encoder, err := opus.NewEncoder(opus.Parameters{FEC: true, DTX: true})
//	n, err := encoder.Encode(packet, sound) // 0: nothing needs to be sent
//	n, err := decoder.Decode(sound, packet)
//
// The codec itself is a library's, in Go. It is handed what strangers send, so a
// panic in it is an error here, and the stream begins anew.
package opus

import (
	"errors"
	"fmt"

	"github.com/thesyncim/gopus"
)

const (
	// SampleRate is that of the sound, in samples a second.
	SampleRate = 16000
	// DefaultBitrate is that of speech, in bits a second: what wideband speech wants
	// by RFC 7587 section 3.1.1 (16 to 20 kbit/s) with room for error correction.
	DefaultBitrate = 24000
	// MinBitrate and MaxBitrate bound it (RFC 7587 section 6.1 and 3.1.1; above,
	// one voice gains nothing).
	MinBitrate = 6000
	MaxBitrate = 64000
	// Delay is how much later than it was encoded speech is decoded, in samples.
	Delay = 104
	// assumedLoss is the loss that error correction is laid out for, in percent: the
	// encoder spends bits on it only from some loss on.
	assumedLoss = 10
	// complexity is the encoder's effort, 0 to 10. Above, speech gains little and
	// costs half as much again.
	complexity = 5
)

// ErrPacket is wrapped by errors about a packet that can't be decoded.
var ErrPacket = errors.New("opus: the packet isn't one")

// Encoder encodes one stream. It isn't safe for concurrent use.
type Encoder struct{ encoder *gopus.Encoder }

// NewEncoder makes an encoder.
func NewEncoder(p Parameters) (*Encoder, error) {
	encoder, err := gopus.NewEncoder(gopus.EncoderConfig{SampleRate: SampleRate, Channels: 1, Application: gopus.ApplicationVoIP})
	if err != nil {
		return nil, fmt.Errorf("opus: encoder: %w", err)
	}
	err = errors.Join(
		encoder.SetBitrate(p.bitrate()),
		encoder.SetComplexity(complexity),
		encoder.SetSignal(gopus.SignalVoice),
		encoder.SetFrameSize(FrameSamples),
	)
	encoder.SetDTX(p.DTX)
	if p.FEC {
		encoder.SetFEC(true)
		err = errors.Join(err, encoder.SetPacketLoss(assumedLoss))
	}
	if err != nil {
		return nil, fmt.Errorf("opus: encoder: %w", err)
	}
	return &Encoder{encoder}, nil
}

// Encode writes FrameSamples of sound as a packet and returns its length; 0 if
// nothing needs to be sent, since silence goes on (DTX, RFC 7587 section 3.1.3).
func (e *Encoder) Encode(packet []byte, sound []int16) (n int, err error) {
	defer func() {
		if recover() != nil {
			e.encoder.Reset()
			n, err = 0, errors.New("opus: the encoder failed, and begins anew")
		}
	}()
	n, err = e.encoder.EncodeInt16(sound, packet)
	if err != nil {
		return 0, fmt.Errorf("opus: encode: %w", err)
	}
	if n <= 2 && e.encoder.DTXEnabled() {
		return 0, nil
	}
	return n, nil
}

// Decoder decodes one stream. It isn't safe for concurrent use.
type Decoder struct {
	decoder *gopus.Decoder
	scratch [MaxSamples]float32
}

// NewDecoder makes a decoder.
func NewDecoder() (*Decoder, error) {
	decoder, err := gopus.NewDecoder(gopus.DecoderConfig{SampleRate: SampleRate, Channels: 1, MaxPacketSamples: MaxSamples})
	if err != nil {
		return nil, fmt.Errorf("opus: decoder: %w", err)
	}
	return &Decoder{decoder: decoder}, nil
}

// Decode writes a packet's sound and returns the number of its samples, as Samples
// tells. Errors wrap ErrPacket; the stream goes on with the next one.
func (d *Decoder) Decode(sound []int16, packet []byte) (n int, err error) {
	defer d.recover(&n, &err)
	samples := Samples(packet, SampleRate)
	if samples == 0 {
		return 0, ErrPacket
	}
	if samples > len(sound) {
		return 0, fmt.Errorf("opus: decode: %d samples don't fit into %d", samples, len(sound))
	}
	n, err = d.decoder.DecodeInt16(packet, sound[:samples])
	if err != nil {
		return 0, fmt.Errorf("%w: %v", ErrPacket, err)
	}
	return n, nil
}

// Conceal fills sound, of a length that packets have, in the place of a packet that
// is lost: out of next, the packet that came after it, where that carries a copy
// (in-band FEC), else by what was heard before. next may be nil.
func (d *Decoder) Conceal(sound []int16, next []byte) (err error) {
	var n int
	defer d.recover(&n, &err)
	if len(sound) > MaxSamples {
		return fmt.Errorf("opus: conceal: %d samples are more than %d", len(sound), MaxSamples)
	}
	if Samples(next, SampleRate) == 0 {
		next = nil
	}
	lost := d.scratch[:len(sound)]
	n, err = d.decoder.DecodeWithFEC(next, lost, true)
	if err != nil {
		return fmt.Errorf("%w: %v", ErrPacket, err)
	}
	for i, value := range lost[:n] {
		sound[i] = int16(min(max(value*32768, -32768), 32767))
	}
	clear(sound[n:])
	return nil
}

// recover turns the library's panic into an error: the packet is a stranger's.
func (d *Decoder) recover(n *int, err *error) {
	if recover() != nil {
		d.decoder.Reset()
		*n, *err = 0, fmt.Errorf("%w: the decoder failed on it, and begins anew", ErrPacket)
	}
}
