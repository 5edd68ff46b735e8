package recording

import (
	"context"
	"errors"
	"io"
	"testing"
	"time"

	"careline/ledger"
)

// stubborn is a ledger that destroys no key.
type stubborn struct{ *ledger.Ledger }

func (stubborn) DisposeRecording(context.Context, string, ledger.AuditEntry) (ledger.Recording, error) {
	return ledger.Recording{}, errors.New("the disk is gone")
}

func TestTheNumbersTellWhatIsRecordedAndWhatIsOverdue(t *testing.T) {
	s := newShelf(t)
	s.record("short")
	s.record("short")
	cut := s.begin(DefaultClass)
	if err := cut.file.Close(); err != nil { // as a disk that is gone
		t.Fatal(err)
	}
	if _, err := io.WriteString(cut, "more"); err == nil {
		t.Error("written to nowhere")
	}
	_ = cut.Close(context.Background(), Result{}) // says what the write said
	expect := func(want Stats) {
		t.Helper()
		got := s.store.Stats()
		if got.Free <= 0 {
			t.Errorf("%d bytes are free", got.Free)
		}
		if got.Free = 0; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
	expect(Stats{Begun: 3, Whole: 2, Cut: 1, Room: true})
	s.pass(24 * time.Hour)
	s.store.options.Ledger = stubborn{s.ledger}
	if n, err := s.store.Sweep(t.Context()); n != 0 || err == nil {
		t.Errorf("%d disposed of, %v", n, err)
	}
	expect(Stats{Begun: 3, Whole: 2, Cut: 1, Overdue: 2, Room: true})
	s.store.options.Ledger, s.store.options.MinFree = s.ledger, 1<<62
	if n, err := s.store.Sweep(t.Context()); n != 2 || err != nil {
		t.Errorf("%d disposed of, %v", n, err)
	}
	expect(Stats{Begun: 3, Whole: 2, Cut: 1, Disposed: 2})
}
