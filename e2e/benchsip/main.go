// Command benchsip measures call set-up: the built program on one core, SIPp on
// another, INVITE/200/ACK/BYE as fast as it goes without a failure. It prints
// lines of key=value, so that two runs compare.
//
// What lives here: load and its figures. What must not: assertions; a figure is
// for reading, and a machine that is busy with something else shows another.
//
//	benchsip -program bin/careline                  the highest rate, and the times at half of it
//	benchsip -program bin/careline -calls 1000000   as many calls, then what they left behind
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"time"

	"careline/e2e/program"
)

const (
	firstRate = 400 // calls a second of the first step
	growth    = 1.25
	maxRate   = 6000
	soakRate  = 0.8 // of the highest rate
	soakLimit = 15 * time.Minute
	// Timers of RFC 3261 run for 32 s after the last call, and garbage is
	// collected every two minutes at the latest.
	warming  = 40 * time.Second
	settling = 160 * time.Second
)

func main() {
	binary := flag.String("program", "bin/careline", "the program to measure")
	configuration := flag.String("config", "config/demo", "the configuration that its own is made of")
	scenario := flag.String("scenario", "testdata/sipp/set-up.xml", "what SIPp plays")
	step := flag.Duration("step", 8*time.Second, "length of one step")
	calls := flag.Int("calls", 0, "place so many calls, and look at what is left behind")
	rate := flag.Int("rate", 0, "calls a second for -calls; 0 finds out what the machine can do")
	flag.Parse()
	runtime.LockOSThread() // the server dies with the thread that started it
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, *binary, *configuration, *scenario, *step, *calls, *rate); err != nil {
		fmt.Fprintln(os.Stderr, "benchsip:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary, configuration, scenario string, step time.Duration, calls, rate int) error {
	server, err := program.Start(ctx, program.Options{Binary: binary, Configuration: configuration})
	if err != nil {
		return err
	}
	defer server.Stop()
	load := load{target: program.SIP, scenario: scenario}
	if _, err := load.run(ctx, firstRate, firstRate); err != nil { // warms caches up; says nothing yet
		return err
	}
	var before program.Held
	if calls > 0 { // before the climb, whose last step leaves a pile of unanswered calls
		if err := program.Pause(ctx, warming); err != nil {
			return err
		}
		if before, err = server.Holds(); err != nil {
			return err
		}
		if rate > 0 {
			return soak(ctx, server, load, rate, calls, before)
		}
	}
	best, err := climb(ctx, server, load, step)
	if err != nil {
		return err
	}
	if calls > 0 {
		return soak(ctx, server, load, int(float64(best)*soakRate), calls, before)
	}
	half, err := load.run(ctx, best/2, best/2*int(step/time.Second))
	if err != nil {
		return err
	}
	fmt.Printf("case=half_load cores=1 rate=%d set_up_p50_ms=%d set_up_p99_ms=%d set_up_max_ms=%d failed=%d\n",
		best/2, half.percentile(50), half.percentile(99), half.percentile(100), half.failed)
	return nil
}

// climb raises the rate until a call fails or the rate isn't kept.
func climb(ctx context.Context, server *program.Server, load load, step time.Duration) (best int, err error) {
	for rate := firstRate; rate <= maxRate; rate = int(float64(rate) * growth) {
		before, err := server.CPU()
		if err != nil {
			return 0, err
		}
		result, err := load.run(ctx, rate, rate*int(step/time.Second))
		if err != nil {
			return 0, err
		}
		after, err := server.CPU()
		if err != nil {
			return 0, err
		}
		each := (after - before) / time.Duration(max(result.succeeded, 1))
		fmt.Printf("case=set_up cores=1 rate=%d reached=%.0f cpu_ms_per_call=%.3f set_up_p50_ms=%d set_up_p99_ms=%d failed=%d resent=%d\n",
			rate, result.rate, float64(each)/float64(time.Millisecond), result.percentile(50), result.percentile(99), result.failed, result.resent)
		if !result.clean(rate) {
			break
		}
		best = rate
	}
	if best == 0 {
		return 0, fmt.Errorf("calls failed at %d a second already; is something else running here?", firstRate)
	}
	fmt.Printf("case=highest cores=1 rate=%d\n", best)
	return best, nil
}

// soak places many calls, and compares what the server holds after them with
// what it held before.
func soak(ctx context.Context, server *program.Server, load load, rate, calls int, before program.Held) error {
	limited, cancel := context.WithTimeout(ctx, soakLimit)
	defer cancel()
	calls = min(calls, rate*int(soakLimit/time.Second)*9/10) // ends within the limit
	began := time.Now()
	result, err := load.run(limited, rate, calls)
	if err != nil {
		return err
	}
	took := time.Since(began)
	if err := program.Pause(ctx, settling); err != nil {
		return err
	}
	after, err := server.Holds()
	if err != nil {
		return err
	}
	fmt.Printf("case=soak calls=%d failed=%d rate=%d minutes=%.1f heap_mb_before=%.1f heap_mb_after=%.1f goroutines_before=%.0f goroutines_after=%.0f dialogs_after=%.0f ports_after=%.0f\n",
		result.succeeded, result.failed, rate, took.Minutes(), before.HeapInUse/1e6, after.HeapInUse/1e6, before.Goroutines, after.Goroutines, after.Dialogs, after.Ports)
	return nil
}
