package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	// resending is when an INVITE that nothing came back for is sent again, and how
	// often at most.
	resending  = time.Second
	maxResends = 5
	hangingUp  = 5 * time.Second
)

// sipCallers call by SIP over one UDP socket, as a trunk does. They know what a
// far side needs that nothing is lost to: INVITE, ACK, BYE.
type sipCallers struct {
	conn    *net.UDPConn
	server  netip.AddrPort
	number  string
	far     []netip.AddrPort
	work    sync.WaitGroup
	changed chan struct{} // somebody answered or hung up

	mu       sync.Mutex
	calls    []*sipCall
	answered int
	ended    int
	problem  error
}

type sipCall struct {
	invite  []byte
	sent    time.Time
	resends int
	to      string // with the far side's tag
	contact string
	port    uint16 // of its RTP
	ended   bool
}

func newSIPCallers(server netip.AddrPort, number string, far []netip.AddrPort) (*sipCallers, error) {
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.AddrPortFrom(loopback, 0)))
	if err != nil {
		return nil, err
	}
	_ = conn.SetReadBuffer(queue) // the system may give less
	s := &sipCallers{conn: conn, server: server, number: number, far: far, changed: make(chan struct{}, 1)}
	s.work.Go(s.listen)
	return s, nil
}

func (s *sipCallers) close() {
	_ = s.conn.Close()
	s.work.Wait()
}

// place calls so many times, rate a second, and returns the ports of the far
// side's RTP once all have answered.
func (s *sipCallers) place(calls, rate int) ([]uint16, error) {
	tick := time.NewTicker(time.Second / time.Duration(rate))
	defer tick.Stop()
	limit := time.NewTimer(time.Duration(calls)*time.Second/time.Duration(rate) + maxResends*resending)
	defer limit.Stop()
	for {
		select {
		case <-tick.C:
			if err := s.step(calls); err != nil {
				return nil, err
			}
		case <-s.changed:
		case <-limit.C:
			return nil, fmt.Errorf("%d of %d calls were answered", s.count(), calls)
		}
		if ports, err := s.ports(calls); ports != nil || err != nil {
			return ports, err
		}
	}
}

// step places the next call, or sends an INVITE again.
func (s *sipCallers) step(calls int) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	if len(s.calls) < calls {
		call := &sipCall{invite: s.invite(len(s.calls)), sent: now}
		s.calls = append(s.calls, call)
		return s.send(call.invite)
	}
	for _, call := range s.calls {
		if call.port == 0 && now.Sub(call.sent) > resending && call.resends < maxResends {
			call.sent = now
			call.resends++
			return s.send(call.invite)
		}
	}
	return nil
}

func (s *sipCallers) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.answered
}

func (s *sipCallers) ports(calls int) ([]uint16, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.problem != nil || s.answered < calls {
		return nil, s.problem
	}
	var ports []uint16
	for _, call := range s.calls {
		ports = append(ports, call.port)
	}
	return ports, nil
}

// hangUp ends all calls, and waits for it.
func (s *sipCallers) hangUp() error {
	s.mu.Lock()
	for i, call := range s.calls {
		if err := s.send(s.request("BYE", 2, i, call.to, call.contact, "")); err != nil {
			s.mu.Unlock()
			return err
		}
	}
	calls := len(s.calls)
	s.mu.Unlock()
	limit := time.NewTimer(hangingUp)
	defer limit.Stop()
	for {
		s.mu.Lock()
		ended := s.ended
		s.mu.Unlock()
		if ended == calls {
			return nil
		}
		select {
		case <-s.changed:
		case <-limit.C:
			return fmt.Errorf("%d of %d calls were hung up", ended, calls)
		}
	}
}

func (s *sipCallers) invite(i int) []byte {
	far := s.far[i%len(s.far)]
	sdp := fmt.Sprintf("v=0\r\no=caller 1 1 IN IP4 %[1]s\r\ns=-\r\nc=IN IP4 %[1]s\r\nt=0 0\r\nm=audio %[2]d RTP/AVP 0 101\r\n"+
		"a=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=sendrecv\r\n", far.Addr(), far.Port())
	target := fmt.Sprintf("sip:%s@%s", s.number, s.server)
	return s.request("INVITE", 1, i, "<"+target+">", target, sdp)
}

// request writes a request of the i-th call.
func (s *sipCallers) request(method string, sequence, i int, to, target, sdp string) []byte {
	var b bytes.Buffer
	local := s.conn.LocalAddr()
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK-%d-%s-%d\r\n", method, target, local, i, method, sequence)
	fmt.Fprintf(&b, "From: <sip:5550199@%s>;tag=%d\r\nTo: %s\r\nCall-ID: %d.%d@bench\r\nCSeq: %d %s\r\n", local, i, to, i, os.Getpid(), sequence, method)
	fmt.Fprintf(&b, "Contact: <sip:5550199@%s>\r\nMax-Forwards: 70\r\n", local)
	if sdp != "" {
		b.WriteString("Content-Type: application/sdp\r\n")
	}
	fmt.Fprintf(&b, "Content-Length: %d\r\n\r\n%s", len(sdp), sdp)
	return b.Bytes()
}

func (s *sipCallers) send(message []byte) error {
	_, err := s.conn.WriteToUDPAddrPort(message, s.server)
	return err
}

func (s *sipCallers) listen() {
	buffer := make([]byte, 64<<10)
	for {
		n, err := s.conn.Read(buffer)
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			continue // an ICMP answer
		}
		s.mu.Lock()
		if err := s.take(string(buffer[:n])); err != nil && s.problem == nil {
			s.problem = err
		}
		s.mu.Unlock()
		select {
		case s.changed <- struct{}{}:
		default:
		}
	}
}

// take reads one message; s.mu is held.
func (s *sipCallers) take(message string) error {
	first, _, _ := strings.Cut(message, "\r\n")
	status, isReply := strings.CutPrefix(first, "SIP/2.0 ")
	if !isReply {
		return fmt.Errorf("the server sent %q", first)
	}
	id, _, _ := strings.Cut(header(message, "Call-ID"), ".")
	i, err := strconv.Atoi(id)
	if err != nil || i < 0 || i >= len(s.calls) {
		return fmt.Errorf("a reply to no call of ours: %q", first)
	}
	call := s.calls[i]
	switch {
	case status < "2":
		call.sent = time.Now().Add(maxResends * resending) // it has come; nothing to send again
		return nil
	case status >= "3":
		return fmt.Errorf("call %d was answered by %q", i, first)
	case strings.HasSuffix(header(message, "CSeq"), "BYE"):
		if !call.ended {
			call.ended = true
			s.ended++
		}
		return nil
	}
	return s.answer(i, call, message)
}

// answer takes a 200 to INVITE; s.mu is held.
func (s *sipCallers) answer(i int, call *sipCall, message string) error {
	call.to = header(message, "To")
	call.contact = strings.Trim(header(message, "Contact"), "<>")
	if call.port == 0 {
		_, media, _ := strings.Cut(message, "\r\nm=audio ")
		port, _, _ := strings.Cut(media, " ")
		n, err := strconv.ParseUint(port, 10, 16)
		if err != nil || n == 0 {
			return fmt.Errorf("call %d: no port of sound in the answer", i)
		}
		call.port = uint16(n)
		s.answered++
	}
	return s.send(s.request("ACK", 1, i, call.to, call.contact, ""))
}

// header is a header's value; "" if there is none.
func header(message, name string) string {
	for line := range strings.Lines(message) {
		if key, value, ok := strings.Cut(line, ":"); ok && strings.EqualFold(key, name) {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
