package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"careline/ledger"
)

// often lets a server look at its folder ten times a second.
var often = [3]string{"careline.yaml", "ledger:", "publish: {every: 100ms}\nledger:"}

// edits saves flows to a running server's folder, a whole one and a broken one in
// turn, waiting for what comes of each; it returns how many went live.
func (s *server) edits(t *testing.T, times int, gap time.Duration) (published int) {
	t.Helper()
	file := filepath.Join(s.dir, "config/flows/nurse-line.yaml")
	whole, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for i := range times {
		text, want := fmt.Sprintf("# edit %d\n%s", i, whole), "flows live"
		if i%2 == 1 {
			text += fmt.Sprintf("\n  lost_%d: {play: welcome, next: nowhere_at_all}\n", i)
			want = "flows not published"
		} else {
			published++
		}
		before := s.logged(want)
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		eventually(t, 20*time.Second, fmt.Sprintf("edit %d is taken or refused", i), func() bool { return s.logged(want) > before })
		pass(gap)
	}
	return published
}

// published is a version, and when it went live.
type published struct {
	at      time.Time
	version string
}

// versions are all that were live, in order.
func (s *server) versions(t *testing.T) []published {
	t.Helper()
	var all []published
	for _, line := range s.log() {
		if line["msg"] != "flows live" {
			continue
		}
		at, err := time.Parse(time.RFC3339Nano, line["time"].(string))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, published{at, line["version"].(string)})
	}
	return all
}

// ranWhatWasLive checks that each call ran the version that was live as it began, by
// the log's clock.
func (s *server) ranWhatWasLive(t *testing.T, records []ledger.CallRecord, first string) (versions int) {
	t.Helper()
	const about = 250 * time.Millisecond // between a call's beginning and the log's line
	all := append([]published{{version: first}}, s.versions(t)...)
	seen := map[string]bool{}
	for _, record := range records {
		seen[record.FlowVersion] = true
		live := slices.ContainsFunc(all, func(one published) bool {
			i := slices.Index(all, one)
			return one.version == record.FlowVersion && one.at.Before(record.Started.Add(about)) &&
				(i+1 == len(all) || all[i+1].at.After(record.Started.Add(-about)))
		})
		if !live {
			t.Errorf("call %s, begun at %s, ran version %s; live were %v", record.ID, record.Started, record.FlowVersion, all)
		}
	}
	return len(seen)
}
