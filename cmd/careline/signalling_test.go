package main

import (
	"errors"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"careline/desk"
	"careline/ledger"
	"careline/sip/trace"
)

func TestSupervisorsSeeWhatIsInMemoryAndWhatTheLedgerKeeps(t *testing.T) {
	kept, err := ledger.Open(t.Context(), ledger.Options{Path: filepath.Join(t.TempDir(), "careline.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer kept.Close()
	recorder := trace.New(trace.Options{})
	carrier := netip.MustParseAddrPort("192.0.2.1:5060")
	const invite = "INVITE sip:5550100@a SIP/2.0\r\nVia: SIP/2.0/UDP b;branch=z9hG4bK1\r\nFrom: <sip:3125550142@b>;tag=1\r\nTo: <sip:5550100@a>\r\nCall-ID: leg\r\nCSeq: 1 INVITE\r\n\r\n"
	began := time.Now()
	for _, at := range []time.Duration{0, time.Second / 2} { // and sent again
		recorder.Packet(trace.NewPacket(began.Add(at), true, "udp", carrier, carrier, []byte(invite)))
	}
	recorder.Name("leg", "call")
	live, err := signalling{recorder, kept}.Ladder(t.Context(), "call")
	if err != nil || len(live.Arrows) != 1 || live.Arrows[0].Caption != "INVITE ×2" || live.Parties[live.Arrows[0].To] != "Careline" {
		t.Fatalf("%+v, %v", live, err)
	}
	masked, _ := recorder.Trace("call")
	packed, err := masked.Pack()
	if err != nil {
		t.Fatal(err)
	}
	if err := kept.SaveTrace(t.Context(), "earlier", began, packed); err != nil {
		t.Fatal(err)
	}
	for _, memory := range []*trace.Recorder{recorder, nil} { // nil: nothing is traced now
		found, err := signalling{memory, kept}.Ladder(t.Context(), "earlier")
		if err != nil || len(found.Arrows) != 1 || found.Arrows[0].Note != live.Arrows[0].Note {
			t.Errorf("%+v, %v", found, err)
		}
		if _, err := (signalling{memory, kept}).Ladder(t.Context(), "unknown"); !errors.Is(err, desk.ErrNoSignalling) {
			t.Errorf("of an unknown call: %v", err)
		}
	}
}
