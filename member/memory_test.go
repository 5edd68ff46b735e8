package member

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"careline/phi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	lindaID   = "48201937"
	lindaBorn = "04121961"
	nobodyID  = "99999999"
)

const members = `members:
  - {id: "48201937", name: Linda Park, born: 1961-04-12, state: WI, phone: 555-0101, next_visit: 2027-01-14, plan_year: 2027, open_claims: 2}
  - {id: "48201945", name: Robert Nguyen, born: 1954-11-03}
`

// memory is a Store and an Audit that can be slow and can fail.
type memory struct {
	mu                            sync.Mutex
	failures                      map[string][]time.Time
	audit                         []string
	delay                         time.Duration
	counting, recording, auditing error
}

func (m *memory) CountFailures(ctx context.Context, subject string, since time.Time) (int, error) {
	time.Sleep(m.delay)
	m.mu.Lock()
	defer m.mu.Unlock()
	n := 0
	for _, at := range m.failures[subject] {
		if !at.Before(since) {
			n++
		}
	}
	return n, errors.Join(m.counting, ctx.Err())
}

func (m *memory) RecordFailure(ctx context.Context, subject string, at time.Time) error {
	time.Sleep(m.delay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.recording, ctx.Err()); err != nil {
		return err
	}
	m.failures[subject] = append(m.failures[subject], at)
	return nil
}

func (m *memory) RecordVerification(ctx context.Context, call, actor, subject, as, outcome string) error {
	time.Sleep(m.delay)
	m.mu.Lock()
	defer m.mu.Unlock()
	if err := errors.Join(m.auditing, ctx.Err()); err != nil {
		return err
	}
	m.audit = append(m.audit, strings.Join([]string{call, actor, subject, as, outcome}, " "))
	return nil
}

func newMemory() *memory { return &memory{failures: map[string][]time.Time{}} }

// slowForMembers takes longer to find somebody than nobody.
type slowForMembers struct {
	Directory
	found, missing time.Duration
}

func (d slowForMembers) Find(ctx context.Context, id phi.String) (*Entry, error) {
	entry, err := d.Directory.Find(ctx, id)
	if entry != nil {
		time.Sleep(d.found)
	} else {
		time.Sleep(d.missing)
	}
	return entry, err
}

func newVerifier(t testing.TB, m *memory, change func(*Options)) *Verifier {
	t.Helper()
	directory, err := LoadDirectory("members.yaml", []byte(members))
	if err != nil {
		t.Fatal(err)
	}
	options := Options{Directory: directory, Store: m, Audit: m, Key: make([]byte, 32)}
	if change != nil {
		change(&options)
	}
	v, err := NewVerifier(options)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func claim(call, ani, id, born string) Claim {
	return Claim{Call: call, ANI: phi.NewString(ani), MemberID: phi.NewString(id), DateOfBirth: phi.NewString(born), Attempt: 1}
}

// verify gives the outcome, and fails the test on an error or if a
// verification comes with another outcome than Verified.
func verify(t testing.TB, v *Verifier, c Claim) Outcome {
	t.Helper()
	result, err := v.Verify(context.Background(), c)
	if err != nil {
		t.Errorf("verify: %v", err)
	}
	if (result.Verification != nil) != (result.Outcome == Verified) {
		t.Errorf("outcome %s with verification %v", result.Outcome, result.Verification != nil)
	}
	return result.Outcome
}

// show reads a protected value as the tests may.
func show(t testing.TB, s phi.String) string {
	t.Helper()
	text, err := s.Reveal(context.Background(), allowAll{}, phi.Access{})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

type allowAll struct{}

func (allowAll) RecordAccess(context.Context, phi.Access) error { return nil }
