package sip

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// ReferTimeout is how long the handler may think about EventRefer; then the
	// REFER is refused with 500.
	ReferTimeout = 10 * time.Second
	// referPatience is how long a transfer may take, ours or theirs, before the
	// other side is told that nothing came of it. It is an INVITE's time.
	referPatience = SetUpTimeout
	sipfragType   = "message/sipfrag" // RFC 3420
	referPackage  = "refer"           // RFC 3515 section 3
)

// ErrNotUp says that a transfer needs a call that is up.
var ErrNotUp = errors.New("sip: the call to transfer to isn't up")

// Refer is a far side's wish that we call somebody, as a transfer does (RFC
// 3515). Whom it names is PHI.
type Refer struct {
	// Target is whom to call. That the far side asks for it permits nothing: the
	// dial plan decides.
	Target Target
	// By is who says that they had us call (RFC 3892); not verified.
	By Number
	// Headers belong into the INVITE that follows: Replaces (RFC 3891) in an
	// attended transfer, and Referred-By.
	Headers []Header
	// With is the dialog of ours that an attended transfer names: the far side
	// has two calls with us, and wants their other ends joined. No INVITE is
	// needed then.
	With *Dialog
}

// Attended reports a transfer to somebody whom the far side has called already.
func (r Refer) Attended() bool {
	for _, header := range r.Headers {
		if header.Name == "Replaces" {
			return true
		}
	}
	return r.With != nil
}

// transfer is what a dialog knows of the REFERs in it: one of each side's at a
// time.
type transfer struct {
	theirs   *theirRefer
	ours     *ourRefer
	answered int         // REFERs of theirs so far
	clock    *time.Timer // theirs: until it is refused, or its subscription ends
	patience *time.Timer // ours: until nothing is expected of it any more
}

// theirRefer is a REFER of the far side's.
type theirRefer struct {
	message  inbound
	accepted bool
	silent   bool   // it wants no NOTIFY (RFC 4488)
	event    string // of its subscription
}

// ourRefer is a REFER of ours.
type ourRefer struct{ status int }

// Refer asks the far side to call the target instead of us: a blind transfer.
// EventReferProgress follows, and at its end a status from 200 up.
func (d *Dialog) Refer(target Target) error {
	if !target.Known() {
		return errTarget
	}
	return d.ask(command{in: inReferSend, refer: referTo{target: target.uri}})
}

// ReferTo asks the far side to take our place in another call of ours: an
// attended transfer (RFC 3891). Events as with Refer.
func (d *Dialog) ReferTo(other *Dialog) error {
	if other == d || !other.State().up() {
		return ErrNotUp
	}
	key, target := other.identity()
	return d.ask(command{in: inReferSend, refer: referTo{target: target, replaces: key.replacing()}})
}

// AcceptRefer takes EventRefer's wish on: 202, and the far side is told that we
// try. ReferProgress tells it the rest.
func (d *Dialog) AcceptRefer() error { return d.ask(command{in: inReferAccept}) }

// RefuseRefer refuses EventRefer's wish; 603 is the usual status.
func (d *Dialog) RefuseRefer(status int) error {
	if status < 300 || status > maxStatus {
		return fmt.Errorf("sip: a REFER can't be refused with %d; a status from 300 to %d can", status, maxStatus)
	}
	return d.ask(command{in: inReferRefuse, status: status})
}

// ReferProgress tells the far side how the call that it asked for stands: 180,
// and at its end a status from 200 up. Nothing is told after that.
func (d *Dialog) ReferProgress(status int) error {
	if status < 100 || status > maxStatus {
		return fmt.Errorf("sip: %d isn't a SIP status", status)
	}
	return d.ask(command{in: inReferProgress, status: status})
}

// identity is a dialog's name and the far side's address, for others to know.
func (d *Dialog) identity() (dialogKey, gosip.Uri) {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.known, *d.where.Clone()
}

// publish makes the dialog's name known, and where the far side is.
func (d *Dialog) publish() {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.known = dialogKey{call: d.key.call, local: d.key.local, remote: d.peer.remoteTag()}
	d.where = *d.peer.target.Clone()
}

// referEvent is the Event header of a REFER's subscription: the first in a
// dialog needs no id, later ones go by their CSeq (RFC 3515 section 2.4.6).
func referEvent(number int, sequence uint32) string {
	if number == 1 {
		return referPackage
	}
	return referPackage + ";id=" + strconv.FormatUint(uint64(sequence), 10)
}

// sipfrag is the body of a NOTIFY about a call that stands at status.
func sipfrag(status int) []byte {
	return fmt.Appendf(nil, "SIP/2.0 %d %s\r\n", status, statusText(status))
}

// readSipfrag reads the status out of a NOTIFY's body.
func readSipfrag(body []byte) (int, bool) {
	line, _, _ := strings.Cut(string(body[:min(len(body), maxStatusLine)]), "\n")
	fields := strings.Fields(line)
	if len(fields) < 2 || fields[0] != "SIP/2.0" {
		return 0, false
	}
	status, err := strconv.Atoi(fields[1])
	return status, err == nil && status >= 100 && status <= maxStatus
}

const maxStatusLine = 256 // bytes of a sipfrag that are looked at
