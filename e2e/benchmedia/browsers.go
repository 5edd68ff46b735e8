package main

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/interceptor"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// connecting is how long all browsers together may take to be connected.
const connecting = 30 * time.Second

// browsers are agents' pages, as far as sound goes.
type browsers struct {
	all []*browser
}

type browser struct {
	peer      *webrtc.PeerConnection
	track     *webrtc.TrackLocalStaticRTP
	packet    rtp.Packet
	payload   [frameBytes]byte
	offer     string
	connected chan struct{}
	once      sync.Once

	mu     sync.Mutex // the library's goroutine notes, ours reads
	stream heard
	delays []int64
}

func newBrowsers(count int) (*browsers, error) {
	engine := &webrtc.MediaEngine{}
	codec := webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypePCMU, ClockRate: 8000}, PayloadType: 0}
	if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
		return nil, err
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	api := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(&interceptor.Registry{}), webrtc.WithSettingEngine(settings))
	b := &browsers{}
	for range count {
		one, err := newBrowser(api, codec.RTPCodecCapability)
		if err != nil {
			b.close()
			return nil, fmt.Errorf("browser: %w", err)
		}
		b.all = append(b.all, one)
	}
	return b, nil
}

func newBrowser(api *webrtc.API, codec webrtc.RTPCodecCapability) (*browser, error) {
	peer, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	b := &browser{peer: peer, connected: make(chan struct{})}
	if err := b.prepare(codec); err != nil {
		return nil, errors.Join(err, peer.Close())
	}
	return b, nil
}

func (b *browser) prepare(codec webrtc.RTPCodecCapability) error {
	track, err := webrtc.NewTrackLocalStaticRTP(codec, "microphone", "agent")
	if err != nil {
		return err
	}
	b.track = track
	if _, err := b.peer.AddTrack(track); err != nil {
		return err
	}
	b.peer.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		if state == webrtc.PeerConnectionStateConnected {
			b.once.Do(func() { close(b.connected) })
		}
	})
	b.peer.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { b.listen(remote) })
	gathered := webrtc.GatheringCompletePromise(b.peer)
	offer, err := b.peer.CreateOffer(nil)
	if err != nil {
		return err
	}
	if err := b.peer.SetLocalDescription(offer); err != nil {
		return err
	}
	<-gathered
	b.offer = b.peer.LocalDescription().SDP
	b.packet = rtp.Packet{Header: rtp.Header{Version: 2}, Payload: b.payload[:]}
	return nil
}

func (b *browsers) offers() []string {
	var all []string
	for _, one := range b.all {
		all = append(all, one.offer)
	}
	return all
}

// connect takes the answers, and waits until all are connected.
func (b *browsers) connect(answers []string) error {
	if len(answers) != len(b.all) {
		return fmt.Errorf("%d answers to %d offers", len(answers), len(b.all))
	}
	for i, one := range b.all {
		if err := one.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answers[i]}); err != nil {
			return fmt.Errorf("answer: %w", err)
		}
	}
	limit := time.NewTimer(connecting)
	defer limit.Stop()
	for i, one := range b.all {
		select {
		case <-one.connected:
		case <-limit.C:
			return fmt.Errorf("%d of %d browsers were connected within %v", i, len(b.all), connecting)
		}
	}
	return nil
}

// send sends the packets of one phase.
func (b *browsers) send(phase int) {
	for i := phase; i < len(b.all); i += phases {
		one := b.all[i]
		putStamp(one.payload[:])
		_ = one.track.WriteRTP(&one.packet) // what isn't sent is found lost
		one.packet.SequenceNumber++
		one.packet.Timestamp += frameBytes
	}
}

func (b *browser) listen(remote *webrtc.TrackRemote) {
	buffer := make([]byte, datagram)
	for {
		n, _, err := remote.Read(buffer)
		if err != nil {
			return
		}
		at := time.Now().UnixNano()
		var packet rtp.Packet
		if packet.Unmarshal(buffer[:n]) != nil {
			continue
		}
		b.mu.Lock()
		b.stream.note(packet.SequenceNumber, packet.Timestamp, at, frameBytes, false)
		if delay, ok := sinceStamp(packet.Payload, at); ok {
			b.delays = append(b.delays, delay)
		}
		b.mu.Unlock()
	}
}

func (b *browsers) mark() {
	for _, one := range b.all {
		one.mu.Lock()
		one.stream.mark()
		one.delays = one.delays[:0]
		one.mu.Unlock()
	}
}

// heard gives the streams and the delays since mark; the browsers are silent by now.
func (b *browsers) heard() (streams []*heard, delays []int64) {
	for _, one := range b.all {
		one.mu.Lock()
		stream := one.stream
		streams, delays = append(streams, &stream), append(delays, one.delays...)
		one.mu.Unlock()
	}
	return streams, delays
}

func (b *browsers) close() {
	for _, one := range b.all {
		_ = one.peer.Close()
	}
}
