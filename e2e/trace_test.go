package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// trace runs careline trace beside the running server.
func (s *server) trace(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command(careline, append([]string{"trace", "--config", filepath.Join(s.dir, "config")}, args...)...)
	command.Dir = s.dir
	out, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("careline trace %v: %v\n%s", args, err, out)
	}
	return string(out)
}

func TestTheTraceOfASIPpCallIsALadder(t *testing.T) {
	t.Parallel()
	server := start(t)
	server.callers(t, 1, 1, 2*time.Second, english).wait()
	server.record()
	ladder := server.trace(t, "last")
	at := 0
	for _, step := range []string{"Careline", "INVITE sdp", "100 Trying (INVITE)", "200 OK (INVITE) sdp", " ACK ", " BYE ", "200 OK (BYE)"} {
		next := strings.Index(ladder[at:], step)
		if next < 0 {
			t.Fatalf("%q is missing, or out of order\n%s", step, ladder)
		}
		at += next
	}
	if strings.Contains(ladder, "5550100") {
		t.Errorf("a number is shown\n%s", ladder)
	}
	file := filepath.Join(t.TempDir(), "call.pcap")
	server.trace(t, "--pcap", file, "--reason", "a story wants to see it", "last")
	if capture, err := os.ReadFile(file); err != nil || !strings.Contains(string(capture), "5550100") {
		t.Errorf("the capture: %v, %d bytes", err, len(capture))
	}
	if _, audit := server.record(); len(audit) == 0 || audit[len(audit)-1].Kind != "capture" || audit[len(audit)-1].Purpose != "a story wants to see it" {
		t.Errorf("the audit ends with %+v", audit)
	}
}
