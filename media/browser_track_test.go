package media

import (
	"strings"
	"sync/atomic"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

const mimeDigits = "audio/" + digitsName

// browserTrack is what a browser says: the library encrypts what it is given.
type browserTrack struct {
	bound  atomic.Pointer[boundTrack]
	header rtp.Header // for one packet at a time
}

type boundTrack struct {
	writer webrtc.TrackLocalWriter
	ssrc   uint32
}

func (t *browserTrack) send(raw []byte) error {
	bound := t.bound.Load()
	if bound == nil {
		return ErrClosed
	}
	var p packet
	p.parse(raw)
	t.header = rtp.Header{
		Version: 2, Marker: p.marker, PayloadType: p.payloadType,
		SequenceNumber: p.sequence, Timestamp: p.timestamp, SSRC: bound.ssrc,
	}
	_, err := bound.writer.WriteRTP(&t.header, p.payload)
	return err
}

// Bind is called by the library when the stream's numbers are known.
func (t *browserTrack) Bind(c webrtc.TrackLocalContext) (webrtc.RTPCodecParameters, error) {
	t.bound.Store(&boundTrack{c.WriteStream(), uint32(c.SSRC())})
	for _, codec := range c.CodecParameters() {
		if !strings.EqualFold(codec.MimeType, mimeDigits) {
			return codec, nil
		}
	}
	return webrtc.RTPCodecParameters{}, ErrNoCommonCodec
}

// Unbind is called by the library when the stream is over.
func (t *browserTrack) Unbind(webrtc.TrackLocalContext) error {
	t.bound.Store(nil)
	return nil
}

// ID, RID, StreamID and Kind describe the track in the answer.
func (t *browserTrack) ID() string                { return "careline" }
func (t *browserTrack) RID() string               { return "" }
func (t *browserTrack) StreamID() string          { return "careline" }
func (t *browserTrack) Kind() webrtc.RTPCodecType { return webrtc.RTPCodecTypeAudio }
