// Package link is a network for tests, in virtual time: it loses packets at random
// and in bursts, delays, reorders and doubles them, and lets the sender's clock
// drift. The same seed does the same.
//
//	wire := link.New(link.Faults{Loss: 0.05, Jitter: 30 * time.Millisecond}, 1)
//	wire.Send(at, raw)                      // once wire.Time(at) has come
//	for raw, at, ok := wire.Receive(now); ok; raw, at, ok = wire.Receive(now) { … }
package link

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"time"
)

// Faults are what a link does to packets. The zero value is a perfect one.
type Faults struct {
	// Loss is the share of packets lost, each by itself.
	Loss float64
	// BurstLoss is the share of packets lost in bursts, whose mean length is Burst
	// packets (Gilbert's model).
	BurstLoss float64
	Burst     float64
	// Delay is what each packet takes; Jitter what a packet takes more, evenly
	// spread. Packets keep their order, unless Overtake is set.
	Delay, Jitter time.Duration
	Overtake      bool
	// Spike is the share of packets at which the link stands still for SpikeFor;
	// what was sent meanwhile comes all at once.
	Spike    float64
	SpikeFor time.Duration
	// Reorder is the share of packets that come ReorderBy later than they would.
	Reorder   float64
	ReorderBy time.Duration
	// Duplicate is the share of packets that come twice.
	Duplicate float64
	// Drift is by how much the sender's clock is fast, in parts per million: what
	// it sends at a time of its own comes that much earlier.
	Drift float64
}

// Link carries packets one way. It isn't safe for concurrent use.
type Link struct {
	faults  Faults
	random  *rand.Rand
	bad     bool          // within a burst of losses
	stalled time.Duration // until when nothing gets through
	last    time.Duration // when the latest packet comes
	under   packets
	count   int
	lost    int
}

type packet struct {
	raw   []byte
	at    time.Duration
	order int
}

// New makes a link whose faults are drawn from seed.
func New(faults Faults, seed uint64) *Link {
	return &Link{faults: faults, random: rand.New(rand.NewPCG(seed, seed))}
}

// Lost is how many packets didn't get through.
func (l *Link) Lost() int { return l.lost }

// Time is ours for a time by the sender's clock. A packet is to be sent no later.
func (l *Link) Time(sender time.Duration) time.Duration {
	return time.Duration(float64(sender) / (1 + l.faults.Drift/1e6))
}

// Send puts a packet on its way, at a time by the sender's clock. It is copied.
func (l *Link) Send(at time.Duration, raw []byte) {
	f := &l.faults
	at = l.Time(at)
	if l.chance(f.Spike) {
		l.stalled = at + f.SpikeFor
	}
	if l.burst() || l.chance(f.Loss) {
		l.lost++
		return
	}
	come := max(at, l.stalled) + f.Delay + time.Duration(l.random.Float64()*float64(f.Jitter))
	if !f.Overtake {
		come = max(come, l.last)
		l.last = come
	}
	if l.chance(f.Reorder) {
		come += f.ReorderBy
	}
	l.put(raw, come)
	if l.chance(f.Duplicate) {
		l.put(raw, come+time.Duration(l.random.Float64()*float64(20*time.Millisecond)))
	}
}

func (l *Link) put(raw []byte, at time.Duration) {
	l.count++
	heap.Push(&l.under, packet{append([]byte(nil), raw...), at, l.count})
}

func (l *Link) chance(share float64) bool { return share > 0 && l.random.Float64() < share }

// burst goes from good to bad and back so that the share of losses and the mean
// length of bursts are as wanted.
func (l *Link) burst() bool {
	f := &l.faults
	if f.BurstLoss <= 0 {
		return false
	}
	length := math.Max(f.Burst, 1)
	if l.bad {
		l.bad = !l.chance(1 / length)
	} else {
		l.bad = l.chance(f.BurstLoss / ((1 - f.BurstLoss) * length))
	}
	return l.bad
}

// Receive gives the next packet that has come by now, and when it came.
func (l *Link) Receive(now time.Duration) (raw []byte, at time.Duration, ok bool) {
	if len(l.under) == 0 || l.under[0].at > now {
		return nil, 0, false
	}
	p := heap.Pop(&l.under).(packet)
	return p.raw, p.at, true
}

// packets is a heap by time of arrival.
type packets []packet

// Len, Less, Swap, Push and Pop are what container/heap asks for.
func (p packets) Len() int { return len(p) }

func (p packets) Less(i, j int) bool {
	return p[i].at < p[j].at || p[i].at == p[j].at && p[i].order < p[j].order
}

func (p packets) Swap(i, j int) { p[i], p[j] = p[j], p[i] }

// Push adds at the end.
func (p *packets) Push(v any) { *p = append(*p, v.(packet)) }

// Pop takes the last.
func (p *packets) Pop() any {
	last := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return last
}
