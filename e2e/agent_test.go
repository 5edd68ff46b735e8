package e2e

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// agent is a person at the softphone page in Chromium.
type agent struct {
	t      *testing.T
	ctx    context.Context
	cancel context.CancelFunc
	name   string
}

// keepMicrophone lets a story hear what the agent's microphone says, by the
// same clock as what the agent hears.
const keepMicrophone = `(() => { const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
	navigator.mediaDevices.getUserMedia = async (c) => window.__microphone = await ask(c); })()`

// enter opens the page in a browser profile of its own and signs in; the scripts run
// before its sound begins.
func (s *server) enter(t *testing.T, name string, scripts ...string) *agent {
	t.Helper()
	ctx, cancel := chromedp.NewContext(theBrowser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	a := &agent{t: t, ctx: ctx, cancel: cancel, name: name}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("a tab for %s: %v", name, err)
	}
	a.do("open the softphone", chromedp.Navigate("http://"+s.desk+"/"))
	for _, script := range append(scripts, keepMicrophone) {
		a.js("prepare the page", script)
	}
	a.do("sign in",
		chromedp.WaitVisible(css("sign-in-user")),
		chromedp.SendKeys(css("sign-in-user"), name),
		chromedp.SendKeys(css("sign-in-password"), "careline-demo"),
		chromedp.Click(css("sign-in-submit")))
	return a
}

// signIn opens the softphone and goes available.
func (s *server) signIn(t *testing.T, name string, scripts ...string) *agent {
	t.Helper()
	a := s.enter(t, name, scripts...)
	a.await("away")
	eventually(t, 10*time.Second, name+"'s sound", func() bool {
		return a.text(`#health-sound`, "dataset.ok") == "yes"
	})
	a.click("state-available")
	a.await("available", "offered")
	return a
}

func css(testID string) chromedp.CSS { return chromedp.CSS(`[data-testid="` + testID + `"]`) }

func (a *agent) do(what string, actions ...chromedp.Action[chromedp.Void]) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, 20*time.Second)
	defer cancel()
	if err := chromedp.Do(ctx, actions...); err != nil {
		a.t.Fatalf("%s: %s: %v", a.name, what, err)
	}
}

func (a *agent) js(what, script string) string {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, 30*time.Second)
	defer cancel()
	text, err := chromedp.Run(ctx, chromedp.Evaluate[string](`(async () => String(await (`+script+`) ?? ""))()`, chromedp.EvalAwaitPromise))
	if err != nil {
		a.t.Fatalf("%s: %s: %v", a.name, what, err)
	}
	return text
}

func (a *agent) click(testID string) {
	a.t.Helper()
	a.do("click "+testID, chromedp.Click(css(testID)))
}

// text reads a property of an element, "" if it isn't there or is hidden.
func (a *agent) text(selector, property string) string {
	a.t.Helper()
	return a.js("read "+selector, fmt.Sprintf(`(() => { const e = document.querySelector(%q);
		return e && !e.closest("[hidden]") ? e.%s : ""; })()`, selector, property))
}

func (a *agent) shows(testID string) string {
	a.t.Helper()
	return strings.TrimSpace(a.text(string(css(testID)), "textContent"))
}

func (a *agent) state() string { return a.text(`[data-testid="state"]`, "dataset.state") }

// await waits until the page shows the state.
func (a *agent) await(states ...string) {
	a.t.Helper()
	seen := ""
	defer func() {
		if a.t.Failed() {
			a.t.Logf("%s's page showed %q; see e2e/out", a.name, seen)
			a.picture(a.t.Name() + ".png")
		}
	}()
	eventually(a.t, 40*time.Second, a.name+" is "+strings.Join(states, " or "), func() bool {
		seen = a.state()
		for _, state := range states {
			if seen == state {
				return true
			}
		}
		return false
	})
}

// pictures, set by -args -pictures, renews docs/images while the stories run.
var pictures = flag.Bool("pictures", false, "renew the screenshots in docs/images")

// photograph takes the softphone's picture for the docs.
func (a *agent) photograph(name string) {
	a.t.Helper()
	if !*pictures {
		return
	}
	a.do("set the size", chromedp.EmulateViewport(1280, 800))
	a.js("go to the top", `scrollTo(0, 0)`) // what drives the page scrolls to what it clicks
	pass(500 * time.Millisecond)            // transitions end
	image, err := chromedp.Run(a.ctx, chromedp.CaptureScreenshot())
	if err != nil {
		a.t.Fatal(err)
	}
	if err := os.MkdirAll("../docs/images", 0o755); err != nil {
		a.t.Fatal(err)
	}
	if err := os.WriteFile("../docs/images/softphone-"+name+".png", image, 0o644); err != nil {
		a.t.Fatal(err)
	}
}

// picture keeps a screenshot in e2e/out.
func (a *agent) picture(name string) {
	image, err := chromedp.Run(a.ctx, chromedp.CaptureScreenshot())
	if err == nil && os.MkdirAll("out", 0o700) == nil {
		os.WriteFile(filepath.Join("out", name), image, 0o600)
	}
}

func (a *agent) accept() {
	a.t.Helper()
	a.await("offered")
	a.click("accept")
	a.await("talking")
}

// finish closes the wrap-up with a disposition.
func (a *agent) finish() {
	a.t.Helper()
	a.await("wrap_up")
	a.js("choose a disposition", `document.querySelector('[data-testid="dispositions"] input').click()`)
	a.click("finish-wrap-up")
	a.await("available")
}

// recordSound takes what the agent hears and says, both at 8 kHz by one clock.
const recordSound = `(async () => {
	const context = new AudioContext({ sampleRate: 48000 });
	const both = context.createChannelMerger(2);
	context.createMediaStreamSource(document.querySelector("%s").srcObject).connect(both, 0, 0);
	context.createMediaStreamSource(window.__microphone).connect(both, 0, 1);
	const tap = context.createScriptProcessor(4096, 2, 1), kept = [[], []], rest = [[], []];
	tap.onaudioprocess = (event) => { for (const c of [0, 1]) {
		for (const sample of event.inputBuffer.getChannelData(c)) {
			rest[c].push(sample);
			if (rest[c].length === 6) { kept[c].push(Math.round(rest[c].reduce((a, b) => a + b) / 6 * 32767)); rest[c] = []; }
		} } };
	both.connect(tap); tap.connect(context.destination);
	await new Promise((done) => setTimeout(done, %d));
	tap.disconnect(); await context.close();
	return kept; })()`

// listen records for d what the agent hears, and what the microphone says.
func (a *agent) listen(d time.Duration) (heard, said []int16) {
	a.t.Helper()
	return a.listenTo("#remote", d)
}

// theCaller is heard.
func theCaller(heard []int16) bool { return loud(heard, callerTone) }

// listenFor listens until what was wanted is heard, at most five times so long, since a busy
// browser's jitter buffer takes a while; what was heard last is returned.
func (a *agent) listenFor(wanted func(heard []int16) bool, d time.Duration) (heard []int16) {
	a.t.Helper()
	for range 5 {
		if heard, _ = a.listen(d); wanted(heard) {
			break
		}
	}
	return heard
}

// listenTo does so for what one of the page's loudspeakers plays.
func (a *agent) listenTo(speaker string, d time.Duration) (heard, said []int16) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.ctx, d+20*time.Second)
	defer cancel()
	sound, err := chromedp.Run(ctx, chromedp.Evaluate[[][]int](fmt.Sprintf(recordSound, speaker, d.Milliseconds()), chromedp.EvalAwaitPromise))
	if err != nil || len(sound) != 2 {
		a.t.Fatalf("%s: recording: %v", a.name, err)
	}
	return clamp(sound[0]), clamp(sound[1])
}

func clamp(in []int) []int16 {
	out := make([]int16, len(in))
	for i, sample := range in {
		out[i] = int16(max(-32768, min(32767, sample)))
	}
	return out
}
