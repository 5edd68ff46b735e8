package operations

import (
	"context"
	"errors"
	"net/http"
	"net/url"

	"careline/call"
	"careline/ledger"
)

// Callbacks are those that are open; *call.Center has them.
type Callbacks interface {
	OpenCallbacks(ctx context.Context) ([]call.OpenCallback, error)
	CancelCallback(ctx context.Context, id, by, why string) error
}

// CallbackCommands are what careline callbacks asks. Who cancels one, and why, stands
// in the audit before it is done.
func CallbackCommands(callbacks Callbacks) []Command {
	return []Command{
		{Pattern: "GET /callbacks", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			list, err := callbacks.OpenCallbacks(r.Context())
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			tell(w, list)
		})},
		{Pattern: "POST /callbacks/{id}/cancel", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			why, ok := reasonOf(w, r)
			if !ok {
				return
			}
			switch err := callbacks.CancelCallback(r.Context(), r.PathValue("id"), Operator(r.Context()), why); {
			case errors.Is(err, call.ErrNoCallback):
				http.Error(w, "there is no such callback, or it is closed; careline callbacks lists those that are open", http.StatusNotFound)
			case errors.Is(err, ledger.ErrInvalid):
				http.Error(w, err.Error(), http.StatusBadRequest)
			case err != nil:
				http.Error(w, "the audit can't be written, so the callback stands", http.StatusServiceUnavailable)
			default:
				tell(w, struct{}{})
			}
		})},
	}
}

// ListCallbacks asks the server behind a control socket for the callbacks that are open.
func ListCallbacks(ctx context.Context, socket string) ([]call.OpenCallback, error) {
	var list []call.OpenCallback
	return list, command(ctx, socket, http.MethodGet, "/callbacks", &list)
}

// CancelCallback takes one back; why stands in the audit.
func CancelCallback(ctx context.Context, socket, id, why string) error {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	response, err := askWhy(ctx, socket, "/callbacks/"+url.PathEscape(id)+"/cancel", why)
	if err != nil {
		return err
	}
	return response.Body.Close()
}
