package media

import (
	"testing"
	"time"
)

// TestBothSidesStayAlignedForAnHour: both far sides click at the same moments, every
// few seconds of an hour in which their clocks drift apart, their networks jitter, lose and
// swap packets, silence is suppressed, the caller is on hold, and another agent takes
// over. In the recording, each pair of clicks is within 20 ms.
func TestBothSidesStayAlignedForAnHour(t *testing.T) {
	const length = time.Hour
	every, pause := 7300*time.Millisecond, 9
	if !pooled {
		every, pause = 43700*time.Millisecond, 61 // the race detector is slow: more silence
	}
	hall := newTapHall(t)
	caller, agent, nurse := hall.leg(PCMU), hall.leg(PCMA), hall.leg(PCMU)
	hall.join(caller, agent)
	tap := hall.tap(caller, TapOptions{})
	said := hall.talker(caller, PCMU, 1)
	said.drift, said.jitter, said.loss = 90e-6, 45*time.Millisecond, 0.03
	heard := hall.talker(agent, PCMA, 2)
	heard.drift, heard.jitter, heard.loss = -70e-6, 30*time.Millisecond, 0.02
	other := hall.talker(nurse, PCMU, 3)
	other.drift, other.jitter, other.loss = 40e-6, 60*time.Millisecond, 0.05
	said.say, heard.say, other.say = clicker(PCMU, every), clicker(PCMA, every), clicker(PCMU, every)
	other.silent = true

	at := func(part float64) time.Duration { return time.Duration(part * float64(length)) }
	held := func(now time.Duration) bool { return now > at(0.3) && now < at(0.4) }
	ear := &listener{tap: tap}
	for hall.now < length {
		// Speech comes and goes, apart from where a click is.
		near := (hall.now+every/2)%every - every/2
		clicking := near > -400*time.Millisecond && near < 400*time.Millisecond
		talking := clicking || int(hall.now/time.Second)%pause < 2
		said.silent = held(hall.now) || !talking
		heard.silent = hall.now > at(0.6) || !talking
		other.silent = hall.now < at(0.6) || !talking
		said.loss, heard.loss, other.loss = 0.03, 0.02, 0.05
		if clicking {
			said.loss, heard.loss, other.loss = 0, 0, 0 // a lost click can't be measured
		}
		if hall.now >= at(0.6) && caller.peer.Load() == agent {
			agent.peer.Store(nil)
			agent.out.join(nil)
			hall.join(caller, nurse)
		}
		hall.visit(said, heard, other)
		ear.listen(t)
	}
	compareClicks(t, ear.clicks, every, length, held)
	if stats := tap.Stats(); stats.Dropped != 0 || stats.Late > 100 {
		t.Errorf("counted %+v", stats)
	}
}

// compareClicks looks for each click in both recordings where it must be: 50 ms after
// it was said, a packet's length and the networks' shortest delay.
func compareClicks(t *testing.T, found [2][]time.Duration, every, length time.Duration, held func(time.Duration) bool) {
	t.Helper()
	const delay = 50 * time.Millisecond
	both, worst := 0, time.Duration(0)
	for click := every; click < length-time.Second; click += every {
		var place [2]time.Duration
		for i := range found {
			for _, at := range found[i] {
				if off := at - click - delay; off > -time.Second && off < time.Second {
					place[i] = at
				}
			}
		}
		if held(click) {
			if place[0] != 0 {
				t.Errorf("on hold the caller's click at %v was recorded", click)
			}
			continue
		}
		if place[0] == 0 || place[1] == 0 {
			t.Errorf("the click at %v is missing: %v", click, place)
			continue
		}
		both++
		apart := (place[0] - place[1]).Abs()
		worst = max(worst, apart, (place[0] - click - delay).Abs())
		if apart > 20*time.Millisecond || (place[0]-click-delay).Abs() > 20*time.Millisecond {
			t.Errorf("the click at %v is at %v and %v", click, place[0], place[1])
		}
	}
	if both < int(length/every)/2 {
		t.Errorf("only %d clicks were compared", both)
	}
	t.Logf("%d pairs of clicks, at most %v from their time", both, worst)
}
