package call

import (
	"time"

	"careline/ledger"
)

// chronicle keeps a call's record while the call lives. Segments of its
// timeline follow each other without a gap; ring_agent and consult lie within them,
// and wrap_up comes after the agent's part.
type chronicle struct {
	record ledger.CallRecord
	// open is the index of the timeline's open segment, ring that of a ringing
	// agent's, consult that of a consultation, conference that of a conference; -1
	// for none.
	open, ring, consult, conference int
	onCall                          int // of a call to one on call
	// wraps are those of the wrap-ups: after a transfer that failed a second agent
	// may begin before the first is done.
	wraps map[string]int
}

func newChronicle(record ledger.CallRecord) *chronicle {
	return &chronicle{record: record, open: -1, ring: -1, consult: -1, conference: -1, onCall: -1, wraps: map[string]int{}}
}

// Bounds of a record, so that a robot that goes round in a menu for hours can't
// make one that is too long to be kept.
const (
	// maxPath is how many steps are on record: the latest, after a "…".
	maxPath = 200
	// maxSegments are on record; then the open one goes on, rings leave no trace.
	maxSegments = 500
)

// appendStep adds a step to a path.
func appendStep(path []string, step string) []string {
	if len(path) < maxPath {
		return append(path, step)
	}
	copy(path[1:], path[2:])
	path[0], path[maxPath-1] = "…", step
	return path
}

// enter closes the open segment with its outcome and opens the next.
func (c *chronicle) enter(now time.Time, outcome string, next ledger.Segment) {
	if len(c.record.Segments) >= maxSegments {
		return
	}
	c.finish(&c.open, now, outcome)
	c.open = c.begin(now, next)
}

// since is when the timeline's open segment began; when the call did before there is one.
func (c *chronicle) since() time.Time {
	if c.open < 0 {
		return c.record.Started
	}
	return c.record.Segments[c.open].Start
}

// ringAgent opens a ring_agent segment; ringEnded closes it.
func (c *chronicle) ringAgent(now time.Time, queue, agent string) {
	if len(c.record.Segments) >= maxSegments {
		return
	}
	c.ring = c.begin(now, ledger.Segment{Kind: ledger.SegmentRingAgent, Queue: queue, Agent: agent})
}

func (c *chronicle) ringEnded(now time.Time, outcome string) { c.finish(&c.ring, now, outcome) }

// onCallBegun opens an on_call segment; onCallEnded closes it.
func (c *chronicle) onCallBegun(now time.Time, list, who string) {
	if len(c.record.Segments) < maxSegments {
		c.onCall = c.begin(now, ledger.Segment{Kind: ledger.SegmentOnCall, Queue: list, Agent: who})
	}
}

func (c *chronicle) onCallEnded(now time.Time, outcome string) { c.finish(&c.onCall, now, outcome) }

// consultBegun opens a consult segment; consultEnded closes it.
func (c *chronicle) consultBegun(now time.Time, agent string) {
	if len(c.record.Segments) < maxSegments {
		c.consult = c.begin(now, ledger.Segment{Kind: ledger.SegmentConsult, Agent: agent})
	}
}

func (c *chronicle) consultEnded(now time.Time, outcome string) { c.finish(&c.consult, now, outcome) }

// conferenceBegun opens a conference segment; conferenceEnded closes it.
func (c *chronicle) conferenceBegun(now time.Time, agent string) {
	if len(c.record.Segments) < maxSegments {
		c.conference = c.begin(now, ledger.Segment{Kind: ledger.SegmentConference, Agent: agent})
	}
}

func (c *chronicle) conferenceEnded(now time.Time, outcome string) {
	c.finish(&c.conference, now, outcome)
}

// superviseBegun opens a supervisor's segment and returns its index, -1 for none;
// superviseEnded closes it.
func (c *chronicle) superviseBegun(now time.Time, supervisor string, mode Mode) int {
	if len(c.record.Segments) >= maxSegments {
		return -1
	}
	kind := map[Mode]ledger.SegmentKind{Listen: ledger.SegmentListen, Whisper: ledger.SegmentWhisper, BargeIn: ledger.SegmentBargeIn}[mode]
	return c.begin(now, ledger.Segment{Kind: kind, Agent: supervisor})
}

func (c *chronicle) superviseEnded(now time.Time, index int) { c.finish(&index, now, "ended") }

// end closes the call: whoever ended it first stays on record.
func (c *chronicle) end(now time.Time, by ledger.EndedBy, why, outcome string) {
	if !c.record.Ended.IsZero() {
		return
	}
	c.ringEnded(now, outcome)
	c.onCallEnded(now, outcome)
	c.consultEnded(now, outcome)
	c.conferenceEnded(now, outcome)
	c.finish(&c.open, now, outcome)
	c.record.Ended, c.record.EndedBy, c.record.Why = now, by, why
}

func (c *chronicle) wrapUp(now time.Time, agent string) {
	c.wraps[agent] = c.begin(now, ledger.Segment{Kind: ledger.SegmentWrapUp, Agent: agent})
}

func (c *chronicle) wrapUpEnded(now time.Time, agent, outcome string) {
	if index, open := c.wraps[agent]; open {
		delete(c.wraps, agent)
		c.finish(&index, now, outcome)
	}
}

// wrapUpsEnded closes those that are still open.
func (c *chronicle) wrapUpsEnded(now time.Time, outcome string) {
	for agent := range c.wraps {
		c.wrapUpEnded(now, agent, outcome)
	}
}

func (c *chronicle) begin(now time.Time, segment ledger.Segment) int {
	segment.Start = now
	c.record.Segments = append(c.record.Segments, segment)
	return len(c.record.Segments) - 1
}

func (c *chronicle) finish(index *int, now time.Time, outcome string) {
	if *index < 0 {
		return
	}
	segment := &c.record.Segments[*index]
	segment.End, segment.Outcome = now, outcome
	*index = -1
}

// snapshot is the record as it stands, safe to hand to another goroutine.
func (c *chronicle) snapshot() ledger.CallRecord {
	record := c.record
	record.Path = append([]string(nil), record.Path...)
	record.Segments = append([]ledger.Segment(nil), record.Segments...)
	record.Sound = append([]ledger.LegSound(nil), record.Sound...)
	return record
}
