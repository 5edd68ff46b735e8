package call

import (
	"context"
	"errors"
	"net/netip"
	"sync"
	"time"

	"careline/acd"
	"careline/media"
	"careline/phi"
	"careline/sip"
	"careline/sip/passport"
)

// trialLine is the name of the line on which trials are; it has no number.
const trialLine = "Trial of a flow"

var (
	// ErrNoFlow says that a trial's script has no flow of that name.
	ErrNoFlow = errors.New("call: the script has no such flow")
	// ErrBadOffer says that the browser's offer of sound is of no use.
	ErrBadOffer = errors.New("call: the browser's offer of sound is of no use")
	// ErrNoTrial says that there is no such trial, or that it is somebody else's.
	ErrNoTrial = errors.New("call: there is no such trial")
)

// Trial asks for a real call of a script that needn't be live: from an admin's
// browser, with its sound by WebRTC. From there on it is a call like any other: it may
// wait in line and be taken by an agent, who sees that it is a trial. It is on record
// with who tried it, and left out of what callers do in the flows.
type Trial struct {
	By     acd.AgentID
	Script Script
	Flow   string
	// Offer is the browser's session description (SDP).
	Offer string
}

// TrialState is where a trial is.
type TrialState struct {
	// Stage as in Overview; "over" once it has ended, for the reason Why.
	Stage string
	// Flow and Step where the call is, while it is in a flow.
	Flow, Step string
	Why        string
}

// trialCall is a trial that is up, or that was the admin's last one.
type trialCall struct {
	session *session
	dialog  *trialDialog
	done    chan struct{} // closed when the call is on record
}

// Try places the call and gives its ID and the answer to the offer. One trial of a
// person is up at a time: an earlier one is hung up. Errors are ErrNoFlow, ErrBadOffer, and
// ErrBusy where no more callers fit in.
func (c *Center) Try(ctx context.Context, trial Trial) (id, answer string, err error) {
	if trial.Script.Flows == nil || !trial.Script.Flows.Has(trial.Flow) {
		return "", "", ErrNoFlow
	}
	id = c.options.NewID()
	dialog := newTrialDialog(trial.Offer)
	session := c.newSession(id, dialog, Line{Name: trialLine, Flow: trial.Flow}, c.trialContent(trial.Script))
	session.trial = trial.By
	session.chronicle.record.TriedBy = string(trial.By)
	if refused := c.register(session); refused != nil {
		session.cancel(nil)
		return "", "", ErrBusy
	}
	dialog.Notify(func(e sip.Event) { session.post(sipMessage(e)) })
	call := &trialCall{session: session, dialog: dialog, done: make(chan struct{})}
	if earlier := c.trials.swap(trial.By, call); earlier != nil {
		earlier.dialog.hungUp()
	}
	go func() {
		defer c.running.Done()
		defer close(call.done)
		defer c.forget(session)
		session.live()
	}()
	select {
	case answer := <-dialog.answers:
		return id, answer, nil
	case <-dialog.refused:
		return "", "", ErrBadOffer
	case <-call.done:
		return "", "", ErrNoTrial
	case <-ctx.Done():
		dialog.hungUp()
		return "", "", ctx.Err()
	}
}

func (c *Center) trialContent(script Script) *Content {
	content := *c.content.Load()
	content.Flows, content.Prompts, content.Music, content.LookUps, content.Boxes, content.Outside = script.Flows, script.Prompts, script.Music, script.LookUps, script.Boxes, script.Outside
	return &content
}

// TrialState says where a person's trial is: ErrNoTrial where it isn't the latest.
func (c *Center) TrialState(by acd.AgentID, id string) (TrialState, error) {
	call := c.trials.of(by, id)
	if call == nil {
		return TrialState{}, ErrNoTrial
	}
	select {
	case <-call.done:
		return TrialState{Stage: stageOver.String(), Why: call.session.chronicle.record.Why}, nil
	default:
	}
	if shown := call.session.shown.Load(); shown != nil {
		return TrialState{Stage: shown.Stage, Flow: shown.Flow, Step: shown.Step}, nil
	}
	select {
	case <-call.dialog.over:
		return TrialState{Stage: stageOver.String()}, nil // an agent still wraps up
	default:
		return TrialState{Stage: stageRinging.String()}, nil
	}
}

// EndTrial hangs a person's trial up, as its caller; one that is over stays so.
func (c *Center) EndTrial(by acd.AgentID, id string) error {
	call := c.trials.of(by, id)
	if call == nil {
		return ErrNoTrial
	}
	call.dialog.hungUp()
	return nil
}

// ani is the number that failures to verify are counted against. Those of trials must
// not lock out callers who withhold theirs.
func (s *session) ani() phi.String {
	if s.trial != "" {
		return phi.NewString("trial:" + string(s.trial))
	}
	return phi.NewString(s.dialog.Caller().Reveal())
}

// countAnswered counts a caller whom an agent has answered; trials are no callers.
func (s *session) countAnswered() {
	if s.trial == "" && s.callback == nil {
		s.center.counters.answered.Add(1)
	}
}

// trials are the latest of each person.
type trials struct {
	mu   sync.Mutex
	last map[acd.AgentID]*trialCall
}

func (t *trials) swap(by acd.AgentID, call *trialCall) (earlier *trialCall) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.last == nil {
		t.last = map[acd.AgentID]*trialCall{}
	}
	earlier, t.last[by] = t.last[by], call
	return earlier
}

func (t *trials) of(by acd.AgentID, id string) *trialCall {
	t.mu.Lock()
	defer t.mu.Unlock()
	if call := t.last[by]; call != nil && call.session.id == id {
		return call
	}
	return nil
}

// trialDialog stands where a caller's SIP dialog does: between the call and a page that
// has said all in one offer. What it tells the call never waits.
type trialDialog struct {
	offer   string
	notify  func(sip.Event)
	answers chan string
	refused chan struct{}
	over    chan struct{}
	refuse  sync.Once
	end     sync.Once
}

func newTrialDialog(offer string) *trialDialog {
	return &trialDialog{offer: offer, answers: make(chan string, 1), refused: make(chan struct{}), over: make(chan struct{})}
}

var errNoDialog = errors.New("call: a trial has no SIP dialog")

func (d *trialDialog) ID() string                            { return "" }
func (d *trialDialog) Name(string)                           {}
func (d *trialDialog) Dialed() string                        { return "" }
func (d *trialDialog) Caller() sip.Number                    { return sip.NewNumber("") }
func (d *trialDialog) Forwards() sip.Forwards                { return sip.Forwards{} }
func (d *trialDialog) Remote() netip.AddrPort                { return netip.AddrPort{} }
func (d *trialDialog) Check() error                          { return nil }
func (d *trialDialog) Signature() (passport.Call, bool)      { return passport.Call{}, false }
func (d *trialDialog) Notify(notify func(sip.Event))         { d.notify = notify }
func (d *trialDialog) Phone() string                         { return "" }
func (d *trialDialog) Ringing() error                        { return nil }
func (d *trialDialog) Progress(media.Description) error      { return nil }
func (d *trialDialog) AnswerReoffer(media.Description) error { return errNoDialog }
func (d *trialDialog) RefuseReoffer(int) error               { return errNoDialog }
func (d *trialDialog) AcceptRefer() error                    { return errNoDialog }
func (d *trialDialog) RefuseRefer(int) error                 { return errNoDialog }
func (d *trialDialog) ReferProgress(int) error               { return errNoDialog }
func (d *trialDialog) Is(*sip.Dialog) bool                   { return false }

// Agreement is the browser's offer, which needs no more agreeing.
func (d *trialDialog) Agreement() (sip.Agreement, bool) {
	return sip.Agreement{Remote: media.Description{WebRTC: media.SDP(d.offer)}}, true
}

// Answer hands the answer to the page. There is no ACK to wait for.
func (d *trialDialog) Answer(local media.Description) error {
	d.answers <- string(local.WebRTC)
	d.notify(sip.Event{Kind: sip.EventAcked})
	return nil
}

func (d *trialDialog) Refuse(int, string, time.Duration) error {
	d.refuse.Do(func() { close(d.refused) })
	return nil
}

// HangUp ends what the page hears; it asks how its call stands.
func (d *trialDialog) HangUp(int, string) error {
	d.end.Do(func() { close(d.over) })
	return nil
}

// hungUp: the person on the page hung up.
func (d *trialDialog) hungUp() {
	d.end.Do(func() { close(d.over) })
	d.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote})
}
