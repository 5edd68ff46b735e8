package e2e

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"careline/ledger"
	"careline/media"
	"careline/media/rtcp"
	"careline/media/signal"
)

// voice is the sound of a telephone of the test's own, beside SIPp's signalling: it can
// be deaf or mute, and reports every two seconds.
type voice struct {
	conn *net.UDPConn
	done sync.WaitGroup
	ends chan struct{}

	mu         sync.Mutex
	deaf, mute bool
	to         netip.AddrPort // whom it hears
	heard      rtcp.Received
}

func newVoice(t *testing.T) *voice {
	t.Helper()
	conn, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	v := &voice{conn: conn, ends: make(chan struct{})}
	v.done.Go(v.listen)
	v.done.Go(v.speak)
	t.Cleanup(func() {
		close(v.ends)
		conn.Close()
		v.done.Wait()
	})
	return v
}

func (v *voice) is(deaf, mute bool) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.deaf, v.mute = deaf, mute
}

// listen notes what comes, unless the telephone is deaf: then it only learns where its
// sound is to go.
func (v *voice) listen() {
	raw := make([]byte, 1500)
	for {
		n, from, err := v.conn.ReadFromUDPAddrPort(raw)
		if err != nil {
			return
		}
		if n < 12 || rtcp.Is(raw[:n]) {
			continue
		}
		v.mu.Lock()
		v.to = from
		if !v.deaf {
			source, sequence := binary.BigEndian.Uint32(raw[8:]), uint32(binary.BigEndian.Uint16(raw[2:]))
			if h := &v.heard; h.Source != source {
				*h = rtcp.Received{Source: source, Highest: sequence, Expected: 1}
			} else if step := int16(uint16(sequence) - uint16(h.Highest)); step > 0 {
				h.Highest, h.Expected = h.Highest+uint32(step), h.Expected+uint64(step)
			}
			v.heard.Packets++
		}
		v.mu.Unlock()
	}
}

// speak sends the callers' tone, or zeros while the telephone is mute, and reports.
func (v *voice) speak() {
	const source = 0x5550199
	said := make([]byte, signal.SampleRate)
	media.PCMU.Encode(said, signal.Tone(callerTone, 1))
	var session rtcp.Session
	name, sent := rtcp.NewName([16]byte{1}), rtcp.Sent{Source: source}
	beat := time.NewTicker(20 * time.Millisecond)
	defer beat.Stop()
	for frame := 0; ; frame++ {
		select {
		case <-v.ends:
			return
		case <-beat.C:
		}
		v.mu.Lock()
		to, mute, heard := v.to, v.mute, v.heard
		v.mu.Unlock()
		if !to.IsValid() {
			continue
		}
		raw := binary.BigEndian.AppendUint16([]byte{0x80, 0}, uint16(frame))
		raw = binary.BigEndian.AppendUint32(binary.BigEndian.AppendUint32(raw, uint32(frame*160)), source)
		if mute {
			raw = append(raw, bytes.Repeat([]byte{0xFF}, 160)...)
		} else {
			raw = append(raw, said[frame%50*160:][:160]...)
		}
		_, _ = v.conn.WriteToUDPAddrPort(raw, to)
		sent.Packets++
		if frame%100 == 99 {
			_, _ = v.conn.WriteToUDPAddrPort(session.Append(nil, name, time.Now(), sent, heard), to)
		}
	}
}

// TestAgentSeesWhoHearsNobody: our sound never reaches a telephone, as behind a firewall;
// then its microphone is dead, too. The page says each in words within 5 s.
func TestAgentSeesWhoHearsNobody(t *testing.T) {
	t.Parallel()
	server := start(t,
		[3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550181\": {name: Services, flow: services-at-once}\n"},
		straight("services-at-once", "member_services", "benefits"))
	maria := server.signIn(t, "maria")
	phone := newVoice(t)
	phone.is(true, false)
	call := server.play(t, "sound-elsewhere.xml", 1, 1, time.Minute, map[string][]byte{},
		"-key", "line", "5550181", "-key", "sound", fmt.Sprint(phone.conn.LocalAddr().(*net.UDPAddr).Port))
	maria.accept()
	says := func(deaf, mute bool, want string) {
		t.Helper()
		began := time.Now()
		phone.is(deaf, mute)
		eventually(t, 8*time.Second, fmt.Sprintf("the page says %q", want), func() bool {
			text, _ := maria.sign()
			return text == want && maria.text("#state-detail", "textContent") == want
		})
		took := time.Since(began)
		t.Logf("%q after %v", want, took)
		if took > 5*time.Second {
			t.Errorf("the page says %q after %v", want, took)
		}
	}
	says(true, false, "They may not hear you")
	says(true, true, "You may not hear each other")
	maria.click("hang-up")
	call.wait()
	maria.finish()
	record, _ := server.record()
	for _, side := range record.Sound {
		if side.Leg == ledger.SoundCaller && (side.Received.OneWaySeconds < 3 || side.Sent.OneWaySeconds < 3) {
			t.Errorf("the record has %+v", side)
		}
		if side.Leg == ledger.SoundAgent && side.Received.OneWaySeconds+side.Sent.OneWaySeconds > 0 {
			t.Errorf("maria hears and is heard, and the record has %+v", side)
		}
	}
}

// aside lets the browser send to a port of the test's instead of the server's.
const aside = `(() => { const set = RTCPeerConnection.prototype.setRemoteDescription;
	RTCPeerConnection.prototype.setRemoteDescription = function (d) {
		return set.call(this, { type: d.type, sdp: d.sdp.replace(/(udp \d+ 127\.0\.0\.1) \d+/gi, "$1 %d") }); }; })()`

// network is what lies between one browser and the server. Once it is cut no sound comes
// to the browser; all else gets through.
type network struct {
	front, back *net.UDPConn
	done        sync.WaitGroup
	browser     atomic.Pointer[netip.AddrPort]
	cut         atomic.Bool
}

func newNetwork(t *testing.T, server string) *network {
	t.Helper()
	front, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	back, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(netip.MustParseAddrPort(server)))
	if err != nil {
		t.Fatal(err)
	}
	n := &network{front: front, back: back}
	n.done.Go(func() {
		raw := make([]byte, 1500)
		for {
			size, from, err := front.ReadFromUDPAddrPort(raw)
			if err != nil {
				return
			}
			n.browser.Store(&from)
			_, _ = back.Write(raw[:size])
		}
	})
	n.done.Go(func() {
		raw := make([]byte, 1500)
		for {
			size, err := back.Read(raw)
			if errors.Is(err, net.ErrClosed) {
				return
			}
			isSound := size > 12 && raw[0]>>6 == 2 && !rtcp.Is(raw[:size]) // RFC 7983
			if to := n.browser.Load(); to != nil && !(isSound && n.cut.Load()) {
				_, _ = front.WriteToUDPAddrPort(raw[:size], *to)
			}
		}
	})
	t.Cleanup(func() {
		front.Close()
		back.Close()
		n.done.Wait()
	})
	return n
}

// TestAgentsPageSeesThatNoSoundComes: what the server sends doesn't reach the browser,
// which reports that late; the page counts itself.
func TestAgentsPageSeesThatNoSoundComes(t *testing.T) {
	t.Parallel()
	at := fmt.Sprintf("127.0.0.1:%d", freePort(t))
	server := start(t,
		[3]string{"careline.yaml", "webrtc: 127.0.0.1:0", "webrtc: " + at},
		[3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550181\": {name: Services, flow: services-at-once}\n"},
		straight("services-at-once", "member_services", "benefits"))
	between := newNetwork(t, at)
	maria := server.signIn(t, "maria", fmt.Sprintf(aside, between.front.LocalAddr().(*net.UDPAddr).Port))
	caller := server.phone(t, tone())
	caller.dial("5550181")
	maria.accept()
	sees := func(want string) time.Duration {
		t.Helper()
		began := time.Now()
		eventually(t, 8*time.Second, fmt.Sprintf("the page says %q", want), func() bool {
			text, _ := maria.sign()
			return text == want
		})
		return time.Since(began)
	}
	sees("Good")
	between.cut.Store(true)
	if took := sees("You may not hear them"); took > 5*time.Second {
		t.Errorf("the page says so after %v", took)
	} else {
		t.Logf("the page says so after %v", took)
	}
	between.cut.Store(false)
	sees("Good")
	caller.hangUp()
	maria.finish()
}
