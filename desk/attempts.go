package desk

import (
	"sync"
	"time"
)

// Sign-in attempts: so many failures per user and per source address, given
// back one at a time. Right passwords don't count, so a whole shift can sign in
// from behind one address.
const (
	userFailures   = 10
	sourceFailures = 30
	// failureRest is how long one failure takes to be forgotten.
	failureRest = 30 * time.Second
	// maxTracked bounds the memory; when full, the one nearest to forgotten goes.
	maxTracked = 4096
)

// attempts counts failures as buckets that drain with time. An attempt is
// counted before the password is looked at, so that many at once can't slip
// through, and given back if it was right.
type attempts struct {
	now func() time.Time

	mu sync.Mutex
	// full is when the bucket will be empty again: each failure moves it on by failureRest.
	full map[string]time.Time
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, full: make(map[string]time.Time)}
}

// take counts an attempt. wait > 0: refused, try again after it.
func (a *attempts) take(user, source string) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	wait = max(a.wait("user:"+user, userFailures, now), a.wait("source:"+source, sourceFailures, now))
	if wait > 0 {
		return wait
	}
	a.add("user:"+user, now)
	a.add("source:"+source, now)
	return 0
}

// giveBack forgets a right attempt, and the user's failures before it.
func (a *attempts) giveBack(user, source string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.full, "user:"+user)
	key := "source:" + source
	if at := a.full[key].Add(-failureRest); at.After(a.now()) {
		a.full[key] = at
	} else {
		delete(a.full, key)
	}
}

func (a *attempts) wait(key string, limit int, now time.Time) time.Duration {
	at, known := a.full[key]
	if !known { // Sub saturates with the zero time, and would wait for centuries
		return 0
	}
	room := time.Duration(limit-1) * failureRest
	return max(0, at.Sub(now)-room)
}

func (a *attempts) add(key string, now time.Time) {
	at, known := a.full[key]
	if !known && len(a.full) >= maxTracked {
		a.evict(now)
	}
	if at.Before(now) {
		at = now
	}
	a.full[key] = at.Add(failureRest)
}

func (a *attempts) evict(now time.Time) {
	var first string
	var soonest time.Time
	for key, at := range a.full {
		if !at.After(now) {
			delete(a.full, key)
			continue
		}
		if first == "" || at.Before(soonest) {
			first, soonest = key, at
		}
	}
	if len(a.full) >= maxTracked {
		delete(a.full, first)
	}
}
