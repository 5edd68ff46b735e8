package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
	"careline/media/signal"
)

// recordedFlow tells that it records, asks for an account's number, and leads to maria.
const recordedFlow = `flow: recorded
languages: [en-US]
start: notice
steps:
  notice: {play: recording-notice, notice: recording, barge_in: false, next: account}
  account: {collect: {ask: ask-member-id, digits: 4, into: account}, next: line, no_input: line}
  line: {queue: {name: member_services, skills: {benefits: 1}, hold: {music: calm}}, timeout: busy, full: busy, unavailable: busy}
  busy: {menu: still-busy, choices: {"1": line, "2": goodbye}, no_input: {retries: 0, next: line}}
  goodbye: {hang_up: {play: goodbye, reason: the caller chose to end the call}}
`

// noticeLength is how long the announcement is, which keys don't cut short.
const noticeLength = 3500 * time.Millisecond

// decoded gives both channels of the recording that the page plays, at 8 kHz, as the
// browser understands them.
const decoded = `(async () => {
	const sound = await (await fetch(document.querySelector('[data-testid="recording-player"]').src)).arrayBuffer();
	const both = await new OfflineAudioContext(2, 8000, 8000).decodeAudioData(sound);
	return [0, 1].map((c) => [...both.getChannelData(c)].map((sample) => Math.round(sample * 32767))); })()`

// TestASupervisorHearsARecordedCall: caller and agent talk on a line that records. It is
// sealed; once the call is over a supervisor hears who said what, from the announcement
// on, and nothing of what was keyed in. Both are on record, an agent is refused.
func TestASupervisorHearsARecordedCall(t *testing.T) {
	t.Parallel()
	server := start(t, notices(t, "")[0],
		[3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550181\": {name: Recorded, flow: recorded, record: default}\n"},
		[3]string{"flows/recorded.yaml", "", recordedFlow})
	maria, sam := server.signIn(t, "maria"), server.enter(t, "sam")
	caller := server.phone(t, tone())
	caller.dial("5550181")
	pass(noticeLength)
	caller.press("4711")
	maria.accept()
	pass(1800 * time.Millisecond)
	maria.click("pause-recording")
	eventually(t, 5*time.Second, "the recording is paused", func() bool { return maria.shows("pause-recording") == "Record againR" })
	maria.photograph("recording-paused")
	maria.click("pause-recording")
	eventually(t, 5*time.Second, "it is recorded again", func() bool { return maria.shows("pause-recording") == "Pause recordingR" })
	caller.hangUp()
	maria.finish()
	record, _ := server.record()
	if len(record.Recordings) != 1 || record.Unrecorded != "" {
		t.Fatalf("on record are the recordings %q, %q", record.Recordings, record.Unrecorded)
	}
	server.isSealed(record.Recordings[0])

	eventually(t, 10*time.Second, "the recording in the list of calls", func() bool {
		return sam.js("look for its button", `String(document.querySelector('#calls-recent [data-testid="show-recording"]')?.hidden)`) == "false"
	})
	sam.click("show-recording")
	eventually(t, 5*time.Second, "the recording on the call's page", func() bool {
		what := sam.shows("recording-what")
		return strings.HasPrefix(what, "Call, ") && strings.HasSuffix(what, "; left out once")
	})
	sam.click("play-recording")
	eventually(t, 5*time.Second, "the page asks what for", func() bool { return strings.Contains(sam.shows("recording-problem"), "what you listen for") })
	sam.do("say what for", chromedp.SendKeys(css("recording-purpose"), "Quality review"))
	sam.click("play-recording")
	eventually(t, 5*time.Second, "the recording plays", func() bool {
		return sam.js("look at the player", `(() => { const p = document.querySelector("#recordings audio"); return String(!p.paused && p.currentTime > 0.3 && p.duration > 3); })()`) == "true"
	})
	sam.photograph("recording")
	said, heard := sam.channels()
	compareSides(t, wav(t, "../config/demo/prompts/en-US/recording-notice.wav"), said, heard)

	path := sam.js("its address", `new URL(document.querySelector("#recordings audio").src).pathname`)
	if got := maria.js("try it", `fetch("`+path+`").then((r) => String(r.status))`); got != "403" {
		t.Errorf("an agent asks for the recording and hears %s", got)
	}
	server.hearingIsAudited(record)
}

// channels are both sides of what the page plays.
func (a *agent) channels() (said, heard []int16) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, 20*time.Second)
	defer cancel()
	sound, err := chromedp.Run(ctx, chromedp.Evaluate[[][]int](decoded, chromedp.EvalAwaitPromise))
	if err != nil || len(sound) != 2 {
		a.t.Fatalf("%s: decoding the recording: %v", a.name, err)
	}
	return clamp(sound[0]), clamp(sound[1])
}

// compareSides: left is the caller, who says one tone, right what she hears: the
// announcement first, the agent at last. Of her keys neither has a trace.
func compareSides(t *testing.T, notice, said, heard []int16) {
	t.Helper()
	if len(said) < 5*signal.SampleRate {
		t.Fatalf("%d samples are recorded", len(said))
	}
	if tone := toneIn(said, callerTone); tone < 0.05 {
		t.Errorf("left, the caller's tone is %.4f", tone)
	}
	if tone := toneIn(heard, callerTone); tone > 0.01 {
		t.Errorf("right, the caller's tone is %.4f", tone)
	}
	if score, _ := signal.Correlate(heard[:min(len(heard), len(notice)+signal.SampleRate)], notice[:signal.SampleRate]); score < 0.5 {
		evidence(t, "desk-heard", heard)
		t.Errorf("right, the announcement is found by %.2f", score)
	}
	if voice := agentsVoice(t, heard[len(notice):]); voice < 0.3 {
		t.Errorf("right, the agent is found by %.2f", voice)
	}
	for _, hz := range []float64{697, 770, 852, 1209, 1336, 1477} {
		if tone := toneIn(said, hz); tone > 0.01 {
			t.Errorf("left, a key's tone of %.0f Hz is %.4f", hz, tone)
		}
	}
}

// isSealed: the file of a recording is named after it alone, readable by its owner
// alone, and has nothing of Ogg or Opus in it.
func (s *server) isSealed(id string) {
	s.t.Helper()
	files, err := filepath.Glob(filepath.Join(s.dir, "var/recordings/*/"+id+".sealed"))
	if err != nil || len(files) != 1 {
		s.t.Fatalf("its files are %q, %v", files, err)
	}
	info, err := os.Stat(files[0])
	if err != nil || info.Mode().Perm() != 0o600 {
		s.t.Errorf("the mode of its file is %v, %v", info.Mode(), err)
	}
	text, err := os.ReadFile(files[0])
	if err != nil || len(text) < 10_000 || bytes.Contains(text, []byte("OggS")) || bytes.Contains(text, []byte("Opus")) {
		s.t.Errorf("%d bytes that aren't sealed, %v", len(text), err)
	}
}

// hearingIsAudited: who heard the call, what for, and who was refused.
func (s *server) hearingIsAudited(record ledger.CallRecord) {
	s.t.Helper()
	_, audit := s.record()
	var told []string
	for _, e := range audit {
		if e.Kind == ledger.AuditPlayback || e.Field == "recording" {
			told = append(told, strings.Join([]string{e.Actor, string(e.Kind), e.Subject, e.Purpose, e.Outcome}, " "))
		}
	}
	want := []string{
		"agent:sam playback " + record.Recordings[0] + " quality_review opened",
		"agent:maria access  supervision refused",
	}
	if !slices.Equal(told, want) {
		s.t.Errorf("the audit tells %q", told)
	}
}
