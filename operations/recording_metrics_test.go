package operations

import (
	"net/netip"
	"strings"
	"testing"

	"careline/ledger/recording"
)

// tapes are a store's numbers.
type tapes recording.Stats

func (t *tapes) Stats() recording.Stats { return recording.Stats(*t) }

func TestRecordingIsWatched(t *testing.T) {
	s := server(t)
	stats := &tapes{Begun: 7, Whole: 5, Cut: 2, Disposed: 1, Free: 4096, Room: true}
	s.options.RecordingStats = stats
	run(t, s)
	if _, text := get(t, s, "/healthz"); text != `{"status":"ok"}` {
		t.Errorf("healthy, it says %s", text)
	}
	for want, change := range map[string]func(){
		"the disk is full": func() { stats.Room = false },
		"one is overdue":   func() { stats.Room, stats.Overdue = true, 1 },
	} {
		change()
		if status, text := get(t, s, "/healthz"); status != 200 || text != `{"status":"degraded","degraded":["recordings"]}` {
			t.Errorf("%s, and it says %d %s", want, status, text)
		}
		stats.Room, stats.Overdue = true, 0
	}
}

func TestRecordingsNumbersAreMetrics(t *testing.T) {
	s, err := New(Options{
		Listen: netip.MustParseAddrPort("127.0.0.1:0"), Center: center{}, Media: sound{}, SIP: trunk{}, Ledger: kept{},
		RecordingStats: &tapes{Begun: 7, Whole: 5, Cut: 2, Disposed: 1, Overdue: 3, Free: 4096},
	})
	if err != nil {
		t.Fatal(err)
	}
	run(t, s)
	_, text := get(t, s, "/metrics")
	for _, want := range []string{
		"careline_recordings_begun_total 7", "careline_recordings_whole_total 5", "careline_recordings_cut_total 2", "careline_recordings_disposed_total 1",
		"careline_recordings_overdue 3", "careline_recordings_free_bytes 4096", "careline_recordings_room 0",
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("%q is missing", want)
		}
	}
}
