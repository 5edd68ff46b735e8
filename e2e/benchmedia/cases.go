package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"careline/e2e/program"
	"careline/media"
)

const (
	// settling is how long sound flows before anything is measured: what setting the
	// calls up costs, and its garbage, isn't what their sound does.
	settling = 4 * time.Second
	// callRate is how many calls a second are placed before the measurement.
	callRate = 250
	// looks is how often the program's memory is read; the least that was seen is
	// what it holds, since garbage is collected often in between.
	looks = 30
)

// figures are what one case came to.
type figures struct {
	cpu        time.Duration // of a call's second
	heard      Heard
	lost       uint64
	heap       float64 // bytes a call
	goroutines float64 // a call
	errors     uint64
}

// print writes a case's line.
func (b *bench) print(c one, f figures) {
	var line strings.Builder
	fmt.Fprintf(&line, "case=%s io=%s calls=%d cpu_ms_per_call_s=%.3f", c.kind, b.io, c.calls, ms(f.cpu))
	if c.kind == floorPlain {
		b.floor = f.cpu
	} else if b.floor > 0 {
		legs := c.legs
		if c.kind == webrtcBridge {
			legs = 2
		}
		fmt.Fprintf(&line, " of_floor=%.2f", float64(f.cpu)/float64(b.floor*time.Duration(legs)))
	}
	fmt.Fprintf(&line, " late_p50_ms=%.2f late_p99_ms=%.2f late_max_ms=%.2f lost=%d", ms(f.heard.LateP50), ms(f.heard.LateP99), ms(f.heard.LateMax), f.lost)
	if f.heap > 0 {
		fmt.Fprintf(&line, " heap_kb_per_call=%.1f goroutines_per_call=%.1f", f.heap/1024, f.goroutines)
	}
	if due := float64(f.heard.Streams) * float64(b.window) / float64(frame); float64(f.heard.Received) < 0.98*due {
		fmt.Fprintf(&line, " came_of_due=%.2f", float64(f.heard.Received)/due)
	}
	if f.errors > 0 {
		fmt.Fprintf(&line, " send_errors=%d", f.errors)
	}
	if f.heard.Deaf > 0 {
		fmt.Fprintf(&line, " deaf=%d", f.heard.Deaf)
	}
	fmt.Println(line.String())
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }

// withRig measures a case on the media engine alone.
func (b *bench) withRig(ctx context.Context, c one) (err error) {
	server, err := spawn(ctx, 0, "-role", "server", "-io", b.io)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.stop()) }()
	load, err := spawn(ctx, 1, "-role", "load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, load.stop()) }()
	var before, after Figures
	if err := server.call(ctx, "Measure", struct{}{}, &before); err != nil {
		return err
	}
	if err := b.connect(ctx, c, server, load); err != nil {
		return err
	}
	f, err := b.measure(ctx, c, load, func() (time.Duration, error) { return program.CPU(server.process.Process.Pid) })
	if err != nil {
		return err
	}
	if err := server.call(ctx, "Measure", struct{}{}, &after); err != nil {
		return err
	}
	if c.kind != floorPlain {
		f.heap = (float64(after.Heap) - float64(before.Heap)) / float64(c.calls)
		f.goroutines = float64(after.Goroutines-before.Goroutines) / float64(c.calls)
	}
	f.lost = f.heard.Lost + after.RelayLate
	f.errors = after.SendErrors
	b.print(c, f)
	return nil
}

// connect lets sound flow between the server and the load.
func (b *bench) connect(ctx context.Context, c one, server, load *child) error {
	plan := Plan{Kind: c.kind, Calls: c.calls, Codecs: []media.Codec{media.PCMU, c.codec}}
	if err := load.call(ctx, "Addresses", struct{}{}, &plan.Far); err != nil {
		return err
	}
	if c.kind == webrtcBridge {
		if err := load.call(ctx, "Offers", c.calls, &plan.Offers); err != nil {
			return err
		}
	}
	var opened Opened
	if err := server.call(ctx, "Open", plan, &opened); err != nil {
		return err
	}
	return load.call(ctx, "Begin", Begin{opened.Ports, opened.Answers, plan.Codecs, c.grid}, &struct{}{})
}

// measure lets sound flow for the window, and ends it.
func (b *bench) measure(ctx context.Context, c one, load *child, cpu func() (time.Duration, error)) (f figures, err error) {
	if err := program.Pause(ctx, settling); err != nil {
		return f, err
	}
	if err := load.call(ctx, "Mark", struct{}{}, &struct{}{}); err != nil {
		return f, err
	}
	began := time.Now()
	before, err := cpu()
	if err != nil {
		return f, err
	}
	if err := program.Pause(ctx, b.window); err != nil {
		return f, err
	}
	after, err := cpu()
	if err != nil {
		return f, err
	}
	took := time.Since(began)
	f.cpu = time.Duration(float64(after-before) / float64(c.calls) / took.Seconds())
	return f, load.call(ctx, "Stop", struct{}{}, &f.heard)
}

// flow plays notices for minutes, to a caller who presses nothing.
func flow() string {
	notices := strings.Repeat("welcome, recording-notice, emergency-911-notice, ", 30)
	return "flow: load\nlabel: Load\nlanguages: [en-US, es-US]\nstart: notices\nsteps:\n" +
		"  notices: {label: Notices, play: [" + strings.TrimSuffix(notices, ", ") + "], barge_in: false, next: bye}\n" +
		"  bye: {label: Bye, hang_up: {play: goodbye, reason: the load is over}}\n"
}

// withProgram measures a case on the built program, by calls into its IVR.
func (b *bench) withProgram(ctx context.Context, c one) (err error) {
	options := program.Options{Binary: b.binary, Configuration: b.configuration,
		Replace: []string{"flow: member-services}", "flow: load}", "timeout: 30s", "timeout: 30s\n  io: " + b.io}, Files: map[string]string{"flows/load.yaml": flow()}}
	if c.kind == heldInIVR {
		// What is held, and little else: garbage goes soon.
		options.Environment = []string{"GOGC=5"}
	}
	server, err := program.Start(ctx, options)
	if err != nil {
		return err
	}
	defer server.Stop()
	load, err := spawn(ctx, 1, "-role", "load")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, load.stop()) }()
	before, err := least(ctx, c, server)
	if err != nil {
		return err
	}
	place := Place{Server: netip.MustParseAddrPort(program.SIP), Number: "5550100", Calls: c.calls, Rate: callRate, Silent: c.kind == toListeners}
	if err := load.call(ctx, "Place", place, &struct{}{}); err != nil {
		return err
	}
	f, err := b.measure(ctx, c, load, server.CPU)
	if err != nil {
		return err
	}
	after, err := least(ctx, c, server)
	if err != nil {
		return err
	}
	if int(after.Calls) != c.calls {
		return fmt.Errorf("%.0f calls of %d are up", after.Calls, c.calls)
	}
	if c.kind == heldInIVR {
		f.heap = (after.HeapLive - before.HeapLive) / float64(c.calls)
		f.goroutines = (after.Goroutines - before.Goroutines) / float64(c.calls)
	}
	f.lost = f.heard.Lost + uint64(max(0, float64(f.heard.Sent)-after.Received))
	f.errors = uint64(after.SendErrors)
	b.print(c, f)
	return load.call(ctx, "HangUp", struct{}{}, &struct{}{})
}

// least reads the metrics, and of the heap the least that was seen.
func least(ctx context.Context, c one, server *program.Server) (program.Held, error) {
	held, err := server.Holds()
	if err != nil || c.kind != heldInIVR {
		return held, err
	}
	for range looks {
		if err := program.Pause(ctx, 50*time.Millisecond); err != nil {
			return held, err
		}
		next, err := server.Holds()
		if err != nil {
			return held, err
		}
		next.HeapLive = min(next.HeapLive, held.HeapLive)
		held = next
	}
	return held, nil
}
