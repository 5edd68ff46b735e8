package media

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"

	"careline/media/signal"
)

func TestBrowsersCodecIsChosenByTheLegsOrder(t *testing.T) {
	everything := []string{webrtc.MimeTypeOpus, webrtc.MimeTypeG722, webrtc.MimeTypePCMU, webrtc.MimeTypePCMA, mimeDigits}
	for _, test := range []struct {
		name    string
		codecs  []Codec
		offered []string
		want    Format
		digits  uint8
		says    string // in the answer
	}{
		{"by default", nil, everything, Format{PCMU, 0}, 126, "m=audio 9 UDP/TLS/RTP/SAVPF 0 126\r\n"},
		{"Opus with its digits", []Codec{Opus, PCMU}, everything, Format{Opus, 111}, 110, "a=fmtp:111 stereo=0;useinbandfec=1;usedtx=1;maxaveragebitrate=24000\r\n"},
		{"G.722", []Codec{L16, G722, PCMU}, everything, Format{G722, 9}, 126, "m=audio 9 UDP/TLS/RTP/SAVPF 9 126\r\n"},
		{"the next where the first isn't there", []Codec{Opus, PCMA}, []string{webrtc.MimeTypePCMU, webrtc.MimeTypePCMA}, Format{PCMA, 8}, 0, "m=audio 9 UDP/TLS/RTP/SAVPF 8\r\n"},
	} {
		t.Run(test.name, func(t *testing.T) {
			engine := running(t, func(o *Options) { o.Opus = OpusParameters{FEC: true, DTX: true} })
			browser := newBrowser(t, test.offered...)
			leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{Codecs: test.codecs}, browser.offer())
			if err != nil {
				t.Fatal(err)
			}
			defer leg.Close()
			local := leg.Local()
			if local.Formats[0] != test.want || local.DigitPayloadType != test.digits {
				t.Errorf("agreed on %v, digits %d", local.Formats, local.DigitPayloadType)
			}
			if !strings.Contains(answer, test.says) {
				t.Errorf("the answer has no %q:\n%s", test.says, answer)
			}
		})
	}
	t.Run("nothing in common", func(t *testing.T) {
		engine := running(t, nil)
		if _, _, err := engine.OpenWebRTC(context.Background(), LegOptions{Codecs: []Codec{Opus}}, newBrowser(t, webrtc.MimeTypePCMU).offer()); !errors.Is(err, ErrNoCommonCodec) {
			t.Errorf("got %v", err)
		}
	})
}

// A telephone and a browser with the same wideband codec hear each other, and a
// prompt, undecoded.
func TestWidebandCallerAndBrowserTalk(t *testing.T) {
	for codec, mimeType := range map[Codec]string{Opus: webrtc.MimeTypeOpus, G722: webrtc.MimeTypeG722} {
		t.Run(codec.String(), func(t *testing.T) {
			engine := running(t, nil)
			caller, agent := newPhone(t, codec), newBrowser(t, mimeType, mimeDigits)
			callerLeg := caller.call(engine, nil)
			var told events
			leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{Codecs: []Codec{codec}, Notify: told.notify}, agent.offer())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(leg.Close)
			if err := agent.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
				t.Fatal(err)
			}
			eventually(t, "EventConnected", func() bool { return told.count(EventConnected) > 0 })
			Join(callerLeg, leg)
			talk := func() {
				together(func() { caller.say(signal.Tone(440, 0.6)) }, func() { agent.say(signal.Tone(1000, 0.6)) })
			}
			hears(t, "caller", caller.packets, 1000, 440, talk)
			hears(t, "agent", agent.packets, 440, 1000, talk)
			Part(callerLeg, leg)
			leg.Play(Playback{Clips: []*Clip{prepared(signal.Tone(700, 1), codec)}, Loop: true})
			hears(t, "agent with a prompt", agent.packets, 700, 440, func() { pause(600 * FrameDuration / 20) })
			checkOneStream(t, caller.packets())
		})
	}
}
