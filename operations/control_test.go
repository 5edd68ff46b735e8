package operations

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// controlled is a server with a control socket that takes these commands.
func controlled(t *testing.T, path string, commands ...Command) *Server {
	t.Helper()
	s, err := New(Options{
		Listen: netip.MustParseAddrPort("127.0.0.1:0"), Center: center{}, Media: sound{}, SIP: trunk{}, Ledger: kept{},
		Control: path, Commands: commands,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func ask(t *testing.T, path, url string) (int, string) {
	t.Helper()
	response, err := ControlClient(path).Get("http://careline" + url)
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

func TestCommandsComeThroughASocketOfOurOwn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "var", "control.sock")
	s := controlled(t, path, Command{"GET /who", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, Operator(r.Context()))
	})})
	run(t, s)
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the socket: %v, mode %v; want 0600", err, info.Mode())
	}
	if status, who := ask(t, path, "/who"); status != 200 || !strings.HasPrefix(who, "os:") || len(who) < 4 || who == "os:unknown" {
		t.Errorf("the one who asks is %q (%d)", who, status)
	}
	if status, _ := ask(t, path, "/metrics"); status != 404 {
		t.Errorf("/metrics through the control socket: %d", status)
	}
	if status, _ := get(t, s, "/who"); status != 404 {
		t.Errorf("a command through the port: %d", status)
	}
	if entries, err := os.ReadDir(filepath.Dir(path)); err != nil || len(entries) != 1 {
		t.Errorf("beside the socket lies %v (%v)", entries, err)
	}
}

func TestTheSocketGoesWithTheServer(t *testing.T) {
	path := filepath.Join(t.TempDir(), "control.sock")
	began := make(chan struct{})
	s := controlled(t, path, Command{"GET /long", http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		close(began)
		<-r.Context().Done()
	})})
	if err := s.Listen(); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		response, err := ControlClient(path).Get("http://careline/long")
		if err == nil {
			_ = response.Body.Close()
		}
	}()
	<-began
	cancel()
	select {
	case err := <-done:
		if err != nil {
			t.Errorf("Run: %v", err)
		}
	case <-time.After(2 * closeTimeout):
		t.Fatal("a long command kept the server up")
	}
	<-asked
	if _, err := os.Lstat(path); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the socket is still there: %v", err)
	}
}

func TestSocketsThatAreThereAlready(t *testing.T) {
	dir := t.TempDir()
	listens := func(path string) error {
		s := controlled(t, path)
		err := s.Listen()
		if err == nil {
			_, _ = s.listener.Close(), s.control.Close()
		} else if s.listener != nil {
			t.Error("the port is kept though the socket failed")
		}
		return err
	}
	left := filepath.Join(dir, "left.sock")
	abandoned, err := net.ListenUnix("unix", &net.UnixAddr{Name: left, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	abandoned.SetUnlinkOnClose(false)
	if err := listens(left); err == nil || !strings.Contains(err.Error(), "another careline") {
		t.Errorf("a socket in use: %v", err)
	}
	_ = abandoned.Close()
	if err := listens(left); err != nil {
		t.Errorf("a socket that a dead server left: %v", err)
	}
	file := filepath.Join(dir, "notes.txt")
	if err := os.WriteFile(file, []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := listens(file); err == nil || !strings.Contains(err.Error(), "no socket") {
		t.Errorf("a file in its place: %v", err)
	}
	if text, _ := os.ReadFile(file); string(text) != "mine" {
		t.Error("the file was touched")
	}
	if err := listens(filepath.Join(dir, strings.Repeat("a", maxSocketPath), "s")); err == nil || !strings.Contains(err.Error(), "operations.control") {
		t.Errorf("a path that is too long: %v", err)
	}
}
