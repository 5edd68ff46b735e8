package call

import (
	"context"
	"errors"
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
	"careline/media"
)

// Mode is how a supervisor takes part in a call.
type Mode string

const (
	// Listen: the supervisor hears all, and is heard by nobody.
	Listen Mode = "listen"
	// Whisper: the agent alone hears the supervisor.
	Whisper Mode = "whisper"
	// BargeIn: everybody hears the supervisor.
	BargeIn Mode = "barge_in"
)

// Modes lists all modes, the quietest first.
func Modes() []Mode { return []Mode{Listen, Whisper, BargeIn} }

const (
	// maxSupervisors are in one call at once.
	maxSupervisors = 4
	// ReasonSupervising is why a supervisor who was available, and went into an
	// agent's call, is away.
	ReasonSupervising = "supervising"
)

// supervision is a supervisor's part in a call.
type supervision struct {
	mode    Mode
	leg     Leg // nil while the supervisor's sound is away
	segment int // of the record
}

// superviseMessage: a supervisor wants to hear a call in a mode; leave it, where
// that is empty.
type superviseMessage struct {
	ctx        context.Context // of who asks
	supervisor acd.AgentID
	mode       Mode
	reply      chan<- error
}

func (s *session) onSupervise(m superviseMessage) {
	if err := m.ctx.Err(); err != nil { // nobody waits for it any more
		m.reply <- err
		return
	}
	m.reply <- s.supervise(m.supervisor, m.mode)
}

// supervise lets a supervisor take part, or changes how.
func (s *session) supervise(supervisor acd.AgentID, mode Mode) error {
	is, already := s.supervisors[supervisor]
	switch {
	case mode == "":
		s.stopSupervising(supervisor)
		return nil
	case !s.withAgent() || supervisor == s.agent:
		return ErrNoTalk
	case !already && len(s.supervisors) >= maxSupervisors:
		return ErrBusy
	}
	device := s.center.devices[supervisor]
	leg := device.sound()
	if leg == nil {
		return ErrNoSound
	}
	if already {
		s.superviseEnds(supervisor, is)
	}
	s.supervisors[supervisor] = &supervision{mode: mode, leg: leg, segment: s.chronicle.superviseBegun(s.center.now(), string(supervisor), mode)}
	s.log.Info("supervision begun", zap.String("agent", string(supervisor)), zap.String("mode", string(mode)))
	device.setSupervised(acd.ContactID(s.id), mode)
	s.arrange()
	s.show()
	return nil
}

// superviseEnds closes one stretch of supervision in record and audit.
func (s *session) superviseEnds(supervisor acd.AgentID, is *supervision) {
	s.chronicle.superviseEnded(s.center.now(), is.segment)
	entry := superviseEntry(s.id, supervisor, is.mode, "ended")
	s.beside.Go(func() {
		defer s.survive(nil)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(s.ctx), saveTimeout)
		defer cancel()
		if _, err := s.center.records.Append(ctx, entry); err != nil {
			s.log.Error("end of supervision not audited", zap.String("agent", string(supervisor)), zap.Error(err))
		}
	})
}

// stopSupervising takes a supervisor out of the call.
func (s *session) stopSupervising(supervisor acd.AgentID) {
	is := s.supervisors[supervisor]
	if is == nil {
		return
	}
	delete(s.supervisors, supervisor)
	s.superviseEnds(supervisor, is)
	s.log.Info("supervision over", zap.String("agent", string(supervisor)))
	s.center.devices[supervisor].unsupervise(acd.ContactID(s.id))
	s.arrange()
	s.show()
}

// stopAllSupervising: there is no agent any more whom to supervise.
func (s *session) stopAllSupervising() {
	for _, supervisor := range s.supervising() {
		s.stopSupervising(supervisor)
	}
}

// supervising are the supervisors in the call, in a fixed order.
func (s *session) supervising() []acd.AgentID {
	var list []acd.AgentID
	for supervisor := range s.supervisors {
		list = append(list, supervisor)
	}
	slices.Sort(list)
	return list
}

// supervisorSides are the supervisors among a call's sides.
func (s *session) supervisorSides() []side {
	var sides []side
	for _, supervisor := range s.supervising() {
		switch is := s.supervisors[supervisor]; {
		case is.leg == nil:
		case is.mode == BargeIn:
			sides = append(sides, side{leg: is.leg, role: media.Talking})
		case is.mode == Whisper && s.agentLeg != nil && s.stage.withAgent():
			sides = append(sides, side{leg: is.leg, role: media.Whispering, to: s.agentLeg})
		default:
			sides = append(sides, side{leg: is.leg, role: media.Listening})
		}
	}
	return sides
}

// supervisorSound follows the sound of a supervisor in the call: a reload, a new
// network. Whoever has signed out is out of the call.
func (s *session) supervisorSound(supervisor acd.AgentID) {
	is := s.supervisors[supervisor]
	if is == nil {
		return
	}
	device := s.center.devices[supervisor]
	if !device.here() {
		s.stopSupervising(supervisor)
		return
	}
	is.leg = device.sound()
	s.arrange()
}

// shownSupervision is what the agent's page says of supervisors: of the modes that
// the site shows.
func (s *session) shownSupervision() []SupervisorView {
	var shown []SupervisorView
	for _, supervisor := range s.supervising() {
		if mode := s.supervisors[supervisor].mode; slices.Contains(s.content.ShowSupervision, mode) {
			shown = append(shown, SupervisorView{Name: s.center.devices[supervisor].agent.Name, Mode: mode})
		}
	}
	return shown
}

func superviseEntry(call string, supervisor acd.AgentID, mode Mode, outcome string) ledger.AuditEntry {
	return ledger.AuditEntry{
		Kind: ledger.AuditSupervision, Call: call, Actor: "agent:" + string(supervisor), Field: string(mode),
		Purpose: "supervision", Outcome: outcome,
	}
}

// Supervise lets a supervisor, who is signed in with a window and sound, take part
// in an agent's call, or leaves it where the mode is empty. That it begins is in the
// audit before anything is heard (45 CFR 164.312(b)); where it can't be written,
// nothing is heard. Whether somebody is a supervisor is the desk's to know.
// ErrUnknownAgent, ErrNoCall, ErrNoTalk, ErrNoSound, ErrInCall, ErrBusy,
// ErrNotAudited.
func (c *Center) Supervise(ctx context.Context, supervisor acd.AgentID, call string, mode Mode) error {
	device := c.devices[supervisor]
	switch {
	case device == nil:
		return ErrUnknownAgent
	case mode == "":
		return c.stopSupervising(ctx, device)
	case !slices.Contains(Modes(), mode):
		return ErrBadCommand
	case device.engaged():
		return ErrInCall
	}
	contact := acd.ContactID(call)
	if c.session(contact) == nil {
		return ErrNoCall
	}
	if before := device.supervised(); before != "" && before != contact {
		if err := c.stopSupervising(ctx, device); err != nil {
			return err
		}
	}
	if _, err := c.records.Append(ctx, superviseEntry(call, supervisor, mode, "begun")); err != nil {
		return errors.Join(ErrNotAudited, err)
	}
	err := c.outOfRotation(ctx, device)
	if err == nil {
		err = c.toSupervised(ctx, supervisor, contact, mode)
	}
	if err != nil {
		return errors.Join(err, c.notSupervised(ctx, superviseEntry(call, supervisor, mode, "refused")))
	}
	return nil
}

// outOfRotation takes a supervisor who is available out: no call may ring while
// another agent's is heard.
func (c *Center) outOfRotation(ctx context.Context, device *device) error {
	if device.agentState() == acd.Available {
		err := c.router.do(ctx, acd.AgentSet{Agent: device.agent.ID, State: acd.Away, Reason: ReasonSupervising})
		if err != nil {
			return err
		}
	}
	if device.engaged() { // a call rang in this very moment
		return ErrInCall
	}
	return nil
}

// notSupervised audits that what was to begin didn't, even for a page that is gone.
func (c *Center) notSupervised(ctx context.Context, entry ledger.AuditEntry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), saveTimeout)
	defer cancel()
	_, err := c.records.Append(ctx, entry)
	return err
}

// stopSupervising takes the supervisor out of the call that is supervised, if any.
func (c *Center) stopSupervising(ctx context.Context, device *device) error {
	contact := device.supervised()
	if contact == "" {
		return nil
	}
	err := c.toSupervised(ctx, device.agent.ID, contact, "")
	if errors.Is(err, ErrNoCall) {
		return nil // it is over
	}
	return err
}

// toSupervised hands the wish over to the call.
func (c *Center) toSupervised(ctx context.Context, supervisor acd.AgentID, contact acd.ContactID, mode Mode) error {
	s := c.session(contact)
	if s == nil {
		return ErrNoCall
	}
	if s.crowded() {
		return ErrBusy
	}
	reply := make(chan error, 1)
	s.post(superviseMessage{ctx: ctx, supervisor: supervisor, mode: mode, reply: reply})
	select {
	case err := <-reply:
		return err
	case <-s.ctx.Done():
		return ErrNoCall
	case <-ctx.Done():
		return ctx.Err()
	}
}

// engaged reports an agent who has a call, or is offered one.
func (d *device) engaged() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch d.state.State {
	case acd.SignedOut, acd.Available, acd.Away:
		return false
	}
	return true
}

// supervised is the call that the supervisor takes part in, "" for none.
func (d *device) supervised() acd.ContactID {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.supervision == nil {
		return ""
	}
	return acd.ContactID(d.supervision.Call)
}

func (d *device) setSupervised(contact acd.ContactID, mode Mode) {
	d.mu.Lock()
	d.supervision = &SupervisionView{Call: string(contact), Mode: mode, Since: d.center.now()}
	d.mu.Unlock()
	d.notify()
}

// unsupervise ends what was about that call; another may have begun.
func (d *device) unsupervise(contact acd.ContactID) {
	d.mu.Lock()
	if d.supervision != nil && d.supervision.Call == string(contact) {
		d.supervision = nil
	}
	d.mu.Unlock()
	d.notify()
}

// SupervisionView is the call that a supervisor takes part in.
type SupervisionView struct {
	Call string
	Mode Mode
	// Since is when this mode began.
	Since time.Time
}

// SupervisorView is a supervisor in an agent's call, as the agent sees it.
type SupervisorView struct {
	Name string
	Mode Mode
}
