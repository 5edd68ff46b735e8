package desk

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/call"
	"careline/phi"
)

const (
	// revealTime bounds the audit's write before a name is shown.
	revealTime = 3 * time.Second
	// revealAgain is the rest after an audit that failed.
	revealAgain = 5 * time.Second
)

// nameStatus says what the page may show in the name's place.
type nameStatus string

const (
	nameNone     nameStatus = ""             // the caller isn't verified: there is no name
	namePending  nameStatus = "pending"      // the reading is being written down
	nameShown    nameStatus = "shown"        // written down and shown
	nameUnlogged nameStatus = "audit_failed" // the audit can't be written: the name stays hidden
)

// nameCache holds the one name that an agent sees now: read once per agent and
// offer, gone as soon as the offer is. A window that reloads doesn't read again.
type nameCache struct {
	mu     sync.Mutex
	offer  acd.OfferID
	status nameStatus
	name   string
	failed time.Time
}

// look gives what may be shown of a call's name, and whether a reading must be
// started (at most one is, until it is over).
func (c *nameCache) look(view *call.CallView, now time.Time) (name string, status nameStatus, start bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if view == nil || view.Verification != "verified" || view.MemberName.IsEmpty() {
		c.offer, c.status, c.name = "", nameNone, ""
		return "", nameNone, false
	}
	if c.offer != view.Offer {
		c.offer, c.status, c.name = view.Offer, namePending, ""
		return "", namePending, true
	}
	if c.status == nameUnlogged && now.Sub(c.failed) >= revealAgain {
		c.status = namePending
		return "", namePending, true
	}
	return c.name, c.status, false
}

func (c *nameCache) settle(offer acd.OfferID, name string, err error, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.offer != offer {
		return // the call has gone meanwhile
	}
	if err != nil {
		c.status, c.name, c.failed = nameUnlogged, "", now
		return
	}
	c.status, c.name = nameShown, name
}

// revealName reads the member's name beside the window, so that a slow audit
// never holds up the ring, and pokes the window when it is settled.
func (d *Desk) revealName(p *presence, view call.CallView) {
	d.background.Go(func() {
		ctx, cancel := context.WithTimeout(d.life, revealTime)
		defer cancel()
		name, err := view.MemberName.Reveal(ctx, d.records, phi.Access{
			Call:    view.ID,
			Actor:   actor(p.agent),
			Subject: view.MemberToken,
			Field:   "name",
			Purpose: phi.ScreenPop,
		})
		if err != nil {
			d.log.Error("name hidden", zap.String("call", view.ID), zap.String("agent", string(p.agent)), zap.Error(err))
		}
		p.names.settle(view.Offer, name, err, d.options.Now())
		p.changed()
	})
}
