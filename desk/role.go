package desk

import (
	"context"
	"net/http"

	"go.uber.org/zap"

	"careline/ledger"
)

// Role says what a user may do beside taking calls.
type Role string

const (
	// RoleAgent sees the calls that are the agent's own, and no others.
	RoleAgent Role = "agent"
	// RoleSupervisor sees all calls, and their signalling.
	RoleSupervisor Role = "supervisor"
	// RoleAdmin sees and changes the flows; calls of others are none of an
	// administrator's business (minimum necessary, 45 CFR 164.502(b)).
	RoleAdmin Role = "admin"
)

// Roles lists all roles.
func Roles() []Role { return []Role{RoleAgent, RoleSupervisor, RoleAdmin} }

// purposeSupervision stands in the audit where a supervisor looked at a call, or
// somebody who isn't one tried to.
const purposeSupervision = "supervision"

const (
	// Refused accesses of one session that are audited, a second and at once. What
	// comes beyond is refused all the same; nobody may fill the audit.
	refusalRate  = 1
	refusalBurst = 10
)

// supervising lets only supervisors through.
func (d *Desk) supervising(field string, next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return d.signedIn(func(w http.ResponseWriter, r *http.Request, s *session) {
		if !d.maySupervise(r.Context(), s, field, callNamed(r)) {
			answerTrouble(w, http.StatusForbidden, "not_supervisor", "Only supervisors may see this. Ask your administrator.")
			return
		}
		next(w, r, s)
	})
}

// maySupervise reports whether the session's user is a supervisor. An attempt by
// anybody else goes into the audit (45 CFR 164.312(b)).
func (d *Desk) maySupervise(ctx context.Context, s *session, field, call string) bool {
	if s.user.Role == RoleSupervisor {
		return true
	}
	d.refuse(ctx, s, field, call)
	return false
}

// refuse writes down that a user tried what the role doesn't allow.
func (d *Desk) refuse(ctx context.Context, s *session, field, call string) {
	if !s.refusals.Allow() {
		return
	}
	d.log.Warn("access refused", zap.String("user", s.user.Name), zap.String("to", field), zap.String("call", call))
	if err := d.auditAccess(ctx, s, field, call, "refused"); err != nil {
		d.log.Error("refused access not audited", zap.String("user", s.user.Name), zap.Error(err))
	}
}

// auditAccess writes down that a user looked, or tried to look, at something of a
// call's; of all calls' where call is empty.
func (d *Desk) auditAccess(ctx context.Context, s *session, field, call, outcome string) error {
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	_, err := d.records.Append(ctx, ledger.AuditEntry{
		Kind: ledger.AuditAccess, Call: call, Actor: actor(s.user.Agent), Field: field, Purpose: purposeSupervision, Outcome: outcome,
	})
	return err
}
