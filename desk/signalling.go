package desk

import (
	"context"
	"errors"
	"sync"
	"time"
)

// Signalling is what was said in SIP on calls' legs; Options.Signalling is nil where
// nobody records it.
type Signalling interface {
	// Ladder is a call's, masked: nothing in it says who calls. ErrNoSignalling where
	// none is held of this call.
	Ladder(ctx context.Context, call string) (Ladder, error)
}

// ErrNoSignalling says that no signalling of a call is held, or not any more.
var ErrNoSignalling = errors.New("desk: no signalling of this call is held; sip.trace.keep says for how long it is")

// Ladder is a call's signalling as it is drawn: the parties from left to right, what
// they said to each other from top to bottom.
type Ladder struct {
	Began   time.Time `json:"began"`
	Parties []string  `json:"parties"`
	// Legs are the SIP Call-IDs of the call's dialogs.
	Legs   []string `json:"legs"`
	Arrows []Arrow  `json:"arrows"`
	// Dropped is how many messages were left out for want of room.
	Dropped int `json:"dropped,omitempty"`
}

// Arrow is one message of a Ladder.
type Arrow struct {
	// At is seconds since the ladder began.
	At float64 `json:"at"`
	// From and To are places among the parties.
	From int `json:"from"`
	To   int `json:"to"`
	// Caption stands on the arrow, Note beside it.
	Caption  string `json:"caption"`
	Note     string `json:"note,omitempty"`
	Response bool   `json:"response,omitempty"`
}

// fieldSignalling and fieldCalls name in the audit what was looked at.
const (
	fieldSignalling = "signalling"
	fieldCalls      = "calls"
)

// ladder gives a call's signalling; nil where none is held.
func (d *Desk) ladder(ctx context.Context, call string) (*Ladder, error) {
	if d.options.Signalling == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	ladder, err := d.options.Signalling.Ladder(ctx, call)
	if errors.Is(err, ErrNoSignalling) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return &ladder, nil
}

const (
	// lookRest is how long a page may be quiet and still be looking at a call.
	lookRest = 30 * time.Second
	// maxLooks of one session are remembered; of one forgotten the next is audited anew.
	maxLooks = 16
)

// looks are the calls that a session's pages look at.
type looks struct {
	mu    sync.Mutex
	until map[string]time.Time
}

// at notes that a page looks at a call. A look that begins is audited first, and
// where that fails there is none; meanwhile the session's other looks wait.
func (l *looks) at(call string, now time.Time, audit func() error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !now.Before(l.until[call]) {
		if err := audit(); err != nil {
			return err
		}
	}
	if l.until == nil {
		l.until = make(map[string]time.Time)
	}
	delete(l.until, call)
	for len(l.until) >= maxLooks {
		l.forgetOldest()
	}
	l.until[call] = now.Add(lookRest)
	return nil
}

func (l *looks) forgetOldest() {
	var oldest string
	for call, until := range l.until {
		if oldest == "" || until.Before(l.until[oldest]) {
			oldest = call
		}
	}
	delete(l.until, oldest)
}
