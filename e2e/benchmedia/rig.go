package main

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"careline/media"
	"careline/media/signal"
)

// answering is how long the answers to all browsers' offers may take.
const answering = 20 * time.Second

// Rig is the server of one case: the engine itself, driven as package call
// drives it, without signalling, queue and records.
type Rig struct {
	engine *media.Engine
	legs   []*media.Leg
	floor  *floor
	work   errgroup.Group
	stop   context.CancelFunc
}

// Plan says what a case needs of the server.
type Plan struct {
	Kind   kind
	Calls  int
	Codecs []media.Codec    // of the legs, over and over
	Far    []netip.AddrPort // RTP goes to the i-th of them, over and over
	Offers []string         // of browsers
}

// Opened is what the server has opened: the legs' ports, in the order of the legs,
// and answers to the offers.
type Opened struct {
	Ports   []uint16
	Answers []string
}

// Figures are what the server holds and has done.
type Figures struct {
	Heap, Stack uint64 // bytes in use, after garbage collection
	Goroutines  int
	Received    uint64 // packets
	Sent        uint64
	SendErrors  uint64
	Ignored     uint64
	RelayLate   uint64
}

func newRig(io string) (*Rig, error) {
	moving, err := media.ParsePacketIO(io)
	if err != nil {
		return nil, err
	}
	engine, err := media.New(media.Options{Address: loopback, WebRTC: netip.AddrPortFrom(loopback, 0), DrainFor: -1, PacketIO: moving})
	if err != nil {
		return nil, err
	}
	if err := engine.Listen(); err != nil {
		return nil, err
	}
	ctx, stop := context.WithCancel(context.Background())
	r := &Rig{engine: engine, stop: stop}
	r.work.Go(func() error { return engine.Run(ctx) })
	return r, nil
}

func (r *Rig) close() error {
	r.stop()
	if r.floor != nil {
		r.floor.close()
	}
	return r.work.Wait()
}

// Open opens the case's legs and lets sound flow.
func (r *Rig) Open(plan Plan, opened *Opened) error {
	switch plan.Kind {
	case floorPlain:
		floor, err := newFloor(plan.Calls)
		if err != nil {
			return err
		}
		r.floor = floor
		opened.Ports = floor.ports()
		return nil
	case playback:
		return r.play(plan, opened)
	case sipBridge:
		return r.bridge(plan, opened)
	case opusBridge:
		return r.bridge(plan, opened)
	case webrtcBridge:
		return r.bridgeBrowsers(plan, opened)
	case threeParty:
		return r.confer(plan, opened)
	}
	return fmt.Errorf("no case %s", plan.Kind)
}

// rtp opens the leg towards the plan's i-th address.
func (r *Rig) rtp(plan Plan, i int, opened *Opened) (*media.Leg, error) {
	leg, err := r.engine.OpenRTP(media.LegOptions{ID: "bench"})
	if err != nil {
		return nil, err
	}
	r.legs = append(r.legs, leg)
	remote := media.Description{Address: plan.Far[i%len(plan.Far)], DigitPayloadType: media.DigitPayloadType}
	codec := plan.Codecs[i%len(plan.Codecs)]
	if err := leg.Agree(remote, media.Format{Codec: codec, PayloadType: codec.PayloadType()}); err != nil {
		return nil, err
	}
	opened.Ports = append(opened.Ports, leg.LocalAddress().Port())
	return leg, nil
}

// play lets each caller hear a prompt, as in the IVR.
func (r *Rig) play(plan Plan, opened *Opened) error {
	prompt := media.NewClip(signal.Noise(20, 1))
	for i := range plan.Calls {
		leg, err := r.rtp(plan, i, opened)
		if err != nil {
			return err
		}
		from := time.Duration(i) * 37 * time.Millisecond
		leg.Play(media.Playback{ID: 1, Clips: []*media.Clip{prompt}, Loop: true, From: from})
	}
	return nil
}

// bridge joins telephones in pairs: caller and agent's desk phone.
func (r *Rig) bridge(plan Plan, opened *Opened) error {
	for i := range plan.Calls {
		caller, err := r.rtp(plan, 2*i, opened)
		if err != nil {
			return err
		}
		agent, err := r.rtp(plan, 2*i+1, opened)
		if err != nil {
			return err
		}
		media.Join(caller, agent)
	}
	return nil
}

// confer lets three telephones hear each other: caller, agent and interpreter.
func (r *Rig) confer(plan Plan, opened *Opened) error {
	for i := range plan.Calls {
		conference := r.engine.NewConference()
		for party := range 3 {
			leg, err := r.rtp(plan, 3*i+party, opened)
			if err != nil {
				return err
			}
			if err := conference.Add(leg, media.Talking, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// bridgeBrowsers joins each telephone with a browser.
func (r *Rig) bridgeBrowsers(plan Plan, opened *Opened) error {
	ctx, stop := context.WithTimeout(context.Background(), answering)
	defer stop()
	for i, offer := range plan.Offers {
		caller, err := r.rtp(plan, i, opened)
		if err != nil {
			return err
		}
		agent, answer, err := r.engine.OpenWebRTC(ctx, media.LegOptions{ID: "bench"}, offer)
		if err != nil {
			return err
		}
		r.legs = append(r.legs, agent)
		opened.Answers = append(opened.Answers, answer)
		media.Join(caller, agent)
	}
	return nil
}

// Measure says what the server holds. It collects garbage first.
func (r *Rig) Measure(_ struct{}, figures *Figures) error {
	runtime.GC()
	runtime.GC() // what the first has freed of pools
	var memory runtime.MemStats
	runtime.ReadMemStats(&memory)
	*figures = Figures{Heap: memory.HeapAlloc, Stack: memory.StackInuse, Goroutines: runtime.NumGoroutine()}
	for _, leg := range r.legs {
		stats := leg.Stats()
		figures.Received += stats.PacketsReceived
		figures.Sent += stats.PacketsSent
		figures.SendErrors += stats.SendErrors
		figures.Ignored += stats.Ignored + stats.Malformed
		figures.RelayLate += stats.RelayLate
	}
	return nil
}
