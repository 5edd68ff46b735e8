package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"bufio"

	"careline/media"
)

// phone is a caller with baresip: it dials, presses keys, speaks a WAV and
// records what it heard.
type phone struct {
	t       *testing.T
	dir     string
	server  *server
	process *exec.Cmd
	control net.Conn

	mu     sync.Mutex
	events []string
	closed time.Time
}

const phoneConfig = `sip_listen %s
audio_source aufile,%s
audio_player aubridge,null
ausrc_srate 8000
auplay_srate 8000
ausrc_channels 1
auplay_channels 1
audio_buffer 20-80
jitter_buffer_delay 1-3
module_path /usr/lib/baresip/modules
module stdio.so
module g711.so
module g722.so
module opus.so
module l16.so
module aufile.so
module aubridge.so
module sndfile.so
module srtp.so
module dtls_srtp.so
module uuid.so
module_app account.so
module_app menu.so
module_app ctrl_tcp.so
ctrl_tcp_listen 127.0.0.1:%d
snd_path %s
`

// phone starts a baresip that says this sound, a caller's.
func (s *server) phone(t *testing.T, says []int16) *phone {
	t.Helper()
	return s.baresip(t, says, "<sip:5550199@127.0.0.1;transport=udp>;regint=0")
}

// deskPhone starts a baresip that registers as maria's phone.
func (s *server) deskPhone(t *testing.T, says []int16) *phone {
	t.Helper()
	before := s.logged("phone registered")
	p := s.baresip(t, says, fmt.Sprintf("<sip:maria-desk@%s;transport=udp>;auth_user=maria-desk;auth_pass=careline-demo;regint=60", s.sip))
	eventually(t, 10*time.Second, "the desk phone is registered", func() bool { return s.logged("phone registered") > before })
	return p
}

func (s *server) baresip(t *testing.T, says []int16, account string) *phone {
	t.Helper()
	return s.baresipAt(t, "127.0.0.1:0", says, account)
}

// baresipAt starts a baresip that listens there.
func (s *server) baresipAt(t *testing.T, listen string, says []int16, account string) *phone {
	t.Helper()
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	p := &phone{t: t, dir: dir, server: s}
	port := freePort(t)
	voice := filepath.Join(dir, "says.wav")
	writeWAV(t, voice, says)
	if !strings.Contains(account, "audio_codecs=") {
		account += ";audio_codecs=PCMU/8000/1"
	}
	for name, text := range map[string]string{
		"config":   fmt.Sprintf(phoneConfig, listen, voice, port, filepath.Join(dir, "snd")),
		"accounts": account + "\n",
		"contacts": "",
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "snd"), 0o700); err != nil {
		t.Fatal(err)
	}
	p.process = exec.Command("baresip", "-n", host, "-f", dir, "-t", "180")
	p.process.Stdin = nil
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.close)
	eventually(t, 10*time.Second, "baresip is up", func() bool {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		p.control = conn
		return err == nil
	})
	go p.follow()
	return p
}

func (p *phone) close() {
	if p.control != nil {
		p.command("quit", "")
	}
	done := make(chan struct{})
	go func() { p.process.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(5 * time.Second):
		p.process.Process.Kill()
		<-done
	}
	if p.control != nil {
		p.control.Close()
	}
}

// follow reads events, as netstrings of JSON.
func (p *phone) follow() {
	reader := bufio.NewReader(p.control)
	for {
		length, err := reader.ReadString(':')
		if err != nil {
			return
		}
		n, err := strconv.Atoi(strings.TrimSuffix(length, ":"))
		if err != nil || n < 0 || n > 1<<20 {
			return
		}
		body := make([]byte, n+1)
		if _, err := io.ReadFull(reader, body); err != nil {
			return
		}
		var event struct{ Type string }
		if json.Unmarshal(body[:n], &event) == nil && event.Type != "" {
			p.mu.Lock()
			p.events = append(p.events, event.Type)
			if event.Type == "CALL_CLOSED" {
				p.closed = time.Now()
			}
			p.mu.Unlock()
		}
	}
}

func (p *phone) saw(event string) bool { return p.count(event) > 0 }

// count is how often the phone told of an event.
func (p *phone) count(event string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := 0
	for _, seen := range p.events {
		if seen == event {
			n++
		}
	}
	return n
}

func (p *phone) command(name, params string) {
	body, _ := json.Marshal(map[string]string{"command": name, "params": params, "token": name})
	fmt.Fprintf(p.control, "%d:%s,", len(body), body)
}

// dial calls a line and waits until it is up.
func (p *phone) dial(number string) {
	p.t.Helper()
	p.dialURI("sip:" + number + "@" + p.server.sip)
}

func (p *phone) dialURI(uri string) {
	p.t.Helper()
	p.command("dial", uri)
	eventually(p.t, 15*time.Second, "the call is answered", func() bool { return p.saw("CALL_ESTABLISHED") })
}

// press keys as a person does, one after another.
func (p *phone) press(keys string) {
	for _, key := range keys {
		p.command("sndcode", string(key))
		pass(220 * time.Millisecond)
	}
}

func (p *phone) hangUp() {
	p.t.Helper()
	p.command("hangup", "")
	p.awaitEnd()
}

func (p *phone) awaitEnd() {
	p.t.Helper()
	eventually(p.t, 10*time.Second, "the call is over at the caller's", func() bool { return p.saw("CALL_CLOSED") })
}

// heard is what the caller heard. Its end is the moment the call closed, so
// that between() finds what was heard at a time.
func (p *phone) heard() []int16 {
	p.t.Helper()
	var samples []int16
	eventually(p.t, 15*time.Second, "baresip's recording", func() bool {
		files, _ := filepath.Glob(filepath.Join(p.dir, "snd", "dump-*-dec.wav"))
		if len(files) != 1 {
			return false
		}
		file, err := os.Open(files[0])
		if err != nil {
			return false
		}
		defer file.Close()
		samples, err = media.ReadWAV(file)
		return err == nil && len(samples) > 0
	})
	return samples
}

// between cuts what was heard from one moment to another.
func (p *phone) between(heard []int16, from, to time.Time) []int16 {
	p.mu.Lock()
	closed := p.closed
	p.mu.Unlock()
	at := func(t time.Time) int {
		return min(max(len(heard)-int(closed.Sub(t).Seconds()*8000), 0), len(heard))
	}
	return heard[at(from):at(to)]
}

func writeWAV(t *testing.T, path string, samples []int16) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := media.WriteWAV(file, samples); err != nil {
		t.Fatal(err)
	}
	if err := file.Close(); err != nil {
		t.Fatal(err)
	}
}
