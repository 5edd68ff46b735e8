package media

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"careline/media/signal"
)

// answer takes an offer of ours as a browser's phone does.
func (b *browser) answer(offer string) string {
	b.t.Helper()
	if err := b.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
		b.t.Fatal(err)
	}
	answer, err := b.peer.CreateAnswer(nil)
	if err != nil {
		b.t.Fatal(err)
	}
	gathered := webrtc.GatheringCompletePromise(b.peer)
	if err := b.peer.SetLocalDescription(answer); err != nil {
		b.t.Fatal(err)
	}
	<-gathered
	return b.peer.LocalDescription().SDP
}

// called is a leg that the browser was called by, and what was offered.
func (b *browser) called(engine *Engine, told *events) (*Leg, string) {
	b.t.Helper()
	leg, offer, err := engine.OfferWebRTC(context.Background(), LegOptions{ID: "test", Notify: told.notify})
	if err != nil {
		b.t.Fatal(err)
	}
	b.t.Cleanup(leg.Close)
	if local := leg.Local(); string(local.WebRTC) != offer {
		b.t.Fatalf("our side says %+v", local)
	}
	if err := leg.AnswerWebRTC(b.answer(offer)); err != nil {
		b.t.Fatal(err)
	}
	eventually(b.t, "EventConnected", func() bool { return told.count(EventConnected) > 0 })
	return leg, offer
}

func TestCallerTalksWithABrowserThatWasCalled(t *testing.T) {
	engine := running(t, nil)
	caller, agent := newPhone(t, PCMA), newBrowser(t, webrtc.MimeTypePCMU, mimeDigits)
	var told events
	callerLeg := caller.call(engine, nil)
	agentLeg, offer := agent.called(engine, &told)
	for _, line := range []string{"a=ice-lite", "a=candidate:", "127.0.0.1", "a=setup:actpass", "a=rtcp-mux", "a=sendrecv", "UDP/TLS/RTP/SAVPF",
		"a=rtpmap:0 PCMU/8000", "a=rtpmap:8 PCMA/8000", "telephone-event/8000", "a=end-of-candidates"} {
		if !strings.Contains(offer, line) {
			t.Errorf("the offer lacks %q:\n%s", line, offer)
		}
	}
	if got := agentLeg.Local(); got.Formats[0] != (Format{PCMU, 0}) || got.DigitPayloadType != 126 || got.Direction != SendRecv {
		t.Errorf("agreed on %+v", got)
	}
	Join(callerLeg, agentLeg)
	talk := func() {
		together(func() { caller.say(signal.Tone(440, 0.6)) }, func() { agent.say(signal.Tone(1000, 0.6)) })
	}
	hears(t, "caller", caller.packets, 1000, 440, talk)
	hears(t, "agent", agent.packets, 440, 1000, talk)

	// The phone's own offers: hold, resume, another network.
	agent.reoffer(agentLeg, nil, SendOnly)
	before := agentLeg.Stats().PacketsSent
	caller.say(signal.Tone(440, 0.3))
	if sent := agentLeg.Stats().PacketsSent - before; sent > 0 {
		t.Errorf("held by the phone, and it was sent %d packets", sent)
	}
	agent.reoffer(agentLeg, &webrtc.OfferOptions{ICERestart: true}, SendRecv)
	agent.forget()
	hears(t, "caller after hold and restart", caller.packets, 1000, 440, talk)
	hears(t, "agent after hold and restart", agent.packets, 440, 1000, talk)
	checkOneStream(t, caller.packets())
}

func TestABrowserAnswersOnHold(t *testing.T) {
	engine := running(t, nil)
	agent := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	leg, offer, err := engine.OfferWebRTC(context.Background(), LegOptions{Notify: told.notify})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(leg.Close)
	if err := leg.AnswerWebRTC(withDirection(agent.answer(offer), SendOnly)); err != nil {
		t.Fatal(err)
	}
	eventually(t, "EventConnected", func() bool { return told.count(EventConnected) > 0 })
	if got := leg.Local().Direction; got != RecvOnly {
		t.Errorf("our side says %s", got.attribute())
	}
	leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
	agent.say(make([]int16, 10*FrameSamples))
	eventually(t, "the browser is heard", func() bool { return leg.Stats().PacketsReceived > 5 })
	if sent := leg.Stats().PacketsSent; sent > 0 {
		t.Errorf("it was sent %d packets", sent)
	}
	agent.reoffer(leg, nil, SendRecv)
	eventually(t, "sound", func() bool { return len(agent.packets()) > 5 })
}

func TestAnswersThatCannotBeUsed(t *testing.T) {
	engine := running(t, nil)
	var of string
	for name, change := range map[string]func(string) string{
		"nothing":                func(string) string { return "" },
		"garbage":                func(string) string { return "hello\r\n" },
		"too long":               func(string) string { return strings.Repeat("a", maxOffer+1) },
		"refused":                func(a string) string { return strings.Replace(a, "m=audio 9", "m=audio 0", 1) },
		"two sections":           func(a string) string { return a + a[strings.Index(a, "m=audio"):] },
		"our own offer":          func(string) string { return of },
		"no fingerprint":         func(a string) string { return dropLines(a, "a=fingerprint") },
		"no name of ICE":         func(a string) string { return dropLines(a, "a=ice-ufrag") },
		"no password of ICE":     func(a string) string { return dropLines(a, "a=ice-pwd") },
		"neither side begins":    func(a string) string { return strings.Replace(a, "a=setup:passive", "a=setup:holdconn", 1) },
		"another section's name": func(a string) string { return strings.ReplaceAll(a, "a=mid:0", "a=mid:7") },
		"a telephone's": func(string) string {
			return "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"
		},
		"a codec that wasn't offered": func(a string) string {
			return strings.NewReplacer("SAVPF 0", "SAVPF 18", "rtpmap:0 PCMU", "rtpmap:18 G729").Replace(a)
		},
	} {
		t.Run(name, func(t *testing.T) {
			leg, offer, err := engine.OfferWebRTC(context.Background(), LegOptions{})
			if err != nil {
				t.Fatal(err)
			}
			of = offer
			if err := leg.AnswerWebRTC(change(newBrowser(t, webrtc.MimeTypePCMU).answer(offer))); !errors.Is(err, ErrBadAnswer) && !errors.Is(err, ErrNoCommonCodec) {
				t.Errorf("got %v", err)
			}
			if err := leg.AnswerWebRTC(""); err == nil {
				t.Error("a second answer is taken")
			}
			leg.Close()
			if err := leg.AnswerWebRTC(""); !errors.Is(err, ErrClosed) {
				t.Errorf("closed: %v", err)
			}
		})
	}
	if legs := engine.Stats().Legs; legs != 0 {
		t.Errorf("%d legs are left", legs)
	}
}

func TestWhatABrowserIsOfferedIsWhatTheLegMaySpeak(t *testing.T) {
	engine := running(t, nil)
	for _, c := range []struct {
		codecs []Codec
		want   string // the media line's formats
	}{
		{[]Codec{PCMA, PCMU}, "8 0 126"},
		{[]Codec{Opus, PCMU}, "111 0 126 110"},
		{[]Codec{G722}, "9 126"},
		{[]Codec{L16}, ""},
	} {
		leg, offer, err := engine.OfferWebRTC(context.Background(), LegOptions{Codecs: c.codecs})
		if c.want == "" {
			if !errors.Is(err, ErrNoCommonCodec) {
				t.Errorf("%v: %v", c.codecs, err)
			}
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		leg.Close()
		if !strings.Contains(offer, "UDP/TLS/RTP/SAVPF "+c.want+"\r\n") {
			t.Errorf("%v: offered\n%s", c.codecs, offer)
		}
	}
}

func TestAnswersWithoutAnOffer(t *testing.T) {
	engine := running(t, nil)
	agent := newBrowser(t, webrtc.MimeTypePCMU)
	var told events
	leg, _ := agent.connect(engine, &told)
	if err := leg.AnswerWebRTC("v=0"); err == nil || errors.Is(err, ErrBadAnswer) {
		t.Errorf("a leg that answered an offer: %v", err)
	}
	rtp, err := engine.OpenRTP(LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer rtp.Close()
	if err := rtp.AnswerWebRTC("v=0"); err == nil {
		t.Error("a telephone answers as a browser does")
	}
	if err := rtp.Agree(Description{WebRTC: "v=0"}, Format{PCMU, 0}); err == nil {
		t.Error("a telephone's leg agrees with a browser")
	}
	waits, offer, err := engine.OfferWebRTC(context.Background(), LegOptions{})
	if err != nil {
		t.Fatal(err)
	}
	defer waits.Close()
	if err := waits.Renegotiate(context.Background(), offer); err == nil {
		t.Error("an offer is taken before the answer to ours")
	}
	given, cancel := context.WithCancel(context.Background())
	cancel()
	if leg, _, err := engine.OfferWebRTC(given, LegOptions{}); err == nil {
		leg.Close() // its candidates were there at once
	}
	unbound, err := New(Options{Address: loopback, WebRTC: engine.WebRTCAddress()})
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := unbound.OfferWebRTC(context.Background(), LegOptions{}); err == nil {
		t.Error("an offer before Listen")
	}
}

// FuzzAnswerWebRTC gives a leg that waits whatever an answer may be.
func FuzzAnswerWebRTC(f *testing.F) {
	engine := running(f, nil)
	f.Add("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0 126\r\nc=IN IP4 0.0.0.0\r\n" +
		"a=mid:0\r\na=sendrecv\r\na=rtcp-mux\r\na=setup:active\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
		"a=fingerprint:sha-256 " + strings.TrimSuffix(strings.Repeat("AB:", 32), ":") + "\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:126 telephone-event/8000\r\n")
	f.Add("v=0\r\nm=audio 9 X 0\r\n")
	f.Fuzz(func(t *testing.T, answer string) {
		leg, _, err := engine.OfferWebRTC(context.Background(), LegOptions{})
		if err != nil {
			t.Fatal(err)
		}
		defer leg.Close()
		err = leg.AnswerWebRTC(answer)
		if local := leg.Local(); (err == nil) != (len(local.Formats) == 1 && local.WebRTC != "") {
			t.Errorf("%v, and our side says %+v", err, local)
		}
	})
}
