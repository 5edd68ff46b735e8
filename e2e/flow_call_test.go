package e2e

import (
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
)

// TestAnAdminCallsADraftFromTheBrowser: what nobody has published is heard by who
// calls it, follows the keys, and is on record as a trial.
func TestAnAdminCallsADraftFromTheBrowser(t *testing.T) {
	t.Parallel()
	server := start(t)
	alex := server.enter(t, "alex")
	alex.do("set the size", chromedp.EmulateViewport(1280, 900))
	alex.opens("flows/nurse-line.yaml")
	alex.types("play: nurse-red-flags", "play: [connecting-claims, connecting-claims, connecting-claims]")
	alex.click("flow-tab-trial")
	alex.click("trial-call")
	alex.says("trial-call-state", "The flow has the call")
	heard, _ := alex.listenTo("#trial-remote", 3500*time.Millisecond)
	if match := bestSecond(wav(t, "../config/demo/prompts/en-US/connecting-claims.wav"), heard); match < 0.5 {
		evidence(t, "draft", heard)
		t.Errorf("the draft's new words are heard by %.2f", match)
	}
	eventually(t, 10*time.Second, "the drawing follows", func() bool {
		return alex.js("where it is", `document.querySelector('#flow-graph .here')?.dataset.step`) == "red_flags"
	})
	alex.click("trial-key-1")
	alex.says("trial-call-state", "In line for an agent")
	alex.click("trial-call")
	alex.says("trial-call-state", "You hung up.")
	record, _ := server.record()
	if record.TriedBy != "alex" || record.Line != "Trial of a flow" || record.State != "WI" || record.EndedBy != ledger.ByCaller {
		t.Errorf("the record says %+v", record)
	}
}
