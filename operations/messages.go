package operations

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"careline/ledger"
)

// MessageCommands are what careline message asks of a running server: to note what came
// of calling back.
func MessageCommands(messages Messages) []Command {
	return []Command{{Pattern: "POST /messages/{message}/{outcome}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answered, err := messages.AnswerMessage(r.Context(), r.PathValue("message"), Operator(r.Context()), ledger.Outcome(r.PathValue("outcome")))
		switch {
		case errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrAnswered), errors.Is(err, ledger.ErrInvalid):
			http.Error(w, err.Error(), http.StatusConflict)
		case err != nil:
			http.Error(w, "the ledger can't be written, so nothing is noted", http.StatusServiceUnavailable)
		default:
			tell(w, answered)
		}
	})}}
}

// AnswerMessage notes what came of calling back, by the server's socket.
func AnswerMessage(ctx context.Context, socket, id string, outcome ledger.Outcome) (ledger.Message, error) {
	var answered ledger.Message
	err := command(ctx, socket, http.MethodPost, "/messages/"+url.PathEscape(id)+"/"+url.PathEscape(string(outcome)), &answered)
	return answered, err
}
