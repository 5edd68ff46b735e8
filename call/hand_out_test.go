package call

import (
	"testing"
	"testing/synctest"
	"time"

	"careline/ledger"
	"careline/media"
	"careline/sip"
	"careline/sip/dialplan"
)

func TestAFlowTransfersWarm(t *testing.T) {
	onWard(t, "3", nil, func(w ward) {
		w.called(pharmacy, 1)
		w.hears(w.leg, "coming")
		w.pass(time.Second)
		w.hears(w.leg, "calm")
		w.targetDoes(sip.Event{Kind: sip.EventProgress, Status: 183, Agreement: pcmu})
		w.targetLeg().notify(media.Event{Kind: media.EventFirstPacket})
		synctest.Wait()
		w.hears(w.leg, "calm") // how it rings there is for who is asked
		w.targetDoes(answered)
		w.hears(w.targetLeg(), "ask")
		w.hears(w.leg, "calm")
		w.keys('1')
		w.hears(w.leg, "target/call-1")
		w.hears(w.targetLeg(), "call-1")
		w.press(w.leg, "5") // for a menu there
		if w.targetLeg().digits != 1 {
			t.Errorf("%d keys came there", w.targetLeg().digits)
		}
		w.pass(time.Hour)
		w.hungUpThere()
		w.hears(w.leg, "rate")
		w.pass(time.Second)
		record := w.records.latest()
		wantRecord(t, record, ledger.BySystem, "ring ivr transfer external ivr")
		if s := record.Segments; s[2].Agent != "pharmacy" || s[2].Outcome != "answered" || s[3].Agent != "pharmacy" || s[3].Outcome != "after" {
			t.Errorf("on record is %+v", s)
		}
	})
}

func TestATransferThatNobodyTakesGoesOnByItsWay(t *testing.T) {
	for name, c := range map[string]struct {
		happens func(ward)
		hears   string
	}{
		"busy":        {func(w ward) { w.targetDoes(refused(486)) }, "busy"},
		"declined":    {func(w ward) { w.targetDoes(refused(603)) }, "declined"},
		"by key":      {func(w ward) { w.targetDoes(answered); w.keys('2') }, "declined"},
		"hung up":     {func(w ward) { w.targetDoes(answered); w.hungUpThere() }, "declined"},
		"no answer":   {func(w ward) { w.targetDoes(ringing); w.pass(20 * time.Second) }, "nobody"},
		"a voicemail": {func(w ward) { w.targetDoes(answered); w.pass(DefaultOnCallAccept) }, "nobody"},
		"unreachable": {func(w ward) { w.targetDoes(refused(503)) }, "failed"},
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, "3", nil, func(w ward) {
				c.happens(w)
				w.hears(w.leg, c.hears)
				if dialog := w.trunks.dialogs[0]; !dialog.over || !w.targetLeg().closed {
					t.Errorf("the call there goes on: %v", dialog.log)
				}
				w.pass(time.Second)
				if up := w.center.Overviews()[0]; up.Stage == "transfer" {
					t.Errorf("the call is in %s", up.Stage)
				}
			})
		})
	}
}

func TestANumberThatMayNotBeCalledGoesOnByItsWay(t *testing.T) {
	for name, err := range map[string]error{"forbidden": dialplan.ErrNotAllowed, "no trunk": sip.ErrNoTrunk} {
		t.Run(name, func(t *testing.T) {
			onWard(t, "4", func(w ward) { w.trunks.refused = err }, func(w ward) {
				w.pass(100 * time.Millisecond)
				w.hears(w.leg, "failed")
			})
		})
	}
}

func TestABridgedTransferIsHeardRinging(t *testing.T) {
	onWard(t, "4", nil, func(w ward) {
		w.hears(w.leg, "calm")
		w.targetDoes(sip.Event{Kind: sip.EventProgress, Status: 183, Agreement: pcmu})
		w.hears(w.leg, "calm")
		w.targetLeg().notify(media.Event{Kind: media.EventFirstPacket})
		synctest.Wait()
		w.hears(w.leg, "target/call-1")
		w.targetDoes(answered)
		w.hears(w.leg, "target/call-1")
		w.hungUpThere()
		record := w.records.latest()
		wantRecord(t, record, ledger.ByTarget, "ring ivr transfer external") // there is no way after it
	})
}

func TestTheLineThereBreaksAndTheFlowGoesOn(t *testing.T) {
	onWard(t, "4", nil, func(w ward) {
		w.targetDoes(answered)
		w.targetLeg().notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		w.hears(w.leg, "failed")
		if !w.trunks.dialogs[0].did("bye 102") {
			t.Errorf("the far side heard %v", w.trunks.dialogs[0].log)
		}
	})
}

func TestABlindTransferIsTheCarriersWhereItTakesIt(t *testing.T) {
	onWard(t, "5", func(w ward) { w.trunks.referring = true }, func(w ward) {
		if len(w.trunks.referred) != 1 || w.trunks.referred[0] != outside || len(w.trunks.placed) != 0 {
			t.Fatalf("referred to %v, placed %d", w.trunks.referred, len(w.trunks.placed))
		}
		w.hears(w.leg, "calm")
		for _, status := range []int{100, 180} {
			w.caller.notify(sip.Event{Kind: sip.EventReferProgress, Status: status})
			synctest.Wait()
		}
		w.hears(w.leg, "calm")
		w.caller.notify(sip.Event{Kind: sip.EventReferProgress, Status: 200})
		synctest.Wait()
		if !w.caller.did("bye 16") {
			t.Errorf("the caller's carrier heard %v", w.caller.log)
		}
		wantRecord(t, w.records.latest(), ledger.BySystem, "ring ivr transfer")
	})
}

func TestABlindTransferThatTheCarrierRefuses(t *testing.T) {
	for status, hears := range map[int]string{403: "failed", 486: "busy", 503: "failed", 408: "failed"} {
		onWard(t, "5", func(w ward) { w.trunks.referring = true }, func(w ward) {
			w.caller.notify(sip.Event{Kind: sip.EventReferProgress, Status: status})
			synctest.Wait()
			w.hears(w.leg, hears)
			w.caller.notify(sip.Event{Kind: sip.EventReferProgress, Status: 200}) // of nothing that goes on
			synctest.Wait()
			w.hears(w.leg, hears)
		})
	}
}

func TestABlindTransferStaysHereWhereTheCarrierDoesNotTakeIt(t *testing.T) {
	onWard(t, "5", nil, func(w ward) {
		w.called(outside, 1)
		w.targetDoes(answered)
		w.hears(w.leg, "target/call-1")
	})
}

func TestTheCallerHangsUpDuringATransfer(t *testing.T) {
	for name, moment := range map[string]func(ward){
		"announced": func(w ward) {},
		"ringing":   func(w ward) { w.targetDoes(ringing) },
		"asked":     func(w ward) { w.targetDoes(answered) },
		"together":  func(w ward) { w.targetDoes(answered); w.keys('1') },
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, "3", nil, func(w ward) {
				moment(w)
				w.caller.hangUp()
				synctest.Wait()
				if !w.trunks.dialogs[0].over || !w.targetLeg().closed {
					t.Error("the call there goes on")
				}
				record := w.records.latest()
				wantUnbroken(t, record)
				if !record.Final() || record.EndedBy != ledger.ByCaller {
					t.Errorf("ended by %s", record.EndedBy)
				}
			})
		})
	}
}

func TestWhoeverIsOutsideCannotTransferTheCaller(t *testing.T) {
	onWard(t, "4", nil, func(w ward) {
		w.targetDoes(refer(t, outside))
		w.targetDoes(answered)
		w.targetDoes(refer(t, outside))
		if len(w.trunks.placed) != 1 || !w.trunks.dialogs[0].did("refer refused 403") {
			t.Errorf("%d calls; the far side heard %v", len(w.trunks.placed), w.trunks.dialogs[0].log)
		}
	})
}
