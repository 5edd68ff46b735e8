package call

import (
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
)

// offerCallback: the caller has waited long. The flow goes on elsewhere, while the place
// in line is kept: an agent who is free takes the call all the same.
func (s *session) offerCallback() {
	if s.stage != stageQueue || s.offer != nil || s.offered || s.callback != nil {
		return
	}
	s.offered, s.keeps = true, true
	s.timers.stop(timerAnnounce)
	s.stopPlaying()
	s.chronicle.enter(s.center.now(), "callback_offered", ledger.Segment{Kind: ledger.SegmentIVR})
	s.enter(stageFlow)
	s.run.LeftQueue(ivr.ExitOffer)
}

// taken: an agent takes a caller who kept a place in line.
func (s *session) taken() {
	if s.keeps {
		s.keeps = false
		s.run.Taken()
	}
}

// returned puts a caller back who kept a place in line; false if there is none, or
// another line is wanted.
func (s *session) returned(request ivr.QueueRequest) bool {
	if !s.keeps {
		return false
	}
	s.keeps = false
	if request.Queue != s.request.Queue {
		if s.inEngine {
			s.inEngine = false
			s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: acd.Moved})
		}
		return false
	}
	s.request = &request
	s.inLine(s.center.now())
	if !s.inEngine { // the engine let the call go meanwhile
		s.post(leaveMessage{Contact: s.contact, Why: s.exited})
	}
	return true
}

// inLine lets the caller hear music, in the queue of the request.
func (s *session) inLine(now time.Time) {
	s.chronicle.enter(now, "queued", ledger.Segment{Kind: ledger.SegmentQueue, Queue: s.request.Queue})
	s.enter(stageQueue)
	s.waitWithMusic()
}

// forgetPlace gives up a place in line that was kept.
func (s *session) forgetPlace() {
	s.keeps = false
	if s.inEngine {
		s.ringOver(string(acd.Moved), "a callback is kept in its place")
		s.inEngine = false
		s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: acd.Moved})
	}
}
