package e2e

import (
	"context"
	"sync"
	"testing"
	"time"

	"careline/ledger"
)

// TestTwoHundredCallersAtOnceInMenuAndLine: 20 a second arrive, each keys ahead
// and waits with music. Meanwhile flows are saved to the folder, every other one
// broken: no call may be affected, and each runs the version it began with. Nothing
// may be left of them afterwards: no goroutine, no port, no dialog, no record without
// an end.
func TestTwoHundredCallersAtOnceInMenuAndLine(t *testing.T) {
	const callers = 200
	const edits = 20 // in less than a minute
	server := start(t, often)
	warm := server.callers(t, 2, 2, 2*time.Second, "1")
	warm.wait()
	server.idle(t)
	before := server.metrics()
	crowd := server.callers(t, callers, 20, 30*time.Second, english+identify+member+person)
	var editing sync.WaitGroup
	var published int
	editing.Go(func() { published = server.edits(t, edits, 500*time.Millisecond) })
	highest := 0.0
	for over := false; !over; {
		highest = max(highest, server.metrics()["careline_calls"])
		select {
		case err := <-crowd.done:
			crowd.done <- err
			over = true
		case <-time.After(200 * time.Millisecond):
		}
	}
	crowd.wait()
	editing.Wait()
	if highest < callers {
		t.Errorf("at most %.0f calls were up at once, want %d", highest, callers)
	}
	queued := server.logged("call queued")
	if queued != callers {
		t.Errorf("%d of %d callers reached the line", queued, callers)
	}
	server.idle(t)
	after := server.metrics()
	t.Logf("goroutines %v before, %v after; legs %v; ports %v; late frames %v", before["go_goroutines"], after["go_goroutines"],
		after["careline_media_legs"], after["careline_media_ports_in_use"], after["careline_media_frames_late_total"])
	eventually(t, 45*time.Second, "as many goroutines as before", func() bool {
		return server.metrics()["go_goroutines"] <= before["go_goroutines"]+2
	})
	kept := server.kept()
	defer kept.Close()
	records, err := kept.Calls(context.Background(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	if versions := server.ranWhatWasLive(t, records, records[len(records)-1].FlowVersion); versions < 3 {
		t.Errorf("the callers ran %d versions of the flows, want several", versions)
	}
	if after["careline_flows_published_total"] != float64(published) || after["careline_flows_refused_total"] != float64(edits-published) {
		t.Errorf("%v scripts were published and %v refused, want %d and %d", after["careline_flows_published_total"], after["careline_flows_refused_total"], published, edits-published)
	}
	ends := map[ledger.EndedBy]int{}
	for _, record := range records {
		if !record.Final() {
			t.Errorf("call %s has no final record", record.ID)
		}
		ends[record.EndedBy]++
	}
	if ends[ledger.ByCaller] != callers+2 {
		t.Errorf("calls ended by: %v", ends)
	}
}

// idle waits until no call is left, and checks that nothing of one is.
func (s *server) idle(t *testing.T) {
	t.Helper()
	eventually(t, 40*time.Second, "no call, leg or port is left", func() bool {
		m := s.metrics()
		return m["careline_calls"] == 0 && m["careline_media_legs"] == 0 && m["careline_media_ports_in_use"] == 0
	})
}
