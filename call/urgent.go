package call

import (
	"context"
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/sip"
)

// urgent is an escalated caller's wait in one line, with those on call who are called
// meanwhile (DOMAIN.md §5). The engine puts her before all others and checks the license
// at each offer; whoever takes her first has her.
type urgent struct {
	ivr.Urgent
	// due: the line has had its time, or nobody is there who may take her.
	due bool
	// absent: nobody is there, as the engine said last.
	absent bool
	// exit is how the line let her go; empty while she has her place.
	exit ivr.QueueExit
	// calls are those to come; resting: the time between two of them passes.
	calls   []onCallCall
	resting bool
}

// onCallCall is one call to one who is on call.
type onCallCall struct {
	list string
	*OnCall
	who OnCallPerson
}

const (
	timerUrgent  = "urgent"  // the line has had its time
	timerTarget  = "target"  // somebody should have her
	timerPresent = "present" // is somebody there?
	timerSpacing = "spacing" // between two calls

	// presentEvery is how often it is looked whether somebody is there.
	presentEvery = 5 * time.Second
)

// presentMessage says whether somebody is there who may take the caller.
type presentMessage struct {
	contact acd.ContactID
	present bool
}

// hurry begins an urgent wait in a line, where the caller stands already.
func (s *session) hurry(request ivr.Urgent) {
	s.urgent = &urgent{Urgent: request, calls: s.onCall(request.OnCall)}
	if request.Line == 0 {
		s.lateSince = time.Time{}
		s.center.counters.escalated.Add(1)
		s.chronicle.record.Escalation = &ledger.Escalation{Queue: s.request.Queue, Target: request.Target, Began: s.center.now()}
		s.timers.set(timerTarget, request.Target)
		s.auditUrgent(s.request.Queue, "", "begun")
	}
	if request.Within > 0 {
		s.timers.set(timerUrgent, request.Within)
	}
	s.askPresent()
}

// onCall lists the calls that would be made, in their order.
func (s *session) onCall(lists []string) []onCallCall {
	var calls []onCallCall
	for _, name := range lists {
		list := s.content.Outside.OnCall[name]
		if list == nil {
			s.log.Error("no such list of those on call", zap.String("list", name))
			continue
		}
		for range list.Rounds {
			for _, who := range list.People {
				calls = append(calls, onCallCall{name, list, who})
			}
		}
	}
	return calls
}

// askPresent asks whether somebody is there who may take the caller, now and again.
func (s *session) askPresent() {
	if s.urgent == nil || s.stage != stageQueue || !s.inEngine {
		return
	}
	contact := s.contact
	s.center.router.ask(func(engine *acd.Engine) {
		s.post(presentMessage{contact, engine.Present(contact)})
	})
}

func (s *session) onPresent(m presentMessage) {
	if s.urgent == nil || s.stage != stageQueue || !s.inEngine || m.contact != s.contact {
		return
	}
	s.timers.set(timerPresent, presentEvery)
	if s.urgent.absent = !m.present; s.urgent.absent && !s.urgent.due {
		s.log.Info("nobody is there for the urgent caller", zap.String("queue", s.request.Queue))
		s.urgent.due = true
	}
	s.further()
}

// onUrgentTimer: one of the urgent wait's timers fired.
func (s *session) onUrgentTimer(name string) {
	switch {
	case name == timerTarget:
		s.late()
	case s.urgent == nil:
	case name == timerPresent:
		s.askPresent()
	case name == timerUrgent:
		s.urgent.due = true
		s.further()
	case name == timerSpacing:
		s.urgent.resting = false
		s.further()
	}
}

// lineOver: the line let the urgent caller go.
func (s *session) lineOver(exit ivr.QueueExit) {
	s.inEngine = false
	s.urgent.exit, s.urgent.due = exit, true
	s.further()
}

// further goes on with an urgent wait after whatever happened: it calls the next one on
// call, or leaves for the next line. While somebody rings, or the line has time, there is
// nothing to do.
func (s *session) further() {
	u := s.urgent
	if u == nil || s.stage != stageQueue || s.summons != nil || s.offer != nil || u.resting || !u.due {
		return
	}
	for len(u.calls) > 0 {
		next := u.calls[0]
		u.calls = u.calls[1:]
		if s.callOnCall(next) {
			return
		}
	}
	switch {
	case u.exit != "":
		s.leaveUrgent(u.exit)
	case u.Further:
		s.leaveUrgent(ivr.ExitTimeout)
	case u.absent:
		s.leaveUrgent(ivr.ExitUnavailable)
	default: // she waits on, as long as the line lets her
	}
}

// leaveUrgent leaves the line for what comes next in the flow.
func (s *session) leaveUrgent(exit ivr.QueueExit) {
	further := s.urgent.Further
	s.leaveLine()
	s.stopUrgent()
	s.log.Info("urgent caller goes on", zap.String("queue", s.request.Queue), zap.String("why", string(exit)))
	if !further {
		s.late()
	}
	s.backToFlow(string(exit), exit)
}

// leaveLine gives the caller's place up. Under another name she may come to any line
// again, whatever is still on its way about the old place.
func (s *session) leaveLine() {
	if !s.inEngine {
		return
	}
	s.inEngine = false
	s.center.router.submit(acd.ContactLeft{Contact: s.contact, Reason: acd.Moved})
	s.asks++
	s.contact = askedContact(s.id, s.asks)
	s.center.alsoKnownAs(s, s.contact)
}

// stopUrgent ends the wait and what runs for it.
func (s *session) stopUrgent() {
	if s.urgent == nil {
		return
	}
	s.urgent = nil
	for _, name := range []string{timerUrgent, timerPresent, timerSpacing} {
		s.timers.stop(name)
	}
	s.dropOnCall("withdrawn")
}

// dropOnCall gives the call to one on call up.
func (s *session) dropOnCall(outcome string) {
	if s.summons == nil {
		return
	}
	s.dropSummons(causeNormal)
	s.tried(outcome)
}

// late raises the alarm, once: nobody has the caller although somebody should.
func (s *session) late() {
	e := s.chronicle.record.Escalation
	s.timers.stop(timerTarget)
	if e == nil || e.Late || e.Outcome != "" {
		return
	}
	e.Late = true
	s.lateSince = s.center.now()
	s.center.counters.escalatedLate.Add(1)
	s.log.Warn("urgent caller has waited longer than the target", zap.String("queue", e.Queue), zap.Duration("target", e.Target))
	s.auditUrgent(e.Queue, "", "late")
	s.saveBeside()
}

// urgentTaken: somebody has the urgent caller.
func (s *session) urgentTaken(by string) {
	s.timers.stop(timerTarget)
	s.lateSince = time.Time{}
	if e := s.chronicle.record.Escalation; e != nil && e.Outcome == "" {
		e.Outcome, e.Waited = by, s.center.now().Sub(e.Began)
		s.auditUrgent(e.Queue, "", by)
	}
}

// callOnCall calls one who is on call; false where that one isn't called.
func (s *session) callOnCall(next onCallCall) bool {
	if next.who.Duty != nil && !next.who.Duty(s.center.now()) {
		return false
	}
	if ok, why := s.mayCall(next.who); !ok {
		s.log.Info("on call, but not licensed where the caller is", zap.String("list", next.list), zap.String("who", next.who.Name), zap.String("why", why))
		return false
	}
	s.chronicle.onCallBegun(s.center.now(), next.list, next.who.Name)
	s.log.Info("calling one on call", zap.String("list", next.list), zap.String("who", next.who.Name))
	s.calling = next
	why := s.summon(next.who.Number, next.Ring, summons{
		ask: s.askClips(s.urgent.Ask), accept: next.Accept,
		taken: s.onCallTakes,
		over:  s.onCallOver,
	})
	if why != "" {
		s.onCallOver(why)
	}
	return true
}

// mayCall says whether one on call may take the caller, by the license that the line
// asks for, today, where she is: it never relaxes.
func (s *session) mayCall(who OnCallPerson) (ok bool, why string) {
	switch {
	case who.Agent != "":
		return s.content.Rules.MayTakeToday(who.Agent, s.asContact(*s.request), s.center.now())
	case who.AnyState, slices.Contains(who.States, s.request.State):
		return true, ""
	}
	return false, "not for callers in " + s.request.State
}

// onCallOver: this one doesn't take the caller; after a moment the next is called.
func (s *session) onCallOver(why string) {
	s.tried(why)
	if s.urgent != nil {
		s.urgent.resting = true
		s.timers.set(timerSpacing, s.calling.Spacing)
	}
}

// tried notes what came of a call to one on call.
func (s *session) tried(outcome string) {
	s.log.Info("one on call tried", zap.String("list", s.calling.list), zap.String("who", s.calling.who.Name), zap.String("outcome", outcome))
	s.chronicle.onCallEnded(s.center.now(), outcome)
	s.auditUrgent(s.calling.list, s.calling.who.Name, outcome)
}

// onCallTakes gives the caller to one on call, who has pressed the key.
func (s *session) onCallTakes() {
	u := s.urgent
	s.stopUrgent()
	s.ringOver("withdrawn", "one on call has taken the caller")
	s.leaveLine()
	s.timers.stop(timerAnnounce)
	s.tried("accepted")
	s.urgentTaken(byOnCall)
	s.center.counters.onCallTook.Add(1)
	s.transfer.whom, s.transfer.urgent = s.calling.who.Name, &u.Urgent
}

// Who took an urgent caller, for the record.
const (
	byAgent  = "agent"
	byOnCall = "on_call"
)

// urgentAgain: the line to one on call broke, and the caller is back where she was.
func (s *session) urgentAgain(e sip.Event) bool {
	again := s.transfer.urgent
	if again == nil || e.By == sip.ByRemote {
		return false
	}
	s.log.Warn("the line to one on call broke; the caller is back in line")
	s.dropTransfer(causeOutOfOrder)
	s.transfer, s.wasUrgent = transfer{}, again
	s.backInLine("connection_lost")
	return true
}

// urgentTalk ends an urgent wait for an agent who has the caller, and keeps what it was.
func (s *session) urgentTalk() {
	s.wasUrgent = nil
	if s.urgent != nil {
		s.wasUrgent = &s.urgent.Urgent
	}
	s.stopUrgent()
	s.urgentTaken(byAgent)
}

// hurryAgain goes on with the urgent wait of a caller whom somebody has lost. Those on
// call are called at once: she has waited.
func (s *session) hurryAgain() {
	if again := s.wasUrgent; again != nil {
		s.wasUrgent = nil
		s.urgent = &urgent{Urgent: *again, calls: s.onCall(again.OnCall), due: true}
		s.askPresent()
	}
}

// auditUrgent takes down what is done for an urgent caller: no number and nobody's data
// is in it.
func (s *session) auditUrgent(subject, who, outcome string) {
	entry := ledger.AuditEntry{Kind: ledger.AuditEscalation, Call: s.id, Actor: "flow:" + s.run.Flow(), Subject: subject, Field: who, Outcome: outcome}
	before := s.audited
	done := make(chan struct{})
	s.audited = done
	s.beside.Go(func() {
		defer s.survive(nil)
		defer close(done)
		if before != nil {
			<-before
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
		defer cancel()
		if _, err := s.center.records.Append(ctx, entry); err != nil {
			s.log.Error("escalation not audited", zap.String("outcome", outcome), zap.Error(err))
		}
	})
}
