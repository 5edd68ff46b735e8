package e2e

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"careline/ledger"
)

// server is the built binary, running the demo on ports of its own.
type server struct {
	t          *testing.T
	dir        string
	process    *exec.Cmd
	sip        string            // over UDP
	listens    map[string]string // by transport
	desk       string
	operations string
	ended      chan error
	firstMedia int
}

// firstMediaPort is the RTP port of the first call.
func (s *server) firstMediaPort() string { return fmt.Sprintf("127.0.0.1:%d", s.firstMedia) }

// nextPorts gives each server an RTP range of its own. After ranges of them the first
// comes again: that server has ended long before.
var nextPorts atomic.Int32

const ranges = 34

// start runs a server with a copy of config/demo; edits are replacements in
// files of it, "file: old → new"; one without an old text is a new file. A word is heard
// in place of each notice, unless the story gives them back with notices(t, "").
func start(t *testing.T, edits ...[3]string) *server {
	t.Helper()
	dir := t.TempDir()
	config := filepath.Join(dir, "config")
	if err := os.CopyFS(config, os.DirFS("../config/demo")); err != nil {
		t.Fatal(err)
	}
	first := 30000 + 1000*(int(nextPorts.Add(1))%ranges)
	edits = append(append(notices(t, "digits/1"), [][3]string{
		{"careline.yaml", "127.0.0.1:5070", "127.0.0.1:0"},
		{"careline.yaml", "127.0.0.1:8088", "127.0.0.1:0"},
		{"careline.yaml", "127.0.0.1:8089", "127.0.0.1:0"},
		{"careline.yaml", "127.0.0.1:8090", "127.0.0.1:0"},
		{"careline.yaml", "20000-20999", fmt.Sprintf("%d-%d", first, first+999)},
	}...), edits...)
	for _, edit := range edits {
		if file := filepath.Join(config, edit[0]); edit[1] != "" {
			replace(t, file, edit[1], edit[2])
		} else if err := os.WriteFile(file, []byte(edit[2]), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s := &server{t: t, dir: dir, listens: map[string]string{}, ended: make(chan error, 1), firstMedia: first}
	s.process = exec.Command(careline, "run", "--config", config)
	s.process.Dir = dir
	output, err := os.Create(filepath.Join(dir, "output"))
	if err != nil {
		t.Fatal(err)
	}
	s.process.Stdout, s.process.Stderr = output, output
	if err := s.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { s.ended <- s.process.Wait(); output.Close() }()
	t.Cleanup(s.stop)
	s.awaitReady()
	return s
}

// notices are edits that give the notices, of which a caller hears 13 s before the first
// question, the sound of another prompt, or their own for "".
func notices(t *testing.T, instead string) (edits [][3]string) {
	t.Helper()
	for _, notice := range []string{"en-US/recording-notice", "en-US/emergency-911-notice", "es-US/emergency-911-notice"} {
		from := notice
		if instead != "" {
			from = filepath.Join(filepath.Dir(notice), instead)
		}
		sound, err := os.ReadFile("../config/demo/prompts/" + from + ".wav")
		if err != nil {
			t.Fatal(err)
		}
		edits = append(edits, [3]string{"prompts/" + notice + ".wav", "", string(sound)})
	}
	return edits
}

func replace(t *testing.T, file, old, new string) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), old) {
		t.Fatalf("%s doesn't hold %q", file, old)
	}
	if err := os.WriteFile(file, []byte(strings.ReplaceAll(string(text), old, new)), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s *server) awaitReady() {
	s.t.Helper()
	eventually(s.t, 40*time.Second, "the server is ready", func() bool {
		for _, line := range s.log() {
			if line["msg"] != "ready" {
				continue
			}
			for _, at := range line["sip"].([]any) {
				network, address, _ := strings.Cut(at.(string), "://")
				s.listens[network] = address
			}
			s.sip = s.listens["udp"]
			s.desk, s.operations = line["desk"].(string), line["operations"].(string)
			return true
		}
		select {
		case err := <-s.ended:
			output, _ := os.ReadFile(filepath.Join(s.dir, "output"))
			s.t.Fatalf("the server ended (%v): %s", err, output)
		default:
		}
		return false
	})
}

// log is every line of the server's log so far.
func (s *server) log() []map[string]any {
	file, err := os.Open(filepath.Join(s.dir, "var/careline.log"))
	if err != nil {
		return nil
	}
	defer file.Close()
	var lines []map[string]any
	for scanner := bufio.NewScanner(file); scanner.Scan(); {
		var line map[string]any
		if json.Unmarshal(scanner.Bytes(), &line) == nil {
			lines = append(lines, line)
		}
	}
	return lines
}

func (s *server) logged(msg string) int {
	n := 0
	for _, line := range s.log() {
		if line["msg"] == msg {
			n++
		}
	}
	return n
}

// stop ends the server as Ctrl-C does, and expects a clean end.
func (s *server) stop() {
	if err := s.process.Process.Signal(syscall.SIGINT); err != nil {
		return
	}
	select {
	case err := <-s.ended:
		if err != nil && !s.t.Failed() {
			s.t.Errorf("the server ended with %v", err)
		}
	case <-time.After(40 * time.Second):
		s.process.Process.Kill()
		s.t.Error("the server did not end within 40s")
	}
	s.keptSecrets()
	if s.t.Failed() {
		s.keepEvidence()
	}
}

// keptSecrets looks through all that the server wrote for what the callers of
// our stories keyed in and are called, and for lines that don't say whose they are.
func (s *server) keptSecrets() {
	files, err := filepath.Glob(filepath.Join(s.dir, "var/*"))
	if err != nil || len(files) == 0 {
		s.t.Errorf("the server wrote nothing: %v", err)
	}
	for _, file := range append(files, filepath.Join(s.dir, "output")) {
		text, err := os.ReadFile(file)
		if err != nil {
			continue // SQLite took it away
		}
		for _, secret := range []string{member[:8], member[8:], "1961-04-12", "Linda", "01011970", "5550199", outside[1:]} {
			if bytes.Contains(text, []byte(secret)) {
				s.t.Errorf("%s holds a member's data", filepath.Base(file))
			}
		}
	}
	for _, line := range s.log() {
		_, ofDialog := line["sip_call_id"]
		msg, _ := line["msg"].(string)
		if id, _ := line["call"].(string); id == "" && (ofDialog || strings.HasPrefix(msg, "call ")) {
			s.t.Errorf("a line doesn't say which call's it is: %v", line)
		}
	}
}

// keepEvidence leaves the log of a failed story in e2e/out.
func (s *server) keepEvidence() {
	text, err := os.ReadFile(filepath.Join(s.dir, "var/careline.log"))
	if err == nil && os.MkdirAll("out", 0o700) == nil {
		os.WriteFile(filepath.Join("out", s.t.Name()+".log"), text, 0o600)
	}
}

// kept opens the ledger as `careline record` does, beside the running server.
func (s *server) kept() *ledger.Ledger {
	s.t.Helper()
	kept, err := ledger.OpenReadOnly(filepath.Join(s.dir, "var/careline.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	return kept
}

// record waits for the newest call's final record, and its audit.
func (s *server) record() (ledger.CallRecord, []ledger.AuditEntry) {
	s.t.Helper()
	kept := s.kept()
	defer kept.Close()
	var record ledger.CallRecord
	eventually(s.t, 10*time.Second, "the call's final record", func() bool {
		records, err := kept.Calls(context.Background(), 1)
		if err != nil || len(records) == 0 {
			return false
		}
		record = records[0]
		return record.Final()
	})
	audit, err := kept.Audit(context.Background(), record.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := kept.VerifyAudit(context.Background()); err != nil {
		s.t.Errorf("the audit chain is broken: %v", err)
	}
	return record, audit
}

var metricLine = regexp.MustCompile(`(?m)^([a-z_]+)(?:\{[^}]*\})? ([0-9.e+-]+)$`)

// metrics are the sums of all series by name.
func (s *server) metrics() map[string]float64 {
	s.t.Helper()
	response, err := http.Get("http://" + s.operations + "/metrics")
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		s.t.Fatal(err)
	}
	sums := map[string]float64{}
	for _, m := range metricLine.FindAllStringSubmatch(string(text), -1) {
		value, _ := strconv.ParseFloat(m[2], 64)
		sums[m[1]] += value
	}
	return sums
}

// eventually polls until the condition holds, or fails naming what was awaited.
func eventually(t *testing.T, within time.Duration, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(within)
	for !holds() {
		select {
		case <-deadline:
			t.Fatalf("%s: not within %s", what, within)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// pass lets real time pass: sound is measured in it.
func pass(d time.Duration) { <-time.After(d) }

// freePort is a TCP port that nobody listens on just now.
func freePort(t *testing.T) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().(*net.TCPAddr).Port
}
