package passport

import (
	"context"
	"sync"
	"time"
)

// cache keeps certificates by their URL, and for a short while the failure to
// have one, so that a carrier whose server is down costs one attempt a minute
// and not one a call. Many calls that want the same certificate share one fetch.
type cache struct {
	fetch   Fetcher
	now     func() time.Time
	size    int
	timeout time.Duration

	mu      sync.Mutex
	entries map[string]*entry
}

// entry is one URL's certificate, or the fetch of it. What follows done is set
// before done is closed.
type entry struct {
	done        chan struct{}
	certificate *certificate
	err         error
	until       time.Time // guarded by cache.mu; zero while the fetch goes on
}

const (
	minKeep     = time.Minute
	maxKeep     = 24 * time.Hour
	keepFailure = time.Minute
)

// get finds the certificate, or fetches it within the timeout. The call whose
// turn it is fetches; others wait with it, each no longer than its own ctx.
func (c *cache) get(ctx context.Context, url string) (*certificate, error) {
	c.mu.Lock()
	found := c.entries[url]
	if found != nil && (found.until.IsZero() || c.now().Before(found.until)) {
		c.mu.Unlock()
		select {
		case <-found.done:
			return found.certificate, found.err
		case <-ctx.Done():
			return nil, ErrFetch
		}
	}
	if len(c.entries) >= c.size && !c.evict() {
		c.mu.Unlock()
		return nil, ErrFetch // as many fetches under way as may be
	}
	fresh := &entry{done: make(chan struct{}), err: ErrFetch}
	c.entries[url] = fresh
	c.mu.Unlock()
	c.fill(ctx, url, fresh)
	return fresh.certificate, fresh.err
}

// fill fetches. Whatever happens in the fetcher, the waiters are let go.
func (c *cache) fill(ctx context.Context, url string, fresh *entry) {
	keep := keepFailure
	defer func() {
		c.mu.Lock()
		fresh.until = c.now().Add(keep)
		c.mu.Unlock()
		close(fresh.done)
	}()
	// Not under the caller's ctx alone: others may wait for the same certificate.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.timeout)
	defer cancel()
	fetched, err := c.fetch(limited, url)
	if err != nil {
		return
	}
	if fresh.certificate, fresh.err = parseCertificate(fetched.Chain); fresh.err == nil {
		keep = min(max(fetched.MaxAge, minKeep), maxKeep)
	}
}

// evict makes room: what has expired, else the entry that expires first. False
// where all of them are still being fetched. It is called under the lock.
func (c *cache) evict() bool {
	var first string
	var until time.Time
	for url, one := range c.entries {
		if !one.until.IsZero() && (until.IsZero() || one.until.Before(until)) {
			first, until = url, one.until
		}
	}
	delete(c.entries, first)
	return !until.IsZero()
}
