package call

import (
	"careline/acd"
)

// reasonPhoneLost is why an agent whose desk phone is no longer registered is
// away; the agent returns by itself when the phone does.
const reasonPhoneLost = "phone_lost"

// PhoneView is an agent's desk phone as the screen shows it.
type PhoneView struct {
	// Name is the phone's user name; Registered says that it can be reached.
	Name       string
	Registered bool
	// Used: calls ring there, not in the browser.
	Used bool
}

// heard reports, under the lock, whether a call could reach the agent by the
// device in use.
func (d *device) heard() bool {
	if d.byPhone {
		return d.phoneUp
	}
	return d.audible
}

// carries reports, under the lock, whether a call that is up goes on whatever
// becomes of the window: a phone's has a dialog of its own.
func (d *device) carries() bool { return d.byPhone || d.audible }

// phoneChanged notes whether the phone is registered. It is asked under order,
// so that of two changes the later one stands.
func (d *device) phoneChanged(registered func() bool) {
	d.order.Lock()
	up := registered()
	d.mu.Lock()
	event := d.change(func() { d.phoneUp = up })
	d.mu.Unlock()
	if event != nil {
		d.center.router.submit(event)
	}
	d.order.Unlock()
	d.notify()
}

// onPhone reports whether the agent takes calls on the desk phone.
func (d *device) onPhone() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.byPhone
}

// phoneView is what the screen shows of the phone, under the lock; nil where the
// agent has none.
func (d *device) phoneView() *PhoneView {
	if d.phone == "" {
		return nil
	}
	return &PhoneView{Name: d.phone, Registered: d.phoneUp, Used: d.byPhone}
}

// change makes a change under the lock and says what the engine must hear of
// it: who can't be heard any more is taken out of rotation, during a call with
// effect from its end, and put back when that is over.
func (d *device) change(alter func()) acd.Event {
	before := d.heard()
	alter()
	after := d.heard()
	switch {
	case before == after:
		return nil
	case after:
		if d.connected {
			d.stopGrace()
		}
		if !d.parked {
			return nil
		}
		d.parked = false
		return acd.AgentSet{Agent: d.agent.ID, State: acd.Available}
	}
	if !d.byPhone {
		d.startGrace()
	}
	if d.state.State == acd.SignedOut || d.state.State == acd.Away || d.next == acd.Away {
		return nil
	}
	d.parked = true
	reason := reasonSoundLost
	if d.byPhone {
		reason = reasonPhoneLost
	}
	return acd.AgentSet{Agent: d.agent.ID, State: acd.Away, Reason: reason}
}
