package e2e

import (
	"fmt"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
	"unsafe"

	"github.com/pion/rtp"
	"golang.org/x/sys/unix"

	"careline/media"
	"careline/media/signal"
)

// handset is a caller whose sound the test holds itself, while SIPp signals for it:
// when each packet came is known to the microsecond, and when a key was pressed.
type handset struct {
	*sipp
	socket *net.UDPConn
	hears  sync.WaitGroup

	mu       sync.Mutex
	from     net.Addr // where the server's sound comes from, once it does
	frames   []frame
	sequence uint16
}

// frame is 20 ms of sound that came.
type frame struct {
	at      time.Time // by the kernel's clock
	samples []int16
}

// handset calls 5550100. The call lasts until the server hangs up.
func (s *server) handset(t *testing.T) *handset {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var stamped error
	if err := raw.Control(func(fd uintptr) {
		stamped = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_TIMESTAMPNS, 1)
	}); err != nil || stamped != nil {
		t.Fatal(err, stamped)
	}
	h := &handset{socket: socket, sequence: 100}
	h.hears.Go(h.hear)
	t.Cleanup(func() { socket.Close(); h.hears.Wait() })
	port := socket.LocalAddr().(*net.UDPAddr).Port
	h.sipp = s.play(t, "handset.xml", 1, 1, 0, map[string][]byte{}, "-key", "ear", fmt.Sprint(port))
	eventually(t, 10*time.Second, "the caller hears something", func() bool { return len(h.heard()) > 0 })
	return h
}

// hear keeps what comes until the socket is closed.
func (h *handset) hear() {
	body, aside := make([]byte, 2048), make([]byte, 128)
	for {
		n, beside, _, from, err := h.socket.ReadMsgUDP(body, aside)
		if err != nil {
			return
		}
		var packet rtp.Packet
		if packet.Unmarshal(body[:n]) != nil || packet.PayloadType != 0 {
			continue
		}
		one := frame{at: arrival(aside[:beside]), samples: make([]int16, len(packet.Payload))}
		media.PCMU.Decode(one.samples, packet.Payload)
		h.mu.Lock()
		h.from, h.frames = from, append(h.frames, one)
		h.mu.Unlock()
	}
}

// arrival is when the kernel took a packet in: a busy test may read it later.
func arrival(aside []byte) time.Time {
	messages, err := unix.ParseSocketControlMessage(aside)
	for _, message := range messages {
		if err == nil && message.Header.Type == unix.SCM_TIMESTAMPNS && len(message.Data) >= int(unsafe.Sizeof(unix.Timespec{})) {
			return time.Unix((*unix.Timespec)(unsafe.Pointer(&message.Data[0])).Unix())
		}
	}
	return time.Now()
}

// heard is all that has come so far.
func (h *handset) heard() []frame {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.frames[:len(h.frames):len(h.frames)]
}

// sound is what was heard, one frame after the other.
func (h *handset) sound() (all []int16) {
	for _, one := range h.heard() {
		all = append(all, one.samples...)
	}
	return all
}

// press sends a key's packets (RFC 4733) and says when the first one left.
func (h *handset) press(key rune) (pressed time.Time) {
	h.t.Helper()
	h.mu.Lock()
	to, sequence := h.from, h.sequence
	h.sequence += keyPackets
	h.mu.Unlock()
	event := byte(strings.IndexRune("0123456789*#ABCD", key))
	pressed = time.Now()
	for n := range keyPackets {
		if n > 0 {
			<-time.After(time.Until(pressed.Add(time.Duration(n) * media.FrameDuration)))
		}
		if _, err := h.socket.WriteTo(keyPacket(event, sequence+uint16(n), uint32(sequence)*1000, n), to); err != nil {
			h.t.Fatalf("the key can't be sent: %v", err)
		}
	}
	return pressed
}

// sounding gives the frames between two moments in which a tone is heard.
func (h *handset) sounding(hz float64, from, to time.Time) (all []frame) {
	for _, one := range h.heard() {
		if !one.at.Before(from) && !one.at.After(to) && signal.Goertzel(one.samples, hz) > 0.02 {
			all = append(all, one)
		}
	}
	return all
}
