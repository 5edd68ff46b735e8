package call

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// fakePhones are desk phones in the test's hands: maria's has so many devices.
type fakePhones struct {
	mu     sync.Mutex
	up     bool
	number int
	// browsers are the devices that register over WebSocket.
	browsers map[int]bool
	broken   error
	devices  []*fakeDevice
	invited  []sip.Invitation
}

type fakeDevice struct {
	fakeDialog
}

func (p *fakePhones) Registered(phone string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.up && phone == "maria-desk"
}

func (p *fakePhones) Devices(phone string) []sip.Device {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.up || phone != "maria-desk" {
		return nil
	}
	p.devices = nil
	devices := make([]sip.Device, p.number)
	for i := range devices {
		devices[i].Browser = p.browsers[i]
	}
	return devices
}

func (p *fakePhones) Ring(device sip.Device, invitation sip.Invitation) (PhoneDialog, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.broken != nil {
		return nil, p.broken
	}
	p.invited = append(p.invited, invitation)
	one := &fakeDevice{fakeDialog{id: fmt.Sprint(len(p.devices)), notify: invitation.Notify}}
	p.devices = append(p.devices, one)
	return one, nil
}

// does lets a device do something.
func (f *floor) does(device *fakeDevice, event sip.Event) {
	if event.Kind == sip.EventEnded {
		device.mu.Lock()
		device.over = true
		device.mu.Unlock()
	}
	device.notify(event)
	synctest.Wait()
}

// withPhone is a floor on which maria has a phone with so many devices, is
// signed in, takes calls on it, and is available.
func withPhone(t *testing.T, devices int, story func(*floor, *fakePhones)) {
	t.Helper()
	onFloor(t, func(o *Options) {
		o.Content.Phones = map[acd.AgentID]string{"maria": "maria-desk"}
	}, func(f *floor) {
		phones := f.phones
		phones.number = devices
		f.register(true)
		release, err := f.center.Connect("maria", func() {})
		if err != nil {
			t.Fatal(err)
		}
		defer release()
		f.do("maria", Command{Kind: SetState, State: acd.Available})
		story(f, phones)
		f.do("maria", Command{Kind: SignOut})
	})
}

func (f *floor) register(up bool) {
	f.phones.mu.Lock()
	f.phones.up = up
	f.phones.mu.Unlock()
	f.center.PhoneChanged("maria-desk")
	synctest.Wait()
}

func (f *floor) phoneLeg() *fakeLeg { return f.sound.legs[fmt.Sprintf("phone/call-%d", f.calls)] }

// deviceLegs are the legs that were made for the phone's devices, in their order.
func (f *floor) deviceLegs() []*fakeLeg {
	f.sound.mu.Lock()
	defer f.sound.mu.Unlock()
	var legs []*fakeLeg
	for _, leg := range f.sound.made {
		if leg.id == fmt.Sprintf("phone/call-%d", f.calls) {
			legs = append(legs, leg)
		}
	}
	return legs
}

func TestACallIsTakenOnTheDeskPhone(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, leg := f.queued()
		view := f.view("maria")
		if view.State != acd.Offered || view.Call == nil || view.Call.Verification != "verified" || !view.Phone.Used {
			t.Fatalf("the page shows %+v", view)
		}
		invited := phones.invited[0]
		if invited.ID != "call-1" || invited.Display != "members" || invited.From.Reveal() != "5550100" {
			t.Errorf("the phone was told %+v from %q", invited, invited.From.Reveal())
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: Accept, Offer: view.Call.Offer}); !errors.Is(err, ErrAnswerPhone) {
			t.Errorf("accepted on the page: %v", err)
		}
		device := phones.devices[0]
		f.does(device, sip.Event{Kind: sip.EventProgress, Status: 180})
		f.does(device, sip.Event{Kind: sip.EventAnswered})
		f.is("maria", acd.Talking)
		f.hears(leg, "phone/call-1")
		f.hears(f.phoneLeg(), "call-1")

		f.do("maria", Command{Kind: Mute, On: true})
		f.hears(leg, "muted")
		f.do("maria", Command{Kind: Mute})
		digit, _ := media.ParseDigit('5')
		f.phoneLeg().notify(media.Event{Kind: media.EventDigit, Digit: digit})
		f.does(device, sip.Event{Kind: sip.EventDigit, Digit: digit})
		if leg.digits != 2 {
			t.Errorf("the caller's side got %d of the phone's keys, want 2", leg.digits)
		}
		caller.hangUp()
		synctest.Wait()
		if !device.did("bye 16") || !f.phoneLeg().closed {
			t.Error("the phone wasn't hung up")
		}
		f.is("maria", acd.WrapUp)
		f.do("maria", Command{Kind: FinishWrapUp, Disposition: "Answered"})
		f.is("maria", acd.Available)
	})
}

func TestTheAgentHangsThePhoneUp(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, _ := f.queued()
		f.does(phones.devices[0], sip.Event{Kind: sip.EventAnswered})
		f.does(phones.devices[0], sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Cause: 16})
		if !caller.did("bye 16") {
			t.Error("the caller wasn't hung up")
		}
		f.is("maria", acd.WrapUp)
		f.do("maria", Command{Kind: FinishWrapUp})
		if record := f.records.latest(); record.EndedBy != ledger.ByAgent {
			t.Errorf("ended by %s", record.EndedBy)
		}
	})
}

func TestThePagesHangUpHangsThePhoneUp(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, _ := f.queued()
		f.does(phones.devices[0], sip.Event{Kind: sip.EventAnswered})
		f.do("maria", Command{Kind: HangUp})
		if !caller.did("bye 16") || !phones.devices[0].did("bye 16") {
			t.Error("one side wasn't hung up")
		}
		f.do("maria", Command{Kind: FinishWrapUp})
	})
}

// What a phone says of not answering is what the engine hears.
func TestWhyAPhoneDidNotAnswer(t *testing.T) {
	cases := []struct {
		name     string
		statuses []int
		rings    bool
		want     string
		away     bool
	}{
		{"declined", []int{603}, true, "declined", false},
		{"busy", []int{486}, false, "busy", false},
		{"not there", []int{404}, false, "unreachable", false},
		{"silent", []int{408}, false, "unreachable", false},
		{"gave up ringing", []int{480}, true, "no_answer", true},
		{"one busy, one declined", []int{486, 603}, true, "declined", false},
		{"one unreachable, one busy", []int{503, 600}, false, "busy", false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			withPhone(t, len(c.statuses), func(f *floor, phones *fakePhones) {
				caller, leg := f.queued()
				for i, status := range c.statuses {
					if c.rings {
						f.does(phones.devices[i], sip.Event{Kind: sip.EventProgress, Status: 180})
					}
					f.does(phones.devices[i], sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Status: status})
				}
				f.hears(leg, "calm")
				if got := f.view("maria").State == acd.Away; got != c.away {
					t.Errorf("maria is %s", f.view("maria").State)
				}
				if !f.phoneLeg().closed {
					t.Error("the phone's sound was kept")
				}
				caller.hangUp()
				synctest.Wait()
				why := ""
				for _, segment := range f.records.latest().Segments {
					if segment.Kind == ledger.SegmentRingAgent {
						why = segment.Outcome
					}
				}
				if why != c.want {
					t.Errorf("the record says %q, want %q", why, c.want)
				}
			})
		})
	}
}

func TestThePhoneRingsTooLong(t *testing.T) {
	withPhone(t, 2, func(f *floor, phones *fakePhones) {
		caller, leg := f.queued()
		f.does(phones.devices[0], sip.Event{Kind: sip.EventProgress, Status: 180})
		f.pass(20 * time.Second)
		for _, device := range phones.devices {
			if !device.did("bye 16") {
				t.Error("a device rings on")
			}
		}
		f.is("maria", acd.Away)
		f.hears(leg, "calm")
		caller.hangUp()
		synctest.Wait()
	})
}

func TestTheCallerHangsUpWhileThePhoneRings(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, _ := f.queued()
		caller.hangUp()
		synctest.Wait()
		if !phones.devices[0].did("bye 16") || !f.phoneLeg().closed {
			t.Error("the phone rings on")
		}
		f.is("maria", acd.Available)
		f.does(phones.devices[0], sip.Event{Kind: sip.EventAnswered}) // crossing our CANCEL
		f.is("maria", acd.Available)
	})
}

func TestThePagesDeclineStopsThePhone(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, _ := f.queued()
		f.do("maria", Command{Kind: Decline, Offer: f.view("maria").Call.Offer})
		if !phones.devices[0].did("bye 16") {
			t.Error("the phone rings on")
		}
		caller.hangUp()
		synctest.Wait()
	})
}

func TestOneOfSeveralDevicesIsAnswered(t *testing.T) {
	withPhone(t, 3, func(f *floor, phones *fakePhones) {
		caller, leg := f.queued()
		f.does(phones.devices[0], sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Status: 486})
		f.does(phones.devices[2], sip.Event{Kind: sip.EventAnswered})
		f.is("maria", acd.Talking)
		f.hears(leg, "phone/call-1")
		if !phones.devices[1].did("bye 26") || phones.devices[2].did("bye 26") {
			t.Errorf("the others did %v and %v", phones.devices[1].log, phones.devices[2].log)
		}
		f.does(phones.devices[1], sip.Event{Kind: sip.EventAnswered}) // at the same moment
		f.hears(leg, "phone/call-1")
		caller.hangUp()
		synctest.Wait()
		f.do("maria", Command{Kind: FinishWrapUp})
	})
}

func TestThePhonesHoldKeyHoldsTheCaller(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		caller, leg := f.queued()
		device := phones.devices[0]
		f.does(device, sip.Event{Kind: sip.EventAnswered})
		reoffer := func(direction media.Direction) {
			f.does(device, sip.Event{Kind: sip.EventReoffer, Agreement: sip.Agreement{Remote: media.Description{Direction: direction}}})
		}
		reoffer(media.SendOnly)
		f.is("maria", acd.Holding)
		f.hears(leg, "calm")
		f.hears(f.phoneLeg(), "")
		reoffer(media.SendRecv)
		f.is("maria", acd.Talking)
		f.hears(leg, "phone/call-1")
		f.do("maria", Command{Kind: Hold, On: true})
		reoffer(media.SendRecv) // a session refresh: no key was pressed
		f.is("maria", acd.Holding)
		f.do("maria", Command{Kind: Hold})
		f.is("maria", acd.Talking)
		if answered := slices.DeleteFunc(slices.Clone(device.log), func(what string) bool { return what != "reoffer answered" }); len(answered) != 3 {
			t.Errorf("the phone heard %v", device.log)
		}
		caller.hangUp()
		synctest.Wait()
		f.do("maria", Command{Kind: FinishWrapUp})
	})
}

func TestAPhoneThatBreaksGivesTheCallerBack(t *testing.T) {
	breaks := map[string]func(*floor, *fakeDevice){
		"its dialog": func(f *floor, d *fakeDevice) { f.does(d, sip.Event{Kind: sip.EventEnded, By: sip.ByTimeout}) },
		"its sound": func(f *floor, _ *fakeDevice) {
			f.phoneLeg().notify(media.Event{Kind: media.EventTimeout})
			synctest.Wait()
		},
	}
	for name, breaks := range breaks {
		t.Run(name, func(t *testing.T) {
			withPhone(t, 1, func(f *floor, phones *fakePhones) {
				caller, leg := f.queued()
				f.does(phones.devices[0], sip.Event{Kind: sip.EventAnswered})
				breaks(f, phones.devices[0])
				f.hears(leg, "calm")
				if f.view("maria").State == acd.Talking || caller.did("bye 16") || !f.phoneLeg().closed {
					t.Errorf("maria is %s, the caller did %v", f.view("maria").State, caller.log)
				}
				caller.hangUp()
				synctest.Wait()
			})
		})
	}
}

func TestAPhoneThatCannotBeCalled(t *testing.T) {
	broken := map[string]func(*floor){
		"no device": func(f *floor) { f.phones.broken = errors.New("no hop") },
		"no port":   func(f *floor) { f.sound.refused = "phone/" },
	}
	for name, breaks := range broken {
		t.Run(name, func(t *testing.T) {
			withPhone(t, 1, func(f *floor, _ *fakePhones) {
				breaks(f)
				caller, leg := f.queued()
				f.hears(leg, "calm")
				if f.view("maria").State == acd.Offered {
					t.Error("the offer stands")
				}
				caller.hangUp()
				synctest.Wait()
			})
		})
	}
}

// The page may go away while the two talk: the phone's call doesn't hang on it.
func TestTalkOnThePhoneGoesOnWithoutThePage(t *testing.T) {
	onFloor(t, func(o *Options) { o.Content.Phones = map[acd.AgentID]string{"maria": "maria-desk"} }, func(f *floor) {
		f.phones.number = 1
		f.register(true)
		release, err := f.center.Connect("maria", func() {})
		if err != nil {
			t.Fatal(err)
		}
		f.do("maria", Command{Kind: SetState, State: acd.Available})
		caller, leg := f.queued()
		f.does(f.phones.devices[0], sip.Event{Kind: sip.EventAnswered})
		release()
		f.register(false) // and its registration may lapse
		f.pass(10 * DefaultGrace)
		f.is("maria", acd.Talking)
		f.hears(leg, "phone/call-1")
		caller.hangUp()
		f.pass(10 * DefaultGrace)
		f.is("maria", acd.SignedOut)
	})
}

func TestThePhoneIsLostWhileAvailableAndComesBack(t *testing.T) {
	withPhone(t, 1, func(f *floor, _ *fakePhones) {
		f.register(false)
		view := f.view("maria")
		if view.State != acd.Away || view.Reason != reasonPhoneLost || view.MediaConnected || view.Phone.Registered {
			t.Errorf("without a phone: %+v", view)
		}
		f.register(true)
		f.is("maria", acd.Available)
	})
}

func TestTheAgentChoosesBetweenPhoneAndBrowser(t *testing.T) {
	withPhone(t, 1, func(f *floor, phones *fakePhones) {
		use := func(on bool) error {
			err := f.center.Do(context.Background(), "maria", Command{Kind: UsePhone, On: on})
			synctest.Wait()
			return err
		}
		if err := use(false); err != nil {
			t.Fatal(err)
		}
		if view := f.view("maria"); view.State != acd.Away || view.Reason != reasonSoundLost || view.Phone.Used {
			t.Errorf("in a browser without sound: %+v", view)
		}
		browser := f.offerMedia("maria")
		f.is("maria", acd.Available)
		caller, leg := f.queued()
		if err := use(true); !errors.Is(err, ErrInCall) {
			t.Errorf("moved while it rings: %v", err)
		}
		f.accept("maria")
		f.hears(leg, browser.id)
		if len(phones.devices) != 0 {
			t.Error("the phone rang too")
		}
		caller.hangUp()
		synctest.Wait()
		f.do("maria", Command{Kind: FinishWrapUp})
		f.register(false)
		f.is("maria", acd.Available)
		if err := use(true); !errors.Is(err, ErrPhoneAway) {
			t.Errorf("moved to a phone that isn't there: %v", err)
		}
		if err := f.center.Do(context.Background(), "james", Command{Kind: UsePhone, On: true}); !errors.Is(err, ErrNoPhone) {
			t.Errorf("james moved to a phone that he doesn't have: %v", err)
		}
	})
}
