package trunk

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"
)

const (
	// PingEvery is how often a target is asked whether it is there.
	PingEvery = 30 * time.Second
	// pingTimeout is how long its answer is waited for.
	pingTimeout = 4 * time.Second
	// minLife and maxLife bound how long the DNS's answer is used.
	minLife = 30 * time.Second
	maxLife = time.Hour
	// retryLookup is how soon a failed look-up is tried again. Meanwhile what it
	// said last stays in use.
	retryLookup = 30 * time.Second
	// maxTargets is how many servers of a domain are kept.
	maxTargets = 16
)

// Pinger asks a target whether it is there, by OPTIONS (RFC 3261 section 11).
type Pinger interface {
	Ping(ctx context.Context, target Target) Outcome
}

// Resolver finds a domain's servers (RFC 3263 section 4), and how long they may
// be used.
type Resolver interface {
	Resolve(ctx context.Context, domain, network string) ([]Target, time.Duration, error)
}

// Monitor keeps the trunks' targets and their health.
type Monitor struct {
	trunks   []*Trunk
	pinger   Pinger
	resolver Resolver
	log      *zap.Logger
}

// NewMonitor makes a monitor of trunks. Resolver may be nil where no trunk has a
// domain.
func NewMonitor(trunks []*Trunk, pinger Pinger, resolver Resolver, log *zap.Logger) *Monitor {
	return &Monitor{trunks: trunks, pinger: pinger, resolver: resolver, log: log}
}

// Run watches until ctx ends, and returns when its goroutines have: one for each
// trunk.
func (m *Monitor) Run(ctx context.Context) error {
	var group errgroup.Group
	for _, t := range m.trunks {
		group.Go(func() error { m.watch(ctx, t); return nil })
	}
	return group.Wait()
}

func (m *Monitor) watch(ctx context.Context, t *Trunk) {
	log := m.log.With(zap.String("trunk", t.options.Name))
	var stale time.Time // when the DNS is to be asked again
	for ctx.Err() == nil {
		if t.options.Domain != "" && !time.Now().Before(stale) {
			stale = time.Now().Add(m.lookUp(ctx, t, log))
		}
		m.ping(ctx, t, log)
		timer := time.NewTimer(PingEvery)
		select {
		case <-ctx.Done():
		case <-timer.C:
		}
		timer.Stop()
	}
}

// lookUp asks the DNS, and says when to ask it again.
func (m *Monitor) lookUp(ctx context.Context, t *Trunk, log *zap.Logger) time.Duration {
	targets, life, err := m.resolver.Resolve(ctx, t.options.Domain, t.options.Network)
	if err != nil || len(targets) == 0 {
		if ctx.Err() == nil {
			log.Warn("trunk not found in the DNS; what it said last stays in use", zap.String("domain", t.options.Domain), zap.Error(err))
		}
		return retryLookup
	}
	t.set(targets[:min(len(targets), maxTargets)])
	return min(max(life, minLife), maxLife)
}

// ping asks all targets at once.
func (m *Monitor) ping(ctx context.Context, t *Trunk, log *zap.Logger) {
	limited, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	var all sync.WaitGroup
	for _, target := range t.Order(time.Now()) {
		all.Go(func() {
			outcome := m.pinger.Ping(limited, target)
			if ctx.Err() != nil {
				return // we are ending; it says nothing of the target
			}
			if t.Report(target, outcome, time.Now()) {
				log.Info("trunk's target changed", zap.Stringer("target", target), zap.Bool("up", outcome.Reached))
			}
		})
	}
	all.Wait()
}
