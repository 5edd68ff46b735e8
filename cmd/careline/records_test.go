package main

import (
	"strings"
	"testing"
	"time"

	"careline/ledger"
)

func TestRecordTellsHowEachSideSounded(t *testing.T) {
	record := ledger.CallRecord{
		ID: "call-1", Started: time.Unix(1000, 0), Ended: time.Unix(1060, 0), EndedBy: ledger.ByCaller,
		Sound: []ledger.LegSound{
			{Leg: ledger.SoundAgent, Agent: "maria", Codec: "PCMA", RoundTripMS: 80, MaxRoundTripMS: 120,
				Received: ledger.SoundWay{Packets: 900, Lost: 9, Late: 1, JitterMS: 3, MaxJitterMS: 20, MOS: 4.21, WorstMOS: 3.5, OneWaySeconds: 7},
				Sent:     ledger.SoundWay{Packets: 950, MOS: 4.4, WorstMOS: 4.4}},
			{Leg: ledger.SoundCaller, Codec: "PCMU", Received: ledger.SoundWay{Packets: 3, MOS: 4}, Sent: ledger.SoundWay{Packets: 5}},
		},
	}
	var text strings.Builder
	if err := printRecord(&text, record); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"sound, agent  maria PCMA, round trip 80 ms, at most 120\n",
		"received    900 packets, 9 lost, 1 late, jitter 3 ms, at most 20; MOS 4.21, at worst 3.50; not heard for 7 s\n",
		"sent        950 packets, 0 lost, 0 late, jitter 0 ms, at most 0; MOS 4.40, at worst 4.40\n",
		"sound, caller PCMU, round trip not known (no reports)\n",
		"sent        5 packets\n",
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no line %q in\n%s", want, text.String())
		}
	}
}
