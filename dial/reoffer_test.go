package dial

import (
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"careline/media"

	"github.com/pion/rtp"
)

// answeredCall is a conversation that has been answered with PCMU, without a
// network.
func answeredCall(t *testing.T) *Conversation {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	t.Cleanup(func() { socket.Close() })
	c := &Conversation{options: Options{}.withDefaults(), socket: socket, mouth: newMouth(socket), invited: time.Now()}
	c.describe(ourSide(c.local(), c.options.codecs()))
	c.mouth.agree(farOffer(media.SendRecv, media.PCMU))
	c.settle(Report{}, newEar(time.Now(), time.Minute))
	return c
}

// farOffer is the far side's, with its own payload types.
func farOffer(direction media.Direction, codecs ...media.Codec) media.Description {
	d := ourSide(netip.MustParseAddrPort("127.0.0.1:4000"), codecs)
	d.DigitPayloadType, d.Direction = 96, direction
	return d
}

// RFC 3264 sections 6.1 and 8: the direction is answered, the offer's payload types
// hold, and the version goes up.
func TestHoldAndResumeAreAnswered(t *testing.T) {
	c := answeredCall(t)
	for i, test := range []struct {
		offer     media.Description
		direction string
		silent    bool
	}{
		{farOffer(media.SendOnly, media.PCMU), "a=recvonly", true},
		{farOffer(media.Inactive, media.PCMU), "a=inactive", true},
		{farOffer(media.SendRecv, media.PCMA), "a=sendrecv", false},
	} {
		answer, err := c.reoffer(writeSDP(test.offer, 1, i+2))
		must(t, err)
		codec := test.offer.Formats[0].Codec.String()
		for _, want := range []string{test.direction + "\r\n", codec + "/8000", "a=rtpmap:96 telephone-event", " IN IP4 127.0.0.1"} {
			if !strings.Contains(string(answer), want) {
				t.Errorf("answer %d lacks %s:\n%s", i, want, answer)
			}
		}
		if fields := strings.Fields(string(answer)); fields[3] != string(rune('2'+i)) {
			t.Errorf("answer %d is version %s", i, fields[3])
		}
		packet, _ := c.mouth.frame()
		if silent := packet == nil; silent != test.silent {
			t.Errorf("after answer %d the caller is silent: %v", i, silent)
		}
	}
	packet, _ := c.mouth.frame()
	if packet[1] != media.PCMA.PayloadType() {
		t.Errorf("payload type %d after the codec has changed", packet[1])
	}
	if offer, err := c.reoffer(nil); err != nil || !strings.Contains(string(offer), "a=sendrecv") {
		t.Errorf("a re-INVITE without an offer gets %q, %v", offer, err)
	}
	if _, err := c.reoffer([]byte("v=0\r\n")); err == nil {
		t.Error("an offer without audio is taken")
	}
}

func TestHoldOfTheOldKindIsHeld(t *testing.T) {
	c := answeredCall(t)
	old := farOffer(media.SendRecv, media.PCMU)
	old.Address = netip.MustParseAddrPort("0.0.0.0:4000")
	_, err := c.reoffer(writeSDP(old, 1, 2))
	must(t, err)
	if packet, to := c.mouth.frame(); packet != nil {
		t.Errorf("sound goes to %v", to)
	}
}

func TestReofferBeforeTheAnswerIsPending(t *testing.T) {
	c := answeredCall(t)
	c.ear = nil
	if _, err := c.reoffer(writeSDP(farOffer(media.SendRecv, media.PCMU), 1, 1)); !errors.Is(err, errPending) {
		t.Errorf("got %v", err)
	}
}

func TestBothAgreedCodecsAreHeard(t *testing.T) {
	c := answeredCall(t)
	c.mouth.agree(farOffer(media.SendRecv, media.PCMU, media.PCMA))
	for payloadType, want := range map[uint8]media.Codec{0: media.PCMU, 8: media.PCMA, 96: media.CodecNone, 18: media.CodecNone} {
		if got := c.mouth.codecOf(payloadType); got != want {
			t.Errorf("payload type %d is %v, want %v", payloadType, got, want)
		}
	}
}

func TestTalkspurtAfterHoldIsMarkedAndADelayIsNoBurst(t *testing.T) {
	c := answeredCall(t)
	frame := func() (p rtp.Packet) {
		raw, _ := c.mouth.frame()
		if raw != nil {
			must(t, p.Unmarshal(raw))
		}
		return p
	}
	first, second := frame(), frame()
	if !first.Marker || second.Marker {
		t.Errorf("markers %v, %v", first.Marker, second.Marker)
	}
	c.mouth.agree(farOffer(media.SendOnly, media.PCMU))
	frame()
	c.mouth.agree(farOffer(media.SendRecv, media.PCMU))
	if after := frame(); !after.Marker || after.Timestamp-second.Timestamp != 2*media.FrameSamples || after.SequenceNumber != second.SequenceNumber+1 {
		t.Errorf("after hold: marker %v, %d samples on", after.Marker, after.Timestamp-second.Timestamp)
	}
	before := frame()
	due := time.Now()
	if next := c.mouth.keepUp(due, due.Add(90*time.Millisecond)); next != due {
		t.Errorf("a delay of 90 ms is given up: %v", next.Sub(due))
	}
	if next := c.mouth.keepUp(due, due.Add(time.Hour)); next != due.Add(time.Hour) {
		t.Errorf("after an hour's sleep the next frame is due after %v", next.Sub(due))
	}
	if after := frame(); !after.Marker || after.Timestamp-before.Timestamp != 3601*media.SampleRate-49*media.FrameSamples {
		t.Errorf("after an hour's sleep: marker %v, %d samples on", after.Marker, after.Timestamp-before.Timestamp)
	}
}
