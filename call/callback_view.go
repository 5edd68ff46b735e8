package call

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"careline/acd"
	"careline/ledger"
)

// How an open callback stands.
const (
	CallbackWaiting = "waiting" // in line, for an agent
	CallbackAside   = "aside"   // not to be made before OpenCallback.Next
	CallbackOffered = "offered" // to the agent named
	CallbackCalling = "calling" // the number is being called
)

// OpenCallback is what those who run the center may see of a callback that isn't
// closed. Of the number there are its last two digits, to tell callbacks apart.
type OpenCallback struct {
	ID       string    `json:"id"`
	Queue    string    `json:"queue"`
	Line     string    `json:"line"`
	Language string    `json:"language"`
	Reason   string    `json:"reason,omitempty"`
	Ending   string    `json:"ending"`
	Asked    time.Time `json:"asked"`
	// Attempts that count against the most that the queue allows.
	Attempts int `json:"attempts"`
	// State is one of the above. Place in line, 1 for the next, where it is waiting or
	// offered; Next where it is aside; Agent where one is offered it or waits for it.
	State string      `json:"state"`
	Place int         `json:"place,omitempty"`
	Next  time.Time   `json:"next,omitzero"`
	Agent acd.AgentID `json:"agent,omitempty"`
}

// OpenCallbacks are the callbacks that aren't closed, what was asked for first at the
// head. The error is ctx's, or ErrDraining where the server stops.
func (c *Center) OpenCallbacks(ctx context.Context) ([]OpenCallback, error) {
	var standing []acd.CallbackStatus
	if err := c.router.answer(ctx, func(engine *acd.Engine) { standing = engine.Callbacks() }); err != nil {
		return nil, err
	}
	list := []OpenCallback{}
	for _, one := range standing {
		if kept, open := c.callbacks.of(one.Contact); open {
			list = append(list, openCallback(kept, one))
		}
	}
	slices.SortFunc(list, func(a, b OpenCallback) int { return cmp.Or(a.Asked.Compare(b.Asked), cmp.Compare(a.ID, b.ID)) })
	return list, nil
}

func openCallback(kept ledger.Callback, status acd.CallbackStatus) OpenCallback {
	state := CallbackCalling
	switch {
	case !status.Next.IsZero():
		state = CallbackAside
	case status.Place > 0 && status.Agent != "":
		state = CallbackOffered
	case status.Place > 0:
		state = CallbackWaiting
	}
	return OpenCallback{
		ID: kept.ID, Queue: kept.Queue, Line: kept.Line, Language: kept.Language, Reason: kept.Reason, Ending: kept.Ending, Asked: kept.Asked.UTC(),
		Attempts: status.Attempts, State: state, Place: status.Place, Next: status.Next, Agent: status.Agent,
	}
}

// CancelCallback takes a callback back, once the audit has who does it and why, in at
// most ledger.MaxField bytes: ErrNoCallback if it isn't open, ledger.ErrInvalid without
// a reason, the ledger's error where the audit can't be written; it stands then.
func (c *Center) CancelCallback(ctx context.Context, id, by, why string) error {
	if why = strings.TrimSpace(why); why == "" || len(why) > ledger.MaxField {
		return fmt.Errorf("%w: say in few words why a callback is cancelled", ledger.ErrInvalid)
	}
	kept, open := c.callbacks.of(acd.ContactID(id))
	if !open {
		return ErrNoCallback
	}
	entry := ledger.AuditEntry{Kind: ledger.AuditCallback, Call: kept.Call, Actor: by, Subject: id, Purpose: why, Outcome: "cancel"}
	if _, err := c.records.Append(ctx, entry); err != nil {
		return err
	}
	if !c.endCallback(acd.ContactID(id), ledger.CallbackCancelled, "cancelled by "+by+": "+why, acd.Cancelled) {
		return ErrNoCallback
	}
	return nil
}
