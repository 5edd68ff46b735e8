package call

import (
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
)

// pickedUp is what a browser's 200 brings.
func pickedUp(answer media.SDP) sip.Event {
	return sip.Event{Kind: sip.EventAnswered, Agreement: sip.Agreement{
		Remote: media.Description{WebRTC: answer}, Format: media.Format{Codec: media.PCMU},
	}}
}

// withBrowser is withPhone, where some of the devices are browsers.
func withBrowser(t *testing.T, devices int, browsers []int, story func(*floor, *fakePhones)) {
	t.Helper()
	withPhone(t, devices, func(f *floor, phones *fakePhones) {
		phones.browsers = map[int]bool{}
		for _, i := range browsers {
			phones.browsers[i] = true
		}
		story(f, phones)
	})
}

func (f *floor) tells(leg *fakeLeg, kind media.EventKind) {
	leg.notify(media.Event{Kind: kind})
	synctest.Wait()
}

func TestABrowserIsTheDeskPhone(t *testing.T) {
	withBrowser(t, 1, []int{0}, func(f *floor, phones *fakePhones) {
		caller, leg := f.queued()
		if got := phones.invited[0].Local.WebRTC; got != "offer" {
			t.Errorf("the browser was offered %q", string(got))
		}
		device, sound := phones.devices[0], f.phoneLeg()
		f.does(device, sip.Event{Kind: sip.EventProgress, Status: 180})
		f.does(device, pickedUp("answer"))
		f.is("maria", acd.Offered) // picked up, and nobody would hear anything yet
		f.hears(leg, "calm")
		f.tells(sound, media.EventConnected)
		f.is("maria", acd.Talking)
		f.hears(leg, "phone/call-1")
		f.hears(sound, "call-1")
		if len(sound.answers) != 1 || sound.answers[0] != "answer" || len(sound.agreed) != 0 {
			t.Errorf("the leg was told %q and %v", sound.answers, sound.agreed)
		}

		hold := func(offer media.SDP, direction media.Direction) {
			f.does(device, sip.Event{Kind: sip.EventReoffer, Agreement: sip.Agreement{Remote: media.Description{WebRTC: offer, Direction: direction}}})
		}
		hold("hold", media.SendOnly)
		f.is("maria", acd.Holding)
		f.hears(leg, "calm")
		hold("bad", media.SendRecv) // refused: nothing changes
		f.is("maria", acd.Holding)
		hold("", media.SendRecv)
		f.is("maria", acd.Holding)
		hold("resume", media.SendRecv)
		f.is("maria", acd.Talking)
		f.hears(leg, "phone/call-1")
		var heard []string
		for _, what := range device.log {
			if len(what) > 7 && what[:7] == "reoffer" {
				heard = append(heard, what)
			}
		}
		if want := []string{"reoffer answered", "reoffer refused 488", "reoffer refused 488", "reoffer answered"}; len(heard) != 4 || heard[0] != want[0] || heard[1] != want[1] || heard[2] != want[2] || heard[3] != want[3] {
			t.Errorf("the phone heard %v, want %v", heard, want)
		}

		f.does(device, sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Cause: 16})
		if !caller.did("bye 16") || !sound.closed {
			t.Error("the caller wasn't hung up, or the sound was kept")
		}
		f.is("maria", acd.WrapUp)
		f.do("maria", Command{Kind: FinishWrapUp})
		if record := f.records.latest(); record.EndedBy != ledger.ByAgent {
			t.Errorf("ended by %s", record.EndedBy)
		}
	})
}

// The network of the agent's browser goes and comes back: the caller hears music
// meanwhile, and is in line again if it stays away.
func TestTheDeskPhonesBrowserIsAwayForAWhile(t *testing.T) {
	withBrowser(t, 1, []int{0}, func(f *floor, phones *fakePhones) {
		caller, leg := f.queued()
		sound := f.phoneLeg()
		f.does(phones.devices[0], pickedUp("answer"))
		f.tells(sound, media.EventConnected)
		f.tells(sound, media.EventDisconnected)
		f.hears(leg, "calm")
		f.is("maria", acd.Talking)
		if view := f.view("maria"); !view.Call.Reconnecting {
			t.Errorf("the page shows %+v", view.Call)
		}
		f.tells(sound, media.EventConnected)
		f.hears(leg, "phone/call-1")
		f.tells(sound, media.EventDisconnected)
		f.tells(sound, media.EventFailed)
		f.hears(leg, "calm")
		if f.view("maria").State == acd.Talking || caller.did("bye 16") || !sound.closed || !phones.devices[0].did("bye 16") {
			t.Errorf("maria is %s, the caller did %v", f.view("maria").State, caller.log)
		}
		caller.hangUp()
		synctest.Wait()
	})
}

// Whoever picked up, no sound came: the caller stays first in line.
func TestADeskPhoneOfWhichNoSoundComes(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(*floor, *fakeDevice)
		want    string
	}{
		"answer of no use": {func(f *floor, d *fakeDevice) { f.does(d, pickedUp("bad")) }, "unreachable"},
		"never connects":   {func(f *floor, d *fakeDevice) { f.does(d, pickedUp("answer")); f.pass(phoneConnecting) }, "unreachable"},
		"fails":            {func(f *floor, d *fakeDevice) { f.does(d, pickedUp("answer")); f.tells(f.phoneLeg(), media.EventFailed) }, "unreachable"},
		"its call breaks": {func(f *floor, d *fakeDevice) {
			f.does(d, pickedUp("answer"))
			f.does(d, sip.Event{Kind: sip.EventEnded, By: sip.ByTransport})
		}, "unreachable"},
		"put down again": {func(f *floor, d *fakeDevice) {
			f.does(d, pickedUp("answer"))
			f.does(d, sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		}, "declined"},
		"no socket for it": {func(f *floor, d *fakeDevice) {}, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			withBrowser(t, 1, []int{0}, func(f *floor, phones *fakePhones) {
				if name == "no socket for it" {
					f.sound.refused = "phone/"
				}
				caller, leg := f.queued()
				var device *fakeDevice
				if len(phones.devices) > 0 {
					device = phones.devices[0]
				}
				c.happens(f, device)
				f.hears(leg, "calm")
				for _, sound := range f.deviceLegs() {
					if !sound.closed {
						t.Error("the phone's sound was kept")
					}
				}
				if state := f.view("maria").State; state == acd.Offered || state == acd.Talking {
					t.Errorf("maria is %s", state)
				}
				caller.hangUp()
				synctest.Wait()
				why := ""
				for _, segment := range f.records.latest().Segments {
					if segment.Kind == ledger.SegmentRingAgent && why == "" {
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

// A desk phone and a browser ring under one name: whoever isn't picked up leaves
// nothing behind.
func TestDeskPhoneAndBrowserRingTogether(t *testing.T) {
	for name, picked := range map[string]int{"the telephone": 0, "the browser": 1} {
		t.Run(name, func(t *testing.T) {
			withBrowser(t, 2, []int{1}, func(f *floor, phones *fakePhones) {
				caller, leg := f.queued()
				legs := f.deviceLegs()
				if len(legs) != 2 || phones.invited[0].Local.WebRTC != "" || phones.invited[1].Local.WebRTC != "offer" {
					t.Fatalf("%d legs, offered %+v", len(legs), phones.invited)
				}
				other := 1 - picked
				if picked == 0 {
					f.does(phones.devices[0], sip.Event{Kind: sip.EventAnswered})
				} else {
					f.does(phones.devices[1], pickedUp("answer"))
				}
				if !phones.devices[other].did("bye 26") || !legs[other].closed || legs[picked].closed {
					t.Errorf("the other heard %v; closed %v, %v", phones.devices[other].log, legs[0].closed, legs[1].closed)
				}
				if picked == 1 {
					f.tells(legs[1], media.EventConnected)
				}
				f.is("maria", acd.Talking)
				f.hears(leg, "phone/call-1")
				f.hears(legs[picked], "call-1")
				f.tells(legs[other], media.EventFailed) // what was on its way
				f.is("maria", acd.Talking)
				caller.hangUp()
				synctest.Wait()
				if !legs[picked].closed {
					t.Error("the sound was kept")
				}
				f.do("maria", Command{Kind: FinishWrapUp})
			})
		})
	}
}

func TestTheDeskPhonesBrowserTransfersAndConsults(t *testing.T) {
	onPhoneTalk(t, func(f talk) { // a telephone at first, so that the browser takes its place
		browser := &fakeDialog{id: "sip-browser", dialed: "maria-desk", phone: "maria-desk", webRTC: "offer"}
		f.center.session("call-1").post(replacedMessage{call: f.center.session("call-1").phone, device: 0, by: browser})
		synctest.Wait()
		legs := f.deviceLegs()
		if len(legs) != 2 || !legs[0].closed || !browser.did("answer") {
			t.Fatalf("%d legs; the browser heard %v", len(legs), browser.log)
		}
		f.hears(f.leg, "calm") // until it is connected
		f.tells(legs[1], media.EventConnected)
		f.hears(f.leg, "phone/call-1")

		asks := &fakeDialog{id: "sip-consult", dialed: outside, phone: "maria-desk", webRTC: "offer"}
		f.center.invite(asks)
		synctest.Wait()
		consult := f.sound.legs["consult/call-1"]
		f.targetDoes(ringing)
		f.targetDoes(answered)
		if !asks.did("ringing") || !asks.did("answer") {
			t.Errorf("the browser heard %v", asks.log)
		}
		f.hears(f.targetLeg(), "")
		f.tells(consult, media.EventConnected)
		f.hears(f.targetLeg(), "consult/call-1")
		reoffer(asks, "hold")
		if !asks.did("reoffer answered") {
			t.Errorf("the browser heard %v", asks.log)
		}
		browser.notify(attended(t, asks))
		synctest.Wait()
		f.hears(f.leg, "target/call-1")
		f.hears(f.targetLeg(), "call-1")
		if !browser.did("refer 200") || !browser.did("bye 16") || !asks.did("bye 16") || !consult.closed || !legs[1].closed {
			t.Errorf("the browser heard %v and %v", browser.log, asks.log)
		}
		f.finish()
		f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
	})
}

func TestAConsultationOfABrowserThatFails(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		refused := &fakeDialog{id: "sip-bad", dialed: outside, phone: "maria-desk", webRTC: "bad"}
		f.center.invite(refused)
		synctest.Wait()
		if !refused.did("refuse 488 0s") {
			t.Errorf("the browser heard %v", refused.log)
		}
		asks := &fakeDialog{id: "sip-consult", dialed: outside, phone: "maria-desk", webRTC: "offer"}
		f.center.invite(asks)
		synctest.Wait()
		f.targetDoes(answered)
		f.tells(f.sound.legs["consult/call-1"], media.EventConnected)
		f.tells(f.sound.legs["consult/call-1"], media.EventFailed)
		if !asks.did("bye 16") || !f.targetLeg().closed {
			t.Errorf("the browser heard %v", asks.log)
		}
		f.hears(f.leg, "phone/call-1")
		f.pass(time.Second)
		f.caller.hangUp()
		synctest.Wait()
		f.finish()
	})
}
