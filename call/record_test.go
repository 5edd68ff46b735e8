package call

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"

	"careline/acd"
	"careline/ledger"
	"careline/sip"
)

// logTo lets the center log everything, as JSON, into text.
func logTo(text *bytes.Buffer) func(*Options) {
	core := zapcore.NewCore(zapcore.NewJSONEncoder(zap.NewProductionEncoderConfig()), zapcore.Lock(zapcore.AddSync(text)), zap.DebugLevel)
	return func(o *Options) { o.Log = zap.New(core) }
}

// Neither logs nor journal nor records say who called or what was keyed in; the
// reading of the name is the desk's, through the audit.
func TestNothingOfTheMemberIsWrittenAnywhere(t *testing.T) {
	var log bytes.Buffer
	onFloor(t, logTo(&log), func(f *floor) {
		f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		f.do("maria", Command{Kind: SendDigit, Digit: "7"})
		dialog.hangUp()
		f.pass(time.Minute)
		kept, err := json.Marshal(f.records.saved)
		if err != nil {
			t.Fatal(err)
		}
		var journal bytes.Buffer
		for _, entry := range f.records.journal {
			journal.Write(entry.Body)
		}
		for where, text := range map[string]string{"log": log.String(), "journal": journal.String(), "records": string(kept)} {
			if len(text) < 500 {
				t.Errorf("the %s is nearly empty: %s", where, text)
			}
			for _, secret := range []string{"48201937", "04121961", "1961", "Linda", "Park"} {
				if strings.Contains(text, secret) {
					t.Errorf("the %s says %q", where, secret)
				}
			}
		}
		for line := range strings.Lines(log.String()) {
			if strings.Contains(line, `"digit":`) || strings.Contains(line, `"key":`) {
				t.Errorf("a key is logged: %s", line)
			}
		}
	})
}

// Contract 3: what isn't in the journal hasn't happened yet.
func TestTheJournalIsWrittenBeforeAnythingHappens(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		arrivals := 0
		f.records.appending = func(entries []ledger.JournalEntry) {
			for _, entry := range entries {
				if bytes.Contains(entry.Body, []byte("contact_arrived")) {
					arrivals++
					if got := f.center.devices["maria"].agentState(); got != acd.Available {
						t.Errorf("maria is %s before the arrival is written", got)
					}
				}
			}
		}
		f.queued()
		f.is("maria", acd.Offered)
		if arrivals != 1 {
			t.Errorf("%d arrivals in the journal", arrivals)
		}
	})
}

// A journal of two runs, of which a crash cut the first in the middle of a call,
// replays to the state that the second run is in.
func TestAnOldJournalReplaysToThePresentState(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var records *fakeRecords
		for run := range 2 {
			f := newFloor(t, nil)
			if records != nil {
				f.records.journal = records.journal
			}
			records = f.records
			ctx, cancel := context.WithCancel(t.Context())
			done := make(chan error, 1)
			go func() { done <- f.center.Run(ctx) }()
			synctest.Wait()
			f.signIn("maria")
			f.queued()
			f.accept("maria")
			f.queued()
			f.pass(time.Second)
			records.journal = append([]ledger.JournalEntry(nil), records.journal...) // what comes now isn't written
			kept := records.journal
			if run == 1 {
				wantReplay(f, kept)
			}
			cancel()
			if err := <-done; err != nil {
				t.Error(err)
			}
			records.journal = kept
		}
	})
}

func wantReplay(f *floor, journal []ledger.JournalEntry) {
	f.t.Helper()
	replay := acd.NewEngine()
	var last time.Time
	for _, entry := range journal {
		event, err := acd.DecodeEvent(entry.Body)
		if err != nil {
			f.t.Fatal(err)
		}
		for _, decision := range replay.Step(entry.Time, event) {
			if refused, ok := decision.(acd.Refused); ok {
				f.t.Errorf("the replay refuses %s: %s", entry.Body, refused.Why)
			}
		}
		last = entry.Time
	}
	live := make(chan string, 1)
	f.center.router.ask(func(engine *acd.Engine) { live <- fmt.Sprintf("%+v %+v", engine.Agents(), engine.Waiting(last)) })
	if got, want := fmt.Sprintf("%+v %+v", replay.Agents(), replay.Waiting(last)), <-live; got != want || !strings.Contains(got, "talking") {
		f.t.Errorf("the replay ends in\n%s\nthe center is in\n%s", got, want)
	}
}

func TestARefusedCallHasOneIDAndARecord(t *testing.T) {
	for name, c := range map[string]struct {
		check error
		sound error
		drain bool
		want  int
	}{
		"no codec in common": {check: sip.ErrNoCommonCodec, want: 488},
		"no port left":       {sound: errors.New("media: all ports are taken"), want: 503},
		"while draining":     {drain: true, want: 503},
	} {
		t.Run(name, func(t *testing.T) {
			var log bytes.Buffer
			onFloor(t, logTo(&log), func(f *floor) {
				f.sound.none = c.sound
				if c.drain {
					if err := f.center.Drain(t.Context()); err != nil {
						t.Fatal(err)
					}
				}
				f.center.invite(&fakeDialog{id: "sip", dialed: "5550100", check: c.check})
				synctest.Wait()
				record := f.records.latest()
				if !record.Final() || record.SIPStatus != c.want || record.EndedBy != ledger.BySystem {
					t.Errorf("the record: %+v", record)
				}
				if !strings.Contains(log.String(), fmt.Sprintf(`"msg":"call refused","call":%q`, record.ID)) {
					t.Errorf("the log doesn't name call %q:\n%s", record.ID, log.String())
				}
				f.nobodyIsLeft()
			})
		})
	}
}

// slowDisk takes no record until the test lets it.
type slowDisk struct {
	*fakeRecords
	open chan struct{}
}

func (d slowDisk) SaveCall(ctx context.Context, record ledger.CallRecord) error {
	<-d.open
	return d.fakeRecords.SaveCall(ctx, record)
}

func TestAFloodOfRefusedCallsIsBounded(t *testing.T) {
	disk := slowDisk{open: make(chan struct{})}
	onFloor(t, func(o *Options) {
		disk.fakeRecords = o.Records.(*fakeRecords)
		o.Records = disk
	}, func(f *floor) {
		for range 3 * maxRefusals {
			dialog := &fakeDialog{id: "sip", dialed: "5550100", check: sip.ErrNoCommonCodec}
			f.center.invite(dialog)
			if !dialog.did("refuse 488 0s") {
				t.Fatalf("the dialog did %v", dialog.log)
			}
		}
		close(disk.open)
		synctest.Wait()
		if got := len(f.records.saved); got != maxRefusals {
			t.Errorf("%d records were waiting for the disk, want %d", got, maxRefusals)
		}
	})
}

// fullDisk takes no record at all.
type fullDisk struct{ *fakeRecords }

func (fullDisk) SaveCall(context.Context, ledger.CallRecord) error { return errors.New("disk full") }

func TestARecordThatTheLedgerDoesNotTakeIsInTheLog(t *testing.T) {
	var log bytes.Buffer
	onFloor(t, func(o *Options) {
		logTo(&log)(o)
		o.Records = fullDisk{o.Records.(*fakeRecords)}
	}, func(f *floor) {
		dialog, _ := f.ring("5550100")
		dialog.hangUp()
		synctest.Wait()
		if text := log.String(); !strings.Contains(text, "call record not written") || !strings.Contains(text, `"ended_by":"caller"`) {
			t.Errorf("the record is lost:\n%s", text)
		}
	})
}

// A robot that goes round in a menu for a night leaves a record that can be kept.
func TestARecordHasBounds(t *testing.T) {
	var path []string
	for i := range 10 * maxPath {
		path = appendStep(path, fmt.Sprint(i))
	}
	if len(path) != maxPath || path[0] != "…" || path[1] != fmt.Sprint(9*maxPath+1) || path[maxPath-1] != fmt.Sprint(10*maxPath-1) {
		t.Errorf("%d steps from %q, %q to %q", len(path), path[0], path[1], path[len(path)-1])
	}
	now := time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	c := newChronicle(ledger.CallRecord{ID: "robot", Started: now})
	for range 3 * maxSegments {
		c.enter(now, "left", ledger.Segment{Kind: ledger.SegmentQueue})
		c.ringAgent(now, "claims", "maria")
		now = now.Add(time.Second)
		c.ringEnded(now, "declined")
	}
	c.enter(now, "answered", ledger.Segment{Kind: ledger.SegmentTalk, Agent: "maria"})
	c.end(now, ledger.ByCaller, "the caller hung up", "ended_by_caller")
	c.wrapUp(now, "maria")
	c.wrapUpEnded(now, "maria", "finished")
	if got := len(c.record.Segments); got != maxSegments+1 {
		t.Errorf("%d segments", got)
	}
	wantUnbroken(t, c.record)
	if !c.record.Final() {
		t.Error("the record would never be sealed")
	}
}

// A caller whom nobody takes leaves the line by the flow's edge, and the flow
// ends the call.
func TestNobodyComesAndTheFlowHangsUp(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.queued()
		f.pass(41 * time.Second)
		f.hears(leg, "again") // what is announced to those who wait
		f.pass(time.Second)
		f.hears(leg, "calm")
		f.pass(10*time.Minute - 46*time.Second)
		f.hears(leg, "again") // the step "stay"
		f.press(leg, "2")
		f.pass(2 * time.Second)
		if !dialog.did("bye 16") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		record := f.records.latest()
		if record.EndedBy != ledger.BySystem || !strings.Contains(record.Why, "nobody came") {
			t.Errorf("the record: %+v", record)
		}
		wantUnbroken(t, record)
		f.nobodyIsLeft()
	})
}

// A disk that takes seconds for each write costs everyone the same few seconds,
// however many wait.
func TestASlowDiskTakesAllThatWaitAtOnce(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		writes := 0
		f.records.appending = func([]ledger.JournalEntry) {
			writes++
			<-time.After(4 * time.Second)
		}
		for range 2000 {
			f.center.router.submit(acd.WrapUpDone{Agent: "nobody"})
		}
		synctest.Wait()
		f.pass(8 * time.Second)
		if writes > 2 || len(f.center.router.inbox) != 0 {
			t.Errorf("%d writes, and %d events still wait", writes, len(f.center.router.inbox))
		}
		f.records.appending = nil
	})
}
