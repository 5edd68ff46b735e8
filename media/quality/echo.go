package quality

import "time"

const (
	// minSent is how many packets of ours the far side must have had a chance to
	// hear before its silence about them means something.
	minSent = 50
	// reportsStale is how long a far side's last report counts.
	reportsStale = 30 * time.Second
	// behindAfter is how long what a report knows of our sound must be past, beyond the
	// way there and back, to mean that it isn't heard any more: more than a hiccup.
	behindAfter = time.Second
	// guessedRoundTrip is that way as long as it isn't known, longRoundTrip the longest
	// that is reckoned with.
	guessedRoundTrip = 500 * time.Millisecond
	longRoundTrip    = time.Second
	// minEach and maxEach bound the sound of a packet.
	minEach = 10 * time.Millisecond
	maxEach = 120 * time.Millisecond
)

// Echo follows what the far side's reports say of our own sound: whether it is heard,
// and how much of it is lost. The zero value is ready.
type Echo struct {
	told    bool // the latest report that says something had a block about us
	at      time.Time
	source  uint32
	highest uint32
	lost    int32
	sent    uint64
	skipped uint64
	away    time.Duration // how long ours wasn't heard when the latest report came; 0: it was
}

// Told is a far side's report, and where our stream stood when it came.
type Told struct {
	At time.Time
	// About: the report has a block about our stream of that Source; Highest and Lost
	// are its figures, and Behind is how many numbers we were past Highest.
	About   bool
	Source  uint32
	Highest uint32
	Lost    int32
	Behind  uint16
	// Others: without a block about our stream the report says nothing of it: its blocks
	// are about others, since who is in between has renamed it, or the report is of before
	// we did; or its blocks come in a report of their own.
	Others bool
	// Sent packets of ours so far, and Skipped numbers that we left out because what
	// we pass on had been lost before.
	Sent, Skipped uint64
	// RoundTrip is the way there and back, 0 while it isn't known.
	RoundTrip time.Duration
}

// Heard takes a report. ok: there is something to measure, the sample of what passed
// between the last block and this one.
func (e *Echo) Heard(t Told) (sample Sample, ok bool) {
	if !t.About {
		if !t.Others {
			e.untold(t)
		}
		return Sample{}, false
	}
	first, ever := !e.told || e.source != t.Source, e.source != 0
	expected, lost := t.Highest-e.highest, int64(t.Lost)-int64(e.lost)
	sent, skipped := t.Sent-e.sent, min(t.Skipped-e.skipped, uint64(expected))
	before := e.sent
	e.away = e.behind(t, sent)
	if !first && expected == 0 && sent >= minSent {
		e.away = max(e.away, t.At.Sub(e.at), time.Nanosecond)
	}
	e.told, e.at, e.source = true, t.At, t.Source
	e.highest, e.lost, e.sent, e.skipped = t.Highest, t.Lost, t.Sent, t.Skipped
	if first {
		if ever {
			return Sample{}, false
		}
		// All that was sent before the first block ever.
		sample.Expected = uint32(min(t.Sent-min(before, t.Sent), 1<<16))
		sample.Lost = uint32(min(max(t.Lost, 0), int32(sample.Expected)))
		return sample, sample.Expected > 0
	}
	if expected == 0 || expected > 1<<16 {
		return Sample{}, false // nothing new, or the far side began anew
	}
	sample.Expected = expected - uint32(skipped)
	sample.Lost = uint32(min(max(lost-int64(skipped), 0), int64(sample.Expected)))
	return sample, true
}

// untold takes a report without a block: a stream that was heard since the last one
// has its block (RFC 3550 section 6.4), so ours wasn't.
func (e *Echo) untold(t Told) {
	e.told = false
	if t.Sent-e.sent >= minSent {
		e.away = max(e.each(t, t.Sent-e.sent)*time.Duration(min(t.Sent-e.sent, 1<<16)), time.Nanosecond)
		e.sent, e.skipped = t.Sent, t.Skipped
	}
	e.at = t.At
}

// behind is for how long ours hasn't been heard, by how far the report's highest number
// is behind ours; 0 where that is the way there and back, or a hiccup.
func (e *Echo) behind(t Told, sent uint64) time.Duration {
	packets := uint64(t.Behind)
	packets -= min(packets, t.Skipped-e.skipped) // at most these weren't sent
	trip := t.RoundTrip
	if trip == 0 {
		trip = guessedRoundTrip
	}
	trip = min(trip, longRoundTrip)
	if away := time.Duration(packets) * e.each(t, sent); away >= behindAfter+trip {
		return away - trip
	}
	return 0
}

// each is how much sound one of the packets has that were sent since the last report.
func (e *Echo) each(t Told, sent uint64) time.Duration {
	if e.at.IsZero() || sent == 0 {
		return 2 * minEach
	}
	return min(max(t.At.Sub(e.at)/time.Duration(sent), minEach), maxEach)
}

// Trouble is Unheard while the latest report says so, and isn't too old, and how long
// it had been so when it came.
func (e *Echo) Trouble(now time.Time) (Trouble, time.Duration) {
	if e.away > 0 && now.Sub(e.at) < reportsStale {
		return Unheard, e.away
	}
	return None, 0
}
