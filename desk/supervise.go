package desk

import (
	"context"
	"time"

	"go.uber.org/zap"

	"careline/call"
)

// supervise is a supervisor's message: take part in the call named, in a mode, or
// leave the one that the supervisor is in, where the mode is empty.
const supervise call.CommandKind = "supervise"

// fieldSupervision stands in the audit where somebody who isn't a supervisor tried it.
const fieldSupervision = "supervision"

// supervisionScreen is the call that a supervisor takes part in, as the page gets it.
type supervisionScreen struct {
	Call  string    `json:"call"`
	Mode  call.Mode `json:"mode"`
	Since time.Time `json:"since"`
	Line  string    `json:"line"`
	// Agent who has the call; empty for nobody at the moment.
	Agent string `json:"agent"`
}

// supervisorScreen is a supervisor in an agent's call, as the agent gets it.
type supervisorScreen struct {
	Name string    `json:"name"`
	Mode call.Mode `json:"mode"`
}

// supervise does a supervisor's message.
func (w *window) supervise(ctx context.Context, m message) error {
	id := m.Call
	if m.Mode != "" {
		if id = callID(m.Call); id == "" {
			return call.ErrNoCall
		}
	}
	if !w.desk.maySupervise(ctx, w.session, fieldSupervision, id) {
		return errNotSupervisor
	}
	ctx, cancel := context.WithTimeout(ctx, commandTime)
	defer cancel()
	err := w.desk.center.Supervise(ctx, w.session.user.Agent, id, m.Mode)
	if err != nil {
		w.log.Warn("supervision refused", zap.String("call", id), zap.Error(err))
	}
	return err
}

// supervisionOf is what the page shows of the call that the supervisor is in.
func (d *Desk) supervisionOf(view *call.SupervisionView) *supervisionScreen {
	if view == nil {
		return nil
	}
	s := &supervisionScreen{Call: view.Call, Mode: view.Mode, Since: view.Since.UTC()}
	for _, one := range d.center.Overviews() {
		if one.ID == view.Call {
			s.Line = one.Line
			if one.Agent != "" {
				s.Agent = d.fullName(one.Agent)
			}
		}
	}
	return s
}

// supervisorsOf is what an agent's page shows of supervisors in the call.
func supervisorsOf(list []call.SupervisorView) []supervisorScreen {
	var shown []supervisorScreen
	for _, one := range list {
		shown = append(shown, supervisorScreen(one))
	}
	return shown
}
