package lookup

import (
	"sync"
	"time"
)

// breaker spares callers the wait for a service that is down: after so many
// failures in a row nothing is sent for a while, then one look-up tries.
type breaker struct {
	failures int
	rest     time.Duration

	mu      sync.Mutex
	inARow  int
	opened  time.Time
	probing bool
}

// allow reports whether a look-up may be sent now. Whoever is allowed must
// settle.
func (b *breaker) allow(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.inARow < b.failures:
		return true
	case b.probing || now.Sub(b.opened) < b.rest:
		return false
	}
	b.probing = true
	return true
}

// resting reports whether nothing is sent now.
func (b *breaker) resting(now time.Time) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.inARow >= b.failures && (b.probing || now.Sub(b.opened) < b.rest)
}

// settle says how a look-up went; opened is true if nothing is sent from now on.
func (b *breaker) settle(now time.Time, well bool) (opened bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
	if well {
		b.inARow = 0
		return false
	}
	b.inARow = min(b.inARow+1, b.failures)
	if b.inARow == b.failures {
		b.opened, opened = now, true
	}
	return opened
}

// abandon says that a look-up was given up for no fault of the service's: its
// caller hung up.
func (b *breaker) abandon() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.probing = false
}
