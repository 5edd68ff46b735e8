package sip

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// memorySocket is a UDP socket without a network.
type memorySocket struct {
	incoming chan []byte
	closed   chan struct{}
	once     sync.Once

	mu   sync.Mutex
	sent []string
}

var (
	memoryHere  = netip.MustParseAddrPort("192.0.2.1:5060")
	memoryThere = netip.MustParseAddrPort("192.0.2.2:5060")
)

func newMemorySocket() *memorySocket {
	return &memorySocket{incoming: make(chan []byte), closed: make(chan struct{})}
}

func (m *memorySocket) ReadFromUDPAddrPort(buffer []byte) (int, netip.AddrPort, error) {
	select {
	case packet := <-m.incoming:
		return copy(buffer, packet), memoryThere, nil
	case <-m.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (m *memorySocket) ReadFrom(buffer []byte) (int, net.Addr, error) {
	n, from, err := m.ReadFromUDPAddrPort(buffer)
	return n, net.UDPAddrFromAddrPort(from), err
}

func (m *memorySocket) WriteTo(packet []byte, _ net.Addr) (int, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.sent = append(m.sent, string(packet))
	return len(packet), nil
}

func (m *memorySocket) WriteToUDPAddrPort(packet []byte, _ netip.AddrPort) (int, error) {
	return m.WriteTo(packet, nil)
}

func (m *memorySocket) Close() error { m.once.Do(func() { close(m.closed) }); return nil }

func (*memorySocket) LocalAddr() net.Addr              { return net.UDPAddrFromAddrPort(memoryHere) }
func (*memorySocket) SetDeadline(time.Time) error      { return nil }
func (*memorySocket) SetReadDeadline(time.Time) error  { return nil }
func (*memorySocket) SetWriteDeadline(time.Time) error { return nil }

// bench is a server in virtual time, with a far side that writes what it likes.
// Its trials run in a bubble of synctest.
type bench struct {
	server   *Server
	socket   *memorySocket
	log      *logWatch
	requests map[string]map[sending]bool // of the far side, by transaction
	refused  map[string]bool             // INVITEs of ours
	last     string                      // the packet sent last
	answers  bool                        // the handler takes what it can

	mu    sync.Mutex // guards what follows
	calls []*Dialog
	ended map[*Dialog]int
	late  string // an event after a call's end
}

// withoutNames lets no name be looked up until the test ends. What package net
// makes at its first look-up is made here, outside of any bubble.
func withoutNames(t testing.TB) {
	t.Helper()
	resolver := net.DefaultResolver
	net.DefaultResolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		return nil, errors.New("no names here")
	}}
	t.Cleanup(func() { net.DefaultResolver = resolver })
	if _, err := net.DefaultResolver.LookupIPAddr(t.Context(), "host.invalid"); err == nil {
		t.Fatal("a name was found")
	}
}

// sending is a request as it was sent. Repeated when its transaction is long
// over (RFC 3261 section 17.2.2), it is another request.
type sending struct {
	packet string
	epoch  int64
}

// try runs a trial against a server and gives what is wrong with how it went;
// "" if nothing is. Whatever the trial leaves behind is waited for: an hour goes
// by, then the server ends, and no goroutine may be left.
func try(t *testing.T, answers bool, trial func(*bench), more ...func(*bench) string) (wrong string) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		b := &bench{socket: newMemorySocket(), log: &logWatch{}, requests: map[string]map[sending]bool{}, answers: answers, refused: map[string]bool{}, ended: map[*Dialog]int{}}
		server, err := New(Options{Listen: []Listen{{"udp", memoryHere}}, TagKey: []byte("a key for the tags"), Transfers: true, Log: zap.New(b.log)}, b)
		must(t, err)
		b.server = server
		server.listeners = []boundListener{{listen: Listen{"udp", memoryHere}, packet: b.socket}}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- server.Run(ctx) }()
		synctest.Wait()
		trial(b)
		synctest.Wait()
		wrong = b.judge()
		for _, check := range more {
			if wrong == "" {
				wrong = check(b)
			}
		}
		cancel()
		if err := <-done; err != nil && wrong == "" {
			wrong = err.Error()
		}
		time.Sleep(time.Hour) // the transactions' last timers
	})
	return wrong
}

// judge lets the calls end and holds what was said against what may be.
func (b *bench) judge() string {
	time.Sleep(SetUpTimeout + time.Second)
	b.hangUp()
	time.Sleep(3 * time.Minute)
	if left := b.server.ActiveDialogs(); left != 0 {
		return fmt.Sprintf("%d dialogs are left", left)
	}
	if len(b.server.registry.requests) != 0 || len(b.server.registry.announced) > maxAnnounced || len(b.server.registry.order) > maxAnnounced {
		return "the registry keeps what is over"
	}
	if b.log.wrong != "" {
		return b.log.wrong
	}
	if wrong := b.endings(); wrong != "" {
		return wrong
	}
	return b.finals()
}

func (b *bench) hangUp() {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, call := range b.calls {
		_ = call.HangUp(CauseNormal, "") // most are over
	}
}

// Invite answers as its own caller would have it.
func (b *bench) Invite(d *Dialog) {
	b.mu.Lock()
	b.calls = append(b.calls, d)
	b.mu.Unlock()
	d.Notify(func(e Event) {
		b.note(d, e)
		if !b.answers {
			return
		}
		switch e.Kind {
		case EventReoffer:
			_ = d.AnswerReoffer(ours())
		case EventRefer:
			_ = d.RefuseRefer(603)
		}
	})
	if !b.answers {
		return
	}
	if err := d.Check(); err != nil {
		_ = d.Refuse(RefusalStatus(err), "", 0)
		return
	}
	_ = d.Ringing()
	_ = d.Answer(ours())
}

func (b *bench) note(d *Dialog, e Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.ended[d] > 0 {
		b.late = "after its end a call heard of: " + e.Kind.String()
	}
	if e.Kind == EventEnded {
		b.ended[d]++
	}
	if e.Dialog != nil {
		b.calls = append(b.calls, e.Dialog)
		e.Dialog.Notify(func(later Event) { b.note(e.Dialog, later) })
	}
}

// endings looks for a call that hasn't been told its end.
func (b *bench) endings() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, call := range b.calls {
		if b.ended[call] != 1 {
			return fmt.Sprintf("a call was told %d times that it is over", b.ended[call])
		}
	}
	return b.late
}

// send hands the server a packet and waits until it has dealt with it. The tag
// of ours that came last stands for "our-tag".
func (b *bench) send(packet string) {
	if tag := b.lastTag(); tag != "" {
		packet = strings.ReplaceAll(packet, "our-tag", tag)
	}
	if packet == "" || b.refusedAgain(packet) {
		return
	}
	if len(packet) > 65000 {
		packet = packet[:65000]
	}
	if key := transactionOf(packet); key != "" && !strings.HasPrefix(packet, "SIP/2.0 ") {
		if b.requests[key] == nil {
			b.requests[key] = map[sending]bool{}
		}
		b.requests[key][sending{packet, time.Now().UnixNano() / int64(requestFactor*DefaultT1)}] = true
	}
	b.last = packet
	b.socket.incoming <- []byte(packet)
	synctest.Wait()
}

// refusedAgain reports a refusal of an INVITE of ours that was refused before.
// sipgo waits 4 s until it acknowledges it again, under a lock for which virtual
// time would stand still.
func (b *bench) refusedAgain(packet string) bool {
	key := transactionOf(packet)
	if !strings.HasPrefix(packet, "SIP/2.0 ") || packet < "SIP/2.0 3" || !strings.HasSuffix(key, " INVITE") {
		return false
	}
	again := b.refused[key]
	b.refused[key] = true
	return again
}

// wait lets the server do what there is to do.
func (b *bench) wait() { synctest.Wait() }

// unanswered looks for a request that had no final answer.
func (b *bench) unanswered() string {
	answered := map[string]bool{}
	for _, message := range b.heard() {
		if strings.HasPrefix(message, "SIP/2.0 ") && !strings.HasPrefix(message, "SIP/2.0 1") {
			answered[transactionOf(message)] = true
		}
	}
	for key := range b.requests {
		if !answered[key] && !strings.HasSuffix(key, " ACK") {
			return "never answered: " + key
		}
	}
	return ""
}

// heard lists what the server has sent.
func (b *bench) heard() []string {
	b.socket.mu.Lock()
	defer b.socket.mu.Unlock()
	return append([]string(nil), b.socket.sent...)
}

var (
	tagInTo      = regexp.MustCompile(`\r\nTo: [^\r]*;tag=([^;\s]+)`)
	branchInVia  = regexp.MustCompile(`(?i)\r\n(?:via|v)[ \t]*:[^\r]*?branch[ \t]*=[ \t]*([^;,\s]+)`)
	numberInCSeq = regexp.MustCompile(`(?i)\r\ncseq[ \t]*:[ \t]*0*([0-9]+)[ \t]+(\S+)`)
)

func (b *bench) lastTag() string {
	sent := b.heard()
	for i := len(sent) - 1; i >= 0; i-- {
		if found := tagInTo.FindStringSubmatch(sent[i]); found != nil && strings.HasPrefix(sent[i], "SIP/2.0 ") {
			return found[1]
		}
	}
	return ""
}

// transactionOf names a message's transaction by branch and CSeq; "" where they
// can't be told.
func transactionOf(message string) string {
	branch, sequence := branchInVia.FindStringSubmatch(message), numberInCSeq.FindStringSubmatch(message)
	if branch == nil || sequence == nil {
		return ""
	}
	return branch[1] + " " + sequence[1] + " " + sequence[2]
}

// finals looks for a request that was answered finally in two ways.
func (b *bench) finals() string {
	statuses := map[string]map[string]bool{}
	for _, message := range b.heard() {
		if !strings.HasPrefix(message, "SIP/2.0 ") || strings.HasPrefix(message, "SIP/2.0 1") {
			continue
		}
		key := transactionOf(message)
		if statuses[key] == nil {
			statuses[key] = map[string]bool{}
		}
		statuses[key][message[:len("SIP/2.0 200")]] = true
		if strings.HasSuffix(key, " ACK") {
			return "an ACK was answered:\n" + message
		}
		if known := len(b.requests[key]); key != "" && known > 0 && len(statuses[key]) > known {
			return fmt.Sprintf("%d requests %s had %d kinds of final answers: %v", known, key, len(statuses[key]), statuses[key])
		}
	}
	return ""
}

// callersNumber and callersName are in the messages that trials begin with.
const (
	callersNumber = "13125550142"
	callersName   = "Lindquist"
)

// logWatch is a log that looks for what no log may hold, at every level.
type logWatch struct {
	zapcore.LevelEnabler
	wrong string
}

func (w *logWatch) Enabled(zapcore.Level) bool { return true }

func (w *logWatch) With(fields []zapcore.Field) zapcore.Core {
	w.look(fields)
	return w
}

func (w *logWatch) Check(entry zapcore.Entry, checked *zapcore.CheckedEntry) *zapcore.CheckedEntry {
	return checked.AddCore(entry, w)
}

func (w *logWatch) Write(entry zapcore.Entry, fields []zapcore.Field) error {
	if entry.Level >= zapcore.ErrorLevel && (strings.Contains(entry.Message, "failed") || strings.Contains(entry.Stack, "panic")) {
		w.blame("a panic: " + entry.Message + entry.Stack)
	}
	w.look(fields)
	return nil
}

func (w *logWatch) Sync() error { return nil }

// look encodes the fields as a log does. A Call-ID is what the far side made of
// it, and is logged by design.
func (w *logWatch) look(fields []zapcore.Field) {
	encoder := zapcore.NewMapObjectEncoder()
	for _, field := range fields {
		if field.Key == "panic" {
			w.blame("a panic")
		}
		if field.Key != "sip_call_id" && field.Key != "call" {
			field.AddTo(encoder)
		}
	}
	text := fmt.Sprint(encoder.Fields)
	for _, secret := range []string{callersNumber, callersName} {
		if strings.Contains(text, secret) {
			w.blame("the log holds " + secret + ": " + text)
		}
	}
}

var blaming sync.Mutex

func (w *logWatch) blame(what string) {
	blaming.Lock()
	defer blaming.Unlock()
	if w.wrong == "" {
		w.wrong = what
	}
}
