package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
	"careline/media/signal"
)

// nurseTone is what the nurse says, whose microphone is replaced by it.
const nurseTone = 1480

const nurseMicrophone = `(() => { navigator.mediaDevices.getUserMedia = async () => {
	const context = new AudioContext(), tone = context.createOscillator(), soft = context.createGain();
	const out = context.createMediaStreamDestination();
	tone.frequency.value = 1480; soft.gain.value = 0.06;
	tone.connect(soft); soft.connect(out); tone.start(); await context.resume();
	return out.stream; }; })()`

// TestTheNurseIsBroughtInWarm: maria asks the nurse line's agents about a caller in
// Wisconsin, tells nora what it is about, brings the three together and leaves. What
// each hears is heard, and the caller never hears nothing.
func TestTheNurseIsBroughtInWarm(t *testing.T) {
	t.Parallel()
	server := start(t,
		[3]string{"careline.yaml", "  max_calls: 400", "  max_calls: 400\n  transfers: true"},
		[3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550181\": {name: Services, flow: services-at-once}\n"},
		straight("services-at-once", "member_services", "benefits"))
	maria, nora := server.signIn(t, "maria"), server.signIn(t, "nora", nurseMicrophone)
	caller := server.phone(t, softly(tone()))
	caller.dial("5550181")
	maria.accept()
	pass(time.Second)
	asks := time.Now()
	maria.click("transfer")
	eventually(t, 15*time.Second, "the nurse line is suggested", func() bool {
		return strings.Contains(maria.js("read the names", `document.querySelector("#transfer-colleagues").innerHTML`), "Nurse line")
	})
	maria.do("type whom to ask", chromedp.SendKeys(css("transfer-number"), "Nurse line\r"))
	maria.do("type where the caller is", chromedp.SendKeys(css("transfer-where"), "WI"))
	maria.click("transfer-consult")
	rings := time.Now()
	nora.accept()
	third := func(want string) {
		t.Helper()
		eventually(t, 15*time.Second, "maria's page says "+want, func() bool { return maria.text("#third", "dataset.third") == want })
	}
	third("answered")
	if got := nora.shows("call-state"); got != "WI" {
		t.Errorf("the nurse sees the state %q", got)
	}
	if heard := nora.listenFor(func(heard []int16) bool { return agentsVoice(t, heard) > 0.3 }, 1200*time.Millisecond); agentsVoice(t, heard) < 0.3 || loud(heard, callerTone) {
		t.Errorf("asked, the nurse hears maria by %.2f and %.4f of the caller", agentsVoice(t, heard), toneIn(heard, callerTone))
	}
	pass(time.Second) // music is known by a whole second of it
	brings := time.Now()
	maria.click("third-together")
	third("together")
	together := time.Now()
	all := func(heard []int16) bool { return agentsVoice(t, heard) > 0.3 && loud(heard, callerTone) }
	if heard := nora.listenFor(all, 1200*time.Millisecond); !all(heard) {
		t.Errorf("together, the nurse hears maria by %.2f and %.4f of the caller", agentsVoice(t, heard), toneIn(heard, callerTone))
	}
	both := func(heard []int16) bool { return loud(heard, nurseTone) && loud(heard, callerTone) }
	if heard := maria.listenFor(both, 600*time.Millisecond); !both(heard) {
		t.Errorf("together, maria hears %.4f of the nurse and %.4f of the caller", toneIn(heard, nurseTone), toneIn(heard, callerTone))
	}
	leaves := time.Now()
	maria.click("third-leave")
	maria.await("wrap_up")
	alone := time.Now()
	onlyCaller := func(heard []int16) bool { return agentsVoice(t, heard) < 0.3 && loud(heard, callerTone) }
	if heard := nora.listenFor(onlyCaller, 1200*time.Millisecond); !onlyCaller(heard) {
		t.Errorf("alone, the nurse hears maria by %.2f and %.4f of the caller", agentsVoice(t, heard), toneIn(heard, callerTone))
	}
	ends := time.Now()
	caller.hangUp()
	maria.finish()
	nora.finish()

	ear := caller.heard()
	hears := func(when string, from, to time.Time, nurse, agent, music bool) {
		t.Helper()
		cut := caller.between(ear, from.Add(700*time.Millisecond), to)
		tone, voice, calm := loud(cut, nurseTone), agentsVoice(t, cut), musicIn(t, cut)
		if tone != nurse || (voice > 0.3) != agent || (calm > 0.5) != music {
			evidence(t, "nurse-"+when, cut)
			t.Errorf("%s, the caller hears %.4f of the nurse, maria by %.2f, music by %.2f", when, toneIn(cut, nurseTone), voice, calm)
		}
	}
	hears("asked", rings, brings, false, false, true)
	hears("together", together, leaves, true, true, false)
	hears("alone", alone, ends, true, false, false)
	if gap := longestSilence(caller.between(ear, asks, ends)); gap > 700*time.Millisecond {
		t.Errorf("the caller hears nothing for %v", gap)
	}
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentConsult, ledger.SegmentHold, ledger.SegmentRingAgent, ledger.SegmentConference,
		ledger.SegmentTalk, ledger.SegmentWrapUp, ledger.SegmentTalk, ledger.SegmentWrapUp)
	if record.Segments[11].Agent != "nora" || record.EndedBy != ledger.ByCaller {
		t.Errorf("the record says %+v", record)
	}
}

// longestSilence is for how long nothing but a noise floor is heard at most.
func longestSilence(heard []int16) (longest time.Duration) {
	const piece = signal.SampleRate / 50
	run := time.Duration(0)
	for ; len(heard) >= piece; heard = heard[piece:] {
		if run += 20 * time.Millisecond; signal.Level(heard[:piece]) > -60 {
			run = 0
		}
		longest = max(longest, run)
	}
	return longest
}
