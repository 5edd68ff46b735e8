package desk

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"careline/acd"
	"careline/call"
	"careline/ledger"
)

// pipes is a network within the process, so that a test's time can be virtual.
type pipes struct {
	calls chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func newPipes() *pipes { return &pipes{calls: make(chan net.Conn), done: make(chan struct{})} }

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case conn := <-p.calls:
		return conn, nil
	case <-p.done:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.done) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 80} }

func (p *pipes) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case p.calls <- theirs:
		return ours, nil
	case <-p.done:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// countingCenter counts the agents who came and went.
type countingCenter struct {
	fakeCenter
	came, left atomic.Int32
}

func (c *countingCenter) Connect(agent acd.AgentID, changed func()) (func(), error) {
	c.came.Add(1)
	if _, err := c.fakeCenter.Connect(agent, changed); err != nil {
		return nil, err
	}
	return func() { c.left.Add(1) }, nil
}

// shift is a desk in virtual time, with maria at her browser.
type shift struct {
	site
	counts *countingCenter
	desk   *Desk
}

// inVirtualTime runs a story against a desk whose hours pass in no time.
func inVirtualTime(t *testing.T, tell func(t *testing.T, s *shift)) {
	synctest.Test(t, func(t *testing.T) {
		hash, err := hashWith("correct horse", hashed{memory: 64, passes: 1, lanes: 1})
		if err != nil {
			t.Fatal(err)
		}
		s := &shift{counts: &countingCenter{}}
		s.counts.view = call.AgentView{Agent: "maria", State: acd.Away}
		s.t, s.center, s.records, s.url = t, &s.counts.fakeCenter, &fakeRecords{}, "http://127.0.0.1"
		s.desk, err = New(Options{
			Listen: netip.MustParseAddrPort("127.0.0.1:80"),
			Users: []User{
				{Name: "maria", Agent: "maria", FullName: "Maria Santos", PasswordHash: hash}, {Name: "james", Agent: "james", PasswordHash: hash},
				{Name: "sam", Agent: "sam", Role: RoleSupervisor, PasswordHash: hash},
				{Name: "alex", Agent: "alex", FullName: "Alex Reyes", Role: RoleAdmin, PasswordHash: hash},
			},
			Flows:      newFakeFlows(),
			Signalling: ladders{ours: Ladder{Parties: []string{"192.0.2.1:5060", "Careline"}, Arrows: []Arrow{{Caption: "INVITE sdp", To: 1}}}},
		}, s.counts, s.records)
		if err != nil {
			t.Fatal(err)
		}
		network := newPipes()
		s.desk.listener = network
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- s.desk.Run(ctx) }()
		transport := &http.Transport{DialContext: network.dial}
		jar, _ := cookiejar.New(nil)
		s.client = &http.Client{Jar: jar, Transport: transport}
		s.signIn()
		tell(t, s)
		transport.CloseIdleConnections()
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
		transport.CloseIdleConnections()
		synctest.Wait()
	})
}

// page is a socket whose messages are read all the time, as a browser does.
type page struct {
	conn *websocket.Conn
	mu   sync.Mutex
	last string
	all  []string
	code websocket.StatusCode
	over chan struct{}
}

// page is one that was just loaded; pageOf one that says so itself.
func (s *shift) page() *page {
	s.t.Helper()
	return s.pageOf("page="+rand.Text(), "take=1")
}

func (s *shift) pageOf(query ...string) *page {
	s.t.Helper()
	p := &page{conn: s.socketOf(query...), over: make(chan struct{})}
	go func() {
		defer close(p.over)
		for {
			_, body, err := p.conn.Read(context.Background())
			p.mu.Lock()
			if err != nil {
				p.code = websocket.CloseStatus(err)
				p.mu.Unlock()
				p.conn.CloseNow()
				return
			}
			p.last = string(body)
			p.all = append(p.all, p.last)
			p.mu.Unlock()
		}
	}()
	synctest.Wait()
	return p
}

// closed is the code that ended the page's socket; 0 while it is open.
func (p *page) closed() websocket.StatusCode {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.code
}

func (p *page) shows(t *testing.T, part string) {
	t.Helper()
	synctest.Wait()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !strings.Contains(p.last, part) {
		t.Errorf("the page shows %s, not %s", p.last, part)
	}
}

func (p *page) send(t *testing.T, text string) {
	t.Helper()
	if err := p.conn.Write(t.Context(), websocket.MessageText, []byte(text)); err != nil {
		t.Fatal(err)
	}
	synctest.Wait()
}

func pass(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

// ended is the outcome of the sign-out in the audit; "" if there is none.
func (s *shift) ended() string {
	s.records.mu.Lock()
	defer s.records.mu.Unlock()
	for _, entry := range s.records.entries {
		if entry.Kind == ledger.AuditSignOut {
			return entry.Outcome
		}
	}
	return ""
}

// did reports whether the Center was told a command of this kind.
func (s *shift) did(kind call.CommandKind) bool {
	s.center.mu.Lock()
	defer s.center.mu.Unlock()
	for _, command := range s.center.did {
		if command.Kind == kind {
			return true
		}
	}
	return false
}

func TestAgentWhoTouchesNothingIsSignedOff(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		p.shows(t, `"sign_out_at":"2000-01-01T00:15:00Z"`)
		pass(DefaultIdleLogoff - time.Second)
		if p.closed() != 0 || s.ended() != "" {
			t.Fatalf("signed off early: %d, %q", p.closed(), s.ended())
		}
		pass(3 * time.Second)
		if p.closed() != closeIdle || s.ended() != "idle" || s.counts.left.Load() != 1 {
			t.Fatalf("code %d, audit %q, %d released", p.closed(), s.ended(), s.counts.left.Load())
		}
		if !s.did(call.SignOut) {
			t.Error("the agent stays with the Center")
		}
		if status, _ := s.get("/api/me"); status != http.StatusUnauthorized {
			t.Errorf("the cookie still works: %d", status)
		}
	})
}

func TestTouchingThePageKeepsTheSessionButAliveDoesNot(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		for range 6 {
			pass(10 * time.Minute)
			p.send(t, `{"kind":"activity"}`)
		}
		if p.closed() != 0 {
			t.Fatalf("signed off at work: %d", p.closed())
		}
		p.shows(t, `"sign_out_at":"2000-01-01T01:15:00Z"`)
		for range 3 {
			pass(6 * time.Minute)
			p.conn.Write(t.Context(), websocket.MessageText, []byte(`{"id":1,"kind":"alive"}`))
		}
		if p.closed() != closeIdle {
			t.Errorf("the page's own heartbeat kept the session: %d", p.closed())
		}
	})
}

func TestAgentInALongCallIsNotSignedOff(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		s.center.show(call.AgentView{Agent: "maria", State: acd.Talking, Call: &call.CallView{ID: "c"}})
		pass(DefaultSessionLife + time.Hour) // beyond the session's life, even
		if p.closed() != 0 {
			t.Fatalf("cut off in talk: %d", p.closed())
		}
		s.center.show(call.AgentView{Agent: "maria", State: acd.Away})
		pass(beat + 2*sweepEvery)
		if p.closed() != closeSignedOut || s.ended() != "session_life" {
			t.Errorf("after the call: %d, %q", p.closed(), s.ended())
		}
	})
}

func TestReloadFindsTheCallAndDoesNotReadTheNameAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		first := s.page()
		s.center.show(verifiedCall())
		first.shows(t, `"name":"Linda Park"`)
		first.conn.CloseNow() // as a reload, a sleeping tab, a change of network
		pass(DefaultGrace - time.Second)
		s.page().shows(t, `"name":"Linda Park"`)
		s.records.mu.Lock()
		defer s.records.mu.Unlock()
		if came, reads := s.counts.came.Load(), len(s.records.accesses); came != 2 || reads != 1 {
			t.Errorf("%d came, the name was read %d times", came, reads)
		}
	})
}

func TestPageThatVanishesIsToldToTheCenterAtOnceAndItsNameForgotten(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		s.center.show(verifiedCall())
		p.shows(t, `"name":"Linda Park"`)
		p.conn.CloseNow()
		pass(time.Second)
		if s.counts.left.Load() != 1 || s.did(call.SignOut) {
			t.Fatalf("%d released; signed out: %v", s.counts.left.Load(), s.did(call.SignOut))
		}
		pass(DefaultGrace)
		s.page().shows(t, `"name":"Linda Park"`)
		s.records.mu.Lock()
		defer s.records.mu.Unlock()
		if len(s.records.accesses) != 2 {
			t.Errorf("the name was kept beyond the grace: %d reads", len(s.records.accesses))
		}
	})
}

func TestPageThatTakesNothingIsCut(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		conn := s.socket() // nobody reads it: the pipe has no buffer
		pass(writeTime + time.Second)
		if s.counts.left.Load() != 1 {
			t.Error("a page that takes nothing keeps its agent")
		}
		if _, _, err := conn.Read(t.Context()); err == nil {
			t.Log("what was on its way is read")
		}
		conn.CloseNow()
	})
}

func TestPageWhoseNetworkDiedIsFoundByThePing(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		conn := s.socket()
		if _, _, err := conn.Read(t.Context()); err != nil { // the first state, then silence
			t.Fatal(err)
		}
		pass(pingEvery + pongTime + time.Second)
		if s.counts.left.Load() != 1 {
			t.Error("a dead page keeps its agent")
		}
		conn.CloseNow()
	})
}

func TestNewerWindowIsShownAndTheOlderToldWhy(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		older, newer := s.page(), s.page()
		pass(time.Second)
		if older.closed() != closeDisplaced || newer.closed() != 0 {
			t.Fatalf("older %d, newer %d", older.closed(), newer.closed())
		}
		s.center.show(call.AgentView{Agent: "maria", State: acd.Available})
		newer.shows(t, `"state":"available"`)
		pass(DefaultGrace * 2)
		if came, left := s.counts.came.Load(), s.counts.left.Load(); came != 1 || left != 0 {
			t.Errorf("%d came, %d left: the older window took the agent with it", came, left)
		}
	})
}

func TestSigningOutReleasesTheAgentAtOnce(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		if status, text := s.post("/api/sign-out", "", s.url); status != http.StatusNoContent {
			t.Fatalf("%d %s", status, text)
		}
		synctest.Wait()
		if s.counts.left.Load() != 1 || !s.did(call.SignOut) || p.closed() != closeSignedOut || s.ended() != "signed_out" {
			t.Errorf("%d left, code %d, audit %q", s.counts.left.Load(), p.closed(), s.ended())
		}
	})
}

func TestNobodySignsOutOfACall(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		s.center.show(call.AgentView{Agent: "maria", State: acd.Talking, Call: &call.CallView{ID: "c"}})
		if status, text := s.post("/api/sign-out", "", s.url); status != http.StatusConflict || !strings.Contains(text, "in_call") {
			t.Errorf("%d %s", status, text)
		}
		pass(time.Second)
		if p.closed() != 0 || s.did(call.SignOut) {
			t.Error("the caller was left alone")
		}
	})
}

func TestDrainingIsToldAndNobodySignsIn(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		s.desk.Drain()
		p.shows(t, `"draining":true`)
		status, text := s.post("/api/sign-in", `{"user":"maria","password":"correct horse"}`, s.url)
		if status != http.StatusServiceUnavailable || !strings.Contains(text, "draining") {
			t.Errorf("%d %s", status, text)
		}
	})
}

func TestUnchangedStateIsNotSentAgain(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		p.mu.Lock()
		p.last = ""
		p.mu.Unlock()
		for range 100 {
			s.center.show(call.AgentView{Agent: "maria", State: acd.Away})
		}
		pass(time.Minute)
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.last != "" {
			t.Errorf("sent again: %s", p.last)
		}
	})
}

func TestFloodOfCommandsIsHeldBack(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		for range commandBurst + 1 {
			p.send(t, `{"id":9,"kind":"hang_up"}`)
		}
		p.shows(t, `"too_fast"`)
		s.center.mu.Lock()
		did := len(s.center.did)
		s.center.mu.Unlock()
		if did != commandBurst {
			t.Errorf("%d commands were done", did)
		}
	})
}

func TestNameComesBackWhenTheAuditDoes(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		s.records.mu.Lock()
		s.records.failing = errors.New("disk full")
		s.records.mu.Unlock()
		p := s.page()
		s.center.show(verifiedCall())
		p.shows(t, `"name_status":"audit_failed"`)
		s.records.mu.Lock()
		s.records.failing = nil
		s.records.mu.Unlock()
		pass(revealAgain + 2*beat)
		p.shows(t, `"name":"Linda Park"`)
		s.center.show(call.AgentView{Agent: "maria", State: acd.Away})
		synctest.Wait()
		if s.desk.presences.byAgent["maria"].names.name != "" {
			t.Error("the name stays in memory after the call")
		}
	})
}
