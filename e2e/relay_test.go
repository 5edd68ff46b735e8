package e2e

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// relaySecret is what Careline and coturn share.
const relaySecret = "north-star-of-this-test"

// throughRelay lets the page send by way of a TURN server and no other, as a browser
// does from which no UDP gets out.
const throughRelay = `(() => { const Peer = RTCPeerConnection;
	window.RTCPeerConnection = class extends Peer {
		constructor(c) { super({ ...c, iceTransportPolicy: "relay" }); window.__peer = this; } }; })()`

// overTCP leaves the page no way to Careline but by TCP.
const overTCP = `(() => { const Peer = RTCPeerConnection;
	window.RTCPeerConnection = class extends Peer {
		constructor(c) { super(c); window.__peer = this; }
		setRemoteDescription(d) {
			return super.setRemoteDescription({ type: d.type, sdp: d.sdp.replace(/^a=candidate:\S+ \d+ udp .*\r\n/gim, "") });
		} }; })()`

// path is how the page's sound goes: the kind of the local candidate in use, and how
// the relay is reached.
const path = `(async () => { const stats = [...(await window.__peer.getStats()).values()];
	const used = stats.find((s) => s.type === "transport")?.selectedCandidatePairId, pair = stats.find((s) => s.id === used);
	const local = stats.find((s) => s.id === pair?.localCandidateId);
	return [local?.candidateType, local?.relayProtocol ?? local?.protocol].join(" "); })()`

// coturn runs a TURN server that hears TCP alone, and returns where.
func coturn(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	address := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	_, port, _ := net.SplitHostPort(address)
	low := 10000 + 100*(os.Getpid()%200)
	process := exec.Command("turnserver", "-n", "--listening-ip=127.0.0.1", "--listening-port="+port, "--relay-ip=127.0.0.1",
		fmt.Sprintf("--min-port=%d", low), fmt.Sprintf("--max-port=%d", low+99), "--no-udp", "--no-tls", "--no-dtls", "--no-cli",
		"--allow-loopback-peers", "--use-auth-secret", "--static-auth-secret="+relaySecret, "--realm=careline.example",
		"--log-file=stdout", "--simple-log", "--pidfile="+filepath.Join(dir, "pid"), "--userdb="+filepath.Join(dir, "db"))
	process.Dir = dir
	var output bytes.Buffer
	process.Stdout, process.Stderr = &output, &output
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Process.Kill()
		process.Wait()
		if t.Failed() {
			t.Logf("coturn said:\n%s", output.String())
		}
	})
	eventually(t, 10*time.Second, "coturn listens", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
	return address
}

// talksBy lets an agent take a caller, whose sound is to go that way, and both hear
// each other. It returns how to end the call.
func (s *server) talksBy(t *testing.T, a *agent, want string) (end func()) {
	t.Helper()
	caller := s.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	a.accept()
	joined := time.Now()
	pass(time.Second)
	if got := a.js("look at the path", path); got != want {
		t.Errorf("%s's sound goes by %q, want %q", a.name, got, want)
	}
	heard := a.listenFor(theCaller, 2*time.Second)
	if !loud(heard, callerTone) {
		evidence(t, a.name, heard)
		t.Errorf("%s hears %.4f of the caller's tone", a.name, toneIn(heard, callerTone))
	}
	talked := time.Now()
	return func() {
		caller.hangUp()
		a.finish()
		if score := agentsVoice(t, caller.between(caller.heard(), joined.Add(time.Second), talked)); score < 0.6 {
			t.Errorf("the caller hears %s by %.2f", a.name, score)
		}
	}
}

// Two agents whose networks let no UDP out: Maria's sound goes by TCP to a TURN server
// and from there to Careline, James's by TCP to Careline itself.
func TestAgentsWhoseNetworkLetsNoUDPOut(t *testing.T) {
	relay := coturn(t)
	server := start(t,
		[3]string{"turn.secret", "", relaySecret + "\n"},
		[3]string{"careline.yaml", "\nmedia:\n", fmt.Sprintf("\nmedia:\n  webrtc_tcp: 127.0.0.1:0\n  turn: {urls: [\"turn:%s?transport=tcp\"], secret_file: turn.secret}\n", relay)})
	maria := server.signIn(t, "maria", throughRelay)
	endMarias := server.talksBy(t, maria, "relay tcp")
	james := server.signIn(t, "james", overTCP)
	endJamess := server.talksBy(t, james, "prflx tcp") // whoever connects has no port of its own before (RFC 6544)
	endMarias()
	endJamess()
	for _, file := range []string{"var/careline.log", "output"} {
		text, err := os.ReadFile(filepath.Join(server.dir, file))
		if err != nil || strings.Contains(string(text), relaySecret) {
			t.Errorf("%s holds the relay's secret, or can't be read: %v", file, err)
		}
	}
}
