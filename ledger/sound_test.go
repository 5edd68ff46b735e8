package ledger

import (
	"reflect"
	"testing"
)

// A record of before sound was measured, as it lies on disk, is read and stays the
// same, also where it is saved again as final.
func TestRecordsOfBeforeSoundWasMeasuredStayAsTheyAre(t *testing.T) {
	const old = `{"id":"call-1","line":"Member Services","flow":"member-services","flow_version":"abc","sip_call_id":"x@y",` +
		`"started":"2026-11-24T09:00:00Z","answered":"2026-11-24T09:00:01Z","ended":"2026-11-24T09:00:30Z","ended_by":"caller",` +
		`"why":"the caller hung up","q850_cause":16,"language":"en-US","verification":"none","path":["welcome"],"digit_count":3,` +
		`"segments":[{"kind":"ring","start":"2026-11-24T09:00:00Z","end":"2026-11-24T09:00:01Z"},` +
		`{"kind":"ivr","start":"2026-11-24T09:00:01Z","end":"2026-11-24T09:00:30Z"}],` +
		`"media":{"packets_received":1490,"packets_sent":1500,"packets_lost":2}}`
	l := open(t, newPath(t))
	err := l.do(t.Context(), func(w *writer) error {
		return w.exec("INSERT INTO calls (id, started, final, record) VALUES ('call-1', ?, 1, ?)", at(0).UnixNano(), old)
	})
	if err != nil {
		t.Fatal(err)
	}
	record, err := l.Call(t.Context(), "call-1")
	if err != nil || record.Sound != nil || record.Media.PacketsLost != 2 {
		t.Errorf("it is read as %+v (%v)", record, err)
	}
	if err := l.SaveCall(t.Context(), record); err != nil {
		t.Errorf("saved as it was: %v", err)
	}
}

func TestSoundIsKept(t *testing.T) {
	l := open(t, newPath(t))
	record := finishedCall("call-1")
	record.Sound = []LegSound{{
		Leg: SoundAgent, Agent: "maria", Codec: "PCMU", RoundTripMS: 80, MaxRoundTripMS: 120,
		Received: SoundWay{Packets: 900, Lost: 9, JitterMS: 3, MaxJitterMS: 20, MOS: 4.21, WorstMOS: 3.5},
		Sent:     SoundWay{Packets: 901, OneWaySeconds: 7},
	}}
	if err := l.SaveCall(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	if kept, err := l.Call(t.Context(), "call-1"); err != nil || !reflect.DeepEqual(kept.Sound, record.Sound) {
		t.Errorf("kept %+v (%v)", kept.Sound, err)
	}
}
