package desk

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	tokenBytes = 32
	// maxSessions of one user; the oldest ends when one more begins.
	maxSessions = 4
)

// endReason says why a session ended. It is the Outcome in the audit.
type endReason string

const (
	endSignedOut  endReason = "signed_out"
	endIdle       endReason = "idle"
	endLife       endReason = "session_life"
	endSuperseded endReason = "superseded"
)

// session is one sign-in of one user in one browser.
type session struct {
	key  [sha256.Size]byte
	user User
	born time.Time
	// offers limits how often the session may offer media.
	offers *rate.Limiter
	// refusals limits how many refused accesses of the session are audited.
	refusals *rate.Limiter
	// looks are the calls that the session's pages look at.
	looks looks
	// hearings are the recordings that they play.
	hearings hearings

	// The rest is guarded by sessions.mu.
	touched time.Time
	busy    bool // in a call: neither idle nor too old
	reason  endReason
	over    chan struct{} // closed at the end
}

// sessions are all sign-ins. What is kept of a token is its hash, so that the
// memory of the process doesn't hold what a browser sends. They are bounded by
// users × maxSessions.
type sessions struct {
	idle, life time.Duration
	now        func() time.Time

	mu    sync.Mutex
	byKey map[[sha256.Size]byte]*session
}

func newSessions(idle, life time.Duration, now func() time.Time) *sessions {
	return &sessions{idle: idle, life: life, now: now, byKey: make(map[[sha256.Size]byte]*session)}
}

// begin makes a session and the token for its cookie. older is the session that
// must make room, if any; the caller ends it.
func (s *sessions) begin(user User) (token string, older *session, err error) {
	raw := make([]byte, tokenBytes)
	if _, err := rand.Read(raw); err != nil {
		return "", nil, fmt.Errorf("desk: token: %w", err)
	}
	token = base64.RawURLEncoding.EncodeToString(raw)
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for _, one := range s.byKey {
		if one.user.Name != user.Name {
			continue
		}
		count++
		if older == nil || one.touched.Before(older.touched) {
			older = one
		}
	}
	if count < maxSessions {
		older = nil
	}
	now := s.now()
	made := &session{
		key: sha256.Sum256([]byte(token)), user: user, born: now, touched: now,
		offers: rate.NewLimiter(offerRate, offerBurst), refusals: rate.NewLimiter(refusalRate, refusalBurst),
		over: make(chan struct{}),
	}
	s.byKey[made.key] = made
	return token, older, nil
}

// find gives the living session of a token, or nil.
func (s *sessions) find(token string) *session {
	key := sha256.Sum256([]byte(token))
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.byKey[key]
	if found == nil || s.why(found) != "" {
		return nil // the sweep ends and audits it
	}
	return found
}

// touch notes that the user is there.
func (s *sessions) touch(one *session) {
	s.mu.Lock()
	defer s.mu.Unlock()
	one.touched = s.now()
}

// setBusy notes that the user is in a call, or not any more.
func (s *sessions) setBusy(one *session, busy bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.busy || busy {
		one.touched = s.now()
	}
	one.busy = busy
}

// deadline is when, and why, the session ends if nobody touches it; zero
// during a call.
func (s *sessions) deadline(one *session) (time.Time, endReason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if one.busy {
		return time.Time{}, ""
	}
	idle, life := one.touched.Add(s.idle), one.born.Add(s.life)
	if life.Before(idle) {
		return life, endLife
	}
	return idle, endIdle
}

// why says why a session's time is over; "" while it isn't.
func (s *sessions) why(one *session) endReason {
	now := s.now()
	switch {
	case one.busy:
		return ""
	case !now.Before(one.born.Add(s.life)):
		return endLife
	case !now.Before(one.touched.Add(s.idle)):
		return endIdle
	}
	return ""
}

type ending struct {
	session *session
	why     endReason
}

func (s *sessions) expired() []ending {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []ending
	for _, one := range s.byKey {
		if why := s.why(one); why != "" {
			list = append(list, ending{one, why})
		}
	}
	return list
}

// all are the sessions that haven't ended.
func (s *sessions) all() []*session {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Values(s.byKey))
}

// end closes the session; false if it was closed already.
func (s *sessions) end(one *session, why endReason) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey[one.key] != one {
		return false
	}
	delete(s.byKey, one.key)
	one.reason = why
	close(one.over)
	return true
}

// reasonOf is why a session ended, after its over is closed.
func (s *sessions) reasonOf(one *session) endReason {
	s.mu.Lock()
	defer s.mu.Unlock()
	return one.reason
}
