package rtcp

import (
	"testing"
	"time"

	pion "github.com/pion/rtcp"
	"pgregory.net/rapid"
)

var start = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

func TestOthersReadWhatWeWrite(t *testing.T) {
	var s Session
	name := NewName([16]byte{1, 2, 3, 63, 64, 255})
	now := start.Add(time.Second / 4)
	s.Heard(&Report{Source: 7, Sends: true, Sender: Sender{NTP: 0x1122334455667788}}, now.Add(-time.Second/2))
	raw := s.Append(nil, name, now,
		Sent{Source: 5, Packets: 1<<32 + 10, Octets: 1600, Timestamp: 99},
		Received{Source: 7, Expected: 100, Packets: 75, Highest: 1<<16 + 3, Jitter: 12})
	if len(raw) > MaxSize-8 {
		t.Errorf("%d bytes, over the bound", len(raw))
	}
	all, err := pion.Unmarshal(AppendGoodbye(raw, 5))
	if err != nil {
		t.Fatal(err)
	}
	sender := all[0].(*pion.SenderReport)
	if sender.SSRC != 5 || sender.NTPTime != NTP(now) || sender.RTPTime != 99 || sender.PacketCount != 10 || sender.OctetCount != 1600 {
		t.Errorf("sender report is %+v", sender)
	}
	want := pion.ReceptionReport{SSRC: 7, FractionLost: 64, TotalLost: 25, LastSequenceNumber: 1<<16 + 3, Jitter: 12, LastSenderReport: 0x33445566, Delay: 1 << 15}
	if len(sender.Reports) != 1 || sender.Reports[0] != want {
		t.Errorf("blocks are %+v, want %+v", sender.Reports, want)
	}
	item := all[1].(*pion.SourceDescription).Chunks[0]
	if item.Source != 5 || item.Items[0].Type != pion.SDESCNAME || item.Items[0].Text != string(name[:]) {
		t.Errorf("description is %+v", item)
	}
	if bye := all[2].(*pion.Goodbye); bye.Sources[0] != 5 {
		t.Errorf("goodbye is %+v", bye)
	}
}

func TestLossIsThatSinceTheLastReport(t *testing.T) {
	var s Session
	for i, step := range []struct {
		received Received
		fraction uint8
		lost     int32
	}{
		{Received{1, 100, 100, 0, 0}, 0, 0},
		{Received{1, 200, 150, 0, 0}, 128, 50},
		{Received{1, 300, 250, 0, 0}, 0, 50},
		{Received{1, 300, 260, 0, 0}, 0, 40}, // late ones came
		{Received{1, 400, 260, 0, 0}, 255, 140},
		{Received{2, 10, 20, 0, 0}, 0, -10}, // another stream, each packet twice
	} {
		raw := s.Append(nil, Name{}, start, Sent{Source: 5}, step.received)
		all, err := pion.Unmarshal(raw)
		if err != nil {
			t.Fatal(err)
		}
		block := all[0].(*pion.ReceiverReport).Reports[0]
		if lost := int32(block.TotalLost<<8) >> 8; block.FractionLost != step.fraction || lost != step.lost {
			t.Errorf("report %d says %d/256, %d in all; want %d/256, %d", i, block.FractionLost, lost, step.fraction, step.lost)
		}
	}
}

func TestWhoSendsNothingIsAReceiver(t *testing.T) {
	var s Session
	for i, step := range []struct {
		packets uint64
		sends   bool
	}{{0, false}, {5, true}, {5, false}, {6, true}} {
		report, err := Read(s.Append(nil, Name{}, start, Sent{Source: 5, Packets: step.packets}, Received{}), 0)
		if err != nil || report.Sends != step.sends {
			t.Errorf("report %d: sends %v, want %v (%v)", i, report.Sends, step.sends, err)
		}
	}
}

// Between 0.5 and 1.5 times the interval, divided by e-3/2 (RFC 3550 section 6.3.1);
// the first after half of that.
func TestReportsAreDueAtRandomTimes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s Session
		if s.Due(start, rapid.Uint32().Draw(t, "first")) {
			t.Fatal("due at once")
		}
		last := start
		for i := range 10 {
			now := last
			for !s.Due(now, rapid.Uint32().Draw(t, "random")) {
				now = now.Add(10 * time.Millisecond)
			}
			least, most := Interval/2, 3*Interval/2
			if i == 0 {
				least, most = least/2, most/2
			}
			scale := func(d time.Duration) time.Duration { return time.Duration(float64(d) / compensation) }
			if passed := now.Sub(last); passed < scale(least) || passed > scale(most)+10*time.Millisecond {
				t.Fatalf("report %d after %v", i, passed)
			}
			last = now
		}
	})
}

// Two sessions measure the way between them; neither side's wall clock counts.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		there := time.Duration(rapid.IntRange(0, 800).Draw(t, "there")) * time.Millisecond
		back := time.Duration(rapid.IntRange(0, 800).Draw(t, "back")) * time.Millisecond
		wait := time.Duration(rapid.IntRange(0, 9000).Draw(t, "wait")) * time.Millisecond
		step := time.Duration(rapid.IntRange(-5000, 5000).Draw(t, "step")) * time.Second
		var near, far Session
		read := func(raw []byte, us uint32) *Report {
			report, err := Read(raw, us)
			if err != nil {
				t.Fatal(err)
			}
			return &report
		}
		first := near.Append(nil, Name{}, start, Sent{Source: 1, Packets: 1}, Received{})
		at := start.Add(there)
		far.Heard(read(first, 2), at.Add(step)) // the far side's clock is another
		answer := far.Append(nil, Name{}, at.Add(step+wait), Sent{Source: 2}, Received{Source: 1, Expected: 1, Packets: 1})
		near.Heard(read(answer, 1), at.Add(wait+back))
		if got := near.RoundTrip() - there - back; got < -time.Millisecond || got > time.Millisecond {
			t.Fatalf("round trip is %v, want %v", near.RoundTrip(), there+back)
		}
	})
}

func TestOneSlowAnswerDoesNotCount(t *testing.T) {
	var s Session
	now := start
	for i, step := range []struct{ trip, want time.Duration }{
		{2 * time.Second, 2 * time.Second}, {80, 80}, {90, 90}, {3 * time.Second, 90}, {100, 100}, {200, 200}, {190, 190},
	} {
		now = now.Add(5 * time.Second)
		s.Append(nil, Name{}, now, Sent{Source: 1, Packets: uint64(i + 1)}, Received{})
		s.Heard(&Report{Told: true, About: Block{Source: 1, LastSender: middle(NTP(now))}}, now.Add(scaled(step.trip)))
		if got := s.RoundTrip(); got != scaled(step.want) {
			t.Errorf("after measure %d: %v, want %v", i, got, scaled(step.want))
		}
	}
}

// scaled takes small numbers for milliseconds.
func scaled(d time.Duration) time.Duration {
	if d < time.Second {
		return d * time.Millisecond
	}
	return d
}

// Who didn't see our report can't make up how long it took.
func TestMadeUpRoundTripsCountNothing(t *testing.T) {
	var s Session
	s.Append(nil, Name{}, start, Sent{Source: 1, Packets: 1}, Received{})
	for _, block := range []Block{
		{Source: 1, LastSender: 0xBAD},
		{Source: 1, LastSender: middle(NTP(start)), Delay: 1 << 31},
		{Source: 1},
	} {
		s.Heard(&Report{Told: true, About: block}, start.Add(time.Second))
	}
	if s.RoundTrip() != 0 {
		t.Errorf("round trip is %v", s.RoundTrip())
	}
}

func TestReportsAllocateNothing(t *testing.T) {
	var s Session
	buffer := make([]byte, 0, MaxSize)
	packets := uint64(0)
	if n := testing.AllocsPerRun(100, func() {
		packets++
		raw := s.Append(buffer, Name{}, start, Sent{Source: 1, Packets: packets}, Received{Source: 2, Expected: packets, Packets: packets})
		report, err := Read(raw, 2)
		if err != nil {
			t.Fatal(err)
		}
		s.Heard(&report, start)
	}); n > 0 {
		t.Errorf("%v allocations a report", n)
	}
}
