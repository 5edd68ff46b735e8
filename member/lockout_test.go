package member

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestFifthFailureLocksTheMemberOutForEveryCallerForADay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, id := range []string{lindaID, nobodyID} { // both alike
			v := newVerifier(t, newMemory(), nil)
			for i := 1; i <= DefaultLockout; i++ {
				want := NotVerified
				if i == DefaultLockout {
					want = LockedOut
				}
				if got := verify(t, v, claim("call-1", fmt.Sprint("555010", i), id, "01011990")); got != want {
					t.Errorf("failure %d: %s, want %s", i, got, want)
				}
			}
			right := claim("call-2", "5550199", id, lindaBorn)
			if got := verify(t, v, right); got != LockedOut {
				t.Errorf("the right factors when locked out: %s", got)
			}
			time.Sleep(DefaultWindow - 4*time.Second) // the lock-out isn't prolonged by trying
			want := map[string]Outcome{lindaID: Verified, nobodyID: NotVerified}[id]
			time.Sleep(4 * time.Second)
			if got := verify(t, v, right); got != want {
				t.Errorf("a day later: %s, want %s", got, want)
			}
		}
	})
}

func TestNumberThatTriesManyMembersIsLockedOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newMemory(), nil)
		for i := range DefaultLockout {
			verify(t, v, claim("call-1", "5550101", fmt.Sprint("7000000", i), lindaBorn))
		}
		if got := verify(t, v, claim("call-2", "5550101", lindaID, lindaBorn)); got != LockedOut {
			t.Errorf("from the same number: %s", got)
		}
		if got := verify(t, v, claim("call-3", "5550102", lindaID, lindaBorn)); got != Verified {
			t.Errorf("from another number: %s", got)
		}
	})
}

func TestCallersWithoutNumberShareAWiderLimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newMemory(), func(o *Options) { o.WithheldLockout = 8 })
		for i := range 8 {
			want := NotVerified
			if i == 7 {
				want = LockedOut
			}
			if got := verify(t, v, claim("call-1", "", fmt.Sprint("7000000", i), lindaBorn)); got != want {
				t.Errorf("failure %d: %s, want %s", i+1, got, want)
			}
		}
		if got := verify(t, v, claim("call-2", "", lindaID, lindaBorn)); got != LockedOut {
			t.Errorf("the ninth: %s", got)
		}
		if got := verify(t, v, claim("call-3", "5550101", lindaID, lindaBorn)); got != Verified {
			t.Errorf("with a number: %s", got)
		}
	})
}

func TestCallerWhoKeysNothingLocksNobodyElseOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newMemory(), nil)
		for i := range 2 * DefaultLockout {
			if got := verify(t, v, claim("call-1", fmt.Sprint("555010", i), "", "")); got != NotVerified {
				t.Errorf("caller %d: %s", i, got)
			}
		}
	})
}

func TestSameDigitsAsMemberAndAsNumberAreCountedApart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		v := newVerifier(t, m, nil)
		verify(t, v, claim("call-1", nobodyID, nobodyID, lindaBorn))
		var tokens []string
		for subject := range maps.Keys(m.failures) {
			_, token, _ := strings.Cut(subject, ":")
			tokens = append(tokens, token)
		}
		if len(tokens) != 2 || tokens[0] == tokens[1] {
			t.Errorf("%d subjects with tokens %v, want two different", len(tokens), tokens)
		}
	})
}

func TestCallsAtOnceCannotExceedTheLimit(t *testing.T) {
	const calls = 40
	count := func(t *testing.T, claimOf func(i int) Claim) (outcomes map[Outcome]int, m *memory) {
		m = newMemory()
		m.delay = 2 * time.Millisecond
		v := newVerifier(t, m, nil)
		outcomes = map[Outcome]int{}
		var mu sync.Mutex
		var group sync.WaitGroup
		for i := range calls {
			group.Go(func() {
				outcome := verify(t, v, claimOf(i))
				mu.Lock()
				defer mu.Unlock()
				outcomes[outcome]++
			})
		}
		group.Wait()
		if len(v.subjects.locks) != 0 {
			t.Errorf("%d locks are left", len(v.subjects.locks))
		}
		if len(m.audit) != calls {
			t.Errorf("%d audit entries of %d attempts", len(m.audit), calls)
		}
		return outcomes, m
	}
	for name, claimOf := range map[string]func(i int) Claim{
		"the same member":  func(i int) Claim { return claim(fmt.Sprint("call-", i), fmt.Sprint("555", i), lindaID, "01011990") },
		"the same number":  func(i int) Claim { return claim(fmt.Sprint("call-", i), "5550101", fmt.Sprint(70000000+i), "01011990") },
		"the same of both": func(i int) Claim { return claim(fmt.Sprint("call-", i), "5550101", lindaID, "01011990") },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				outcomes, m := count(t, claimOf)
				if outcomes[NotVerified] != DefaultLockout-1 || outcomes[LockedOut] != calls-DefaultLockout+1 {
					t.Errorf("outcomes %v, want %d not verified", outcomes, DefaultLockout-1)
				}
				most := 0
				for _, failures := range m.failures {
					most = max(most, len(failures))
				}
				if most != DefaultLockout {
					t.Errorf("%d failures counted of one subject, want %d", most, DefaultLockout)
				}
			})
		})
	}
	t.Run("members and numbers crossed", func(t *testing.T) { // two locks each, in every order
		synctest.Test(t, func(t *testing.T) {
			count(t, func(i int) Claim {
				return claim(fmt.Sprint("call-", i), fmt.Sprint("555", i%3), fmt.Sprint(70000000+i%4), "01011990")
			})
		})
	})
}

func TestHangingUpDoesNotSaveAFailureFromBeingCounted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		m.delay = 10 * time.Millisecond
		v := newVerifier(t, m, nil)
		for i := range DefaultLockout {
			ctx, hangUp := context.WithCancel(t.Context())
			go func() {
				time.Sleep(25 * time.Millisecond) // counted; the failure is being written
				hangUp()
			}()
			if _, err := v.Verify(ctx, claim(fmt.Sprint("call-", i), fmt.Sprint("555", i), lindaID, "01011990")); !errors.Is(err, context.Canceled) {
				t.Errorf("Verify of a caller who hung up said %v", err)
			}
			synctest.Wait()
			time.Sleep(time.Second)
		}
		if got := verify(t, v, claim("call-9", "5550199", lindaID, lindaBorn)); got != LockedOut {
			t.Errorf("after five failures hung up on: %s", got)
		}
	})
}

// Two verifications that need the same two subjects take them in one order,
// whatever order they name them in; else each could wait for the other.
func TestSubjectsAreTakenInOneOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		locks := newSubjectLocks()
		a, b := subject{name: "a"}, subject{name: "b"}
		releaseB, err := locks.acquire(t.Context(), []subject{b})
		if err != nil {
			t.Fatal(err)
		}
		both := make(chan func(), 1)
		go func() {
			release, err := locks.acquire(t.Context(), []subject{b, a})
			if err != nil {
				t.Error(err)
			}
			both <- release
		}()
		synctest.Wait()
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := locks.acquire(short, []subject{a}); err == nil {
			t.Error("a is free while someone who holds it should wait for b")
		}
		releaseB()
		(<-both)()
		if len(locks.locks) != 0 {
			t.Errorf("%d locks are left", len(locks.locks))
		}
	})
}
