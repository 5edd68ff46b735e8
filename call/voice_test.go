package call

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/ivr/calendar"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/media"
	"careline/phi"
)

// fakeSpeech is a caller who says something for so long, then nothing.
type fakeSpeech struct {
	leg  *fakeLeg
	said time.Duration
	once sync.Once
	done chan struct{}
}

func (s *fakeSound) TapSpeech(leg Leg) (SpeechTap, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.deaf != nil {
		return nil, s.deaf
	}
	l := leg.(*fakeLeg)
	l.speech = &fakeSpeech{leg: l, said: l.says, done: make(chan struct{})}
	return l.speech, nil
}

func (f *fakeSpeech) RecordSpeech(ctx context.Context, w io.Writer, options media.SpeechOptions) (media.Speech, error) {
	begun := time.Now()
	speech := func() media.Speech {
		length := min(time.Since(begun), options.Max)
		return media.Speech{Length: length, Spoken: min(f.said, length), Sound: make([]int16, f.said*media.SampleRate/time.Second)}
	}
	select {
	case <-f.done:
	case <-time.After(min(f.said+options.Silence, options.Max)):
	case <-ctx.Done():
		return speech(), ctx.Err()
	}
	_, err := fmt.Fprintf(w, "%v", speech().Length)
	return speech(), err
}

func (f *fakeSpeech) Close() { f.once.Do(func() { close(f.done) }) }

// fakeVoices keep everything in memory.
type fakeVoices struct {
	mu       sync.Mutex
	begun    []ledger.Recording
	gone     map[string]string
	messages []ledger.Message
	numbers  []phi.String
	answers  []ledger.SurveyAnswer
	begin    error
	leave    error
}

type fakeVoiceFile struct {
	io.Writer
	voices *fakeVoices
	id     string
}

func (f *fakeVoices) Begin(_ context.Context, r ledger.Recording) (VoiceFile, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.begin != nil {
		return nil, f.begin
	}
	r.ID = fmt.Sprintf("voice-%d", len(f.begun)+1)
	f.begun = append(f.begun, r)
	return &fakeVoiceFile{io.Discard, f, r.ID}, nil
}

func (f *fakeVoices) Dispose(_ context.Context, id, actor, _ string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.gone[id] = actor
	return nil
}

func (f *fakeVoices) LeaveMessage(_ context.Context, m ledger.Message, number phi.String) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.leave != nil {
		return f.leave
	}
	f.messages, f.numbers = append(f.messages, m), append(f.numbers, number)
	return nil
}

func (f *fakeVoices) SaveSurveyAnswer(_ context.Context, a ledger.SurveyAnswer) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answers = append(f.answers, a)
	return nil
}

func (f *fakeVoiceFile) ID() string                                    { return f.id }
func (f *fakeVoiceFile) Close(context.Context, recording.Result) error { return nil }
func (f *fakeVoiceFile) Discard(ctx context.Context, _ string) error {
	return f.voices.Dispose(ctx, f.id, "system", "")
}

const voiceFlow = `flow: main
languages: [en-US]
start: number
steps:
  number: {collect: {ask: again, digits: 10, into: number}, next: leave, no_input: leave}
  leave:
    voicemail: {box: nights, greeting: hello, number: number, max: 1m}
    sent: rest
    person: line
    empty: line
    failed: line
  rest: {menu: again, choices: {"1": consent, "2": line}, no_input: line}
  consent: {record: {ask: hello, kind: consent, keep: consents}, next: rest, silent: rest, failed: line}
  line:
    queue: {name: claims, hold: {music: calm}}
    timeout: rest
    full: rest
    unavailable: rest
    after: rating
  rating:
    survey:
      name: after-call
      questions: [{name: solved, ask: again}, {name: kind, ask: again, scale: 3}]
      comment: {ask: hello}
    next: bye
  bye: {hang_up: done}
`

// withVoices runs a story on a floor where callers leave messages.
func withVoices(t *testing.T, story func(*floor, *fakeVoices)) {
	t.Helper()
	voices := &fakeVoices{gone: map[string]string{}}
	onFloor(t, func(options *Options) {
		flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(voiceFlow)}}, ".",
			ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}, Boxes: []string{"nights"}})
		if err != nil {
			t.Fatal(err)
		}
		options.Content.Flows, options.Voices = flows, voices
		options.Content.Boxes = map[string]Box{"nights": {Queue: "claims", Class: "messages", BusinessDays: 1, Calendar: calendar.Weekdays(time.UTC)}}
	}, func(f *floor) { story(f, voices) })
}

// tone is a caller at the tone who will say something for so long.
func (f *floor) atTone(says time.Duration) (*fakeDialog, *fakeLeg) {
	f.t.Helper()
	dialog, leg := f.ring("5550100")
	f.pass(2 * time.Second)
	leg.willSay(says)
	f.press(leg, "6085550142")
	f.pass(4 * time.Second)
	return dialog, leg
}

func (l *fakeLeg) willSay(d time.Duration) {
	defer l.locked()()
	l.says = d
}

func TestAMessageIsLeft(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		dialog, leg := f.atTone(20 * time.Second)
		f.pass(time.Minute) // it is silent then, and nothing is pressed
		dialog.hangUp()
		f.pass(time.Second)
		if len(voices.messages) != 1 {
			t.Fatalf("%d messages, and %v", len(voices.messages), voices.gone)
		}
		m := voices.messages[0]
		want := ledger.Message{ID: "voice-1", Box: "nights", Call: "call-1", Line: "members", Language: "en-US", Left: m.Left, Length: 26 * time.Second, Verification: "none", Number: ledger.NumberEntered, Due: m.Due}
		if !slices.Equal([]any{m.ID, m.Box, m.Call, m.Line, m.Length, m.Number, m.Verification}, []any{want.ID, want.Box, want.Call, want.Line, want.Length, want.Number, want.Verification}) {
			t.Errorf("%+v", m)
		}
		if !voices.numbers[0].Equal(phi.NewString("6085550142")) {
			t.Error("the number is another one")
		}
		if due := calendar.Weekdays(time.UTC); true {
			if want, _ := due.BusinessDays(m.Left, 1); !m.Due.Equal(want) {
				t.Errorf("it is due %v, want %v", m.Due, want)
			}
		}
		if r := voices.begun[0]; r.Kind != ledger.RecordedMessage || r.Class != "messages" || r.Channels != 1 || r.Call != "call-1" {
			t.Errorf("recorded is %+v", r)
		}
		if record := f.records.latest(); !slices.Equal(record.Said, []string{"voice-1"}) || !record.Final() {
			t.Errorf("the record says %v", record.Said)
		}
		if n := f.center.Stats(); n.Messages != 1 || n.VoicesLost != 0 {
			t.Errorf("%d messages, %d lost", n.Messages, n.VoicesLost)
		}
		_ = leg
	})
}

func TestWhoHangsUpAfterSpeakingHasSentIt(t *testing.T) {
	for name, c := range map[string]struct {
		says, hangsUpAfter time.Duration
		kept               int
	}{
		"while speaking":        {30 * time.Second, 10 * time.Second, 1},
		"after a cough":         {time.Second, 3 * time.Second, 0},
		"while the menu sounds": {5 * time.Second, 11500 * time.Millisecond, 1},
		"saying nothing":        {0, 3 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			withVoices(t, func(f *floor, voices *fakeVoices) {
				dialog, _ := f.atTone(c.says)
				f.pass(c.hangsUpAfter)
				dialog.hangUp()
				f.pass(time.Second)
				if len(voices.messages) != c.kept || len(voices.gone) != 1-c.kept {
					t.Errorf("%d messages, %v are gone", len(voices.messages), voices.gone)
				}
			})
		})
	}
}

func TestAMessageIsHeardAndSaidAnew(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		_, leg := f.atTone(5 * time.Second)
		f.press(leg, "#")
		f.pass(time.Second)
		f.press(leg, "2") // hear it
		f.pass(100 * time.Millisecond)
		if len(voices.begun) != 1 || len(voices.messages) != 0 {
			t.Fatalf("%d recordings, %d messages", len(voices.begun), len(voices.messages))
		}
		f.pass(8 * time.Second)
		f.press(leg, "3")
		f.pass(20 * time.Second)
		f.press(leg, "1")
		f.pass(time.Second)
		if voices.gone["voice-1"] != "caller" || len(voices.messages) != 1 || voices.messages[0].ID != "voice-2" {
			t.Errorf("%v are gone, messages are %+v", voices.gone, voices.messages)
		}
	})
}

func TestAPersonInPlaceOfAMessage(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		_, leg := f.atTone(30 * time.Second)
		f.pass(5 * time.Second)
		f.press(leg, "0")
		f.pass(time.Second)
		f.hears(leg, "calm")
		if len(voices.messages) != 0 || len(voices.gone) != 1 {
			t.Errorf("%d messages, %v are gone", len(voices.messages), voices.gone)
		}
	})
}

func TestAMessageIsNeverLostSilently(t *testing.T) {
	trouble := errors.New("the disk is gone")
	for name, breaks := range map[string]func(*floor, *fakeVoices){
		"no recording": func(_ *floor, v *fakeVoices) { v.begin = trouble },
		"no box":       func(_ *floor, v *fakeVoices) { v.leave = trouble },
		"no sound":     func(f *floor, _ *fakeVoices) { f.sound.deaf = trouble },
		"no store":     func(f *floor, _ *fakeVoices) { f.center.options.Voices = nil },
	} {
		t.Run(name, func(t *testing.T) {
			withVoices(t, func(f *floor, voices *fakeVoices) {
				breaks(f, voices)
				_, leg := f.atTone(10 * time.Second)
				f.pass(20 * time.Second)
				f.press(leg, "1")
				f.pass(2 * time.Second)
				f.hears(leg, "calm") // a person
				if n := f.center.Stats(); n.Messages != 0 || n.VoicesLost != 1 && (name == "no recording" || name == "no box") {
					t.Errorf("%d messages, %d lost", n.Messages, n.VoicesLost)
				}
			})
		})
	}
}

func TestAStatementIsKeptByItsKind(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		_, leg := f.atTone(5 * time.Second)
		f.pass(12 * time.Second)
		f.press(leg, "1")
		f.pass(3 * time.Second)
		f.press(leg, "1")
		f.pass(20 * time.Second)
		if len(voices.begun) != 2 || voices.begun[1].Kind != ledger.RecordedStatement || voices.begun[1].Statement != "consent" || voices.begun[1].Class != "consents" {
			t.Errorf("recorded is %+v", voices.begun)
		}
		if len(voices.messages) != 1 || len(voices.gone) != 0 {
			t.Errorf("%d messages, %v are gone", len(voices.messages), voices.gone)
		}
	})
}

// talking is a caller with an agent, on a line that has a survey.
func (f *floor) talking() (*fakeDialog, *fakeLeg) {
	f.t.Helper()
	dialog, leg := f.atTone(0)
	f.press(leg, "0")
	f.pass(time.Second)
	f.signIn("maria")
	f.accept("maria")
	f.pass(time.Minute)
	return dialog, leg
}

func TestWhoStaysAfterTheAgentIsSurveyed(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		dialog, leg := f.talking()
		f.do("maria", Command{Kind: HangUp})
		f.pass(time.Second)
		if dialog.did("bye 16") {
			t.Fatal("the caller's call has ended with the agent's")
		}
		f.is("maria", acd.WrapUp)
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		f.pass(time.Second)
		f.is("maria", acd.Available)
		f.pass(time.Second)
		f.press(leg, "4")
		f.pass(3 * time.Second)
		f.press(leg, "2")
		leg.willSay(6 * time.Second)
		f.pass(25 * time.Second)
		want := []string{"solved 4/5 claims maria", "kind 2/3 claims maria", "comment 0/0 claims maria"}
		var got []string
		for _, a := range voices.answers {
			got = append(got, fmt.Sprintf("%s %d/%d %s %s", a.Question, a.Answer, a.Scale, a.Queue, a.Agent))
		}
		if !slices.Equal(got, want) || voices.answers[2].Recording == "" {
			t.Errorf("answers are %v", voices.answers)
		}
		record := f.records.latest()
		var kinds []string
		for _, segment := range record.Segments {
			kinds = append(kinds, string(segment.Kind)+":"+segment.Outcome)
		}
		if path := strings.Join(kinds, " "); !strings.Contains(path, "talk:agent_hung_up survey:") || !record.Final() || record.EndedBy != ledger.BySystem || record.Disposition != "Answered" {
			t.Errorf("the record says %s, ended by %s, %q", path, record.EndedBy, record.Disposition)
		}
		if stats := f.center.Stats().Surveyed; len(stats) != 2 || stats[1] != (SurveyStats{"after-call", "solved", 4, 1}) {
			t.Errorf("counted are %v", stats)
		}
	})
}

func TestAnswersStayOfWhoHangsUp(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		dialog, leg := f.talking()
		f.do("maria", Command{Kind: HangUp})
		f.pass(2 * time.Second)
		f.press(leg, "5")
		f.pass(time.Second)
		dialog.hangUp()
		f.pass(time.Second)
		f.do("maria", Command{Kind: FinishWrapUp})
		f.pass(time.Second)
		record := f.records.latest()
		if len(voices.answers) != 1 || record.EndedBy != ledger.ByCaller || !record.Final() {
			t.Errorf("answers are %v, the record says %s", voices.answers, record.EndedBy)
		}
	})
}

func TestACallEndsWhereTheCallerHangsUpOnTheAgent(t *testing.T) {
	withVoices(t, func(f *floor, voices *fakeVoices) {
		dialog, _ := f.talking()
		dialog.hangUp()
		f.pass(time.Second)
		f.do("maria", Command{Kind: FinishWrapUp})
		f.pass(time.Second)
		if record := f.records.latest(); record.EndedBy != ledger.ByCaller || len(voices.answers) != 0 {
			t.Errorf("the record says %s", record.EndedBy)
		}
	})
}

func TestTheToneIsATone(t *testing.T) {
	tone := newTone()
	if tone.Duration() != toneLength {
		t.Errorf("it lasts %v", tone.Duration())
	}
	if first := tone.Samples()[0]; first > 10 || first < -10 {
		t.Errorf("it begins with %d", first)
	}
}
