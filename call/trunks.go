package call

import (
	"errors"

	"careline/media"
	"careline/sip"
	"careline/sip/dialplan"
)

// Trunks reaches numbers outside; NewTrunks makes one of a sip.Server.
type Trunks interface {
	// Place begins a call to a number and returns at once. Its errors are those of
	// sip.Server.Place: the dial plan decides.
	Place(sip.Placement) (TargetDialog, error)
	// Allows says why the dial plan doesn't allow a number; nil if it does.
	Allows(sip.Number) error
	// Refer asks the carrier of a caller to take the call to a number. The caller's
	// dialog tells what came of it. Errors: Place's, and sip.ErrNoRefer.
	Refer(caller Dialog, number sip.Number) error
}

// TargetDialog is our call to a number outside; *sip.Dialog is one.
type TargetDialog interface {
	HangUp(q850 int, text string) error
	AnswerReoffer(local media.Description) error
	RefuseReoffer(status int) error
	RefuseRefer(status int) error
}

// serverTrunks lets a sip.Server be Trunks.
type serverTrunks struct{ *sip.Server }

// NewTrunks makes Trunks of a SIP server.
func NewTrunks(server *sip.Server) Trunks { return serverTrunks{server} }

func (t serverTrunks) Place(placement sip.Placement) (TargetDialog, error) {
	dialog, err := t.Server.Place(placement)
	if err != nil {
		return nil, err
	}
	return dialog, nil
}

// Refer is for callers of the SIP server's own.
func (t serverTrunks) Refer(caller Dialog, number sip.Number) error {
	dialog, ours := caller.(*sip.Dialog)
	if !ours {
		return sip.ErrNoRefer
	}
	return t.Server.ReferTo(dialog, number)
}

// UseTrunks lets agents transfer callers to numbers outside. It is called before
// Run: the SIP server that reaches them is made after the Center.
func (c *Center) UseTrunks(trunks Trunks) { c.trunks = trunks }

// placeStatus is the SIP status that says why a number wasn't dialed.
func placeStatus(err error) int {
	switch {
	case errors.Is(err, dialplan.ErrNotAllowed):
		return 403
	case errors.Is(err, dialplan.ErrNotANumber):
		return 404
	}
	return 503
}
