package operations

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/zap"

	"careline/ledger"
	"careline/sip/trace"
)

// shelf is a ledger for tests: one stored trace, and an audit that may fail.
type shelf struct {
	packed []byte
	audit  []string
	broken error
}

func (s *shelf) Trace(_ context.Context, call string) ([]byte, error) {
	if call != "stored" {
		return nil, ledger.ErrNotFound
	}
	return s.packed, nil
}

func (s *shelf) RecordCapture(_ context.Context, call, number, actor, reason string) error {
	s.audit = append(s.audit, strings.Join([]string{call, number, reason}, "|"))
	if !strings.HasPrefix(actor, "os:") {
		return errors.New("nobody asks")
	}
	return s.broken
}

const heard = "INVITE sip:5550100@a SIP/2.0\r\nFrom: <sip:3125550142@b>;tag=1\r\nCall-ID: leg\r\n\r\n"

func tracing(t *testing.T) (path string, recorder *trace.Recorder, kept *shelf) {
	t.Helper()
	recorder, kept = trace.New(trace.Options{}), &shelf{}
	sent(recorder)
	recorder.Name("leg", "call")
	shown, _ := recorder.Trace("call")
	shown.Call = "stored"
	var err error
	if kept.packed, err = shown.Pack(); err != nil {
		t.Fatal(err)
	}
	path = filepath.Join(t.TempDir(), "control.sock")
	run(t, controlled(t, path, TraceCommands(recorder, kept, zap.NewNop())...))
	return path, recorder, kept
}

func sent(recorder *trace.Recorder) {
	at := netip.MustParseAddrPort("192.0.2.1:5060")
	recorder.Packet(trace.NewPacket(time.Now(), true, "udp", at, at, []byte(heard)))
}

func capture(t *testing.T, path string, asked CaptureRequest) *http.Response {
	t.Helper()
	body, err := json.Marshal(asked)
	if err != nil {
		t.Fatal(err)
	}
	response, err := ControlClient(path).Post("http://careline/captures", "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	return response
}

func TestTracesAreShownMaskedFromMemoryAndFromTheLedger(t *testing.T) {
	path, _, _ := tracing(t)
	for _, call := range []string{"call", "leg", "last", "stored"} {
		status, body := ask(t, path, "/traces/"+call)
		var shown trace.Trace
		if err := json.Unmarshal([]byte(body), &shown); status != 200 || err != nil || len(shown.Messages) != 1 || strings.Contains(body, "5550142") {
			t.Errorf("%s: %d %v %s", call, status, err, body)
		}
	}
	if status, body := ask(t, path, "/traces/nobody"); status != 404 || !strings.Contains(body, "sip.trace.keep") {
		t.Errorf("an unknown call: %d %s", status, body)
	}
}

func TestACaptureOfACallNeedsAReasonAndTheAudit(t *testing.T) {
	path, _, kept := tracing(t)
	for want, asked := range map[int]CaptureRequest{
		400: {Call: "call", Reason: "why"}, 404: {Call: "nobody", Reason: "one-way sound"}, 200: {Call: "call", Reason: "one-way sound"},
	} {
		response := capture(t, path, asked)
		body, err := io.ReadAll(response.Body)
		if response.StatusCode != want || err != nil || bytes.Contains(body, []byte("5550142")) != (want == 200) {
			t.Errorf("%+v: %d (%v), want %d", asked, response.StatusCode, err, want)
		}
	}
	if len(kept.audit) != 1 || kept.audit[0] != "call||one-way sound" {
		t.Errorf("audited: %q", kept.audit)
	}
	kept.broken = errors.New("the disk is full")
	for _, asked := range []CaptureRequest{{Call: "call", Reason: "one-way sound"}, {Number: "5550142", Reason: "one-way sound"}} {
		response := capture(t, path, asked)
		if body, _ := io.ReadAll(response.Body); response.StatusCode != 503 || bytes.Contains(body, []byte("INVITE")) {
			t.Errorf("without an audit: %d %s", response.StatusCode, body)
		}
	}
}

func TestACaptureFollowsANumberUntilItsTimeIsOver(t *testing.T) {
	path, recorder, kept := tracing(t)
	response := capture(t, path, CaptureRequest{Number: "+1 (312) 555-0142", Reason: "one-way sound", For: 300 * time.Millisecond})
	if response.StatusCode != 200 {
		t.Fatalf("status %d", response.StatusCode)
	}
	sent(recorder)
	body, err := io.ReadAll(response.Body)
	if err != nil || bytes.Count(body, []byte("INVITE ")) != 2 {
		t.Errorf("captured (%v):\n%q", err, body)
	}
	if len(kept.audit) != 1 || kept.audit[0] != "|3125550142|one-way sound" {
		t.Errorf("audited: %q", kept.audit)
	}
}
