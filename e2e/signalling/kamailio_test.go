package signalling

import (
	"bytes"
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"syscall"
	"testing"
	"time"
)

const proxyConfig = "../../testdata/kamailio/proxy.cfg"

// hop is one socket of a proxy.
type hop struct {
	network string
	address netip.AddrPort
}

func (h hop) String() string { return h.network + ":" + h.address.String() }

// uri is where the other side sends to.
func (h hop) uri() string {
	return fmt.Sprintf("%q", "sip:"+h.address.String()+";transport="+h.network)
}

// proxies are two Kamailios in a row, Record-Routing: UDP towards phones and
// carriers, TCP between the two, UDP towards us.
type proxies struct {
	outer, inner netip.AddrPort // what the far side calls, and what we call
	phone        netip.AddrPort // where calls of ours come out
}

// behindProxies puts two proxies in front of a stage.
func behindProxies(t *testing.T, s *stage) {
	t.Helper()
	socket := func(network string) hop { return hop{network, freePort(t, "127.0.0.1")} }
	phone := socket("udp")
	outside, between, back, inside := socket("udp"), socket("tcp"), socket("tcp"), socket("udp")
	startKamailio(t, outside, back, between.uri(), phone.uri())
	startKamailio(t, between, inside, hop{"udp", s.address("udp")}.uri(), back.uri())
	s.between = &proxies{outer: outside.address, inner: inside.address, phone: phone.address}
}

// startKamailio starts a proxy with an outer and an inner socket, and waits until
// it listens.
func startKamailio(t *testing.T, outside, inside hop, inward, outward string) {
	t.Helper()
	dir := t.TempDir()
	config, err := filepath.Abs(proxyConfig)
	must(t, err)
	var output bytes.Buffer
	process := exec.Command("kamailio", "-f", config, "-DD", "-E", "-m", "32", "-Y", dir, "-w", dir,
		"-l", outside.String(), "-l", inside.String(),
		"-A", "OUTSIDE_PORT="+strconv.Itoa(int(outside.address.Port())), "-A", "INWARD="+inward, "-A", "OUTWARD="+outward)
	process.Stdout, process.Stderr = &output, &output
	process.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // it has children
	must(t, process.Start())
	exited := make(chan error, 1)
	go func() { exited <- process.Wait() }()
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		select {
		case <-exited:
		case <-time.After(5 * time.Second):
			_ = syscall.Kill(-process.Process.Pid, syscall.SIGKILL)
			<-exited
		}
		if t.Failed() {
			t.Logf("kamailio %s said:\n%s", outside, output.String())
		}
	})
	until(t, "Kamailio to listen", func() bool {
		return listening(t, outside.network, outside.address.Port()) && listening(t, inside.network, inside.address.Port())
	})
}
