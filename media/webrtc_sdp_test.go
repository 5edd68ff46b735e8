package media

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/pion/webrtc/v4"
)

// withDirection says another direction in an SDP.
func withDirection(sdp string, direction Direction) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if found, ok := directionLine(line); ok {
			line = strings.Replace(line, found.attribute(), direction.attribute(), 1)
		}
		b.WriteString(line)
	}
	return b.String()
}

// attributes are the values of an SDP attribute, a line each.
func attributes(sdp, name string) string {
	var b strings.Builder
	for line := range strings.Lines(sdp) {
		if value, ok := strings.CutPrefix(line, "a="+name+":"); ok {
			b.WriteString(strings.TrimRight(value, "\r\n") + "\n")
		}
	}
	return b.String()
}

// chromiumOffer is of the kind that Chromium makes.
const chromiumOffer = "v=0\r\no=- 4611731400430051336 2 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE voice\r\na=extmap-allow-mixed\r\n" +
	"a=msid-semantic: WMS stream\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111 63 9 0 8 13 110 126\r\nc=IN IP4 0.0.0.0\r\na=rtcp:9 IN IP4 0.0.0.0\r\n" +
	"a=candidate:1 1 udp 2113937151 0a0b.local 50000 typ host generation 0\r\na=ice-ufrag:EsAw\r\na=ice-pwd:P2uYro0UCOQ4zxjKXaWCBui1\r\n" +
	"a=ice-options:trickle\r\na=fingerprint:sha-256 AB:CD:EF:01:AB:CD:EF:01:AB:CD:EF:01:AB:CD:EF:01:AB:CD:EF:01:AB:CD:EF:01:AB:CD:EF:01:AB:CD:EF:01\r\n" +
	"a=setup:actpass\r\na=mid:voice\r\na=extmap:1 urn:ietf:params:rtp-hdrext:ssrc-audio-level\r\na=sendrecv\r\na=msid:stream track\r\n" +
	"a=rtcp-mux\r\na=rtcp-rsize\r\na=rtpmap:111 opus/48000/2\r\na=rtcp-fb:111 transport-cc\r\na=fmtp:111 minptime=10;useinbandfec=1\r\n" +
	"a=rtpmap:63 red/48000/2\r\na=fmtp:63 111/111\r\na=rtpmap:9 G722/8000\r\na=rtpmap:13 CN/8000\r\n" +
	"a=rtpmap:110 telephone-event/48000\r\na=rtpmap:126 telephone-event/8000\r\na=ssrc:3030 cname:one\r\n"

func TestWhatABrowserSaysIsRead(t *testing.T) {
	got, err := readBrowserSDP(chromiumOffer, ErrBadOffer)
	if err != nil {
		t.Fatal(err)
	}
	if got.mid != "voice" || !got.bundled || got.ufrag != "EsAw" || got.password != "P2uYro0UCOQ4zxjKXaWCBui1" ||
		got.dtls.Setup != SetupActpass || !strings.HasPrefix(got.dtls.Fingerprint, "sha-256 AB:CD:EF:01:") || got.direction != SendRecv {
		t.Errorf("read was %+v", got)
	}
	var named []string
	for _, codec := range got.codecs {
		named = append(named, codec.name+" "+codec.codec().String())
	}
	want := []string{"opus opus", "red none", "G722 G722", "PCMU PCMU", "PCMA PCMA", "CN none", "telephone-event none", "telephone-event none"}
	if len(named) != len(want) || named[0] != want[0] || named[2] != want[2] || named[3] != want[3] || named[4] != want[4] {
		t.Errorf("its codecs are %q", named)
	}
	if opus := got.codecs[0]; opus.payloadType != 111 || opus.channels != 2 || opus.parameters != "minptime=10;useinbandfec=1" {
		t.Errorf("its Opus is %+v", opus)
	}
}

func TestDescriptionsOfNoBrowserAreRefused(t *testing.T) {
	change := func(before, after string) string { return strings.Replace(chromiumOffer, before, after, 1) }
	for name, text := range map[string]string{
		"sound that isn't encrypted": change("UDP/TLS/RTP/SAVPF", "RTP/AVP"),
		"a broken hash":              change("sha-256", "md5"),
		"a short password":           change("P2uYro0UCOQ4zxjKXaWCBui1", "secret"),
		"a lite host":                change("a=extmap-allow-mixed", "a=ice-lite"),
		"no names of ICE":            change("a=ice-ufrag:EsAw\r\n", ""),
	} {
		if _, err := readBrowserSDP(text, ErrBadOffer); !errors.Is(err, ErrBadOffer) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The answer follows the offer's names and numbers, and what we write we can read.
func TestOurAnswerGoesWithTheOffer(t *testing.T) {
	engine := running(t, nil)
	leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{Codecs: []Codec{Opus}}, chromiumOffer)
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Close()
	for _, line := range []string{
		"a=group:BUNDLE voice", "a=mid:voice", "a=ice-lite", "a=setup:passive", "a=rtcp-mux", "m=audio 9 UDP/TLS/RTP/SAVPF 111 110",
		"a=rtpmap:111 opus/48000/2", "a=rtpmap:110 telephone-event/48000", "a=sendrecv", "a=end-of-candidates",
	} {
		if !slices.Contains(strings.Split(answer, "\r\n"), line) {
			t.Errorf("the answer has no %q:\n%s", line, answer)
		}
	}
	ours, err := readBrowserSDP(dropLines(answer, "a=ice-lite"), ErrBadAnswer)
	if err != nil || ours.mid != "voice" || len(ours.ufrag) < 4 || ours.dtls.Fingerprint != engine.webrtc.fingerprint {
		t.Errorf("we read %+v of ourselves, %v", ours, err)
	}
}

// Whoever has another certificate than the description names gets no sound.
func TestABrowserOfAnotherCertificateIsOver(t *testing.T) {
	engine := running(t, nil)
	agent := newBrowser(t, webrtc.MimeTypePCMU)
	offer := agent.offer()
	print := strings.Fields(attributes(offer, "fingerprint"))[1]
	other := strings.Replace(offer, print, print[3:]+":"+print[:2], 1)
	if print[3:]+":"+print[:2] == print {
		t.Skip("all its bytes are equal")
	}
	var told events
	leg, answer, err := engine.OpenWebRTC(context.Background(), LegOptions{Notify: told.notify}, other)
	if err != nil {
		t.Fatal(err)
	}
	defer leg.Close()
	if err := agent.peer.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "EventFailed", func() bool { return told.count(EventFailed) == 1 })
	if told.count(EventConnected) > 0 {
		t.Error("it was connected")
	}
}

func FuzzBrowserSDP(f *testing.F) {
	f.Add(chromiumOffer)
	f.Add(strings.ReplaceAll(chromiumOffer, "\r\n", "\n"))
	f.Fuzz(func(t *testing.T, text string) {
		read, err := readBrowserSDP(text, ErrBadOffer)
		if (err == nil) != (read != nil) || err != nil && !errors.Is(err, ErrBadOffer) {
			t.Fatalf("%+v, %v", read, err)
		}
		if err != nil {
			return
		}
		own := ownSDP{mid: read.mid, bundled: read.bundled, setup: SetupPassive, fingerprint: read.dtls.Fingerprint, codecs: read.codecs, ufrag: read.ufrag, password: read.password}
		if _, err := own.marshal(); err != nil {
			t.Errorf("an answer to it: %v", err)
		}
	})
}
