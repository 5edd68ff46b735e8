package desk

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/phi"
)

// Messages: two of the box that maria hears, one of another's.
const (
	urgent  = "019abc12-3456-7000-8000-0000000000a1"
	later   = "019abc12-3456-7000-8000-0000000000a2"
	foreign = "019abc12-3456-7000-8000-0000000000a3"
)

const callbackNumber = "+12025550142"

// fakeMessages are the ledger's messages in memory.
type fakeMessages struct {
	mu       sync.Mutex
	kept     []ledger.Message
	accesses []phi.Access
	failing  error
}

func (f *fakeMessages) Boxes(agent acd.AgentID) []string {
	return map[acd.AgentID][]string{"maria": {"claims"}}[agent]
}

func (f *fakeMessages) MessageBoxes(context.Context) ([]string, error) {
	return []string{"claims", "nurses"}, f.failing
}

func (f *fakeMessages) Messages(_ context.Context, boxes []string, limit int) (list []ledger.Message, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.kept {
		if slices.Contains(boxes, one.Box) && len(list) < limit {
			list = append(list, one)
		}
	}
	return list, f.failing
}

func (f *fakeMessages) Message(_ context.Context, id string) (ledger.Message, error) {
	return f.change(id, func(*ledger.Message) error { return nil })
}

func (f *fakeMessages) MessageFigures(_ context.Context, now time.Time) (map[string]ledger.MessageFigures, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	figures := map[string]ledger.MessageFigures{}
	for _, one := range f.kept {
		figure := figures[one.Box]
		if one.Open() {
			figure.Open++
		}
		if one.Overdue(now) {
			figure.Overdue++
		}
		figures[one.Box] = figure
	}
	return figures, f.failing
}

func (f *fakeMessages) MessageNumber(_ context.Context, _ string, access phi.Access) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing != nil {
		return "", f.failing
	}
	f.accesses = append(f.accesses, access)
	return callbackNumber, nil
}

func (f *fakeMessages) HearMessage(_ context.Context, id, actor string) (ledger.Message, error) {
	return f.change(id, func(m *ledger.Message) error {
		m.Heard, m.HeardBy = time.Now(), actor
		return f.failing
	})
}

func (f *fakeMessages) AnswerMessage(_ context.Context, id, actor string, outcome ledger.Outcome) (ledger.Message, error) {
	return f.change(id, func(m *ledger.Message) error {
		switch {
		case f.failing != nil:
			return f.failing
		case !m.Open():
			return ledger.ErrAnswered
		case outcome.Answers():
			m.Answered, m.AnsweredBy, m.Outcome = time.Now(), actor, outcome
		default:
			m.Tries = append(m.Tries, outcome)
		}
		return nil
	})
}

func (f *fakeMessages) change(id string, change func(*ledger.Message) error) (ledger.Message, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	at := slices.IndexFunc(f.kept, func(m ledger.Message) bool { return m.ID == id })
	if at < 0 {
		return ledger.Message{}, ledger.ErrNotFound
	}
	err := change(&f.kept[at])
	return f.kept[at], err
}

// messaged is a shift at which callers have left messages.
func messaged(t *testing.T, tell func(t *testing.T, s *shift, f *fakeMessages, sound *fakeRecordings)) {
	recorded(t, func(t *testing.T, s *shift, sound *fakeRecordings) {
		left := time.Now()
		f := &fakeMessages{}
		for _, one := range []ledger.Message{
			{ID: urgent, Box: "claims", Due: left.Add(time.Hour), Heard: left, HeardBy: "agent:gone"},
			{ID: later, Box: "claims", Due: left.Add(24 * time.Hour)},
			{ID: foreign, Box: "nurses", Due: left.Add(24 * time.Hour)},
		} {
			one.Call, one.Line, one.Language, one.Left, one.Length = theirs, "Claims", "es-US", left, 20*time.Second
			one.Verification, one.MemberToken, one.Number = "verified", "token-1", ledger.NumberEntered
			f.kept = append(f.kept, one)
			sound.kept = append(sound.kept, ledger.Recording{ID: one.ID, Call: theirs, Kind: ledger.RecordedMessage, State: ledger.RecordingWhole, Started: left})
		}
		s.desk.options.Messages = f
		s.asks(t, "maria")
		tell(t, s, f, sound)
	})
}

func ofMessage(id, what string) string { return "/api/messages/" + id + "/" + what }

func (s *shift) listed(t *testing.T) []string {
	t.Helper()
	status, text := s.get("/api/messages")
	var list struct{ Messages []messageRow }
	if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK {
		t.Fatalf("%d %s", status, text)
	}
	for _, secret := range []string{"token-1", callbackNumber, "2025550142"} {
		if strings.Contains(text, secret) {
			t.Errorf("the list has %s", secret)
		}
	}
	ids := []string{}
	for _, one := range list.Messages {
		ids = append(ids, one.ID)
	}
	return ids
}

func TestWhoSeesWhichMessages(t *testing.T) {
	messaged(t, func(t *testing.T, s *shift, f *fakeMessages, _ *fakeRecordings) {
		for _, who := range []struct {
			user string
			list []string
			open string
		}{
			{"maria", []string{later, urgent}, `{"hears":true,"open":2,"overdue":0}`}, // unheard first
			{"james", []string{}, `{"hears":false,"open":0,"overdue":0}`},
			{"alex", []string{}, `{"hears":false,"open":0,"overdue":0}`},
			{"sam", []string{later, foreign, urgent}, `{"hears":true,"open":3,"overdue":0}`},
		} {
			s.asks(t, who.user)
			if list := s.listed(t); !slices.Equal(list, who.list) {
				t.Errorf("%s sees %q", who.user, list)
			}
			if _, text := s.get("/api/messages/open"); strings.TrimSpace(text) != who.open {
				t.Errorf("%s is told %s", who.user, text)
			}
		}
		f.mu.Lock()
		f.kept[2].Due = time.Now().Add(-time.Second)
		f.mu.Unlock()
		if _, text := s.get("/api/messages/open"); !strings.Contains(text, `"overdue":1`) {
			t.Errorf("one is late: %s", text)
		}
		if _, text := s.get("/api/messages"); strings.Count(text, `"overdue":true`) != 1 {
			t.Errorf("one is late: %s", text)
		}
	})
}

func TestAnAgentHearsReadsAndAnswersAMessage(t *testing.T) {
	messaged(t, func(t *testing.T, s *shift, f *fakeMessages, sound *fakeRecordings) {
		if status, _, text := s.hears(t, ofMessage(later, "sound"), ""); status != http.StatusConflict || strings.Contains(text, later+later) {
			t.Fatalf("before it is on record: %d %s", status, text)
		}
		if status, text := s.post(ofMessage(later, "sound"), `{}`, s.url); status != http.StatusOK || !strings.Contains(text, `"heard_by":"Maria Santos"`) {
			t.Fatalf("%d %s", status, text)
		}
		status, header, text := s.hears(t, ofMessage(later, "sound"), "")
		if status != http.StatusOK || text != string(soundOf(later)) || header.Get("Cache-Control") != "no-store" {
			t.Errorf("heard %d and %d bytes with %v", status, len(text), header)
		}
		if told, _ := sound.told(); !slices.Equal(told, []string{"agent:maria call_back " + later}) {
			t.Errorf("opened were %q", told)
		}
		if status, text := s.post(ofMessage(later, "number"), `{}`, s.url); status != http.StatusOK || !strings.Contains(text, callbackNumber) {
			t.Errorf("its number: %d %s", status, text)
		}
		want := phi.Access{Call: theirs, Actor: "agent:maria", Subject: "token-1", Field: "callback_number", Purpose: phi.CallBack}
		if !slices.Equal(f.accesses, []phi.Access{want}) {
			t.Errorf("on record are %+v", f.accesses)
		}
		for _, step := range []struct {
			outcome string
			status  int
		}{
			{`"Linda Park called"`, http.StatusBadRequest}, {`"no_answer"`, http.StatusOK}, {`"reached"`, http.StatusOK}, {`"reached"`, http.StatusConflict},
		} {
			if status, text := s.post(ofMessage(later, "answer"), `{"outcome":`+step.outcome+`}`, s.url); status != step.status {
				t.Errorf("%s: %d %s", step.outcome, status, text)
			}
		}
		if m := f.kept[1]; len(m.Tries) != 1 || m.Outcome != ledger.OutcomeReached || m.AnsweredBy != "agent:maria" {
			t.Errorf("kept is %+v", m)
		}
		if list := s.listed(t); !slices.Equal(list, []string{urgent, later}) {
			t.Errorf("the list is %q", list)
		}
	})
}

func TestMessagesOfOtherBoxesAreRefusedAndThatIsAudited(t *testing.T) {
	messaged(t, func(t *testing.T, s *shift, f *fakeMessages, sound *fakeRecordings) {
		s.asks(t, "sam")
		s.post(ofMessage(foreign, "sound"), `{}`, s.url) // opened by another's session
		for _, user := range []string{"maria", "alex"} {
			s.asks(t, user)
			for _, what := range []string{"sound", "number", "answer"} {
				if status, text := s.post(ofMessage(foreign, what), `{"outcome":"reached"}`, s.url); status != http.StatusForbidden {
					t.Errorf("%s, %s: %d %s", user, what, status, text)
				}
			}
			if status, _, text := s.hears(t, ofMessage(foreign, "sound"), ""); status != http.StatusForbidden || strings.Contains(text, foreign+foreign) {
				t.Errorf("%s hears %d", user, status)
			}
		}
		if told, _ := sound.told(); len(told) != 1 || len(f.accesses) != 0 || !f.kept[2].Open() {
			t.Errorf("opened %q, read %v, %+v", told, f.accesses, f.kept[2])
		}
		looked := s.looked()
		if len(looked) != 8 || looked[0] != "agent:maria message supervision refused "+theirs {
			t.Errorf("on record are %q", looked)
		}
	})
}

func TestNothingOfAMessageWhereItCantBeOpened(t *testing.T) {
	messaged(t, func(t *testing.T, s *shift, f *fakeMessages, sound *fakeRecordings) {
		for _, id := range []string{nobody, "2025550142", "..%2fopen"} {
			if status, text := s.post(ofMessage(id, "number"), `{}`, s.url); status != http.StatusNotFound {
				t.Errorf("%s: %d %s", id, status, text)
			}
		}
		sound.failing = errors.New("the audit's disk is full")
		if status, _ := s.post(ofMessage(later, "sound"), `{}`, s.url); status != http.StatusServiceUnavailable || !f.kept[1].Heard.IsZero() {
			t.Errorf("without an audit: %d, heard at %v", status, f.kept[1].Heard)
		}
		if status, _, text := s.hears(t, ofMessage(later, "sound"), ""); status != http.StatusConflict || strings.Contains(text, later+later) {
			t.Errorf("without an audit is heard: %d", status)
		}
		sound.failing = nil
		s.post(ofMessage(later, "sound"), `{}`, s.url)
		sound.mu.Lock()
		for i := range sound.kept {
			sound.kept[i].State = ledger.RecordingDisposed
		}
		sound.mu.Unlock()
		if status, _, _ := s.hears(t, ofMessage(later, "sound"), ""); status != http.StatusGone {
			t.Errorf("once disposed of: %d", status)
		}
		f.failing = errors.New("the disk is full")
		for _, what := range []string{"number", "answer"} {
			if status, text := s.post(ofMessage(later, what), `{"outcome":"reached"}`, s.url); status != http.StatusServiceUnavailable || strings.Contains(text, "disk") {
				t.Errorf("%s: %d %s", what, status, text)
			}
		}
		if status, text := s.get("/api/messages"); status != http.StatusServiceUnavailable || strings.Contains(text, "disk") {
			t.Errorf("%d %s", status, text)
		}
	})
}
