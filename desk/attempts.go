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
	// knownFor is how long a user's own source stays known after a sign-in.
	knownFor = 30 * 24 * time.Hour
	// maxTracked bounds the memory of each map; when full, the one nearest to
	// forgotten goes.
	maxTracked = 4096
)

// attempts counts failures as buckets that drain with time. An attempt is
// counted before the password is looked at, so that many at once can't slip
// through, and taken back if it was right or never judged.
//
// Where a user has signed in from before, a bucket of its own counts: strangers
// who guess at a name can't keep its owner out.
type attempts struct {
	now func() time.Time

	mu sync.Mutex
	// full is when the bucket will be empty again: each failure moves it on by failureRest.
	full map[string]time.Time
	// known holds user and source of right sign-ins, until when.
	known map[string]time.Time
}

func newAttempts(now func() time.Time) *attempts {
	return &attempts{now: now, full: make(map[string]time.Time), known: make(map[string]time.Time)}
}

// take counts an attempt. wait > 0: refused, try again after it.
func (a *attempts) take(user, source string) (wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	userKey, sourceKey := a.userKey(user, source, now), "source:"+source
	wait = max(a.wait(userKey, userFailures, now), a.wait(sourceKey, sourceFailures, now))
	if wait > 0 {
		return wait
	}
	a.add(userKey, now)
	a.add(sourceKey, now)
	return 0
}

// forgive forgets a right attempt, and the user's failures before it.
func (a *attempts) forgive(user, source string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	delete(a.full, a.userKey(user, source, now))
	a.drain("source:"+source, now)
	pair := user + " " + source
	makeRoom(a.known, pair, now)
	a.known[pair] = now.Add(knownFor)
}

// undo takes back an attempt that nobody judged; the failures before it stand.
func (a *attempts) undo(user, source string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.now()
	a.drain(a.userKey(user, source, now), now)
	a.drain("source:"+source, now)
}

func (a *attempts) userKey(user, source string, now time.Time) string {
	if pair := user + " " + source; a.known[pair].After(now) {
		return "known:" + pair
	}
	return "user:" + user
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
	at := a.full[key]
	makeRoom(a.full, key, now)
	if at.Before(now) {
		at = now
	}
	a.full[key] = at.Add(failureRest)
}

func (a *attempts) drain(key string, now time.Time) {
	if at := a.full[key].Add(-failureRest); at.After(now) {
		a.full[key] = at
	} else {
		delete(a.full, key)
	}
}

// makeRoom lets the key into a full map: what is over goes, else the one
// nearest to it.
func makeRoom(until map[string]time.Time, key string, now time.Time) {
	if _, has := until[key]; has || len(until) < maxTracked {
		return
	}
	var first string
	var soonest time.Time
	for key, at := range until {
		if !at.After(now) {
			delete(until, key)
			continue
		}
		if first == "" || at.Before(soonest) {
			first, soonest = key, at
		}
	}
	if len(until) >= maxTracked {
		delete(until, first)
	}
}
