package trunk

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
	"go.uber.org/zap"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func chance() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func target(port, priority, weight uint16) Target {
	return Target{Network: "udp", Address: netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), port), Priority: priority, Weight: weight}
}

func newTrunk(t testing.TB, change func(*Options)) *Trunk {
	t.Helper()
	options := Options{Name: "main", Targets: []Target{target(1, 0, 0), target(2, 1, 0)}}
	if change != nil {
		change(&options)
	}
	made, err := New(options, chance())
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func ports(targets []Target) (all []uint16) {
	for _, t := range targets {
		all = append(all, t.Address.Port())
	}
	return all
}

func TestTrunkTakesAsManyCallsAsItHasChannels(t *testing.T) {
	trunk, now := newTrunk(t, func(o *Options) { o.Channels = 2 }), time.Unix(0, 0)
	first, err := trunk.Take(now)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := trunk.Take(now); err != nil {
		t.Fatal(err)
	}
	if _, err := trunk.Take(now); !errors.Is(err, ErrFull) {
		t.Errorf("the third: %v", err)
	}
	first()
	first() // once is enough
	if _, err := trunk.Take(now); err != nil {
		t.Errorf("after one ended: %v", err)
	}
	if state := trunk.State(now); state.Calls != 2 {
		t.Errorf("%d calls up", state.Calls)
	}
}

func TestTrunkTakesNoMoreCallsASecondThanItsCarrierAllows(t *testing.T) {
	trunk, now := newTrunk(t, func(o *Options) { o.SetUpRate = 5 }), time.Unix(1000, 0)
	taken := 0
	for range 50 {
		if _, err := trunk.Take(now); err == nil {
			taken++
		} else if !errors.Is(err, ErrTooFast) {
			t.Fatal(err)
		}
	}
	if taken != 5 {
		t.Errorf("%d at once", taken)
	}
	if _, err := trunk.Take(now.Add(time.Second)); err != nil {
		t.Errorf("a second later: %v", err)
	}
}

func TestTargetThatFailsTwiceGoesToTheEndAndComesBack(t *testing.T) {
	trunk, now := newTrunk(t, nil), time.Unix(0, 0)
	if got := ports(trunk.Order(now)); !slices.Equal(got, []uint16{1, 2}) {
		t.Fatalf("order %v", got)
	}
	if trunk.Report(target(1, 0, 0), Outcome{}, now) {
		t.Error("down after one failure")
	}
	if !trunk.Report(target(1, 0, 0), Outcome{}, now) {
		t.Error("not down after two")
	}
	if got := ports(trunk.Order(now)); !slices.Equal(got, []uint16{2, 1}) {
		t.Errorf("order %v", got)
	}
	if !trunk.Report(target(1, 0, 0), Outcome{Reached: true}, now) {
		t.Error("still down after an answer")
	}
	trunk.Report(target(1, 0, 0), Outcome{RetryAfter: time.Minute}, now)
	if got := ports(trunk.Order(now.Add(59 * time.Second))); got[0] != 2 {
		t.Errorf("it asked to be left alone; order %v", got)
	}
	if got := ports(trunk.Order(now.Add(time.Minute))); got[0] != 1 {
		t.Errorf("a minute later; order %v", got)
	}
}

func TestWeightsShareTheCalls(t *testing.T) {
	trunk := newTrunk(t, func(o *Options) {
		o.Targets = []Target{target(1, 0, 30), target(2, 0, 10), target(3, 0, 0), target(9, 1, 100)}
	})
	first := map[uint16]int{}
	for range 4000 {
		order := trunk.Order(time.Unix(0, 0))
		first[order[0].Address.Port()]++
		if order[3].Address.Port() != 9 {
			t.Fatal("a server of lower priority goes first")
		}
	}
	if share := float64(first[1]) / 4000; share < 0.7 || share > 0.8 {
		t.Errorf("weight 30 of 40 gets %.2f", share)
	}
	if first[3] > 0 {
		t.Errorf("weight 0 goes first %d times", first[3])
	}
}

// TestOrderHoldsEachTargetOnce whatever weights, priorities and health.
func TestOrderHoldsEachTargetOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.IntRange(1, 16).Draw(t, "n")
		var targets []Target
		for i := range n {
			targets = append(targets, target(uint16(i+1), rapid.Uint16Range(0, 3).Draw(t, "priority"), rapid.Uint16().Draw(t, "weight")))
		}
		trunk, err := New(Options{Name: "t", Targets: targets}, chance())
		if err != nil {
			t.Fatal(err)
		}
		for _, failing := range rapid.SliceOfN(rapid.IntRange(0, n-1), 0, 3).Draw(t, "failing") {
			trunk.Report(targets[failing], Outcome{}, time.Unix(0, 0))
		}
		got := ports(trunk.Order(time.Unix(0, 0)))
		slices.Sort(got)
		if len(got) != n || len(slices.Compact(got)) != n {
			t.Fatalf("order holds %v", got)
		}
	})
}

func TestMistakesOfATrunkAreNamed(t *testing.T) {
	for want, options := range map[string]Options{
		"needs a name":                 {},
		"neither targets nor a domain": {Name: "a"},
		"both targets and a domain":    {Name: "a", Domain: "x.example", Targets: []Target{{}}},
		"can't be below 0":             {Name: "a", Domain: "x.example", Channels: -1},
	} {
		if _, err := New(options, chance()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// pings is a Pinger that answers for the targets that are alive.
type pings struct {
	mu    sync.Mutex
	alive map[uint16]bool
	count map[uint16]int
}

func (p *pings) Ping(ctx context.Context, t Target) Outcome {
	p.mu.Lock()
	p.count[t.Address.Port()]++
	alive := p.alive[t.Address.Port()]
	p.mu.Unlock()
	if !alive {
		<-ctx.Done() // nothing comes back
	}
	return Outcome{Reached: alive}
}

func (p *pings) set(port uint16, alive bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.alive[port] = alive
}

func TestMonitorFindsOutWhoIsThere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trunk := newTrunk(t, nil)
		pinger := &pings{alive: map[uint16]bool{2: true}, count: map[uint16]int{}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- NewMonitor([]*Trunk{trunk}, pinger, nil, zap.NewNop()).Run(ctx) }()
		up := func() []string { return trunk.State(time.Now()).Up }
		wait := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		wait(2*PingEvery + 2*pingTimeout)
		if got := up(); !slices.Equal(got, []string{"udp://192.0.2.1:2"}) {
			t.Errorf("up: %v", got)
		}
		pinger.set(1, true)
		wait(PingEvery + pingTimeout)
		if got := up(); len(got) != 2 {
			t.Errorf("after it came back: %v", got)
		}
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

// book is a Resolver that answers what a test writes into it.
type book struct {
	mu      sync.Mutex
	targets []Target
	err     error
}

func (b *book) Resolve(context.Context, string, string) ([]Target, time.Duration, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.targets, time.Minute, b.err
}

func (b *book) write(targets []Target, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.targets, b.err = targets, err
}

func TestMonitorFollowsTheDNSAndOutlivesIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		trunk := newTrunk(t, func(o *Options) { o.Targets, o.Domain = nil, "carrier.example" })
		pinger := &pings{alive: map[uint16]bool{1: true, 2: true, 3: true}, count: map[uint16]int{}}
		known := &book{targets: []Target{target(1, 0, 0)}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- NewMonitor([]*Trunk{trunk}, pinger, known, zap.NewNop()).Run(ctx) }()
		wait := func(d time.Duration) { <-time.After(d); synctest.Wait() }
		wait(time.Second)
		if got := ports(trunk.Order(time.Now())); !slices.Equal(got, []uint16{1}) {
			t.Errorf("at first %v", got)
		}
		known.write([]Target{target(3, 0, 0)}, nil)
		wait(2 * time.Minute)
		known.write(nil, errors.New("no name server"))
		wait(2 * time.Hour)
		if got := ports(trunk.Order(time.Now())); !slices.Equal(got, []uint16{3}) {
			t.Errorf("without the DNS %v", got)
		}
		if trunk.Report(target(1, 0, 0), Outcome{}, time.Now()) {
			t.Error("a server that is gone has health")
		}
		cancel()
		<-done
	})
}
