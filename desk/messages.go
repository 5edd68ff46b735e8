package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ledger"
	"careline/phi"
)

// Messages are what callers left in boxes; Options.Messages is nil where there are none.
// Their sound is in Recordings, under the message's ID.
type Messages interface {
	// Boxes are those whose queue the agent serves.
	Boxes(agent acd.AgentID) []string
	// MessageBoxes are all that have messages, also those that flows leave none in any more.
	MessageBoxes(ctx context.Context) ([]string, error)
	// Messages of some boxes, the open ones first, by when they are due.
	Messages(ctx context.Context, boxes []string, limit int) ([]ledger.Message, error)
	// Message is one, or ledger.ErrNotFound.
	Message(ctx context.Context, id string) (ledger.Message, error)
	MessageFigures(ctx context.Context, now time.Time) (map[string]ledger.MessageFigures, error)
	// MessageNumber opens the number to call back on, once that stands in the audit.
	MessageNumber(ctx context.Context, id string, access phi.Access) (string, error)
	HearMessage(ctx context.Context, id, actor string) (ledger.Message, error)
	// AnswerMessage takes down what came of calling back, or says ledger.ErrAnswered.
	AnswerMessage(ctx context.Context, id, actor string, outcome ledger.Outcome) (ledger.Message, error)
}

const (
	// maxMessages is how many a list shows: those that are open before all others.
	maxMessages = 200
	// fieldMessage names in the audit what somebody tried to hear who may not,
	// fieldNumber what an agent reads who calls back.
	fieldMessage = "message"
	fieldNumber  = "callback_number"
)

// messageRow is a message as the page shows it. Nothing in it says who left it.
type messageRow struct {
	ID   string    `json:"id"`
	Box  string    `json:"box"`
	Line string    `json:"line"`
	Left time.Time `json:"left"`
	// Due is by when it is to be answered.
	Due          time.Time           `json:"due"`
	Overdue      bool                `json:"overdue,omitempty"`
	Seconds      float64             `json:"seconds"`
	Language     string              `json:"language"`
	Verification string              `json:"verification"`
	Number       ledger.NumberSource `json:"number"`
	// HeardBy and AnsweredBy are colleagues' names.
	HeardBy    string         `json:"heard_by,omitempty"`
	AnsweredBy string         `json:"answered_by,omitempty"`
	Answered   time.Time      `json:"answered,omitzero"`
	Outcome    ledger.Outcome `json:"outcome,omitempty"`
	// Tries is how often nobody answered.
	Tries int `json:"tries,omitempty"`
}

func (d *Desk) messageRowOf(m ledger.Message) messageRow {
	return messageRow{
		ID: m.ID, Box: m.Box, Line: m.Line, Left: m.Left, Due: m.Due, Overdue: m.Overdue(d.options.Now()), Seconds: m.Length.Seconds(),
		Language: m.Language, Verification: m.Verification, Number: m.Number, HeardBy: d.nameOfActor(m.HeardBy),
		AnsweredBy: d.nameOfActor(m.AnsweredBy), Answered: m.Answered, Outcome: m.Outcome, Tries: len(m.Tries),
	}
}

func (d *Desk) messageRoutes(mux *http.ServeMux) {
	mux.HandleFunc("GET /api/messages", d.signedIn(d.messages))
	mux.HandleFunc("GET /api/messages/open", d.signedIn(d.openMessages))
	mux.HandleFunc("POST /api/messages/{message}/sound", d.ofMessage(d.openMessage))
	mux.HandleFunc("GET /api/messages/{message}/sound", d.ofMessage(d.playMessage))
	mux.HandleFunc("POST /api/messages/{message}/number", d.ofMessage(d.messageNumber))
	mux.HandleFunc("POST /api/messages/{message}/answer", d.ofMessage(d.answerMessage))
}

// boxesOf are the boxes that a user hears: a supervisor all, an agent those of the own
// queues, an administrator none (minimum necessary, 45 CFR 164.502(b)).
func (d *Desk) boxesOf(ctx context.Context, user User) ([]string, error) {
	if d.options.Messages == nil || user.Role == RoleAdmin {
		return nil, nil
	}
	own := d.options.Messages.Boxes(user.Agent)
	if user.Role != RoleSupervisor {
		return own, nil
	}
	all, err := d.options.Messages.MessageBoxes(ctx)
	all = append(all, own...)
	slices.Sort(all)
	return slices.Compact(all), err
}

// messages serves GET /api/messages: those that nobody has heard, those that are to be
// answered still, and the latest that are answered.
func (d *Desk) messages(w http.ResponseWriter, r *http.Request, s *session) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	boxes, err := d.boxesOf(ctx, s.user)
	var list []ledger.Message
	if err == nil && len(boxes) > 0 {
		list, err = d.options.Messages.Messages(ctx, boxes, maxMessages)
	}
	if err != nil {
		d.messagesUnread(w, err)
		return
	}
	slices.SortStableFunc(list, func(a, b ledger.Message) int { return place(a) - place(b) })
	var body struct {
		Now      time.Time    `json:"now"`
		Messages []messageRow `json:"messages"`
	}
	body.Now, body.Messages = d.options.Now().UTC(), make([]messageRow, len(list))
	for i, one := range list {
		body.Messages[i] = d.messageRowOf(one)
	}
	answer(w, http.StatusOK, body)
}

// place sorts: unheard, heard, answered.
func place(m ledger.Message) int {
	switch {
	case !m.Open():
		return 2
	case !m.Heard.IsZero():
		return 1
	}
	return 0
}

// openMessages serves GET /api/messages/open: how many are to be answered, for the
// page's navigation. Hears says whether the user hears any box.
func (d *Desk) openMessages(w http.ResponseWriter, r *http.Request, s *session) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	var body struct {
		Hears   bool `json:"hears"`
		Open    int  `json:"open"`
		Overdue int  `json:"overdue"`
	}
	boxes, err := d.boxesOf(ctx, s.user)
	body.Hears = len(boxes) > 0
	if err == nil && body.Hears {
		var figures map[string]ledger.MessageFigures
		figures, err = d.options.Messages.MessageFigures(ctx, d.options.Now())
		for _, box := range boxes {
			body.Open += figures[box].Open
			body.Overdue += figures[box].Overdue
		}
	}
	if err != nil {
		d.messagesUnread(w, err)
		return
	}
	answer(w, http.StatusOK, body)
}

func (d *Desk) messagesUnread(w http.ResponseWriter, err error) {
	d.log.Error("messages not read", zap.Error(err))
	answerTrouble(w, http.StatusServiceUnavailable, "unread", "The messages can't be read just now. Try again; if it goes on, tell your administrator.")
}

// ofMessage lets those through who hear the box of the message that a request's path
// names. An attempt by anybody else goes into the audit (45 CFR 164.312(b)).
func (d *Desk) ofMessage(next func(http.ResponseWriter, *http.Request, *session, ledger.Message)) http.HandlerFunc {
	return d.signedIn(func(w http.ResponseWriter, r *http.Request, s *session) {
		ctx, cancel := context.WithTimeout(r.Context(), readTime)
		defer cancel()
		m, err := ledger.Message{}, error(ledger.ErrNotFound)
		if id := callID(r.PathValue("message")); id != "" && d.options.Messages != nil {
			m, err = d.options.Messages.Message(ctx, id)
		}
		var boxes []string
		if err == nil {
			boxes, err = d.boxesOf(ctx, s.user)
		}
		switch {
		case errors.Is(err, ledger.ErrNotFound):
			answerTrouble(w, http.StatusNotFound, "no_message", "There is no such message.")
		case err != nil:
			d.messagesUnread(w, err)
		case !slices.Contains(boxes, m.Box):
			d.refuse(r.Context(), s, fieldMessage, m.Call)
			answerTrouble(w, http.StatusForbidden, "not_your_box", "Messages are for the agents of their queue, and for supervisors. Ask your administrator.")
		default:
			next(w, r, s, m)
		}
	})
}

// openMessage serves POST of a message's sound: from then on this session may hear it,
// and it counts as heard.
func (d *Desk) openMessage(w http.ResponseWriter, r *http.Request, s *session, m ledger.Message) {
	known, found := d.recordingOf(w, r, m.Call, m.ID)
	if !found || !d.hear(w, r, s, known, string(phi.CallBack)) {
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	heard, err := d.options.Messages.HearMessage(ctx, m.ID, actor(s.user.Agent))
	if err != nil { // that it was opened is on record; it stays among those that nobody heard
		d.log.Error("message not marked as heard", zap.String("message", m.ID), zap.Error(err))
		heard = m
	}
	answer(w, http.StatusOK, d.messageRowOf(heard))
}

// playMessage serves GET of a message's sound that the session has opened.
func (d *Desk) playMessage(w http.ResponseWriter, r *http.Request, s *session, m ledger.Message) {
	known, found := d.recordingOf(w, r, m.Call, m.ID)
	if !found {
		s.hearings.end(m.ID)
		return
	}
	d.play(w, r, s, known)
}

// messageNumber serves POST of a message's number: each reading is audited.
func (d *Desk) messageNumber(w http.ResponseWriter, r *http.Request, s *session, m ledger.Message) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	number, err := d.options.Messages.MessageNumber(ctx, m.ID, phi.Access{
		Call: m.Call, Actor: actor(s.user.Agent), Subject: m.MemberToken, Field: fieldNumber, Purpose: phi.CallBack,
	})
	if err != nil {
		d.log.Error("number of a message not shown", zap.String("message", m.ID), zap.String("user", s.user.Name), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unrecorded", "The number can't be shown: that you read it can't be put on record just now, or it is damaged. Tell your administrator.")
		return
	}
	answer(w, http.StatusOK, map[string]string{"number": number})
}

// answerMessage serves POST of what came of calling back.
func (d *Desk) answerMessage(w http.ResponseWriter, r *http.Request, s *session, m ledger.Message) {
	var asked struct {
		Outcome ledger.Outcome `json:"outcome"`
	}
	if !readBody(w, r, maxSignIn, &asked) {
		return
	}
	if !slices.Contains(ledger.Outcomes(), asked.Outcome) {
		answerTrouble(w, http.StatusBadRequest, "no_outcome", "Say what came of it.")
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	answered, err := d.options.Messages.AnswerMessage(ctx, m.ID, actor(s.user.Agent), asked.Outcome)
	switch {
	case errors.Is(err, ledger.ErrAnswered):
		answerTrouble(w, http.StatusConflict, "answered", "A colleague has answered this message already.")
	case err != nil:
		d.log.Error("message not answered", zap.String("message", m.ID), zap.String("user", s.user.Name), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unrecorded", "That can't be put on record just now. Try again; if it goes on, tell your administrator.")
	default:
		d.log.Info("message answered", zap.String("message", m.ID), zap.String("user", s.user.Name), zap.String("outcome", string(asked.Outcome)))
		answer(w, http.StatusOK, d.messageRowOf(answered))
	}
}
