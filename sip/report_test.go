package sip

import (
	"net/netip"
	"strings"
	"testing"

	"careline/media"
)

const reportedOffer = "v=0\r\no=- 1 1 IN IP4 192.0.2.7\r\ns=-\r\nc=IN IP4 192.0.2.7\r\nt=0 0\r\nm=audio 40000 RTP/AVP 0\r\n"

func TestWhereReportsGo(t *testing.T) {
	for lines, want := range map[string]media.Description{
		"":                                  {},
		"a=rtcp-mux\r\n":                    {ReportsMuxed: true},
		"a=rtcp:53020\r\n":                  {Reports: netip.MustParseAddrPort("192.0.2.7:53020")},
		"a=rtcp:9 IN IP4 192.0.2.99\r\n":    {Reports: netip.MustParseAddrPort("192.0.2.99:9")},
		"a=rtcp:9 IN IP6 2001:db8::1\r\n":   {Reports: netip.MustParseAddrPort("[2001:db8::1]:9")},
		"a=rtcp:0\r\n":                      {},
		"a=rtcp:70000\r\n":                  {},
		"a=rtcp:9 IN IP4 224.0.0.1\r\n":     {},
		"a=rtcp:9 IN IP4 0.0.0.0\r\n":       {},
		"a=rtcp:9 IN IP4 host.invalid\r\n":  {},
		"a=rtcp:9 IN\r\n":                   {},
		"a=rtcp:8000\r\na=rtcp-mux\r\n":     {Reports: netip.MustParseAddrPort("192.0.2.7:8000"), ReportsMuxed: true},
		"a=rtcp:8000\r\na=rtcp:garbage\r\n": {},
	} {
		session, err := parseSession([]byte(reportedOffer+lines), terms{})
		if err != nil {
			t.Fatalf("%q: %v", lines, err)
		}
		if got := session.description; got.Reports != want.Reports || got.ReportsMuxed != want.ReportsMuxed {
			t.Errorf("%q: reports to %v, muxed %v", lines, got.Reports, got.ReportsMuxed)
		}
	}
}

// Muxing is offered, and answered only to who offers it (RFC 5761 section 5.1.1).
func TestMuxingIsNegotiated(t *testing.T) {
	local := media.Description{Address: netip.MustParseAddrPort("192.0.2.1:20000"), ReportsMuxed: true}
	offer, err := (&origin{}).offerSDP(local, terms{})
	if err != nil || !strings.Contains(string(offer), "a=rtcp-mux\r\n") {
		t.Errorf("we offer (%v):\n%s", err, offer)
	}
	for lines, want := range map[string]bool{"": false, "a=rtcp-mux\r\n": true} {
		session, err := parseSession([]byte(reportedOffer+lines), terms{})
		if err != nil {
			t.Fatal(err)
		}
		agreement, err := agree(session)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := (&origin{}).answerSDP(session, agreement, local)
		if got := strings.Contains(string(answer), "a=rtcp-mux\r\n"); err != nil || got != want {
			t.Errorf("to %q we answer (%v):\n%s", lines, err, answer)
		}
	}
}
