package desk

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"careline/ledger"
)

// Recordings of the call that is over.
const (
	whole    = "019abc12-3456-7000-8000-00000000000a"
	disposed = "019abc12-3456-7000-8000-00000000000b"
	running  = "019abc12-3456-7000-8000-00000000000c"
)

// fakeRecordings are recordings whose sound is their ID, many times.
type fakeRecordings struct {
	mu      sync.Mutex
	kept    []ledger.Recording
	opened  []string // who opened what, what for
	open    int      // sounds that aren't closed yet
	failing error
}

func (f *fakeRecordings) RecordingsOf(_ context.Context, call string) (list []ledger.Recording, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, one := range f.kept {
		if one.Call == call {
			list = append(list, one)
		}
	}
	return list, nil
}

func (f *fakeRecordings) Open(_ context.Context, id, actor, purpose string) (io.ReadSeekCloser, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.failing != nil {
		return nil, f.failing
	}
	f.opened = append(f.opened, strings.Join([]string{actor, purpose, id}, " "))
	f.open++
	return &fakeSound{bytes.NewReader(soundOf(id)), f}, nil
}

func (f *fakeRecordings) told() ([]string, int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.opened), f.open
}

func soundOf(id string) []byte { return bytes.Repeat([]byte(id), 100) }

type fakeSound struct {
	*bytes.Reader
	of *fakeRecordings
}

func (s *fakeSound) Close() error {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.of.open--
	return nil
}

// recorded is a shift at which sam may listen to what was recorded of a call.
func recorded(t *testing.T, tell func(t *testing.T, s *shift, f *fakeRecordings)) {
	supervised(t, func(t *testing.T, s *shift) {
		at := time.Now()
		f := &fakeRecordings{kept: []ledger.Recording{
			{ID: whole, Call: theirs, Kind: ledger.RecordedCall, State: ledger.RecordingWhole, Started: at, Length: 90 * time.Second, Hold: "case 4711"},
			{ID: disposed, Call: theirs, Kind: ledger.RecordedCall, State: ledger.RecordingDisposed, Started: at},
			{ID: running, Call: theirs, Kind: ledger.RecordedCall, State: ledger.RecordingOpen, Started: at},
		}}
		s.desk.options.Recordings = f
		tell(t, s, f)
	})
}

func at(call, recording string) string { return "/api/calls/" + call + "/recordings/" + recording }

// hears gets a part of a recording; all of it for "".
func (s *shift) hears(t *testing.T, path, part string) (int, http.Header, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if part != "" {
		request.Header.Set("Range", part)
	}
	response, err := s.client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Error(err)
	}
	return response.StatusCode, response.Header, string(text)
}

const forQuality = `{"purpose":"quality_review"}`

func TestARecordingIsHeardOnceItIsOnRecordWhatFor(t *testing.T) {
	recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
		if status, text := s.get("/api/calls/" + theirs); status != http.StatusOK || !strings.Contains(text, whole) || strings.Contains(text, "4711") {
			t.Errorf("the call is shown as %d %s", status, text)
		}
		if status, _, text := s.hears(t, at(theirs, whole), ""); status != http.StatusConflict || strings.Contains(text, whole) {
			t.Fatalf("before it is on record: %d %s", status, text)
		}
		if status, text := s.post(at(theirs, whole), forQuality, s.url); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		status, header, text := s.hears(t, at(theirs, whole), "")
		if status != http.StatusOK || text != string(soundOf(whole)) {
			t.Errorf("heard %d and %d bytes", status, len(text))
		}
		if header.Get("Cache-Control") != "no-store" || header.Get("Content-Type") != "audio/ogg; codecs=opus" || header.Get("Accept-Ranges") != "bytes" ||
			header.Get("Last-Modified") != "" || header.Get("Etag") != "" {
			t.Errorf("the sound comes with %v", header)
		}
		for range 20 { // as a player asks for parts
			status, header, text := s.hears(t, at(theirs, whole), "bytes=36-71")
			if status != http.StatusPartialContent || text != whole || header.Get("Content-Range") != "bytes 36-71/3600" {
				t.Fatalf("a part is %d %s %s", status, header.Get("Content-Range"), text)
			}
		}
		if status, _, _ := s.hears(t, at(theirs, whole), "bytes=4000-"); status != http.StatusRequestedRangeNotSatisfiable {
			t.Errorf("behind its end: %d", status)
		}
		if told, open := f.told(); len(told) != 1 || told[0] != "agent:sam quality_review "+whole || open != 1 {
			t.Errorf("one hearing is told as %q; %d are open", told, open)
		}
	})
}

func TestWhoIsNoSupervisorHearsNoRecording(t *testing.T) {
	recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
		s.post(at(theirs, whole), forQuality, s.url)
		for _, user := range []string{"maria", "alex"} {
			s.asks(t, user)
			if status, text := s.post(at(theirs, whole), forQuality, s.url); status != http.StatusForbidden {
				t.Errorf("%s opens it: %d %s", user, status, text)
			}
			if status, _, text := s.hears(t, at(theirs, whole), ""); status != http.StatusForbidden || strings.Contains(text, whole) {
				t.Errorf("%s hears %d %s", user, status, text)
			}
		}
		if told, _ := f.told(); len(told) != 1 {
			t.Errorf("opened were %q", told)
		}
		refused := "recording supervision refused " + theirs
		want := []string{"agent:maria " + refused, "agent:maria " + refused, "agent:alex " + refused, "agent:alex " + refused}
		if told := s.looked(); !slices.Equal(told, want) {
			t.Errorf("on record are %q", told)
		}
	})
}

func TestAnotherSessionOpensARecordingForItself(t *testing.T) {
	recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
		s.post(at(theirs, whole), forQuality, s.url)
		s.asks(t, "sam") // at another browser
		if status, _, _ := s.hears(t, at(theirs, whole), ""); status != http.StatusConflict {
			t.Errorf("heard without a word on record: %d", status)
		}
	})
}

func TestNoSoundWhereThereIsNoneOrItMayNotBeOpened(t *testing.T) {
	recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
		for _, asked := range []struct {
			path, body, says string
			status           int
		}{
			{at(theirs, whole), `{"purpose":"Linda Park called"}`, "what you listen for", http.StatusBadRequest},
			{at(theirs, whole), `{}`, "what you listen for", http.StatusBadRequest},
			{at(ours, whole), forQuality, "no such recording", http.StatusNotFound},
			{at(theirs, nobody), forQuality, "no such recording", http.StatusNotFound},
			{at(theirs, "..%2f..%2fkey"), forQuality, "no such recording", http.StatusNotFound},
			{at(theirs, disposed), forQuality, "disposed", http.StatusGone},
			{at(theirs, running), forQuality, "still being recorded", http.StatusConflict},
		} {
			if status, text := s.post(asked.path, asked.body, s.url); status != asked.status || !strings.Contains(text, asked.says) {
				t.Errorf("%s %s: %d %s", asked.path, asked.body, status, text)
			}
		}
		f.failing = errors.New("the audit's disk is full")
		if status, text := s.post(at(theirs, whole), forQuality, s.url); status != http.StatusServiceUnavailable || strings.Contains(text, "disk") {
			t.Errorf("without an audit: %d %s", status, text)
		}
		if status, _, text := s.hears(t, at(theirs, whole), ""); status != http.StatusConflict || strings.Contains(text, whole) {
			t.Errorf("without an audit is heard: %d %s", status, text)
		}
		if told, open := f.told(); len(told) != 0 || open != 0 {
			t.Errorf("opened were %q, %d are open", told, open)
		}
	})
}

func TestADisposedRecordingIsHeardNoFurther(t *testing.T) {
	recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
		s.post(at(theirs, whole), forQuality, s.url)
		f.mu.Lock()
		f.kept[0].State = ledger.RecordingDisposed
		f.mu.Unlock()
		if status, _, text := s.hears(t, at(theirs, whole), "bytes=0-"); status != http.StatusGone || strings.Contains(text, whole) {
			t.Errorf("heard %d %s", status, text)
		}
		if _, open := f.told(); open != 0 {
			t.Error("its file is open still")
		}
	})
}

func TestNothingIsHeardAfterTheSessionsEndOrALongRest(t *testing.T) {
	for name, passes := range map[string]func(s *shift){
		"signed out": func(s *shift) { s.post("/api/sign-out", `{}`, s.url) },
		"idle":       func(s *shift) { pass(DefaultIdleLogoff + 2*time.Second) },
		"resting": func(s *shift) {
			for range 3 {
				pass(hearingRest/3 + time.Second)
				for _, one := range s.desk.sessions.all() {
					s.desk.sessions.touch(one)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
				s.post(at(theirs, whole), forQuality, s.url)
				passes(s)
				if status, _, text := s.hears(t, at(theirs, whole), ""); status/100 != 4 || strings.Contains(text, whole) {
					t.Errorf("heard %d %s", status, text)
				}
				if _, open := f.told(); open != 0 {
					t.Error("its file is open still")
				}
			})
		})
	}
}

func TestTheEndOfTheDeskClosesWhatIsHeard(t *testing.T) {
	var left *fakeRecordings
	recorded(t, func(t *testing.T, s *shift, f *fakeRecordings) {
		left = f
		s.post(at(theirs, whole), forQuality, s.url)
	})
	if _, open := left.told(); open != 0 {
		t.Error("a file is open after the desk's end")
	}
}

// TestHearingsAreBounded: the one that was read of the longest ago makes room, and a
// player that still reads of it is told.
func TestHearingsAreBounded(t *testing.T) {
	var h hearings
	f := &fakeRecordings{}
	now := time.Now()
	clock := func() time.Time { return now }
	var first io.ReadSeeker
	for i := range maxHearings + 3 {
		now = now.Add(time.Second)
		id := fmt.Sprint(i)
		sound, err := f.Open(t.Context(), id, "agent:sam", "training")
		if err == nil {
			err = h.begin(id, sound, now)
		}
		if err != nil {
			t.Fatal(err)
		}
		if i == 0 {
			first = h.of(id, clock)
		}
	}
	if _, open := f.told(); open != maxHearings || len(h.open) != maxHearings {
		t.Errorf("%d are open", open)
	}
	if _, err := io.ReadAll(first); err == nil {
		t.Error("a closed recording is read on")
	}
	h.endAll()
	sound, _ := f.Open(t.Context(), "late", "agent:sam", "training")
	if err := h.begin("late", sound, now); !errors.Is(err, errOver) {
		t.Errorf("after the session's end: %v", err)
	}
	if _, open := f.told(); open != 0 {
		t.Errorf("%d are open after the end", open)
	}
}
