package desk

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"careline/call"
	"careline/ledger"
)

// Calls that supervisors look at.
const (
	ours   = "019abc12-3456-7000-8000-000000000001"
	theirs = "019abc12-3456-7000-8000-000000000002"
	nobody = "019abc12-3456-7000-8000-000000000003"
)

// ladders is the signalling that is held.
type ladders map[string]Ladder

func (l ladders) Ladder(_ context.Context, call string) (Ladder, error) {
	if found, ok := l[call]; ok {
		return found, nil
	}
	return Ladder{}, ErrNoSignalling
}

// supervised is a shift at which sam looks on: a call is up, another is over.
func supervised(t *testing.T, tell func(t *testing.T, s *shift)) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		began := time.Now()
		s.center.up = []call.Overview{{
			ID: ours, Line: "Member services", Stage: "talk", Queue: "claims", Agent: "maria", Verification: "verified", Started: began, Since: began,
		}}
		s.records.kept = []ledger.CallRecord{
			{ID: ours, Line: "Member services", Started: began},
			{ID: theirs, Line: "Nurse line", Started: began.Add(-time.Hour), Ended: began, EndedBy: ledger.ByCaller, Why: "the caller hung up", MemberToken: "token", Recordings: []string{whole},
				Segments: []ledger.Segment{{Kind: ledger.SegmentTalk, Agent: "maria", Queue: "nurse_line"}, {Kind: ledger.SegmentTalk, Agent: "gone", Queue: "nurse_line"}}},
		}
		s.asks(t, "sam")
		tell(t, s)
	})
}

// asks signs another user in at the same browser.
func (s *shift) asks(t *testing.T, user string) {
	t.Helper()
	if status, text := s.post("/api/sign-in", fmt.Sprintf(`{"user":%q,"password":"correct horse"}`, user), s.url); status != http.StatusOK {
		t.Fatalf("%s signs in: %d %s", user, status, text)
	}
}

// looks are the audit's entries about calls.
func (s *shift) looked() (told []string) {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	for _, e := range s.records.entries {
		if e.Kind == ledger.AuditAccess {
			told = append(told, strings.Join([]string{e.Actor, e.Field, e.Purpose, e.Outcome, e.Call}, " "))
		}
	}
	return told
}

func TestASupervisorSeesTheCallsThatAreUpAndThoseThatAreOver(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		status, text := s.get("/api/calls")
		var list struct{ Up, Recent []callRow }
		if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s: %v", status, text, err)
		}
		if len(list.Up) != 1 || list.Up[0].ID != ours || list.Up[0].Stage != "talk" || strings.Join(list.Up[0].Agents, "+") != "Maria Santos" {
			t.Errorf("up: %+v", list.Up)
		}
		if len(list.Recent) != 1 || list.Recent[0].ID != theirs || list.Recent[0].Queue != "nurse_line" || strings.Join(list.Recent[0].Agents, "+") != "Maria Santos+gone" {
			t.Errorf("over: %+v", list.Recent)
		}
		if !list.Recent[0].Recorded || list.Up[0].Recorded {
			t.Errorf("recorded are %+v", list)
		}
		if strings.Contains(text, "token") {
			t.Errorf("the list says who calls: %s", text)
		}
		if told := s.looked(); len(told) != 0 {
			t.Errorf("the list, which holds nothing protected, is audited: %q", told)
		}
	})
}

func TestUrgentCallersAreMarkedAndTheLateOnesComeFirst(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		began := time.Now()
		waiting := func(id string) call.Overview {
			return call.Overview{ID: id, Line: "Nurse line", Stage: "queue", Queue: "nurse_line", Started: began, Since: began}
		}
		urgent, late := waiting(theirs), waiting(nobody)
		urgent.Urgent = true
		late.Urgent, late.Late, late.Calling = true, true, "nurses"
		s.center.up = []call.Overview{waiting(ours), urgent, late}
		_, text := s.get("/api/calls")
		var list struct{ Up []callRow }
		if err := json.Unmarshal([]byte(text), &list); err != nil || len(list.Up) != 3 {
			t.Fatalf("%s: %v", text, err)
		}
		if row := list.Up[0]; row.ID != nobody || !row.Late || !row.Urgent || row.Calling != "nurses" {
			t.Errorf("first is %+v", row)
		}
		if row := list.Up[1]; row.ID != theirs || !row.Urgent || row.Late || row.Calling != "" {
			t.Errorf("second is %+v", row)
		}
		if row := list.Up[2]; row.ID != ours || row.Urgent || row.Late {
			t.Errorf("third is %+v", row)
		}
	})
}

func TestEachLookAtACallIsAuditedOnce(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		for range 20 { // as the page asks while it shows the call
			if status, text := s.get("/api/calls/" + ours); status != http.StatusOK || !strings.Contains(text, "INVITE sdp") {
				t.Fatalf("%d %s", status, text)
			}
			pass(2 * time.Second)
		}
		const look = "agent:sam signalling supervision ok " + ours
		if told := s.looked(); len(told) != 1 || told[0] != look {
			t.Fatalf("one look is told as %q", told)
		}
		pass(time.Minute)
		s.get("/api/calls/" + ours)
		if told := s.looked(); len(told) != 2 || told[1] != look {
			t.Errorf("two looks are told as %q", told)
		}
	})
}

func TestACallWithoutSignallingIsShownAllTheSame(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		status, text := s.get("/api/calls/" + theirs)
		if status != http.StatusOK || !strings.Contains(text, "the caller hung up") || strings.Contains(text, "ladder") || strings.Contains(text, "token") {
			t.Errorf("%d %s", status, text)
		}
		for _, path := range []string{nobody, "last", "..%2f" + ours, strings.ToUpper(ours), "12025550142"} {
			if status, text := s.get("/api/calls/" + path); status != http.StatusNotFound {
				t.Errorf("%s: %d %s", path, status, text)
			}
		}
		for _, entry := range s.looked() {
			if strings.Contains(entry, "5550142") || strings.Contains(entry, "last") {
				t.Errorf("what was typed went into the audit: %s", entry)
			}
		}
	})
}

func TestWhatTheAuditDoesNotTakeIsNotShown(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		s.records.failing = errors.New("the disk is full")
		if status, text := s.get("/api/calls/" + ours); status != http.StatusServiceUnavailable || strings.Contains(text, "INVITE") {
			t.Errorf("%d %s", status, text)
		}
		s.records.failing = nil
		if status, _ := s.get("/api/calls/" + ours); status != http.StatusOK || len(s.looked()) != 1 {
			t.Errorf("with room on the disk: %d, %q", status, s.looked())
		}
	})
}

func TestAnAgentIsRefusedOthersCallsAndTheAuditSaysSo(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		s.asks(t, "maria")
		for _, path := range []string{"/api/calls", "/api/calls/" + ours, "/api/calls/" + nobody} {
			status, text := s.get(path)
			if status != http.StatusForbidden || strings.Contains(text, "INVITE") || strings.Contains(text, "Member services") {
				t.Errorf("%s: %d %s", path, status, text)
			}
		}
		want := []string{
			"agent:maria calls supervision refused ", "agent:maria signalling supervision refused " + ours, "agent:maria signalling supervision refused " + nobody,
		}
		if told := s.looked(); strings.Join(told, "\n") != strings.Join(want, "\n") {
			t.Errorf("told %q", told)
		}
		for range 3 * refusalBurst { // and doesn't fill the audit by trying on
			if status, _ := s.get("/api/calls"); status != http.StatusForbidden {
				t.Errorf("tried often enough: %d", status)
			}
		}
		if told := s.looked(); len(told) != refusalBurst {
			t.Errorf("%d refusals are on record, want %d", len(told), refusalBurst)
		}
	})
}

func TestThePageLearnsItsUsersRole(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		s.page().shows(t, `"role":"supervisor"`)
		s.asks(t, "maria")
		s.page().shows(t, `"role":"agent"`)
	})
}

func TestAUserOfAnUnknownRoleIsRefused(t *testing.T) {
	_, err := New(Options{Users: []User{{Name: "maria", Agent: "maria", Role: "queen", PasswordHash: cheap(t, "right")}}}, &fakeCenter{}, &fakeRecords{})
	if err == nil || !strings.Contains(err.Error(), `role "queen"`) {
		t.Errorf("told %v", err)
	}
}

func TestLooksAreRememberedWithinBounds(t *testing.T) {
	var l looks
	audited := 0
	now := time.Now()
	for i := range 3 * maxLooks {
		if err := l.at(fmt.Sprint(i), now.Add(time.Duration(i)), func() error { audited++; return nil }); err != nil {
			t.Fatal(err)
		}
	}
	if len(l.until) != maxLooks || audited != 3*maxLooks {
		t.Errorf("%d remembered, %d audited", len(l.until), audited)
	}
	if err := l.at(fmt.Sprint(3*maxLooks-1), now.Add(time.Second), func() error { return errors.New("again") }); err != nil {
		t.Error("the latest was forgotten")
	}
}
