package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call"
)

// fieldCallbacks names in the audit what somebody wanted who may not.
const fieldCallbacks = "callbacks"

// callbackReasons are why a supervisor may cancel a callback: words of one's own might
// name the caller, and they would stand in the audit.
func callbackReasons() []string {
	return []string{"caller_withdrew", "settled", "wrong_number", "nobody_to_call"}
}

// callbacks serves GET /api/callbacks: those that are open, what was asked for first at
// the head, and of their numbers the last two digits.
func (d *Desk) callbacks(w http.ResponseWriter, r *http.Request, _ *session) {
	var body struct {
		Now  time.Time           `json:"now"`
		Open []call.OpenCallback `json:"open"`
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	var err error
	if body.Open, err = d.center.OpenCallbacks(ctx); err != nil {
		d.log.Error("callbacks not read", zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unread", "The callbacks can't be read just now. It will be tried again.")
		return
	}
	for i, one := range body.Open {
		if one.Agent != "" {
			body.Open[i].Agent = acd.AgentID(d.fullName(one.Agent))
		}
	}
	body.Now = d.options.Now().UTC()
	answer(w, http.StatusOK, body)
}

// cancelCallback serves POST /api/callbacks/{callback}/cancel.
func (d *Desk) cancelCallback(w http.ResponseWriter, r *http.Request, s *session) {
	var asked struct {
		Why string `json:"why"`
	}
	if !readBody(w, r, maxSignIn, &asked) {
		return
	}
	if !slices.Contains(callbackReasons(), asked.Why) {
		answerTrouble(w, http.StatusBadRequest, "no_reason", "Say why it is cancelled; it goes on record.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	id := callID(r.PathValue("callback"))
	switch err := d.center.CancelCallback(ctx, id, actor(s.user.Agent), asked.Why); {
	case errors.Is(err, call.ErrNoCallback):
		answerTrouble(w, http.StatusNotFound, "no_callback", "This callback isn't open any more.")
	case err != nil:
		d.log.Error("callback not cancelled", zap.String("callback", id), zap.String("user", s.user.Name), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unrecorded", "That it is cancelled can't be put on record just now, so the callback stands. Tell your administrator.")
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}
