package ivr_test

import (
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
)

const doubts = `flow: t
languages: [en-US]
start: check
steps:
  check:
    branch:
      - {when: 'caller.attestation == "refuted"', next: careful}
      - {when: 'caller.attestation in ["A", "B"]', next: plain}
      - otherwise: unknown
  careful: {hang_up: refuted}
  plain: {hang_up: vouched for}
  unknown: {hang_up: unknown}
`

func TestFlowGoesByTheCarriersAttestation(t *testing.T) {
	set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(doubts)}}, "flows", smallEnvironment(""))
	if err != nil {
		t.Fatal(err)
	}
	for attestation, want := range map[ivr.Attestation]string{
		"": "unknown", ivr.AttestationNone: "unknown", ivr.AttestationGateway: "unknown",
		ivr.AttestationFull: "vouched for", ivr.AttestationPartial: "vouched for", ivr.AttestationRefuted: "refuted",
	} {
		p := &phone{t: t, timers: map[ivr.TimerID]time.Duration{}}
		p.run = ivr.NewRun(set, "t", p, ivr.Options{Attestation: attestation})
		p.event(p.run.Start)
		if p.hungUp != want {
			t.Errorf("%q goes to %q, want %q", attestation, p.hungUp, want)
		}
	}
}
