package sip

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"careline/sip/trunk"
)

// Handler takes the calls.
type Handler interface {
	// Invite is told of each new call, on the dialog's own goroutine. It calls
	// Dialog.Notify before it returns, and doesn't block.
	Invite(*Dialog)
}

// Server listens for SIP and owns the dialogs.
type Server struct {
	options      Options
	handler      Handler
	log          *zap.Logger
	guard        *sentry
	load         *load
	screen       *screen
	registry     *registry
	registrar    *registrar // nil where phones can't register
	timers       timerPolicy
	parser       *gosip.Parser
	transport    *gosip.TransportLayer
	transactions *gosip.TransactionLayer

	listeners []boundListener
	dialed    map[string]*dialed // by network
	drain     atomic.Int64       // Retry-After in seconds plus one; 0 while we take calls
	launching sync.Mutex         // guards ended, and senders against it
	ended     bool
	senders   sync.WaitGroup
	alive     context.Context // of the dialogs; set by Run before the first message
	serving   atomic.Bool     // alive is set
	deaf      atomic.Bool     // requests are no longer answered: the sockets are about to close
	counters  counters
}

type counters struct {
	placed, connected, invites, answered, refused, resent, unacked, expired, malformed, outOfDialog, mailboxes, shed atomic.Uint64
}

// New checks the options and makes a server; nothing is bound yet.
func New(options Options, handler Handler) (*Server, error) {
	if handler == nil {
		return nil, errors.New("sip: a server needs a handler for its calls")
	}
	if err := options.fill(); err != nil {
		return nil, err
	}
	if len(options.TagKey) == 0 {
		options.TagKey = make([]byte, 32)
		if _, err := rand.Read(options.TagKey); err != nil {
			return nil, fmt.Errorf("sip: draw a key for tags: %w", err)
		}
	}
	server := &Server{
		options: options, handler: handler, log: options.Log,
		guard: newSentry(options), load: newLoad(options.OverloadLag), registry: newRegistry(options.MaxDialogs, options.CallsPerSource), dialed: map[string]*dialed{"tcp": newDialed(), "tls": newDialed()},
		timers: timerPolicy{interval: options.SessionExpires, minimum: options.MinSessionExpires},
	}
	server.screen = newScreen(server)
	if options.Registrar != nil {
		registrar, err := newRegistrar(*options.Registrar, options.Log)
		if err != nil {
			return nil, err
		}
		server.registrar, server.guard.hungUp = registrar, registrar.disconnected
	}
	parser := gosip.NewParser(gosip.WithHeadersParsers(headerParsers()))
	parser.MaxMessageLength = options.MaxMessage
	server.parser = parser
	quiet := server.libraryLogger()
	server.transport = gosip.NewTransportLayer(net.DefaultResolver, parser, options.TLS.client(), gosip.WithTransportLayerLogger(quiet))
	server.transport.OnMessage(server.observe) // before the transactions: in the socket's order
	server.transactions = gosip.NewTransactionLayer(server.transport,
		gosip.WithTransactionLayerLogger(quiet),
		gosip.WithTransactionLayerTerminateOnConnClose(),
		gosip.WithTransactionLayerUnhandledResponseHandler(func(*gosip.Response) {})) // late answers to our BYE
	server.transactions.OnRequest(server.serve)
	return server, nil
}

// Run serves until ctx ends; then dialogs that are still up are sent a BYE. It
// returns when everything is released.
func (s *Server) Run(ctx context.Context) error {
	if len(s.listeners) == 0 {
		return errors.New("sip: Run needs Listen first")
	}
	alive, kill := context.WithCancel(context.WithoutCancel(ctx))
	defer kill()
	s.alive = alive
	s.serving.Store(true)
	group, broken := errgroup.WithContext(ctx)
	for _, bound := range s.listeners {
		group.Go(func() error {
			err := s.serveListener(bound)
			if broken.Err() != nil || ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("sip: %s stopped listening: %w", bound.listen, err)
		})
	}
	for network, serve := range map[string]func(net.Listener) error{"tcp": s.transport.ServeTCP, "tls": s.transport.ServeTLS} {
		group.Go(func() error { _ = serve(s.dialed[network]); return nil }) // ends with Close, below
	}
	group.Go(func() error { s.load.run(broken); return nil })
	if s.registrar != nil {
		group.Go(func() error { s.registrar.run(broken); return nil })
	}
	if len(s.options.Trunks) > 0 {
		group.Go(func() error {
			return trunk.NewMonitor(s.options.Trunks, s, s.options.Resolver, s.log).Run(broken)
		})
	}
	<-broken.Done()
	s.hangUpAll(kill)
	s.deaf.Store(true)
	s.transactions.Close()
	s.closeListeners()
	for _, served := range s.dialed {
		_ = served.Close()
	}
	s.guard.hangUp()       // before sipgo does, which would miscount its references
	failed := group.Wait() // the readers, so that nothing new comes
	err := s.transport.Close()
	if failed != nil {
		return failed
	}
	if err != nil && !errors.Is(err, net.ErrClosed) {
		s.log.Debug("sip transport closed with an error", zap.Error(err))
	}
	return nil
}

// hangUpAll ends what is up, waiting at most EndGrace for the far sides.
func (s *Server) hangUpAll(kill context.CancelFunc) {
	for _, dialog := range s.registry.close() {
		if err := dialog.HangUp(CauseNormal, "shutting down"); err != nil {
			s.log.Debug("dialog was already ending", zap.String("sip_call_id", printable(dialog.id, maxLoggedID)), zap.Error(err))
		}
	}
	timer := time.AfterFunc(s.options.EndGrace, kill)
	s.registry.running.Wait()
	timer.Stop()
	kill()
	s.land()
}

// Drain refuses new calls and OPTIONS with 503 and Retry-After from now on;
// dialogs that are up go on.
func (s *Server) Drain(retryAfter time.Duration) {
	s.drain.Store(int64(seconds(retryAfter)) + 1)
}

// draining reports the Retry-After of a drain.
func (s *Server) draining() (time.Duration, bool) {
	stored := s.drain.Load()
	return time.Duration(stored-1) * time.Second, stored > 0
}

// ActiveDialogs counts the dialogs that aren't over, those whose BYE is still
// unanswered included.
func (s *Server) ActiveDialogs() int { return s.registry.count() }

// Stats takes a snapshot of the counts.
func (s *Server) Stats() Stats {
	heard := s.guard.rules.Stats(time.Now())
	stats := Stats{
		Placed: s.counters.placed.Load(), Connected: s.counters.connected.Load(),
		Dialogs: s.registry.count(), Invites: s.counters.invites.Load(), Answered: s.counters.answered.Load(),
		Refused: s.counters.refused.Load(), Resent: s.counters.resent.Load(), Unacked: s.counters.unacked.Load(), Expired: s.counters.expired.Load(),
		Strangers: s.guard.strangers.Load(), Flooded: heard.Flooded + s.guard.overfull.Load(), Malformed: s.counters.malformed.Load(),
		Unproven: heard.Unproven, Offences: heard.Offences, Bans: heard.Bans, Banned: heard.Banned, Shut: heard.Shut, Shed: s.counters.shed.Load(),
		Trace:       s.options.Trace.Stats(),
		OutOfDialog: s.counters.outOfDialog.Load(), MailboxesHit: s.counters.mailboxes.Load(),
	}
	if s.registrar != nil {
		stats.Registered, stats.Unauthorized = s.registrar.taken.Load(), s.registrar.refused.Load()
	}
	return stats
}

// localAddress is the address that the far side can reach us at, where local is
// that of the connection that a request came by, or of the listener.
func (s *Server) localAddress(local, remote netip.AddrPort) netip.AddrPort {
	if s.options.Advertise.IsValid() {
		return netip.AddrPortFrom(s.options.Advertise, local.Port())
	}
	if !local.Addr().IsUnspecified() {
		return local
	}
	route, err := net.Dial("udp", remote.String()) // sends nothing; asks the kernel for the route
	if err != nil {
		return local
	}
	defer func() { _ = route.Close() }()
	return netip.AddrPortFrom(addrPortOf(route.LocalAddr()).Addr(), local.Port())
}

// seconds rounds up to whole seconds, as Retry-After has them.
func seconds(d time.Duration) int {
	return int((max(d, 0) + time.Second - 1) / time.Second)
}

// networkOf is a message's transport in lower case.
func networkOf(message gosip.Message) string { return strings.ToLower(message.Transport()) }
