// Package operations serves those who run the server: /healthz, /readyz and
// /metrics for machines, and a control socket for commands such as careline trace.
//
// What lives here: readiness, the numbers of the other rooms in Prometheus' form,
// and the door for commands. What must not: anything that names a caller, a
// member or an agent in a metric; labels are queues, states and reasons only.
//
//	server, err := operations.New(operations.Options{Listen: address, Center: center, Media: engine, SIP: sipServer, Ledger: kept, Log: log})
//	err = server.Listen()                     // a busy port names the key operations.listen
//	server.SetState(operations.Ready)         // then Draining when the end begins
//	err = server.Run(ctx)
package operations

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"careline/call"
	"careline/call/insight"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/lookup"
	"careline/media"
	"careline/publish"
	"careline/sip"
)

// Bounds of the HTTP server and of readiness probes.
const (
	requestTimeout = 10 * time.Second
	maxScrapes     = 4
	// ProbeTimeout is how long one probe may take before it counts as failed.
	ProbeTimeout = 2 * time.Second
	closeTimeout = 3 * time.Second
)

// State is where the server is in its life; it moves forward only.
type State int32

const (
	// Starting: not everything listens yet.
	Starting State = iota
	// Ready: calls are taken.
	Ready
	// Draining: no new calls; the present ones come to their end.
	Draining
)

// String gives the state as /readyz says it.
func (s State) String() string {
	switch s {
	case Ready:
		return "ready"
	case Draining:
		return "draining"
	}
	return "starting"
}

// Center gives the numbers of calls, queues and agents; *call.Center is one.
type Center interface {
	Stats() call.Stats
	Insight() insight.Figures
}

// Media gives the numbers of sound; *media.Engine is one.
type Media interface{ Stats() media.EngineStats }

// SIP gives the numbers of signalling; *sip.Server is one.
type SIP interface {
	Stats() sip.Stats
	ActiveDialogs() int
}

// Ledger gives the numbers of what is kept; *ledger.Ledger is one.
type Ledger interface{ Stats() ledger.Stats }

// Probe is something without which no call can be taken. Check must heed ctx.
type Probe struct {
	Name  string
	Check func(ctx context.Context) error
}

// Options make a Server. Center, Media, SIP and Ledger must be given.
type Options struct {
	// Listen is config key operations.listen; port 0 takes any free port.
	Listen netip.AddrPort
	Center Center
	Media  Media
	SIP    SIP
	Ledger Ledger
	// Flows says what is live; nil where nothing is published.
	Flows interface{ Status() publish.Status }
	// LookUps says how services outside answer; nil where none are asked.
	LookUps interface{ Stats() []lookup.Stats }
	// RecordingStats says how recording goes; nil where nothing is recorded.
	RecordingStats interface{ Stats() recording.Stats }
	// Messages that callers left; nil where there is no ledger of them.
	Messages Messages
	// Probes are asked at each /readyz, one after another.
	Probes []Probe
	// Version of the program and of its configuration, as /metrics names them.
	Version, ConfigVersion string
	// Control is config key operations.control, the socket where Commands are
	// taken; empty for none.
	Control  string
	Commands []Command
	Log      *zap.Logger
}

// Server serves health and metrics.
type Server struct {
	options  Options
	log      *zap.Logger
	state    atomic.Int32
	listener net.Listener
	control  *net.UnixListener // nil for none
	metrics  http.Handler
}

// New makes a server that is Starting; Listen and Run start it.
func New(options Options) (*Server, error) {
	if options.Center == nil || options.Media == nil || options.SIP == nil || options.Ledger == nil {
		return nil, errors.New("operations: Center, Media, SIP and Ledger must be given")
	}
	if options.Log == nil {
		options.Log = zap.NewNop()
	}
	s := &Server{options: options, log: options.Log}
	registry := prometheus.NewRegistry()
	own := newCollector(options, s.State)
	for _, collector := range []prometheus.Collector{own, collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{})} {
		if err := registry.Register(collector); err != nil {
			return nil, fmt.Errorf("operations: metrics: %w", err)
		}
	}
	s.metrics = promhttp.HandlerFor(registry, promhttp.HandlerOpts{
		MaxRequestsInFlight: maxScrapes, Timeout: requestTimeout, ErrorLog: zap.NewStdLog(options.Log.Named("metrics")),
	})
	return s, nil
}

// Listen binds the address and the control socket. A port in use is an error that
// names the address and the key.
func (s *Server) Listen() error {
	listener, err := net.Listen("tcp", s.options.Listen.String())
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("operations: %s is in use by another program: stop it or change operations.listen: %w", s.options.Listen, err)
	}
	if err != nil {
		return fmt.Errorf("operations: can't listen at %s (key operations.listen): %w", s.options.Listen, err)
	}
	if s.options.Control != "" {
		if s.control, err = listenControl(s.options.Control); err != nil {
			_ = listener.Close()
			return err
		}
	}
	s.listener = listener
	return nil
}

// Address is where it listens; the zero AddrPort before Listen.
func (s *Server) Address() netip.AddrPort {
	if s.listener == nil {
		return netip.AddrPort{}
	}
	address, _ := s.listener.Addr().(*net.TCPAddr)
	return address.AddrPort()
}

// SetState says where the server is. A step back is refused: who has been
// told to go elsewhere must not be called back.
func (s *Server) SetState(next State) error {
	for {
		now := s.state.Load()
		if int32(next) < now {
			return fmt.Errorf("operations: from %s there is no way back to %s", State(now), next)
		}
		if s.state.CompareAndSwap(now, int32(next)) {
			return nil
		}
	}
}

// State is where the server is.
func (s *Server) State() State { return State(s.state.Load()) }

// Run serves until ctx ends. It needs Listen.
func (s *Server) Run(ctx context.Context) error {
	if s.listener == nil {
		return errors.New("operations: Run before Listen")
	}
	server := &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: requestTimeout, ReadTimeout: requestTimeout,
		WriteTimeout: 2 * requestTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10, ErrorLog: s.httpLog(),
	}
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error { return serveUntil(running, server, s.listener) })
	if s.control != nil {
		group.Go(func() error {
			defer os.Remove(s.options.Control)
			return s.serveControl(running, s.control)
		})
	}
	return group.Wait()
}

func (s *Server) httpLog() *log.Logger { return zap.NewStdLog(s.log.Named("http")) }

// serveUntil serves until ctx ends, and then gives requests closeTimeout.
func serveUntil(ctx context.Context, server *http.Server, listener net.Listener) error {
	group, running := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("operations: serving: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-running.Done()
		polite, cancel := context.WithTimeout(context.WithoutCancel(ctx), closeTimeout)
		defer cancel()
		if err := server.Shutdown(polite); err != nil {
			return server.Close()
		}
		return nil
	})
	return group.Wait()
}

// Handler answers the three paths; anything else is 404.
func (s *Server) Handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, s.health())
	})
	mux.HandleFunc("GET /readyz", s.ready)
	mux.Handle("GET /metrics", s.metrics)
	return mux
}

// health says what works less well than it should; calls go on all the same.
func (s *Server) health() health {
	var degraded []string
	if s.options.Flows != nil && s.options.Flows.Status().Broken {
		degraded = append(degraded, "flows")
	}
	if s.options.RecordingStats != nil {
		if stats := s.options.RecordingStats.Stats(); !stats.Room || stats.Overdue > 0 {
			degraded = append(degraded, "recordings")
		}
	}
	if len(degraded) > 0 {
		return health{Status: "degraded", Degraded: degraded}
	}
	return health{Status: "ok"}
}

// health is what /healthz and /readyz answer.
type health struct {
	Status string `json:"status"`
	// Calls up, while draining: what is waited for.
	Calls int `json:"calls,omitempty"`
	// Degraded names what works less well than it should; why is in the log.
	Degraded []string `json:"degraded,omitempty"`
	// Failed names the probes that failed; why is in the log, not for strangers.
	Failed []string `json:"failed,omitempty"`
}

// ready answers 200 only where a new call would be taken.
func (s *Server) ready(w http.ResponseWriter, r *http.Request) {
	state := s.State()
	if state != Ready {
		answer(w, http.StatusServiceUnavailable, health{Status: state.String(), Calls: s.options.Center.Stats().Calls})
		return
	}
	var failed []string
	for _, probe := range s.options.Probes {
		ctx, cancel := context.WithTimeout(r.Context(), ProbeTimeout)
		err := probe.Check(ctx)
		cancel()
		if err != nil {
			s.log.Warn("probe failed", zap.String("probe", probe.Name), zap.Error(err))
			failed = append(failed, probe.Name)
		}
	}
	if len(failed) > 0 {
		answer(w, http.StatusServiceUnavailable, health{Status: "not_ready", Failed: failed})
		return
	}
	answer(w, http.StatusOK, health{Status: state.String()})
}

func answer(w http.ResponseWriter, status int, body health) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}
