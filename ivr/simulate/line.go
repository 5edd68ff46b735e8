package simulate

import (
	"time"

	"careline/ivr"
	"careline/phi"
)

// line is the call as its flow sees it (ivr.Line).
type line struct{ *Call }

func (l line) Play(playback ivr.Playback) {
	l.row = &row{id: playback.ID, prompts: playback.Prompts, next: l.now}
}

func (l line) StopPlaying() {
	if l.row != nil {
		l.tell(Event{Kind: Stopped})
	}
	l.row = nil
}

func (l line) SetTimer(id ivr.TimerID, d time.Duration) { l.timers[id] = l.now + d }

func (l line) StopTimer(id ivr.TimerID) { delete(l.timers, id) }

func (l line) Verify(claim ivr.Claim) {
	c := l.Call
	c.after(VerifyTakes, func() {
		var who *Member
		c.verified, who = c.world.verify(claim)
		if who != nil {
			c.member = who
		}
		c.tell(Event{Kind: Checked, Outcome: c.verified})
		c.run.Verified(c.verified)
	})
}

func (l line) ReadFact(name string) {
	c := l.Call
	c.after(FactTakes, func() {
		if !c.hears(name) || c.member.Facts[name] == "" {
			c.run.FactRead(name, "", errNoFact)
			return
		}
		c.run.FactRead(name, c.member.Facts[name], nil)
	})
}

// Record tells when the flow ends the recording, or begins it again.
func (l line) Record(on bool) {
	reason := "off"
	if on {
		reason = "on"
	}
	l.tell(Event{Kind: Recording, Reason: reason})
}

// Refused is an error of the checker's: it should have refused the flow.
func (l line) Refused(reason string) { l.tell(Event{Kind: Refused, Reason: reason}) }

// LookUp asks the world. One that is given a fact which can't be read fails, as on
// a real line.
func (l line) LookUp(request ivr.LookUpRequest) {
	c := l.Call
	c.after(LookUpTakes, func() {
		answer, known := c.world.LookUps[request.Name]
		for _, fact := range request.Facts {
			known = known && c.hears(ivr.LookUpPrefix+request.Name) && c.member.Facts[fact] != ""
		}
		if !known {
			answer = ivr.LookUpAnswer{Outcome: ivr.LookUpFailed}
		}
		c.tell(Event{Kind: LookedUp, LookUp: request.Name, Found: answer.Outcome})
		c.run.LookedUp(request.ID, answer)
	})
}

func (l line) Queue(request ivr.QueueRequest) {
	l.queued, l.announce, l.offer = &request, l.now+request.Hold.Every, l.now+request.OfferAfter
	l.tell(Event{Kind: Queued, Request: &request})
	if request.Urgent != nil {
		l.hurry = l.now + request.Urgent.Within
	}
}

// CallingNumber is the world's, where it may be called.
func (l line) CallingNumber() phi.Digits {
	if !l.MayCall(l.world.Number) {
		return phi.Digits{}
	}
	return l.world.Number
}

// MayCall allows every number but those of the area 900.
func (l line) MayCall(number phi.Digits) bool {
	area := number
	for area.Len() > 3 {
		area = area.WithoutLast()
	}
	return number.Len() == 10 && !area.Is("900")
}

// CallBack keeps a callback as the world says; nothing said, it is kept.
func (l line) CallBack(request ivr.CallBackRequest) {
	c := l.Call
	c.after(CallBackTakes, func() {
		outcome := c.world.CallBack
		if outcome == "" {
			outcome = ivr.CallBackKept
		}
		c.tell(Event{Kind: CalledBack, CallBack: outcome, Request: &request.Queue})
		c.run.CalledBack(outcome)
	})
}

func (l line) HangUp(reason string) {
	l.over, l.hungUp, l.row = true, reason, nil
	l.tell(Event{Kind: HungUp, Reason: reason})
}

func (l line) Entered(step ivr.StepName) { l.tell(Event{Kind: Entered, Step: step}) }

func (l line) Took(edge ivr.EdgeName) {
	l.taken++
	l.tell(Event{Kind: Took, Edge: edge})
}

func (l line) Now() time.Time { return l.world.Begins.Add(l.now) }
