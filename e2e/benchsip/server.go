package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// server is the program under load, on the first core.
type server struct {
	process *exec.Cmd
	dir     string
	sip     string // address
	metrics string // URL
}

// The ports of the demo, moved out of the way of one that runs.
var ports = strings.NewReplacer(
	"127.0.0.1:5070", "127.0.0.1:15070", "127.0.0.1:8088", "127.0.0.1:18088", "127.0.0.1:8089", "127.0.0.1:18089",
	"127.0.0.1:8090", "127.0.0.1:18090", "20000-20999", "24000-47999", "max_calls: 400", "max_calls: 10000",
	"set_up_rate: 50", "set_up_rate: 10000", "timeout: 30s", "timeout: 30s\n  drain_for: 1s", "level: info", "level: error",
)

// start runs the program with a copy of the configuration, made for load.
func start(ctx context.Context, program, configuration string) (*server, error) {
	dir, err := os.MkdirTemp("", "benchsip-server")
	if err != nil {
		return nil, err
	}
	s := &server{dir: dir, sip: "127.0.0.1:15070", metrics: "http://127.0.0.1:18090/metrics"}
	if err := os.CopyFS(filepath.Join(dir, "config"), os.DirFS(configuration)); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	site := filepath.Join(dir, "config", "careline.yaml")
	raw, err := os.ReadFile(site)
	if err == nil {
		err = os.WriteFile(site, []byte(ports.Replace(string(raw))), 0o600)
	}
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if program, err = filepath.Abs(program); err != nil {
		return nil, err
	}
	s.process = exec.CommandContext(ctx, "taskset", "-c", "0", program, "run", "--config", filepath.Join(dir, "config"))
	s.process.Dir = dir
	s.process.Env = append(os.Environ(), "GOMAXPROCS=1")
	s.process.Cancel = func() error { return s.process.Process.Signal(syscall.SIGTERM) }
	s.process.WaitDelay = 30 * time.Second
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // it must not outlive us: the next run would measure it
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		return nil, err
	}
	defer said.Close()
	s.process.Stdout, s.process.Stderr = said, said
	if _, err := s.holds(); err == nil {
		return nil, fmt.Errorf("somebody answers at %s already; end that program first", s.metrics)
	}
	if err := s.process.Start(); err != nil {
		return nil, fmt.Errorf("%w; build the program first: make build", err)
	}
	if err := s.ready(ctx); err != nil {
		words, _ := os.ReadFile(said.Name())
		s.stop()
		return nil, fmt.Errorf("%w\n%s", err, tail(string(words)))
	}
	return s, nil
}

// ready waits until the program takes calls.
func (s *server) ready(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.holds(); err == nil {
			return nil
		}
		select {
		case <-limited.Done():
			return errors.New("the program didn't begin to take calls")
		case <-tick.C:
		}
	}
}

func (s *server) stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
	_ = os.RemoveAll(s.dir)
}

// cpu is the time that the program has computed for.
func (s *server) cpu() (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.process.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(raw), ") ")
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("can't read the program's CPU time")
	}
	var ticks int
	for _, field := range fields[11:13] { // utime and stime
		n, err := strconv.Atoi(field)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}

// held is what the program holds at one moment.
type held struct{ heap, goroutines, calls, dialogs, ports float64 }

// holds reads the metrics. Asking for them collects no garbage.
func (s *server) holds() (held, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(s.metrics)
	if err != nil {
		return held{}, err
	}
	defer response.Body.Close()
	var h held
	names := map[string]*float64{
		"go_memstats_heap_inuse_bytes": &h.heap, "go_goroutines": &h.goroutines, "careline_calls": &h.calls,
		"careline_sip_dialogs": &h.dialogs, "careline_media_ports_in_use": &h.ports,
	}
	lines := bufio.NewScanner(io.LimitReader(response.Body, 4<<20))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if into := names[name]; into != nil {
			if *into, err = strconv.ParseFloat(value, 64); err != nil {
				return held{}, err
			}
		}
	}
	return h, lines.Err()
}

// settle waits until the timers of the last calls have run out, and garbage has
// been collected a few times.
func (s *server) settle(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
