package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"careline/ledger"
	"careline/ledger/recording"
)

// maxRecordings are listed at once.
const maxRecordings = 500

// soundTime bounds the reading of one recording: an hour is 22 MB.
const soundTime = 5 * time.Minute

// Recordings is what careline recording works on; *recording.Store is one.
type Recordings interface {
	Read(ctx context.Context, id string, reading recording.Reading) (*recording.Sound, error)
	Dispose(ctx context.Context, id, actor, why string) error
	Hold(ctx context.Context, id, actor, why string) error
	Verify(ctx context.Context, id string) error
	Rekey(ctx context.Context) (int, error)
}

// Known is what is known of recordings; *ledger.Ledger is one.
type Known interface {
	Recordings(ctx context.Context, limit int) ([]ledger.Recording, error)
	RecordingsOf(ctx context.Context, call string) ([]ledger.Recording, error)
}

// Request is what a command says of what it does.
type Request struct {
	// Why stands in the audit: for sound one of recording.Purposes, else some words.
	Why string `json:"why"`
}

// RecordingCommands are what careline recording asks.
func RecordingCommands(recordings Recordings, known Known) []Command {
	changed := func(do func(r *http.Request, id, why string) error) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			why, ok := reasonOf(w, r)
			if !ok {
				return
			}
			if err := do(r, r.PathValue("id"), why); err != nil {
				recordingRefused(w, err)
				return
			}
			tell(w, struct{}{})
		}
	}
	return []Command{
		{Pattern: "GET /recordings", Handler: listRecordings(known)},
		{Pattern: "POST /recordings/{id}/sound", Handler: sendSound(recordings)},
		{Pattern: "POST /recordings/{id}/dispose", Handler: changed(func(r *http.Request, id, why string) error {
			return recordings.Dispose(r.Context(), id, Operator(r.Context()), why)
		})},
		{Pattern: "POST /recordings/{id}/hold", Handler: changed(func(r *http.Request, id, why string) error {
			return recordings.Hold(r.Context(), id, Operator(r.Context()), why)
		})},
		{Pattern: "POST /recordings/{id}/release", Handler: changed(func(r *http.Request, id, _ string) error {
			return recordings.Hold(r.Context(), id, Operator(r.Context()), "")
		})},
		{Pattern: "GET /recordings/{id}/verify", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := recordings.Verify(r.Context(), r.PathValue("id")); err != nil {
				recordingRefused(w, err)
				return
			}
			tell(w, struct{}{})
		})},
		{Pattern: "POST /recordings/rekey", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			n, err := recordings.Rekey(r.Context())
			if err != nil {
				recordingRefused(w, err)
				return
			}
			tell(w, map[string]int{"resealed": n})
		})},
	}
}

func listRecordings(known Known) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		var list []ledger.Recording
		var err error
		if call := r.URL.Query().Get("call"); call != "" {
			list, err = known.RecordingsOf(r.Context(), call)
		} else {
			list, err = known.Recordings(r.Context(), maxRecordings)
		}
		if err != nil {
			recordingRefused(w, err)
			return
		}
		tell(w, list)
	}
}

func sendSound(recordings Recordings) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		why, ok := reasonOf(w, r)
		if !ok {
			return
		}
		if err := recording.CheckPurpose(why); err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		sound, err := recordings.Read(r.Context(), r.PathValue("id"), recording.Reading{Actor: Operator(r.Context()), Purpose: why})
		if err != nil {
			recordingRefused(w, err)
			return
		}
		defer sound.Close()
		w.Header().Set("Content-Type", "audio/ogg")
		w.Header().Set("Content-Length", fmt.Sprint(sound.Size()))
		_, _ = io.Copy(w, sound) // an answer cut short is seen by its length
	}
}

// reasonOf reads why something is done; it has answered if ok is false.
func reasonOf(w http.ResponseWriter, r *http.Request) (why string, ok bool) {
	var request Request
	if err := json.NewDecoder(io.LimitReader(r.Body, 4<<10)).Decode(&request); err != nil || len(request.Why) > ledger.MaxField {
		http.Error(w, "say why, in few words and without a person's name: it stands in the audit", http.StatusBadRequest)
		return "", false
	}
	if strings.TrimSpace(request.Why) == "" && !strings.HasSuffix(r.URL.Path, "/release") {
		http.Error(w, "say why; it stands in the audit", http.StatusBadRequest)
		return "", false
	}
	return strings.TrimSpace(request.Why), true
}

func recordingRefused(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		status = http.StatusNotFound
	case errors.Is(err, recording.ErrHeld), errors.Is(err, recording.ErrDisposed), errors.Is(err, recording.ErrOpen):
		status = http.StatusConflict
	}
	http.Error(w, err.Error(), status)
}

// ListRecordings asks the server behind a control socket for a call's recordings, or
// for the newest where call is empty.
func ListRecordings(ctx context.Context, socket, call string) ([]ledger.Recording, error) {
	var list []ledger.Recording
	return list, command(ctx, socket, http.MethodGet, "/recordings?call="+url.QueryEscape(call), &list)
}

// ChangeRecording has one disposed of, held or released.
func ChangeRecording(ctx context.Context, socket, id, change, why string) error {
	response, err := askRecording(ctx, socket, id+"/"+change, why)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// VerifyRecording reads a recording to its end, without giving out any of it.
func VerifyRecording(ctx context.Context, socket, id string) error {
	return command(ctx, socket, http.MethodGet, "/recordings/"+url.PathEscape(id)+"/verify", &struct{}{})
}

// RekeyRecordings seals all keys under the present master key.
func RekeyRecordings(ctx context.Context, socket string) (int, error) {
	done := map[string]int{}
	err := command(ctx, socket, http.MethodPost, "/recordings/rekey", &done)
	return done["resealed"], err
}

// ExportRecording writes a recording's sound, Opus in Ogg.
func ExportRecording(ctx context.Context, socket, id, purpose string, to io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, soundTime)
	defer cancel()
	response, err := askRecording(ctx, socket, id+"/sound", purpose)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	n, err := io.Copy(to, response.Body)
	if err != nil {
		return fmt.Errorf("recording %s: after %d bytes: %w", id, n, err)
	}
	return nil
}

func askRecording(ctx context.Context, socket, path, why string) (*http.Response, error) {
	return askWhy(ctx, socket, "/recordings/"+path, why)
}

// askWhy posts what is to be done, with its reason.
func askWhy(ctx context.Context, socket, path, why string) (*http.Response, error) {
	body, err := json.Marshal(Request{Why: why})
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://careline"+path, strings.NewReader(string(body)))
	if err != nil {
		return nil, err
	}
	response, err := ControlClient(socket).Do(request)
	if err != nil {
		return nil, unanswered(socket, err)
	}
	if response.StatusCode != http.StatusOK {
		defer response.Body.Close()
		reason, _ := io.ReadAll(io.LimitReader(response.Body, 1<<10))
		return nil, fmt.Errorf("the server refused: %s", strings.TrimSpace(string(reason)))
	}
	return response, nil
}
