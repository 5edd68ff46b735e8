package main

import (
	"context"
	"encoding/binary"
	"errors"
	"net/netip"
	"slices"
	"sync"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

const (
	frame       = 20 * time.Millisecond
	frameBytes  = 160 // of G.711
	rtpHeader   = 12
	longest     = 400 // of a payload
	phases      = 20  // groups of streams within a frame, one each millisecond
	phaseLength = frame / phases
	farSockets  = 8
	// stampMark stands before the time of sending at the start of a payload, so
	// that one who gets it back knows how long it was under way.
	stampMark = 0x5C3A96E1
)

// timing says what a case's lateness is measured against.
type timing uint8

const (
	// byGrid: against the stream's own 20 ms, its earliest packet being in time.
	byGrid timing = iota
	// byStamp: against the time at which the load sent the same payload.
	byStamp
)

// stream is the far side of one RTP leg.
type stream struct {
	packet    [rtpHeader + longest]byte
	coding    *coding
	frame     int // of the coding's, that is next
	name      unix.RawSockaddrInet4
	part      unix.Iovec
	sequence  uint16
	timestamp uint32

	heard
}

// callers are the far sides of many RTP legs, on a few sockets; who sends is told
// by the leg's port. One goroutine reads and writes, each millisecond.
type callers struct {
	sockets []*batchSocket
	browser *browsers // of the same load, paced along; may be nil
	log     func(error)

	mu      sync.Mutex // held for one round
	streams []*stream
	byPort  [1 << 16]*stream
	groups  [phases][farSockets][]mmsghdr
	grouped [phases][]*stream
	timing  timing
	sending bool
	sent    uint64
	delays  []int64 // ns, byStamp
	strange uint64
}

func newCallers(address netip.Addr) (*callers, error) {
	c := &callers{log: func(error) {}}
	for range farSockets {
		socket, err := newBatchSocket(address)
		if err != nil {
			c.close()
			return nil, err
		}
		c.sockets = append(c.sockets, socket)
	}
	return c, nil
}

func (c *callers) close() {
	for _, socket := range c.sockets {
		socket.close()
	}
}

// addresses are where the server sends to: leg i to the i-th, over and over.
func (c *callers) addresses() []netip.AddrPort {
	var all []netip.AddrPort
	for _, socket := range c.sockets {
		all = append(all, socket.address)
	}
	return all
}

// begin sends to the legs at the ports from now on, over and over in the codings.
func (c *callers) begin(server netip.Addr, ports []uint16, codings []*coding, timing timing) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.timing, c.sending = timing, true
	for i, port := range ports {
		s := &stream{sequence: 1, timestamp: uint32(i) * 7919, coding: codings[i%len(codings)]}
		s.name = unix.RawSockaddrInet4{Family: unix.AF_INET, Port: networkPort(port), Addr: server.As4()}
		s.part.Base = &s.packet[0]
		s.packet[0], s.packet[1] = 2<<6, s.coding.payloadType
		binary.BigEndian.PutUint32(s.packet[8:], uint32(i)+1)
		phase := i / farSockets % phases
		c.groups[phase][i%farSockets] = append(c.groups[phase][i%farSockets], mmsghdr{header: unix.Msghdr{
			Name: (*byte)(unsafe.Pointer(&s.name)), Namelen: unix.SizeofSockaddrInet4, Iov: &s.part, Iovlen: 1}})
		c.grouped[phase] = append(c.grouped[phase], s)
		c.streams = append(c.streams, s)
		c.byPort[port] = s
	}
}

// run reads and sends until ctx is done.
func (c *callers) run(ctx context.Context) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	due := time.Now()
	for phase := 0; ; phase = (phase + 1) % phases {
		if wait := time.Until(due); wait > 0 {
			timer.Reset(wait)
			select {
			case <-ctx.Done():
				return nil
			case <-timer.C:
			}
		} else if ctx.Err() != nil {
			return nil
		}
		if err := c.round(phase); err != nil {
			return err
		}
		due = due.Add(phaseLength)
	}
}

func (c *callers) round(phase int) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, socket := range c.sockets {
		if err := socket.receive(c.take); err != nil {
			return err
		}
	}
	if !c.sending {
		return nil
	}
	if c.browser != nil {
		c.browser.send(phase)
	}
	for _, s := range c.grouped[phase] {
		s.next()
	}
	for i, messages := range c.groups[phase] {
		n, err := c.sockets[i].send(messages)
		if err != nil {
			return err
		}
		c.sent += uint64(n)
	}
	return nil
}

// next makes the stream's next packet.
func (s *stream) next() {
	binary.BigEndian.PutUint16(s.packet[2:], s.sequence)
	binary.BigEndian.PutUint32(s.packet[4:], s.timestamp)
	size := copy(s.packet[rtpHeader:], s.coding.frames[s.frame])
	s.part.SetLen(rtpHeader + size)
	if s.coding.stamped {
		putStamp(s.packet[rtpHeader:])
	}
	s.frame = (s.frame + 1) % len(s.coding.frames)
	s.sequence++
	s.timestamp += s.coding.ticks
}

func putStamp(payload []byte) {
	binary.BigEndian.PutUint32(payload, stampMark)
	binary.BigEndian.PutUint64(payload[4:], uint64(time.Now().UnixNano()))
}

// sinceStamp is how long before at a payload was sent; ok is false if it isn't of
// the load's own.
func sinceStamp(payload []byte, at int64) (delay int64, ok bool) {
	if len(payload) < 12 || binary.BigEndian.Uint32(payload) != stampMark {
		return 0, false
	}
	return at - int64(binary.BigEndian.Uint64(payload[4:])), true
}

// take notes one received datagram.
func (c *callers) take(port uint16, at int64, raw []byte) {
	s := c.byPort[port]
	if s == nil || len(raw) < rtpHeader || raw[0] != 2<<6 {
		c.strange++
		return
	}
	s.note(binary.BigEndian.Uint16(raw[2:]), binary.BigEndian.Uint32(raw[4:]), at, s.coding.ticks, c.timing == byGrid)
	if c.timing != byStamp {
		return
	}
	if delay, ok := sinceStamp(raw[rtpHeader:], at); ok {
		c.delays = append(c.delays, delay)
	}
}

// mark forgets what was received and measured so far.
func (c *callers) mark() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.delays = slices.Grow(c.delays[:0], len(c.streams)*50*10)
	for _, s := range c.streams {
		s.heard.mark()
	}
	if c.browser != nil {
		c.browser.mark()
	}
}

// stop sends no more.
func (c *callers) stop() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sending = false
}

// result sums up what came since mark.
func (c *callers) result() (Heard, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []*heard
	for _, s := range c.streams {
		all = append(all, &s.heard)
	}
	delays := c.delays
	if c.browser != nil {
		more, late := c.browser.heard()
		all, delays = append(all, more...), append(delays, late...)
	}
	result := Heard{Streams: len(all), Sent: c.sent}
	for _, one := range all {
		result.Received += one.received
		result.Lost += one.lost()
		if one.received == 0 {
			result.Deaf++
		}
		if c.timing == byGrid {
			delays = append(delays, one.lateness()...)
		}
	}
	if len(delays) == 0 {
		return result, errors.New("nothing was heard that could be timed")
	}
	slices.Sort(delays)
	at := func(share float64) time.Duration { return time.Duration(delays[int(share*float64(len(delays)-1))]) }
	result.LateP50, result.LateP99, result.LateMax = at(0.5), at(0.99), at(1)
	return result, nil
}
