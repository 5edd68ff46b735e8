package e2e

import (
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// cable is the network between a browser and the desk; it can be cut.
type cable struct {
	listener net.Listener
	to       string
	pumps    sync.WaitGroup

	mu   sync.Mutex
	cut  bool
	ends map[net.Conn]bool
}

func newCable(t *testing.T, to string) *cable {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := &cable{listener: listener, to: to, ends: map[net.Conn]bool{}}
	c.pumps.Go(c.accept)
	t.Cleanup(func() {
		listener.Close()
		c.set(true)
		c.pumps.Wait()
	})
	return c
}

func (c *cable) accept() {
	for {
		near, err := c.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", c.to)
		if err != nil {
			near.Close()
			continue
		}
		c.mu.Lock()
		for _, end := range []net.Conn{near, far} {
			if c.cut {
				end.Close()
			}
			c.ends[end] = true
		}
		c.mu.Unlock()
		pump := func(from, to net.Conn) {
			io.Copy(to, from)
			from.Close()
			to.Close()
		}
		c.pumps.Go(func() { pump(near, far) })
		c.pumps.Go(func() { pump(far, near) })
	}
}

func (c *cable) set(cut bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.cut = cut
	if !cut {
		return
	}
	for end := range c.ends {
		end.Close()
	}
	clear(c.ends)
}

// place is where an element stands, in CSS pixels from the top.
func (a *agent) place(testID string) string {
	return a.js("measure "+testID, `Math.round(document.querySelector('[data-testid="`+testID+`"]').getBoundingClientRect().top)`)
}

// doubleClick clicks twice at one place, as a hurried hand does: what comes in
// place of the element meanwhile gets the second.
func (a *agent) doubleClick(testID string) {
	a.t.Helper()
	var x, y float64
	at := a.js("find "+testID, `(() => { const r = document.querySelector('[data-testid="`+testID+`"]').getBoundingClientRect();
		return (r.left + 60) + " " + (r.top + r.height / 2); })()`)
	if _, err := fmt.Sscan(at, &x, &y); err != nil {
		a.t.Fatalf("%s is at %q: %v", testID, at, err)
	}
	a.do("click "+testID, chromedp.MouseClickXY(x, y, chromedp.ClickCount(1)))
	a.await("connecting", "talking")
	a.do("click there again", chromedp.MouseClickXY(x, y, chromedp.ClickCount(2)))
}

func (a *agent) title() string { return a.js("read the title", `document.title`) }

// TestConnectionThatIsLostInTalkMovesNothingAndMuteStillMutes cuts the network
// between page and server while the sound, which goes its own way, stays.
func TestConnectionThatIsLostInTalkMovesNothingAndMuteStillMutes(t *testing.T) {
	server := start(t)
	network := newCable(t, server.desk)
	behind := *server
	behind.desk = network.listener.Addr().String()
	maria := behind.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.await("offered")
	ringing := maria.place("accept")
	// A double click on Accept presses nothing of what comes in its place.
	maria.doubleClick("accept")
	maria.await("talking")
	if pressed := maria.text(`[data-testid="mute"]`, "ariaPressed"); pressed != "false" {
		t.Error("the second half of a double click muted the agent")
	}
	hangUp := maria.place("hang-up")
	if hangUp != ringing {
		t.Errorf("the buttons moved from %s to %s when the call was accepted", ringing, hangUp)
	}
	if title := maria.title(); !strings.HasPrefix(title, "Talking") {
		t.Errorf("the tab says %q", title)
	}
	pass(2 * time.Second)
	talked := time.Now()

	network.set(true)
	eventually(t, 20*time.Second, "the page says that the connection is lost", func() bool { return maria.shows("connection-problem") != "" })
	if now := maria.place("hang-up"); now != hangUp {
		t.Errorf("the notice moved the buttons from %s to %s", hangUp, now)
	}
	maria.click("mute")
	pass(500 * time.Millisecond)
	mutedAt := time.Now()
	pass(2 * time.Second)
	stillMuted := time.Now()
	if got := maria.text("#state-text", "textContent"); got != "Talking – muted" {
		t.Errorf("the page says %q", got)
	}
	network.set(false)
	eventually(t, 30*time.Second, "the connection is back", func() bool { return maria.shows("connection-problem") == "" })
	pass(time.Second)
	if got := maria.text("#state-text", "textContent"); got != "Talking – muted" {
		t.Errorf("with the connection the mute went: %q", got)
	}
	maria.click("mute")
	eventually(t, 15*time.Second, "the mute is off", func() bool { return maria.text("#state-text", "textContent") == "Talking" })
	caller.hangUp()
	maria.await("wrap_up")

	maria.js("choose", `document.querySelectorAll('[data-testid="disposition"]')[1].click()`)
	maria.do("reload", chromedp.Reload())
	maria.await("wrap_up")
	if got := maria.js("what is chosen", `document.querySelector('[data-testid="disposition"]:checked')?.value`); got != "Claim explained" {
		t.Errorf("after a reload %q is chosen", got)
	}
	ear := caller.heard()
	if score := agentsVoice(t, caller.between(ear, talked.Add(-2*time.Second), talked)); score < 0.6 {
		t.Errorf("before, the caller hears the agent by %.2f", score)
	}
	if score := agentsVoice(t, caller.between(ear, mutedAt, stillMuted)); score > 0.3 {
		t.Errorf("muted without a connection, the caller hears the agent by %.2f", score)
	}
}
