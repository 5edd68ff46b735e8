package call

import (
	"bytes"
	"context"
	"errors"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/media"
	"careline/sip"
)

// An empty re-INVITE gets our offer; where the caller's sound is from then on
// comes with the ACK (RFC 3261 section 14.2). DOMAIN.md §10.12.
func TestCallersSoundFollowsARenegotiation(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		dialog, leg := f.ring("5550100")
		moved := netip.MustParseAddrPort("192.0.2.7:4000")
		dialog.notify(sip.Event{Kind: sip.EventReoffer})
		synctest.Wait()
		if !dialog.did("reoffer answered") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		dialog.notify(sip.Event{Kind: sip.EventRenegotiated, Agreement: sip.Agreement{
			Remote: media.Description{Address: moved}, Format: media.Format{Codec: media.PCMU},
		}})
		synctest.Wait()
		if last := leg.agreed[len(leg.agreed)-1]; last != moved {
			t.Errorf("sound goes to %v, the caller is at %v", last, moved)
		}
		leg.refuse = errors.New("another IP version")
		dialog.notify(sip.Event{Kind: sip.EventReoffer})
		synctest.Wait()
		if !dialog.did("reoffer refused 488") {
			t.Errorf("the dialog did %v", dialog.log)
		}
		f.hears(leg, "hello") // and goes on
	})
}

// What the page says holds: an agent who is muted stays so over a new network,
// even if it comes while the caller is on hold.
func TestMutedAgentStaysMutedOverNewSound(t *testing.T) {
	for _, held := range []bool{false, true} {
		onFloor(t, nil, func(f *floor) {
			f.signIn("maria")
			_, leg := f.queued()
			f.accept("maria")
			f.do("maria", Command{Kind: Mute, On: true})
			f.do("maria", Command{Kind: Hold, On: held})
			again := f.offerMedia("maria")
			f.do("maria", Command{Kind: Hold, On: false})
			if !f.view("maria").Muted {
				t.Fatal("the page says that the caller hears maria")
			}
			f.hears(leg, "muted")
			f.hears(again, "call-1")
			f.do("maria", Command{Kind: Mute, On: false})
			f.hears(leg, "agent/maria")
		})
	}
}

// The end of one call must not touch the agent's sound in the next.
func TestTheEndOfACallLeavesTheAgentsNextCallAlone(t *testing.T) {
	onFloor(t, func(o *Options) { o.Content.Rules.Queues[0].WrapUp = 0 }, func(f *floor) {
		f.signIn("maria")
		first, _ := f.queued()
		f.accept("maria")
		_, second := f.queued()
		ended := f.center.session("call-1")
		first.hangUp()
		synctest.Wait()
		f.accept("maria")
		f.do("maria", Command{Kind: Mute, On: true})
		ended.partFromAgent() // once more, as release does
		f.hears(second, "muted")
	})
}

func TestAgentWhoseSoundIsLostInWrapUpIsOfferedNothing(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, _ := f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		dialog.hangUp()
		synctest.Wait()
		agentLeg.notify(media.Event{Kind: media.EventDisconnected})
		f.queued()
		f.do("maria", Command{Kind: FinishWrapUp})
		if view := f.view("maria"); view.State != acd.Away || view.Reason != reasonSoundLost {
			t.Errorf("maria is %s %q, and can't be heard", view.State, view.Reason)
		}
		agentLeg.notify(media.Event{Kind: media.EventConnected})
		synctest.Wait()
		f.is("maria", acd.Offered)
	})
}

func TestLunchAskedForInTheCallOutlivesALostSound(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, _ := f.signIn("maria")
		dialog, _ := f.queued()
		f.accept("maria")
		f.do("maria", Command{Kind: SetState, State: acd.Away, Reason: "Lunch"})
		agentLeg.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		agentLeg.notify(media.Event{Kind: media.EventConnected})
		synctest.Wait()
		dialog.hangUp()
		synctest.Wait()
		f.do("maria", Command{Kind: FinishWrapUp})
		if view := f.view("maria"); view.State != acd.Away || view.Reason != "Lunch" {
			t.Errorf("maria is %s %q, not at lunch", view.State, view.Reason)
		}
	})
}

func TestAgentHoldsMutesAndKeysAsThePageSays(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		_, leg := f.queued()
		f.accept("maria")
		f.do("maria", Command{Kind: Hold, On: true})
		f.do("maria", Command{Kind: Hold, On: true}) // a second click
		f.hears(leg, "calm")
		f.do("maria", Command{Kind: SendDigit, Digit: "5"})
		if leg.digits != 1 {
			t.Errorf("%d digits reached the caller's side", leg.digits)
		}
		for _, bad := range []Command{{Kind: SendDigit}, {Kind: SendDigit, Digit: "x"}, {Kind: SetDisposition, Disposition: "x"},
			{Kind: SetState, State: acd.Talking}, {Kind: SetState, State: acd.Away, Reason: "x"}, {Kind: "x"}} {
			if err := f.center.Do(context.Background(), "maria", bad); !errors.Is(err, ErrBadCommand) {
				t.Errorf("%+v: %v", bad, err)
			}
		}
		if err := f.center.Do(context.Background(), "maria", Command{Kind: SignOut}); !errors.Is(err, ErrInCall) {
			t.Errorf("signing out in a call: %v", err)
		}
		if err := f.center.Do(context.Background(), "james", Command{Kind: HangUp}); !errors.Is(err, ErrNoCall) {
			t.Errorf("james hangs up maria's call: %v", err)
		}
		if err := f.center.Do(context.Background(), "nobody", Command{Kind: HangUp}); !errors.Is(err, ErrUnknownAgent) {
			t.Errorf("nobody: %v", err)
		}
	})
}

// A refused offer of new sound leaves the old one in place, and watched.
func TestAFailedMediaOfferLeavesTheOldSoundWatched(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, _ := f.signIn("maria")
		if _, err := f.center.OfferMedia(context.Background(), "maria", "bad"); err == nil {
			t.Fatal("a bad offer was answered")
		}
		agentLeg.notify(media.Event{Kind: media.EventDisconnected})
		synctest.Wait()
		f.is("maria", acd.Away)
	})
}

// The page's connection is gone for longer than the grace, but the sound isn't:
// the two talk on (DOMAIN.md §10.13).
func TestTalkGoesOnWithoutThePage(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		agentLeg, release := f.signIn("maria")
		dialog, leg := f.queued()
		f.accept("maria")
		release()
		f.pass(10 * DefaultGrace)
		f.hears(leg, "agent/maria")
		f.hears(agentLeg, "call-1")
		dialog.hangUp()
		f.pass(2 * DefaultGrace)
		f.is("maria", acd.SignedOut) // nobody is at the desk
		f.nobodyIsLeft()
	})
}

func TestAGraceThatWasStoppedTooLateDoesNothing(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		_, release := f.signIn("maria")
		device := f.center.devices["maria"]
		release()
		first := device.graces
		if _, err := f.center.Connect("maria", func() {}); err != nil {
			t.Fatal(err)
		}
		device.connect(func() {})()
		device.graceOver(first) // its timer had fired and waited for the lock
		f.pass(DefaultGrace - time.Second)
		f.is("maria", acd.Available)
		f.pass(time.Second)
		f.is("maria", acd.SignedOut)
	})
}

// Signing out, and in again at once, ends signed in: the engine hears of both in
// the order in which they came about.
func TestSignOutAndInAtOnce(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		_, release := f.signIn("maria")
		release()
		f.do("maria", Command{Kind: SignOut})
		f.do("maria", Command{Kind: SignOut}) // a second click tells nothing new
		f.is("maria", acd.SignedOut)
		told := 0
		for _, entry := range f.records.journal {
			told += bytes.Count(entry.Body, []byte("agent_signed_out"))
		}
		if told != 1 {
			t.Errorf("the engine was told %d times", told)
		}
		f.signIn("maria")
		f.is("maria", acd.Available)
	})
}

func TestACrowdOfCommandsIsRefusedAndTheCallGoesOn(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.signIn("maria")
		_, leg := f.queued()
		f.accept("maria")
		s := f.center.session("call-1")
		inbox := s.inbox
		s.inbox = make(chan message, sessionInbox) // nobody takes what is in it
		for range sessionInbox {
			s.post(placeMessage{})
		}
		err := f.center.Do(context.Background(), "maria", Command{Kind: Mute, On: true})
		s.inbox = inbox
		if !errors.Is(err, ErrBusy) {
			t.Errorf("one more command: %v", err)
		}
		f.hears(leg, "agent/maria")
	})
}

func TestStatsTellTheLongestWaitNow(t *testing.T) {
	onFloor(t, nil, func(f *floor) {
		f.queued()
		before := f.center.Stats().Queues[0]
		<-time.After(30 * time.Second) // in which nothing happens
		now := f.center.Stats().Queues[0]
		if before.Waiting != 1 || now.Longest-before.Longest != 30*time.Second {
			t.Errorf("the longest wait was %v and is %v half a minute later", before.Longest, now.Longest)
		}
		if f.center.Stats().Agents[acd.SignedOut] != 2 {
			t.Errorf("agents: %v", f.center.Stats().Agents)
		}
	})
}

// The queue's music is the caller's, in line and when the agent puts her on hold;
// who came by no queue's hears the site's.
func TestEachQueueHasItsOwnHoldMusic(t *testing.T) {
	onFloor(t, func(o *Options) { o.Content.DefaultMusic = "lively" }, func(f *floor) {
		f.center.options.Content.Music["lively"] = f.clip("lively")
		f.signIn("maria")
		_, leg := f.queued()
		f.hears(leg, "calm")
		f.accept("maria")
		f.do("maria", Command{Kind: Hold, On: true})
		f.hears(leg, "calm")
		f.center.session("call-1").request.Hold.Music = ""
		f.do("maria", Command{Kind: Hold})
		f.do("maria", Command{Kind: Hold, On: true})
		f.hears(leg, "lively")
	})
}
