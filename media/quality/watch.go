package quality

import "time"

// Trouble is why somebody isn't heard.
type Trouble uint8

const (
	// None: all is well, or nothing is known.
	None Trouble = iota
	// NoPackets: none come, though the far side should send.
	NoPackets
	// Dead: packets come, and hold nothing but digital silence: a dead microphone, or
	// one that is muted. Somebody who says nothing has a noise floor.
	Dead
	// Unheard: the far side reports that nothing of ours reaches it, or nothing can be
	// sent there.
	Unheard
)

// String names the trouble, as records and logs have it; empty for None.
func (t Trouble) String() string { return [...]string{"", "no_packets", "dead", "unheard"}[t&3] }

const (
	// OneWayAfter is how long sound must be away to count as one-way: with the time
	// between two looks, and the way to a page, it is seen within 5 s.
	OneWayAfter = 3500 * time.Millisecond
	// GatedAfter is the same for the digital silence of a far side that sends some
	// between words as well, by a noise gate or by noise suppression.
	GatedAfter = 30 * time.Second
)

// Hearing is what is known at one look of the sound that should come.
type Hearing struct {
	// Expected: the far side is to send.
	Expected bool
	// Quiet is since when no packet has come, Dead since when they hold nothing but
	// digital silence; 0 if they do.
	Quiet, Dead time.Duration
	// Gates: the far side makes digital silence between words, too. Suppresses: it
	// stops sending between words (voice activity detection).
	Gates, Suppresses bool
}

// Trouble judges what was found, and says for how long it has been so.
func (h Hearing) Trouble() (Trouble, time.Duration) {
	deadAfter := OneWayAfter
	if h.Gates {
		deadAfter = GatedAfter
	}
	switch {
	case !h.Expected:
		return None, 0
	case h.Quiet >= OneWayAfter:
		if h.Suppresses {
			return None, 0
		}
		return NoPackets, h.Quiet
	case h.Dead >= deadAfter:
		return Dead, h.Dead
	}
	return None, 0
}

// Watch keeps which troubles a leg has, and for how long. The zero value is ready.
type Watch struct {
	directions [2]watched
	at         time.Time
}

// Of the two directions of a leg.
const (
	FromFar = iota // what the far side says
	ToFar          // what it hears
)

type watched struct {
	trouble Trouble
	lasted  time.Duration
}

// Look notes what was found in each direction, and for how long it had been so
// before it was found; it reports which directions have changed. Time counts where
// somebody listens: a caller who waits in line needn't say anything.
func (w *Watch) Look(now time.Time, listened bool, found [2]Trouble, before [2]time.Duration) (changed [2]bool) {
	for i := range w.directions {
		d := &w.directions[i]
		switch {
		case !listened:
		case d.trouble != None && !w.at.IsZero():
			d.lasted += now.Sub(w.at)
		case found[i] != None:
			d.lasted += before[i]
		}
		changed[i] = found[i] != d.trouble
		d.trouble = found[i]
	}
	w.at = now
	return changed
}

// Now is a direction's trouble.
func (w *Watch) Now(direction int) Trouble { return w.directions[direction].trouble }

// Take returns how long a direction had troubles, and begins to count anew.
func (w *Watch) Take(direction int) time.Duration {
	taken := w.directions[direction].lasted
	w.directions[direction].lasted = 0
	return taken
}
