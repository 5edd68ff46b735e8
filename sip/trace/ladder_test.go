package trace

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

var update = flag.Bool("update", false, "write the golden ladders anew")

var (
	here    = netip.MustParseAddrPort("192.0.2.10:5060")
	carrier = netip.MustParseAddrPort("198.51.100.7:5060")
	nurse   = netip.MustParseAddrPort("203.0.113.9:5060")
)

// story writes a call's messages as they would be read and sent.
type story struct {
	at     time.Time
	strand []strand
}

func newStory() *story {
	return &story{at: time.Date(2026, 3, 2, 15, 4, 5, 0, time.UTC)}
}

// says adds a message after some milliseconds; leg is its Call-ID.
func (s *story) says(after int, leg string, from, to netip.AddrPort, start, cseq string, more ...string) {
	s.at = s.at.Add(time.Duration(after) * time.Millisecond)
	body := ""
	if len(more) > 0 && strings.HasPrefix(more[len(more)-1], "v=0") {
		body, more = more[len(more)-1], append(more[:len(more)-1:len(more)-1], "Content-Type: application/sdp")
	}
	to2 := "To: <sip:5550100@192.0.2.10>"
	if !strings.HasPrefix(start, "INVITE sip:5550100") {
		to2 += ";tag=b"
	}
	head := append([]string{start, "Via: SIP/2.0/UDP 198.51.100.7;branch=z9hG4bK" + strings.ReplaceAll(cseq, " ", "") + leg, `From: "Linda" <sip:+13125550142@trunk.example>;tag=a`, to2, "Call-ID: " + leg, "CSeq: " + cseq}, more...)
	head = append(head, fmt.Sprintf("Content-Length: %d", len(body)), "", body)
	p := NewPacket(s.at, to == here, "udp", here, from, []byte(strings.Join(head, "\r\n")))
	if from == here {
		p.Remote = to
	}
	for i := range s.strand {
		if s.strand[i].id == leg {
			s.strand[i].packets = append(s.strand[i].packets, p)
			return
		}
	}
	s.strand = append(s.strand, strand{id: leg, packets: []Packet{p}})
}

const (
	plainSDP = "v=0\r\no=- 1 1 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=sendrecv\r\n"
	heldSDP  = "v=0\r\no=- 1 2 IN IP4 198.51.100.7\r\ns=-\r\nc=IN IP4 198.51.100.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\na=sendonly\r\n"
)

// transfer is a call whose 200 is lost twice, that is held, resumed and referred.
func transfer() Trace {
	s := newStory()
	s.says(0, "1@c", carrier, here, "INVITE sip:5550100@192.0.2.10 SIP/2.0", "1 INVITE", plainSDP)
	s.says(1, "1@c", here, carrier, "SIP/2.0 100 Trying", "1 INVITE")
	s.says(2, "1@c", here, carrier, "SIP/2.0 183 Session Progress", "1 INVITE", plainSDP)
	s.says(900, "1@c", here, carrier, "SIP/2.0 200 OK", "1 INVITE", plainSDP)
	s.says(500, "1@c", here, carrier, "SIP/2.0 200 OK", "1 INVITE", plainSDP)
	s.says(1000, "1@c", here, carrier, "SIP/2.0 200 OK", "1 INVITE", plainSDP)
	s.says(10, "1@c", carrier, here, "ACK sip:careline@192.0.2.10 SIP/2.0", "1 ACK")
	s.says(4000, "1@c", carrier, here, "INVITE sip:careline@192.0.2.10 SIP/2.0", "2 INVITE", heldSDP)
	s.says(3, "1@c", here, carrier, "SIP/2.0 200 OK", "2 INVITE", strings.Replace(heldSDP, "sendonly", "recvonly", 1))
	s.says(3, "1@c", carrier, here, "ACK sip:careline@192.0.2.10 SIP/2.0", "2 ACK")
	s.says(2000, "1@c", carrier, here, "INVITE sip:careline@192.0.2.10 SIP/2.0", "3 INVITE", plainSDP)
	s.says(3, "1@c", here, carrier, "SIP/2.0 200 OK", "3 INVITE", plainSDP)
	s.says(3, "1@c", carrier, here, "ACK sip:careline@192.0.2.10 SIP/2.0", "3 ACK")
	s.says(1000, "1@c", carrier, here, "REFER sip:careline@192.0.2.10 SIP/2.0", "4 REFER", "Refer-To: <sip:3125550188@203.0.113.9>")
	s.says(1, "1@c", here, carrier, "SIP/2.0 202 Accepted", "4 REFER")
	s.says(5, "call-2", here, nurse, "INVITE sip:3125550188@203.0.113.9 SIP/2.0", "1 INVITE", plainSDP)
	s.strand[1].packets[0].message = bytes.Replace(s.strand[1].packets[0].message, []byte(";tag=b"), nil, 1)
	s.says(40, "call-2", nurse, here, "SIP/2.0 503 Service Unavailable", "1 INVITE", "Retry-After: 30")
	s.says(1, "call-2", here, nurse, "ACK sip:3125550188@203.0.113.9 SIP/2.0", "1 ACK")
	s.says(100, "1@c", carrier, here, "BYE sip:careline@192.0.2.10 SIP/2.0", "5 BYE", `Reason: Q.850;cause=16;text="Normal call clearing"`)
	s.says(1, "1@c", here, carrier, "SIP/2.0 200 OK", "5 BYE")
	return mask("019abc12-3456-7000-8000-000000000001", s.strand)
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, got) {
		t.Errorf("%s (%v): drawn was\n%s", file, err, got)
	}
}

func TestLadders(t *testing.T) {
	refused := newStory()
	refused.says(0, "9@c", carrier, here, "INVITE sip:5550100@192.0.2.10 SIP/2.0", "1 INVITE")
	refused.says(1, "9@c", here, carrier, "SIP/2.0 503 Service Unavailable", "1 INVITE", "Retry-After: 5")
	refused.strand[0].dropped = 3
	for name, one := range map[string]Trace{"transfer": transfer(), "refused": mask("", refused.strand), "empty": {Call: "019abc12"}} {
		var text, drawing, said bytes.Buffer
		if err := errors.Join(Ladder(&text, one), SVG(&drawing, one), Messages(&said, one)); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".txt", text.Bytes())
		for decoder := xml.NewDecoder(&drawing); ; {
			if _, err := decoder.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatalf("%s: the drawing isn't XML: %v", name, err)
			}
		}
		if strings.Count(said.String(), "    Call-ID: ") != len(one.Messages) {
			t.Errorf("%s: of %d messages is said\n%s", name, len(one.Messages), &said)
		}
	}
}

func TestTheDrawingHoldsEachRow(t *testing.T) {
	var drawing bytes.Buffer
	one := transfer()
	if err := SVG(&drawing, one); err != nil {
		t.Fatal(err)
	}
	for _, r := range one.Drawing().Arrows {
		if !strings.Contains(drawing.String(), ">"+r.Label) {
			t.Errorf("the drawing lacks %q", r.Label)
		}
	}
	if !strings.Contains(drawing.String(), "sent 3 times, last at 2.403") || strings.Contains(drawing.String(), "3125550142") {
		t.Errorf("drawn:\n%s", &drawing)
	}
}

func TestAStoredTraceComesBack(t *testing.T) {
	before := transfer()
	packed, err := before.Pack()
	if err != nil {
		t.Fatal(err)
	}
	after, err := Unpack(packed)
	if err != nil {
		t.Fatal(err)
	}
	var first, second bytes.Buffer
	if err := errors.Join(Ladder(&first, before), Ladder(&second, after), Messages(&first, before), Messages(&second, after)); err != nil || first.String() != second.String() {
		t.Errorf("%v: stored was\n%s\nand came back as\n%s", err, &first, &second)
	}
	t.Logf("%d messages stored in %d bytes", len(before.Messages), len(packed))
	if _, err := Unpack(packed[:len(packed)/2]); err == nil {
		t.Error("half a trace was read")
	}
}
