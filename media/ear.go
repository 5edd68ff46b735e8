package media

import (
	"sync"
	"sync/atomic"
	"time"

	"careline/media/jitter"
)

// ear gives what a leg's far side says as linear sound, for all who need it: mixes,
// taps, whoever looks for tones. Nobody needing it, it costs the packet path one
// atomic load. The goroutine that reads puts packets in, one pacer takes frames out;
// its lock is a leaf. The zero value hears nothing.
type ear struct {
	takers  atomic.Int32 // written under mu
	mu      sync.Mutex
	hearing *hearing     // nil while nobody needs it
	past    jitter.Stats // of those who needed it before
}

// listen lets one more hear the leg's far side as linear sound, until unlisten.
func (l *Leg) listen() *ear {
	l.ear.open(&l.muted, time.Now())
	return &l.ear
}

func (e *ear) open(muted *atomic.Bool, now time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.takers.Add(1) == 1 {
		e.hearing = newHearing(now, muted)
	}
}

// unlisten undoes one listen.
func (l *Leg) unlisten() {
	l.ear.mu.Lock()
	defer l.ear.mu.Unlock()
	if l.ear.takers.Add(-1) == 0 {
		l.ear.past.Add(l.ear.hearing.buffer.Stats())
		l.ear.hearing = nil
	}
}

// needed reports whether anybody takes frames.
func (e *ear) needed() bool { return e.takers.Load() > 0 }

// put takes a packet that came at that time.
func (e *ear) put(a *arrival, at time.Time) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hearing != nil {
		e.hearing.put(a, at)
	}
}

// frame writes the 20 ms that are due at due, at a rate of 8,000 or 16,000 samples a
// second: concealed where packets are missing, in step with our clock, silent while
// nobody speaks or the leg is muted. It reports whether anything is to be heard. Who
// comes in the same round of the pacer gets the same frame.
func (e *ear) frame(dst []int16, rate int, due time.Time) (voiced bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hearing == nil {
		clear(dst)
		return false
	}
	return e.hearing.frame(dst, rate, due)
}

// stats are the jitter buffer's counters, over all the time that it was needed.
func (e *ear) stats() jitter.Stats {
	e.mu.Lock()
	defer e.mu.Unlock()
	sum := e.past
	if e.hearing != nil {
		sum.Add(e.hearing.buffer.Stats())
	}
	return sum
}
