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
	// Unheard: the far side reports that nothing of ours reaches it.
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
	// minSent is how many packets of ours the far side must have had a chance to
	// hear before its silence about them means something.
	minSent = 50
	// reportsStale is how long a far side's last report counts.
	reportsStale = 30 * time.Second
	// maxUntold is how many reports in a row without a word on our sound, though it
	// was sent, say that it isn't heard.
	maxUntold = 2
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

// Echo follows what the far side's reports say of our own sound: whether it is heard,
// and how much of it is lost. The zero value is ready.
type Echo struct {
	told    bool // some report had a block about us
	at      time.Time
	source  uint32
	highest uint32
	lost    int32
	sent    uint64
	skipped uint64
	untold  int // reports in a row without a block, though we had sent
	unheard bool
}

// Told is a far side's report, and where our stream stood when it came.
type Told struct {
	At time.Time
	// About: the report has a block about our stream of that Source; Highest and Lost
	// are its figures.
	About   bool
	Source  uint32
	Highest uint32
	Lost    int32
	// Sent packets of ours so far, and Skipped numbers that we left out because what
	// we pass on had been lost before.
	Sent, Skipped uint64
}

// Heard takes a report. ok: there is something to measure, the sample of what passed
// between the last block and this one.
func (e *Echo) Heard(t Told) (sample Sample, ok bool) {
	sent := t.Sent - e.sent
	if !t.About {
		if sent >= minSent {
			e.untold++
			e.sent, e.skipped = t.Sent, t.Skipped
			e.unheard = e.unheard || e.untold >= maxUntold
		}
		e.at, e.told = t.At, false
		return Sample{}, false
	}
	first, ever := !e.told || e.source != t.Source, e.source != 0
	expected, lost := t.Highest-e.highest, int64(t.Lost)-int64(e.lost)
	skipped := min(t.Skipped-e.skipped, uint64(expected))
	before := e.sent
	e.told, e.untold, e.at, e.source = true, 0, t.At, t.Source
	e.highest, e.lost, e.sent, e.skipped = t.Highest, t.Lost, t.Sent, t.Skipped
	if first {
		e.unheard = false
		if ever {
			return Sample{}, false
		}
		// All that was sent before the first block ever.
		sample.Expected = uint32(min(t.Sent-min(before, t.Sent), 1<<16))
		sample.Lost = uint32(min(max(t.Lost, 0), int32(sample.Expected)))
		return sample, sample.Expected > 0
	}
	e.unheard = expected == 0 && t.Sent-before >= minSent
	if expected == 0 || expected > 1<<16 {
		return Sample{}, false // nothing new, or the far side began anew
	}
	sample.Expected = expected - uint32(skipped)
	sample.Lost = uint32(min(max(lost-int64(skipped), 0), int64(sample.Expected)))
	return sample, true
}

// Trouble is Unheard while the latest reports say so, and are not too old.
func (e *Echo) Trouble(now time.Time) Trouble {
	if e.unheard && now.Sub(e.at) < reportsStale {
		return Unheard
	}
	return None
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
