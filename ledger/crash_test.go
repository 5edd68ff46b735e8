package ledger

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// childEnvironment names the ledger that a child process of the test writes.
const childEnvironment = "CARELINE_LEDGER_TEST_CHILD"

// writeUntilKilled is the child: several writers at once, each saying on
// standard output what it was told is on disk.
func writeUntilKilled(path string) {
	l, err := Open(context.Background(), Options{Path: path})
	if err != nil {
		fmt.Println("error", err)
		os.Exit(1)
	}
	var out sync.Mutex
	var writers sync.WaitGroup
	for range 8 {
		writers.Go(func() {
			for i := 0; ; i++ {
				entry, err := l.Append(context.Background(), entry(i))
				if err == nil {
					err = l.AppendJournal(context.Background(), []JournalEntry{{time.Now(), []byte("x")}, {time.Now(), []byte("y")}})
				}
				if err != nil {
					fmt.Println("error", err)
					os.Exit(1)
				}
				out.Lock()
				fmt.Println(entry.Sequence, entry.Hash)
				out.Unlock()
			}
		})
	}
	writers.Wait()
}

func TestKilledServerLosesNothingThatItConfirmed(t *testing.T) {
	path := newPath(t)
	confirmed := map[int64]string{}
	for round := range 4 {
		child := exec.Command(os.Args[0])
		child.Env = append(os.Environ(), childEnvironment+"="+path)
		child.Stderr = os.Stderr
		output, err := child.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := child.Start(); err != nil {
			t.Fatal(err)
		}
		lines := bufio.NewScanner(output)
		for heard := 0; lines.Scan(); heard++ {
			sequence, hash, _ := strings.Cut(lines.Text(), " ")
			number, err := strconv.ParseInt(sequence, 10, 64)
			if err != nil {
				t.Errorf("the child said %q", lines.Text())
				break
			}
			confirmed[number] = hash
			if heard == 40 {
				verifyFromOutside(t, path)
			}
			if heard == 60+round*17 {
				break
			}
		}
		child.Process.Kill()
		child.Wait()
		if t.Failed() {
			return
		}
		checkConfirmed(t, path, confirmed)
	}
}

// verifyFromOutside is `careline audit --verify` beside a running server.
func verifyFromOutside(t *testing.T, path string) {
	t.Helper()
	reader, err := OpenReadOnly(path)
	if err != nil {
		t.Errorf("reading while another process writes: %v", err)
		return
	}
	defer reader.Close()
	if n, err := reader.VerifyAudit(t.Context()); n < 30 || err != nil {
		t.Errorf("verified %d entries (%v) while another process writes", n, err)
	}
}

func checkConfirmed(t *testing.T, path string, confirmed map[int64]string) {
	t.Helper()
	l := open(t, path)
	defer l.Close()
	n, err := l.VerifyAudit(t.Context())
	if err != nil {
		t.Fatalf("after the kill: %v", err)
	}
	entries, err := l.Audit(t.Context(), "call-1")
	if err != nil || len(entries) != n {
		t.Fatalf("%d entries listed, %d verified (%v)", len(entries), n, err)
	}
	for sequence, hash := range confirmed {
		if sequence > int64(n) || entries[sequence-1].Hash != hash {
			t.Fatalf("entry %d was confirmed and is not there; the audit has %d", sequence, n)
		}
	}
	events := 0
	err = l.ReadJournal(t.Context(), 0, func(sequence int64, _ JournalEntry) error {
		if events++; sequence != int64(events) {
			return fmt.Errorf("sequence %d at place %d", sequence, events)
		}
		return nil
	})
	if err != nil || events < 2*len(confirmed) || events%2 != 0 {
		t.Errorf("%d journal events (%v); %d pairs were confirmed, and pairs go together", events, err, len(confirmed))
	}
}
