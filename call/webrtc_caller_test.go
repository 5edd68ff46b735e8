package call

import (
	"testing"
	"testing/synctest"

	"careline/ledger"
	"careline/media"
	"careline/sip"
)

func browserCall(id string, offer media.SDP) *fakeDialog {
	return &fakeDialog{id: id, dialed: "5550100", webRTC: offer}
}

func reoffer(dialog *fakeDialog, offer media.SDP) {
	dialog.notify(sip.Event{Kind: sip.EventReoffer, Agreement: sip.Agreement{Remote: media.Description{WebRTC: offer}}})
	synctest.Wait()
}

func TestBrowserCallsIsHeldAndHangsUp(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.ringBy(browserCall("sip-browser", "offer"))
		if leg == nil || !dialog.did("answer") {
			t.Fatalf("the dialog did %v", dialog.log)
		}
		f.hears(leg, "") // the script waits for the connection
		leg.notify(media.Event{Kind: media.EventConnected})
		synctest.Wait()
		f.hears(leg, "hello")
		if len(leg.agreed) > 0 {
			t.Error("a browser's leg agrees by its offer alone")
		}
		reoffer(dialog, "hold")
		if !dialog.did("reoffer answered") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		reoffer(dialog, "bad")
		reoffer(dialog, "") // a telephone's
		if n := len(dialog.log); dialog.log[n-1] != "reoffer refused 488" || dialog.log[n-2] != "reoffer refused 488" {
			t.Errorf("the dialog did %v", dialog.log)
		}
		leg.notify(media.Event{Kind: media.EventDisconnected})
		leg.notify(media.Event{Kind: media.EventConnected}) // back again: nothing begins anew
		synctest.Wait()
		dialog.hangUp()
		synctest.Wait()
		wantRecord(t, f.records.latest(), ledger.ByCaller, "ring ivr")
	})
}

func TestBrowserThatConnectsBeforeTheAckHearsTheBeginning(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog := browserCall("sip-browser", "offer")
		f.center.invite(dialog)
		synctest.Wait()
		leg := f.sound.legs["call-1"]
		leg.notify(media.Event{Kind: media.EventConnected})
		synctest.Wait()
		f.hears(leg, "")
		dialog.notify(sip.Event{Kind: sip.EventAcked})
		synctest.Wait()
		f.hears(leg, "hello")
		dialog.hangUp()
	})
}

func TestBrowserThatCannotBeReachedEndsItsCall(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.ringBy(browserCall("sip-browser", "offer"))
		leg.notify(media.Event{Kind: media.EventFailed})
		synctest.Wait()
		if !dialog.did("bye 102") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		wantRecord(t, f.records.latest(), ledger.ByCarrier, "ring")
	})
}

func TestBrowserWhoseOfferIsOfNoUseIsRefused(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.ringBy(browserCall("sip-browser", "bad"))
		if leg != nil || !dialog.did("refuse 488 0s") || dialog.did("answer") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		record := f.records.latest()
		wantRecord(t, record, ledger.BySystem, "ring")
		if record.SIPStatus != 488 {
			t.Errorf("the record says %d", record.SIPStatus)
		}
		f.nobodyIsLeft()
	})
}
