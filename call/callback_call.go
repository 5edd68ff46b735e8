package call

import (
	"encoding/json"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/phi"
	"careline/sip"
	"careline/sip/passport"
)

// promise is a call's side of a callback that it is an attempt at.
type promise struct {
	kept ledger.Callback
	// agent waits while the call is made; empty where nobody does.
	agent acd.AgentID
	// dialed: the number is being called, or was.
	dialed bool
	// reached: a person is there, and came to the queue.
	reached bool
	// cause is why nobody was reached; empty: by how the call ended.
	cause acd.MissCause
}

// pending: the session calls somebody back, and nobody is reached yet.
func (s *session) pending() bool { return s.callback != nil && !s.callback.reached }

// beginCallback makes the call for a callback that an agent is offered, or whose caller
// is to be called. It runs until somebody is reached, or its one attempt is over.
func (c *Center) beginCallback(kept ledger.Callback, first message) {
	var contact acd.Contact
	content := c.content.Load()
	line := content.Lines[kept.Dialed]
	line.Name, line.Flow = kept.Line, content.Callbacks[kept.Queue].Flow
	s := c.newSession(c.options.NewID(), &calledDialog{dialed: kept.Dialed}, line, content)
	s.contact, s.inEngine, s.left = acd.ContactID(kept.ID), true, true
	s.callback = &promise{kept: kept}
	s.arrived = kept.Asked
	if err := json.Unmarshal(kept.Contact, &contact); err != nil {
		s.log.Error("callback can't be read", zap.String("callback", kept.ID), zap.Error(err))
	}
	s.request = &ivr.QueueRequest{Queue: kept.Queue, Skills: contact.Skills, Priority: contact.Priority, Language: kept.Language, State: contact.State, Credential: string(contact.Credential), Reason: kept.Reason}
	record := &s.chronicle.record
	record.Callback, record.Language, record.Reason, record.State = kept.ID, kept.Language, kept.Reason, contact.State
	c.mu.Lock()
	if c.ended {
		c.mu.Unlock()
		s.cancel(nil)
		return
	}
	c.sessions[s.contact] = s
	c.running.Add(1)
	c.mu.Unlock()
	s.post(first)
	go func() {
		defer c.running.Done()
		defer c.forget(s)
		s.live()
	}()
}

// beginWaiting: the call stands by until an agent has taken the offer, or it is to be made.
func (s *session) beginWaiting() {
	s.chronicle.enter(s.center.now(), "", ledger.Segment{Kind: ledger.SegmentQueue, Queue: s.callback.kept.Queue})
	s.enter(stageQueue)
	s.log.Info("callback begins", zap.String("callback", s.callback.kept.ID), zap.String("queue", s.callback.kept.Queue))
}

// agentAwaits: the agent has taken a callback and stays while its number is called.
func (s *session) agentAwaits() {
	s.chronicle.ringEnded(s.center.now(), "answered")
	s.callback.agent = s.offer.Agent
	s.center.router.submit(acd.TalkStarted{Offer: s.offer.ID})
	s.show()
	s.dialCallee()
}

// dialCallee reads the number, which is audited, and calls it.
func (s *session) dialCallee() {
	if s.callback.dialed || s.stage != stageQueue {
		return
	}
	s.callback.dialed = true
	access := phi.Access{Call: s.id, Actor: "system:callback", Subject: s.callback.kept.ID, Field: "callback number", Purpose: phi.CallingBack}
	number := s.callback.kept.Number
	s.beside.Go(func() {
		answer := calleeMessage{err: errBroke}
		defer func() { s.post(answer) }()
		defer s.survive(nil)
		text, err := number.Reveal(s.ctx, s.center.records, access)
		answer = calleeMessage{number: sip.NewNumber(text), err: err}
	})
}

func (s *session) onCallee(m calleeMessage) {
	if !s.pending() || s.stage != stageQueue {
		return
	}
	if m.err != nil || !s.center.takePlace(s) {
		s.log.Error("callback not made", zap.Error(m.err))
		s.miss(acd.NotCalled, "the call could not be made")
		return
	}
	now := s.center.now()
	s.chronicle.enter(now, "", ledger.Segment{Kind: ledger.SegmentRing})
	s.enter(stageRinging)
	leg, err := s.center.sound.OpenRTP(media.LegOptions{ID: s.id, Notify: func(e media.Event) { s.post(soundMessage(e)) }})
	if err != nil {
		s.miss(acd.NotCalled, "no sound: "+err.Error())
		return
	}
	s.leg = leg
	if s.center.trunks == nil {
		s.miss(acd.NotCalled, "there are no trunks")
		return
	}
	target, err := s.center.trunks.Place(sip.Placement{ID: s.id, Number: m.number, Local: leg.Local(), Notify: func(e sip.Event) { s.post(sipMessage(e)) }})
	if err != nil {
		cause := acd.CallFailed
		if placeStatus(err) == 503 {
			cause = acd.NotCalled
		}
		s.miss(cause, "the number was not called: "+err.Error())
		return
	}
	s.dialog = &calledDialog{TargetDialog: target, dialed: s.callback.kept.Dialed, number: m.number}
	s.timers.set(timerCallee, s.center.options.TransferRing)
	s.show()
}

// takePlace counts a callback among the calls that are up; false if there is no room.
func (c *Center) takePlace(s *session) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.draining || c.callers >= c.options.MaxCalls {
		return false
	}
	c.callers++
	s.left = false
	return true
}

// onCalleeSIP takes what whoever is called back does; false if it is nothing special.
func (s *session) onCalleeSIP(e sip.Event) bool {
	if s.callback == nil {
		return false
	}
	switch {
	case e.Kind == sip.EventProgress:
		s.show()
	case e.Kind == sip.EventAnswered && s.stage == stageRinging:
		s.timers.stop(timerCallee)
		if err := s.leg.Agree(e.Agreement.Remote, e.Agreement.Format); err != nil {
			s.miss(acd.CallFailed, "no codec was agreed")
			break
		}
		s.acked = true
		s.beginFlow()
		s.show()
	case e.Kind == sip.EventEnded && s.stage == stageRinging:
		s.hungUp = true
		status := refusalOf(e)
		s.chronicle.record.SIPStatus = status
		cause := acd.CallFailed
		switch failure(status) {
		case "busy":
			cause = acd.CalleeBusy
		case "no_answer", "declined":
			cause = acd.CalleeNoAnswer
		}
		if status == 503 {
			cause = acd.NotCalled
		}
		s.miss(cause, "nobody answered: "+string(cause))
	default:
		return false
	}
	return true
}

// miss ends the attempt.
func (s *session) miss(cause acd.MissCause, why string) {
	s.callback.cause = cause
	s.end(ledger.BySystem, "callback: "+why, causeNormal)
}

// calleeReady: who was called back has come to the queue. Without a single key it is
// taken for a machine (DOMAIN.md §7): nothing is left there.
func (s *session) calleeReady(request ivr.QueueRequest) {
	if s.chronicle.record.DigitCount == 0 {
		s.miss(acd.CalleeMachine, "nobody pressed a key")
		return
	}
	now := s.center.now()
	s.callback.reached = true
	s.request = &request
	s.chronicle.record.Language, s.chronicle.record.Reason, s.chronicle.record.State = request.Language, request.Reason, request.State
	s.center.closeCallback(s.contact, ledger.CallbackReached, "a person answered")
	if !s.inEngine { // it was over meanwhile
		s.inLine(now)
		s.arrive(s.asContact(request))
		return
	}
	s.center.router.submit(acd.CallbackReached{Contact: s.contact})
	if s.callback.agent != "" && s.offer != nil {
		s.join()
		return
	}
	s.inLine(now)
}

// missCause is why nobody was reached in a call that is over.
func (s *session) missCause() acd.MissCause {
	switch record := &s.chronicle.record; {
	case s.callback.cause != "":
		return s.callback.cause
	case s.stage == stageFlow && record.EndedBy == ledger.ByCaller && record.DigitCount > 0:
		return acd.CalleeHungUp
	case s.stage == stageFlow:
		return acd.CalleeMachine
	}
	return acd.NotCalled
}

// callbackProgress is what the page of the agent says of a callback.
func (s *session) callbackProgress() string {
	switch {
	case !s.pending():
		return ""
	case s.callback.agent == "":
		return "offered"
	case s.stage == stageFlow:
		return "answered"
	}
	return "calling"
}

// awaitingCommand takes a command of the agent who waits while the number is called.
func (s *session) awaitingCommand(c Command) error {
	if c.Kind != HangUp || s.stage == stageFlow { // where somebody has answered
		return ErrBadCommand
	}
	s.miss(acd.NotCalled, "the agent gave it up")
	return nil
}

// calledDialog is the dialog with somebody whom we call back. A number of ours isn't
// anybody's to transfer, and none of it was signed by a carrier.
type calledDialog struct {
	TargetDialog // nil until the number is called
	dialed       string
	number       sip.Number
}

func (d *calledDialog) ID() string                       { return "" }
func (d *calledDialog) Name(string)                      {}
func (d *calledDialog) Dialed() string                   { return d.dialed }
func (d *calledDialog) Caller() sip.Number               { return d.number }
func (d *calledDialog) Forwards() sip.Forwards           { return sip.Forwards{} }
func (d *calledDialog) Remote() netip.AddrPort           { return netip.AddrPort{} }
func (d *calledDialog) Check() error                     { return nil }
func (d *calledDialog) Signature() (passport.Call, bool) { return passport.Call{}, false }
func (d *calledDialog) Agreement() (sip.Agreement, bool) { return sip.Agreement{}, false }
func (d *calledDialog) Notify(func(sip.Event))           {}
func (d *calledDialog) Phone() string                    { return "" }
func (d *calledDialog) Ringing() error                   { return nil }
func (d *calledDialog) Progress(media.Description) error { return nil }
func (d *calledDialog) Answer(media.Description) error   { return errNoDialog }
func (d *calledDialog) AcceptRefer() error               { return errNoDialog }
func (d *calledDialog) ReferProgress(int) error          { return errNoDialog }
func (d *calledDialog) Is(*sip.Dialog) bool              { return false }

func (d *calledDialog) Refuse(int, string, time.Duration) error { return d.HangUp(causeNormal, "") }

func (d *calledDialog) HangUp(q850 int, text string) error {
	if d.TargetDialog == nil {
		return nil
	}
	return d.TargetDialog.HangUp(q850, text)
}

// onCallback takes what only a call has whose caller isn't reached yet.
func (s *session) onCallback(m message) {
	if !s.pending() {
		return
	}
	switch m := m.(type) {
	case dialMessage:
		s.dialCallee()
	case calleeMessage:
		s.onCallee(m)
	case callbackOverMessage:
		s.inEngine = false
		s.end(ledger.BySystem, "callback: "+m.why, causeNormal)
	}
}
