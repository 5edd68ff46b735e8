package operations

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.uber.org/goleak"

	"careline/acd"
	"careline/call"
	"careline/call/insight"
	"careline/ledger"
	"careline/lookup"
	"careline/media"
	"careline/sip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type center struct{ stats call.Stats }

func (c center) Stats() call.Stats { return c.stats }

func (c center) Insight() insight.Figures {
	return insight.Figures{Ended: map[insight.Ending]uint64{insight.Served: 3}, Steps: []insight.StepFigures{{
		Flow: "main", Step: "menu", Live: 2, Entered: 9, HungUp: 1, Median: 4 * time.Second,
		Ways: []insight.WayFigures{{Via: `choice "1"`, ToFlow: "main", ToStep: "line", Taken: 4}, {Via: `choice "1"`, ToFlow: "main", ToStep: "other", Taken: 2}},
	}}}
}

type sound struct{}

func (sound) Stats() media.EngineStats {
	return media.EngineStats{Legs: 3, PacketsSent: 1500, LateFrames: 2}
}

// outside are services that look-ups ask.
type outside struct{}

func (outside) Stats() []lookup.Stats {
	return []lookup.Stats{{Service: "benefits", Found: 4, Failed: 2, Resting: true}, {Service: "records", Missing: 1}}
}

type trunk struct{}

type kept struct{}

func (kept) Stats() ledger.Stats { return ledger.Stats{Writes: 12, Failed: 1, Waiting: 5} }

func (trunk) Stats() sip.Stats {
	return sip.Stats{Invites: 9, Strangers: 4, Registered: 6, Unauthorized: 3}
}
func (trunk) ActiveDialogs() int { return 2 }

func server(t *testing.T, probes ...Probe) *Server {
	t.Helper()
	s, err := New(Options{
		Listen: netip.MustParseAddrPort("127.0.0.1:0"), Media: sound{}, SIP: trunk{}, Ledger: kept{}, LookUps: outside{}, Probes: probes, Version: "v1", ConfigVersion: "abc",
		Center: center{call.Stats{
			Calls: 2, Offered: 7, Abandoned: 1,
			Queues: []call.QueueStats{{Queue: "claims", Waiting: 4, Longest: 90 * time.Second}},
			Agents: map[acd.AgentState]int{acd.Available: 3},
			Sound: []call.SoundStats{
				{Leg: ledger.SoundCaller, Scored: 5, Sum: 20.5, Scores: map[float64]uint64{3.1: 1, 4.5: 5}, OneWay: 2},
				{Leg: ledger.SoundCaller, Sent: true},
			},
		}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// run serves until the test ends.
func run(t *testing.T, s *Server) {
	t.Helper()
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run ended with %v", err)
		}
	})
}

func get(t *testing.T, s *Server, path string) (int, string) {
	t.Helper()
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get("http://" + s.Address().String() + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, strings.TrimSpace(string(body))
}

func TestReadinessFollowsTheServersLife(t *testing.T) {
	s := server(t)
	run(t, s)
	expect := func(path string, status int, body string) {
		t.Helper()
		if got, text := get(t, s, path); got != status || text != body {
			t.Errorf("%s while %s: %d %s, want %d %s", path, s.State(), got, text, status, body)
		}
	}
	expect("/readyz", 503, `{"status":"starting","calls":2}`)
	expect("/healthz", 200, `{"status":"ok"}`)
	if err := s.SetState(Ready); err != nil {
		t.Fatal(err)
	}
	expect("/readyz", 200, `{"status":"ready"}`)
	if err := s.SetState(Draining); err != nil {
		t.Fatal(err)
	}
	expect("/readyz", 503, `{"status":"draining","calls":2}`)
	expect("/healthz", 200, `{"status":"ok"}`)
	if status, _ := get(t, s, "/debug/pprof/"); status != 404 {
		t.Errorf("an unknown path: %d", status)
	}
}

func TestNoStepGoesBack(t *testing.T) {
	states := []State{Starting, Ready, Draining}
	for _, from := range states {
		for _, to := range states {
			s := server(t)
			if err := s.SetState(from); err != nil {
				t.Fatal(err)
			}
			err := s.SetState(to)
			if back := to < from; (err != nil) != back {
				t.Errorf("from %s to %s: %v", from, to, err)
			}
			if s.State() != max(from, to) {
				t.Errorf("from %s to %s the state is %s", from, to, s.State())
			}
		}
	}
}

func TestAFailedProbeMakesTheServerUnready(t *testing.T) {
	broken := errors.New("disk full at /srv/records")
	s := server(t, Probe{"ledger", func(context.Context) error { return broken }}, Probe{"slow", func(ctx context.Context) error {
		if _, ok := ctx.Deadline(); !ok {
			return errors.New("no deadline")
		}
		return nil
	}})
	run(t, s)
	if err := s.SetState(Ready); err != nil {
		t.Fatal(err)
	}
	if status, body := get(t, s, "/readyz"); status != 503 || body != `{"status":"not_ready","failed":["ledger"]}` {
		t.Errorf("%d %s", status, body)
	}
}

func TestMetricsSpeakOfEveryRoom(t *testing.T) {
	s := server(t)
	run(t, s)
	_, text := get(t, s, "/metrics")
	lines := strings.Split(text, "\n")
	for _, want := range []string{
		"careline_calls 2", "careline_calls_offered_total 7", "careline_ready 0",
		`careline_flow_callers{flow="main",step="menu"} 2`, `careline_flow_step_hung_up_total{flow="main",step="menu"} 1`,
		`careline_flow_way_taken_total{flow="main",step="menu",way="choice \"1\""} 6`, `careline_flow_calls_ended_total{how="served"} 3`,
		`careline_flow_step_median_seconds{flow="main",step="menu"} 4`,
		`careline_look_ups_total{how="found",service="benefits"} 4`, `careline_look_ups_total{how="failed",service="benefits"} 2`, `careline_look_ups_total{how="missing",service="records"} 1`,
		`careline_look_up_service_resting{service="benefits"} 1`, `careline_look_up_service_resting{service="records"} 0`,
		`careline_queue_waiting{queue="claims"} 4`, `careline_queue_longest_wait_seconds{queue="claims"} 90`,
		`careline_agents{state="available"} 3`, `careline_agents{state="talking"} 0`,
		`careline_sound_mos_bucket{direction="received",leg="caller",le="3.1"} 1`, `careline_sound_mos_count{direction="received",leg="caller"} 5`,
		`careline_sound_mos_sum{direction="received",leg="caller"} 20.5`, `careline_sound_mos_count{direction="sent",leg="caller"} 0`,
		`careline_sound_one_way_total{direction="received",leg="caller"} 2`,
		"careline_media_legs 3", "careline_media_packets_sent_total 1500", "careline_media_frames_late_total 2",
		"careline_ledger_writes_total 12", "careline_ledger_writes_failed_total 1", "careline_ledger_writes_waiting 5", "careline_sip_dialogs 2", "careline_sip_strangers_total 4", "careline_sip_registrations_total 6", "careline_sip_unauthorized_total 3", `careline_build_info{config="abc",version="v1"} 1`,
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no line %q", want)
		}
	}
	if !strings.Contains(text, "go_goroutines") || !strings.Contains(text, "process_open_fds") {
		t.Error("nothing of the process itself")
	}
}

// The linter is Prometheus' own: names, units, suffixes, helps.
func TestMetricsKeepPrometheusConventions(t *testing.T) {
	s := server(t)
	run(t, s)
	_, text := get(t, s, "/metrics")
	problems, err := promlint.New(strings.NewReader(text + "\n")).Lint()
	if err != nil {
		t.Fatal(err)
	}
	for _, problem := range problems {
		t.Errorf("%s: %s", problem.Metric, problem.Text)
	}
}

func TestABusyPortIsNamedWithItsKey(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s := server(t)
	s.options.Listen = netip.MustParseAddrPort(taken.Addr().String())
	err = s.Listen()
	if err == nil || !strings.Contains(err.Error(), taken.Addr().String()) || !strings.Contains(err.Error(), "operations.listen") {
		t.Errorf("heard %v", err)
	}
	if err := s.Run(t.Context()); err == nil {
		t.Error("it ran without a listener")
	}
}

func TestNothingIsServedWithoutTheRooms(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("a server of nothing was made")
	}
}
