package sip

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
	"golang.org/x/time/rate"

	"careline/sip/digest"
	"careline/sip/location"
)

const (
	// DefaultRealm is what phones sign in to. Every scanner is told it: it names
	// nobody and no program.
	DefaultRealm = "phones"

	// natExpires is granted to a phone behind a NAT over UDP: each registration
	// keeps the NAT's mapping open, which lasts a minute or two.
	natExpires = time.Minute
	// sweepEvery is how long after its end a registration may be noticed.
	sweepEvery = time.Second
	// Refusals are logged at this rate: a guesser must not fill the log.
	refusalsLogged = 1  // a second
	refusalBurst   = 10 // at once
)

// RegistrarOptions let phones register. What is left zero takes its default.
type RegistrarOptions struct {
	// Realm is what the phones' secrets were made for.
	Realm string
	// Secret finds a phone by its user name. It is called for every name that
	// anyone tries and must take the same time for all.
	Secret func(phone string) (digest.Secret, bool)
	// Algorithms are those that phones are challenged with; digest.Options has
	// more on it.
	Algorithms []digest.Algorithm
	// Changed is told that a phone registered anew or is gone; Registered says
	// which. It must not block. Nil: nobody is.
	Changed func(phone string)
	// Bindings bounds what phones may register.
	Bindings location.Options
	// NonceLifetime is how long a challenge can be answered.
	NonceLifetime time.Duration
	// Now is the wall clock; time.Now by default.
	Now func() time.Time
}

func (o *RegistrarOptions) fill() error {
	if o.Secret == nil {
		return errors.New("sip: a registrar needs Secret, which finds the phones")
	}
	if o.Realm == "" {
		o.Realm = DefaultRealm
	}
	if o.Changed == nil {
		o.Changed = func(string) {}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// registrar takes REGISTER requests (RFC 3261 section 10.3).
type registrar struct {
	options  RegistrarOptions
	verifier *digest.Verifier
	log      *zap.Logger
	logged   *rate.Limiter
	refused  atomic.Uint64
	taken    atomic.Uint64

	mu    sync.Mutex
	table *location.Table
}

func newRegistrar(options RegistrarOptions, log *zap.Logger) (*registrar, error) {
	if err := options.fill(); err != nil {
		return nil, err
	}
	verifier, err := digest.New(digest.Options{Realm: options.Realm, Algorithms: options.Algorithms, Now: options.Now, Lifetime: options.NonceLifetime})
	if err != nil {
		return nil, fmt.Errorf("sip: registrar: %w", err)
	}
	return &registrar{
		options: options, verifier: verifier, log: log, table: location.New(options.Bindings),
		logged: rate.NewLimiter(refusalsLogged, refusalBurst),
	}, nil
}

// run forgets what has ended, until ctx does.
func (r *registrar) run(ctx context.Context) {
	ticker := time.NewTicker(sweepEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
			r.mu.Lock()
			gone := r.table.Expire(r.options.Now())
			r.mu.Unlock()
			r.tellGone(gone, "its time ran out")
		}
	}
}

// disconnected forgets the phones that could be reached by a connection alone
// that is closed.
func (r *registrar) disconnected(remote netip.AddrPort) {
	r.mu.Lock()
	gone := r.table.Lost(remote)
	r.mu.Unlock()
	r.tellGone(gone, "its connection was closed")
}

func (r *registrar) tellGone(phones []string, because string) {
	for _, phone := range phones {
		r.log.Info("phone gone", zap.String("phone", phone), zap.String("because", because))
		r.options.Changed(phone)
	}
}

// lookup lists where a phone can be reached now, the preferred contact first.
func (r *registrar) lookup(phone string) []location.Binding {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.table.Lookup(r.options.Now(), phone)
}

// serveRegister takes a REGISTER. Whoever isn't known hears a challenge and
// nothing else, whatever the name.
func (s *Server) serveRegister(request *gosip.Request, tx *gosip.ServerTx) {
	r := s.registrar
	if r == nil {
		s.refuse(request, tx, gosip.StatusMethodNotAllowed, s.allow())
		return
	}
	if scheme := request.To().Address.Scheme; scheme != "sip" && scheme != "sips" { // RFC 3261 section 10.3, step 5
		s.refuse(request, tx, gosip.StatusBadRequest)
		return
	}
	username, ok := s.authenticate(request, tx)
	if !ok {
		return
	}
	if retry, draining := s.draining(); draining {
		s.refuse(request, tx, gosip.StatusServiceUnavailable, retryHeader(retry))
		return
	}
	if unknown := unsupported(request, "path", "outbound"); len(unknown) > 0 {
		s.refuse(request, tx, gosip.StatusBadExtension, gosip.NewHeader("Unsupported", strings.Join(unknown, ", ")))
		return
	}
	if userOf(request.To().Address) != username {
		s.refuse(request, tx, gosip.StatusForbidden) // somebody else's phone (RFC 3261 section 10.3, step 4)
		return
	}
	registration, err := readRegistration(request)
	if err != nil {
		s.log.Info("registration refused", zap.String("phone", username), zap.Error(err))
		s.refuse(request, tx, gosip.StatusBadRequest)
		return
	}
	s.register(request, tx, registration)
}

// proofLasts is how long a phone's right password lets the rest of what it sends
// pass: as long as it may be registered.
func (r *registrar) proofLasts() time.Duration {
	return cmp.Or(r.options.Bindings.MaxExpires, location.DefaultMaxExpires)
}

// register changes the bindings and answers with what they are now.
func (s *Server) register(request *gosip.Request, tx *gosip.ServerTx, registration location.Registration) {
	r := s.registrar
	now := r.options.Now()
	phone := registration.Record
	r.mu.Lock()
	before := len(r.table.Lookup(now, phone))
	bindings, err := r.table.Register(now, registration)
	r.mu.Unlock()
	var brief *location.BriefError
	switch {
	case errors.As(err, &brief):
		s.refuse(request, tx, gosip.StatusIntervalToBrief, gosip.NewHeader("Min-Expires", fmt.Sprint(seconds(brief.Min))))
	case errors.Is(err, location.ErrOutOfOrder):
		s.refuse(request, tx, gosip.StatusInternalServerError)
	case errors.Is(err, location.ErrTooMany):
		s.refuse(request, tx, gosip.StatusForbidden)
	case err != nil:
		s.log.Warn("registration refused", zap.String("phone", phone), zap.Error(err))
		s.refuse(request, tx, gosip.StatusServiceUnavailable, retryHeader(overloadRetry))
	default:
		r.taken.Add(1)
		switch {
		case before == 0 && len(bindings) > 0:
			s.log.Info("phone registered", zap.String("phone", phone), zap.String("network", registration.Flow.Network))
			r.options.Changed(phone)
		case before > 0 && len(bindings) == 0:
			r.tellGone([]string{phone}, "it signed off")
		}
		s.respond(tx, s.registered(request, registration, bindings, now))
	}
}

// Registered reports whether a phone can be reached now.
func (s *Server) Registered(phone string) bool {
	return s.registrar != nil && len(s.registrar.lookup(phone)) > 0
}
