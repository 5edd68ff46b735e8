package e2e

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"careline/ledger"
)

// browserPhone is the page of a caller with JsSIP, whose state is its title.
const browserPhone = `<!doctype html><title>loading</title><audio id="remote" autoplay></audio><script src="jssip.min.js"></script><script>
const phone = new JsSIP.UA({ sockets: [new JsSIP.WebSocketInterface("%s")], uri: "sip:5550199@127.0.0.1", register: false });
const microphone = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
phone.on("connected", () => document.title = "connected");
phone.on("disconnected", () => document.title = "disconnected");
phone.start();
let session;
async function call(line) {
	window.__microphone = await navigator.mediaDevices.getUserMedia({ audio: microphone });
	session = phone.call("sip:" + line + "@127.0.0.1", { mediaStream: window.__microphone, pcConfig: { iceServers: [] },
		eventHandlers: {
			confirmed: () => document.title = "talking",
			ended: () => document.title = "ended",
			failed: (e) => document.title = "failed: " + e.cause,
			hold: (e) => document.title = "held by " + e.originator,
			unhold: (e) => document.title = "talking",
		} });
	session.connection.addEventListener("track", (e) => document.querySelector("#remote").srcObject = new MediaStream([e.track]));
}
</script>`

// browserCaller opens the page of a caller, who says the callers' tone.
func (s *server) browserCaller(t *testing.T) *agent {
	t.Helper()
	caller := s.browserPage(t, "the browser's caller", fmt.Sprintf(browserPhone, "wss://"+s.listens["wss"]), tone())
	caller.awaitTitle("connected")
	return caller
}

// browserPage opens a page with JsSIP in a browser of its own, which says a sound and
// takes a certificate that nobody vouches for.
func (s *server) browserPage(t *testing.T, name, html string, says []int16) *agent {
	t.Helper()
	dir := t.TempDir()
	writeWAV(t, filepath.Join(dir, "microphone.wav"), says)
	options := append(chromium(dir), chromedp.Flag("ignore-certificate-errors", true))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(cancel)
	page := http.NewServeMux()
	page.Handle("/jssip.min.js", http.FileServer(http.Dir("../testdata/web")))
	page.HandleFunc("/{$}", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, html) })
	web := httptest.NewServer(page)
	t.Cleanup(web.Close)
	a := &agent{t: t, ctx: ctx, cancel: cancel, name: name}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("a browser for %s: %v", name, err)
	}
	a.do("open the phone", chromedp.Navigate(web.URL+"/"))
	return a
}

func (a *agent) awaitTitle(want string) {
	a.t.Helper()
	title := ""
	defer func() {
		if a.t.Failed() {
			a.t.Logf("%s's page says %q", a.name, title)
		}
	}()
	eventually(a.t, 40*time.Second, a.name+" is "+want, func() bool {
		title = a.js("read the title", "document.title")
		return title == want
	})
}

// keys presses keys as RTCDTMFSender sends them (RFC 4733).
func (a *agent) keys(digits string) {
	a.t.Helper()
	eventually(a.t, 10*time.Second, "the browser's keys can be sent", func() bool {
		return a.js("look at the sender", `session.connection.getSenders()[0].dtmf.canInsertDTMF`) == "true"
	})
	a.js("press keys", fmt.Sprintf(`session.sendDTMF(%q, { transportType: "RFC2833", duration: 100, interToneGap: 100 })`, digits))
	pass(time.Duration(len(digits)) * 220 * time.Millisecond)
}

// A browser calls in with a stock SIP library over secure WebSocket, keys in who
// she is, talks with the agent, holds, resumes and hangs up.
func TestBrowserCallsInOverSecureWebSocket(t *testing.T) {
	t.Parallel()
	server := startSecure(t)
	maria := server.signIn(t, "maria")
	caller := server.browserCaller(t)
	caller.js("call", `call("5550100")`)
	caller.awaitTitle("talking")
	caller.keys(english + identify + member + person)
	maria.accept()
	for _, when := range []string{"in talk", "after the hold"} {
		pass(2 * time.Second) // jitter buffers settle
		if heard := maria.listenFor(theCaller, 2*time.Second); !loud(heard, callerTone) {
			evidence(t, "agent-"+when, heard)
			t.Errorf("%s the agent hears %.4f of the caller's tone", when, toneIn(heard, callerTone))
		}
		heard, _ := caller.listen(6 * time.Second)
		if score := agentsVoice(t, heard); score < 0.6 {
			evidence(t, "browser-"+when, heard)
			t.Errorf("%s the caller hears the agent by %.2f", when, score)
		}
		if when == "after the hold" {
			break
		}
		caller.js("hold", `session.hold()`)
		caller.awaitTitle("held by local")
		pass(500 * time.Millisecond)
		heard, _ = maria.listen(1500 * time.Millisecond)
		if heard = heard[max(0, len(heard)-8000):]; loud(heard, callerTone) {
			t.Errorf("held, and the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
		}
		caller.js("resume", `session.unhold()`)
		caller.awaitTitle("talking")
	}
	caller.js("another network", `session.renegotiate({ rtcOfferConstraints: { iceRestart: true } })`)
	pass(2 * time.Second)
	if heard := maria.listenFor(theCaller, 2*time.Second); !loud(heard, callerTone) {
		t.Errorf("after an ICE restart the agent hears %.4f of the caller's tone", toneIn(heard, callerTone))
	}
	caller.js("hang up", `session.terminate()`)
	maria.finish()
	server.wantEncrypted("call answered", "DTLS-SRTP")
	record, _ := server.record()
	wantSegments(t, record, ledger.SegmentRing, ledger.SegmentIVR, ledger.SegmentQueue, ledger.SegmentRingAgent, ledger.SegmentTalk, ledger.SegmentWrapUp)
	if record.EndedBy != ledger.ByCaller || record.Verification != "verified" {
		t.Errorf("the record says %+v", record)
	}
}

// The agent hangs up: our BYE finds the browser, whose Contact leads nowhere.
func TestAgentHangsUpOnABrowser(t *testing.T) {
	t.Parallel()
	server := startSecure(t)
	maria := server.signIn(t, "maria")
	caller := server.browserCaller(t)
	caller.js("call", `call("5550100")`)
	caller.awaitTitle("talking")
	caller.keys(english + identify + member + person)
	maria.accept()
	maria.click("hang-up")
	caller.awaitTitle("ended")
	maria.finish()
}
