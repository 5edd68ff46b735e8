package call

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"go.uber.org/zap"

	"careline/acd"
	"careline/media"
)

// Connect gives an agent's place to a window. changed is called, never under a
// lock and cheaply, whenever View may have changed; it must not block. The
// window before this one is told once more and then no longer. release gives
// the place back: after the grace without another window the agent is signed
// out. ErrUnknownAgent; ErrDraining for an agent who isn't signed in yet.
func (c *Center) Connect(agent acd.AgentID, changed func()) (release func(), err error) {
	device := c.devices[agent]
	if device == nil {
		return nil, ErrUnknownAgent
	}
	if c.isDraining() && !device.here() {
		return nil, ErrDraining
	}
	return device.connect(changed), nil
}

// here reports whether the agent is signed in, perhaps with the window away.
func (d *device) here() bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.signedIn
}

// View is the agent's screen, whole. ErrUnknownAgent.
func (c *Center) View(agent acd.AgentID) (AgentView, error) {
	device := c.devices[agent]
	if device == nil {
		return AgentView{}, ErrUnknownAgent
	}
	view := device.view()
	if view.Call != nil && view.Call.talk != nil {
		view.Call.Sound = view.Call.talk.view(view.Muted, c.now())
	}
	return view, nil
}

// OfferMedia answers the browser's SDP offer; its peer connection replaces the
// one before, and a call that is up goes on over it.
func (c *Center) OfferMedia(ctx context.Context, agent acd.AgentID, offer string) (answer string, err error) {
	device := c.devices[agent]
	if device == nil {
		return "", ErrUnknownAgent
	}
	serial := device.nextSerial()
	leg, answer, err := c.sound.OpenWebRTC(ctx, media.LegOptions{
		ID:     "agent/" + string(agent),
		Codecs: c.options.Content.Codecs[agent].Browser,
		Notify: func(e media.Event) { device.onSound(serial, e) },
	}, offer)
	if err != nil {
		return "", fmt.Errorf("call: agent %s: sound: %w", agent, err)
	}
	if !device.setLeg(leg, serial) {
		leg.Close()
		return "", ErrDisplaced
	}
	return answer, nil
}

// Do carries out an agent's command and returns when it has taken effect. The
// errors are those of this package; the desk shows them.
func (c *Center) Do(ctx context.Context, agent acd.AgentID, command Command) error {
	device := c.devices[agent]
	if device == nil {
		return ErrUnknownAgent
	}
	c.log.Debug("command", zap.String("agent", string(agent)), zap.String("kind", string(command.Kind)))
	switch command.Kind {
	case SetState:
		return c.setState(ctx, device, command)
	case UsePhone:
		return c.usePhone(agent, command.On)
	case Accept:
		if device.onPhone() {
			return ErrAnswerPhone
		}
		return c.answerOffer(ctx, device, command.Offer, acd.OfferAccepted{Offer: command.Offer})
	case Decline:
		return c.answerOffer(ctx, device, command.Offer, acd.OfferRefused{Offer: command.Offer, Cause: acd.Declined})
	case FinishWrapUp:
		// A call that broke has its record already; its agent must go on all the same.
		if err := c.toSession(ctx, device, command); err != nil && !errors.Is(err, ErrNoCall) {
			return err
		}
		return c.router.do(ctx, acd.WrapUpDone{Agent: agent})
	case ExtendWrapUp:
		return c.router.do(ctx, acd.WrapUpExtended{Agent: agent, By: wrapUpExtension})
	case SignOut:
		if device.view().Call != nil && device.view().State != acd.WrapUp {
			return ErrInCall
		}
		if err := c.stopSupervising(ctx, device); err != nil {
			return err
		}
		device.signOut()
		return nil
	case HangUp, Hold, Mute, PauseRecording, SendDigit, SetDisposition, Transfer, CancelTransfer, Consult, BringTogether, Leave, DropThird:
		return c.toSession(ctx, device, command)
	}
	return ErrBadCommand
}

func (c *Center) setState(ctx context.Context, device *device, command Command) error {
	switch command.State {
	case acd.Available:
		if !device.reachable() {
			return ErrNoSound
		}
		command.Reason = ""
		if err := c.stopSupervising(ctx, device); err != nil {
			return err
		}
	case acd.Away:
		if !slices.Contains(c.options.Content.AwayReasons, command.Reason) {
			return ErrBadCommand
		}
	default:
		return ErrBadCommand
	}
	device.wish(command.State)
	return c.router.do(ctx, acd.AgentSet{Agent: device.agent.ID, State: command.State, Reason: command.Reason})
}

// wish notes what state the agent wants next; the engine's word clears it.
func (d *device) wish(state acd.AgentState) {
	d.mu.Lock()
	d.parked = false
	switch d.state.State {
	case acd.Offered, acd.Connecting, acd.Talking, acd.Holding, acd.WrapUp:
		d.next = state
	}
	d.mu.Unlock()
	d.notify()
}

// answerOffer is refused if the offer is not the agent's, or not any more.
func (c *Center) answerOffer(ctx context.Context, device *device, offer acd.OfferID, event acd.Event) error {
	view := device.view()
	if view.Call == nil || view.Call.Offer != offer || view.State != acd.Offered {
		return ErrOfferGone
	}
	if err := c.router.do(ctx, event); err != nil {
		c.log.Info("offer not answered", zap.String("agent", string(device.agent.ID)), zap.Error(err))
		return ErrOfferGone
	}
	return nil
}

// toSession hands a command to the call that the agent's state is about.
func (c *Center) toSession(ctx context.Context, device *device, command Command) error {
	device.mu.Lock()
	contact := device.state.Contact
	device.mu.Unlock()
	session := c.session(contact)
	if session == nil {
		return ErrNoCall
	}
	if session.crowded() {
		return ErrBusy
	}
	reply := make(chan error, 1)
	session.post(commandMessage{agent: device.agent.ID, command: command, reply: reply})
	select {
	case err := <-reply:
		return err
	case <-session.ctx.Done():
		return ErrNoCall
	case <-ctx.Done():
		return ctx.Err()
	}
}
