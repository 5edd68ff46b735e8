package desk

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"careline/acd"
	"careline/call"
)

func (c *fakeCenter) OpenCallbacks(context.Context) ([]call.OpenCallback, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.callbacks), c.err
}

func (c *fakeCenter) CancelCallback(_ context.Context, id, by, why string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := slices.IndexFunc(c.callbacks, func(one call.OpenCallback) bool { return one.ID == id })
	switch {
	case c.err != nil:
		return c.err
	case at < 0:
		return call.ErrNoCallback
	}
	c.callbacks = slices.Delete(c.callbacks, at, at+1)
	c.cancelled = append(c.cancelled, by+" "+id+" "+why)
	return nil
}

// promised is a shift at which sam looks on, and a caller is to be called.
func promised(t *testing.T, tell func(t *testing.T, s *shift)) {
	supervised(t, func(t *testing.T, s *shift) {
		s.center.callbacks = []call.OpenCallback{
			{ID: ours, Queue: "claims", Ending: "47", Asked: time.Now().Add(-time.Minute), Attempts: 1, State: call.CallbackOffered, Place: 1, Agent: "maria"},
		}
		tell(t, s)
	})
}

func TestASupervisorSeesWhoIsToBeCalledAndCancels(t *testing.T) {
	promised(t, func(t *testing.T, s *shift) {
		status, text := s.get("/api/callbacks")
		if status != http.StatusOK || !strings.Contains(text, `"ending":"47"`) || !strings.Contains(text, `"agent":"Maria Santos"`) || !strings.Contains(text, `"attempts":1`) {
			t.Errorf("%d %s", status, text)
		}
		for _, why := range []string{`{}`, `{"why":"Linda called from 555-0147"}`} {
			if status, text := s.post("/api/callbacks/"+ours+"/cancel", why, s.url); status != http.StatusBadRequest {
				t.Errorf("%s: %d %s", why, status, text)
			}
		}
		if status, text := s.post("/api/callbacks/"+theirs+"/cancel", `{"why":"settled"}`, s.url); status != http.StatusNotFound {
			t.Errorf("another: %d %s", status, text)
		}
		if status, text := s.post("/api/callbacks/"+ours+"/cancel", `{"why":"settled"}`, s.url); status != http.StatusNoContent {
			t.Errorf("%d %s", status, text)
		}
		if want := []string{"agent:sam " + ours + " settled"}; !slices.Equal(s.center.cancelled, want) {
			t.Errorf("cancelled: %q", s.center.cancelled)
		}
	})
}

func TestWhatCannotBePutOnRecordIsNotCancelled(t *testing.T) {
	promised(t, func(t *testing.T, s *shift) {
		s.center.mu.Lock()
		s.center.err = errors.New("the disk is full")
		s.center.mu.Unlock()
		if status, _ := s.get("/api/callbacks"); status != http.StatusServiceUnavailable {
			t.Errorf("the list: %d", status)
		}
		if status, text := s.post("/api/callbacks/"+ours+"/cancel", `{"why":"settled"}`, s.url); status != http.StatusServiceUnavailable || !strings.Contains(text, "stands") {
			t.Errorf("%d %s", status, text)
		}
	})
}

func TestOnlySupervisorsSeeAndCancelCallbacks(t *testing.T) {
	promised(t, func(t *testing.T, s *shift) {
		s.asks(t, "maria")
		if status, text := s.get("/api/callbacks"); status != http.StatusForbidden || strings.Contains(text, "47") {
			t.Errorf("the list: %d %s", status, text)
		}
		if status, _ := s.post("/api/callbacks/"+ours+"/cancel", `{"why":"settled"}`, s.url); status != http.StatusForbidden || len(s.center.cancelled) != 0 {
			t.Errorf("cancelled by an agent: %d %q", status, s.center.cancelled)
		}
		const refused = "agent:maria callbacks supervision refused "
		if told := s.looked(); !slices.Equal(told, []string{refused, refused}) {
			t.Errorf("the audit says %q", told)
		}
	})
}

func TestTheAgentSeesThatItIsACallbackAndSinceWhen(t *testing.T) {
	s := open(t)
	s.signIn()
	page := s.socket()
	if text := awaits(t, page, `"state":"away"`); strings.Contains(text, "callback") {
		t.Errorf("without a call: %s", text)
	}
	asked := time.Date(2026, 3, 1, 12, 0, 0, 0, time.FixedZone("", 3600))
	view := call.AgentView{Agent: "maria", State: acd.Offered, Call: &call.CallView{ID: "c", Callback: "offered", CallbackAsked: asked}}
	s.center.show(view)
	awaits(t, page, `"callback":"offered"`, `"callback_asked":"2026-03-01T11:00:00Z"`)
	view.State, view.Call = acd.Talking, &call.CallView{ID: "c", CallbackAsked: asked}
	s.center.show(view)
	if text := awaits(t, page, `"state":"talking"`, `"callback_asked":"2026-03-01T11:00:00Z"`); strings.Contains(text, `"callback":`) {
		t.Errorf("once the caller is there: %s", text)
	}
	view.Call = &call.CallView{ID: "d"}
	s.center.show(view)
	if text := awaits(t, page, `"id":"d"`); strings.Contains(text, "callback") {
		t.Errorf("another call: %s", text)
	}
}
