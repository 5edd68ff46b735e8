package desk

import (
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/ledger/recording"
)

// Recordings are the sealed sound of calls; Options.Recordings is nil where nothing is
// recorded.
type Recordings interface {
	// RecordingsOf are a call's, in the order in which they began.
	RecordingsOf(ctx context.Context, call string) ([]ledger.Recording, error)
	// Open gives a recording's sound, Opus in Ogg, once it stands in the audit that this
	// actor opens it, and what for; where that can't be written, it gives none.
	Open(ctx context.Context, recording, actor, purpose string) (io.ReadSeekCloser, error)
}

// fieldRecording names in the audit what somebody tried to hear who may not.
const fieldRecording = "recording"

// recordingRow is a recording as the page shows it.
type recordingRow struct {
	ID      string                `json:"id"`
	Kind    ledger.RecordingKind  `json:"kind"`
	State   ledger.RecordingState `json:"state"`
	Started time.Time             `json:"started"`
	// Seconds that it lasts, once it has ended in order.
	Seconds  float64 `json:"seconds,omitempty"`
	Channels int     `json:"channels"`
	Pauses   int     `json:"pauses,omitempty"`
	// Dropped says that sound is missing since the server had too much to do.
	Dropped   bool      `json:"dropped,omitempty"`
	KeepUntil time.Time `json:"keep_until"`
	Held      bool      `json:"held,omitempty"`
	Disposed  time.Time `json:"disposed,omitzero"`
}

func recordingRowOf(r ledger.Recording) recordingRow {
	return recordingRow{
		ID: r.ID, Kind: r.Kind, State: r.State, Started: r.Started, Seconds: r.Length.Seconds(), Channels: r.Channels,
		Pauses: r.Pauses, Dropped: r.Dropped > 0, KeepUntil: r.KeepUntil, Held: r.Hold != "", Disposed: r.Disposed,
	}
}

// recordingsOf are a call's recordings, for the page.
func (d *Desk) recordingsOf(ctx context.Context, call string) ([]recordingRow, error) {
	if d.options.Recordings == nil {
		return nil, nil
	}
	ctx, cancel := context.WithTimeout(ctx, readTime)
	defer cancel()
	list, err := d.options.Recordings.RecordingsOf(ctx, call)
	if err != nil {
		return nil, err
	}
	rows := make([]recordingRow, len(list))
	for i, one := range list {
		rows[i] = recordingRowOf(one)
	}
	return rows, nil
}

func (d *Desk) recordingRoutes(mux *http.ServeMux) {
	mux.HandleFunc("POST /api/calls/{call}/recordings/{recording}", d.supervising(fieldRecording, d.openRecording))
	mux.HandleFunc("GET /api/calls/{call}/recordings/{recording}", d.supervising(fieldRecording, d.playRecording))
}

// openRecording serves POST of a recording: from then on this session may hear it. It
// is here, before the first byte, that the hearing goes into the audit: a player asks
// for many parts of the sound, and that is one hearing.
func (d *Desk) openRecording(w http.ResponseWriter, r *http.Request, s *session) {
	var asked struct {
		Purpose string `json:"purpose"`
	}
	if !readBody(w, r, maxSignIn, &asked) {
		return
	}
	if recording.CheckPurpose(asked.Purpose) != nil {
		answerTrouble(w, http.StatusBadRequest, "no_purpose", "Say what you listen for; it goes on record.")
		return
	}
	known, found := d.recordingNamed(w, r)
	if !found {
		return
	}
	if d.hear(w, r, s, known, asked.Purpose) {
		answer(w, http.StatusOK, recordingRowOf(known))
	}
}

// hear opens a recording for the session, once that is audited; else it has answered.
func (d *Desk) hear(w http.ResponseWriter, r *http.Request, s *session, known ledger.Recording, purpose string) (open bool) {
	ctx, cancel := context.WithTimeout(r.Context(), readTime)
	defer cancel()
	sound, err := d.options.Recordings.Open(ctx, known.ID, actor(s.user.Agent), purpose)
	if err == nil {
		err = s.hearings.begin(known.ID, sound, d.options.Now())
	}
	if err != nil {
		d.log.Error("recording not opened", zap.String("recording", known.ID), zap.String("call", known.Call), zap.String("user", s.user.Name), zap.Error(err))
		answerTrouble(w, http.StatusServiceUnavailable, "unopened", "The recording can't be opened: either that can't be put on record just now, or its file or key is damaged. Tell your administrator.")
		return false
	}
	d.log.Info("recording opened", zap.String("recording", known.ID), zap.String("call", known.Call), zap.String("user", s.user.Name), zap.String("purpose", purpose))
	return true
}

// playRecording serves GET of a recording that the session has opened, whole or the
// parts that a player asks for (RFC 9110 section 14).
func (d *Desk) playRecording(w http.ResponseWriter, r *http.Request, s *session) {
	known, found := d.recordingNamed(w, r)
	if !found {
		s.hearings.end(callID(r.PathValue("recording")))
		return
	}
	d.play(w, r, s, known)
}

func (d *Desk) play(w http.ResponseWriter, r *http.Request, s *session, known ledger.Recording) {
	sound := s.hearings.of(known.ID, d.options.Now)
	if sound == nil {
		answerTrouble(w, http.StatusConflict, "not_open", "Open the recording first: what you listen for goes on record.")
		return
	}
	w.Header().Set("Content-Type", "audio/ogg; codecs=opus")
	http.ServeContent(w, r, "", time.Time{}, sound)
}

// recordingNamed is the recording that a request's path names, if there is sound of it
// still; else it has answered.
func (d *Desk) recordingNamed(w http.ResponseWriter, r *http.Request) (known ledger.Recording, found bool) {
	return d.recordingOf(w, r, callNamed(r), callID(r.PathValue("recording")))
}

// recordingOf is a call's recording, likewise.
func (d *Desk) recordingOf(w http.ResponseWriter, r *http.Request, call, id string) (known ledger.Recording, found bool) {
	var list []ledger.Recording
	if call != "" && id != "" && d.options.Recordings != nil {
		ctx, cancel := context.WithTimeout(r.Context(), readTime)
		defer cancel()
		var err error
		if list, err = d.options.Recordings.RecordingsOf(ctx, call); err != nil && !errors.Is(err, ledger.ErrNotFound) {
			d.log.Error("recordings not read", zap.String("call", call), zap.Error(err))
			answerTrouble(w, http.StatusServiceUnavailable, "unread", "The records can't be read just now. Try again; if it goes on, tell your administrator.")
			return known, false
		}
	}
	at := slices.IndexFunc(list, func(one ledger.Recording) bool { return one.ID == id })
	switch {
	case at < 0:
		answerTrouble(w, http.StatusNotFound, "no_recording", "There is no such recording of this call.")
	case list[at].State == ledger.RecordingDisposed:
		answerTrouble(w, http.StatusGone, "disposed", "The recording was disposed of.")
	case list[at].State == ledger.RecordingOpen:
		answerTrouble(w, http.StatusConflict, "recording", "It is still being recorded. It can be heard once the call is over.")
	default:
		return list[at], true
	}
	return known, false
}
