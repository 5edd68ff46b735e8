package desk

import (
	"context"
	"errors"
	"net/http"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call"
	"careline/ledger"
)

// fieldTrial and purposeTrial stand in the audit where an admin called a draft.
const (
	fieldTrial   = "flow"
	purposeTrial = "trial"
)

const (
	// maxOffer bounds a browser's session description.
	maxOffer = 64 << 10
	// trialTime bounds reading a draft and answering the browser that calls it.
	trialTime = 15 * time.Second
)

// Trials are real calls of drafts, each an admin's own: *call.Center's, behind what
// reads the files.
type Trials interface {
	// Call reads the files and calls a flow of them. Errors are call's: ErrNoFlow where
	// the files have mistakes or no such flow.
	Call(ctx context.Context, by acd.AgentID, files map[string][]byte, flow, offer string) (id, answer string, err error)
	CallState(by acd.AgentID, id string) (call.TrialState, error)
	EndCall(by acd.AgentID, id string) error
}

// placeTrial serves POST /api/flows/calls: the browser calls a draft.
func (d *Desk) placeTrial(w http.ResponseWriter, r *http.Request, s *session) {
	var body struct {
		Files draftFiles `json:"files"`
		Flow  string     `json:"flow"`
		Offer string     `json:"offer"`
	}
	if !readBody(w, r, maxDraft, &body) || !fitting(w, body.Files, "") {
		return
	}
	if body.Offer == "" || len(body.Offer) > maxOffer {
		answerTrouble(w, http.StatusBadRequest, "bad_request", "The browser's offer of sound is missing or too long.")
		return
	}
	select {
	case d.drafting <- struct{}{}:
		defer func() { <-d.drafting }()
	case <-r.Context().Done():
		answerTrouble(w, http.StatusServiceUnavailable, "busy", "Too many drafts are being read. Try again in a moment.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), trialTime)
	defer cancel()
	id, answered, err := d.options.Flows.Call(ctx, s.user.Agent, body.Files.raw(), body.Flow, body.Offer)
	if err != nil {
		d.log.Info("flow not tried", zap.String("user", s.user.Name), zap.Error(err))
		status, trouble := trialRefused(err)
		answer(w, status, map[string]any{"error": trouble})
		return
	}
	d.log.Info("flow tried by a call", zap.String("user", s.user.Name), zap.String("call", id))
	if err := d.auditTrial(r.Context(), s, id); err != nil {
		d.log.Error("trial not audited", zap.String("call", id), zap.Error(err))
		_ = d.options.Flows.EndCall(s.user.Agent, id)
		answerTrouble(w, http.StatusServiceUnavailable, "unaudited", "The call can't be put on record just now, so it was ended. Try again later.")
		return
	}
	answer(w, http.StatusOK, map[string]string{"call": id, "answer": answered})
}

// auditTrial writes down who tried: a trial may reach members' data as any call does.
func (d *Desk) auditTrial(ctx context.Context, s *session, id string) error {
	ctx, cancel := context.WithTimeout(ctx, auditTime)
	defer cancel()
	_, err := d.records.Append(ctx, ledger.AuditEntry{
		Kind: ledger.AuditAccess, Call: id, Actor: actor(s.user.Agent), Field: fieldTrial, Purpose: purposeTrial, Outcome: "called",
	})
	return err
}

func trialRefused(err error) (int, trouble) {
	switch {
	case errors.Is(err, call.ErrNoFlow):
		return http.StatusUnprocessableEntity, trouble{"mistakes", "The flow can't be called while it has mistakes."}
	case errors.Is(err, call.ErrBusy), errors.Is(err, call.ErrDraining):
		return http.StatusServiceUnavailable, trouble{"busy", "All lines are taken. Try again in a moment."}
	case errors.Is(err, call.ErrBadOffer):
		return http.StatusBadRequest, trouble{"bad_offer", "The browser's offer of sound is of no use here. Reload the page."}
	}
	return http.StatusServiceUnavailable, trouble{"failed", "The call failed. Try again; if it goes on, look at the server's log."}
}

// trialState serves GET /api/flows/calls/{id}: where the admin's call is.
func (d *Desk) trialState(w http.ResponseWriter, r *http.Request, s *session) {
	state, err := d.options.Flows.CallState(s.user.Agent, r.PathValue("id"))
	if err != nil {
		answerTrouble(w, http.StatusNotFound, "no_call", "There is no such call of yours.")
		return
	}
	answer(w, http.StatusOK, map[string]string{"stage": state.Stage, "flow": state.Flow, "step": state.Step, "why": state.Why})
}

// endTrial serves DELETE /api/flows/calls/{id}: the admin hangs up.
func (d *Desk) endTrial(w http.ResponseWriter, r *http.Request, s *session) {
	if err := d.options.Flows.EndCall(s.user.Agent, r.PathValue("id")); err != nil {
		answerTrouble(w, http.StatusNotFound, "no_call", "There is no such call of yours.")
		return
	}
	w.WriteHeader(http.StatusNoContent)
}
