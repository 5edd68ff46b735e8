package operations

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

const (
	// maxSocketPath is what a Unix socket's address holds, on every system.
	maxSocketPath = 103
	// longestPrivate is where it is bound before it is moved.
	longestPrivate = ".c4294967295/s"
	// staleTimeout is how long a socket that is there may take to show that
	// somebody serves it.
	staleTimeout = time.Second
)

// Command is one thing that those who run the server may ask of it through the
// control socket.
type Command struct {
	// Pattern is http.ServeMux's, as in "GET /traces/{call}".
	Pattern string
	Handler http.Handler
}

// listenControl makes the control socket: a file that only the server's own user
// and root may open. It is bound in a folder of its own and moved into place with
// its mode, so that at no moment anyone else can.
func listenControl(path string) (*net.UnixListener, error) {
	if length := max(len(path), len(filepath.Join(filepath.Dir(path), longestPrivate))); length > maxSocketPath {
		return nil, fmt.Errorf("operations: the path of the control socket needs %d bytes, and a Unix socket's may have %d; set operations.control to a shorter one, as in /run/careline.sock", length, maxSocketPath)
	}
	if err := vacant(path); err != nil {
		return nil, err
	}
	failed := func(err error) error {
		return fmt.Errorf("operations: can't make the control socket %s (key operations.control): %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, failed(err)
	}
	private, err := os.MkdirTemp(filepath.Dir(path), ".c")
	if err != nil {
		return nil, failed(err)
	}
	defer os.RemoveAll(private)
	bound := filepath.Join(private, "s")
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: bound, Net: "unix"})
	if err != nil {
		return nil, failed(err)
	}
	listener.SetUnlinkOnClose(false) // by then the file has another name
	err = os.Chmod(bound, 0o600)
	if err == nil {
		err = os.Rename(bound, path)
	}
	if err != nil {
		_ = listener.Close()
		return nil, failed(err)
	}
	return listener, nil
}

// vacant refuses a path that another server serves, or that isn't a socket. One
// that a server left behind is replaced.
func vacant(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("operations: control socket: %w", err)
	}
	if info.Mode().Type() != os.ModeSocket {
		return fmt.Errorf("operations: %s is no socket; remove it, or change operations.control", path)
	}
	connection, err := net.DialTimeout("unix", path, staleTimeout)
	if err != nil {
		return nil
	}
	_ = connection.Close()
	return fmt.Errorf("operations: another careline listens at %s; stop it, or change operations.control", path)
}

// serveControl answers commands until ctx ends. One may take as long as it says
// itself: a capture follows calls for minutes.
func (s *Server) serveControl(ctx context.Context, listener net.Listener) error {
	mux := http.NewServeMux()
	for _, command := range s.options.Commands {
		mux.Handle(command.Pattern, command.Handler)
	}
	server := &http.Server{
		// No ReadTimeout: at it, net/http takes a command that goes on for abandoned.
		Handler: mux, ReadHeaderTimeout: requestTimeout, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
		BaseContext: func(net.Listener) context.Context { return ctx }, // long commands end with the server
		ConnContext: func(ctx context.Context, connection net.Conn) context.Context {
			return context.WithValue(ctx, operatorKey{}, operatorOf(connection))
		},
		ErrorLog: s.httpLog(),
	}
	return serveUntil(ctx, server, listener)
}

type operatorKey struct{}

// Operator is who asks, as the audit names them: the system's word, not theirs.
func Operator(ctx context.Context) string {
	operator, _ := ctx.Value(operatorKey{}).(string)
	if operator == "" {
		return "os:unknown"
	}
	return operator
}

// operatorOf is the user at the other end of a connection.
func operatorOf(connection net.Conn) string {
	local, ok := connection.(syscall.Conn)
	if !ok {
		return ""
	}
	raw, err := local.SyscallConn()
	if err != nil {
		return ""
	}
	uid := -1
	if err := raw.Control(func(descriptor uintptr) { uid = peerOf(int(descriptor)) }); err != nil || uid < 0 {
		return ""
	}
	return "os:" + userName(uid)
}

// ControlClient talks to the control socket of a running server: any host name in
// an http URL means it.
func ControlClient(path string) *http.Client {
	return &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var dialer net.Dialer
			return dialer.DialContext(ctx, "unix", path)
		},
	}}
}
