package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/call/insight"
	"careline/ivr"
	"careline/ledger"
	"careline/problem"
	"careline/publish"
)

const (
	// maxDraft bounds a request with a script's files; maxDraftFiles how many there are.
	maxDraft      = 4 << 20
	maxDraftFiles = 1000
	// draftTime bounds reading, testing and publishing a draft.
	draftTime = 20 * time.Second
	// drafting is how many drafts are read at once; more wait.
	drafting = 2
	// maxScripts is how many published scripts the page lists.
	maxScripts = 100
	// maxComment bounds what is said of a script, in letters of the page.
	maxComment = 500
)

// fieldFlows names in the audit what was looked at or tried.
const fieldFlows = "flows"

// Draft is a script as it was read: whole, or with what is wrong.
type Draft struct {
	// Flows is nil where the files have mistakes.
	Flows *ivr.Set
	// Words says what a prompt says, in words; empty where nobody knows.
	Words func(ivr.Prompt) string
	// Begins are the flows that lines lead to, with the lines' names.
	Begins map[string]string
	// Problems keep it from being published: mistakes, and tests that failed.
	Problems problem.List
	Warnings problem.List
	// Tests were played, so many.
	Tests int
}

// Flows is what the page of flows works on; Options.Flows is nil where nothing can be
// published.
type Flows interface {
	// Draft reads files without changing what is live.
	Draft(ctx context.Context, files map[string][]byte) (Draft, error)
	Publish(ctx context.Context, request publish.Request) (ledger.Script, problem.List, error)
	RollBack(ctx context.Context, request publish.Request, number int64) (ledger.Script, problem.List, error)
	Scripts(ctx context.Context, limit int) ([]ledger.Script, error)
	Script(ctx context.Context, number int64) (ledger.Script, ledger.ScriptFiles, error)
	Status() publish.Status
	// Insight is what callers did in the flows since the start.
	Insight() insight.Figures
	Trials
}

// flowRoutes adds what the page of flows asks. Supervisors see the flows; admins
// change them.
func (d *Desk) flowRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/flows", d.seeingFlows(d.liveFlows))
	mux.HandleFunc("GET /api/flows/scripts", d.seeingFlows(d.scripts))
	mux.HandleFunc("GET /api/flows/scripts/{number}", d.seeingFlows(d.script))
	mux.HandleFunc("GET /api/flows/insight", d.seeingFlows(d.flowInsight))
	mux.HandleFunc("POST /api/flows/draft", d.seeingFlows(d.draft))
	mux.HandleFunc("POST /api/flows/try", d.seeingFlows(d.try))
	mux.HandleFunc("POST /api/flows/calls", d.changingFlows(d.placeTrial))
	mux.HandleFunc("GET /api/flows/calls/{id}", d.changingFlows(d.trialState))
	mux.HandleFunc("DELETE /api/flows/calls/{id}", d.changingFlows(d.endTrial))
	mux.HandleFunc("POST /api/flows/publish", d.changingFlows(d.publishFlows))
	mux.HandleFunc("POST /api/flows/rollback", d.changingFlows(d.rollBackFlows))
}

// seeingFlows lets supervisors and admins through.
func (d *Desk) seeingFlows(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return d.havingRole(fieldFlows, next, "Only supervisors and administrators may see this.", RoleSupervisor, RoleAdmin)
}

// changingFlows lets admins through.
func (d *Desk) changingFlows(next func(http.ResponseWriter, *http.Request, *session)) http.HandlerFunc {
	return d.havingRole(fieldFlows, next, "Only administrators may change flows.", RoleAdmin)
}

// havingRole lets those through who have one of some roles. An attempt by anybody else
// goes into the audit (45 CFR 164.312(b)).
func (d *Desk) havingRole(field string, next func(http.ResponseWriter, *http.Request, *session), otherwise string, roles ...Role) http.HandlerFunc {
	return d.signedIn(func(w http.ResponseWriter, r *http.Request, s *session) {
		switch {
		case !slices.Contains(roles, s.user.Role):
			d.refuse(r.Context(), s, field, "")
			answerTrouble(w, http.StatusForbidden, "not_allowed", otherwise+" Ask your administrator.")
		case d.options.Flows == nil:
			answerTrouble(w, http.StatusNotFound, "no_flows", "This server has no flows that could be shown here.")
		default:
			ctx, cancel := context.WithTimeout(r.Context(), draftTime)
			defer cancel()
			next(w, r.WithContext(ctx), s)
		}
	})
}

// draftFiles is a request's script, by file name. Without files the live script is meant.
type draftFiles map[string]string

func (f draftFiles) raw() map[string][]byte {
	files := make(map[string][]byte, len(f))
	for name, text := range f {
		files[name] = []byte(text)
	}
	return files
}

// scriptRow is a published script as the page lists it.
type scriptRow struct {
	Number  int64     `json:"number"`
	Time    time.Time `json:"time"`
	Author  string    `json:"author"`
	Comment string    `json:"comment"`
	Origin  string    `json:"origin"`
	Source  int64     `json:"source,omitempty"`
	Version string    `json:"version"`
	Live    bool      `json:"live"`
}

func (d *Desk) scriptRow(script ledger.Script) scriptRow {
	return scriptRow{
		Number: script.Number, Time: script.Time, Author: d.authorOf(script.Author), Comment: script.Comment, Origin: script.Origin,
		Source: script.Source, Version: script.Version, Live: script.Number == d.options.Flows.Status().Live.Number,
	}
}

// authorOf is who published, as people know them.
func (d *Desk) authorOf(author string) string {
	for agent, name := range d.names {
		if author == actor(agent) && name != "" {
			return name
		}
	}
	return author
}

// flowsBody is the live script, and what the user may do with it.
type flowsBody struct {
	Live    scriptRow         `json:"live"`
	Files   map[string]string `json:"files"`
	Pending string            `json:"pending,omitempty"`
	// Broken: the server started without the folder's script.
	Broken  bool `json:"broken,omitempty"`
	MayEdit bool `json:"may_edit"`
}

// liveFlows serves GET /api/flows.
func (d *Desk) liveFlows(w http.ResponseWriter, r *http.Request, s *session) {
	status := d.options.Flows.Status()
	script, files, err := d.options.Flows.Script(r.Context(), status.Live.Number)
	if err != nil {
		d.flowsUnread(w, err)
		return
	}
	body := flowsBody{Live: d.scriptRow(script), Files: texts(files), Broken: status.Broken, MayEdit: s.user.Role == RoleAdmin}
	if status.Pending != nil {
		body.Pending = status.Pending.Error()
	}
	answer(w, http.StatusOK, body)
}

func texts(files ledger.ScriptFiles) map[string]string {
	list := make(map[string]string, len(files))
	for name, raw := range files {
		list[name] = string(raw)
	}
	return list
}

func (d *Desk) flowsUnread(w http.ResponseWriter, err error) {
	d.log.Error("flows not read", zap.Error(err))
	answerTrouble(w, http.StatusServiceUnavailable, "unread", "The flows can't be read just now. Try again; if it goes on, look at the server's log.")
}

// scripts serves GET /api/flows/scripts: the newest first.
func (d *Desk) scripts(w http.ResponseWriter, r *http.Request, _ *session) {
	scripts, err := d.options.Flows.Scripts(r.Context(), maxScripts)
	if err != nil {
		d.flowsUnread(w, err)
		return
	}
	rows := []scriptRow{}
	for _, script := range scripts {
		rows = append(rows, d.scriptRow(script))
	}
	answer(w, http.StatusOK, map[string][]scriptRow{"scripts": rows})
}

// script serves GET /api/flows/scripts/{number}: its files.
func (d *Desk) script(w http.ResponseWriter, r *http.Request, _ *session) {
	script, files, err := d.options.Flows.Script(r.Context(), wholeNumber(r.PathValue("number")))
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		answerTrouble(w, http.StatusNotFound, "no_script", "There is no script with this number.")
	case err != nil:
		d.flowsUnread(w, err)
	default:
		answer(w, http.StatusOK, map[string]any{"script": d.scriptRow(script), "files": texts(files)})
	}
}
