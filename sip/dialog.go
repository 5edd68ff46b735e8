package sip

import (
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/media"
	"careline/sip/digest"
	"careline/sip/passport"
	"careline/sip/srtp"
)

const (
	commandBox = 16 // wishes of the handler that may wait
	requestBox = 32 // messages of the far side that may wait
)

// ErrBusy says that the dialog's mailbox is full and nothing was done.
var ErrBusy = errors.New("sip: the dialog's mailbox is full")

// Dialog is one call's signalling. Its goroutine owns it; the methods may be
// called from anywhere, the Notify function included, and return at once.
type Dialog struct {
	server     *Server
	log        *zap.Logger
	id         string
	dialed     string
	caller     identity
	diversions []Diversion
	history    []HistoryEntry
	signature  passport.Call
	forwards   Forwards
	remote     netip.AddrPort
	network    string
	srtp       srtp.Policy // of the trunk that the call is on
	key        dialogKey
	requestKey requestKey
	offered    bool
	check      error
	phone      string // whose password the INVITE was signed with
	outbound   bool   // the INVITE was ours, and so the Call-ID
	counted    bool   // among the calls that its source may have
	release    func() // gives back the channel of the trunk that it came by; nil for a call of ours

	state    atomic.Uint32
	commands chan *command
	requests chan inbound
	replies  chan reply
	gone     chan struct{} // closed when the goroutine ends

	mu        sync.Mutex // guards the next four alone
	agreement Agreement
	agreed    bool
	known     dialogKey
	where     gosip.Uri

	// Of a dialog that is to take another's place.
	replacing *Dialog
	place     *replaces
	handed    atomic.Bool // to that one's handler
	taken     chan func(Event)
	untold    []Event

	// What follows is the goroutine's own.
	notify    func(Event)
	invite    *gosip.Request // the INVITE or re-INVITE in hand
	tx        *gosip.ServerTx
	contact   netip.AddrPort
	peer      peer
	origin    origin
	session   remoteSession // what an answer must mirror
	described []byte        // our SDP that is in force, for a refresh that changes nothing
	pending   Agreement     // asked for by a re-INVITE, not yet answered
	owesOffer bool          // the INVITE in hand had no offer; ours goes out with the 200
	waiting   *inbound      // a re-INVITE, UPDATE or REFER that overtook the ACK
	final     *gosip.Response
	interval  time.Duration // until final is sent again
	resend    *time.Timer
	deadline  *time.Timer
	bye       *farewell
	clock     sessionClock
	local     media.Description // what our early answer describes, or our offer in a 200

	provisionals provisionals
	over         bool // EventEnded is out

	calling     *calling // a call of ours, until it is answered
	credentials digest.Credentials
	under       map[*outgoing]struct{} // requests of ours that are unanswered
	written     <-chan struct{}        // the last of them is out
	wanted      *command               // a reoffer of ours that isn't out yet
	glares      int                    // times that it met with one of theirs
	glare       *time.Timer            // until it is tried again
	glared      bool                   // glare runs
	transfer    transfer
	said        []byte // our answer in a 183; the 200 repeats it
}

// command is a wish of the handler.
type command struct {
	in         input
	local      media.Description
	status     int
	cause      int
	text       string
	retryAfter time.Duration
	delayed    bool // the offer is to be the far side's
	refresh    bool // the offer is the session as it is, for the session timer's sake
	refer      referTo
}

// inbound is a message of the far side, and the transaction to answer it in.
type inbound struct {
	in      input
	request *gosip.Request
	tx      *gosip.ServerTx
	by      *Dialog // that wants this one's place
}

func newDialog(server *Server, request *gosip.Request, tx *gosip.ServerTx, source netip.AddrPort, body []byte) *Dialog {
	key := keyOf(request)
	d := &Dialog{
		server: server, id: key.call, key: key, remote: source, network: networkOf(request),
		requestKey: requestKey{call: key.call, remote: key.remote, sequence: request.CSeq().SeqNo},
		srtp:       server.srtpWith(source.Addr()),
		dialed:     userOf(request.Recipient), caller: callerOf(request, server.trusts(source.Addr())), offered: len(body) > 0,
		diversions: readDiversions(request), history: readHistory(request), forwards: forwardsOf(request),
		signature: signatureOf(request, server.trusts(source.Addr())),
		commands:  make(chan *command, commandBox), requests: make(chan inbound, requestBox),
		replies: make(chan reply, replyBox), gone: make(chan struct{}), under: map[*outgoing]struct{}{},
		invite: request, tx: tx, contact: server.localAddress(addrPortOf(tx.Connection().LocalAddr()), source),
		origin: origin{id: server.originID(request)}, owesOffer: len(body) == 0,
		resend: stoppedTimer(), deadline: stoppedTimer(), glare: stoppedTimer(),
		clock: sessionClock{alarm: stoppedTimer()}, provisionals: newProvisionals(request),
		transfer: transfer{clock: stoppedTimer(), patience: stoppedTimer()}, taken: make(chan func(Event), 1),
	}
	d.log = server.log.With(zap.String("sip_call_id", printable(d.id, maxLoggedID)))
	d.peer = newPeer(request, d.contact, addrPortOf(tx.Connection().LocalAddr()))
	d.publish()
	d.state.Store(uint32(StateInvited))
	if d.offered {
		d.session, d.agreement, d.check = d.readAgreement(body, d.terms())
		if d.check == nil && !d.agreement.open() {
			d.check = ErrNoCommonCodec
		}
		d.agreed = d.check == nil
	}
	return d
}

const maxLoggedID = 128 // bytes of a Call-ID that go into a log line

// open reports whether the far side's stream is there at all (port not 0).
func (a Agreement) open() bool {
	return a.Remote.Address.Port() != 0 || a.Remote.Direction != media.Inactive || a.Remote.WebRTC != ""
}

// stoppedTimer is a timer that hasn't been set.
func stoppedTimer() *time.Timer {
	timer := time.NewTimer(time.Hour)
	timer.Stop()
	return timer
}

// ID is the SIP Call-ID: the trunk's choice, or for a call of ours the
// invitation's ID with something drawn behind it.
func (d *Dialog) ID() string { return d.id }

// Name puts the call's own ID into the dialog's log lines and its trace. It is
// called in Handler.Invite, before which there is no such ID.
func (d *Dialog) Name(call string) {
	d.log = d.log.With(zap.String("call", call))
	d.server.options.Trace.Name(d.id, call)
}

// Outbound reports a call that we began.
func (d *Dialog) Outbound() bool { return d.outbound }

// Dialed is the user part of the Request-URI: the number that was dialed.
func (d *Dialog) Dialed() string { return d.dialed }

// Caller is who calls, as a trusted trunk asserts it or else as From says;
// unknown where the caller withholds it.
func (d *Dialog) Caller() Number { return d.caller.number }

// Asserted reports whether a trusted network vouches for Caller (RFC 3325).
func (d *Dialog) Asserted() bool { return d.caller.asserted }

// Withheld reports whether the caller asked to stay unknown (RFC 3323).
func (d *Dialog) Withheld() bool { return d.caller.withheld }

// Diversions are the redirections that the call went through, the latest first.
func (d *Dialog) Diversions() []Diversion { return d.diversions }

// Forwards is how many servers the call may still pass, for a call of ours that
// carries it on (Invitation.Forwards).
func (d *Dialog) Forwards() Forwards { return d.forwards }

// History is the targets that the call was sent to, the first of them first.
func (d *Dialog) History() []HistoryEntry { return d.history }

// Phone is the user name of the phone whose password the INVITE was signed with;
// "" where none was asked for, as of trunks.
func (d *Dialog) Phone() string { return d.phone }

// Is reports whether other is this very dialog.
func (d *Dialog) Is(other *Dialog) bool { return d == other }

// Remote is where the INVITE came from, or the first hop of a call of ours.
func (d *Dialog) Remote() netip.AddrPort { return d.remote }

// State is where the dialog stands at this moment.
func (d *Dialog) State() State { return State(d.state.Load()) }

// Offered reports whether the INVITE carried an offer. Without one the
// Agreement comes with EventAcked.
func (d *Dialog) Offered() bool { return d.offered }

// Agreement is what was agreed on, once it is known.
func (d *Dialog) Agreement() (Agreement, bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.agreement, d.agreed
}

// Check says what is wrong with the INVITE's offer: ErrNoCommonCodec or
// ErrBadOffer, to be refused with RefusalStatus. Nil without an offer.
func (d *Dialog) Check() error { return d.check }

// Notify names the function that is told of events, in order, on the dialog's
// goroutine; it must not block. Called once, within Handler.Invite, or at any
// time for a dialog that came by EventReplaced.
func (d *Dialog) Notify(notify func(Event)) {
	if d.replacing == nil {
		d.notify = notify
		return
	}
	select {
	case d.taken <- notify:
	default: // it has one
	}
}

// Ringing sends 180.
func (d *Dialog) Ringing() error { return d.ask(command{in: inRing}) }

// ErrNoOffer says that there is no offer that early media could answer.
var ErrNoOffer = errors.New("sip: the INVITE has no offer; ours goes out with the answer")

// Progress sends 183 with our SDP, so that the caller hears us before the answer
// (RFC 3261 section 13.2.1). The 200 will repeat that SDP whatever Answer says;
// a change needs a Reoffer.
func (d *Dialog) Progress(local media.Description) error {
	switch {
	case !d.offered:
		return ErrNoOffer
	case d.check != nil:
		return fmt.Errorf("sip: early media: %w", d.check)
	}
	if err := usable(local); err != nil {
		return err
	}
	return d.ask(command{in: inProgress, local: local})
}

// Answer sends 200 with our SDP and sends it again until the ACK.
// EventAcked follows, or EventEnded: ByTimeout after 64*T1 without an ACK, with
// a BYE of ours (RFC 3261 section 13.3.1.4).
func (d *Dialog) Answer(local media.Description) error {
	if d.check != nil {
		return fmt.Errorf("sip: answer: %w", d.check)
	}
	if err := usable(local); err != nil {
		return err
	}
	return d.ask(command{in: inAnswer, local: local})
}

// Refuse sends a final response from 300 up, with a reason phrase (empty: the
// usual one) and, where retryAfter isn't zero, Retry-After. EventEnded follows.
func (d *Dialog) Refuse(status int, reason string, retryAfter time.Duration) error {
	if status < 300 || status > maxStatus {
		return fmt.Errorf("sip: an INVITE can't be refused with %d; a status from 300 to %d can", status, maxStatus)
	}
	return d.ask(command{in: inRefuse, status: status, text: reason, retryAfter: retryAfter})
}

// HangUp ends the call in any state, with a Q.850 cause in a Reason header (RFC
// 3326): by BYE, which waits for the ACK if need be, or before the answer by
// the status that fits the cause. EventEnded, ByLocal, follows at once.
func (d *Dialog) HangUp(q850 int, text string) error {
	if q850 < 0 || q850 > maxCause {
		return fmt.Errorf("sip: %d isn't a Q.850 cause; those go from 1 to %d", q850, maxCause)
	}
	return d.ask(command{in: inHangUp, cause: q850, text: text})
}

// AnswerReoffer accepts what EventReoffer asked for.
func (d *Dialog) AnswerReoffer(local media.Description) error {
	if err := usable(local); err != nil {
		return err
	}
	return d.ask(command{in: inReofferAnswer, local: local})
}

// RefuseReoffer refuses what EventReoffer asked for; the session stays as it
// was (RFC 3261 section 14.2). 488 is the usual status.
func (d *Dialog) RefuseReoffer(status int) error {
	if status < 300 || status > maxStatus {
		return fmt.Errorf("sip: a re-INVITE can't be refused with %d; a status from 300 to %d can", status, maxStatus)
	}
	return d.ask(command{in: inReofferRefuse, status: status})
}

// Reoffer changes the session from our side by a re-INVITE: hold (Direction),
// resume, another address or codec. EventReofferAnswered or EventReofferRefused
// follows. One that crosses the far side's is tried again (RFC 3261 section
// 14.1); one asked for while another is under way replaces what waits.
func (d *Dialog) Reoffer(local media.Description) error {
	if err := usable(local); err != nil {
		return err
	}
	return d.ask(command{in: inReoffer, local: local})
}

// RequestOffer is Reoffer with the far side to make the offer; local answers it
// in our ACK (RFC 3261 section 14.1).
func (d *Dialog) RequestOffer(local media.Description) error {
	if err := usable(local); err != nil {
		return err
	}
	return d.ask(command{in: inReoffer, local: local, delayed: true})
}

func usable(local media.Description) error {
	if local.WebRTC != "" {
		return nil
	}
	if !local.Address.IsValid() || local.Address.Port() == 0 {
		return fmt.Errorf("sip: an answer needs the address where we want RTP; have %q", local.Address)
	}
	return nil
}

// ask puts a wish into the mailbox. What has no place in the dialog's state is
// refused here; should the state change until the goroutine gets to it, an
// event has said so.
func (d *Dialog) ask(wish command) error {
	state := d.State()
	if _, ok := state.next(wish.in); !ok {
		return &StateError{Asked: wish.in.String(), State: state}
	}
	select {
	case d.commands <- &wish:
		return nil
	default:
		return ErrBusy
	}
}

// post puts a message into the mailbox; false if there is no room.
func (d *Dialog) post(message inbound) bool {
	select {
	case d.requests <- message:
		return true
	default:
		return false
	}
}
