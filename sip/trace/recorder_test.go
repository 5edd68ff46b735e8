package trace

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func message(start, id string, more ...string) []byte {
	return []byte(lines(append([]string{start, "Call-ID: " + id, "From: <sip:3125550142@a.example>;tag=1", "To: <sip:5550100@b.example>"}, append(more, "", "")...)...))
}

func (r *Recorder) take(text []byte) {
	r.Packet(NewPacket(r.Now(), true, "udp", here, carrier, text))
}

const invite, bye = "INVITE sip:5550100@b.example SIP/2.0", "BYE sip:5550100@b.example SIP/2.0"

func TestOnlyAnInviteBeginsALeg(t *testing.T) {
	r := New(Options{})
	r.take(message("OPTIONS sip:b.example SIP/2.0", "1"))
	r.take([]byte("INVITE sip:b.example SIP/2.0\r\nno identity\r\n\r\n"))
	if stats := r.Stats(); stats.Legs != 0 {
		t.Fatalf("%+v", stats)
	}
	r.take(message(invite, "2"))
	r.Name("2", "call-2")
	r.take(message(bye, "2"))
	for _, id := range []string{"2", "call-2", "last"} {
		shown, found := r.Trace(id)
		if !found || len(shown.Messages) != 2 || shown.Call != "call-2" {
			t.Errorf("%s: %v %+v", id, found, shown)
		}
	}
	if _, found := r.Trace("3"); found {
		t.Error("a call that never was is there")
	}
}

func TestLegsOfOneCallAreShownTogether(t *testing.T) {
	r := New(Options{})
	r.take(message(invite, "a"))
	r.Name("a", "call")
	r.Name("b", "call") // ours: named before it is sent
	r.Packet(NewPacket(r.Now(), false, "tcp", here, nurse, message(invite, "b")))
	shown, _ := r.Trace("b")
	if len(shown.Legs) != 2 || len(shown.Messages) != 2 || shown.Messages[1].Incoming || shown.Messages[1].Leg != 1 {
		t.Errorf("%+v", shown)
	}
}

func TestALegKeepsItsBeginningAndItsEnd(t *testing.T) {
	r := New(Options{CallBytes: 4000})
	for i := range 1000 {
		r.take(message(invite, "1", fmt.Sprintf("CSeq: %d INVITE", i)))
	}
	shown, _ := r.Trace("1")
	if got := len(shown.Messages) + shown.Dropped; got != 1000 || r.Stats().Bytes > 4000 {
		t.Errorf("%d messages are accounted for, %d bytes held", got, r.Stats().Bytes)
	}
	for i, want := range map[int]string{0: "0 INVITE", FirstMessages - 1: "7 INVITE", len(shown.Messages) - 1: "999 INVITE"} {
		if !strings.Contains(shown.Messages[i].Text, "CSeq: "+want+"\r\n") {
			t.Errorf("message %d is\n%s", i, shown.Messages[i].Text)
		}
	}
	r.take(message(invite, "2", "Subject: "+strings.Repeat("a", 9000)))
	if shown, _ := r.Trace("2"); len(shown.Messages) != 1 || r.Stats().Bytes > 8000 {
		t.Errorf("a message over the limit: %d messages, %d bytes", len(shown.Messages), r.Stats().Bytes)
	}
}

func TestAFloodOfInvitesPushesNoCallOut(t *testing.T) {
	r := New(Options{Calls: 40})
	for i := range 20 {
		r.take(message(invite, fmt.Sprint("call", i)))
		r.Name(fmt.Sprint("call", i), fmt.Sprint("ours", i))
	}
	for i := range 10 {
		r.Ended(fmt.Sprint("call", i))
	}
	for i := range 10000 {
		r.take(message(invite, fmt.Sprint("junk", i)))
	}
	if stats := r.Stats(); stats.Legs != 40 {
		t.Errorf("%+v", stats)
	}
	for i := range 20 {
		if _, found := r.Trace(fmt.Sprint("ours", i)); !found {
			t.Errorf("call %d was pushed out", i)
		}
	}
	for i := range 60 { // real ones push out those that ended, then the oldest
		r.Name(fmt.Sprint("more", i), fmt.Sprint("next", i))
	}
	if _, found := r.Trace("ours3"); found || r.Stats().Legs != 40 {
		t.Errorf("a call that ended stayed; %d legs", r.Stats().Legs)
	}
}

// shelf keeps traces for a test.
type shelf struct {
	mu     sync.Mutex
	traces map[string]Trace
	broken error
}

func (s *shelf) stored(call string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.traces[call].Messages)
}

func (s *shelf) mend() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.broken = nil
}

func (s *shelf) SaveTrace(_ context.Context, call string, _ time.Time, packed []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return s.broken
	}
	one, err := Unpack(packed)
	s.traces[call] = one
	return err
}

func TestEndedCallsAreStoredAndForgotten(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		kept := &shelf{traces: map[string]Trace{}, broken: errors.New("the disk is full")}
		r := New(Options{Keep: kept, Hold: time.Minute})
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.Run(ctx) }()
		r.take(message(invite, "1"))
		r.Name("1", "first")
		r.Name("2", "first")
		r.take(message(invite, "junk"))
		r.Ended("1")
		time.Sleep(2 * time.Minute)
		if shown, found := r.Trace("first"); !found || len(shown.Legs) != 2 || kept.stored("first") != 0 {
			t.Errorf("while a leg is up: %v %v, stored %d", found, shown.Legs, kept.stored("first"))
		}
		if _, found := r.Trace("junk"); found {
			t.Error("what never was a call is held for ever")
		}
		r.Ended("2")
		r.take(message("SIP/2.0 200 OK", "2")) // a moment late
		time.Sleep(settle + 2*tidyEvery)
		kept.mend()
		time.Sleep(2 * tidyEvery)
		if got := kept.stored("first"); got != 2 {
			t.Errorf("stored: %d messages", got)
		}
		time.Sleep(2 * time.Minute)
		if stats := r.Stats(); stats.Legs != 0 || stats.Bytes != 0 {
			t.Errorf("still held: %+v", stats)
		}
		r.take(message(invite, "3"))
		r.Name("3", "third") // up when the server ends
		cancel()
		if err := <-done; err != nil || kept.stored("third") != 1 {
			t.Errorf("at the end: %v, %d messages", err, kept.stored("third"))
		}
	})
}

// auditor writes down what is captured, for a test.
type auditor struct {
	entries []string
	broken  error
}

func (a *auditor) RecordCapture(_ context.Context, call, number, actor, reason string) error {
	a.entries = append(a.entries, strings.Join([]string{call, number, actor, reason}, "|"))
	return a.broken
}

func warrant(call, number string) Warrant {
	return Warrant{Call: call, Number: number, Actor: "os:ann", Reason: "one-way sound, ticket A"}
}

func TestNothingIsRevealedWithoutAnEntryInTheAudit(t *testing.T) {
	r := New(Options{})
	r.take(message(invite, "1"))
	r.Name("1", "call")
	a := &auditor{broken: errors.New("the disk is full")}
	frames, err := r.Reveal(t.Context(), a, warrant("call", ""))
	if !errors.Is(err, a.broken) || frames != nil {
		t.Fatalf("revealed %d messages: %v", len(frames), err)
	}
	if capture, err := r.Follow(t.Context(), a, warrant("", "5550100"), 0, 0); !errors.Is(err, a.broken) || capture != nil {
		t.Fatalf("followed: %v", err)
	}
	a.broken = nil
	frames, err = r.Reveal(t.Context(), a, warrant("1", ""))
	if err != nil || len(frames) != 1 || !strings.Contains(string(frames[0].Payload), "3125550142") {
		t.Fatalf("revealed %d messages: %v", len(frames), err)
	}
	if got := a.entries[len(a.entries)-1]; got != "call||os:ann|one-way sound, ticket A" {
		t.Errorf("the audit says %q", got)
	}
	before := len(a.entries)
	for _, bad := range []Warrant{{}, warrant("", ""), warrant("call", "5550100"), {Call: "call", Actor: "os:ann"}, {Call: "call", Actor: "os:ann", Reason: "because"},
		{Call: "call", Reason: "one-way sound"}, warrant("", "linda"), {Call: "call", Actor: "os:ann", Reason: "caller 3125550142 complains"}} {
		if _, err := r.Reveal(t.Context(), a, bad); !errors.Is(err, ErrWarrant) {
			t.Errorf("%+v: %v", bad, err)
		}
	}
	if _, err := r.Reveal(t.Context(), a, warrant("nobody", "")); !errors.Is(err, ErrUnknown) || len(a.entries) != before {
		t.Errorf("an unknown call: %v, %q", err, a.entries)
	}
}

func TestACaptureFollowsANumber(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		r.take(message(invite, "up"))
		r.Name("up", "up")
		c, err := r.Follow(t.Context(), &auditor{}, warrant("", "+1 312 555 0142"), time.Minute, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		r.take([]byte(strings.ReplaceAll(string(message(invite, "other")), "3125550142", "3125550199")))
		r.take(message(invite, "new"))
		r.take(message(bye, "up"))
		var starts []string
		for {
			frame, err := c.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			p := take(frame.Payload)
			starts = append(starts, p.start[:3]+" "+p.find("call-id"))
		}
		if got := strings.Join(starts, ", "); got != "INV up, INV new, BYE up" {
			t.Errorf("captured: %s", got)
		}
		c.Close()
		r.take(message(bye, "new"))
		if r.captures.Load() != 0 || len(c.frames) != 0 {
			t.Error("a closed capture goes on")
		}
	})
}

func TestCapturesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := New(Options{})
		r.take(message(invite, "1"))
		r.Name("1", "call")
		small, err := r.Follow(t.Context(), &auditor{}, warrant("call", ""), 0, 300)
		if err != nil {
			t.Fatal(err)
		}
		for range 5 {
			r.take(message(bye, "1"))
		}
		var read int
		for {
			frame, err := small.Next(t.Context())
			if errors.Is(err, io.EOF) {
				break
			}
			read += len(frame.Payload)
		}
		if read == 0 || read > 300 {
			t.Errorf("%d bytes of at most 300", read)
		}
		others := []*Capture{small}
		for range MaxCaptures - 1 {
			c, err := r.Follow(t.Context(), &auditor{}, warrant("call", ""), 0, 0)
			if err != nil {
				t.Fatal(err)
			}
			others = append(others, c)
		}
		if _, err := r.Follow(t.Context(), &auditor{}, warrant("call", ""), 0, 0); !errors.Is(err, ErrCaptures) {
			t.Errorf("one too many: %v", err)
		}
		for range captureQueue + 10 {
			r.take(message(bye, "1"))
		}
		if skipped := others[1].Close(); skipped == 0 {
			t.Error("a full queue isn't counted")
		}
		for _, c := range others {
			c.Close()
		}
	})
}

func TestANilRecorderDoesNothing(t *testing.T) {
	var r *Recorder
	r.Packet(Packet{message: message(invite, "1")})
	r.Name("1", "call")
	r.Ended("1")
	if _, found := r.Trace("last"); found || r.Stats() != (Stats{}) {
		t.Error("it held something")
	}
	if _, err := r.Reveal(t.Context(), &auditor{}, warrant("call", "")); !errors.Is(err, ErrUnknown) {
		t.Error(err)
	}
	if _, err := r.Follow(t.Context(), &auditor{}, warrant("call", ""), 0, 0); err == nil {
		t.Error("followed")
	}
}

func TestAPacketPrintsAsAMask(t *testing.T) {
	p := NewPacket(time.Time{}, true, "udp", here, carrier, message(invite, "1"))
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		if got := fmt.Sprintf(verb, p); got != Mask {
			t.Errorf("%s prints %s", verb, got)
		}
	}
}

func BenchmarkPacket(b *testing.B) {
	r := New(Options{})
	var calls [][]byte
	for i := range 1000 {
		calls = append(calls, message(invite, fmt.Sprint(i), "Via: SIP/2.0/UDP 192.0.2.7", "X: "+strings.Repeat("a", 500)))
	}
	for i := 0; b.Loop(); i++ {
		r.take(calls[i/10%len(calls)])
	}
}

func BenchmarkMask(b *testing.B) {
	strands := benchmarked()
	for b.Loop() {
		mask("", strands)
	}
}

func BenchmarkPack(b *testing.B) {
	one := transfer()
	for b.Loop() {
		if _, err := one.Pack(); err != nil {
			b.Fatal(err)
		}
	}
}

// benchmarked is a call of twenty messages.
func benchmarked() []strand {
	var one strand
	for _, m := range transfer().Messages {
		one.packets = append(one.packets, Packet{At: m.At, message: []byte(strings.ReplaceAll(m.Text, Mask+"A", "3125550142"))})
	}
	return []strand{one}
}
