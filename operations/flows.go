package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"

	"careline/ledger"
	"careline/problem"
	"careline/publish"
)

const (
	// maxListed is how many published scripts are listed at once.
	maxListed = 1000
	// maxPublished bounds the body of a request: files in base64, and names.
	maxPublished = 2 * ledger.MaxScript
)

// FlowRequest is what careline flow asks to be live.
type FlowRequest struct {
	Comment string `json:"comment,omitempty"`
	// Files by name ("flows/main.yaml"); none are those of the server's folder.
	Files map[string][]byte `json:"files,omitempty"`
	// Number of the script to go back to; 0 is the one before.
	Number int64 `json:"number,omitempty"`
}

// FlowAnswer is what came of it. Mistakes are those of a script that was refused, each
// on one line; Warnings those of one that is live.
type FlowAnswer struct {
	Script   ledger.Script `json:"script"`
	Warnings []string      `json:"warnings,omitempty"`
	Mistakes []string      `json:"mistakes,omitempty"`
}

// FlowStatus is what is live, and the newest scripts.
type FlowStatus struct {
	// Live is the number of the live script; 0 for none.
	Live int64 `json:"live"`
	// Pending says why the folder isn't live although it was changed.
	Pending string `json:"pending,omitempty"`
	// Broken: the server started with what was live before, since the folder had mistakes.
	Broken  bool            `json:"broken,omitempty"`
	Scripts []ledger.Script `json:"scripts"`
}

// FlowText is a script with its files.
type FlowText struct {
	Script ledger.Script      `json:"script"`
	Files  ledger.ScriptFiles `json:"files"`
}

// FlowCommands are what careline flow asks of a running server: publishing, going
// back, and what was live when.
func FlowCommands(p *publish.Publisher) []Command {
	return []Command{
		{Pattern: "GET /flows", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
			if err != nil || limit < 1 || limit > maxListed {
				limit = maxListed
			}
			scripts, err := p.Scripts(r.Context(), limit)
			if err != nil {
				http.Error(w, err.Error(), http.StatusServiceUnavailable)
				return
			}
			status := p.Status()
			answer := FlowStatus{Live: status.Live.Number, Broken: status.Broken, Scripts: scripts}
			if status.Pending != nil {
				answer.Pending = status.Pending.Error()
			}
			tell(w, answer)
		})},
		{Pattern: "GET /flows/{number}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			number, err := strconv.ParseInt(r.PathValue("number"), 10, 64)
			if err != nil {
				http.Error(w, "a script has a number", http.StatusBadRequest)
				return
			}
			script, files, err := p.Script(r.Context(), number)
			if err != nil {
				http.Error(w, err.Error(), http.StatusNotFound)
				return
			}
			tell(w, FlowText{script, files})
		})},
		{Pattern: "POST /flows", Handler: changing(func(ctx context.Context, request FlowRequest) (ledger.Script, problem.List, error) {
			return p.Publish(ctx, publish.Request{Author: Operator(ctx), Comment: request.Comment, Origin: publish.FromCommand, Files: request.Files})
		})},
		{Pattern: "POST /flows/rollback", Handler: changing(func(ctx context.Context, request FlowRequest) (ledger.Script, problem.List, error) {
			return p.RollBack(ctx, publish.Request{Author: Operator(ctx), Comment: request.Comment}, request.Number)
		})},
	}
}

// changing answers what came of a request to change what is live: 422 with its
// mistakes where there are some.
func changing(change func(context.Context, FlowRequest) (ledger.Script, problem.List, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var request FlowRequest
		if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxPublished)).Decode(&request); err != nil {
			http.Error(w, "the request can't be read: "+err.Error(), http.StatusBadRequest)
			return
		}
		script, warnings, err := change(r.Context(), request)
		var mistakes problem.List
		switch {
		case err == nil:
			tell(w, FlowAnswer{Script: script, Warnings: lines(warnings)})
		case errors.As(err, &mistakes):
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(FlowAnswer{Mistakes: lines(mistakes)}) // whoever asked is gone
		case errors.Is(err, publish.ErrConflict), errors.Is(err, publish.ErrNoEarlier), errors.Is(err, ledger.ErrNotFound), errors.Is(err, ledger.ErrInvalid):
			http.Error(w, err.Error(), http.StatusConflict)
		default:
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
		}
	}
}

func lines(list problem.List) []string {
	texts := make([]string, len(list))
	for i, one := range list {
		texts[i] = one.Error()
	}
	return texts
}

// PublishFlows asks the server behind a control socket to put flows live. An answer
// with mistakes and no error means that they were refused for those.
func PublishFlows(ctx context.Context, socket string, request FlowRequest) (FlowAnswer, error) {
	return changeFlows(ctx, socket, "/flows", request)
}

// RollBackFlows asks it to go back.
func RollBackFlows(ctx context.Context, socket string, request FlowRequest) (FlowAnswer, error) {
	return changeFlows(ctx, socket, "/flows/rollback", request)
}

// FlowScripts asks what is live, and for the newest scripts.
func FlowScripts(ctx context.Context, socket string, limit int) (FlowStatus, error) {
	var status FlowStatus
	return status, command(ctx, socket, http.MethodGet, fmt.Sprintf("/flows?limit=%d", limit), &status)
}

// FlowScript asks for a script with its files.
func FlowScript(ctx context.Context, socket string, number int64) (FlowText, error) {
	var text FlowText
	return text, command(ctx, socket, http.MethodGet, fmt.Sprintf("/flows/%d", number), &text)
}

func changeFlows(ctx context.Context, socket, path string, request FlowRequest) (FlowAnswer, error) {
	ctx, cancel := context.WithTimeout(ctx, commandTimeout)
	defer cancel()
	body, err := json.Marshal(request)
	if err != nil {
		return FlowAnswer{}, err
	}
	asked, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://careline"+path, bytes.NewReader(body))
	if err != nil {
		return FlowAnswer{}, err
	}
	response, err := ControlClient(socket).Do(asked)
	if err != nil {
		return FlowAnswer{}, unanswered(socket, err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK && response.StatusCode != http.StatusUnprocessableEntity {
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1<<12))
		return FlowAnswer{}, fmt.Errorf("the server refused: %s", bytes.TrimSpace(reason))
	}
	var answer FlowAnswer
	if err := json.NewDecoder(response.Body).Decode(&answer); err != nil {
		return FlowAnswer{}, fmt.Errorf("the server's answer can't be read: %w", err)
	}
	return answer, nil
}
