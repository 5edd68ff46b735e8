package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// sipp runs a scenario against the server and returns its output; echo sends
// each caller's sound back.
type sipp struct {
	t       *testing.T
	process *exec.Cmd
	output  bytes.Buffer
	done    chan error
	dir     string
}

// callers starts SIPp: so many calls, so many a second, each so long, with
// these keys pressed as soon as it is up.
func (s *server) callers(t *testing.T, calls, rate int, length time.Duration, keys string) *sipp {
	t.Helper()
	return s.play(t, "member.xml", calls, rate, length, map[string][]byte{"keys.pcap": keysPcap(t, keys)}, "-rtp_echo")
}

// play starts SIPp with a scenario and the files that it plays from.
func (s *server) play(t *testing.T, name string, calls, rate int, length time.Duration, files map[string][]byte, flags ...string) *sipp {
	t.Helper()
	dir := t.TempDir()
	scenario, err := os.ReadFile(filepath.Join("../testdata/sipp", name))
	if err != nil {
		t.Fatal(err)
	}
	files[name] = scenario
	for name, body := range files {
		if err := os.WriteFile(filepath.Join(dir, name), body, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p := &sipp{t: t, dir: dir, done: make(chan error, 1)}
	p.process = exec.Command("sipp", append(flags, s.sip, "-sf", name, "-s", "5550100",
		"-i", "127.0.0.1", "-mi", "127.0.0.1", "-mp", fmt.Sprint(freeMediaPort(t)),
		"-m", fmt.Sprint(calls), "-l", fmt.Sprint(calls), "-r", fmt.Sprint(rate),
		"-d", fmt.Sprint(length.Milliseconds()), "-nostdin", "-trace_err", "-timeout", "120s", "-timeout_error")...)
	p.process.Dir = dir
	p.process.Stdout, p.process.Stderr = &p.output, &p.output
	if err := p.process.Start(); err != nil {
		t.Fatal(err)
	}
	go func() { p.done <- p.process.Wait() }()
	t.Cleanup(func() {
		p.process.Process.Kill()
		if t.Failed() { // it may never have called
			t.Logf("sipp: %s", p.errors())
		}
	})
	return p
}

// wait until all calls are over; a failed call fails the story.
func (p *sipp) wait() {
	p.t.Helper()
	select {
	case err := <-p.done:
		if err != nil {
			p.t.Errorf("sipp: %v\n%s\n%s", err, tail(p.output.String(), 60), p.errors())
		}
	case <-time.After(150 * time.Second):
		p.t.Fatal("sipp did not end")
	}
}

func (p *sipp) errors() string {
	files, _ := filepath.Glob(filepath.Join(p.dir, "*errors.log"))
	if len(files) == 0 {
		return ""
	}
	text, _ := os.ReadFile(files[0])
	return tail(string(text), 20)
}

func tail(text string, lines int) string {
	all := strings.Split(text, "\n")
	return strings.Join(all[max(0, len(all)-lines):], "\n")
}

// nextMedia gives each SIPp media ports of its own.
var nextMedia atomic.Int32

// freeMediaPort is the first of mediaPorts ports for sound that nobody has: below those
// of the servers (30000 on), and below those that the system gives to whoever asks for
// any, so that nobody takes one before SIPp does.
func freeMediaPort(t *testing.T) int {
	t.Helper()
	const mediaPorts, places = 8, 800
	for range places {
		first := 22000 + mediaPorts*(int(nextMedia.Add(1))%places)
		if free(first, mediaPorts) {
			return first
		}
	}
	t.Fatal("no media port is free")
	return 0
}

func free(first, count int) bool {
	for port := first; port < first+count; port++ {
		conn, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		conn.Close()
	}
	return true
}

// keysPcap is a capture of keys as RFC 4733 events, one each 250 ms: distinct
// timestamps, so that a key pressed twice is two events.
func keysPcap(t *testing.T, keys string) []byte {
	t.Helper()
	var out bytes.Buffer
	write := func(values ...any) {
		for _, value := range values {
			if err := binary.Write(&out, binary.LittleEndian, value); err != nil {
				t.Fatal(err)
			}
		}
	}
	write(uint32(0xa1b2c3d4), uint16(2), uint16(4), int32(0), uint32(0), uint32(65535), uint32(1))
	sequence := uint16(100)
	for i, key := range keys {
		start := 500*time.Millisecond + time.Duration(i)*250*time.Millisecond
		for n := range keyPackets {
			at := start + time.Duration(n)*20*time.Millisecond
			frame := keyFrame(byte(strings.IndexRune("0123456789*#ABCD", key)), sequence, uint32(start.Milliseconds()*8), n)
			write(uint32(at/time.Second), uint32(at%time.Second/time.Microsecond), uint32(len(frame)), uint32(len(frame)))
			out.Write(frame)
			sequence++
		}
	}
	return out.Bytes()
}

// keyPackets is how many packets a key has: five that grow, three with the End bit.
const keyPackets = 8

// keyPacket is the n-th RFC 4733 packet of a key.
func keyPacket(event byte, sequence uint16, timestamp uint32, n int) []byte {
	rtp := []byte{0x80, 101, byte(sequence >> 8), byte(sequence)}
	if n == 0 {
		rtp[1] |= 0x80
	}
	rtp = binary.BigEndian.AppendUint32(rtp, timestamp)
	rtp = binary.BigEndian.AppendUint32(rtp, 0x0ca11e55)
	duration, end := min(n+1, 6)*160, byte(10)
	if n >= 5 {
		end |= 0x80
	}
	return append(rtp, event, end, byte(duration>>8), byte(duration))
}

// keyFrame is one packet of a key in UDP, IPv4 and Ethernet.
func keyFrame(event byte, sequence uint16, timestamp uint32, n int) []byte {
	rtp := keyPacket(event, sequence, timestamp, n)
	udp := []byte{0x40, 0, 0x50, 0, 0, byte(8 + len(rtp)), 0, 0}
	ip := []byte{0x45, 0, 0, byte(28 + len(rtp)), 0, 0, 0, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1}
	frame := append(make([]byte, 12), 0x08, 0x00)
	return append(append(append(frame, ip...), udp...), rtp...)
}
