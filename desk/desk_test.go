package desk

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/coder/websocket"
	"go.uber.org/goleak"

	"careline/acd"
	"careline/call"
	"careline/ledger"
	"careline/phi"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// fakeCenter shows the view that the test sets.
type fakeCenter struct {
	mu      sync.Mutex
	view    call.AgentView
	changed func()
	did     []call.Command
	err     error
	up      []call.Overview
	// supervised is who wanted to take part in which call, and how.
	supervised []string
	callbacks  []call.OpenCallback
	cancelled  []string
}

func (c *fakeCenter) Connect(_ acd.AgentID, changed func()) (func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed = changed
	return func() {}, nil
}

func (c *fakeCenter) View(acd.AgentID) (call.AgentView, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.view, nil
}

func (c *fakeCenter) Do(_ context.Context, _ acd.AgentID, command call.Command) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.did = append(c.did, command)
	return c.err
}

func (c *fakeCenter) OfferMedia(context.Context, acd.AgentID, string) (string, error) {
	return "v=0 answer", nil
}

func (c *fakeCenter) Colleagues(agent acd.AgentID) []call.Colleague {
	return []call.Colleague{{Agent: "james", Name: "James after " + string(agent), Extension: "4021"}}
}

func (c *fakeCenter) Queues() []string { return []string{"nurse_line"} }

func (c *fakeCenter) Supervise(_ context.Context, supervisor acd.AgentID, id string, mode call.Mode) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supervised = append(c.supervised, string(supervisor)+" "+id+" "+string(mode))
	return c.err
}

func (c *fakeCenter) Overviews() []call.Overview {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.up)
}

func (c *fakeCenter) show(view call.AgentView) {
	c.mu.Lock()
	c.view = view
	changed := c.changed
	c.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// fakeRecords keeps the audit in memory, or can't.
type fakeRecords struct {
	mu       sync.Mutex
	entries  []ledger.AuditEntry
	accesses []phi.Access
	failing  error
	kept     []ledger.CallRecord
}

func (r *fakeRecords) Call(_ context.Context, id string) (ledger.CallRecord, error) {
	for _, record := range r.kept {
		if record.ID == id {
			return record, nil
		}
	}
	return ledger.CallRecord{}, ledger.ErrNotFound
}

func (r *fakeRecords) Calls(_ context.Context, limit int) ([]ledger.CallRecord, error) {
	return r.kept[:min(limit, len(r.kept))], nil
}

func (r *fakeRecords) Append(_ context.Context, e ledger.AuditEntry) (ledger.AuditEntry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if e.Kind == ledger.AuditAccess && r.failing != nil {
		return ledger.AuditEntry{}, r.failing
	}
	r.entries = append(r.entries, e)
	return e, nil
}

func (r *fakeRecords) RecordAccess(_ context.Context, a phi.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accesses = append(r.accesses, a)
	return r.failing
}

// site is a running desk with one user, and a browser's cookie jar.
type site struct {
	t       *testing.T
	center  *fakeCenter
	records *fakeRecords
	client  *http.Client
	url     string
}

func open(t *testing.T, changes ...func(*Options)) *site {
	t.Helper()
	hash := cheap(t, "correct horse")
	s := &site{t: t, center: &fakeCenter{view: call.AgentView{Agent: "maria", State: acd.Away}}, records: &fakeRecords{}}
	// Time stands still: hashing is slow on purpose, and guesses must not be
	// forgotten meanwhile.
	now := time.Now()
	options := Options{
		Now:    func() time.Time { return now },
		Listen: netip.MustParseAddrPort("127.0.0.1:0"),
		Users:  []User{{Name: "maria", Agent: "maria", PasswordHash: hash}},
	}
	for _, change := range changes {
		change(&options)
	}
	desk, err := New(options, s.center, s.records)
	if err != nil {
		t.Fatal(err)
	}
	if err := desk.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- desk.Run(ctx) }()
	jar, _ := cookiejar.New(nil)
	transport := &http.Transport{}
	s.client = &http.Client{Jar: jar, Transport: transport}
	s.url = "http://" + desk.Address().String()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
	})
	return s
}

func (s *site) post(path, body, origin string) (int, string) {
	s.t.Helper()
	return s.send(http.MethodPost, path, body, origin)
}

func (s *site) send(method, path, body, origin string) (int, string) {
	s.t.Helper()
	request, _ := http.NewRequest(method, s.url+path, strings.NewReader(body))
	request.Header.Set("Content-Type", "application/json")
	if origin != "" {
		request.Header.Set("Origin", origin)
	}
	response, err := s.client.Do(request)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func (s *site) signIn() {
	s.t.Helper()
	if status, text := s.post("/api/sign-in", `{"user":"maria","password":"correct horse"}`, s.url); status/100 != 2 {
		s.t.Fatalf("sign-in: %d %s", status, text)
	}
}

// socket opens the WebSocket of a page that was just loaded.
func (s *site) socket() *websocket.Conn {
	s.t.Helper()
	return s.socketOf("page="+rand.Text(), "take=1")
}

func (s *site) socketOf(query ...string) *websocket.Conn {
	s.t.Helper()
	conn, _, err := websocket.Dial(s.t.Context(), strings.Replace(s.url, "http", "ws", 1)+"/api/socket?"+strings.Join(query, "&"),
		&websocket.DialOptions{HTTPClient: s.client, HTTPHeader: http.Header{"Origin": {s.url}}})
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { conn.CloseNow() })
	return conn
}

// awaits reads messages until one's text has all the parts.
func awaits(t *testing.T, conn *websocket.Conn, parts ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for {
		_, body, err := conn.Read(ctx)
		if err != nil {
			t.Fatalf("waiting for %q: %v", parts, err)
		}
		missing := false
		for _, part := range parts {
			missing = missing || !bytes.Contains(body, []byte(part))
		}
		if !missing {
			return string(body)
		}
	}
}

func TestFirstSignInIsNotHeldBackAndIsAudited(t *testing.T) {
	s := open(t)
	s.signIn()
	if len(s.records.entries) != 1 || s.records.entries[0].Kind != ledger.AuditSignIn {
		t.Errorf("the audit has %+v", s.records.entries)
	}
}

func TestWrongPasswordAndUnknownUserAreToldTheSame(t *testing.T) {
	s := open(t)
	wrong, wrongText := s.post("/api/sign-in", `{"user":"maria","password":"nonsense"}`, s.url)
	unknown, unknownText := s.post("/api/sign-in", `{"user":"nobody","password":"nonsense"}`, s.url)
	if wrong/100 != 4 || wrong != unknown || wrongText != unknownText {
		t.Errorf("wrong: %d %s; unknown: %d %s", wrong, wrongText, unknown, unknownText)
	}
}

func TestGuessingIsHeldBack(t *testing.T) {
	s := open(t)
	held := false
	for range userFailures + 1 {
		status, _ := s.post("/api/sign-in", `{"user":"maria","password":"guess"}`, s.url)
		held = held || status == http.StatusTooManyRequests
	}
	if !held {
		t.Errorf("%d guesses were all heard", userFailures+1)
	}
}

func TestAnotherSitesPageIsRefused(t *testing.T) {
	s := open(t)
	if status, _ := s.post("/api/sign-in", `{"user":"maria","password":"correct horse"}`, "http://elsewhere.example"); status != http.StatusForbidden {
		t.Errorf("a foreign origin got %d", status)
	}
}

func TestWithoutSignInNothingIsServed(t *testing.T) {
	s := open(t)
	if status, _ := s.post("/api/media", `{"sdp":"v=0"}`, s.url); status != http.StatusUnauthorized {
		t.Errorf("media got %d", status)
	}
	s.signIn()
	if status, text := s.post("/api/media", `{"sdp":"v=0"}`, s.url); status != http.StatusOK || !strings.Contains(text, "answer") {
		t.Errorf("media got %d %s", status, text)
	}
}

func TestAnAgentLearnsWhomACallerCanBeHandedTo(t *testing.T) {
	s := open(t)
	if status, _ := s.get("/api/colleagues"); status != http.StatusUnauthorized {
		t.Errorf("nobody in particular got %d", status)
	}
	s.signIn()
	if status, text := s.get("/api/colleagues"); status != http.StatusOK || !strings.Contains(text, `{"user":"james","name":"James after maria","extension":"4021"}`) ||
		!strings.Contains(text, `"queues":["nurse_line"]`) {
		t.Errorf("%d %s", status, text)
	}
}

func TestThePageGetsItsStateWholeAndTheNameIsReadOnce(t *testing.T) {
	s := open(t)
	s.signIn()
	page := s.socket()
	awaits(t, page, `"state":"away"`)
	offered := call.AgentView{Agent: "maria", State: acd.Offered, Call: &call.CallView{
		ID: "call-1", Offer: "call-1/1", Verification: "verified", MemberName: phi.NewString("Linda Park"), MemberToken: "token",
	}}
	s.center.show(offered)
	awaits(t, page, `"state":"offered"`, `Linda Park`)
	offered.State = acd.Talking
	s.center.show(offered)
	awaits(t, page, `"state":"talking"`, `Linda Park`)
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	if len(s.records.accesses) != 1 || s.records.accesses[0].Purpose != phi.ScreenPop || s.records.accesses[0].Actor != "agent:maria" {
		t.Errorf("the name was read by %+v", s.records.accesses)
	}
}

func TestWhereTheAuditFailsTheNameIsNotShown(t *testing.T) {
	s := open(t)
	s.records.failing = errors.New("disk full")
	s.signIn()
	page := s.socket()
	s.center.show(call.AgentView{Agent: "maria", State: acd.Offered, Call: &call.CallView{
		ID: "call-1", Offer: "call-1/1", Verification: "verified", MemberName: phi.NewString("Linda Park"), MemberToken: "token",
	}})
	if text := awaits(t, page, `"state":"offered"`); strings.Contains(text, "Linda") {
		t.Errorf("the page got %s", text)
	}
}

func TestCommandsAreAnsweredAndTheirErrorsToldInWords(t *testing.T) {
	s := open(t)
	s.signIn()
	page := s.socket()
	awaits(t, page, `"state":"away"`)
	s.center.err = call.ErrNoSound
	command, _ := json.Marshal(map[string]any{"id": 7, "kind": "set_state", "state": "available"})
	if err := page.Write(t.Context(), websocket.MessageText, command); err != nil {
		t.Fatal(err)
	}
	if text := awaits(t, page, `"id":7`); !strings.Contains(text, "error") {
		t.Errorf("the answer is %s", text)
	}
}

func TestANewerWindowTakesThePlace(t *testing.T) {
	s := open(t)
	s.signIn()
	first := s.socket()
	awaits(t, first, `"state":"away"`)
	second := s.socket()
	awaits(t, second, `"state":"away"`)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	var err error
	for err == nil {
		_, _, err = first.Read(ctx)
	}
	if got := websocket.CloseStatus(err); got != closeDisplaced {
		t.Errorf("the older window ended with %d (%v)", got, err)
	}
}
