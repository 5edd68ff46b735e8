package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"careline/ledger"
)

// screen is a terminal's output that a test reads while it is written.
type screen struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what the program prints.
func (s *screen) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// running is a server in this process.
type running struct {
	dir            string
	stdout, stderr *screen
	end            context.CancelFunc
	code           chan int
}

// freePorts makes a configuration that disturbs nobody: every port free, files
// in the test's own folder.
func freePorts(t *testing.T) string {
	t.Helper()
	return portsFreed(t, copyDemo(t, true))
}

func portsFreed(t *testing.T, dir string) string {
	t.Helper()
	site := filepath.Join(dir, "careline.yaml")
	edit(t, site, `["udp://127.0.0.1:5070", "tcp://127.0.0.1:5070"]`, `["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]`)
	edit(t, site, "ports: 20000-20999", "ports: 0-0")
	edit(t, site, "127.0.0.1:8089", "127.0.0.1:0")
	edit(t, site, "127.0.0.1:8088", "127.0.0.1:0")
	edit(t, site, "127.0.0.1:8090", "127.0.0.1:0")
	edit(t, site, "var/careline.db", filepath.Join(dir, "var", "careline.db"))
	edit(t, site, "var/careline.log", filepath.Join(dir, "var", "careline.log"))
	return dir
}

func start(t *testing.T, dir string) *running {
	t.Helper()
	ctx, end := context.WithCancel(t.Context())
	r := &running{dir: dir, stdout: &screen{}, stderr: &screen{}, end: end, code: make(chan int, 1)}
	go func() {
		r.code <- run(ctx, []string{"bin/careline", "run", "--config", dir}, strings.NewReader(""), r.stdout, r.stderr)
	}()
	r.until(t, "Ctrl-C takes no new calls")
	return r
}

// until waits for text on the screen.
func (r *running) until(t *testing.T, want string) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !strings.Contains(r.stdout.String(), want) {
		select {
		case code := <-r.code:
			t.Fatalf("the server ended with %d before it printed %q\n%s%s", code, want, r.stdout, r.stderr)
		case <-deadline:
			t.Fatalf("%q was not printed within 20 s\n%s%s", want, r.stdout, r.stderr)
		case <-tick.C:
		}
	}
}

// ended waits for the exit code.
func (r *running) ended(t *testing.T, want int) {
	t.Helper()
	select {
	case code := <-r.code:
		if code != want {
			t.Errorf("the server ended with %d, want %d\n%s%s", code, want, r.stdout, r.stderr)
		}
	case <-time.After(30 * time.Second):
		t.Fatalf("the server didn't end within 30 s\n%s%s", r.stdout, r.stderr)
	}
}

// sip is the address printed for a number.
func (r *running) sip(t *testing.T, number string) string {
	t.Helper()
	found := regexp.MustCompile(`sip:` + number + `@[0-9.:]+`).FindString(r.stdout.String())
	if found == "" {
		t.Fatalf("no address for %s was printed\n%s", number, r.stdout)
	}
	return found
}

func (r *running) get(t *testing.T, path string) (int, string) {
	t.Helper()
	base := regexp.MustCompile(`http://[0-9.:]+/readyz`).FindString(r.stdout.String())
	client := &http.Client{Timeout: 5 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Get(strings.TrimSuffix(base, "/readyz") + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

func TestTheFirstCallIsPlacedAndItsRecordRead(t *testing.T) {
	before := goleak.IgnoreCurrent()
	r := start(t, freePorts(t))
	screen := r.stdout.String()
	for _, want := range []string{"Softphone  http://127.0.0.1:", "maria    careline-demo", "bin/careline dial --as member " + r.sip(t, "5550100")} {
		if !strings.Contains(screen, want) {
			t.Errorf("the banner lacks %q\n%s", want, screen)
		}
	}
	if status, body := r.get(t, "/readyz"); status != http.StatusOK {
		t.Errorf("/readyz says %d %s", status, body)
	}
	heard := filepath.Join(t.TempDir(), "heard.wav")
	code, report, stderr := careline("", "dial", "listen", "1s", "press", "1", "--save", heard, "hang-up", r.sip(t, "5550100"))
	if code != 0 || !strings.Contains(report, "answered") {
		t.Errorf("dial: exit %d\n%s%s", code, report, stderr)
	}
	if info, err := os.Stat(heard); err != nil || info.Size() < 8000 {
		t.Errorf("what was heard is not kept: %v", err)
	}
	if code, report, _ := careline("", "dial", r.sip(t, "5550100")[:5]+"999"+r.sip(t, "5550100")[11:]); code != 1 || !strings.Contains(report, "404") {
		t.Errorf("an unknown number: exit %d\n%s", code, report)
	}
	r.end()
	r.ended(t, 0)
	if out := r.stderr.String(); out != "" {
		t.Errorf("on stderr: %s", out)
	}

	db := filepath.Join(r.dir, "var", "careline.db")
	code, text, stderr := careline("", "record", "--ledger", db, "last")
	if code != 0 || !strings.Contains(text, "flow member-services") || !strings.Contains(text, "by caller") {
		t.Errorf("record: exit %d\n%s%s", code, text, stderr)
	}
	_, raw, _ := careline("", "record", "--json", "--config", r.dir)
	var record ledger.CallRecord
	if err := json.Unmarshal([]byte(raw), &record); err != nil || record.DigitCount != 1 || record.EndedBy != ledger.ByCaller {
		t.Errorf("record --json: %v\n%s", err, raw)
	}
	if code, text, _ := careline("", "audit", "--ledger", db, "--verify"); code != 0 || !strings.Contains(text, "unbroken") {
		t.Errorf("audit --verify: exit %d\n%s", code, text)
	}
	log := filepath.Join(r.dir, "var", "careline.log")
	lines, err := os.ReadFile(log)
	if err != nil {
		t.Fatal(err)
	}
	forged := `{"msg":"audit head","ledger":"` + db + `","audit_sequence":1,"audit_head":"00"}` + "\n"
	if code, text, stderr := careline(forged, "audit", "--config", r.dir, "--verify", "--log", "-"); code != 1 || !strings.Contains(stderr, "broken at entry 1") {
		t.Errorf("a head that the chain doesn't have: exit %d\n%s%s", code, text, stderr)
	}
	if err := os.WriteFile(log, append(lines, forged...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, _, stderr := careline("", "audit", "--config", r.dir, "--verify"); code != 1 || !strings.Contains(stderr, "broken at entry 1") {
		t.Errorf("the same in the configuration's own log: exit %d\n%s", code, stderr)
	}
	if err := os.WriteFile(log, lines, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, text, stderr := careline("", "audit", "--config", r.dir, "--verify"); code != 0 || !strings.Contains(text, "all as they are in the chain") {
		t.Errorf("with its own log: exit %d\n%s%s", code, text, stderr)
	}
	if code, _, stderr := careline("", "record", "--ledger", db, "nobody"); code != 1 || !strings.Contains(stderr, "there is no call nobody") {
		t.Errorf("record of an unknown call: exit %d\n%s", code, stderr)
	}
	goleak.VerifyNone(t, before, goleak.IgnoreTopFunction("os/signal.loop"))
}

func TestAStoppingServerLetsTheCallEnd(t *testing.T) {
	r := start(t, freePorts(t))
	address := r.sip(t, "5550111")
	called := make(chan string, 1)
	go func() {
		_, report, _ := careline("", "dial", "listen", "3s", "hang-up", address)
		called <- report
	}()
	r.untilCalls(t, "careline_calls 1")
	r.end()
	r.until(t, "Waiting up to 20s for 1 call")
	if status, body := r.get(t, "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(body, "draining") {
		t.Errorf("/readyz says %d %s while draining", status, body)
	}
	if code, report, _ := careline("", "dial", address); code != 1 || !strings.Contains(report, "503") {
		t.Errorf("a new call while draining: exit %d\n%s", code, report)
	}
	if report := <-called; !strings.Contains(report, "by us, with BYE") {
		t.Errorf("the call was cut\n%s", report)
	}
	r.ended(t, 0)
}

// untilCalls waits for a line of /metrics.
func (r *running) untilCalls(t *testing.T, want string) {
	t.Helper()
	deadline := time.Now().Add(10 * time.Second)
	for {
		_, metrics := r.get(t, "/metrics")
		if strings.Contains(metrics, "\n"+want+"\n") {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("/metrics never said %q", want)
		}
	}
}

func TestASecondSignalEndsAtOnce(t *testing.T) {
	dir := freePorts(t)
	edit(t, filepath.Join(dir, "careline.yaml"), "drain: 20s", "drain: 10m")
	program := build(t)
	r := startProgram(t, program, dir)
	called := make(chan string, 1)
	go func() {
		_, report, _ := careline("", "dial", r.sip(t, "5550111"))
		called <- report
	}()
	r.untilCalls(t, "careline_calls 1")
	r.signal(t)
	r.until(t, "Waiting up to 10m0s for 1 call")
	r.signal(t)
	r.ended(t, 0)
	if report := <-called; !strings.Contains(report, "by the far side, with BYE") {
		t.Errorf("the caller got no BYE\n%s", report)
	}
	_, text, _ := careline("", "record", "--config", dir)
	if !strings.Contains(text, "by system") || !strings.Contains(text, "shutting down") {
		t.Errorf("the record doesn't say why\n%s", text)
	}
}

func TestAPortInUseIsNamedWithItsKey(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	address := taken.Addr().String()
	packets, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer packets.Close()
	busyUDP := packets.LocalAddr().String()
	cases := map[string]func(site string){
		"sip.listen": func(site string) {
			edit(t, site, `["udp://127.0.0.1:0", "tcp://127.0.0.1:0"]`, `["udp://`+busyUDP+`"]`)
		},
		"media.webrtc":      func(site string) { edit(t, site, "webrtc: 127.0.0.1:0", "webrtc: "+busyUDP) },
		"desk.listen":       func(site string) { edit(t, site, "listen: 127.0.0.1:0\n  idle", "listen: "+address+"\n  idle") },
		"operations.listen": func(site string) { edit(t, site, "listen: 127.0.0.1:0\n\nledger", "listen: "+address+"\n\nledger") },
	}
	for key, occupy := range cases {
		dir := freePorts(t)
		occupy(filepath.Join(dir, "careline.yaml"))
		code, stdout, stderr := careline("", "run", "--config", dir)
		if code != 1 || stdout != "" || !strings.Contains(stderr, address) && !strings.Contains(stderr, busyUDP) || !strings.Contains(stderr, key) {
			t.Errorf("%s: exit %d\n%s%s", key, code, stdout, stderr)
		}
	}
}
