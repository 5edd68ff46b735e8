package desk

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"unicode/utf8"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/problem"
	"careline/publish"
)

// wholeNumber reads a number; 0 where there is none.
func wholeNumber(text string) int64 {
	number, err := strconv.ParseInt(text, 10, 64)
	if err != nil || number < 0 {
		return 0
	}
	return number
}

// publishFlows serves POST /api/flows/publish.
func (d *Desk) publishFlows(w http.ResponseWriter, r *http.Request, s *session) {
	var body struct {
		Files   draftFiles `json:"files"`
		Comment string     `json:"comment"`
		// After is the script that the draft was made from.
		After int64 `json:"after"`
	}
	if !readBody(w, r, maxDraft, &body) || !fitting(w, body.Files, body.Comment) {
		return
	}
	if body.After == 0 {
		answerTrouble(w, http.StatusBadRequest, "bad_request", "Say which script the draft was made from.")
		return
	}
	d.change(w, r, s, func(ctx context.Context, request publish.Request) (ledger.Script, problem.List, error) {
		request.Comment, request.Files, request.After = body.Comment, body.Files.raw(), body.After
		return d.options.Flows.Publish(ctx, request)
	})
}

// rollBackFlows serves POST /api/flows/rollback.
func (d *Desk) rollBackFlows(w http.ResponseWriter, r *http.Request, s *session) {
	var body struct {
		Number  int64  `json:"number"`
		Comment string `json:"comment"`
	}
	if !readBody(w, r, maxSignIn, &body) || !fitting(w, draftFiles{"": ""}, body.Comment) {
		return
	}
	d.change(w, r, s, func(ctx context.Context, request publish.Request) (ledger.Script, problem.List, error) {
		request.Comment = body.Comment
		return d.options.Flows.RollBack(ctx, request, body.Number)
	})
}

// fitting refuses what is too much, or nothing; it has answered if it is false.
func fitting(w http.ResponseWriter, files draftFiles, comment string) bool {
	switch {
	case len(files) == 0:
		answerTrouble(w, http.StatusBadRequest, "no_files", "There is no flow to read.")
	case len(files) > maxDraftFiles:
		answerTrouble(w, http.StatusRequestEntityTooLarge, "too_big", "These are too many files.")
	case utf8.RuneCountInString(comment) > maxComment:
		answerTrouble(w, http.StatusBadRequest, "long_comment", "The comment is too long: at most "+strconv.Itoa(maxComment)+" letters.")
	default:
		return true
	}
	return false
}

// change does what an admin asked for and answers what came of it.
func (d *Desk) change(w http.ResponseWriter, r *http.Request, s *session, do func(context.Context, publish.Request) (ledger.Script, problem.List, error)) {
	script, warnings, err := do(r.Context(), publish.Request{Author: actor(s.user.Agent), Origin: publish.FromPage})
	var mistakes problem.List
	switch {
	case err == nil:
		answer(w, http.StatusOK, map[string]any{"script": d.scriptRow(script), "warnings": problemRows(warnings)})
	case errors.As(err, &mistakes):
		answer(w, http.StatusUnprocessableEntity, map[string]any{
			"error":    trouble{"mistakes", "Nothing was published: the flows have mistakes, or their tests fail."},
			"problems": problemRows(mistakes),
		})
	case errors.Is(err, publish.ErrConflict):
		live := d.scriptRow(d.options.Flows.Status().Live)
		answerTrouble(w, http.StatusConflict, "conflict", "Nothing was published: "+live.Author+" published script "+strconv.FormatInt(live.Number, 10)+
			" meanwhile. Look at what changed there, take it into your draft, and publish again.")
	case errors.Is(err, publish.ErrNoEarlier), errors.Is(err, ledger.ErrNotFound):
		answerTrouble(w, http.StatusNotFound, "no_script", "There is no such script to go back to.")
	default:
		d.log.Error("flows not changed", zap.String("user", s.user.Name), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unpublished", "Nothing was changed: it could not be kept on record. Try again; if it goes on, look at the server's log.")
	}
}

// problemRow is a mistake or a warning in its place.
type problemRow struct {
	File    string `json:"file"`
	Line    int    `json:"line,omitempty"`
	Column  int    `json:"column,omitempty"`
	Message string `json:"message"`
	Hint    string `json:"hint,omitempty"`
}

func problemRows(list problem.List) []problemRow {
	rows := []problemRow{}
	for _, one := range list {
		rows = append(rows, problemRow{File: one.File, Line: one.Line, Column: one.Column, Message: one.Message, Hint: one.Advice})
	}
	return rows
}
