package ledger

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
)

func at(seconds int) time.Time {
	return time.Date(2026, 11, 24, 9, 0, seconds, 0, time.UTC)
}

func finishedCall(id string) CallRecord {
	return CallRecord{
		ID: id, Line: "Member Services", Flow: "member-services", FlowVersion: "abc", SIPCallID: "x@y",
		Started: at(0), Answered: at(1), Ended: at(30), EndedBy: ByCaller, Why: "the caller hung up", Q850Cause: 16,
		Language: "en-US", Verification: "none", Path: []string{"welcome"}, DigitCount: 3,
		Segments: []Segment{{Kind: SegmentRing, Start: at(0), End: at(1)}, {Kind: SegmentIVR, Start: at(1), End: at(30)}},
	}
}

func TestRecordIsReplacedUntilItIsFinal(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	record := finishedCall("call-1")
	record.Ended, record.Segments[1].End = time.Time{}, time.Time{}
	if err := l.SaveCall(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	if open, err := l.UnfinishedCalls(t.Context(), 10); len(open) != 1 || err != nil {
		t.Fatalf("%d unfinished (%v), want 1", len(open), err)
	}
	final := finishedCall("call-1")
	for range 2 { // saving the same again does nothing
		if err := l.SaveCall(t.Context(), final); err != nil {
			t.Fatal(err)
		}
	}
	altered := final
	altered.Why = "the network failed"
	if err := l.SaveCall(t.Context(), altered); !errors.Is(err, ErrSealed) {
		t.Errorf("altering said %v, want ErrSealed", err)
	}
	if err := l.SaveCall(t.Context(), record); !errors.Is(err, ErrSealed) {
		t.Errorf("reopening said %v, want ErrSealed", err)
	}
	closeOrFail(t, l)
	l = open(t, path)
	kept, err := l.Call(t.Context(), "call-1")
	if err != nil || !reflect.DeepEqual(kept, final) {
		t.Errorf("kept %+v (%v)\nsaved %+v", kept, err, final)
	}
	if open, err := l.UnfinishedCalls(t.Context(), 10); len(open) != 0 || err != nil {
		t.Errorf("%d unfinished (%v), want none", len(open), err)
	}
}

func TestFinal(t *testing.T) {
	segments := func(kinds ...SegmentKind) (list []Segment) {
		for i, kind := range kinds {
			list = append(list, Segment{Kind: kind, Start: at(i), End: at(i + 1)})
		}
		return list
	}
	cases := []struct {
		name     string
		segments []Segment
		open     bool // the last segment is
		ended    bool
		want     bool
	}{
		{"still up", segments(SegmentRing, SegmentIVR), false, false, false},
		{"refused at once", nil, false, true, true},
		{"ended in the IVR", segments(SegmentRing, SegmentIVR), false, true, true},
		{"abandoned in the queue while an agent rang", segments(SegmentRing, SegmentIVR, SegmentQueue, SegmentRingAgent), false, true, true},
		{"talked, wrap-up not begun", segments(SegmentRing, SegmentQueue, SegmentTalk), false, true, false},
		{"ended on hold", segments(SegmentTalk, SegmentHold), false, true, false},
		{"in wrap-up", segments(SegmentTalk, SegmentWrapUp), true, true, false},
		{"wrapped up", segments(SegmentTalk, SegmentHold, SegmentTalk, SegmentWrapUp), false, true, true},
		{"agent dropped, abandoned in the queue", segments(SegmentTalk, SegmentQueue), false, true, true},
	}
	for _, c := range cases {
		r := CallRecord{Started: at(0), Segments: c.segments}
		if c.ended {
			r.Ended = at(60)
		}
		if c.open {
			r.Segments[len(r.Segments)-1].End = time.Time{}
		}
		if got := r.Final(); got != c.want {
			t.Errorf("%s: final %v, want %v", c.name, got, c.want)
		}
	}
}

func TestCallsComeNewestFirst(t *testing.T) {
	l := open(t, newPath(t))
	for _, i := range []int{3, 1, 2, 5, 4} {
		record := finishedCall(fmt.Sprintf("call-%d", i))
		record.Started = at(i)
		if err := l.SaveCall(t.Context(), record); err != nil {
			t.Fatal(err)
		}
	}
	records, err := l.Calls(t.Context(), 3)
	var ids []string
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	if got := strings.Join(ids, " "); got != "call-5 call-4 call-3" || err != nil {
		t.Errorf("%q (%v)", got, err)
	}
	if records, err := l.Calls(t.Context(), -1); len(records) != 0 || err != nil {
		t.Errorf("%d records for a negative limit (%v)", len(records), err)
	}
	if _, err := l.Call(t.Context(), "call-9"); !errors.Is(err, ErrNotFound) {
		t.Errorf("a missing call said %v, want ErrNotFound", err)
	}
}

func TestTimesAreKeptExactlyAndInUTC(t *testing.T) {
	l := open(t, newPath(t))
	zone := time.FixedZone("CST", -6*3600)
	record := finishedCall("call-1")
	record.Started = time.Date(2026, 11, 24, 3, 0, 0, 987654321, zone)
	record.Segments[0].Start = record.Started
	if err := l.SaveCall(t.Context(), record); err != nil {
		t.Fatal(err)
	}
	kept, err := l.Call(t.Context(), "call-1")
	if err != nil || !kept.Started.Equal(record.Started) || kept.Started.Location() != time.UTC {
		t.Errorf("kept %v (%v), saved %v", kept.Started, err, record.Started)
	}
	if record.Segments[0].Start.Location() != zone {
		t.Error("the caller's record was changed")
	}
}

func TestMalformedRecordsAreRefused(t *testing.T) {
	l := open(t, newPath(t))
	huge := finishedCall("huge")
	huge.Why = strings.Repeat("x", MaxRecord)
	for name, record := range map[string]CallRecord{
		"no ID": {Started: at(0)}, "long ID": {ID: strings.Repeat("x", MaxField+1), Started: at(0)}, "no start": {ID: "x"}, "huge": huge,
	} {
		if err := l.SaveCall(t.Context(), record); !errors.Is(err, ErrInvalid) {
			t.Errorf("%s: %v, want ErrInvalid", name, err)
		}
	}
}

func TestJournalIsReadBackInOrderAcrossRestarts(t *testing.T) {
	path := newPath(t)
	written := 0
	for _, sizes := range [][]int{{}, {1, 3}, {0, journalPortion - 4}, {1}, {journalPortion, 2*journalPortion + 7}} {
		l := open(t, path)
		for _, size := range sizes {
			var batch []JournalEntry
			for range size {
				written++
				batch = append(batch, JournalEntry{at(written), fmt.Appendf(nil, "event %d", written)})
			}
			if err := l.AppendJournal(t.Context(), batch); err != nil {
				t.Fatal(err)
			}
		}
		for _, after := range []int{0, 1, written / 2, max(0, written-journalPortion), max(0, written-1), written, written + 5} {
			read := after
			err := l.ReadJournal(t.Context(), int64(after), func(sequence int64, e JournalEntry) error {
				read++
				if sequence != int64(read) || string(e.Body) != fmt.Sprintf("event %d", read) || !e.Time.Equal(at(read)) {
					return fmt.Errorf("at place %d: sequence %d, %s at %v", read, sequence, e.Body, e.Time)
				}
				return nil
			})
			if err != nil || read != max(written, after) {
				t.Fatalf("after %d: read up to %d of %d: %v", after, read, written, err)
			}
		}
		closeOrFail(t, l)
	}
}

func TestJournalStopsWhereTheReaderSaysSo(t *testing.T) {
	l := open(t, newPath(t))
	if err := l.AppendJournal(t.Context(), []JournalEntry{{at(1), []byte("a")}, {at(2), []byte("b")}}); err != nil {
		t.Fatal(err)
	}
	stop := errors.New("enough")
	read := 0
	err := l.ReadJournal(t.Context(), 0, func(int64, JournalEntry) error { read++; return stop })
	if !errors.Is(err, stop) || read != 1 {
		t.Errorf("read %d, %v", read, err)
	}
	for _, bad := range [][]JournalEntry{{{at(1), nil}}, {{at(1), make([]byte, MaxRecord+1)}}, make([]JournalEntry, MaxJournalBatch+1)} {
		if err := l.AppendJournal(t.Context(), bad); !errors.Is(err, ErrInvalid) {
			t.Errorf("%d entries: %v, want ErrInvalid", len(bad), err)
		}
	}
}

func TestFailuresAreCountedWithinTheWindowAcrossRestarts(t *testing.T) {
	path := newPath(t)
	now := time.Now()
	l := open(t, path)
	for _, age := range []time.Duration{FailureKept + time.Hour, 25 * time.Hour, 23 * time.Hour, time.Minute} {
		if err := l.RecordFailure(t.Context(), "member:a", now.Add(-age)); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.RecordFailure(t.Context(), "", now); !errors.Is(err, ErrInvalid) {
		t.Errorf("a failure of nobody: %v", err)
	}
	closeOrFail(t, l)
	l = open(t, path)
	for _, c := range []struct {
		subject string
		since   time.Duration
		want    int
	}{{"member:a", 24 * time.Hour, 2}, {"member:a", 26 * time.Hour, 3}, {"member:a", 2 * FailureKept, 3}, {"member:b", 24 * time.Hour, 0}} {
		if n, err := l.CountFailures(t.Context(), c.subject, now.Add(-c.since)); n != c.want || err != nil {
			t.Errorf("%s within %v: %d (%v), want %d", c.subject, c.since, n, err, c.want)
		}
	}
}

func TestKeyIsMadeOnceAndKept(t *testing.T) {
	path := newPath(t)
	l := open(t, path)
	var mu sync.Mutex
	keys := map[string]int{}
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			key, err := l.Key(t.Context())
			if err != nil || len(key) != 32 {
				t.Errorf("a key of %d bytes (%v)", len(key), err)
			}
			mu.Lock()
			defer mu.Unlock()
			keys[string(key)]++
		})
	}
	group.Wait()
	closeOrFail(t, l)
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	defer reader.Close()
	key, err := reader.Key(t.Context())
	if err != nil || len(keys) != 1 || keys[string(key)] != 8 {
		t.Errorf("%d different keys (%v), want one", len(keys), err)
	}
	if err := os.Chmod(path+".key", 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Key(t.Context()); err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path + ".key"); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("a key that others could read has mode %v (%v), want 0600", info.Mode().Perm(), err)
	}
	left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".key-*"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v (%v)", left, err)
	}
	if err := os.WriteFile(path+".key", []byte("torn0123"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := reader.Key(t.Context()); err == nil || strings.Contains(err.Error(), "torn0123") || !strings.Contains(err.Error(), "backup") {
		t.Errorf("a damaged key said %v", err)
	}
}
