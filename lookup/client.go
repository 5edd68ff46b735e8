package lookup

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"careline/phi"
)

// Errors of a look-up, besides ErrMissing.
var (
	// ErrResting: the service has failed too often and is left alone for a while.
	ErrResting = errors.New("it has failed too often, and is left alone for a while")
	errTooSlow = errors.New("it did not answer in time")
	errFull    = errors.New("too many look-ups wait for it")
)

// Accounting takes down what is told to whom (45 CFR 164.528). Where it fails,
// nothing is told.
type Accounting interface {
	RecordDisclosure(ctx context.Context, disclosure phi.Disclosure) error
}

// Options of a Client.
type Options struct {
	Services   []Service
	Accounting Accounting
	// Cached is how many answers are kept at most; zero: DefaultCached.
	Cached int
	// Zone is where the day is counted; nil: UTC.
	Zone *time.Location
	Now  func() time.Time
	Log  *zap.Logger
}

// Client makes look-ups. Its methods may be called from any goroutine.
type Client struct {
	servers    map[string]*server
	accounting Accounting
	cache      *cache
	zone       *time.Location
	now        func() time.Time
	log        *zap.Logger
}

// New checks the options. It starts nothing.
func New(options Options) (*Client, error) {
	if options.Accounting == nil {
		return nil, errors.New("lookup: there must be an accounting of what is told")
	}
	c := &Client{
		servers: map[string]*server{}, accounting: options.Accounting, cache: newCache(orDefault(options.Cached, DefaultCached)),
		zone: options.Zone, now: options.Now, log: options.Log,
	}
	for _, service := range options.Services {
		made, err := newServer(service)
		if err != nil {
			return nil, err
		}
		c.servers[service.Name] = made
	}
	if c.zone == nil {
		c.zone = time.UTC
	}
	if c.now == nil {
		c.now = time.Now
	}
	if c.log == nil {
		c.log = zap.NewNop()
	}
	return c, nil
}

// Close lets go of the connections that are kept.
func (c *Client) Close() {
	for _, s := range c.servers {
		s.http.CloseIdleConnections()
	}
}

// Ask is one look-up to be made.
type Ask struct {
	// Call is the call's UUIDv7; Actor is who asks, "flow:benefits".
	Call, Actor string
	// Subject is the verified member's token; empty if nobody is verified.
	Subject string
	// Values by name, all that the look-up takes.
	Values map[string]phi.String
}

// LookUp asks, and gives the look-up's fields by name, each in the form of its
// kind. The error is an ErrMissing where the service has nothing, and otherwise
// says why there is no answer; it repeats no value. It takes no longer than the
// service's Time.
func (c *Client) LookUp(ctx context.Context, d *Definition, ask Ask) (map[string]phi.String, error) {
	began := c.now()
	log := c.log.With(zap.String("call", ask.Call), zap.String("look_up", d.name), zap.String("service", d.service))
	fields, from, err := c.lookUp(ctx, d, ask)
	took := zap.Duration("took", c.now().Sub(began))
	c.count(ctx, d, from, err)
	switch {
	case err == nil:
		log.Info("looked up", zap.String("from", from), took)
	case errors.Is(err, ErrMissing):
		log.Info("nothing found", zap.NamedError("why", err), took)
	case ctx.Err() != nil:
		log.Info("look-up given up", took)
	default:
		log.Warn("look-up failed", zap.Error(err), took)
	}
	if err != nil {
		return nil, fmt.Errorf("lookup: %s: %s: %w", d.name, d.service, err)
	}
	return fields, nil
}

// count counts how a look-up ended.
func (c *Client) count(ctx context.Context, d *Definition, from string, err error) {
	s := c.servers[d.service]
	switch {
	case s == nil:
	case err == nil && from == fromCache:
		s.kept.Add(1)
	case err == nil:
		s.found.Add(1)
	case errors.Is(err, ErrMissing):
		s.missing.Add(1)
	case ctx.Err() != nil:
		s.givenUp.Add(1)
	default:
		s.failed.Add(1)
	}
}

// Where an answer comes from, as the log says it.
const (
	fromCache   = "cache"
	fromService = "service"
)

func (c *Client) lookUp(ctx context.Context, d *Definition, ask Ask) (fields map[string]phi.String, from string, err error) {
	s := c.servers[d.service]
	if s == nil || d.FHIR() && !s.FHIR {
		return nil, "", errors.New("there is no such service")
	}
	values, err := c.values(ctx, d, ask)
	if err != nil {
		return nil, "", err
	}
	key := c.cache.keyOf(d.version, values)
	if kept, ok := c.cache.get(key, c.now()); ok && d.keep > 0 {
		return kept, fromCache, nil
	}
	bounded, cancel := context.WithTimeout(ctx, s.Time)
	defer cancel()
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-bounded.Done():
		return nil, "", errFull
	}
	if !s.breaker.allow(c.now()) {
		return nil, "", ErrResting
	}
	fields, err = c.send(bounded, s, d, ask, values)
	c.settle(ctx, s, err)
	if err == nil && d.keep > 0 {
		c.cache.put(key, fields, c.now().Add(d.keep))
	}
	return fields, fromService, err
}

// settle tells the breaker how a look-up went. That there is nothing, that it was
// no fault of the service's or that the caller has gone says nothing against it.
func (c *Client) settle(ctx context.Context, s *server, err error) {
	switch {
	case err == nil || errors.Is(err, ErrMissing):
		s.breaker.settle(c.now(), true)
	case ctx.Err() != nil || errors.Is(err, errValue) || errors.Is(err, errNotTold):
		s.breaker.abandon()
	default:
		if s.breaker.settle(c.now(), false) {
			c.log.Warn("service left alone", zap.String("service", s.Name), zap.Duration("for", s.Rest))
		}
	}
}

// values reads what is asked with. It leaves the room only after tell.
func (c *Client) values(ctx context.Context, d *Definition, ask Ask) (map[string]string, error) {
	values := map[string]string{Today: c.now().In(c.zone).Format(time.DateOnly)}
	for name := range d.with {
		value, ok := ask.Values[name]
		if !ok {
			return nil, fmt.Errorf("the value %q is not given", name)
		}
		text, err := value.Reveal(ctx, within{}, phi.Access{})
		if err != nil {
			return nil, err
		}
		values[name] = text
	}
	return values, nil
}

// within lets a value be read inside of this room, where it is only put into a
// request; that the request goes out is what tell takes down.
type within struct{}

func (within) RecordAccess(context.Context, phi.Access) error { return nil }

var errNotTold = errors.New("nothing was sent, since it could not be taken down")

// tell takes down what is about to be told, if any of it is protected.
func (c *Client) tell(ctx context.Context, s *server, d *Definition, ask Ask) error {
	if !d.discloses() {
		return nil
	}
	var what []string
	for _, name := range slices.Sorted(maps.Keys(d.with)) {
		if d.with[name] != TakesPublic {
			what = append(what, name)
		}
	}
	err := c.accounting.RecordDisclosure(ctx, phi.Disclosure{
		Call: ask.Call, Actor: ask.Actor, Subject: ask.Subject,
		What: "look-up " + d.name + ": " + strings.Join(what, ", "), Recipient: s.Recipient, Purpose: d.Purpose(),
	})
	if err != nil {
		return fmt.Errorf("%w: %w", errNotTold, err)
	}
	return nil
}

// send makes the request, and again if its failure may pass.
func (c *Client) send(ctx context.Context, s *server, d *Definition, ask Ask, values map[string]string) (map[string]phi.String, error) {
	if _, err := d.request.build(ctx, s.URL, s.Headers, values); err != nil {
		return nil, err
	}
	if err := c.tell(ctx, s, d, ask); err != nil {
		return nil, err
	}
	for retries := 0; ; retries++ {
		fields, err := c.try(ctx, s, d, values)
		var may passing
		if err == nil || !errors.As(err, &may) || retries == d.retries {
			return fields, err
		}
		timer := time.NewTimer(retryAfter)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, err
		}
	}
}

func (c *Client) try(ctx context.Context, s *server, d *Definition, values map[string]string) (map[string]phi.String, error) {
	request, err := d.request.build(ctx, s.URL, s.Headers, values)
	if err != nil {
		return nil, err
	}
	answer, err := s.http.Do(request)
	if err != nil {
		return nil, told(ctx, err)
	}
	defer answer.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(answer.Body, s.MaxAnswer+1))
	if err != nil {
		return nil, told(ctx, err)
	}
	return d.read(answer, raw, s.MaxAnswer)
}
