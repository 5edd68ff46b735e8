package call

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/ledger"
	"careline/media"
	"careline/sip"
	"careline/sip/dialplan"
)

func TestANurseWhoIsFreeTakesTheUrgentCaller(t *testing.T) {
	onWard(t, "1", func(w ward) { w.signIn("nora") }, func(w ward) {
		w.hears(w.leg, "calm")
		if up := w.center.Overviews()[0]; !up.Urgent || up.Late || up.Calling != "" {
			t.Errorf("supervisors see %+v", up)
		}
		w.accept("nora")
		w.hears(w.leg, "agent/nora")
		w.pass(time.Hour)
		w.called("", 0)
		w.caller.hangUp()
		synctest.Wait()
		record := w.wantTried("")
		if e := record.Escalation; e == nil || e.Queue != "nurses" || e.Outcome != "agent" || e.Late || e.Waited <= 0 {
			t.Errorf("the escalation is on record as %+v", e)
		}
		if stats := w.center.Stats(); stats.Escalated != 1 || stats.EscalatedLate != 0 || stats.OnCallTook != 0 {
			t.Errorf("counted %+v", stats)
		}
	})
}

func TestAnUrgentCallerGoesBeforeAllOthersAndIntoAFullLine(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		_, second := w.ring("5550100") // the line takes one caller, if she isn't urgent
		w.press(second, "1")
		w.pass(time.Second)
		w.hears(second, "calm")
		w.signIn("nora")
		if call := w.view("nora").Call; call == nil || call.ID != "call-1" {
			t.Errorf("nora is offered %+v", call)
		}
	})
}

func TestNobodyIsThereAndThoseOnCallAreCalledAtOnce(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		w.called("2025550101", 1)
		w.hears(w.leg, "calm")
		if up := w.center.Overviews()[0]; up.Calling != "night" {
			t.Errorf("supervisors see %+v", up)
		}
		w.targetDoes(ringing)
		w.targetDoes(answered)
		w.hears(w.targetLeg(), "ask")
		w.hears(w.leg, "calm")
		w.keys('9') // means nothing
		w.hears(w.targetLeg(), "ask")
		w.keys('1')
		w.hears(w.leg, "target/call-1")
		w.hears(w.targetLeg(), "call-1")
		w.signIn("nora") // too late
		w.is("nora", acd.Available)
		w.pass(time.Hour)
		w.hungUpThere()
		record := w.wantTried("on_call Olga: accepted; external Olga: ended_by_target")
		if e := record.Escalation; e.Outcome != "on_call" || record.EndedBy != ledger.ByTarget {
			t.Errorf("on record is %+v, ended by %s", e, record.EndedBy)
		}
		if stats := w.center.Stats(); stats.OnCallTook != 1 {
			t.Errorf("counted %+v", stats)
		}
		var outcomes []string
		for _, entry := range w.records.audit {
			if entry.Kind == ledger.AuditEscalation {
				outcomes = append(outcomes, entry.Outcome)
			}
		}
		if got := strings.Join(outcomes, " "); got != "begun accepted on_call" {
			t.Errorf("audited is %q", got)
		}
	})
}

func TestThoseOnCallAreCalledInTurn(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		w.targetDoes(refused(486))
		w.called("2025550101", 1) // not at once
		w.pass(2 * time.Second)
		w.called("2025550104", 2) // past the one for Illinois and the one off duty
		w.targetDoes(ringing)
		w.pass(25 * time.Second)
		w.pass(2 * time.Second)
		w.called("2025550101", 3) // the second round
		w.targetDoes(answered)
		w.pass(20 * time.Second) // a voicemail presses nothing
		w.pass(2 * time.Second)
		w.called("2025550104", 4)
		w.targetDoes(answered)
		w.keys('2')
		w.hears(w.leg, "calm")
		w.pass(2500 * time.Millisecond) // nobody is left, and no supervisor is there, and no one else
		w.hears(w.leg, "still")
		w.caller.hangUp()
		synctest.Wait()
		record := w.wantTried("on_call Olga: busy; on_call Night service: no_answer; on_call Olga: not_accepted; on_call Night service: declined")
		if e := record.Escalation; !e.Late || e.Outcome != "" {
			t.Errorf("on record is %+v", e)
		}
		if stats := w.center.Stats(); stats.EscalatedLate != 1 {
			t.Errorf("counted %+v", stats)
		}
		if w.sound.open != 0 {
			t.Errorf("%d legs are open", w.sound.open)
		}
	})
}

func TestOnlyWhoIsLicensedWhereTheCallerIsGetsACall(t *testing.T) {
	onWard(t, "2", nil, func(w ward) { // in Illinois, where olga isn't licensed
		w.called("2025550102", 1)
		w.targetDoes(refused(480))
		w.pass(2 * time.Second)
		w.called("2025550104", 2)
	})
}

func TestWhoDeclinesByHangingUpOrDropsBeforeTheKey(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		w.targetDoes(answered)
		w.hungUpThere()
		w.pass(2 * time.Second)
		w.called("2025550104", 2)
		w.targetDoes(answered)
		w.targetLeg().notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		w.hears(w.leg, "calm")
		w.pass(2 * time.Second)
		w.called("2025550101", 3)
		w.caller.hangUp()
		synctest.Wait()
		w.wantTried("on_call Olga: declined; on_call Night service: declined; on_call Olga: withdrawn")
		if !w.trunks.dialogs[2].did("bye 16") {
			t.Error("one on call rings on")
		}
	})
}

func TestThePlaceIsKeptAndANurseWhoBecomesFreeIsFirst(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		w.targetDoes(answered)
		w.signIn("nora")
		w.is("nora", acd.Offered)
		w.hears(w.targetLeg(), "ask") // both may take her
		w.accept("nora")
		w.hears(w.leg, "agent/nora")
		if !w.trunks.dialogs[0].did("bye 16") || !w.trunks.dialogs[0].over {
			t.Error("one on call is asked on")
		}
		w.keys('1') // too late
		w.hears(w.leg, "agent/nora")
		w.caller.hangUp()
		synctest.Wait()
		w.wantTried("on_call Olga: withdrawn")
	})
}

func TestOneOnCallAcceptsWhileANurseRings(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		w.targetDoes(answered)
		w.signIn("nora")
		w.is("nora", acd.Offered)
		w.keys('1')
		w.hears(w.leg, "target/call-1")
		w.is("nora", acd.Available)
		w.called("2025550101", 1)
	})
}

func TestTheTargetIsMissedAndThoseOnCallAreCalled(t *testing.T) {
	onWard(t, "1", func(w ward) {
		w.signIn("nora")
		_, first := w.ring("5550100")
		w.press(first, "1")
		w.accept("nora") // busy, and so present
	}, func(w ward) {
		w.pass(29 * time.Second)
		w.called("", 0)
		w.hears(w.leg, "calm")
		w.pass(time.Second)
		w.called("2025550101", 1)
		if up := w.center.Overviews()[1]; !up.Late {
			t.Errorf("supervisors see %+v", up)
		}
		w.targetDoes(refused(486))
		w.do("nora", Command{Kind: HangUp})
		w.is("nora", acd.Offered) // for the next one, before anybody else is called
		w.pass(10 * time.Second)
		w.called("2025550101", 1)
		w.accept("nora")
		w.pass(time.Minute)
		w.hears(w.leg, "agent/nora")
		w.do("nora", Command{Kind: HangUp})
	})
}

func TestTheCallerHearsThatSomebodyIsComing(t *testing.T) {
	onWard(t, "1", func(w ward) {
		w.signIn("nora")
		_, first := w.ring("5550100")
		w.press(first, "1")
		w.accept("nora")
	}, func(w ward) {
		w.pass(20*time.Second + 100*time.Millisecond)
		w.hears(w.leg, "coming")
		w.pass(time.Second)
		w.hears(w.leg, "calm")
		w.do("nora", Command{Kind: HangUp})
	})
}

func TestANurseWhoDeclinesOrDoesNotAnswerIsPassedBy(t *testing.T) {
	for name, passes := range map[string]func(ward){
		"declines": func(w ward) { // and then rings out, when she is asked again
			w.do("nora", Command{Kind: Decline, Offer: w.view("nora").Call.Offer})
			w.pass(24 * time.Second)
			w.called("", 0)
			w.pass(time.Second)
		},
		"rings out": func(w ward) { w.pass(15 * time.Second) },
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, "1", func(w ward) { w.signIn("nora") }, func(w ward) {
				passes(w)
				w.pass(time.Second)
				w.called("2025550101", 1) // she is away now, and nobody is there
				if heard := w.leg.hears(); heard != "calm" && heard != "coming" {
					t.Errorf("the caller hears %q", heard)
				}
			})
		})
	}
}

func TestANurseVanishesAndTheCallerIsFirstAgain(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		agentLeg, release := w.signIn("nora")
		w.targetDoes(refused(486))
		w.accept("nora")
		release()
		agentLeg.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		w.hears(w.leg, "calm")
		w.pass(DefaultGrace)
		w.hears(w.leg, "calm")
		w.called("2025550101", 2) // those on call, from the first on: nobody is there
		w.targetDoes(answered)
		w.keys('1')
		w.hears(w.leg, "target/call-1")
	})
}

func TestTheLineToOneOnCallBreaksAndTheCallerIsBackInLine(t *testing.T) {
	onWard(t, "1", nil, func(w ward) {
		w.targetDoes(answered)
		w.keys('1')
		w.hears(w.leg, "target/call-1")
		w.pass(time.Minute)
		w.targetLeg().notify(media.Event{Kind: media.EventTimeout})
		synctest.Wait()
		w.hears(w.leg, "calm")
		w.called("2025550101", 2)
		w.signIn("nora")
		w.accept("nora")
		w.hears(w.leg, "agent/nora")
		w.caller.hangUp()
		synctest.Wait()
		record := w.wantTried("on_call Olga: accepted; external Olga: connection_lost; on_call Olga: withdrawn")
		if record.EndedBy != ledger.ByCaller {
			t.Errorf("ended by %s", record.EndedBy)
		}
	})
}

func TestFurtherLinesComeInTheirOrder(t *testing.T) {
	onWard(t, "1", func(w ward) {
		w.trunks.refused = dialplan.ErrNotAllowed // nobody on call can be reached
		w.signIn("sam")
		_, other := w.ring("5550100")
		w.press(other, "1")
		w.pass(10 * time.Second) // four tries
		w.accept("sam")
	}, func(w ward) {
		w.pass(8 * time.Second)
		if up := w.center.Overviews()[1]; up.Queue != "supervisors" || !up.Urgent {
			t.Errorf("she waits in %+v", up)
		}
		w.signIn("maria")
		w.pass(41 * time.Second) // sam's line had its time
		w.is("maria", acd.Offered)
		w.accept("maria")
		w.hears(w.leg, "agent/maria")
		w.do("maria", Command{Kind: HangUp})
		w.do("sam", Command{Kind: HangUp})
	})
}

func TestTheCallerHangsUpAtAnyMoment(t *testing.T) {
	for name, moment := range map[string]func(ward){
		"in line":                  func(w ward) {},
		"while one on call rings":  func(w ward) { w.targetDoes(ringing) },
		"while one thinks":         func(w ward) { w.targetDoes(answered) },
		"between two":              func(w ward) { w.targetDoes(refused(486)) },
		"while a nurse rings":      func(w ward) { w.signIn("nora") },
		"with one on call":         func(w ward) { w.targetDoes(answered); w.keys('1') },
		"before the answer's sign": func(w ward) { w.targetDoes(sip.Event{Kind: sip.EventProgress, Status: 183, Agreement: pcmu}) },
	} {
		t.Run(name, func(t *testing.T) {
			onWard(t, "1", nil, func(w ward) {
				moment(w)
				w.caller.hangUp()
				synctest.Wait()
				for i, dialog := range w.trunks.dialogs {
					if !dialog.over {
						t.Errorf("call %d goes on", i)
					}
				}
				placed := len(w.trunks.placed)
				w.pass(time.Hour)
				if len(w.trunks.placed) != placed {
					t.Error("somebody is called for a caller who is gone")
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
