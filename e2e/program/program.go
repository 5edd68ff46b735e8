// Package program runs the built Careline for those who measure it: on the first
// core, from a copy of the demo's configuration that is made for load.
//
// What lives here: starting, stopping, CPU time and what the metrics say is held.
// What must not: load, figures and judgements.
//
//	server, err := program.Start(ctx, program.Options{Binary: "bin/careline", Configuration: "config/demo"})
//	defer server.Stop()
//	before, err := server.CPU()
package program

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
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// Where the program listens: the demo's ports, moved out of the way of a demo that
// runs.
const (
	SIP     = "127.0.0.1:15070"
	metrics = "http://127.0.0.1:18090/metrics"
)

// starting is how long the program may take until it says that it is there.
const starting = 20 * time.Second

// Options say what to run.
type Options struct {
	Binary        string            // the built program
	Configuration string            // the folder to copy
	Replace       []string          // in careline.yaml: old, new, old, new
	Files         map[string]string // put into the copy, by path within it
	Environment   []string          // added to ours
}

// Server is the program under load. Stop must be called.
type Server struct {
	process *exec.Cmd
	dir     string
}

// forLoad replaces the demo's addresses and limits.
var forLoad = strings.NewReplacer(
	"127.0.0.1:5070", SIP, "127.0.0.1:8088", "127.0.0.1:18088", "127.0.0.1:8089", "127.0.0.1:18089",
	"127.0.0.1:8090", "127.0.0.1:18090", "20000-20999", "24000-47999", "max_calls: 400", "max_calls: 10000",
	"set_up_rate: 50", "set_up_rate: 10000", "timeout: 30s", "timeout: 30s\n  drain_for: 1s", "level: info", "level: error",
)

// Start runs the program and waits until it takes calls. ctx ends it.
func Start(ctx context.Context, options Options) (*Server, error) {
	dir, err := os.MkdirTemp("", "careline-under-load")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir}
	if err := s.configure(options); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	if _, err := s.Holds(); err == nil {
		return nil, errors.Join(fmt.Errorf("somebody answers at %s already; end that program first", metrics), os.RemoveAll(dir))
	}
	said, err := os.Create(filepath.Join(dir, "said"))
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	defer said.Close()
	binary, err := filepath.Abs(options.Binary)
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	s.process = OnCore(ctx, 0, binary, "run", "--config", filepath.Join(dir, "config"))
	s.process.Dir = dir
	s.process.Env = append(s.process.Env, options.Environment...)
	s.process.Stdout, s.process.Stderr = said, said
	if err := s.process.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("%w; build the program first: make build", err), os.RemoveAll(dir))
	}
	if err := s.ready(ctx); err != nil {
		words, _ := os.ReadFile(said.Name())
		s.Stop()
		return nil, fmt.Errorf("%w\n%s", err, words[max(0, len(words)-2000):])
	}
	return s, nil
}

// OnCore is a command with one core to itself, where there are two, which ends
// when the thread that started it does: what is left over would be measured by
// the next run. So runtime.LockOSThread belongs into main.
func OnCore(ctx context.Context, core int, name string, arguments ...string) *exec.Cmd {
	if runtime.NumCPU() > 1 {
		arguments = append([]string{"-c", strconv.Itoa(core), name}, arguments...)
		name = "taskset"
	}
	command := exec.CommandContext(ctx, name, arguments...)
	command.Env = append(os.Environ(), "GOMAXPROCS=1")
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	command.WaitDelay = 30 * time.Second
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return command
}

// configure makes the copy of the configuration.
func (s *Server) configure(options Options) error {
	config := filepath.Join(s.dir, "config")
	if err := os.CopyFS(config, os.DirFS(options.Configuration)); err != nil {
		return err
	}
	site := filepath.Join(config, "careline.yaml")
	raw, err := os.ReadFile(site)
	if err != nil {
		return err
	}
	text := strings.NewReplacer(options.Replace...).Replace(forLoad.Replace(string(raw)))
	if err := os.WriteFile(site, []byte(text), 0o600); err != nil {
		return err
	}
	for name, text := range options.Files {
		if err := os.WriteFile(filepath.Join(config, name), []byte(text), 0o600); err != nil {
			return err
		}
	}
	return nil
}

// ready waits until the program takes calls.
func (s *Server) ready(ctx context.Context) error {
	limited, cancel := context.WithTimeout(ctx, starting)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := s.Holds(); err == nil {
			return nil
		}
		select {
		case <-limited.Done():
			return errors.New("the program didn't begin to take calls")
		case <-tick.C:
		}
	}
}

// Stop ends the program and removes what it wrote.
func (s *Server) Stop() {
	_ = s.process.Process.Signal(syscall.SIGTERM)
	_ = s.process.Wait()
	_ = os.RemoveAll(s.dir)
}

// CPU is the time that the program has computed for.
func (s *Server) CPU() (time.Duration, error) { return CPU(s.process.Process.Pid) }

// CPU is the time that a process has computed for, the kernel's work for it
// included.
func CPU(pid int) (time.Duration, error) {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
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

// Held is what the program holds at one moment.
type Held struct {
	HeapInUse  float64 // bytes of pages in use
	HeapLive   float64 // bytes of objects, those not yet collected included
	Goroutines float64
	Calls      float64
	Dialogs    float64
	Ports      float64
	Lost       float64 // RTP packets, of all calls so far
	Received   float64
	SendErrors float64
}

// Holds reads the metrics. Asking for them collects no garbage.
func (s *Server) Holds() (Held, error) {
	client := http.Client{Timeout: 5 * time.Second}
	response, err := client.Get(metrics)
	if err != nil {
		return Held{}, err
	}
	defer response.Body.Close()
	var h Held
	names := map[string]*float64{
		"go_memstats_heap_inuse_bytes": &h.HeapInUse, "go_memstats_heap_alloc_bytes": &h.HeapLive, "go_goroutines": &h.Goroutines,
		"careline_calls": &h.Calls, "careline_sip_dialogs": &h.Dialogs, "careline_media_ports_in_use": &h.Ports,
		"careline_media_packets_lost_total": &h.Lost, "careline_media_packets_received_total": &h.Received,
		"careline_media_send_errors_total": &h.SendErrors,
	}
	lines := bufio.NewScanner(io.LimitReader(response.Body, 4<<20))
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if into := names[name]; into != nil {
			if *into, err = strconv.ParseFloat(value, 64); err != nil {
				return Held{}, err
			}
		}
	}
	return h, lines.Err()
}

// Pause waits, unless ctx is done before.
func Pause(ctx context.Context, long time.Duration) error {
	timer := time.NewTimer(long)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
