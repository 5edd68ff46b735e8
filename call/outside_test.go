package call

import (
	"sync"
	"testing"
	"testing/synctest"

	"careline/acd"
	"careline/media"
	"careline/sip"
)

// fakeTrunks dial what isn't refused, in the test's hands.
type fakeTrunks struct {
	mu      sync.Mutex
	refused error
	placed  []sip.Placement
	dialogs []*fakeDialog
	// referring: the carrier takes REFERs; referred is whither it was asked to.
	referring bool
	referred  []string
}

func (f *fakeTrunks) Refer(_ Dialog, number sip.Number) error {
	if !f.referring {
		return sip.ErrNoRefer
	}
	f.referred = append(f.referred, number.Reveal())
	return nil
}

func (f *fakeTrunks) Place(p sip.Placement) (TargetDialog, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.refused != nil {
		return nil, f.refused
	}
	dialog := &fakeDialog{id: "out", notify: p.Notify}
	f.placed = append(f.placed, p)
	f.dialogs = append(f.dialogs, dialog)
	return dialog, nil
}

// Allows answers as Place would.
func (f *fakeTrunks) Allows(sip.Number) error { return f.refused }

// outside is the number that the dial plan of these stories allows.
const outside = "2025550142"

// targetDoes lets the number called last do something.
func (f *floor) targetDoes(event sip.Event) {
	f.t.Helper()
	dialog := f.trunks.dialogs[len(f.trunks.dialogs)-1]
	if event.Kind == sip.EventEnded {
		dialog.mu.Lock()
		dialog.over = true
		dialog.mu.Unlock()
	}
	dialog.notify(event)
	synctest.Wait()
}

func (f *floor) targetLeg() *fakeLeg { return f.sound.legs["target/call-1"] }

var (
	pcmu     = sip.Agreement{Format: media.Format{Codec: media.PCMU}}
	answered = sip.Event{Kind: sip.EventAnswered, Status: 200, Agreement: pcmu}
	ringing  = sip.Event{Kind: sip.EventProgress, Status: 180}
)

func refused(status int) sip.Event {
	return sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Status: status}
}

func refer(t *testing.T, number string) sip.Event {
	t.Helper()
	target, err := sip.TargetOf(sip.NewNumber(number), "127.0.0.1")
	if err != nil {
		t.Fatal(err)
	}
	return sip.Event{Kind: sip.EventRefer, Refer: sip.Refer{Target: target}}
}

// talk is a caller who talks with maria on her desk phone, and transfers are on.
type talk struct {
	*floor
	caller *fakeDialog
	leg    *fakeLeg
	phone  *fakeDevice
}

func onPhoneTalk(t *testing.T, story func(talk)) {
	t.Helper()
	onFloor(t, func(o *Options) {
		o.Content.Phones = map[acd.AgentID]string{"maria": "maria-desk"}
		o.Transfers = true
	}, func(f *floor) {
		f.phones.number = 1
		f.register(true)
		release, err := f.center.Connect("maria", func() {})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		f.do("maria", Command{Kind: SetState, State: acd.Available})
		caller, leg := f.queued()
		f.does(f.phones.devices[0], sip.Event{Kind: sip.EventAnswered})
		f.is("maria", acd.Talking)
		story(talk{f, caller, leg, f.phones.devices[0]})
	})
}

func (f talk) finish() {
	f.t.Helper()
	synctest.Wait()
	f.is("maria", acd.WrapUp)
	f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
	f.is("maria", acd.Available)
}
