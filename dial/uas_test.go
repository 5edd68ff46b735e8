package dial

import (
	"context"
	"log/slog"
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"careline/media"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/pion/rtp"
)

// farSide is the other telephone of these tests: it answers as told, plays a
// sound and notes what it is sent.
type farSide struct {
	t         *testing.T
	address   string
	transport string
	socket    *net.UDPConn
	play      []int16
	work      sync.WaitGroup

	mu        sync.Mutex
	busy      int // INVITEs being handled
	keys      string
	heard     []int16
	sequences []uint16
	cancelled chan struct{}
	acked     chan struct{}
	byes      chan struct{}
}

type farBehaviour func(far *farSide, session *sipgo.DialogServerSession, request *sip.Request)

func newFarSide(t *testing.T, transport string, behave farBehaviour, play ...int16) *farSide {
	t.Helper()
	quiet := slog.New(slog.DiscardHandler)
	agent, err := sipgo.NewUA(sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	must(t, err)
	client, err := sipgo.NewClient(agent, sipgo.WithClientLogger(quiet), sipgo.WithClientHostname("127.0.0.1"))
	must(t, err)
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(quiet))
	must(t, err)
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	must(t, err)
	far := &farSide{t: t, transport: transport, socket: socket, play: play, cancelled: make(chan struct{}), acked: make(chan struct{}, 8), byes: make(chan struct{}, 8)}
	var stop func() error
	var serve func()
	if transport == "tcp" {
		listener, err := net.Listen("tcp4", "127.0.0.1:0")
		must(t, err)
		far.address, stop = listener.Addr().String(), listener.Close
		serve = func() { _ = server.ServeTCP(listener) }
	} else {
		packets, err := net.ListenPacket("udp4", "127.0.0.1:0")
		must(t, err)
		far.address, stop = packets.LocalAddr().String(), packets.Close
		serve = func() { _ = server.ServeUDP(packets) }
	}
	dialogs := sipgo.DialogUA{Client: client, ContactHDR: sip.ContactHeader{Address: farContact(far.address, transport)}}
	var session *sipgo.DialogServerSession
	var sessionLock sync.Mutex
	server.OnInvite(func(request *sip.Request, tx sip.ServerTransaction) {
		s, err := dialogs.ReadInvite(request, tx)
		if err != nil {
			return
		}
		tx.OnCancel(func(*sip.Request) { close(far.cancelled) })
		sessionLock.Lock()
		session = s
		sessionLock.Unlock()
		far.count(1)
		defer far.count(-1)
		behave(far, s, request)
		select {
		case <-far.cancelled: // the 487 has an ACK too
			select {
			case <-tx.Acks():
			case <-tx.Done():
			}
		default:
		}
	})
	current := func() *sipgo.DialogServerSession { sessionLock.Lock(); defer sessionLock.Unlock(); return session }
	server.OnAck(func(request *sip.Request, tx sip.ServerTransaction) {
		_ = current().ReadAck(request, tx)
		far.acked <- struct{}{}
	})
	server.OnBye(func(request *sip.Request, tx sip.ServerTransaction) {
		_ = current().ReadBye(request, tx)
		far.byes <- struct{}{}
	})
	far.work.Go(serve)
	far.work.Go(far.listen)
	t.Cleanup(func() {
		far.settle()
		_ = socket.Close()
		_ = stop()
		_ = agent.Close()
		far.work.Wait()
	})
	return far
}

func (far *farSide) count(by int) {
	far.mu.Lock()
	defer far.mu.Unlock()
	far.busy += by
}

// settle waits until each INVITE has had its ACK: one that comes after the end
// would open a connection anew.
func (far *farSide) settle() {
	for deadline := time.Now().Add(5 * time.Second); time.Now().Before(deadline); <-time.After(media.FrameDuration) {
		far.mu.Lock()
		busy := far.busy
		far.mu.Unlock()
		if busy == 0 {
			return
		}
	}
	far.t.Error("the far side is still busy with an INVITE")
}

func farContact(address, transport string) sip.Uri {
	where := netip.MustParseAddrPort(address)
	uri := sip.Uri{Scheme: "sip", User: "far", Host: where.Addr().String(), Port: int(where.Port()), UriParams: sip.NewParams()}
	uri.UriParams.Add("transport", transport)
	return uri
}

func (far *farSide) target() string {
	return "sip:5550100@" + far.address + ";transport=" + far.transport
}

// answer sends 180 and 200, then plays.
func (far *farSide) answer(session *sipgo.DialogServerSession, request *sip.Request) {
	_ = session.Respond(sip.StatusRinging, "Ringing", nil)
	remote, err := readAnswer(request.Body())
	if err != nil {
		far.t.Errorf("the caller's offer can't be read: %v", err)
		return
	}
	local := far.socket.LocalAddr().(*net.UDPAddr).AddrPort()
	// Returns with the ACK: what is played before, a slow caller doesn't hear.
	if session.RespondSDP(writeSDP(ourSide(local, []media.Codec{remote.Formats[0].Codec}), 1, 1)) == nil {
		far.work.Go(func() { far.send(remote) })
	}
}

// send plays in real time until the sound or the socket ends.
func (far *farSide) send(remote media.Description) {
	codec, begin := remote.Formats[0], time.Now()
	for i := 0; i+media.FrameSamples <= len(far.play); i += media.FrameSamples {
		// By the clock, not by ticks: a busy machine drops ticks.
		<-time.After(time.Until(begin.Add(time.Duration(i) * time.Second / media.SampleRate)))
		packet := rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: codec.PayloadType, SSRC: 7,
			SequenceNumber: uint16(i / media.FrameSamples), Timestamp: uint32(i)},
			Payload: encode(codec.Codec, far.play[i:i+media.FrameSamples])}
		raw, _ := packet.Marshal()
		if _, err := far.socket.WriteToUDPAddrPort(raw, remote.Address); err != nil {
			return
		}
	}
}

func (far *farSide) listen() {
	var detector media.DigitDetector
	buffer := make([]byte, 2048)
	for {
		n, err := far.socket.Read(buffer)
		if err != nil {
			return
		}
		var packet rtp.Packet
		if packet.Unmarshal(buffer[:n]) != nil {
			continue
		}
		far.mu.Lock()
		far.sequences = append(far.sequences, packet.SequenceNumber)
		if packet.PayloadType == digitPayloadType {
			if digit, ok := detector.Packet(packet.SSRC, packet.Timestamp, packet.Payload); ok {
				far.keys += string(rune(digit.Key()))
			}
		} else {
			far.heard = append(far.heard, decode(media.PCMU, packet.Payload)...)
		}
		far.mu.Unlock()
	}
}

func (far *farSide) noted() (keys string, heard []int16, sequences []uint16) {
	far.mu.Lock()
	defer far.mu.Unlock()
	return far.keys, append([]int16(nil), far.heard...), append([]uint16(nil), far.sequences...)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func within(t *testing.T, what string, happened <-chan struct{}) {
	t.Helper()
	select {
	case <-happened:
	case <-time.After(5 * time.Second):
		t.Fatalf("waited 5 s in vain for %s", what)
	}
}

func shortly(t *testing.T) context.Context {
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(stop)
	return ctx
}

func script(t *testing.T, text string) []Step {
	t.Helper()
	steps, err := ParseScript(text)
	if err != nil {
		t.Fatalf("script %s: %v", strings.TrimSpace(text), err)
	}
	return steps
}
