package media

import (
	"net/netip"
	"testing"
	"time"

	"careline/media/rtcp"
)

// A telephone that suppresses silence sends no sound while its owner listens to
// the music: it is there nevertheless.
func TestSignsOfLife(t *testing.T) {
	caller, stranger := netip.MustParseAddrPort("192.0.2.1:4000"), netip.MustParseAddrPort("203.0.113.9:7")
	rtp := func(payloadType uint8, payload int) []byte {
		raw := make([]byte, headerSize+payload)
		(&packet{payloadType: payloadType, sequence: 7, ssrc: 1}).putHeader(raw)
		return raw
	}
	report := []byte{2 << 6, 201, 0, 1, 0, 0, 0, 1}
	for _, test := range []struct {
		name  string
		raw   []byte
		from  netip.AddrPort
		alive bool
	}{
		{"sound", rtp(0, FrameSamples), caller, true},
		{"a digit", rtp(101, eventSize), caller, true},
		{"comfort noise (RFC 3389)", rtp(13, 1), caller, true},
		{"a keep-alive of an unknown type (RFC 6263)", rtp(126, 0), caller, true},
		{"a receiver report", report, caller, true},
		{"garbage", []byte("hello"), caller, false},
		{"a stranger's sound", rtp(0, FrameSamples), stranger, false},
		{"a stranger's report", report, stranger, false},
	} {
		now := time.Unix(1000, 0)
		in := incoming{types: payloadTypesFor(Format{PCMU, 0}, 101), latch: &latch{}, expects: true, quietSince: now}
		in.latch.reopen(caller, true, now)
		if at := now.Add(20 * time.Second); rtcp.Is(test.raw) {
			in.takeReport(test.raw, test.from, 5, false, at)
		} else {
			in.take(test.raw, test.from, at)
		}
		if overdue := in.overdue(DefaultTimeout, now.Add(31*time.Second)); overdue == test.alive {
			t.Errorf("%s: overdue %v", test.name, overdue)
		}
	}
}
