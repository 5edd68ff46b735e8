package trunk

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"careline/sip/digest"
	"careline/sip/srtp"
)

var (
	// ErrFull: as many calls as the trunk may have are up. Try the next trunk.
	ErrFull = errors.New("trunk: all its channels are taken")
	// ErrTooFast: more calls a second than the carrier allows. Try the next trunk.
	ErrTooFast = errors.New("trunk: more calls a second than the carrier allows")
)

// failuresToDown is how often in a row a target fails before it counts as down.
const failuresToDown = 2

// Options make a Trunk.
type Options struct {
	// Name is the trunk's, as the dial plan has it.
	Name string
	// Targets are its servers; or Domain is where to find them (RFC 3263).
	Targets []Target
	Domain  string
	// Network is the transport for Domain; "" leaves it to the DNS.
	Network string
	// CallerID is the number that we show where the dial plan has none.
	CallerID string
	// Credentials answer the carrier's challenges.
	Credentials digest.Credentials
	// Sources are where its calls to us come from; those count among its calls too.
	Sources []netip.Prefix
	// Channels is how many calls may be up at once, either way; 0 for no limit.
	Channels int
	// SetUpRate is how many calls a second may begin, either way; 0 for no limit.
	SetUpRate int
	// Refer: it takes callers of its own to numbers elsewhere when asked by REFER (RFC
	// 3515).
	Refer bool
	// SRTP says whether the sound of its calls is encrypted, either way; Unset
	// leaves it to the server.
	SRTP srtp.Policy
}

// Trunk is one carrier's. Any number of calls may use it at once.
type Trunk struct {
	options Options

	mu      sync.Mutex
	random  *rand.Rand
	rate    *rate.Limiter
	up      int // calls
	targets []Target
	health  map[key]*health
}

// health is what is known of one target.
type health struct {
	failures int
	until    time.Time // it asked to be left alone so long (Retry-After)
}

// New checks the options. random shares the calls among targets; it is used
// under the trunk's lock alone.
func New(options Options, random *rand.Rand) (*Trunk, error) {
	switch {
	case options.Name == "":
		return nil, errors.New("trunk: a trunk needs a name")
	case len(options.Targets) == 0 && options.Domain == "":
		return nil, fmt.Errorf("trunk %s: it has neither targets nor a domain, so no call could go there", options.Name)
	case len(options.Targets) > 0 && options.Domain != "":
		return nil, fmt.Errorf("trunk %s: it has both targets and a domain; give one of them", options.Name)
	case options.Channels < 0 || options.SetUpRate < 0:
		return nil, fmt.Errorf("trunk %s: channels and rate can't be below 0; 0 means no limit", options.Name)
	}
	t := &Trunk{options: options, random: random, health: map[key]*health{}}
	if options.SetUpRate > 0 {
		t.rate = rate.NewLimiter(rate.Limit(options.SetUpRate), options.SetUpRate)
	}
	t.set(options.Targets)
	return t, nil
}

// Sends reports whether calls from an address are the trunk's.
func (t *Trunk) Sends(source netip.Addr) bool {
	return slices.ContainsFunc(t.options.Sources, func(p netip.Prefix) bool { return p.Contains(source) })
}

// Options are what the trunk was made of.
func (t *Trunk) Options() Options { return t.options }

// Take takes a channel for a call that begins; release gives it back, once,
// however often it is called. Errors: ErrFull, ErrTooFast.
func (t *Trunk) Take(now time.Time) (release func(), err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.options.Channels > 0 && t.up >= t.options.Channels {
		return nil, ErrFull
	}
	if t.rate != nil && !t.rate.AllowN(now, 1) {
		return nil, ErrTooFast
	}
	t.up++
	return sync.OnceFunc(func() {
		t.mu.Lock()
		defer t.mu.Unlock()
		t.up--
	}), nil
}

// set takes the targets that are known now; of those that stay, the health stays.
func (t *Trunk) set(targets []Target) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.targets = slices.Clone(targets)
	kept := map[key]*health{}
	for _, target := range targets {
		if kept[target.key()] = t.health[target.key()]; kept[target.key()] == nil {
			kept[target.key()] = &health{}
		}
	}
	t.health = kept
}

// Order is how a call that begins now tries the targets: those that answer by
// priority and weight, then those that don't, since a call is worth the try.
func (t *Trunk) Order(now time.Time) []Target {
	t.mu.Lock()
	defer t.mu.Unlock()
	var up, down []Target
	for _, target := range arrange(t.targets, t.random) {
		if t.health[target.key()].well(now) {
			up = append(up, target)
		} else {
			down = append(down, target)
		}
	}
	return append(up, down...)
}

func (h *health) well(now time.Time) bool {
	return h.failures < failuresToDown && !now.Before(h.until)
}

// Outcome is what came of asking a target something.
type Outcome struct {
	// Reached: it answered, whatever it said, but for 503 and 408.
	Reached bool
	// RetryAfter is how long a 503 asked to be left alone.
	RetryAfter time.Duration
}

// Report tells of a ping or of a call's attempt. changed says that the target
// has gone up or down by it.
func (t *Trunk) Report(target Target, outcome Outcome, now time.Time) (changed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.health[target.key()]
	if known == nil {
		return false // the DNS has dropped it meanwhile
	}
	before := known.well(now)
	if outcome.Reached {
		*known = health{}
	} else {
		known.failures = min(known.failures+1, failuresToDown)
		if outcome.RetryAfter > 0 {
			known.until = now.Add(outcome.RetryAfter)
		}
	}
	return before != known.well(now)
}

// State is one trunk's, for metrics and pages.
type State struct {
	Name     string
	Calls    int
	Channels int // 0: no limit
	Up, Down []string
}

// State takes a snapshot.
func (t *Trunk) State(now time.Time) State {
	t.mu.Lock()
	defer t.mu.Unlock()
	state := State{Name: t.options.Name, Calls: t.up, Channels: t.options.Channels}
	for _, target := range t.targets {
		if t.health[target.key()].well(now) {
			state.Up = append(state.Up, target.String())
		} else {
			state.Down = append(state.Down, target.String())
		}
	}
	return state
}
