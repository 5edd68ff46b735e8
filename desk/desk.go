// Package desk is what agents and supervisors see: sign-in, the softphone's page,
// the WebSocket that keeps the page's state whole, and for supervisors the calls
// with their signalling.
//
// It decides nothing about calls: what an agent does goes to the Center, what
// the Center says of the agent goes to the page, as one whole state per change.
// A page that reloads or reconnects is right again with the first message.
//
//	d, err := desk.New(desk.Options{Listen: address, Users: users, Log: log}, center, records)
//	err = d.Listen() // binds; a busy port is an error that names the key desk.listen
//	err = d.Run(ctx) // serves until ctx is done, then closes what it opened
//
// What must not live here: queues, licenses, signalling, sound. A member's name
// passes through on its way to the one agent who has the call, audited once per
// agent and offer, and is kept nowhere (see name.go).
package desk

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
	"golang.org/x/time/rate"

	"careline/acd"
	"careline/call"
	"careline/ledger"
	"careline/phi"
)

// Defaults of Options, and the bounds that have no key.
const (
	// DefaultIdleLogoff ends a session that nobody touched for so long
	// (automatic logoff, 45 CFR 164.312(a)(2)(iii)). A call counts as touching.
	DefaultIdleLogoff = 15 * time.Minute
	// DefaultSessionLife ends a session however busy it was, after the call in hand.
	DefaultSessionLife = 12 * time.Hour
	// DefaultGrace is how long what was read of a caller's name is kept for an
	// agent whose page vanished (reload, sleeping tab, change of network). It is
	// the Center's grace, in which the call waits for the agent.
	DefaultGrace = 15 * time.Second

	headerTimeout = 10 * time.Second
	bodyTimeout   = 15 * time.Second
	idleTimeout   = 2 * time.Minute
	// answerTimeout cuts who doesn't take an answer; sockets have writeTime.
	answerTimeout = 30 * time.Second
	// closingTimeout bounds the polite end of open requests.
	closingTimeout = 3 * time.Second
	maxHeaderBytes = 16 << 10
	// sweepEvery is how often sessions are looked at for their end.
	sweepEvery = time.Second
	auditTime  = 3 * time.Second
	// actorPrefix stands in the audit before an agent's ID.
	actorPrefix = "agent:"
	// heldBackEvery is how often held-back sign-ins are logged at most.
	heldBackEvery = 10 * time.Second
)

// Center is what the desk needs of the room where calls live.
type Center interface {
	// Connect says that the agent is there; changed is called, never blocking,
	// when the agent's view may have changed. release says that the agent left.
	Connect(agent acd.AgentID, changed func()) (release func(), err error)
	// View is all that the agent's screen shows.
	View(agent acd.AgentID) (call.AgentView, error)
	// Do does what the agent asked for.
	Do(ctx context.Context, agent acd.AgentID, command call.Command) error
	// OfferMedia takes the browser's SDP offer and gives the answer; a later
	// offer replaces the earlier one.
	OfferMedia(ctx context.Context, agent acd.AgentID, offerSDP string) (answerSDP string, err error)
	// Queues are those whose agents can be asked about a caller.
	Queues() []string
	// Supervise lets a supervisor take part in a call, or leave it.
	Supervise(ctx context.Context, supervisor acd.AgentID, call string, mode call.Mode) error
	// Overviews are the calls that are up, as supervisors see them.
	Overviews() []call.Overview
	// OpenCallbacks are those that aren't closed; CancelCallback takes one back, once
	// the audit has by whom and why.
	OpenCallbacks(ctx context.Context) ([]call.OpenCallback, error)
	CancelCallback(ctx context.Context, id, by, why string) error
	// Colleagues are whom the agent may hand a caller to.
	Colleagues(agent acd.AgentID) []call.Colleague
}

// Records is what the desk writes down (sign-ins, each reading of a name, each look
// at a call that isn't one's own), and the calls' records for supervisors.
type Records interface {
	phi.Auditor
	Append(ctx context.Context, entry ledger.AuditEntry) (ledger.AuditEntry, error)
	// Call is one call's record, or ledger.ErrNotFound; Calls are the newest.
	Call(ctx context.Context, id string) (ledger.CallRecord, error)
	Calls(ctx context.Context, limit int) ([]ledger.CallRecord, error)
}

// User may sign in.
type User struct {
	// Name typed at sign-in; letters' case matters.
	Name string
	// Agent that the user works as.
	Agent acd.AgentID
	// FullName as colleagues know the user; empty: the agent's ID.
	FullName string
	// Role; empty is RoleAgent.
	Role Role
	// PasswordHash as HashPassword makes it (argon2id, PHC string format).
	PasswordHash string
}

// Options of a Desk. Zero durations mean the defaults above.
type Options struct {
	// Listen is config key desk.listen; port 0 takes any free port.
	Listen netip.AddrPort
	Users  []User
	// IdleLogoff is config key desk.idle_logoff, SessionLife desk.session_life,
	// Grace desk.grace.
	IdleLogoff  time.Duration
	SessionLife time.Duration
	Grace       time.Duration
	// SecureCookies where browsers come by https (a TLS proxy in front).
	SecureCookies bool
	// Hosts that browsers may name in the address bar, without port. Empty: on
	// a loopback listener only localhost and loopback addresses (a page of
	// another name that resolves to this machine is refused), else any.
	Hosts []string
	// Proxies in front of the desk, whose X-Forwarded-For is believed; config
	// key desk.proxies. Without it all who come by a proxy share one limit of
	// sign-in attempts.
	Proxies []netip.Prefix
	// Relays are handed to the agents' browsers.
	Relays Relays
	// Demo lets the sign-in page list the users, with DemoPassword if it is set.
	Demo         bool
	DemoPassword string
	// Signalling of calls, for supervisors; nil where none is recorded.
	Signalling Signalling
	// Recordings of calls, for supervisors; nil where nothing is recorded.
	Recordings Recordings
	// Messages that callers left, for the agents of their boxes and for supervisors; nil
	// where there are none.
	Messages Messages
	// Flows for supervisors and admins; nil where none are published.
	Flows Flows
	Log   *zap.Logger
	// Now is the wall clock; nil is time.Now.
	Now func() time.Time
}

// Desk serves the softphone.
type Desk struct {
	options   Options
	center    Center
	records   Records
	log       *zap.Logger
	users     map[string]User
	names     map[acd.AgentID]string
	decoyHash string
	sessions  *sessions
	attempts  *attempts
	presences *presences
	pages     *pages
	hashing   chan struct{}
	drafting  chan struct{}
	heldBack  rate.Sometimes // limits a log line that strangers can cause
	draining  atomic.Bool
	listener  net.Listener
	// Background work that a request started and may outlive it: name readings.
	background sync.WaitGroup
	life       context.Context
	end        context.CancelFunc
}

// New checks the options. It starts nothing.
func New(options Options, center Center, records Records) (*Desk, error) {
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	setDefault(&options.IdleLogoff, DefaultIdleLogoff)
	setDefault(&options.SessionLife, DefaultSessionLife)
	setDefault(&options.Grace, DefaultGrace)
	if center == nil || records == nil {
		return nil, errors.New("desk: a Center and Records are needed")
	}
	users, err := usersByName(options.Users)
	if err != nil {
		return nil, err
	}
	decoy, err := decoyLike(options.Users)
	if err != nil {
		return nil, err
	}
	pages, err := loadPages()
	if err != nil {
		return nil, err
	}
	life, end := context.WithCancel(context.Background())
	return &Desk{
		options:   options,
		center:    center,
		records:   records,
		log:       options.Log.Named("desk"),
		users:     users,
		names:     fullNames(options.Users),
		decoyHash: decoy,
		sessions:  newSessions(options.IdleLogoff, options.SessionLife, options.Now),
		attempts:  newAttempts(options.Now),
		presences: newPresences(center, options.Grace),
		pages:     pages,
		hashing:   make(chan struct{}, hashPlaces(runtime.GOMAXPROCS(0))),
		drafting:  make(chan struct{}, drafting),
		heldBack:  rate.Sometimes{Interval: heldBackEvery},
		life:      life,
		end:       end,
	}, nil
}

// usersByName checks the users: one name and one agent each, since the audit
// names who read by the agent (unique user identification, 45 CFR 164.312(a)(2)(i)).
func usersByName(list []User) (map[string]User, error) {
	users := make(map[string]User, len(list))
	agents := make(map[acd.AgentID]string, len(list))
	for _, user := range list {
		if user.Name == "" || user.Agent == "" {
			return nil, errors.New("desk: a user without a name or an agent")
		}
		if _, twice := users[user.Name]; twice {
			return nil, fmt.Errorf("desk: user %q stands twice", user.Name)
		}
		if other, twice := agents[user.Agent]; twice {
			return nil, fmt.Errorf("desk: users %q and %q are both agent %q; give each person one", other, user.Name, user.Agent)
		}
		if _, err := parseHash(user.PasswordHash); err != nil {
			return nil, fmt.Errorf("desk: user %q: %w; make one with `careline password`", user.Name, err)
		}
		if user.Role == "" {
			user.Role = RoleAgent
		}
		if !slices.Contains(Roles(), user.Role) {
			return nil, fmt.Errorf("desk: user %q has role %q; there are %v", user.Name, user.Role, Roles())
		}
		users[user.Name], agents[user.Agent] = user, user.Name
	}
	return users, nil
}

func fullNames(list []User) map[acd.AgentID]string {
	names := make(map[acd.AgentID]string, len(list))
	for _, user := range list {
		names[user.Agent] = user.FullName
	}
	return names
}

func setDefault(value *time.Duration, fallback time.Duration) {
	if *value <= 0 {
		*value = fallback
	}
}

// Listen binds the address.
func (d *Desk) Listen() error {
	listener, err := net.Listen("tcp", d.options.Listen.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("desk: %s is in use by another program; stop it or change desk.listen: %w", d.options.Listen, err)
	}
	if err != nil {
		return fmt.Errorf("desk: can't listen on %s (desk.listen): %w", d.options.Listen, err)
	}
	d.listener = listener
	return nil
}

// Address is where the desk listens, after Listen.
func (d *Desk) Address() netip.AddrPort {
	if d.listener == nil {
		return d.options.Listen
	}
	address, err := netip.ParseAddrPort(d.listener.Addr().String())
	if err != nil {
		return d.options.Listen
	}
	return address
}

// Drain tells every page that the server is shutting down: calls in progress
// go on, new ones don't come. Nobody can sign in any more.
func (d *Desk) Drain() {
	d.draining.Store(true)
	d.presences.pokeAll()
}

// Run serves until ctx is done, then tells the pages, releases the agents and
// returns when all is released. It needs Listen.
func (d *Desk) Run(ctx context.Context) error {
	if d.listener == nil {
		return errors.New("desk: Run before Listen")
	}
	server := &http.Server{
		Handler:           d.handler(),
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       bodyTimeout,
		WriteTimeout:      answerTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		ErrorLog:          zap.NewStdLog(d.log.Named("http")),
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(newBounded(d.listener, d.isProxy)); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("desk: serving: %w", err)
		}
		return nil
	})
	group.Go(func() error { d.sweep(running); return nil })
	group.Go(func() error {
		<-running.Done()
		d.end() // sockets see this and say good-bye
		polite, cancel := context.WithTimeout(context.Background(), closingTimeout)
		defer cancel()
		if err := server.Shutdown(polite); err != nil {
			server.Close()
		}
		d.presences.close()
		for _, one := range d.sessions.all() {
			one.hearings.endAll()
		}
		return nil
	})
	err := group.Wait()
	d.background.Wait()
	return err
}

// sweep ends the sessions whose time is over.
func (d *Desk) sweep(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			for _, over := range d.sessions.expired() {
				d.endSession(over.session, over.why)
			}
			for _, one := range d.sessions.all() {
				one.hearings.endResting(d.options.Now())
			}
		}
	}
}

// endSession closes a session for a reason and writes it down.
func (d *Desk) endSession(s *session, why endReason) {
	if !d.sessions.end(s, why) {
		return
	}
	s.hearings.endAll()
	ctx, cancel := context.WithTimeout(context.Background(), auditTime)
	defer cancel()
	if d.presences.shownBy(s) {
		// Released first: a release after the sign-out would begin a grace.
		d.presences.signOut(s.user.Agent)
		if err := d.center.Do(ctx, s.user.Agent, call.Command{Kind: call.SignOut}); err != nil {
			d.log.Warn("agent not signed out at once", zap.String("agent", string(s.user.Agent)), zap.Error(err))
		}
	}
	d.log.Info("signed out", zap.String("user", s.user.Name), zap.String("why", string(why)))
	entry := ledger.AuditEntry{Kind: ledger.AuditSignOut, Actor: actor(s.user.Agent), Outcome: string(why)}
	if _, err := d.records.Append(ctx, entry); err != nil {
		d.log.Error("sign-out not audited", zap.String("user", s.user.Name), zap.Error(err))
	}
}

func actor(agent acd.AgentID) string { return actorPrefix + string(agent) }
