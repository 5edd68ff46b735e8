package member

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"careline/phi"
)

func TestMemberIsVerifiedByBothFactorsAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name, id, born string
			want           Outcome
		}{
			{"both right", lindaID, lindaBorn, Verified},
			{"another's birth date", lindaID, "11031954", NotVerified},
			{"no birth date", lindaID, "", NotVerified},
			{"a part of the birth date", lindaID, "0412", NotVerified},
			{"a part of the number", "4820193", lindaBorn, NotVerified},
			{"nobody's number", nobodyID, lindaBorn, NotVerified},
			{"the decoy's birth date", nobodyID, "--------", NotVerified},
			{"the decoy", "--------", "--------", NotVerified},
			{"no number", "", lindaBorn, NotVerified},
			{"nothing", "", "", NotVerified},
		} {
			v := newVerifier(t, newMemory(), nil)
			if got := verify(t, v, claim("call-1", "5550101", c.id, c.born)); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
		}
	})
}

func TestAnswerTakesTheSameTimeWhetherTheMemberExistsOrNot(t *testing.T) {
	for _, c := range []struct {
		name           string
		found, missing time.Duration
		want           time.Duration
	}{
		{"fast", 0, 0, DefaultMinimumTime},
		{"slower for members", 300 * time.Millisecond, 3 * time.Millisecond, DefaultMinimumTime},
		{"slower for nobody", 3 * time.Millisecond, 300 * time.Millisecond, DefaultMinimumTime},
		{"slower than the minimum", 500 * time.Millisecond, 450 * time.Millisecond, 2 * DefaultMinimumTime},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for _, who := range []struct{ name, id, born string }{
					{"verified", lindaID, lindaBorn}, {"wrong date", lindaID, "01011990"}, {"nobody", nobodyID, lindaBorn}, {"nothing", "", ""},
				} {
					m := newMemory()
					m.delay = time.Millisecond
					v := newVerifier(t, m, func(o *Options) { o.Directory = slowForMembers{o.Directory, c.found, c.missing} })
					began := time.Now()
					verify(t, v, claim("call-1", "5550101", who.id, who.born))
					if took := time.Since(began); took != c.want {
						t.Errorf("%s took %v, want %v", who.name, took, c.want)
					}
				}
			})
		})
	}
}

func TestErrorTakesTheSameTimeToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.auditing = errors.New("disk full")
		v := newVerifier(t, m, nil)
		for _, id := range []string{lindaID, nobodyID} {
			began := time.Now()
			if _, err := v.Verify(t.Context(), claim("call-1", "5550101", id, lindaBorn)); err == nil {
				t.Error("verified without an audit")
			}
			if took := time.Since(began); took != DefaultMinimumTime {
				t.Errorf("took %v", took)
			}
		}
	})
}

// TestDirectoryThatHangsIsAnErrorInTime: the flow waits for 20 seconds (the guard
// of ivr) and then asks anew; an answer after that would be to another question.
func TestDirectoryThatHangsIsAnErrorInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		v := newVerifier(t, m, func(o *Options) { o.Directory = hanging{} })
		began := time.Now()
		if _, err := v.Verify(t.Context(), claim("call-1", "5550101", lindaID, lindaBorn)); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a directory that hangs gave %v", err)
		}
		if took := time.Since(began); took > lookupTime+DefaultMinimumTime {
			t.Errorf("it took %v", took)
		}
		if len(m.failures) != 0 {
			t.Error("the caller's tries were counted, though nothing was wrong with them")
		}
		if len(v.subjects.locks) != 0 {
			t.Errorf("%d locks are left", len(v.subjects.locks))
		}
	})
}

// hanging is a directory that never answers by itself.
type hanging struct{}

func (hanging) Find(ctx context.Context, _ phi.String) (*Entry, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestEachAttemptIsAudited(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		v := newVerifier(t, m, func(o *Options) { o.Lockout = 2 })
		for _, born := range []string{lindaBorn, "01011990", "01011991", lindaBorn} {
			verify(t, v, claim("call-1", "5550101", lindaID, born))
		}
		token := phi.NewString(lindaID).Token(v.memberKey)
		want := []Outcome{Verified, NotVerified, LockedOut, LockedOut}
		if len(m.audit) != len(want) {
			t.Fatalf("%d entries, want %d", len(m.audit), len(want))
		}
		for i, outcome := range want {
			if line := fmt.Sprintf("call-1 system:verifier %s self %s", token, outcome); m.audit[i] != line {
				t.Errorf("entry %d: %q, want %q", i+1, m.audit[i], line)
			}
		}
	})
}

func TestNoVerificationWhereSomethingCannotBeWrittenOrRead(t *testing.T) {
	broken := errors.New("disk full")
	for name, c := range map[string]struct {
		breaks func(*memory)
		born   string
	}{
		"audit, right":   {func(m *memory) { m.auditing = broken }, lindaBorn},
		"audit, wrong":   {func(m *memory) { m.auditing = broken }, "01011990"},
		"counts, right":  {func(m *memory) { m.counting = broken }, lindaBorn},
		"failure, wrong": {func(m *memory) { m.recording = broken }, "01011990"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				m := newMemory()
				c.breaks(m)
				v := newVerifier(t, m, nil)
				result, err := v.Verify(t.Context(), claim("call-1", "5550101", lindaID, c.born))
				if !errors.Is(err, broken) || result != (Result{}) {
					t.Errorf("result %+v, error %v", result, err)
				}
			})
		})
	}
}

func TestLogTellsOutcomesAndNoValues(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		core, logs := observer.New(zap.DebugLevel)
		m := newMemory()
		v := newVerifier(t, m, func(o *Options) { o.Log = zap.New(core) })
		verify(t, v, claim("call-1", "6085550101", lindaID, lindaBorn))
		verify(t, v, claim("call-1", "6085550101", lindaID, "01011990"))
		m.auditing = errors.New("disk full")
		if _, err := v.Verify(t.Context(), claim("call-1", "6085550101", lindaID, lindaBorn)); err == nil {
			t.Error("no error")
		}
		if logs.Len() != 3 {
			t.Errorf("%d log lines, want 3", logs.Len())
		}
		text := fmt.Sprintf("%+v %v", logs.All(), m.audit)
		for _, value := range []string{lindaID, lindaBorn, "6085550101", "01011990", "Linda"} {
			if strings.Contains(text, value) {
				t.Errorf("a log line or the audit holds a value")
			}
		}
	})
}

func TestVerifierRefusesOptionsThatCannotWork(t *testing.T) {
	m := newMemory()
	for name, change := range map[string]func(*Options){
		"no directory": func(o *Options) { o.Directory = nil }, "no store": func(o *Options) { o.Store = nil },
		"no audit": func(o *Options) { o.Audit = nil }, "short key": func(o *Options) { o.Key = make([]byte, 16) },
		"negative lock-out": func(o *Options) { o.Lockout = -1 }, "a window longer than failures are kept": func(o *Options) { o.Window = MaxWindow + 1 }, "negative time": func(o *Options) { o.MinimumTime = -1 },
	} {
		options := Options{Directory: &Embedded{}, Store: m, Audit: m, Key: make([]byte, 32)}
		change(&options)
		if _, err := NewVerifier(options); err == nil {
			t.Errorf("%s was taken", name)
		}
	}
	if _, err := newVerifier(t, m, nil).Verify(t.Context(), Claim{}); err == nil {
		t.Error("a claim without a call was taken")
	}
}

// The floor hides what the work takes; this shows how little it has to hide.
func BenchmarkVerifyWorkForMembersAndForNobody(b *testing.B) {
	directory, err := LoadDirectory("members.yaml", []byte(members))
	if err != nil {
		b.Fatal(err)
	}
	v, err := NewVerifier(Options{Directory: directory, Store: quiet{}, Audit: quiet{}, Key: make([]byte, 32)})
	if err != nil {
		b.Fatal(err)
	}
	claims := [2]Claim{claim("call-1", "5550101", lindaID, "01011990"), claim("call-1", "5550101", nobodyID, "01011990")}
	var took [2][]time.Duration
	for i := 0; b.Loop(); i++ { // by turns, so that a busy machine slows both
		began := time.Now()
		if _, err := v.check(context.Background(), claims[i%2]); err != nil {
			b.Fatal(err)
		}
		took[i%2] = append(took[i%2], time.Since(began))
	}
	if len(took[1]) == 0 {
		return
	}
	median := func(d []time.Duration) float64 { slices.Sort(d); return float64(d[len(d)/2]) }
	b.ReportMetric(median(took[0])/median(took[1]), "median-member/nobody")
}

// quiet keeps nothing and fails never.
type quiet struct{}

func (quiet) CountFailures(context.Context, string, time.Time) (int, error) { return 0, nil }

func (quiet) RecordFailure(context.Context, string, time.Time) error { return nil }

func (quiet) RecordVerification(context.Context, string, string, string, string, string) error {
	return nil
}

func (hanging) FindByMBI(ctx context.Context, _ phi.String) ([]*Entry, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}
