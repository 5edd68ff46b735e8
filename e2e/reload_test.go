package e2e

import (
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
	"careline/media/signal"
)

// backWithin is how soon caller and agent hear each other again when the page was
// reloaded in a call.
const backWithin = 3 * time.Second

// hearsTone tells when the page first hears a tone, in milliseconds since 1970.
const hearsTone = `new Promise((done) => {
	const wait = setInterval(() => {
		const stream = document.querySelector("#remote")?.srcObject;
		if (!stream) return;
		clearInterval(wait);
		const context = new AudioContext(), ear = new AnalyserNode(context, { fftSize: 2048 });
		context.createMediaStreamSource(stream).connect(ear);
		const levels = new Float32Array(ear.frequencyBinCount), at = Math.round(%d * 2048 / context.sampleRate);
		const look = setInterval(() => {
			ear.getFloatFrequencyData(levels);
			if (Math.max(levels[at - 1], levels[at], levels[at + 1]) < -50) return;
			clearInterval(look);
			context.close();
			done(Date.now());
		}, 20);
	}, 20); })`

// whenHeard waits until the page hears the callers' tone, and says when it first did.
func (a *agent) whenHeard() time.Time {
	a.t.Helper()
	at, err := strconv.ParseInt(a.js("listen for the caller", fmt.Sprintf(hearsTone, callerTone)), 10, 64)
	if err != nil {
		a.t.Fatal(err)
	}
	return time.UnixMilli(at)
}

// agentsVoiceBack is when the caller hears the agent's microphone again, at the end of
// the first half second in which it is clear; zero if that never comes.
func agentsVoiceBack(t *testing.T, p *phone, from, to time.Time) time.Time {
	const half = 500 * time.Millisecond
	ear, says := p.heard(), wav(t, microphone)
	says = append(says, says...)
	for at := from; !at.Add(half).After(to); at = at.Add(100 * time.Millisecond) {
		cut := p.between(ear, at, at.Add(half))
		if score, _ := signal.Correlate(says, cut); score > 0.7 {
			return at.Add(half)
		}
	}
	return time.Time{}
}

func TestPageReloadedMidCallGoesOn(t *testing.T) {
	t.Parallel()
	server := start(t)
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.accept()
	reloaded := time.Now()
	maria.do("reload", chromedp.Reload())
	if begun, _ := strconv.ParseFloat(maria.js("when the page began", "performance.timeOrigin"), 64); begun < float64(reloaded.UnixMilli()) {
		t.Fatal("the page is the one from before")
	}
	agentHears := maria.whenHeard()
	maria.await("talking")
	pass(3 * time.Second)
	end := time.Now()
	caller.hangUp()
	maria.finish()
	callerHears := agentsVoiceBack(t, caller, reloaded.Add(200*time.Millisecond), end) // what was on its way is played still
	t.Logf("after the reload the agent hears within %s, the caller within %s", agentHears.Sub(reloaded), callerHears.Sub(reloaded))
	if agentHears.Sub(reloaded) > backWithin || callerHears.IsZero() || callerHears.Sub(reloaded) > backWithin {
		t.Errorf("it takes longer than %s", backWithin)
	}
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent,
		ledger.SegmentTalk, ledger.SegmentWrapUp)
}
