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
	"testing/synctest"
	"time"

	"careline/ivr"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/media"
)

// fakeTap is what a leg's far side hears at its beginning and its end.
type fakeTap struct {
	leg  *fakeLeg
	from string
	at   time.Time
	once sync.Once
	done chan struct{}
	// pauses are when it was paused and resumed, in turn; a call's own.
	pauses []time.Duration
}

func (s *fakeSound) Tap(leg Leg) (Tap, error) {
	if s.untapped != nil {
		return nil, s.untapped
	}
	l := leg.(*fakeLeg)
	tap := &fakeTap{leg: l, from: l.hears(), at: time.Now(), done: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	if l.tap != nil {
		return nil, media.ErrTapped
	}
	l.tap = tap
	return tap, nil
}

func (t *fakeTap) RecordOpus(ctx context.Context, w io.Writer) (media.Recorded, error) {
	select {
	case <-t.done:
	case <-ctx.Done():
		return media.Recorded{}, ctx.Err()
	}
	length := time.Since(t.at)
	_, err := fmt.Fprintf(w, "%v from %q", length, t.from)
	return media.Recorded{Length: length}, err
}

func (t *fakeTap) Pause() { t.pauses = append(t.pauses, time.Since(t.at)) }

func (t *fakeTap) Resume() { t.pauses = append(t.pauses, time.Since(t.at)) }

func (t *fakeTap) Close() {
	t.once.Do(func() {
		t.leg.sound.mu.Lock()
		t.leg.tap = nil
		t.leg.sound.mu.Unlock()
		close(t.done)
	})
}

// fakeTapes are recordings in memory.
type fakeTapes struct {
	mu    sync.Mutex
	tapes []*fakeTape
	begin error
	write error
	slow  time.Duration
}

type fakeTape struct {
	tapes *fakeTapes
	known ledger.Recording
	text  strings.Builder
	ended *recording.Result
}

func (f *fakeTapes) Begin(_ context.Context, known ledger.Recording) (Recording, error) {
	time.Sleep(f.slow)
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.begin != nil {
		return nil, f.begin
	}
	known.ID = fmt.Sprintf("tape-%d", len(f.tapes)+1)
	tape := &fakeTape{tapes: f, known: known}
	f.tapes = append(f.tapes, tape)
	return tape, nil
}

func (t *fakeTape) ID() string { return t.known.ID }

func (t *fakeTape) Write(p []byte) (int, error) {
	if t.tapes.write != nil {
		return 0, t.tapes.write
	}
	return t.text.Write(p)
}

func (t *fakeTape) Close(_ context.Context, result recording.Result) error {
	t.ended = &result
	return nil
}

// onTape runs a story on a floor whose members' line is recorded.
func onTape(t *testing.T, flow string, story func(*floor, *fakeTapes)) {
	t.Helper()
	tapes := &fakeTapes{}
	onFloor(t, func(options *Options) {
		options.Recordings = tapes
		line := options.Content.Lines["5550100"]
		line.Record = RecordLine{Calls: true, Class: "calls"}
		options.Content.Lines["5550100"] = line
		if flow != "" {
			flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(flow)}}, ".",
				ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
			if err != nil {
				t.Fatal(err)
			}
			options.Content.Flows = flows
		}
	}, func(f *floor) { story(f, tapes) })
}

func TestACallIsRecordedFromItsFirstWordToItsLast(t *testing.T) {
	onTape(t, "", func(f *floor, tapes *fakeTapes) {
		dialog, _ := f.queued()
		f.signIn("maria")
		f.accept("maria")
		f.pass(time.Minute)
		dialog.hangUp()
		f.pass(time.Second)
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		if len(tapes.tapes) != 1 || tapes.tapes[0].ended == nil {
			t.Fatalf("%d recordings, %+v", len(tapes.tapes), tapes.tapes)
		}
		tape := tapes.tapes[0]
		if want := (ledger.Recording{ID: "tape-1", Call: "call-1", Kind: ledger.RecordedCall, Line: "members", Channels: 2, Class: "calls"}); tape.known != want {
			t.Errorf("%+v", tape.known)
		}
		if !strings.HasSuffix(tape.text.String(), `from ""`) { // nothing was said before it
			t.Errorf("it begins %s", tape.text.String())
		}
		record := f.records.latest()
		if lasted := record.Ended.Sub(record.Answered); tape.ended.Length != lasted {
			t.Errorf("of %v there are %v", lasted, tape.ended.Length)
		}
		if !slices.Equal(record.Recordings, []string{"tape-1"}) || record.Unrecorded != "" {
			t.Errorf("the record says %v, %q", record.Recordings, record.Unrecorded)
		}
	})
}

const refusing = `flow: main
languages: [en-US]
start: hello
steps:
  hello: {play: hello, next: ask}
  ask:
    menu: again
    choices: {"1": {set: {recording: "off"}, next: ask}, "2": {set: {recording: "on"}, next: ask}, "3": line}
    no_input: {retries: 2, next: line}
  line:
    queue: {name: claims, hold: {music: calm}}
    timeout: ask
    full: ask
    unavailable: ask
`

func TestACallerWhoRefusesIsNotRecorded(t *testing.T) {
	onTape(t, refusing, func(f *floor, tapes *fakeTapes) {
		dialog, leg := f.ring("5550100")
		f.pass(2 * time.Second)
		f.press(leg, "1")
		f.pass(3 * time.Second)
		if tape := tapes.tapes[0]; tape.ended == nil || tape.ended.Length != 2*time.Second {
			t.Errorf("%+v", tape.ended)
		}
		f.press(leg, "1") // again: nothing changes
		f.pass(time.Second)
		f.press(leg, "22") // and on, once
		f.pass(4 * time.Second)
		dialog.hangUp()
		f.pass(time.Second)
		if len(tapes.tapes) != 2 || tapes.tapes[1].ended.Length != 4*time.Second {
			t.Errorf("%d recordings", len(tapes.tapes))
		}
		if record := f.records.latest(); !slices.Equal(record.Recordings, []string{"tape-1", "tape-2"}) {
			t.Errorf("the record says %v", record.Recordings)
		}
	})
}

func TestALineThatIsNotRecordedIsNot(t *testing.T) {
	onTape(t, refusing, func(f *floor, tapes *fakeTapes) {
		_, leg := f.ring("5550111")
		f.pass(2 * time.Second)
		f.press(leg, "2")
		f.pass(time.Second)
		if len(tapes.tapes) != 0 {
			t.Errorf("%d recordings", len(tapes.tapes))
		}
		f.tries("alex", Script{Flows: f.center.content.Load().Flows, Prompts: f.center.content.Load().Prompts})
		if len(tapes.tapes) != 0 {
			t.Error("a trial is recorded")
		}
	})
}

// Whatever becomes of a recording, the call goes on, and its record says what is missing.
func TestACallGoesOnWithoutItsRecording(t *testing.T) {
	trouble := errors.New("the disk is gone")
	for name, breaks := range map[string]func(*floor, *fakeTapes){
		"no sound":    func(f *floor, _ *fakeTapes) { f.sound.untapped = trouble },
		"no file":     func(_ *floor, tapes *fakeTapes) { tapes.begin = trouble },
		"slow, gone":  func(_ *floor, tapes *fakeTapes) { tapes.slow, tapes.begin = 3*time.Second, trouble },
		"no more":     func(_ *floor, tapes *fakeTapes) { tapes.write = trouble },
		"not at hand": func(f *floor, _ *fakeTapes) { f.center.options.Recordings = nil },
	} {
		t.Run(name, func(t *testing.T) {
			onTape(t, "", func(f *floor, tapes *fakeTapes) {
				breaks(f, tapes)
				dialog, leg := f.ring("5550100")
				f.hears(leg, "hello")
				f.pass(5 * time.Second)
				dialog.hangUp()
				f.pass(time.Second)
				synctest.Wait()
				record := f.records.latest()
				if !record.Final() || record.EndedBy != ledger.ByCaller || record.Unrecorded == "" {
					t.Errorf("the record says %+v", record)
				}
				if n := f.center.Stats().Unrecorded; n != 1 && name != "no more" {
					t.Errorf("%d calls count as unrecorded", n)
				}
				if leg.tap != nil {
					t.Error("the tap goes on")
				}
			})
		})
	}
}
