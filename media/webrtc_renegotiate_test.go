package media

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"careline/media/signal"
)

// reoffer offers once more, as change makes the offer, and takes the answer.
func (b *browser) reoffer(leg *Leg, options *webrtc.OfferOptions, direction Direction) string {
	b.t.Helper()
	offer, err := b.peer.CreateOffer(options)
	if err != nil {
		b.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.peer)
	if err := b.peer.SetLocalDescription(offer); err != nil {
		b.t.Fatal(err)
	}
	<-gathered
	text := withDirection(b.peer.LocalDescription().SDP, direction)
	if err := leg.Renegotiate(context.Background(), text); err != nil {
		b.t.Fatal(err)
	}
	answer := string(leg.Local().WebRTC)
	err = b.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: withDirection(answer, SendRecv)})
	if err != nil {
		b.t.Fatal(err)
	}
	return answer
}

func TestBrowserHoldsAndResumes(t *testing.T) {
	engine := running(t, nil)
	caller := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	leg, _ := caller.connect(engine, &told)
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	eventually(t, "sound", func() bool { return len(caller.packets()) > 5 })
	for _, direction := range []Direction{SendOnly, Inactive, RecvOnly, SendRecv} {
		answer := caller.reoffer(leg, nil, direction)
		if got := offeredDirection(answer); got != direction.Answer() || leg.Local().Direction != got {
			t.Errorf("%s is answered by %s", direction.attribute(), got.attribute())
		}
		before := leg.Stats().PacketsSent
		if direction.Receives() {
			eventually(t, "sound at "+direction.attribute(), func() bool { return leg.Stats().PacketsSent > before+5 })
			continue
		}
		pause(10 * FrameDuration)
		if sent := leg.Stats().PacketsSent - before; sent > 0 {
			t.Errorf("%s, and it was sent %d packets", direction.attribute(), sent)
		}
	}
	caller.forget()
	before := leg.Stats().PacketsReceived
	caller.say(make([]int16, 10*FrameSamples))
	eventually(t, "sound both ways", func() bool {
		return leg.Stats().PacketsReceived >= before+8 && len(caller.packets()) > 5
	})
	if told.count(EventFailed) > 0 {
		t.Error("the connection was given up")
	}
}

func TestBrowserRestartsICE(t *testing.T) {
	engine := running(t, nil)
	caller := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	leg, first := caller.connect(engine, &told)
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	eventually(t, "sound", func() bool { return len(caller.packets()) > 5 })
	answer := caller.reoffer(leg, &webrtc.OfferOptions{ICERestart: true}, SendRecv)
	if attributes(answer, "ice-ufrag") == attributes(first, "ice-ufrag") || !strings.Contains(answer, "a=candidate:") {
		t.Errorf("answered\n%s", answer)
	}
	eventually(t, "sound over the new way", func() bool {
		caller.forget()
		before := leg.Stats().PacketsReceived
		caller.say(make([]int16, 10*FrameSamples))
		return leg.Stats().PacketsReceived >= before+8 && len(caller.packets()) > 5
	})
}

func TestOffersThatChangeTooMuchAreRefused(t *testing.T) {
	engine := running(t, nil)
	caller := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	leg, _ := caller.connect(engine, &told)
	for name, offer := range map[string]string{
		"another connection's": newBrowser(t, webrtc.MimeTypePCMU).offer(),
		"no SDP":               "hello",
	} {
		if err := leg.Renegotiate(context.Background(), offer); !errors.Is(err, ErrBadOffer) {
			t.Errorf("%s: %v", name, err)
		}
	}
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	eventually(t, "sound as before", func() bool { return len(caller.packets()) > 5 })
	caller.reoffer(leg, nil, SendRecv)
	rtp, err := engine.OpenRTP(LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if err := rtp.Renegotiate(context.Background(), caller.peer.LocalDescription().SDP); err == nil {
		t.Error("a telephone renegotiates as a browser does")
	}
	rtp.Close()
	leg.Close()
	if err := leg.Renegotiate(context.Background(), ""); !errors.Is(err, ErrClosed) {
		t.Errorf("closed: %v", err)
	}
}

func FuzzDirection(f *testing.F) {
	f.Add("v=0\r\na=inactive\r\nm=audio 9 X 0\r\na=sendonly\r\na=fingerprint:sha-256 AA\r\n", byte(1))
	f.Fuzz(func(t *testing.T, sdp string, to byte) {
		direction := Direction(to & 3)
		changed := withDirection(sdp, direction)
		if got := offeredDirection(changed); got != direction && changed != sdp {
			t.Errorf("%q says %s", changed, got.attribute())
		}
		if attributes(changed, "fingerprint") != attributes(sdp, "fingerprint") {
			t.Error("the fingerprint changes")
		}
	})
}
