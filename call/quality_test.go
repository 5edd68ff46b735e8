package call

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"careline/ledger"
	"careline/media"
	"careline/media/quality"
)

// heardFor is what a leg came to: so many packets both ways, with a score.
func heardFor(packets uint64, mos float64, oneWay time.Duration) media.QualitySum {
	way := media.DirectionSum{Sum: quality.Sum{
		Expected: packets, Lost: packets / 10, MOS: mos, Worst: mos - 1, Jitter: 2500 * time.Microsecond, RoundTrip: 80 * time.Millisecond,
	}, OneWay: oneWay}
	return media.QualitySum{Codec: media.PCMU, Sent: packets, Heard: way, Said: way}
}

func good() media.SoundStats {
	return media.SoundStats{MOS: 4.4, Delay: 100 * time.Millisecond, RoundTrip: 80 * time.Millisecond}
}

func TestAgentSeesHowTheTalkSounds(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agent, _ := f.signIn("maria")
		_, caller := f.queued()
		f.accept("maria")
		caller.sounds(good(), good(), media.QualitySum{})
		agent.sounds(good(), media.SoundStats{}, media.QualitySum{})
		sound := f.view("maria").Call.Sound
		if sound == nil || sound.Grade != "good" || sound.NotHeard || sound.NotHearing {
			t.Fatalf("a good call looks like %+v", sound)
		}
		if want := (WayView{Loss: 0, Delay: 100 * time.Millisecond}); sound.Hears != want {
			t.Errorf("the agent hears %+v, want %+v", sound.Hears, want)
		}
		lossy := media.SoundStats{MOS: 2.9, Loss: 0.1, Delay: 60 * time.Millisecond}
		caller.sounds(lossy, good(), media.QualitySum{})
		agent.sounds(good(), lossy, media.QualitySum{})
		if sound := f.view("maria").Call.Sound; sound.Grade != "bad" || sound.Hears.Loss != 19 || sound.Heard.Loss != 0 {
			t.Errorf("a lossy call looks like %+v", sound)
		}
		f.do("maria", Command{Kind: Hold, On: true})
		if sound := f.view("maria").Call.Sound; sound != nil {
			t.Errorf("on hold it looks like %+v", sound)
		}
		f.do("maria", Command{Kind: Hold, On: false})
		if f.view("maria").Call.Sound == nil {
			t.Error("after the hold nothing is shown")
		}
	})
}

func TestAgentSeesWhoIsNotHeard(t *testing.T) {
	no := func(why quality.Trouble) media.SoundStats { return media.SoundStats{OneWay: why} }
	for name, test := range map[string]struct {
		callerHeard, callerSaid, agentHeard, agentSaid media.SoundStats
		muted                                          bool
		after                                          time.Duration
		notHeard, notHearing                           bool
	}{
		"nothing from the caller":         {callerHeard: no(quality.NoPackets), notHearing: true},
		"the caller's phone gets nothing": {callerSaid: no(quality.Unheard), notHeard: true},
		"nothing from the agent":          {agentHeard: no(quality.NoPackets), notHeard: true},
		"the agent's page gets nothing":   {agentSaid: no(quality.Unheard), notHearing: true},
		"a muted agent":                   {agentHeard: no(quality.Dead), muted: true, after: time.Minute},
		"an agent who listens":            {agentHeard: no(quality.Dead), after: time.Second},
		"an agent with a dead microphone": {agentHeard: no(quality.Dead), after: 6 * time.Second, notHeard: true},
	} {
		onFloor(t, nil, func(f *floor) {
			agent, _ := f.signIn("maria")
			_, caller := f.queued()
			f.accept("maria")
			f.do("maria", Command{Kind: Mute, On: test.muted})
			caller.sounds(test.callerHeard, test.callerSaid, media.QualitySum{})
			agent.sounds(test.agentHeard, test.agentSaid, media.QualitySum{})
			f.pass(test.after)
			if sound := f.view("maria").Call.Sound; sound.NotHeard != test.notHeard || sound.NotHearing != test.notHearing {
				t.Errorf("%s: %+v", name, sound)
			}
		})
	}
}

// The page is told at once, and told again when it is over.
func TestOneWaySoundReachesThePage(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agent, _ := f.signIn("maria")
		_, caller := f.queued()
		f.accept("maria")
		var told atomic.Int32
		if _, err := f.center.Connect("maria", func() { told.Add(1) }); err != nil {
			t.Fatal(err)
		}
		for name, leg := range map[string]*fakeLeg{"caller": caller, "agent": agent} {
			for _, kind := range []media.EventKind{media.EventOneWay, media.EventHeardAgain} {
				before := told.Load()
				leg.notify(media.Event{Kind: kind, OneWay: quality.NoPackets})
				synctest.Wait()
				if told.Load() == before {
					t.Errorf("%s: %s isn't told to the page", name, kind)
				}
			}
		}
	})
}

func TestRecordHasEachSidesSound(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agent, _ := f.signIn("maria")
		dialog, caller := f.queued()
		agent.sounds(good(), good(), heardFor(9000, 2, time.Minute)) // of before this call
		f.accept("maria")
		caller.sounds(good(), good(), heardFor(1000, 4.126, 5400*time.Millisecond))
		agent.sounds(good(), good(), heardFor(500, 3, 0))
		dialog.hangUp()
		synctest.Wait()
		record := f.records.latest()
		way := ledger.SoundWay{Packets: 450, Lost: 50, JitterMS: 3, MOS: 3, WorstMOS: 2}
		sent := way
		sent.Packets = 500
		want := []ledger.LegSound{
			{Leg: ledger.SoundAgent, Agent: "maria", Codec: "PCMU", RoundTripMS: 80, Received: way, Sent: sent},
			{Leg: ledger.SoundCaller, Codec: "PCMU", RoundTripMS: 80,
				Received: ledger.SoundWay{Packets: 900, Lost: 100, JitterMS: 3, MOS: 4.13, WorstMOS: 3.13, OneWaySeconds: 5},
				Sent:     ledger.SoundWay{Packets: 1000, Lost: 100, JitterMS: 3, MOS: 4.13, WorstMOS: 3.13, OneWaySeconds: 5}},
		}
		if len(record.Sound) != 2 || record.Sound[0] != want[0] || record.Sound[1] != want[1] {
			t.Errorf("the record has\n%+v, want\n%+v", record.Sound, want)
		}
		for _, one := range f.center.Stats().Sound {
			scored, oneWay := uint64(0), uint64(0)
			if one.Leg != ledger.SoundTarget {
				scored = 1
			}
			if one.Leg == ledger.SoundCaller {
				oneWay = 1
			}
			if one.Scored != scored || one.OneWay != oneWay || one.Scores[4.5] != scored {
				t.Errorf("counted: %+v", one)
			}
		}
	})
}

func TestSoundsOnRecordAreBounded(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		for range 2 * maxSounds {
			f.offerMedia("maria").sounds(good(), good(), heardFor(50, 4, 0))
		}
		dialog.hangUp()
		synctest.Wait()
		if n := len(f.records.latest().Sound); n != maxSounds {
			t.Errorf("%d sounds on record", n)
		}
	})
}
