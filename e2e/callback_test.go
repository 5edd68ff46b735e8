package e2e

import (
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
	"careline/media/signal"
)

// A caller whom nobody can serve yet asks for a call and hangs up. Once Maria is there
// the number is called; whoever answers presses the key, and the two hear each other.
func TestCallerAsksToBeCalledAndIs(t *testing.T) {
	t.Parallel()
	server, far := startWithTrunk(t,
		[3]string{"flows/member-services.yaml", "offer_after: 120s", "offer_after: 10s"},
		[3]string{"calling.yaml", "", "from: \"0:00\"\nto: \"24:00\"\n"})
	asker := server.baresipAt(t, carrier+":0", tone(), "<sip:"+outside+"@"+carrier+";transport=udp>;regint=0")
	asker.callIn()
	eventually(t, 20*time.Second, "the callback is asked for", func() bool {
		if server.logged("callback asked for") == 1 {
			return true
		}
		asker.press("1") // once it is offered; before, nobody asks for keys
		return false
	})
	asker.hangUp()

	callee := server.carriersPhone(t, far, "answermode=auto", signal.Tone(outsideTone, 120))
	sam := server.enter(t, "sam")
	sam.do("look at the calls", chromedp.Click(css("view-calls")))
	eventually(t, 10*time.Second, "the supervisor sees who is to be called", func() bool {
		return strings.Contains(sam.shows("callbacks-open"), "In line, place 1") && strings.Contains(sam.shows("callbacks-open"), "…77")
	})
	maria := server.signIn(t, "maria")
	maria.await("offered")
	if title, card := maria.shows("state"), maria.shows("call-callback"); !strings.Contains(title, "Callback") || !strings.Contains(card, "asked for just now") {
		t.Errorf("the page says %q, the card %q", title, card)
	}
	if callee.saw("CALL_INCOMING") {
		t.Error("the number is called before anybody is there for it")
	}
	maria.accept()
	eventually(t, 10*time.Second, "the number answers", func() bool { return callee.saw("CALL_ESTABLISHED") })
	pass(time.Second)
	callee.press("1")
	eventually(t, 10*time.Second, "the caller is with Maria", func() bool { return server.logged("callback closed") == 1 })
	joined := time.Now().Add(time.Second)
	heard := maria.listenFor(func(heard []int16) bool { return loud(heard, outsideTone) }, 2*time.Second)
	pass(2 * time.Second)
	end := time.Now()
	if !loud(heard, outsideTone) {
		t.Errorf("Maria hears %.4f of the number's tone", toneIn(heard, outsideTone))
	}
	callee.hangUp()
	maria.finish()
	if score := agentsVoice(t, callee.between(callee.heard(), joined, end)); score < 0.7 {
		t.Errorf("whoever is called hears Maria by %.2f", score)
	}
	record, _ := server.record()
	if record.Callback == "" || record.Verification == "verified" || record.EndedBy != ledger.ByCaller {
		t.Errorf("the record says %+v", record)
	}
}
