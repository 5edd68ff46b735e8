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

// consults is maria's phone calling a number about the caller, who is on hold.
func (f talk) consults() *fakeDialog {
	f.t.Helper()
	f.does(f.phone, sip.Event{Kind: sip.EventReoffer, Agreement: sip.Agreement{Remote: media.Description{Direction: media.SendOnly}}})
	dialog := &fakeDialog{id: "consult", dialed: outside, phone: "maria-desk"}
	f.center.invite(dialog)
	synctest.Wait()
	return dialog
}

func (f talk) consultLeg() *fakeLeg { return f.sound.legs["consult/call-1"] }

// attended is the REFER that names another dialog of the phone's.
func attended(t *testing.T, with *fakeDialog) sip.Event {
	event := refer(t, outside)
	event.Refer.With = &with.self
	return event
}

func TestAttendedTransfer(t *testing.T) {
	for name, refer := range map[string]func(talk, *fakeDialog){
		"in the caller's call":  func(f talk, c *fakeDialog) { f.does(f.phone, attended(f.t, c)) },
		"in the consultation's": func(f talk, c *fakeDialog) { c.notify(attended(f.t, &f.phone.fakeDialog)); synctest.Wait() },
	} {
		t.Run(name, func(t *testing.T) {
			onPhoneTalk(t, func(f talk) {
				consult := f.consults()
				f.targetDoes(ringing)
				f.targetDoes(answered)
				if !consult.did("ringing") || !consult.did("answer") || consult.named != "call-1" {
					t.Errorf("the phone heard %v", consult.log)
				}
				f.hears(f.consultLeg(), "target/call-1")
				f.hears(f.targetLeg(), "consult/call-1")
				f.hears(f.leg, "calm")
				f.is("maria", acd.Holding)
				consult.notify(sip.Event{Kind: sip.EventReoffer, Agreement: sip.Agreement{Remote: media.Description{Direction: media.SendOnly}}})
				synctest.Wait()
				f.hears(f.targetLeg(), "calm") // both are on hold while the key is pressed
				f.pass(time.Second)
				refer(f, consult)
				f.hears(f.leg, "target/call-1")
				f.hears(f.targetLeg(), "call-1")
				if !f.phone.did("bye 16") || !consult.did("bye 16") || !f.consultLeg().closed || !f.sound.legs["phone/call-1"].closed {
					t.Errorf("the phone heard %v and %v", f.phone.log, consult.log)
				}
				if !f.phone.did("refer 200") && !consult.did("refer 200") {
					t.Error("nobody told the phone that the transfer is done")
				}
				f.finish()
				f.targetDoes(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
				record := f.records.latest()
				wantRecord(t, record, ledger.ByTarget, "ring ivr queue ring_agent talk hold consult transfer wrap_up external")
				if record.Segments[6].Outcome != "transferred" || record.Segments[7].Outcome != "answered" {
					t.Errorf("the record is %+v", record.Segments)
				}
			})
		})
	}
}

func TestTransferToWhomTheAgentHasCalledButStillRings(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		consult := f.consults()
		f.targetDoes(ringing)
		f.does(f.phone, attended(t, consult))
		f.hears(f.leg, "calm")
		f.targetDoes(refused(486))
		if !f.phone.did("refer 486") {
			t.Errorf("the phone heard %v", f.phone.log)
		}
		f.is("maria", acd.Holding)
		f.does(f.phone, sip.Event{Kind: sip.EventReoffer, Agreement: sip.Agreement{Remote: media.Description{Direction: media.SendRecv}}})
		f.hears(f.leg, "phone/call-1")
		f.caller.hangUp()
		f.finish()
	})
}

func TestTheConsultationFailsAndTheCallerStays(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		consult := f.consults()
		f.targetDoes(ringing)
		f.targetDoes(refused(486))
		if !consult.did("refuse 486 0s") || !f.consultLeg().closed || !f.targetLeg().closed {
			t.Errorf("the phone heard %v", consult.log)
		}
		f.hears(f.leg, "calm")
		f.does(f.phone, attended(t, consult))
		if !f.phone.did("refer refused 404") {
			t.Errorf("the phone heard %v", f.phone.log)
		}
		again := &fakeDialog{id: "consult", dialed: outside, phone: "maria-desk"}
		f.center.invite(again)
		synctest.Wait()
		f.targetDoes(answered)
		again.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote}) // the agent thinks better of it
		synctest.Wait()
		if !f.trunks.dialogs[1].did("bye 16") {
			t.Error("the target wasn't hung up")
		}
		f.is("maria", acd.Holding)
		f.caller.hangUp()
		f.finish()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr queue ring_agent talk hold consult consult wrap_up")
	})
}

func TestTheCallerHangsUpWhileTheAgentConsults(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		consult := f.consults()
		f.targetDoes(answered)
		f.caller.hangUp()
		synctest.Wait()
		f.is("maria", acd.WrapUp)
		f.hears(f.consultLeg(), "target/call-1") // who is asked isn't cut off
		consult.notify(attended(t, &f.phone.fakeDialog))
		synctest.Wait()
		if !consult.did("refer refused 603") {
			t.Errorf("the phone heard %v", consult.log)
		}
		f.finish()
		if !consult.did("bye 16") || !f.trunks.dialogs[0].did("bye 16") {
			t.Error("the consultation outlives the wrap-up")
		}
	})
}

func TestWhoMayCallOut(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		for name, c := range map[string]struct {
			dialog *fakeDialog
			want   string
		}{
			"a stranger":       {&fakeDialog{}, "refuse 404 0s"},
			"an unknown phone": {&fakeDialog{phone: "lobby"}, "refuse 404 0s"},
		} {
			c.dialog.dialed = outside
			f.center.invite(c.dialog)
			synctest.Wait()
			if !c.dialog.did(c.want) {
				t.Errorf("%s heard %v, want %s", name, c.dialog.log, c.want)
			}
		}
		f.caller.hangUp()
		synctest.Wait()
		for _, want := range []string{"refuse 403 0s", "refuse 403 0s"} { // in wrap-up, and when free
			dialog := &fakeDialog{dialed: outside, phone: "maria-desk"}
			f.center.invite(dialog)
			synctest.Wait()
			if !dialog.did(want) {
				t.Errorf("the phone heard %v without a caller", dialog.log)
			}
			if f.view("maria").State == acd.WrapUp {
				f.finish()
			}
		}
		if len(f.trunks.placed) != 0 {
			t.Errorf("%d numbers were dialed", len(f.trunks.placed))
		}
	})
}

func TestTheAgentGoesOnAtAnotherDevice(t *testing.T) {
	onPhoneTalk(t, func(f talk) {
		s := f.center.session("call-1")
		replace := func(by *fakeDialog) {
			s.post(replacedMessage{call: s.phone, device: 0, by: by})
			synctest.Wait()
		}
		stranger, james, mobile := &fakeDialog{}, &fakeDialog{phone: "james-desk"}, &fakeDialog{phone: "maria-desk"}
		replace(stranger)
		replace(james)
		replace(mobile)
		if !stranger.did("refuse 403 0s") || !james.did("refuse 403 0s") || !mobile.did("answer") {
			t.Errorf("they heard %v, %v and %v", stranger.log, james.log, mobile.log)
		}
		f.does(f.phone, sip.Event{Kind: sip.EventEnded, By: sip.ByLocal})
		f.hears(f.leg, "phone/call-1")
		f.is("maria", acd.Talking)
		mobile.notify(sip.Event{Kind: sip.EventAcked})
		mobile.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
		synctest.Wait()
		if !f.caller.did("bye 16") {
			t.Error("the device's end isn't the agent's")
		}
		f.finish()
	})
}
