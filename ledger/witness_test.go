package ledger

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// logged opens a ledger that logs into what is returned.
func logged(t *testing.T, path string, now func() time.Time) (*Ledger, *bytes.Buffer) {
	t.Helper()
	log := new(bytes.Buffer)
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.AddSync(log), zap.InfoLevel)
	l, err := Open(context.Background(), Options{Path: path, Now: now, Log: zap.New(core)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, log
}

// Whoever cuts off the newest entries and sets the head back leaves a chain that
// is sound in itself.
func TestACutOrRewrittenChainIsFoundByTheLog(t *testing.T) {
	setBack := "UPDATE audit_head SET (sequence, hash) = (SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1)"
	for name, c := range map[string]struct {
		statements []string
		sequence   int64
	}{
		"cut":       {[]string{"DELETE FROM audit WHERE sequence > 5", setBack}, 8},
		"emptied":   {[]string{"DELETE FROM audit", "UPDATE audit_head SET sequence = 0, hash = ''"}, 8},
		"untouched": {},
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			l, log := logged(t, path, nil)
			appendMany(t, l, 8)
			closeOrFail(t, l)
			if err := tamper(t, path, append(dropGuards(), c.statements...)...); err != nil {
				t.Fatal(err)
			}
			l = open(t, path) // it is whole, by itself
			if _, err := l.VerifyAudit(t.Context()); err != nil {
				t.Fatal(err)
			}
			heads, err := l.VerifyHeads(t.Context(), strings.NewReader("{torn\n"+log.String()))
			var broken *BrokenChain
			switch {
			case c.sequence == 0 && (err != nil || heads != 1): // the one at the end
				t.Errorf("%d heads, %v", heads, err)
			case c.sequence != 0 && (!errors.As(err, &broken) || broken.Sequence > c.sequence):
				t.Errorf("VerifyHeads said %v", err)
			}
		})
	}
}

func TestAnEntryRewrittenWithAllAfterItIsFoundByTheLog(t *testing.T) {
	path := newPath(t)
	l, log := logged(t, path, nil)
	appendMany(t, l, 3)
	closeOrFail(t, l)
	forged, _ := logged(t, newPath(t), nil) // the same number of other entries
	appendMany(t, forged, 3)
	forged.path = path
	var broken *BrokenChain
	if _, err := forged.VerifyHeads(t.Context(), log); !errors.As(err, &broken) || !strings.Contains(broken.What, "another hash") {
		t.Errorf("VerifyHeads said %v", err)
	}
}

func TestHeadsOfOtherLedgersAreNotCompared(t *testing.T) {
	other, log := logged(t, newPath(t), nil)
	appendMany(t, other, 2)
	closeOrFail(t, other)
	l := open(t, newPath(t))
	if heads, err := l.VerifyHeads(t.Context(), log); heads != 0 || err != nil {
		t.Errorf("%d heads, %v", heads, err)
	}
}

// Between start and end the log gets a head a minute, and none while nothing
// is added.
func TestTheLogFollowsTheHead(t *testing.T) {
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	l, log := logged(t, newPath(t), func() time.Time { return now })
	for range 4 {
		if err := l.do(t.Context(), func(w *writer) error {
			now = now.Add(HeadEvery / 2) // on the writer's goroutine, whose clock it is
			_, err := w.append(entry(1))
			return err
		}); err != nil {
			t.Fatal(err)
		}
	}
	for range 3 {
		if err := l.do(t.Context(), func(*writer) error { now = now.Add(HeadEvery); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	closeOrFail(t, l)
	if heads := strings.Count(log.String(), `"audit head"`); heads != 2 {
		t.Errorf("the log has %d heads, want 2\n%s", heads, log)
	}
	if heads, err := reading(t, l.path).VerifyHeads(t.Context(), log); heads != 3 || err != nil {
		t.Errorf("%d heads are compared (%v), want 3", heads, err)
	}
}

func reading(t *testing.T, path string) *Ledger {
	t.Helper()
	l, err := OpenReadOnly(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}
