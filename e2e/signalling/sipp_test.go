package signalling

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"careline/sip"
)

const (
	scenarios = "../../testdata/sipp"
	// sippPatience is how long SIPp waits for a message, and silentPatience for
	// a whole scenario, before it fails.
	sippPatience = 12 * time.Second
	sippLimit    = 30 * time.Second
)

// sipp is one run of a scenario, of one call.
type sipp struct {
	t       *testing.T
	file    string
	dir     string
	address netip.AddrPort // where it listens
	next    netip.AddrPort // where calls to it go
	network string
	process *exec.Cmd
	output  bytes.Buffer
	exited  chan struct{}
	err     error
	judged  bool
}

// played says how SIPp is to play a scenario.
type played struct {
	network string         // udp if empty
	host    string         // its own address; 127.0.0.1 if empty
	through netip.AddrPort // what SIPp calls in our place
	at      netip.AddrPort // where it listens; a free port if unset
	more    []string       // further arguments
	keys    map[string]string
}

// calledBy lets SIPp call us, by way of the proxies where there are some.
func (s *stage) calledBy(file string, how played) *sipp {
	s.t.Helper()
	how.fill()
	to := s.address(how.network)
	switch {
	case how.through.IsValid():
		to = how.through
	case s.between != nil:
		to = s.between.outer
	}
	return start(s.t, file, how, append([]string{to.String(), "-s", "5550100"}, how.more...))
}

// callee lets SIPp wait for a call of ours, which goes where hop says.
func (s *stage) callee(file string, how played) *sipp {
	s.t.Helper()
	how.fill()
	if s.between != nil {
		how.at = s.between.phone
	}
	p := start(s.t, file, how, how.more)
	if p.next = p.address; s.between != nil {
		p.next = s.between.inner
	}
	until(s.t, "SIPp to listen", func() bool { return p.over() || listening(s.t, how.network, p.address.Port()) })
	return p
}

func (p *played) fill() {
	if p.network == "" {
		p.network = "udp"
	}
	if p.host == "" {
		p.host = "127.0.0.1"
	}
}

func start(t *testing.T, file string, how played, arguments []string) *sipp {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(scenarios, file+".xml"))
	must(t, err)
	p := &sipp{t: t, file: file, dir: t.TempDir(), network: how.network, exited: make(chan struct{})}
	if p.address = how.at; !p.address.IsValid() {
		p.address = freePort(t, how.host)
	}
	transport := map[string]string{"udp": "u1", "tcp": "t1"}[how.network]
	arguments = append(arguments, "-sf", path, "-i", how.host, "-p", strconv.Itoa(int(p.address.Port())), "-t", transport,
		"-mp", strconv.Itoa(int(freePort(t, how.host).Port())&^3), "-m", "1", "-nostdin",
		"-recv_timeout", strconv.Itoa(int(sippPatience.Milliseconds())), "-timeout", fmt.Sprintf("%.0fs", sippLimit.Seconds()), "-timeout_error",
		"-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors")
	for name, value := range how.keys {
		arguments = append(arguments, "-key", name, value)
	}
	p.process = exec.Command("sipp", arguments...)
	p.process.Dir = p.dir
	p.process.Stdout, p.process.Stderr = &p.output, &p.output
	must(t, p.process.Start())
	go func() { p.err = p.process.Wait(); close(p.exited) }()
	t.Cleanup(func() {
		if t.Failed() && !p.judged {
			t.Logf("%s stood at:\n%s", p.file, p.story())
		}
		_ = p.process.Process.Kill()
		<-p.exited
	})
	return p
}

func (p *sipp) over() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// hop is where our call to it goes first.
func (p *sipp) hop() sip.Hop { return sip.Hop{Network: p.network, Address: p.next} }

// acked waits until our ACK has come to SIPp: what we send after it may overtake
// it on the way.
func (p *sipp) acked() {
	p.t.Helper()
	until(p.t, "the ACK", func() bool { return len(p.times("ACK ")) > 0 })
}

// done waits until the scenario is over; it must have gone to its end.
func (p *sipp) done() {
	p.t.Helper()
	select {
	case <-p.exited:
	case <-time.After(sippLimit + 5*time.Second):
		p.t.Fatalf("SIPp did not end %s", p.file)
	}
	p.judged = true
	if p.err != nil {
		p.t.Fatalf("%s: %v\n%s", p.file, p.err, p.story())
	}
}

// story is all that was said, and what SIPp found wrong with it.
func (p *sipp) story() string {
	read := func(name string) string {
		text, _ := os.ReadFile(filepath.Join(p.dir, name))
		return string(text)
	}
	messages, errors := read("messages"), read("errors")
	if messages == "" && errors == "" && p.over() {
		return p.output.String() // it never began
	}
	return messages + "\n" + errors
}

// message is one that SIPp sent or received.
type message struct {
	at   time.Time
	sent bool
	text string
}

// messages are those of the scenario so far, as SIPp traced them.
func (p *sipp) messages() []message {
	p.t.Helper()
	text, err := os.ReadFile(filepath.Join(p.dir, "messages"))
	must(p.t, err)
	var all []message
	for _, one := range strings.Split(string(text), "-----------------------------------------------") {
		head, body, found := strings.Cut(strings.TrimSpace(one), "\n\n")
		if !found {
			continue
		}
		date, what, _ := strings.Cut(head, "\n")
		at, err := time.Parse("2006-01-02 15:04:05.999999", strings.TrimSpace(date))
		must(p.t, err)
		all = append(all, message{at: at, sent: strings.Contains(what, " sent"), text: body})
	}
	return all
}

// times are when messages came that begin with this.
func (p *sipp) times(start string) []time.Time {
	p.t.Helper()
	var all []time.Time
	for _, one := range p.messages() {
		if !one.sent && strings.HasPrefix(one.text, start) {
			all = append(all, one.at)
		}
	}
	return all
}

// freePort is a port that nothing uses over UDP or TCP, below those that the
// kernel hands out by itself, so that nobody takes it meanwhile.
func freePort(t *testing.T, host string) netip.AddrPort {
	t.Helper()
	for range 50 {
		address := netip.AddrPortFrom(netip.MustParseAddr(host), uint16(10000+4*rand.N(5000)))
		stream, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(address))
		if err != nil {
			continue
		}
		packet, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(address))
		_ = stream.Close()
		if err == nil {
			_ = packet.Close()
			return address
		}
	}
	t.Fatal("no port is free")
	return netip.AddrPort{}
}

// listening reports whether somebody has a port, without touching it.
func listening(t *testing.T, network string, port uint16) bool {
	t.Helper()
	state := map[string]string{"udp": "07", "tcp": "0A"}[network] // the kernel's numbers for bound and listening
	for _, family := range []string{"", "6"} {
		table, err := os.ReadFile("/proc/net/" + network + family)
		if err != nil {
			continue
		}
		for _, line := range strings.Split(string(table), "\n") {
			fields := strings.Fields(line)
			if len(fields) > 3 && strings.HasSuffix(fields[1], fmt.Sprintf(":%04X", port)) && fields[3] == state {
				return true
			}
		}
	}
	return false
}
