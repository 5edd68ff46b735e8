package media

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/webrtc/v4"

	"careline/media/signal"
)

// browser is a WebRTC far side, as Chromium would be one.
type browser struct {
	t     testing.TB
	peer  *webrtc.PeerConnection
	track *browserTrack
	codec Codec

	mu    sync.Mutex
	heard []heardPacket

	sequence  uint16
	timestamp uint32
}

// newBrowser makes a browser that offers the given codecs and digits.
func newBrowser(t testing.TB, mimeTypes ...string) *browser {
	t.Helper()
	return newBrowserOn(t, func(*webrtc.SettingEngine) {}, mimeTypes...)
}

// newBrowserOn makes a browser with a network of its own.
func newBrowserOn(t testing.TB, network func(*webrtc.SettingEngine), mimeTypes ...string) *browser {
	t.Helper()
	engine := &webrtc.MediaEngine{}
	types := map[string]webrtc.PayloadType{webrtc.MimeTypeOpus: 111, webrtc.MimeTypePCMU: 0, webrtc.MimeTypePCMA: 8, webrtc.MimeTypeG722: 9, mimeDigits: 126}
	for _, mimeType := range mimeTypes {
		capability := webrtc.RTPCodecCapability{MimeType: mimeType, ClockRate: 8000}
		if mimeType == webrtc.MimeTypeOpus {
			capability.ClockRate, capability.Channels = 48000, 2
		}
		codec := webrtc.RTPCodecParameters{RTPCodecCapability: capability, PayloadType: types[mimeType]}
		if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	if mimeTypes[0] == webrtc.MimeTypeOpus && slices.Contains(mimeTypes, mimeDigits) { // as browsers have it
		codec := webrtc.RTPCodecParameters{RTPCodecCapability: webrtc.RTPCodecCapability{MimeType: mimeDigits, ClockRate: 48000}, PayloadType: 110}
		if err := engine.RegisterCodec(codec, webrtc.RTPCodecTypeAudio); err != nil {
			t.Fatal(err)
		}
	}
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetIPFilter(func(ip net.IP) bool { return ip.IsLoopback() && ip.To4() != nil })
	network(&settings)
	peer, err := webrtc.NewAPI(webrtc.WithMediaEngine(engine), webrtc.WithSettingEngine(settings)).
		NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		t.Fatal(err)
	}
	b := &browser{t: t, peer: peer, track: &browserTrack{}, codec: ParseCodec(strings.TrimPrefix(mimeTypes[0], "audio/"))}
	t.Cleanup(func() { peer.GracefulClose() })
	if _, err := peer.AddTrack(b.track); err != nil {
		t.Fatal(err)
	}
	peer.OnTrack(func(remote *webrtc.TrackRemote, _ *webrtc.RTPReceiver) {
		buffer := make([]byte, 2000)
		for {
			n, _, err := remote.Read(buffer)
			if err != nil {
				return
			}
			var got packet
			if got.parse(buffer[:n]) == isRTP {
				got.payload = append([]byte(nil), got.payload...)
				b.mu.Lock()
				b.heard = append(b.heard, heardPacket{got, time.Now()})
				b.mu.Unlock()
			}
		}
	})
	return b
}

func (b *browser) offer() string {
	b.t.Helper()
	offer, err := b.peer.CreateOffer(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.peer)
	if err := b.peer.SetLocalDescription(offer); err != nil {
		b.t.Fatal(err)
	}
	<-gathered
	return b.peer.LocalDescription().SDP
}

// connect opens a leg for the browser and waits until it is up.
func (b *browser) connect(engine *Engine, told *events) (*Leg, string) {
	b.t.Helper()
	leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{ID: "test", Notify: told.notify}, b.offer())
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(leg.Close)
	if err := b.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		b.t.Fatal(err)
	}
	eventually(b.t, "EventConnected", func() bool { return told.count(EventConnected) > 0 })
	return leg, answer
}

func (b *browser) packets() []heardPacket {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]heardPacket(nil), b.heard...)
}

func (b *browser) forget() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.heard = nil
}

// say sends samples at their pace.
func (b *browser) say(samples []int16) {
	ticker := time.NewTicker(FrameDuration)
	defer ticker.Stop()
	mouth := newMouth(b.t, b.codec)
	for ; len(samples) >= FrameSamples; samples = samples[FrameSamples:] {
		b.put(b.codec.PayloadType(), false, b.timestamp, mouth.speak(samples[:FrameSamples]))
		b.timestamp += b.codec.FrameTicks()
		<-ticker.C
	}
}

// put sends one packet.
func (b *browser) put(payloadType uint8, marker bool, timestamp uint32, payload []byte) {
	out := packet{marker: marker, payloadType: payloadType, sequence: b.sequence, timestamp: timestamp}
	raw := make([]byte, headerSize+len(payload))
	out.putHeader(raw)
	copy(raw[headerSize:], payload)
	b.sequence++
	if err := b.track.send(raw); err != nil {
		b.t.Error(err)
	}
}

// recent is the last so many seconds of what was heard.
func recent(t testing.TB, packets []heardPacket, seconds float64) []int16 {
	t.Helper()
	samples := sound(packets)
	if need := int(seconds * SampleRate); len(samples) > need {
		return samples[len(samples)-need:]
	}
	t.Fatalf("only %d samples were heard, not %v s", len(samples), seconds)
	return nil
}

// together runs both at once.
func together(a, b func()) {
	var group sync.WaitGroup
	group.Go(a)
	b()
	group.Wait()
}

func TestCallerAndBrowserTalkHoldAndResume(t *testing.T) {
	for _, codecs := range []struct {
		name    string
		caller  Codec
		browser []string
	}{
		{"both PCMU", PCMU, []string{webrtc.MimeTypePCMU, webrtc.MimeTypePCMA, mimeDigits}},
		{"PCMA to PCMU", PCMA, []string{webrtc.MimeTypePCMU, mimeDigits}},
	} {
		t.Run(codecs.name, func(t *testing.T) {
			engine := running(t, nil)
			caller, agent := newPhone(t, codecs.caller), newBrowser(t, codecs.browser...)
			var told events
			callerLeg := caller.call(engine, nil)
			agentLeg, answer := agent.connect(engine, &told)
			if !strings.Contains(answer, "a=ice-lite") || !strings.Contains(answer, "127.0.0.1") {
				t.Errorf("the answer isn't complete for ICE-lite:\n%s", answer)
			}
			talk := func() {
				together(func() { caller.say(signal.Tone(440, 0.6)) }, func() { agent.say(signal.Tone(1000, 0.6)) })
			}
			Join(callerLeg, agentLeg)
			hears(t, "caller", caller.packets, 1000, 440, talk)
			hears(t, "agent", agent.packets, 440, 1000, talk)

			// Hold: the caller hears music, the agent nothing of the caller.
			Part(callerLeg, agentLeg)
			callerLeg.Play(Playback{ID: 1, Clips: []*Clip{NewClip(signal.Tone(700, 1))}, Loop: true})
			pause(100 * time.Millisecond) // what is on its way to the agent arrives
			agent.forget()
			hears(t, "held caller", caller.packets, 700, 1000, talk)
			if heard := agent.packets(); len(heard) > 0 {
				t.Errorf("the agent hears %d packets of a held caller", len(heard))
			}

			// Resume, muted at first.
			callerLeg.StopPlaying()
			Join(callerLeg, agentLeg)
			agentLeg.Mute(true)
			talk()
			if level := signal.Level(recent(t, caller.packets(), 0.3)); level > -60 {
				t.Errorf("a muted agent is heard at %.0f dB", level)
			}
			agentLeg.Mute(false)
			hears(t, "caller after hold", caller.packets, 1000, 700, talk)
			hears(t, "agent after hold", agent.packets, 440, 1000, talk)
			checkOneStream(t, caller.packets())
		})
	}
}

// hears lets talk run until the tone is heard clearly, a few times where the
// machine is busy; the other tone may never be heard.
func hears(t testing.TB, who string, packets func() []heardPacket, wants, hasNot float64, talk func()) {
	t.Helper()
	var got float64
	for range 5 {
		talk()
		samples := recent(t, packets(), 0.3)
		if other := signal.Goertzel(samples, hasNot); other > 0.02 {
			t.Errorf("%s: %v Hz is heard at %.3f, want none", who, hasNot, other)
		}
		if got = signal.Goertzel(samples, wants); got > 0.25 {
			return
		}
	}
	t.Errorf("%s: %v Hz is heard at %.3f, want 0.5", who, wants, got)
}

func TestBrowserPressesKeys(t *testing.T) {
	engine := running(t, nil)
	agent := newBrowser(t, webrtc.MimeTypePCMU, mimeDigits)
	var told events
	leg, _ := agent.connect(engine, &told)
	if got := leg.Local(); got.DigitPayloadType != 126 || got.Formats[0] != (Format{PCMU, 0}) {
		t.Errorf("agreed on %+v", got)
	}
	agent.say(signal.Tone(300, 0.1))
	for _, key := range []byte("59#") {
		digit, _ := ParseDigit(key)
		var sender DigitSender
		sender.Send(digit, 60*time.Millisecond)
		agent.timestamp += 1600
		for {
			frame, ok := sender.Next(agent.timestamp)
			if !ok {
				break
			}
			agent.put(126, frame.Marker, frame.Timestamp, frame.Payload[:])
		}
	}
	eventually(t, "three digits", func() bool { return told.keys() == "59#" })
}

func TestOffersThatCannotBeAnswered(t *testing.T) {
	engine := running(t, nil)
	opus := newBrowser(t, webrtc.MimeTypeOpus)
	good := newBrowser(t, webrtc.MimeTypePCMU).offer()
	for _, test := range []struct {
		name, offer string
		want        error
	}{
		{"nothing", "", ErrBadOffer},
		{"garbage", "hello\r\n", ErrBadOffer},
		{"too long", strings.Repeat("a", maxOffer+1), ErrBadOffer},
		{"no audio", "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\n", ErrBadOffer},
		{"audio refused", strings.Replace(good, "m=audio 9", "m=audio 0", 1), ErrBadOffer},
		{"two sections", good + strings.Replace(good[strings.Index(good, "m=audio"):], "a=mid:0", "a=mid:1", 1), ErrBadOffer},
		{"Opus only", opus.offer(), ErrNoCommonCodec},
		{"no fingerprint", dropLines(good, "a=fingerprint"), ErrBadOffer},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, err := engine.OpenWebRTC(context.Background(), LegOptions{}, test.offer)
			if !errors.Is(err, test.want) {
				t.Errorf("got %v, want %v", err, test.want)
			}
		})
	}
	if legs := engine.Stats().Legs; legs != 0 {
		t.Errorf("%d legs are left", legs)
	}
}

func dropLines(text, prefix string) string {
	var kept strings.Builder
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(line, prefix) {
			kept.WriteString(line)
		}
	}
	return kept.String()
}

func TestBrowserThatClosesIsOver(t *testing.T) {
	engine := running(t, nil)
	agent := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	agent.connect(engine, &told)
	if err := agent.peer.GracefulClose(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "EventFailed", func() bool { return told.count(EventFailed) == 1 })
}

func TestBusyWebRTCPortIsNamed(t *testing.T) {
	engine := running(t, nil)
	other, err := New(Options{Address: loopback, WebRTC: engine.WebRTCAddress()})
	if err != nil {
		t.Fatal(err)
	}
	err = other.Listen()
	if err == nil || !strings.Contains(err.Error(), engine.WebRTCAddress().String()) || !strings.Contains(err.Error(), "media.webrtc") {
		t.Errorf("got %v", err)
	}
	if _, err := New(Options{Address: loopback, WebRTC: netip.MustParseAddrPort("0.0.0.0:1")}); err == nil {
		t.Error("0.0.0.0 is taken")
	}
}
