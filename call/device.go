package call

import (
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/media"
)

// reasonSoundLost is why an agent whose sound went is away; the agent returns
// by itself when the sound does.
const reasonSoundLost = "sound_lost"

// device is an agent's place at the desk: the window, the sound, and the state
// to show. Its lock is a leaf: nothing is called under it.
type device struct {
	center *Center
	agent  acd.Agent

	mu sync.Mutex
	// windows counts Connects; the latest holds the device.
	windows   int
	connected bool
	changed   func()
	signedIn  bool

	leg     Leg
	serial  int
	audible bool
	// parked: we took the agent out of rotation because the sound was lost.
	parked bool
	grace  *time.Timer

	state acd.AgentChanged
	next  acd.AgentState
	muted bool
	call  *CallView
}

func newDevice(center *Center, agent acd.Agent) *device {
	return &device{center: center, agent: agent, state: acd.AgentChanged{Agent: agent.ID, State: acd.SignedOut}}
}

// connect gives the device to a window; the desk has told the one before.
func (d *device) connect(changed func()) (release func()) {
	d.mu.Lock()
	d.windows++
	window := d.windows
	d.changed, d.connected = changed, true
	signIn := !d.signedIn
	d.signedIn = true
	if d.audible || !d.inCall() {
		d.stopGrace()
	}
	d.mu.Unlock()
	if signIn {
		d.center.router.submit(acd.AgentSignedIn{Agent: d.agent.ID})
	}
	return func() { d.release(window) }
}

// release: the window is gone. The agent keeps the state for the grace, in
// which a reload or a new network brings the window back.
func (d *device) release(window int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.windows != window || !d.connected {
		return
	}
	d.connected, d.changed = false, nil
	d.startGrace()
}

// startGrace and stopGrace are called under the lock.
func (d *device) startGrace() {
	if d.grace == nil {
		d.grace = time.AfterFunc(d.center.options.Grace, d.graceOver)
	}
}

func (d *device) stopGrace() {
	if d.grace != nil {
		d.grace.Stop()
		d.grace = nil
	}
}

// graceOver: neither window nor sound came back. Without a window the agent is
// signed out; with one, but mute, only the call is given back.
func (d *device) graceOver() {
	d.mu.Lock()
	d.grace = nil
	gone, silent := !d.connected, !d.audible
	inCall := d.inCall()
	d.mu.Unlock()
	switch {
	case gone:
		d.center.log.Warn("agent vanished", zap.String("agent", string(d.agent.ID)))
		d.signOut()
	case silent && inCall:
		d.center.router.submit(acd.AgentDropped{Agent: d.agent.ID})
	}
}

func (d *device) inCall() bool {
	switch d.state.State {
	case acd.Connecting, acd.Talking, acd.Holding:
		return true
	}
	return false
}

func (d *device) signOut() {
	d.mu.Lock()
	d.signedIn, d.parked, d.next = false, false, ""
	d.stopGrace()
	leg := d.leg
	d.leg, d.audible = nil, false
	d.serial++
	d.mu.Unlock()
	d.center.router.submit(acd.AgentSignedOut{Agent: d.agent.ID})
	if leg != nil {
		leg.Close()
	}
	d.notify()
}

// close releases the device at shutdown.
func (d *device) close() {
	d.mu.Lock()
	d.stopGrace()
	leg := d.leg
	d.leg, d.audible = nil, false
	d.serial++
	d.mu.Unlock()
	if leg != nil {
		leg.Close()
	}
}

// setLeg takes the sound of a new peer connection in place of the old one.
func (d *device) setLeg(leg Leg, serial int) (ok bool) {
	d.mu.Lock()
	if serial != d.serial || !d.signedIn {
		d.mu.Unlock()
		return false
	}
	old := d.leg
	d.leg, d.audible = leg, false
	d.mu.Unlock()
	if old != nil {
		d.tellCall(nil)
		old.Close()
	}
	return true
}

// nextSerial numbers a peer connection that is being made; events of earlier
// ones don't count any more.
func (d *device) nextSerial() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.serial++
	return d.serial
}

// onSound follows the peer connection's state. It runs on media's goroutines.
func (d *device) onSound(serial int, e media.Event) {
	switch e.Kind {
	case media.EventConnected:
		d.setAudible(serial, true)
	case media.EventDisconnected, media.EventFailed:
		d.setAudible(serial, false)
	}
}

func (d *device) setAudible(serial int, audible bool) {
	d.mu.Lock()
	if serial != d.serial || d.audible == audible {
		d.mu.Unlock()
		return
	}
	d.audible = audible
	leg := d.leg
	var event acd.Event
	switch {
	case audible:
		if d.connected {
			d.stopGrace()
		}
		if d.parked {
			d.parked = false
			event = acd.AgentSet{Agent: d.agent.ID, State: acd.Available}
		}
	default:
		d.startGrace()
		leg = nil
		if d.state.State == acd.Available {
			d.parked = true
			event = acd.AgentSet{Agent: d.agent.ID, State: acd.Away, Reason: reasonSoundLost}
		}
	}
	d.mu.Unlock()
	if event != nil {
		d.center.router.submit(event)
	}
	d.tellCall(leg)
	d.notify()
}

// tellCall tells the call that the agent has which sound it has now.
func (d *device) tellCall(leg Leg) {
	d.mu.Lock()
	contact := d.state.Contact
	d.mu.Unlock()
	if contact != "" {
		d.center.toCall(contact, deviceMessage{agent: d.agent.ID, leg: leg})
	}
}

// sound is the agent's leg if it can be heard now, or nil.
func (d *device) sound() Leg {
	d.mu.Lock()
	defer d.mu.Unlock()
	if !d.audible {
		return nil
	}
	return d.leg
}

func (d *device) reachable() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.connected && d.audible
}

// apply takes the engine's word on the agent's state.
func (d *device) apply(change acd.AgentChanged) {
	d.mu.Lock()
	if change.Contact != d.state.Contact || change.Contact == "" {
		d.call, d.muted = nil, false
	}
	d.state = change
	switch change.State {
	case acd.Available, acd.Away, acd.SignedOut:
		d.next = ""
	}
	d.mu.Unlock()
	d.notify()
}

// show puts a call on the screen, if the agent's state is about it.
func (d *device) show(contact acd.ContactID, view CallView) {
	d.mu.Lock()
	if d.state.Contact != contact {
		d.mu.Unlock()
		return
	}
	d.call = &view
	d.mu.Unlock()
	d.notify()
}

func (d *device) setMuted(on bool) {
	d.mu.Lock()
	d.muted = on
	d.mu.Unlock()
	d.notify()
}

// notify tells the window that something changed.
func (d *device) notify() {
	d.mu.Lock()
	changed := d.changed
	d.mu.Unlock()
	if changed != nil {
		changed()
	}
}

// view is what the agent's screen shows now.
func (d *device) view() AgentView {
	content := d.center.options.Content
	draining := d.center.isDraining()
	d.mu.Lock()
	defer d.mu.Unlock()
	v := AgentView{
		Agent: d.agent.ID, Name: d.agent.Name, State: d.state.State, Reason: d.state.Reason,
		Since: d.state.Since, Until: d.state.Until, NextState: d.next, MediaConnected: d.audible,
		Muted: d.muted, Draining: draining,
		AwayReasons: slices.Clone(content.AwayReasons), Dispositions: slices.Clone(content.Dispositions),
	}
	if d.call != nil {
		view := *d.call
		v.Call = &view
	} else if v.State == acd.Offered {
		// The offer's details are on their way; a ring without a name of its
		// queue would be worse than a moment later.
		v.State = acd.Available
	}
	return v
}
