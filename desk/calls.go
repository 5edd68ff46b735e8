package desk

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"

	"careline/acd"
	"careline/call"
	"careline/ledger"
)

const (
	// maxRecent is how many of the calls that are over a supervisor's list shows.
	maxRecent = 50
	// readTime bounds a reading of the ledger for a page.
	readTime = 5 * time.Second
)

// callRow is a call as supervisors see it. Nothing in it says who calls.
type callRow struct {
	ID   string `json:"id"`
	Line string `json:"line"`
	// Stage is where a call is that is up; absent when it is over.
	Stage    string    `json:"stage,omitempty"`
	Since    time.Time `json:"since,omitzero"`
	Queue    string    `json:"queue,omitempty"`
	Language string    `json:"language,omitempty"`
	Reason   string    `json:"reason,omitempty"`
	// State is where the caller is, on clinical calls.
	State        string `json:"state,omitempty"`
	Verification string `json:"verification"`
	// Agents are the names of those who had the call; where it is up, of who has
	// it now, or is being offered it (Ringing).
	Agents  []string `json:"agents"`
	Ringing bool     `json:"ringing,omitempty"`
	// Urgent: the caller goes before all others; Late: somebody should have had her by
	// now. Calling is the list of those on call that is being called.
	Urgent  bool      `json:"urgent,omitempty"`
	Late    bool      `json:"late,omitempty"`
	Calling string    `json:"calling,omitempty"`
	Started time.Time `json:"started"`
	// Ended and what follows are of a call that is over.
	Ended   time.Time      `json:"ended,omitzero"`
	EndedBy ledger.EndedBy `json:"ended_by,omitempty"`
	Why     string         `json:"why,omitempty"`
	Sound   []soundRow     `json:"sound,omitempty"`
	// Recorded says that sound of the call was kept; Unrecorded why none was, or not
	// all of it, though the line is recorded.
	Recorded   bool   `json:"recorded,omitempty"`
	Unrecorded string `json:"unrecorded,omitempty"`
}

// calls serves GET /api/calls: those that are up, and the latest that are over.
func (d *Desk) calls(w http.ResponseWriter, r *http.Request, s *session) {
	var body struct {
		Now    time.Time `json:"now"`
		Up     []callRow `json:"up"`
		Recent []callRow `json:"recent"`
	}
	body.Now, body.Up, body.Recent = d.options.Now().UTC(), []callRow{}, []callRow{}
	for _, one := range d.center.Overviews() {
		body.Up = append(body.Up, d.rowOf(one))
	}
	slices.SortStableFunc(body.Up, func(a, b callRow) int { return cmp.Compare(a.hurry(), b.hurry()) })
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	// Those that are up have a record too, which isn't over yet.
	records, err := d.records.Calls(ctx, maxRecent+len(body.Up))
	if err != nil {
		d.log.Error("calls not read", zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unread", "The records can't be read just now. Try again; if it goes on, tell your administrator.")
		return
	}
	for _, record := range records {
		if !record.Ended.IsZero() && len(body.Recent) < maxRecent {
			body.Recent = append(body.Recent, d.rowOfRecord(record))
		}
	}
	answer(w, http.StatusOK, body)
}

// hurry is where a call that is up stands in the list: callers whom somebody should
// have had by now come first, then those who are urgent, then the others.
func (r callRow) hurry() int {
	switch {
	case r.Late:
		return 0
	case r.Urgent:
		return 1
	}
	return 2
}

func (d *Desk) rowOf(o call.Overview) callRow {
	row := callRow{
		ID: o.ID, Line: o.Line, Stage: o.Stage, Since: o.Since.UTC(), Queue: o.Queue, Language: o.Language, Reason: o.Reason,
		State: o.State, Verification: o.Verification, Agents: []string{}, Ringing: o.Ringing, Started: o.Started.UTC(),
		Urgent: o.Urgent, Late: o.Late, Calling: o.Calling,
	}
	if o.Agent != "" {
		row.Agents = append(row.Agents, d.fullName(o.Agent))
	}
	return row
}

func (d *Desk) rowOfRecord(record ledger.CallRecord) callRow {
	row := callRow{
		ID: record.ID, Line: record.Line, Language: record.Language, Reason: record.Reason, State: record.State,
		Verification: record.Verification, Agents: []string{}, Started: record.Started, Ended: record.Ended,
		EndedBy: record.EndedBy, Why: record.Why, Recorded: len(record.Recordings) > 0, Unrecorded: record.Unrecorded,
	}
	for _, segment := range record.Segments {
		if segment.Queue != "" {
			row.Queue = segment.Queue
		}
		name := d.fullName(acd.AgentID(segment.Agent))
		if segment.Kind == ledger.SegmentTalk && !slices.Contains(row.Agents, name) {
			row.Agents = append(row.Agents, name)
		}
	}
	for _, side := range record.Sound {
		row.Sound = append(row.Sound, d.soundRowOf(side))
	}
	return row
}

// fullName is an agent's name as colleagues know it; the ID of one who has left.
func (d *Desk) fullName(agent acd.AgentID) string {
	if name := d.names[agent]; name != "" {
		return name
	}
	return string(agent)
}

// nameOfActor is fullName of whom the audit names; of no agent, the words that it has.
func (d *Desk) nameOfActor(actor string) string {
	if agent, ok := strings.CutPrefix(actor, actorPrefix); ok {
		return d.fullName(acd.AgentID(agent))
	}
	return actor
}

// callNamed is the call that a request's path names; "" where that is no call's ID,
// so that nothing else gets into audit or log by it.
func callNamed(r *http.Request) string { return callID(r.PathValue("call")) }

// callID is what was named, if it is a call's ID.
func callID(named string) string {
	if parsed, err := uuid.Parse(named); err != nil || parsed.String() != named {
		return ""
	}
	return named
}

// find gives a call that is up or on record, or ledger.ErrNotFound.
func (d *Desk) find(ctx context.Context, id string) (callRow, error) {
	for _, one := range d.center.Overviews() {
		if one.ID == id {
			return d.rowOf(one), nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	record, err := d.records.Call(ctx, id)
	if err != nil {
		return callRow{}, err
	}
	return d.rowOfRecord(record), nil
}

// oneCall serves GET /api/calls/{call}: the call, its signalling as a ladder, and what
// recordings there are of it.
func (d *Desk) oneCall(w http.ResponseWriter, r *http.Request, s *session) {
	var body struct {
		Now        time.Time      `json:"now"`
		Call       callRow        `json:"call"`
		Ladder     *Ladder        `json:"ladder,omitempty"`
		Recordings []recordingRow `json:"recordings,omitempty"`
	}
	id := callNamed(r)
	if id == "" {
		noSuchCall(w)
		return
	}
	// A page that shows the call asks again and again: that is one look.
	err := s.looks.at(id, d.options.Now(), func() error { return d.auditAccess(r.Context(), s, fieldSignalling, id, "ok") })
	if err != nil {
		d.log.Error("signalling hidden", zap.String("call", id), zap.String("user", s.user.Name), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unrecorded", "That you look at this can't be recorded, so it isn't shown. Tell your administrator.")
		return
	}
	if body.Call, err = d.find(r.Context(), id); err == nil {
		body.Ladder, err = d.ladder(r.Context(), id)
	}
	if err == nil {
		body.Recordings, err = d.recordingsOf(r.Context(), id)
	}
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		noSuchCall(w)
	case err != nil:
		d.log.Error("call not read", zap.String("call", id), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unread", "The call can't be read just now. Try again; if it goes on, tell your administrator.")
	default:
		body.Now = d.options.Now().UTC()
		answer(w, http.StatusOK, body)
	}
}

func noSuchCall(w http.ResponseWriter) {
	answerTrouble(w, http.StatusNotFound, "no_call", "There is no call with this ID, neither up nor on record.")
}
