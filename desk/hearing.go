package desk

import (
	"errors"
	"io"
	"io/fs"
	"sync"
	"time"
)

const (
	// hearingRest closes a recording that nobody read of for so long: a player that is
	// paused. To go on, it is opened anew.
	hearingRest = 30 * time.Minute
	// maxHearings of one session are open at once; one more closes the one that was
	// read of the longest ago.
	maxHearings = 4
)

// hearings are the recordings that a session has open.
type hearings struct {
	mu   sync.Mutex
	open map[string]*hearing
	over bool
}

// hearing is an open recording. A player may ask for several parts at a time.
type hearing struct {
	mu    sync.Mutex
	sound io.ReadSeekCloser // nil once closed
	size  int64
	read  time.Time // when it was read of last
}

// errOver says that a session ended while it opened a recording.
var errOver = errors.New("desk: the session is over")

// begin keeps a sound open under its recording's ID; it closes what it can't keep.
func (h *hearings) begin(id string, sound io.ReadSeekCloser, now time.Time) error {
	size, err := sound.Seek(0, io.SeekEnd)
	h.mu.Lock()
	defer h.mu.Unlock()
	if err == nil && h.over {
		err = errOver
	}
	if err != nil {
		return errors.Join(err, sound.Close())
	}
	h.close(id)
	for len(h.open) >= maxHearings {
		h.close(h.oldest())
	}
	if h.open == nil {
		h.open = make(map[string]*hearing)
	}
	h.open[id] = &hearing{sound: sound, size: size, read: now}
	return nil
}

// of is a reader of its own of an open recording; nil if it isn't open.
func (h *hearings) of(id string, now func() time.Time) io.ReadSeeker {
	h.mu.Lock()
	defer h.mu.Unlock()
	one := h.open[id]
	if one == nil {
		return nil
	}
	return io.NewSectionReader(part{one, now}, 0, one.size)
}

// end closes a recording.
func (h *hearings) end(id string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.close(id)
}

// endResting closes those that nobody reads of.
func (h *hearings) endResting(now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for id, one := range h.open {
		if now.Sub(one.lastRead()) >= hearingRest {
			h.close(id)
		}
	}
}

// endAll closes all, and lets none begin any more.
func (h *hearings) endAll() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.over = true
	for id := range h.open {
		h.close(id)
	}
}

func (h *hearings) oldest() (oldest string) {
	for id, one := range h.open {
		if oldest == "" || one.lastRead().Before(h.open[oldest].lastRead()) {
			oldest = id
		}
	}
	return oldest
}

func (h *hearings) close(id string) {
	if one := h.open[id]; one != nil {
		one.close()
		delete(h.open, id)
	}
}

func (h *hearing) lastRead() time.Time {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.read
}

func (h *hearing) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	_ = h.sound.Close() // only read of
	h.sound = nil
}

// part reads of a hearing wherever it is asked to (io.ReaderAt), until it is closed.
type part struct {
	of  *hearing
	now func() time.Time
}

func (p part) ReadAt(into []byte, at int64) (int, error) {
	h := p.of
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.sound == nil {
		return 0, fs.ErrClosed
	}
	h.read = p.now()
	if _, err := h.sound.Seek(at, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(h.sound, into)
	if errors.Is(err, io.ErrUnexpectedEOF) {
		err = io.EOF
	}
	return n, err
}
