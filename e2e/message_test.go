package e2e

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
	"careline/media/signal"
)

// messageFlow asks for a number, and takes a message.
const messageFlow = `flow: note
languages: [en-US]
start: number
steps:
  number: {collect: {ask: ask-member-id, check: phone, into: callback_number}, next: message, no_input: {retries: 0, next: line}, no_match: {retries: 0, next: line}}
  message: {voicemail: {box: member_services, greeting: goodbye, number: callback_number}, sent: goodbye, person: line, empty: line, failed: line}
  line: {queue: {name: member_services, hold: {music: calm}}, timeout: busy, full: busy, unavailable: busy}
  busy: {menu: still-busy, choices: {"1": line, "2": goodbye}, no_input: {retries: 0, next: line}}
  goodbye: {hang_up: {play: goodbye, reason: the caller chose to end the call}}
`

// messageSound is what the page plays of a message, at 8 kHz.
const messageSound = `(async () => {
	const sound = await (await fetch(document.querySelector('[data-testid="message-player"]').src)).arrayBuffer();
	const said = await new OfflineAudioContext(1, 8000, 8000).decodeAudioData(sound);
	return [...said.getChannelData(0)].map((sample) => Math.round(sample * 32767)); })()`

// TestAnAgentHearsAndAnswersAMessage: a caller leaves a number and a message and hangs up;
// an agent of the box finds it by the number in the navigation, hears what was said, reads
// the number, and notes that the caller was reached. All of it is on record.
func TestAnAgentHearsAndAnswersAMessage(t *testing.T) {
	t.Parallel()
	server := start(t, [3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550182\": {name: Notes, flow: note}\n"}, [3]string{"flows/note.yaml", "", messageFlow})
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550182")
	caller.press("2025550142")
	greeting := wav(t, "../config/demo/prompts/en-US/goodbye.wav")
	pass(time.Duration(len(greeting))*time.Second/signal.SampleRate + 4*time.Second)
	caller.hangUp()
	record, _ := server.record()

	eventually(t, 20*time.Second, "the number of open messages", func() bool { return maria.shows("messages-open") == "1 to be answered" })
	maria.click("view-messages")
	row := ""
	eventually(t, 5*time.Second, "the message in the list", func() bool { row = maria.shows("message-row"); return strings.HasPrefix(row, "New") })
	if !strings.Contains(row, "Notes") || strings.Contains(row, "555") {
		t.Errorf("the list shows %q", row)
	}
	maria.click("open-message")
	eventually(t, 5*time.Second, "the message plays", func() bool {
		return maria.js("look at the player", `(() => { const p = document.querySelector("#message-player"); return String(!p.paused && p.currentTime > 0.3 && p.duration > 2); })()`) == "true"
	})
	if said := maria.message(); toneIn(said, callerTone) < 0.05 {
		evidence(t, "message-said", said)
		t.Errorf("the message has %.4f of the caller's tone", toneIn(said, callerTone))
	}
	if shown := maria.js("look for the number", `document.body.textContent`); strings.Contains(shown, "5550142") {
		t.Error("the number is shown before anybody asked for it")
	}
	maria.click("message-show-number")
	eventually(t, 5*time.Second, "the number", func() bool { return strings.Contains(maria.shows("message-number"), "2025550142") })
	maria.photograph("messages")
	maria.do("say what came of it", chromedp.SendKeys(css("message-outcome"), "Reached"))
	maria.click("message-answer")
	eventually(t, 5*time.Second, "it is answered", func() bool {
		return strings.HasPrefix(maria.shows("message-row"), "Reached, by ") && maria.shows("messages-open") == ""
	})
	server.messageIsAudited(record)
}

// message is what the page plays.
func (a *agent) message() []int16 {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, 20*time.Second)
	defer cancel()
	sound, err := chromedp.Run(ctx, chromedp.Evaluate[[]int](messageSound, chromedp.EvalAwaitPromise))
	if err != nil || len(sound) < 2*signal.SampleRate {
		a.t.Fatalf("%s: decoding the message: %d samples, %v", a.name, len(sound), err)
	}
	return clamp(sound)
}

func (s *server) messageIsAudited(record ledger.CallRecord) {
	s.t.Helper()
	entries, err := s.kept().Audit(s.t.Context(), record.ID)
	if err != nil {
		s.t.Fatal(err)
	}
	var told []string
	for _, e := range entries {
		if e.Actor == "agent:maria" {
			told = append(told, strings.Join([]string{string(e.Kind), e.Field, e.Purpose, e.Outcome}, " "))
		}
	}
	want := []string{"playback message call_back opened", "access callback_number call_back ok", "message box member_services  reached"}
	if !slices.Equal(told, want) {
		s.t.Errorf("the audit tells %q", told)
	}
}
