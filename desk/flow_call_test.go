package desk

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"

	"careline/acd"
	"careline/call"
	"careline/ivr"
)

// placed is what a fakeFlows was asked to call.
type placed struct {
	by    acd.AgentID
	flow  string
	ended bool
}

func (f *fakeFlows) Call(_ context.Context, by acd.AgentID, files map[string][]byte, flow, offer string) (id, answer string, err error) {
	fsys := fstest.MapFS{}
	for name, raw := range files {
		fsys[name] = &fstest.MapFile{Data: raw}
	}
	set, err := ivr.Load(fsys, "flows", ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"people": {}}})
	switch {
	case err != nil || !set.Has(flow):
		return "", "", call.ErrNoFlow
	case offer == "bad":
		return "", "", call.ErrBadOffer
	case offer == "full":
		return "", "", call.ErrBusy
	}
	f.placed = &placed{by: by, flow: flow}
	return "call-9", "answer", nil
}

func (f *fakeFlows) CallState(by acd.AgentID, id string) (call.TrialState, error) {
	if f.placed == nil || f.placed.by != by || id != "call-9" {
		return call.TrialState{}, call.ErrNoTrial
	}
	if f.placed.ended {
		return call.TrialState{Stage: "over", Why: "the caller hung up"}, nil
	}
	return call.TrialState{Stage: "flow", Flow: "clinic", Step: "main"}, nil
}

func (f *fakeFlows) EndCall(by acd.AgentID, id string) error {
	if _, err := f.CallState(by, id); err != nil {
		return err
	}
	f.placed.ended = true
	return nil
}

// offering calls the draft with an offer.
func offering(offer string) func(map[string]any) {
	return func(r map[string]any) { r["offer"] = offer }
}

func TestAnAdminCallsADraft(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		s.asks(t, "sam")
		if status := s.edited(t, "/api/flows/calls", offering("offer"), nil); status != http.StatusForbidden {
			t.Errorf("a supervisor calls a draft: %d", status)
		}
		s.asks(t, "alex")
		for offer, want := range map[string]int{"": 400, strings.Repeat("v", maxOffer+1): 400, "bad": 400, "full": 503} {
			if status := s.edited(t, "/api/flows/calls", offering(offer), nil); status != want {
				t.Errorf("offer of %d bytes: %d, want %d", len(offer), status, want)
			}
		}
		var refused struct{ Error trouble }
		mistaken := func(r map[string]any) { changed("next: main}", "next: mian}")(r); r["offer"] = "offer" }
		if status := s.edited(t, "/api/flows/calls", mistaken, &refused); status != 422 || refused.Error.Code != "mistakes" {
			t.Errorf("a draft with a mistake: %d %+v", status, refused)
		}
		var body map[string]string
		if status := s.edited(t, "/api/flows/calls", offering("offer"), &body); status != 200 || body["call"] != "call-9" || body["answer"] != "answer" {
			t.Fatalf("%d %v", status, body)
		}
		if told := strings.Join(s.looked(), "\n"); strings.Count(told, "flow trial called") != 1 {
			t.Errorf("the audit says:\n%s", told)
		}
		if status, text := s.get("/api/flows/calls/call-9"); status != 200 || !strings.Contains(text, `"step":"main"`) {
			t.Errorf("where it is: %d %s", status, text)
		}
		if status, _ := s.get("/api/flows/calls/call-8"); status != http.StatusNotFound {
			t.Errorf("another call: %d", status)
		}
		if status, _ := s.send(http.MethodDelete, "/api/flows/calls/call-9", "", s.url); status != http.StatusNoContent {
			t.Errorf("hanging up: %d", status)
		}
		if _, text := s.get("/api/flows/calls/call-9"); !strings.Contains(text, `"why":"the caller hung up"`) {
			t.Errorf("over: %s", text)
		}
	})
}

// What can't be put on record isn't done.
func TestATrialThatCannotBeAuditedIsEnded(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		s.asks(t, "alex")
		s.records.failing = errors.New("the disk is full")
		if status := s.edited(t, "/api/flows/calls", offering("offer"), nil); status != http.StatusServiceUnavailable {
			t.Errorf("%d", status)
		}
		if !s.desk.options.Flows.(*fakeFlows).placed.ended {
			t.Error("the call goes on")
		}
	})
}
