package call

import (
	"context"
	"fmt"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/media"
	"careline/member"
	"careline/sip"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const testFlow = `flow: main
languages: [en-US]
start: hello
steps:
  hello: {play: hello, next: who}
  who:
    verify: {ask: [member_id, date_of_birth], attempts: 3, prompts: {member_id: ask-id, date_of_birth: ask-birth}, again: again}
    no_input: {retries: 2, play: again}
    no_match: {retries: 2, play: again}
    verified: reason
    failed: reason
  reason: {set: {reason: Claims}, next: line}
  line:
    queue: {name: claims, hold: {music: calm, announce: again, every: 45s}}
    timeout: stay
    full: stay
    unavailable: stay
  stay:
    menu: again
    choices: {"1": line, "2": bye}
    no_input: {retries: 0, next: line}
  bye: {hang_up: {play: bye, reason: nobody came}}
`

const testMembers = `members:
  - id: "48201937"
    name: Linda Park
    born: "1961-04-12"
    state: WI
    next_visit: "2027-01-14"
`

// floor is a contact center under virtual time: real engine, flow and verifier,
// with SIP, sound and storage in the test's hands.
type floor struct {
	signed  bool // calls carry an Identity header
	t       *testing.T
	center  *Center
	sound   *fakeSound
	records *fakeRecords
	phones  *fakePhones
	trunks  *fakeTrunks
	calls   int
	stop    func()
}

// onFloor runs a story inside a bubble of virtual time, and ends the center.
func onFloor(t *testing.T, change func(*Options), story func(*floor)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		f := newFloor(t, change)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- f.center.Run(ctx) }()
		synctest.Wait()
		f.stop = func() {
			cancel()
			if err := <-done; err != nil {
				t.Errorf("the center ended with %v", err)
			}
		}
		story(f)
		f.stop()
		if f.sound.open != 0 {
			t.Errorf("%d legs were left open", f.sound.open)
		}
	})
}

func newFloor(t *testing.T, change func(*Options)) *floor {
	t.Helper()
	f := &floor{t: t, sound: &fakeSound{names: map[*media.Clip]string{}, legs: map[string]*fakeLeg{}},
		phones:  &fakePhones{},
		trunks:  &fakeTrunks{},
		records: &fakeRecords{saved: map[string][]ledger.CallRecord{}}}
	flows, err := ivr.Load(fstest.MapFS{"main.yaml": {Data: []byte(testFlow)}}, ".",
		ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"claims": {}}})
	if err != nil {
		t.Fatal(err)
	}
	directory, err := member.LoadDirectory("members.yaml", []byte(testMembers))
	if err != nil {
		t.Fatal(err)
	}
	verifier, err := member.NewVerifier(member.Options{Directory: directory, Store: f.records, Audit: f.records, Key: make([]byte, 32)})
	if err != nil {
		t.Fatal(err)
	}
	content := &Content{
		Version: "test", Lines: map[string]Line{"5550100": {Name: "members", Flow: "main"}, "5550111": {Name: "nurses", Flow: "main"}}, Flows: flows,
		Prompts: map[ivr.Prompt]*media.Clip{}, Music: map[string]*media.Clip{}, DefaultMusic: "calm",
		AwayReasons: []string{"Lunch"}, Dispositions: []string{"Answered"},
		Rules: acd.Rules{Version: "test",
			Agents: []acd.Agent{
				{ID: "maria", Name: "Maria", Queues: []string{"claims"}, Languages: []string{"en-US"}},
				{ID: "james", Name: "James", Queues: []string{"claims"}, Languages: []string{"en-US"}},
			},
			Queues: []acd.Queue{{Name: "claims", RingTimeout: 20 * time.Second, WrapUp: time.Minute, WaitLimit: 10 * time.Minute}},
		},
	}
	for _, name := range []string{"hello", "ask-id", "ask-birth", "again", "bye"} {
		content.Prompts[ivr.Prompt{Language: "en-US", Name: name}] = f.clip(name)
	}
	content.Music["calm"] = f.clip("calm")
	options := Options{Content: content, Sound: f.sound, Verifier: verifier, Records: f.records,
		NewID: func() string { f.calls++; return fmt.Sprintf("call-%d", f.calls) }}
	if change != nil {
		change(&options)
	}
	if f.center, err = NewCenter(options); err != nil {
		t.Fatal(err)
	}
	f.center.UsePhones(f.phones)
	f.center.UseTrunks(f.trunks)
	return f
}

func (f *floor) clip(name string) *media.Clip {
	clip := media.NewClip(make([]int16, 8000))
	f.sound.names[clip] = name
	return clip
}

// pass lets virtual time pass, and everything that it brings happen.
func (f *floor) pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// ring brings an INVITE and, if it is answered, its ACK.
func (f *floor) ring(number string) (*fakeDialog, *fakeLeg) {
	f.t.Helper()
	return f.ringBy(&fakeDialog{id: fmt.Sprintf("sip-%d", f.calls+1), dialed: number, signed: f.signed})
}

func (f *floor) ringBy(dialog *fakeDialog) (*fakeDialog, *fakeLeg) {
	f.t.Helper()
	f.center.invite(dialog)
	synctest.Wait()
	if dialog.did("answer") {
		dialog.notify(sip.Event{Kind: sip.EventAcked})
		synctest.Wait()
	}
	return dialog, f.sound.legs[fmt.Sprintf("call-%d", f.calls)]
}

// queued is a call whose caller has identified herself and waits.
func (f *floor) queued() (*fakeDialog, *fakeLeg) {
	f.t.Helper()
	dialog, leg := f.ring("5550100")
	f.press(leg, "48201937")
	f.press(leg, "04121961")
	f.pass(5 * time.Second)
	return dialog, leg
}

func (f *floor) press(leg *fakeLeg, keys string) {
	for _, key := range []byte(keys) {
		digit, _ := media.ParseDigit(key)
		leg.notify(media.Event{Kind: media.EventDigit, Digit: digit})
		synctest.Wait()
	}
}

// signIn is an agent at the desk, with sound and available.
func (f *floor) signIn(agent acd.AgentID) (leg *fakeLeg, release func()) {
	f.t.Helper()
	release, err := f.center.Connect(agent, func() {})
	if err != nil {
		f.t.Fatal(err)
	}
	leg = f.offerMedia(agent)
	f.do(agent, Command{Kind: SetState, State: acd.Available})
	return leg, release
}

func (f *floor) offerMedia(agent acd.AgentID) *fakeLeg {
	f.t.Helper()
	if _, err := f.center.OfferMedia(context.Background(), agent, "offer"); err != nil {
		f.t.Fatal(err)
	}
	leg := f.sound.legs["agent/"+string(agent)]
	leg.notify(media.Event{Kind: media.EventConnected})
	synctest.Wait()
	return leg
}

func (f *floor) do(agent acd.AgentID, command Command) {
	f.t.Helper()
	if err := f.center.Do(context.Background(), agent, command); err != nil {
		f.t.Fatalf("%s: %s: %v", agent, command.Kind, err)
	}
	synctest.Wait()
}

func (f *floor) view(agent acd.AgentID) AgentView {
	f.t.Helper()
	view, err := f.center.View(agent)
	if err != nil {
		f.t.Fatal(err)
	}
	return view
}

func (f *floor) accept(agent acd.AgentID) {
	f.t.Helper()
	view := f.view(agent)
	if view.State != acd.Offered || view.Call == nil {
		f.t.Fatalf("%s is %s, not offered", agent, view.State)
	}
	f.do(agent, Command{Kind: Accept, Offer: view.Call.Offer})
}

func (f *floor) hears(leg *fakeLeg, want string) {
	f.t.Helper()
	if got := leg.hears(); got != want {
		f.t.Errorf("%s hears %q, want %q", leg.id, got, want)
	}
}

func (f *floor) is(agent acd.AgentID, want acd.AgentState) {
	f.t.Helper()
	if got := f.view(agent).State; got != want {
		f.t.Errorf("%s is %s, want %s", agent, got, want)
	}
}
