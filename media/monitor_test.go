package media

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"careline/media/link"
	"careline/media/quality"
	"careline/media/rtcp"
	"careline/media/signal"
)

// line is two legs that are each other's far side, in a time of their own.
type line struct {
	t       *testing.T
	now     time.Time
	legs    [2]*Leg
	told    [2]events
	there   [2]time.Duration // delay of what leg 0 and leg 1 send
	lose    [2]func(raw []byte) bool
	flights []flight
	wires   [2]*link.Link // a network for what leg 0 and leg 1 send, if any
	refuse  [2]bool       // the system refuses what leg 0 and leg 1 send
	seen    int           // reports that passed
}

type flight struct {
	to  int
	raw []byte
	at  time.Time
}

// lineEnd is the sender of one leg.
type lineEnd struct {
	line *line
	to   int
}

func (e lineEnd) aim(netip.AddrPort) bool { return true }

func (e lineEnd) send(raw []byte) error {
	l, from := e.line, 1-e.to
	if l.refuse[from] {
		return syscall.EPERM
	}
	if rtcp.Is(raw) {
		l.seen++
	}
	if wire := l.wires[from]; wire != nil {
		wire.Send(l.now.Sub(lineBegin), raw)
		return nil
	}
	if lose := l.lose[from]; lose == nil || !lose(raw) {
		l.flights = append(l.flights, flight{e.to, bytes.Clone(raw), l.now.Add(l.there[from])})
	}
	return nil
}

func lineAddress(end int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, byte(1 + end)}), 4000)
}

// lineBegin is when the time of a line begins.
var lineBegin = time.Unix(1000, 0)

func newLine(t *testing.T) *line {
	l := &line{t: t, now: lineBegin}
	for i := range l.legs {
		leg := &Leg{engine: &Engine{}, notify: l.told[i].notify}
		leg.monitor.name = rtcp.NewName([16]byte{byte(i)})
		leg.in.begun = l.now
		leg.in.types, leg.in.latch, leg.in.expects = payloadTypesFor(Format{PCMU, 0}, 101), &latch{}, true
		leg.in.latch.reopen(lineAddress(1-i), true, l.now)
		leg.out.to, leg.out.wanted, leg.out.fill = lineEnd{l, 1 - i}, true, true
		leg.out.format, leg.out.ssrc, leg.out.sequence = Format{PCMU, 0}, uint32(100+i), uint16(65000+500*i)
		leg.out.retarget(lineAddress(1 - i))
		leg.Play(Playback{Clips: []*Clip{NewClip(signal.Tone(440, 1))}, Loop: true})
		leg.peer.Store(&Leg{}) // somebody listens
		l.legs[i] = leg
	}
	return l
}

// pass lets so much time pass.
func (l *line) pass(length time.Duration) {
	for end := l.now.Add(length); l.now.Before(end); {
		l.now = l.now.Add(FrameDuration)
		for _, leg := range l.legs {
			leg.out.frame(l.now)
			if leg.looks.Add(1) >= timeoutEvery {
				leg.looks.Store(0)
				leg.observe(l.now)
			}
		}
		waiting := l.flights
		l.flights = nil
		for _, f := range waiting {
			if f.at.After(l.now) {
				l.flights = append(l.flights, f)
				continue
			}
			l.legs[f.to].receive(f.raw, lineAddress(1-f.to), f.at)
		}
		for from, wire := range l.wires {
			for wire != nil {
				raw, at, ok := wire.Receive(l.now.Sub(lineBegin))
				if !ok {
					break
				}
				l.legs[1-from].receive(raw, lineAddress(from), lineBegin.Add(at))
			}
		}
	}
}

func near(a, b, off float64) bool { return a > b-off && a < b+off }

func TestACleanLineIsGoodToBothSides(t *testing.T) {
	l := newLine(t)
	l.there = [2]time.Duration{60 * time.Millisecond, 40 * time.Millisecond}
	l.pass(30 * time.Second)
	for i, leg := range l.legs {
		stats := leg.Stats()
		for name, side := range map[string]SoundStats{"heard": stats.Heard, "said": stats.Said} {
			if side.Loss != 0 || side.MOS < 4.3 || side.OneWay != quality.None {
				t.Errorf("leg %d, %s: %+v", i, name, side)
			}
			if trip := side.RoundTrip; trip < 99*time.Millisecond || trip > 101*time.Millisecond {
				t.Errorf("leg %d, %s: round trip %v, want 100 ms", i, name, trip)
			}
		}
		if n := l.told[i].count(EventOneWay); n > 0 {
			t.Errorf("leg %d: one-way told %d times", i, n)
		}
		sum := leg.TakeQuality()
		if sum.Sent < 1490 || sum.Heard.Expected < 1450 || sum.Heard.Lost != 0 || sum.Said.Expected < 1000 || sum.Said.Lost != 0 || sum.Heard.OneWay != 0 {
			t.Errorf("leg %d: %+v", i, sum)
		}
	}
	// About one in 4.1 s and leg (RFC 3550 section 6.3.1).
	if l.seen < 10 || l.seen > 30 {
		t.Errorf("%d reports of two legs in 30 s", l.seen)
	}
}

func TestLossIsSeenByBothSides(t *testing.T) {
	l := newLine(t)
	random := rand.New(rand.NewPCG(1, 2))
	l.lose[0] = func(raw []byte) bool { return !rtcp.Is(raw) && random.IntN(20) == 0 }
	l.pass(60 * time.Second)
	said, far := l.legs[0].TakeQuality().Said, l.legs[1].TakeQuality()
	for name, sum := range map[string]DirectionSum{"as said": said, "as heard": far.Heard} {
		if part := float64(sum.Lost) / float64(sum.Expected); !near(part, 0.05, 0.02) || !near(sum.MOS, 4.0, 0.25) || sum.Worst > sum.MOS {
			t.Errorf("%s: %.3f lost, %+v", name, part, sum)
		}
	}
	if far.Said.Lost != 0 || far.Said.MOS < 4.3 {
		t.Errorf("the way back: %+v", far.Said)
	}
}

// untilUnheard passes time until leg 0 is told that it isn't heard, and returns how long
// that took; limit if it isn't.
func (l *line) untilUnheard(limit time.Duration) time.Duration {
	for passed := time.Duration(0); passed < limit; passed += FrameDuration {
		if l.legs[0].Stats().Said.OneWay == quality.Unheard {
			return passed
		}
		l.pass(FrameDuration)
	}
	return limit
}

// isSound is of what isn't a report.
func isSound(raw []byte) bool { return !rtcp.Is(raw) }

// The usual case, a firewall or NAT that lets nothing in: the far side's first report
// has nothing to say of us.
func TestWhoIsNeverHeardIsToldByTheFirstReport(t *testing.T) {
	for range 20 {
		l := newLine(t)
		l.there = [2]time.Duration{60 * time.Millisecond, 60 * time.Millisecond}
		l.lose[0] = isSound
		if took := l.untilUnheard(10 * time.Second); took > 3700*time.Millisecond {
			t.Errorf("told after %v", took)
		}
		l.lose[0] = nil
		l.pass(10 * time.Second)
		if got := l.legs[0].Stats().Said.OneWay; got != quality.None {
			t.Errorf("it is heard now, and told as %q", got)
		}
	}
}

// A browser's sender reports never have blocks, its receiver reports do.
func TestABrowsersSenderReportSaysNothingOfOurs(t *testing.T) {
	for _, browser := range []bool{true, false} {
		l := newLine(t)
		l.lose[1] = func([]byte) bool { return true }
		l.pass(3 * time.Second)
		leg := l.legs[0]
		if browser {
			leg.browser = &browserSide{}
		}
		var far rtcp.Session
		unheard := func(sent rtcp.Sent) bool {
			leg.receiveReport(far.Append(nil, rtcp.NewName([16]byte{}), l.now, sent, rtcp.Received{}), lineAddress(1), false, l.now)
			trouble, _ := leg.monitor.echo.Trouble(l.now)
			return trouble == quality.Unheard
		}
		if got := unheard(rtcp.Sent{Source: 7, Packets: 100}); got == browser {
			t.Errorf("a browser: %v; by a sender report it is unheard: %v", browser, got)
		}
		if !unheard(rtcp.Sent{Source: 7, Packets: 100}) {
			t.Errorf("a browser: %v; by a receiver report it isn't unheard", browser)
		}
	}
}

// Later the next report tells that comes a second after: with the intervals of RFC 3550
// within 5 s as a rule.
func TestWhoIsHeardNoMoreIsToldByTheNextReport(t *testing.T) {
	const runs = 40
	var sum time.Duration
	soon := 0
	for range runs {
		l := newLine(t)
		l.there = [2]time.Duration{60 * time.Millisecond, 60 * time.Millisecond}
		l.pass(10*time.Second + time.Duration(rand.IntN(5000))*time.Millisecond)
		l.lose[0] = isSound
		took := l.untilUnheard(20 * time.Second)
		if took > 7700*time.Millisecond {
			t.Errorf("told after %v", took)
		}
		sum += took
		if took <= 5*time.Second {
			soon++
		}
	}
	t.Logf("after %v on average, %d of %d within 5 s", sum/runs, soon, runs)
	if sum/runs > 4500*time.Millisecond || soon < runs/2 {
		t.Errorf("after %v on average, %d of %d within 5 s", sum/runs, soon, runs)
	}
}

func TestWhatCannotBeSentIsNotHeard(t *testing.T) {
	l := newLine(t)
	l.pass(10 * time.Second)
	l.refuse[0] = true
	if took := l.untilUnheard(10 * time.Second); took > 3*time.Second {
		t.Errorf("told after %v", took)
	}
	l.refuse[0] = false
	l.pass(10 * time.Second)
	if n := l.told[0].count(EventHeardAgain); n != 1 {
		t.Errorf("told %d times that it is over", n)
	}
}

// A slow way, much loss and stalls aren't one-way sound.
func TestABadWayIsNotOneWay(t *testing.T) {
	l := newLine(t)
	for i := range l.wires {
		l.wires[i] = link.New(link.Faults{
			Loss: 0.1, BurstLoss: 0.1, Burst: 10, Delay: 400 * time.Millisecond, Jitter: 80 * time.Millisecond,
			Reorder: 0.05, ReorderBy: 60 * time.Millisecond, Spike: 0.002, SpikeFor: 500 * time.Millisecond,
		}, uint64(i))
	}
	l.pass(90 * time.Second)
	for i := range l.legs {
		if n := l.told[i].count(EventOneWay); n > 0 {
			t.Errorf("leg %d is told of it %d times", i, n)
		}
	}
}

// What the other leg of a join had lost already is a gap in our numbers, and no loss
// of this leg.
func TestLossBeforeUsIsNoLossOfTheLeg(t *testing.T) {
	l := newLine(t)
	source := &Leg{}
	l.legs[0].StopPlaying()
	l.legs[0].out.join(source)
	p := packet{ssrc: 7, payload: bytes.Repeat([]byte{0x33}, FrameSamples)}
	for i := range 3000 {
		p.sequence, p.timestamp = uint16(i), uint32(i*FrameSamples)
		if i%10 != 9 {
			l.legs[0].out.forward(source, &p, PCMU, false, l.now)
		}
		l.pass(FrameDuration)
	}
	said := l.legs[0].TakeQuality().Said
	if part := float64(said.Lost) / float64(said.Expected); said.Expected < 1000 || part > 0.01 {
		t.Errorf("%.3f of %d count as lost", part, said.Expected)
	}
}

func TestNoSoundIsToldOnceWithinFiveSeconds(t *testing.T) {
	l := newLine(t)
	l.pass(10 * time.Second)
	l.lose[1] = isSound
	l.pass(5 * time.Second)
	if got := l.legs[0].Stats().Heard.OneWay; got != quality.NoPackets || l.told[0].count(EventOneWay) != 1 {
		t.Errorf("after 5 s: %q, told %d times", got, l.told[0].count(EventOneWay))
	}
	l.pass(15 * time.Second)
	if got := l.legs[1].Stats().Said.OneWay; got != quality.Unheard {
		t.Errorf("the far side's reports say %q", got)
	}
	l.lose[1] = nil
	l.pass(time.Second)
	if got := l.legs[0].Stats().Heard.OneWay; got != quality.None || l.told[0].count(EventHeardAgain) != 1 {
		t.Errorf("sound is back: %q, told %d times", got, l.told[0].count(EventHeardAgain))
	}
	l.pass(10 * time.Second)
	if got := l.legs[1].Stats().Said.OneWay; got != quality.None || l.told[1].count(EventOneWay) != 1 || l.told[1].count(EventHeardAgain) != 1 {
		t.Errorf("the far side hears again: %q", got)
	}
	if lasted := l.legs[0].TakeQuality().Heard.OneWay; lasted < 19*time.Second || lasted > 21*time.Second {
		t.Errorf("one-way for %v, want 20 s", lasted)
	}
}

func TestDeadMicrophoneIsTold(t *testing.T) {
	l := newLine(t)
	l.legs[1].StopPlaying() // silence goes in its stead, all zeros
	l.pass(5 * time.Second)
	if got := l.legs[0].Stats().Heard.OneWay; got != quality.Dead {
		t.Errorf("after 5 s: %q", got)
	}
}

// Who is noisy between words is there; who gates them is, too, for longer.
func TestSilenceBetweenWordsIsNoDeadMicrophone(t *testing.T) {
	quiet := make([]int16, 8*SampleRate)
	for i := range quiet {
		quiet[i] = int16(i%3-1) * 8 // about -65 dBm0
	}
	l := newLine(t)
	l.legs[1].Play(Playback{Clips: []*Clip{NewClip(quiet)}})
	l.pass(7 * time.Second)
	if n := l.told[0].count(EventOneWay); n > 0 {
		t.Error("a noise floor counts as dead")
	}
	l = newLine(t)
	word := NewClip(signal.Tone(440, 1)[:SampleRate/2])
	for range 3 {
		l.legs[1].Play(Playback{Clips: []*Clip{word}})
		l.pass(time.Second)
	}
	l.pass(20 * time.Second)
	if n := l.told[0].count(EventOneWay); n > 0 {
		t.Error("a noise gate counts as dead within 20 s")
	}
	l.pass(15 * time.Second)
	if got := l.legs[0].Stats().Heard.OneWay; got != quality.Dead {
		t.Errorf("after 35 s behind a gate: %q", got)
	}
}

// A telephone that stops sending between words isn't one-way.
func TestSuppressedSilenceIsNotOneWay(t *testing.T) {
	l := newLine(t)
	l.legs[1].out.fill = false
	word := NewClip(signal.Tone(440, 1)[:SampleRate/2])
	for range 3 {
		l.legs[1].Play(Playback{Clips: []*Clip{word}})
		l.pass(2 * time.Second)
	}
	l.pass(10 * time.Second)
	if n := l.told[0].count(EventOneWay); n > 0 {
		t.Error("it is told as one-way")
	}
}

func TestWhoIsNotToSendIsNotMissed(t *testing.T) {
	l := newLine(t)
	l.legs[0].in.expects = false // on hold
	l.legs[1].out.wanted = false
	l.legs[1].out.retarget(lineAddress(0))
	l.pass(10 * time.Second)
	if n := l.told[0].count(EventOneWay); n > 0 {
		t.Error("a far side on hold is missed")
	}
	// Back from hold it has time to begin.
	l.legs[0].in.expects = true
	l.pass(3 * time.Second)
	if n := l.told[0].count(EventOneWay); n > 0 {
		t.Error("it is missed at once")
	}
	l.pass(2 * time.Second)
	if l.told[0].count(EventOneWay) != 1 {
		t.Error("it isn't missed after 5 s")
	}
}
