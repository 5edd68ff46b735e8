package sip

import (
	"testing"

	"careline/media"
)

// What trials of any sequence found once stays found.
func TestFoundSequences(t *testing.T) {
	withoutNames(t)
	hold := act{"hold", func(b *bench) {
		held := ours()
		held.Direction = media.SendOnly
		_ = b.calls[0].Reoffer(held)
		b.wait()
	}}
	trying := act{"100 to our re-INVITE", func(b *bench) {
		for _, message := range b.heard() {
			if len(message) > 7 && message[:7] == "INVITE " {
				b.send(answering(message, "100 Trying", ""))
			}
		}
	}}
	cases := map[string][]act{
		// The ACK sent again stopped the clock that would have ended the call.
		"an ACK of long ago while our re-INVITE is owed an answer": {
			farSends("INVITE", 1, "", "", ""), farSends("ACK", 1, offerPCM, "", ""), hold, farSends("BYE", 2, "", "", ""), farSends("ACK", 1, "", "", ""), trying,
		},
		// The waiting re-INVITE was answered 487 by sipgo and 481 by us.
		"a cancelled re-INVITE that waits for an ACK, and a CANCEL of the call": {
			farSends("INVITE", 1, offerPCM, "", ""), farSends("INVITE", 2, "", "", ""), farSends("CANCEL", 2, "", "", ""), farSends("CANCEL", 1, "", "", ""),
		},
	}
	for name, acts := range cases {
		t.Run(name, func(t *testing.T) {
			if wrong := try(t, true, func(b *bench) {
				for _, one := range acts {
					one.do(b)
				}
			}, (*bench).unanswered); wrong != "" {
				t.Fatal(wrong)
			}
		})
	}
}
