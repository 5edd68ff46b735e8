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
// to show.
type device struct {
	center *Center
	agent  acd.Agent

	// order keeps what the device tells the engine in the order in which it came
	// about. It is taken before mu, and never on the engine's goroutine.
	order sync.Mutex

	// mu is a leaf: nothing is called under it.
	mu sync.Mutex
	// windows counts Connects; the latest holds the device.
	windows   int
	connected bool
	changed   func()
	signedIn  bool

	// serial numbers the peer connections as they are asked for; leg has the
	// number made.
	leg          Leg
	serial, made int
	audible      bool
	// phone is the desk phone's user name, "" for none; it never changes. phoneUp:
	// it is registered. byPhone: the agent takes calls on it.
	phone            string
	phoneUp, byPhone bool
	// parked: we took the agent out of rotation because the sound was lost.
	parked bool
	// grace runs while window or sound is away; graces counts its starts.
	grace  *time.Timer
	graces int

	state acd.AgentChanged
	next  acd.AgentState
	muted bool
	call  *CallView
	// supervision is the call that this supervisor takes part in.
	supervision *SupervisionView
}

func newDevice(center *Center, agent acd.Agent) *device {
	return &device{center: center, agent: agent, state: acd.AgentChanged{Agent: agent.ID, State: acd.SignedOut}}
}

// decide changes the device and tells the engine what comes of it.
func (d *device) decide(change func() acd.Event) {
	d.order.Lock()
	defer d.order.Unlock()
	d.mu.Lock()
	event := change()
	d.mu.Unlock()
	if event != nil {
		d.center.router.submit(event)
	}
}

// connect gives the device to a window; the desk has told the one before.
func (d *device) connect(changed func()) (release func()) {
	var window int
	d.decide(func() acd.Event {
		d.windows++
		window = d.windows
		d.changed, d.connected = changed, true
		if d.carries() || !d.inCall() {
			d.stopGrace()
		}
		if d.signedIn {
			return nil
		}
		d.signedIn = true
		d.byPhone = d.phoneUp
		return acd.AgentSignedIn{Agent: d.agent.ID}
	})
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
	if d.signedIn {
		d.startGrace()
	}
}

// startGrace and stopGrace are called under the lock. A timer that was stopped
// too late finds that it doesn't count any more.
func (d *device) startGrace() {
	if d.grace != nil {
		return
	}
	d.graces++
	number := d.graces
	d.grace = time.AfterFunc(d.center.options.Grace, func() { d.graceOver(number) })
}

func (d *device) stopGrace() {
	if d.grace != nil {
		d.grace.Stop()
		d.grace = nil
	}
}

// graceOver: window or sound did not come back. Without a window the agent is
// signed out, unless the two on the call still hear each other: that goes before
// the page. With a window, but no sound, only the call is given back.
func (d *device) graceOver(number int) {
	var old Leg
	left := false
	d.decide(func() acd.Event {
		if d.grace == nil || d.graces != number {
			return nil
		}
		d.grace = nil
		switch {
		case !d.connected && d.carries() && d.inCall():
			d.startGrace()
		case !d.connected:
			d.center.log.Warn("agent vanished", zap.String("agent", string(d.agent.ID)))
			old = d.leave()
			left = true
			return acd.AgentSignedOut{Agent: d.agent.ID}
		case !d.carries() && d.inCall():
			return acd.AgentDropped{Agent: d.agent.ID}
		}
		return nil
	})
	if left {
		d.tellCall() // the one that is supervised
	}
	closeLeg(old)
}

func (d *device) inCall() bool {
	switch d.state.State {
	case acd.Connecting, acd.Talking, acd.Holding:
		return true
	}
	return false
}

func (d *device) signOut() {
	var old Leg
	d.decide(func() acd.Event {
		if !d.signedIn {
			return nil
		}
		old = d.leave()
		return acd.AgentSignedOut{Agent: d.agent.ID}
	})
	closeLeg(old)
	d.notify()
}

// close releases the device at shutdown.
func (d *device) close() {
	d.mu.Lock()
	old := d.leave()
	d.mu.Unlock()
	closeLeg(old)
}

// leave forgets what a signed-in agent has, under the lock; the sound is for the
// caller to close.
func (d *device) leave() (old Leg) {
	d.stopGrace()
	old = d.leg
	d.leg, d.audible, d.byPhone, d.signedIn, d.parked, d.next = nil, false, false, false, false, ""
	d.serial++
	d.made = 0
	return old
}

func closeLeg(leg Leg) {
	if leg != nil {
		leg.Close()
	}
}

// nextSerial numbers a peer connection that is being made. Until it stands, the
// one before goes on.
func (d *device) nextSerial() int {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.serial++
	return d.serial
}

// setLeg takes the sound of a new peer connection in place of the old one.
func (d *device) setLeg(leg Leg, serial int) (ok bool) {
	var old Leg
	d.decide(func() acd.Event {
		if serial != d.serial || !d.signedIn {
			return nil
		}
		ok = true
		old = d.leg
		d.leg, d.made = leg, serial
		return d.change(func() { d.audible = false })
	})
	if old != nil {
		d.tellCall()
		old.Close()
	}
	return ok
}

// onSound follows the peer connection's state. It runs on media's goroutines.
func (d *device) onSound(serial int, e media.Event) {
	if e.Kind == media.EventOneWay || e.Kind == media.EventHeardAgain {
		d.notify()
		return
	}
	audible := e.Kind == media.EventConnected
	if !audible && e.Kind != media.EventDisconnected && e.Kind != media.EventFailed {
		return
	}
	d.decide(func() acd.Event {
		if serial != d.made {
			return nil
		}
		return d.change(func() { d.audible = audible })
	})
	d.tellCall()
	d.notify()
}

// tellCall tells the call that the agent has to look at the agent's sound.
func (d *device) tellCall() {
	d.mu.Lock()
	contacts := []acd.ContactID{d.state.Contact}
	if d.supervision != nil {
		contacts = append(contacts, acd.ContactID(d.supervision.Call))
	}
	d.mu.Unlock()
	for _, contact := range contacts {
		if contact != "" {
			d.center.toCall(contact, deviceMessage{agent: d.agent.ID})
		}
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
	return d.connected && d.heard()
}

func (d *device) agentState() acd.AgentState {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.state.State
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
	content := d.center.content.Load()
	draining := d.center.isDraining()
	d.mu.Lock()
	defer d.mu.Unlock()
	v := AgentView{
		Agent: d.agent.ID, Name: d.agent.Name, State: d.state.State, Reason: d.state.Reason,
		Since: d.state.Since, Until: d.state.Until, NextState: d.next, MediaConnected: d.heard(), Phone: d.phoneView(),
		Muted: d.muted, Draining: draining, Transfers: d.center.options.Transfers, Supervision: d.supervision,
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
