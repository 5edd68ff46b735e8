package operations

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/sip/trace"
)

// Traces are the calls in memory; *trace.Recorder is one.
type Traces interface {
	Trace(id string) (trace.Trace, bool)
	Reveal(ctx context.Context, audit trace.Auditor, warrant trace.Warrant) ([]trace.Frame, error)
	Follow(ctx context.Context, audit trace.Auditor, warrant trace.Warrant, length time.Duration, limit int) (*trace.Capture, error)
}

// KeptTraces are the calls that ended, and the audit; *ledger.Ledger is one.
type KeptTraces interface {
	trace.Auditor
	Trace(ctx context.Context, call string) ([]byte, error)
}

// CaptureRequest is what POST /captures takes, as JSON. Without For it is a call's
// messages in memory; with it, those that come within that time too.
type CaptureRequest struct {
	Call   string        `json:"call,omitempty"`
	Number string        `json:"number,omitempty"`
	Reason string        `json:"reason"`
	For    time.Duration `json:"for,omitempty"`
	Bytes  int           `json:"bytes,omitempty"`
}

const maxCaptureRequest = 4096 // bytes

// TraceCommands show calls' signalling: masked by GET /traces/{call}, and by POST
// /captures as a capture file with its numbers, of which the audit knows first.
func TraceCommands(traces Traces, kept KeptTraces, log *zap.Logger) []Command {
	c := traceCommands{traces, kept, log}
	return []Command{{"GET /traces/{call}", http.HandlerFunc(c.show)}, {"POST /captures", http.HandlerFunc(c.capture)}}
}

type traceCommands struct {
	traces Traces
	kept   KeptTraces
	log    *zap.Logger
}

// FindTrace is a call's signalling, masked, or ledger.ErrNotFound. It looks in
// memory first: a call that goes on is there alone.
func FindTrace(ctx context.Context, traces Traces, kept KeptTraces, call string) (trace.Trace, error) {
	if shown, found := traces.Trace(call); found {
		return shown, nil
	}
	packed, err := kept.Trace(ctx, call)
	if err != nil {
		return trace.Trace{}, err
	}
	return trace.Unpack(packed)
}

func (c traceCommands) show(w http.ResponseWriter, r *http.Request) {
	shown, err := FindTrace(r.Context(), c.traces, c.kept, r.PathValue("call"))
	if errors.Is(err, ledger.ErrNotFound) {
		http.Error(w, "no signalling of that call is held; what is kept ends with sip.trace.keep", http.StatusNotFound)
		return
	}
	if err != nil {
		c.log.Error("trace not read", zap.Error(err))
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(shown) // whoever asked may have left
}

// capture answers with a capture file, as it grows.
func (c traceCommands) capture(w http.ResponseWriter, r *http.Request) {
	var asked CaptureRequest
	decoder := json.NewDecoder(io.LimitReader(r.Body, maxCaptureRequest))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&asked); err != nil {
		http.Error(w, "the request can't be read", http.StatusBadRequest)
		return
	}
	warrant := trace.Warrant{Call: asked.Call, Number: asked.Number, Actor: Operator(r.Context()), Reason: asked.Reason}
	if asked.For <= 0 && asked.Number == "" {
		frames, err := c.traces.Reveal(r.Context(), c.kept, warrant)
		if err != nil {
			c.refuse(w, err)
			return
		}
		writePcap(w, frames...)
		return
	}
	capture, err := c.traces.Follow(r.Context(), c.kept, warrant, asked.For, asked.Bytes)
	if err != nil {
		c.refuse(w, err)
		return
	}
	defer func() {
		c.log.Info("capture ended", zap.String("by", warrant.Actor), zap.Int("skipped", capture.Close()))
	}()
	c.log.Info("capture began", zap.String("by", warrant.Actor))
	file := writePcap(w)
	for file != nil {
		_ = http.NewResponseController(w).Flush()
		frame, err := capture.Next(r.Context())
		if err != nil || file.Write(frame) != nil {
			return
		}
	}
}

// writePcap begins a file; nil where nobody takes it any more.
func writePcap(w http.ResponseWriter, frames ...trace.Frame) *trace.Pcap {
	w.Header().Set("Content-Type", "application/vnd.tcpdump.pcap")
	file, err := trace.NewPcap(w)
	if err != nil {
		return nil
	}
	for _, frame := range frames {
		if file.Write(frame) != nil {
			return nil
		}
	}
	return file
}

func (c traceCommands) refuse(w http.ResponseWriter, err error) {
	status := http.StatusServiceUnavailable
	switch {
	case errors.Is(err, trace.ErrUnknown):
		status = http.StatusNotFound
	case errors.Is(err, trace.ErrWarrant):
		status = http.StatusBadRequest
	case errors.Is(err, trace.ErrCaptures):
		status = http.StatusTooManyRequests
	default:
		c.log.Error("capture refused", zap.Error(err))
	}
	http.Error(w, err.Error(), status)
}
