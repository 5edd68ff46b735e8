// Command benchmedia measures what sound costs: a server on one core, its far
// sides in another process on another, and a line of key=value for each case.
//
// The server is the built program where a caller is in the IVR (case playback, and
// ivr, which says what such a call holds in memory): real SIP calls, a real flow.
// Where two or three legs hear each other it is a process of ours around the media
// engine, which is driven as package call drives it: hundreds of agents who sign
// in, register and are offered calls would measure much that isn't sound. Case
// floor is neither: a server that sends each packet back by the means of package
// net, with a socket and a goroutine for each leg.
//
// Time is the CPU time of the server's process, the kernel's work for it
// included. The load never sleeps in a system call that the server would have to
// wake it from, and takes the times of arrival from the kernel. Lateness is that of
// the server's packets against their own 20 ms where it plays or mixes, the earliest of
// each second being in time, and the time that a
// packet needs from one far side to the other where it passes sound on.
//
// What lives here: load, cases and figures. What must not: assertions; a machine
// that is busy with something else shows other figures, so compare with the floor.
//
//	benchmedia -program bin/careline
//	benchmedia -program bin/careline -case sip_bridge
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net/netip"
	"os"
	"os/signal"
	"runtime"
	"strings"
	"time"

	"careline/media"
)

// limit bounds the whole run.
const limit = 4 * time.Minute

var loopback = netip.AddrFrom4([4]byte{127, 0, 0, 1})

func main() {
	binary := flag.String("program", "bin/careline", "the program to measure")
	configuration := flag.String("config", "config/demo", "the configuration that its own is made of")
	window := flag.Duration("window", 5*time.Second, "how long each case is measured")
	only := flag.String("case", "", "only cases of which the name begins so")
	io := flag.String("io", "batched", "how RTP's packets are moved: batched or plain")
	role := flag.String("role", "", "what a child process is: server or load")
	flag.Parse()
	runtime.LockOSThread() // children die with the thread that started them
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var err error
	switch *role {
	case "":
		b := bench{binary: *binary, configuration: *configuration, window: *window, io: *io}
		err = b.run(ctx, *only)
	case "server":
		err = runRig(*io)
	case "load":
		err = runLoad()
	default:
		err = fmt.Errorf("no role %q", *role)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "benchmedia:", err)
		os.Exit(1)
	}
}

func runRig(io string) error {
	rig, err := newRig(io)
	if err != nil {
		return err
	}
	return errors.Join(serve(rig), rig.close())
}

func runLoad() error {
	load, err := newLoad()
	if err != nil {
		return err
	}
	return errors.Join(serve(load), load.close())
}

// kind is what a case's server does.
type kind string

const (
	floorPlain   kind = "floor"
	playback     kind = "playback"
	toListeners  kind = "playback_to_listeners" // who send nothing, as with silence suppression
	heldInIVR    kind = "ivr"
	sipBridge    kind = "sip_bridge"
	webrtcBridge kind = "webrtc_bridge"
	opusBridge   kind = "opus_bridge"
	threeParty   kind = "three_party"
)

// one is a case.
type one struct {
	kind  kind
	calls int
	legs  int         // of telephones, in a call
	grid  bool        // how lateness is measured
	codec media.Codec // of each second leg of telephones
}

func cases() []one {
	return []one{
		{floorPlain, 500, 1, false, media.PCMU},
		{playback, 500, 1, true, media.PCMU},
		{playback, 1000, 1, true, media.PCMU},
		{toListeners, 500, 1, true, media.PCMU},
		{toListeners, 1000, 1, true, media.PCMU},
		{heldInIVR, 500, 1, true, media.PCMU},
		{sipBridge, 250, 2, false, media.PCMU},
		{sipBridge, 500, 2, false, media.PCMU},
		{webrtcBridge, 50, 1, false, media.PCMU},
		{webrtcBridge, 100, 1, false, media.PCMU},
		{opusBridge, 50, 2, true, media.Opus},
		{threeParty, 50, 3, true, media.PCMU},
	}
}

// bench runs the cases.
type bench struct {
	binary, configuration string
	window                time.Duration
	io                    string
	floor                 time.Duration // CPU time of a leg's second, by the last floor
}

func (b *bench) run(ctx context.Context, only string) error {
	for _, c := range cases() {
		if !strings.HasPrefix(string(c.kind), only) && c.kind != floorPlain {
			continue
		}
		measure := b.withRig
		switch c.kind {
		case playback, toListeners, heldInIVR:
			measure = b.withProgram
		}
		if err := measure(ctx, c); err != nil {
			return fmt.Errorf("case %s, %d calls: %w", c.kind, c.calls, err)
		}
	}
	return nil
}
