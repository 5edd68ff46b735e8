package lookup

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"careline/phi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// book is an accounting that remembers, or fails.
type book struct {
	mu      sync.Mutex
	entries []phi.Disclosure
	err     error
}

func (b *book) RecordDisclosure(_ context.Context, d phi.Disclosure) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.err == nil {
		b.entries = append(b.entries, d)
	}
	return b.err
}

func (b *book) all() []phi.Disclosure {
	b.mu.Lock()
	defer b.mu.Unlock()
	return append([]phi.Disclosure(nil), b.entries...)
}

// desk is a client at work with one service, and all that it leaves behind.
type desk struct {
	*Client
	book *book
	logs *observer.ObservedLogs
}

func open(t *testing.T, service Service, change ...func(*Options)) *desk {
	t.Helper()
	core, logs := observer.New(zap.DebugLevel)
	d := &desk{book: &book{}, logs: logs}
	service.Name = "benefits"
	options := Options{Services: []Service{service}, Accounting: d.book, Log: zap.New(core)}
	for _, one := range change {
		one(&options)
	}
	client, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	d.Client = client
	t.Cleanup(client.Close)
	return d
}

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func compiled(t testing.TB, text Text) *Definition {
	t.Helper()
	if text.Service == "" {
		text.Service = "benefits"
	}
	d, faults := Compile("copay", text)
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return d
}

// secretID is what must not be found anywhere but in the service.
const secretID = "48201937"

func copay(t testing.TB) *Definition {
	return compiled(t, Text{
		Purpose: "eligibility", With: map[string]Taking{"member": TakesMember, "plan": TakesPublic},
		Post: "/plans/{{ plan }}/copay", Body: map[string]any{"member": "{{ member }}", "on": "{{ today }}"},
		Into: map[string]FieldText{"copay": {Path: "visit.copay", As: AsMoney}},
	})
}

func asked() Ask {
	return Ask{Call: "call-1", Actor: "flow:benefits", Subject: "token-1", Values: map[string]phi.String{
		"member": phi.NewString(secretID), "plan": phi.NewString("gold plus/2"),
	}}
}

func answerJSON(w http.ResponseWriter, text string) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write([]byte(text))
}

// keepsSecret makes sure that nothing of the log or an error shows a value.
func (d *desk) keepsSecret(t *testing.T, err error, words ...string) {
	t.Helper()
	raw, _ := json.Marshal(d.logs.All())
	text := string(raw)
	for _, entry := range d.logs.All() {
		one, _ := json.Marshal(entry.ContextMap())
		text += entry.Message + string(one)
	}
	if err != nil {
		text += err.Error()
		for inner := err; inner != nil; inner = errors.Unwrap(inner) {
			text += inner.Error()
		}
	}
	for _, word := range append(words, secretID) {
		if strings.Contains(text, word) {
			t.Errorf("%q is told: %s", word, text)
		}
	}
}

func reveal(t *testing.T, s phi.String) string {
	t.Helper()
	text, err := s.Reveal(t.Context(), within{}, phi.Access{})
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func noon() time.Time { return time.Date(2026, 11, 25, 4, 0, 0, 0, time.UTC) }
