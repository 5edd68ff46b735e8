package e2e

import (
	"fmt"
	"os"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// TestSomebodyOnCallTakesAnUrgentCaller: no nurse is at work, so the list's telephone
// rings at once; whoever answers it presses 1, and the two hear each other.
func TestSomebodyOnCallTakesAnUrgentCaller(t *testing.T) {
	t.Parallel()
	word, err := os.ReadFile("../config/demo/prompts/en-US/digits/1.wav")
	if err != nil {
		t.Fatal(err)
	}
	server, far := startWithTrunk(t,
		[3]string{"prompts/en-US/nurse-red-flags.wav", "", string(word)}, // it is heard to its end
		[3]string{"prompts/en-US/connecting-nurse.wav", "", string(word)},
		[3]string{"flows/nurse-line.yaml", "        - {queue: member_services}\n",
			"        - {on_call: nurses}\n        - {queue: member_services}\n      ask: digits/2\n"},
		[3]string{"outside.yaml", "", fmt.Sprintf("on_call:\n  nurses: {people: [{agent: nora, number: %q}]}\n", outside)})
	nora := server.carriersPhone(t, far, "answermode=auto", signal.Tone(outsideTone, 120))
	caller := server.carriersPhone(t, "", "", tone())
	caller.dial("5550111")
	pass(time.Second)
	caller.press("91")
	eventually(t, 15*time.Second, "nora's telephone is answered", func() bool { return nora.saw("CALL_ESTABLISHED") })
	asked := time.Now()
	pass(time.Second)
	pressed := time.Now()
	nora.press("1")
	pass(time.Second)
	joined := time.Now()
	pass(2500 * time.Millisecond)
	end := time.Now()
	nora.hangUp()
	caller.awaitEnd()
	wantEachOther(t, caller, nora, joined, end)
	if cut := nora.between(nora.heard(), asked, pressed); loud(cut, callerTone) {
		t.Errorf("before a key is pressed the caller is heard: %.4f", toneIn(cut, callerTone))
	}
	record, _ := server.record()
	if e := record.Escalation; e == nil || e.Queue != "nurse_line" || e.Outcome != "on_call" || e.Late {
		t.Errorf("the record says of the escalation: %+v", e)
	}
	if record.EndedBy != ledger.ByTarget {
		t.Errorf("the record says %+v", record)
	}
}
