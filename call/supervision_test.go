package call

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
)

// supervised is maria's talk with a caller, and james, a supervisor, at his page.
type supervised struct {
	*floor
	caller        *fakeDialog
	leg           *fakeLeg
	agent, james  *fakeLeg
	jamesReleases func()
}

func onSupervised(t *testing.T, story func(supervised)) {
	t.Helper()
	onFloor(t, func(o *Options) { o.Content.ShowSupervision = []Mode{Whisper, BargeIn} }, func(f *floor) {
		s := supervised{floor: f}
		s.agent, _ = f.signIn("maria")
		s.caller, s.leg = f.queued()
		f.accept("maria")
		s.james, s.jamesReleases = f.signIn("james")
		story(s)
	})
}

func (f supervised) supervise(mode Mode) {
	f.t.Helper()
	if err := f.center.Supervise(context.Background(), "james", "call-1", mode); err != nil {
		f.t.Fatalf("james: %s: %v", mode, err)
	}
	synctest.Wait()
}

// audited are the entries about supervision, in their order.
func (f *floor) audited() string {
	f.records.mu.Lock()
	defer f.records.mu.Unlock()
	var lines []string
	for _, entry := range f.records.audit {
		lines = append(lines, fmt.Sprintf("%s %s %s %s %s", entry.Kind, entry.Call, entry.Actor, entry.Field, entry.Outcome))
	}
	return strings.Join(lines, "\n")
}

func TestSupervisorListensWhispersAndBargesIn(t *testing.T) {
	onSupervised(t, func(f supervised) {
		f.hears(f.leg, "agent/maria")
		f.supervise(Listen)
		f.hears(f.leg, "agent/maria")
		f.hears(f.agent, "call-1")
		f.hears(f.james, "agent/maria call-1")
		if view := f.view("james"); view.State != acd.Away || view.Supervision == nil || view.Supervision.Mode != Listen {
			t.Errorf("james sees %+v", view)
		}
		if shown := f.view("maria").Call.Supervisors; len(shown) != 0 {
			t.Errorf("maria is told of %+v, which the site doesn't show", shown)
		}
		f.pass(time.Second)
		f.supervise(Whisper)
		f.hears(f.leg, "agent/maria")
		f.hears(f.agent, "agent/james call-1")
		f.hears(f.james, "agent/maria call-1")
		if shown := f.view("maria").Call.Supervisors; len(shown) != 1 || shown[0] != (SupervisorView{"James", Whisper}) {
			t.Errorf("maria is told of %+v", shown)
		}
		f.pass(time.Second)
		f.supervise(BargeIn)
		f.hears(f.leg, "agent/james agent/maria")
		f.hears(f.agent, "agent/james call-1")
		f.do("maria", Command{Kind: Hold, On: true})
		f.hears(f.leg, "calm")
		f.hears(f.agent, "agent/james")
		f.do("maria", Command{Kind: Hold})
		f.hears(f.leg, "agent/james agent/maria")
		f.pass(time.Second)
		f.supervise("")
		f.hears(f.leg, "agent/maria")
		f.hears(f.agent, "call-1")
		f.hears(f.james, "")
		if f.view("james").Supervision != nil || len(f.view("maria").Call.Supervisors) != 0 {
			t.Error("the pages still tell of it")
		}
		f.caller.hangUp()
		f.do("maria", Command{Kind: FinishWrapUp})
		const want = `supervision call-1 agent:james listen begun
supervision call-1 agent:james whisper begun
supervision call-1 agent:james listen ended
supervision call-1 agent:james barge_in begun
supervision call-1 agent:james whisper ended
supervision call-1 agent:james barge_in ended`
		if got := f.audited(); got != want {
			t.Errorf("the audit says\n%s", got)
		}
		record := f.records.latest()
		wantRecord(t, record, ledger.ByCaller, "ring ivr queue ring_agent talk listen whisper barge_in hold talk wrap_up")
		if listened := record.Segments[5]; listened.Agent != "james" || listened.End.Sub(listened.Start) != time.Second {
			t.Errorf("the record says %+v", listened)
		}
	})
}

// Each way out of a supervised call takes the supervisor out, and audits the end.
func TestSupervisionEndsWithWhatIsSupervised(t *testing.T) {
	for name, end := range map[string]func(supervised){
		"the caller hangs up": func(f supervised) { f.caller.hangUp() },
		"the agent hangs up":  func(f supervised) { f.do("maria", Command{Kind: HangUp}) },
		"the supervisor goes available": func(f supervised) {
			f.do("james", Command{Kind: SetState, State: acd.Available})
		},
		"the supervisor signs out": func(f supervised) { f.do("james", Command{Kind: SignOut}) },
		"the supervisor vanishes": func(f supervised) {
			f.jamesReleases()
			f.pass(DefaultGrace)
		},
		"the call breaks": func(f supervised) { f.center.session("call-1").cancel(errOverflow) },
	} {
		t.Run(name, func(t *testing.T) {
			onSupervised(t, func(f supervised) {
				f.supervise(BargeIn)
				end(f)
				f.pass(time.Second)
				f.hears(f.james, "")
				if f.view("james").Supervision != nil {
					t.Error("james's page still tells of it")
				}
				if !strings.HasSuffix(f.audited(), "barge_in ended") {
					t.Errorf("the audit says\n%s", f.audited())
				}
				if f.leg.with == nil && !f.leg.closed {
					t.Error("caller and agent don't hear each other any more")
				}
			})
		})
	}
}

func TestWhatIsNotAuditedIsNotHeard(t *testing.T) {
	onSupervised(t, func(f supervised) {
		f.records.mu.Lock()
		f.records.failing = errors.New("disk full")
		f.records.mu.Unlock()
		if err := f.center.Supervise(context.Background(), "james", "call-1", Listen); !errors.Is(err, ErrNotAudited) {
			t.Errorf("unaudited: %v", err)
		}
		f.hears(f.james, "")
		f.records.mu.Lock()
		f.records.failing = nil
		f.records.mu.Unlock()
	})
}

func TestWhoMaySupervise(t *testing.T) {
	onSupervised(t, func(f supervised) {
		for name, c := range map[string]struct {
			who  acd.AgentID
			call string
			mode Mode
			want error
		}{
			"nobody":             {"nobody", "call-1", Listen, ErrUnknownAgent},
			"a call that is not": {"james", "call-9", Listen, ErrNoCall},
			"a mode that is not": {"james", "call-1", "shout", ErrBadCommand},
			"one's own call":     {"maria", "call-1", Listen, ErrInCall},
			"leaving none":       {"james", "", "", nil},
		} {
			if err := f.center.Supervise(context.Background(), c.who, c.call, c.mode); !errors.Is(err, c.want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		f.do("james", Command{Kind: SetState, State: acd.Away, Reason: "Lunch"})
		f.queued() // nobody talks with this caller
		if err := f.center.Supervise(context.Background(), "james", "call-2", Listen); !errors.Is(err, ErrNoTalk) {
			t.Errorf("a caller in line: %v", err)
		}
		if !strings.HasSuffix(f.audited(), "listen refused") {
			t.Errorf("the audit says\n%s", f.audited())
		}
		f.james.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		if err := f.center.Supervise(context.Background(), "james", "call-1", Listen); !errors.Is(err, ErrNoSound) {
			t.Errorf("without sound: %v", err)
		}
	})
}

// A supervisor's page is loaded anew: the call goes on, and is heard again.
func TestSupervisorsSoundComesBack(t *testing.T) {
	onSupervised(t, func(f supervised) {
		f.supervise(BargeIn)
		f.james.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		f.hears(f.leg, "agent/maria")
		again := f.offerMedia("james")
		f.hears(again, "agent/maria call-1")
		f.hears(f.leg, "agent/james agent/maria")
		agent := f.offerMedia("maria") // and so is the agent's
		f.hears(agent, "agent/james call-1")
		f.supervise(Whisper)
		f.hears(agent, "agent/james call-1")
		f.hears(f.leg, "agent/maria")
	})
}
