package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"careline/ledger"
)

// linphone is a caller with linphonec, which is told what to do line by line.
type linphone struct {
	t       *testing.T
	dir     string
	process *exec.Cmd
	input   io.WriteCloser

	mu     sync.Mutex
	output strings.Builder
}

// Write keeps what linphonec says.
func (l *linphone) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.output.Write(text)
}

func (l *linphone) said(text string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Contains(l.output.String(), text)
}

// linphone starts one that says this sound, and records what it hears.
func (s *server) linphone(t *testing.T, says []int16) *linphone {
	t.Helper()
	l := &linphone{t: t, dir: t.TempDir()}
	writeWAV(t, l.file("says.wav"), says)
	config := fmt.Sprintf("[sip]\nsip_port=%d\nsip_tcp_port=%d\nuse_ipv6=0\n\n[sound]\nechocancellation=0\n", freePort(t), freePort(t))
	if err := os.WriteFile(l.file("rc"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(l.file(".local/share/linphone"), 0o700); err != nil {
		t.Fatal(err)
	}
	l.process = exec.Command("linphonec", "-c", l.file("rc"))
	l.process.Dir = l.dir
	l.process.Env = append(os.Environ(), "HOME="+l.dir)
	l.process.Stdout, l.process.Stderr = l, l
	var err error
	if l.input, err = l.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := l.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.close)
	eventually(t, 15*time.Second, "linphonec is up", func() bool { return l.said("linphonec>") })
	l.command("soundcard use files")
	l.command("record " + l.file("heard.wav"))
	l.command("play " + l.file("says.wav"))
	return l
}

func (l *linphone) file(name string) string { return filepath.Join(l.dir, name) }

func (l *linphone) command(line string) {
	l.t.Helper()
	if _, err := fmt.Fprintln(l.input, line); err != nil {
		l.t.Errorf("linphonec: %s: %v", line, err)
	}
}

func (l *linphone) close() {
	fmt.Fprintln(l.input, "quit")
	done := make(chan struct{})
	go func() { l.process.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		l.process.Process.Kill()
		<-done
	}
	if l.t.Failed() {
		l.t.Logf("linphonec said:\n%s", l.output.String())
	}
}

// heard is what the call's recording holds. Its header is behind what it says,
// so sox reads it.
func (l *linphone) heard() []int16 {
	l.t.Helper()
	read := exec.Command("sox", "--ignore-length", l.file("heard.wav"), "-r", "8000", "-c", "1", "-b", "16", l.file("whole.wav"))
	if output, err := read.CombinedOutput(); err != nil {
		l.t.Fatalf("linphone's recording: %v\n%s", err, output)
	}
	return wav(l.t, l.file("whole.wav"))
}

func TestLinphoneCallsInOverTCP(t *testing.T) {
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.linphone(t, tone())
	caller.command("call sip:5550100@" + server.listens["tcp"] + ";transport=tcp")
	eventually(t, 15*time.Second, "the call is answered", func() bool { return caller.said("connected.") })
	for _, key := range english + identify + member + person {
		caller.command(string(key))
		pass(300 * time.Millisecond)
	}
	maria.accept()
	pass(time.Second)
	if heard := maria.listenFor(theCaller, 3*time.Second); !loud(heard, callerTone) {
		evidence(t, "agent-hears-linphone", heard)
		t.Errorf("the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
	}
	pass(2 * time.Second)
	caller.command("terminate")
	maria.finish()
	if score := agentsVoice(t, caller.heard()); score < 0.6 {
		evidence(t, "linphone-hears", caller.heard())
		t.Errorf("the caller hears the agent by %.2f", score)
	}
	if record, _ := server.record(); record.EndedBy != ledger.ByCaller || record.Verification != "verified" {
		t.Errorf("the record says %+v", record)
	}
}
