package media

import (
	"encoding/binary"
	"errors"
	"fmt"

	"careline/media/g722"
	"careline/media/opus"
)

// OpusParameters are how a side wants to be sent Opus (fmtp, RFC 7587 section 6.1).
type OpusParameters = opus.Parameters

// OpusBitrate is what Opus is sent at unless told otherwise, in bits a second.
const OpusBitrate = opus.DefaultBitrate

// ParseOpusParameters reads them from SDP's fmtp, behind the payload type. What isn't
// understood is left out.
func ParseOpusParameters(text string) OpusParameters { return opus.ParseParameters(text) }

// encoder turns the linear sound of one stream into payloads. One goroutine at a
// time; no allocation.
type encoder interface {
	// encode writes one frame of 20 ms, at the codec's SampleRate, and returns the
	// length of the payload; 0 where nothing needs to be sent (DTX).
	encode(dst []byte, sound []int16) (int, error)
}

// decoder turns the payloads of one stream into linear sound. One goroutine at a
// time; no allocation.
type decoder interface {
	// decode writes a payload's sound at the codec's SampleRate and returns how
	// many samples; maxSamples always have room.
	decode(sound []int16, payload []byte) (int, error)
	// lost fills a missing frame by the codec's own means: out of the payload that
	// follows it, where that is at hand (nil: it isn't), or by what was heard
	// before. False where the codec has none.
	lost(sound []int16, next []byte) bool
}

// maxSamples is the most that one payload decodes to.
const maxSamples = opus.MaxSamples

// errPayload says that a payload isn't one of its codec.
var errPayload = errors.New("media: the payload isn't one of its codec")

// newEncoder makes an encoder; of Opus by the default parameters.
func newEncoder(codec Codec) (encoder, error) { return newTunedEncoder(codec, OpusParameters{}) }

// newTunedEncoder makes an encoder for a side that wants its Opus by the parameters.
func newTunedEncoder(codec Codec, parameters OpusParameters) (encoder, error) {
	switch codec {
	case PCMU, PCMA:
		return g711Coder{codec}, nil
	case L16:
		return l16Coder{}, nil
	case G722:
		return &g722Encoder{g722.NewEncoder()}, nil
	case Opus:
		e, err := opus.NewEncoder(parameters)
		if err != nil {
			return nil, err
		}
		return opusEncoder{e}, nil
	}
	return nil, fmt.Errorf("media: nothing encodes %s", codec)
}

// newDecoder makes a decoder.
func newDecoder(codec Codec) (decoder, error) {
	switch codec {
	case PCMU, PCMA:
		return g711Coder{codec}, nil
	case L16:
		return l16Coder{}, nil
	case G722:
		return &g722Decoder{g722.NewDecoder()}, nil
	case Opus:
		d, err := opus.NewDecoder()
		if err != nil {
			return nil, err
		}
		return opusDecoder{d}, nil
	}
	return nil, fmt.Errorf("media: nothing decodes %s", codec)
}

// g711Coder is G.711 both ways: it has no state.
type g711Coder struct{ codec Codec }

func (c g711Coder) encode(dst []byte, sound []int16) (int, error) {
	if len(dst) < len(sound) {
		return 0, errShort(len(sound), len(dst))
	}
	c.codec.Encode(dst[:len(sound)], sound)
	return len(sound), nil
}

func (c g711Coder) decode(sound []int16, payload []byte) (int, error) {
	if len(sound) < len(payload) {
		return 0, errShort(len(payload), len(sound))
	}
	c.codec.Decode(sound[:len(payload)], payload)
	return len(payload), nil
}

func (g711Coder) lost([]int16, []byte) bool { return false }

// l16Coder is L16 both ways: samples in network byte order (RFC 3551 section 4.5.11).
type l16Coder struct{}

func (l16Coder) encode(dst []byte, sound []int16) (int, error) {
	if len(dst) < 2*len(sound) {
		return 0, errShort(2*len(sound), len(dst))
	}
	for i, sample := range sound {
		binary.BigEndian.PutUint16(dst[2*i:], uint16(sample))
	}
	return 2 * len(sound), nil
}

func (l16Coder) decode(sound []int16, payload []byte) (int, error) {
	n := len(payload) / 2
	switch {
	case len(payload)%2 != 0:
		return 0, errPayload
	case len(sound) < n:
		return 0, errShort(n, len(sound))
	}
	for i := range n {
		sound[i] = int16(binary.BigEndian.Uint16(payload[2*i:]))
	}
	return n, nil
}

func (l16Coder) lost([]int16, []byte) bool { return false }

type g722Encoder struct{ encoder *g722.Encoder }

func (e *g722Encoder) encode(dst []byte, sound []int16) (int, error) {
	n := len(sound) / 2
	switch {
	case len(sound)%2 != 0:
		return 0, errors.New("media: G.722 takes samples in pairs")
	case len(dst) < n:
		return 0, errShort(n, len(dst))
	}
	e.encoder.Encode(dst[:n], sound)
	return n, nil
}

type g722Decoder struct{ decoder *g722.Decoder }

func (d *g722Decoder) decode(sound []int16, payload []byte) (int, error) {
	n := 2 * len(payload)
	if len(sound) < n {
		return 0, errShort(n, len(sound))
	}
	d.decoder.Decode(sound[:n], payload)
	return n, nil
}

func (*g722Decoder) lost([]int16, []byte) bool { return false }

type opusEncoder struct{ encoder *opus.Encoder }

func (e opusEncoder) encode(dst []byte, sound []int16) (int, error) {
	return e.encoder.Encode(dst, sound)
}

type opusDecoder struct{ decoder *opus.Decoder }

func (d opusDecoder) decode(sound []int16, payload []byte) (int, error) {
	return d.decoder.Decode(sound, payload)
}

func (d opusDecoder) lost(sound []int16, next []byte) bool {
	return d.decoder.Conceal(sound, next) == nil
}

func errShort(want, have int) error {
	return fmt.Errorf("media: a frame of %d doesn't fit into %d", want, have)
}
