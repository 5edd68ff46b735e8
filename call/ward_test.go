package call

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// wardFlow asks where callers are, and brings them to a nurse or to a pharmacy.
const wardFlow = `flow: main
languages: [en-US]
start: where
steps:
  where:
    menu: hello
    choices:
      "1": {set: {state: WI}, next: nurse}
      "2": {set: {state: IL}, next: nurse}
      "3": warm
      "4": bridged
      "5": blind
    no_input: {retries: 0, next: people}
  nurse:
    escalate:
      to: nurses
      require: {credential: RN, licensed_in: state}
      target: 30s
      otherwise: [{on_call: night}, {queue: supervisors, for: 40s}, {queue: people}]
      ask: ask
      hold: {music: calm, announce: coming, every: 20s}
    timeout: still
    unavailable: still
  warm:
    transfer: {number: pharmacy, how: warm, announce: coming, ask: ask, ring: 20s}
    busy: busy
    no_answer: nobody
    declined: declined
    failed: failed
    after: rate
  bridged: {transfer: {number: pharmacy, ring: 20s}, failed: failed}
  blind: {transfer: {number: "2025550142", how: blind}, busy: busy, failed: failed}
  busy: {play: busy, next: people}
  nobody: {play: nobody, next: people}
  declined: {play: declined, next: people}
  failed: {play: failed, next: people}
  rate: {play: rate, next: bye}
  still: {menu: still, choices: {"1": people}, no_input: {retries: 0, next: people}}
  people: {queue: {name: people, hold: {music: calm}}, timeout: still, full: still, unavailable: still}
  bye: {hang_up: done}
`

const pharmacy = "2025550199"

// ward is a floor with nurses and people on call.
type ward struct {
	*floor
	caller *fakeDialog
	leg    *fakeLeg
}

// onWard runs a story of a caller who has pressed a key of the first menu.
func onWard(t *testing.T, key string, prepare func(ward), story func(ward)) {
	t.Helper()
	onFloor(t, wardOptions(t), func(f *floor) {
		for _, name := range []string{"coming", "ask", "busy", "nobody", "declined", "failed", "rate", "still"} {
			f.center.content.Load().Prompts[ivr.Prompt{Language: "en-US", Name: name}] = f.clip(name)
		}
		w := ward{floor: f}
		if prepare != nil {
			prepare(w)
		}
		w.caller, w.leg = f.ring("5550100")
		f.press(w.leg, key)
		f.pass(time.Millisecond)
		story(w)
		if !w.caller.over {
			w.caller.hangUp()
		}
		synctest.Wait()
	})
}

func wardOptions(t *testing.T) func(*Options) {
	flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(wardFlow)}}, ".", ivr.Environment{
		Languages: []string{"en-US"}, OnCall: []string{"night"},
		Queues: map[string]ivr.Queue{"nurses": {Credential: "RN"}, "supervisors": {}, "people": {}},
	})
	if err != nil {
		t.Fatal(err)
	}
	nurse := func(id acd.AgentID, state string, queues ...string) acd.Agent {
		return acd.Agent{ID: id, Name: string(id), Queues: queues, Languages: []string{"en-US"}, Credentials: []acd.Credential{
			{Type: acd.RN, Number: "1", State: state, Expires: "2100-01-01", Status: "active"},
		}}
	}
	return func(o *Options) {
		o.Content.Flows = flows
		o.Content.Rules = acd.Rules{Version: "ward",
			Agents: []acd.Agent{
				nurse("nora", "WI", "nurses"), nurse("rosa", "IL", "nurses"), nurse("olga", "WI"),
				{ID: "maria", Name: "Maria", Queues: []string{"people"}}, {ID: "sam", Name: "Sam", Queues: []string{"supervisors"}},
			},
			Queues: []acd.Queue{
				{Name: "nurses", Credential: acd.RN, RingTimeout: 15 * time.Second, WaitLimit: 10 * time.Minute, QueueLimit: 1},
				{Name: "supervisors", RingTimeout: 15 * time.Second}, {Name: "people", RingTimeout: 15 * time.Second, WaitLimit: 10 * time.Minute},
			},
		}
		o.Content.Outside = Outside{
			Numbers: map[string]sip.Number{"pharmacy": sip.NewNumber(pharmacy)},
			OnCall: map[string]*OnCall{"night": {Ring: 25 * time.Second, Accept: 20 * time.Second, Spacing: 2 * time.Second, Rounds: 2, People: []OnCallPerson{
				{Name: "Olga", Agent: "olga", Number: sip.NewNumber("2025550101")},
				{Name: "Illinois service", States: []string{"IL"}, Number: sip.NewNumber("2025550102")},
				{Name: "Off duty", AnyState: true, Number: sip.NewNumber("2025550103"), Duty: func(time.Time) bool { return false }},
				{Name: "Night service", AnyState: true, Number: sip.NewNumber("2025550104")},
			}}},
		}
	}
}

// called tells whom the ward called last, and how often it has called.
func (w ward) called(number string, times int) {
	w.t.Helper()
	w.trunks.mu.Lock()
	defer w.trunks.mu.Unlock()
	if len(w.trunks.placed) != times {
		w.t.Fatalf("%d calls were placed, want %d", len(w.trunks.placed), times)
	}
	if times == 0 {
		return
	}
	last := w.trunks.placed[times-1]
	if last.Number.Reveal() != number || last.Display != "" || len(last.Headers) > 0 {
		w.t.Fatalf("call %d went to %q as %q with %v", times, last.Number.Reveal(), last.Display, last.Headers)
	}
}

// keys a key at whoever was called last.
func (w ward) keys(key byte) {
	digit, _ := media.ParseDigit(key)
	w.targetLeg().notify(media.Event{Kind: media.EventDigit, Digit: digit})
	synctest.Wait()
}

func (w ward) hungUpThere() {
	w.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Cause: 16})
}

// record gives the call's segments as "kind who: outcome", those of calls to people on
// call and of the queue alone.
func (w ward) record() (ledger.CallRecord, string) {
	record := w.records.latest()
	var parts []string
	for _, s := range record.Segments {
		if s.Kind == ledger.SegmentOnCall || s.Kind == ledger.SegmentExternal {
			parts = append(parts, fmt.Sprintf("%s %s: %s", s.Kind, s.Agent, s.Outcome))
		}
	}
	return record, strings.Join(parts, "; ")
}

// wantTried compares who was called and what came of it.
func (w ward) wantTried(want string) ledger.CallRecord {
	w.t.Helper()
	record, tried := w.record()
	wantUnbroken(w.t, record)
	if tried != want {
		w.t.Errorf("on record is %q, want %q", tried, want)
	}
	if text := fmt.Sprintf("%+v %s %+v", record, w.journal(), w.records.audit); strings.Contains(text, "20255501") {
		w.t.Error("a number is on record")
	}
	return record
}
