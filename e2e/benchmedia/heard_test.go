package main

import "testing"

func TestLossAndLatenessAreCountedAcrossTheWrap(t *testing.T) {
	var h heard
	const ms = int64(1e6)
	sequence, timestamp := uint16(65534), ^uint32(0)-100
	for i := range int64(5) {
		late := int64(0)
		if i == 3 {
			late = 4 * ms
		}
		if i != 2 { // the third is lost
			h.note(sequence, timestamp, 1000*ms+i*20*ms+late, frameBytes, true)
		}
		sequence++
		timestamp += frameBytes
	}
	if h.lost() != 1 || h.received != 4 {
		t.Errorf("%d of %d are lost, want 1 of 5", h.lost(), h.received+h.lost())
	}
	for i, late := range h.lateness() {
		if want := []int64{0, 0, 4 * ms, 0}[i]; late != want {
			t.Errorf("packet %d is %d ns late, want %d", i, late, want)
		}
	}
	h.mark()
	if h.lost() != 0 || h.received != 0 || len(h.lateness()) != 0 {
		t.Errorf("after mark: %+v", h)
	}
}

func TestAHeaderIsFoundWhateverItsCase(t *testing.T) {
	message := "SIP/2.0 200 OK\r\nCall-ID: 7.1@bench\r\ncontact: <sip:a@b>\r\n\r\nm=audio 4000 RTP/AVP 0\r\n"
	if got := header(message, "Contact"); got != "<sip:a@b>" {
		t.Errorf("contact %q", got)
	}
	if got := header(message, "To"); got != "" {
		t.Errorf("a header that isn't there is %q", got)
	}
}
