package call

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/phi"
	"careline/sip"
)

// maxOpenCallbacks bounds how many callbacks one start takes up again.
const maxOpenCallbacks = 10_000

// callbacks are the promises that are open. Their writes follow each other, so that an
// older one can't overtake.
type callbacks struct {
	mu    sync.Mutex
	open  map[acd.ContactID]ledger.Callback
	wrote chan struct{} // closed when the latest write is done; nil for none
}

func (b *callbacks) of(id acd.ContactID) (ledger.Callback, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c, open := b.open[id]
	return c, open
}

func (b *callbacks) add(c ledger.Callback) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.open == nil {
		b.open = map[acd.ContactID]ledger.Callback{}
	}
	b.open[acd.ContactID(c.ID)] = c
}

// take removes a callback that is closed now; false if it was before.
func (b *callbacks) take(id acd.ContactID) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, open := b.open[id]
	delete(b.open, id)
	return open
}

// CallingNumber is the caller's own number, where it may be called.
func (l flowLine) CallingNumber() phi.Digits {
	if l.trial != "" {
		return phi.Digits{}
	}
	number := phi.NewDigits(tenDigits(l.dialog.Caller().Reveal()))
	if number.Len() == 0 || !l.MayCall(number) {
		return phi.Digits{}
	}
	return number
}

// tenDigits gives a number of North America without its country code; "" for any other.
func tenDigits(number string) string {
	digits := strings.TrimPrefix(number, "+")
	if len(digits) == 11 && digits[0] == '1' {
		digits = digits[1:]
	}
	if len(digits) != 10 || strings.Trim(digits, "0123456789") != "" {
		return ""
	}
	return digits
}

// MayCall asks the dial plan.
func (l flowLine) MayCall(number phi.Digits) bool {
	if l.center.trunks == nil {
		return false
	}
	text, err := number.Text().Reveal(l.ctx, takenDown{}, phi.Access{Field: "callback number"})
	return err == nil && l.center.trunks.Allows(sip.NewNumber("+1"+text)) == nil
}

// CallBack keeps a callback beside the call: its number, and the caller's consent.
func (l flowLine) CallBack(request ivr.CallBackRequest) {
	s := l.session
	since := s.center.now()
	if s.inEngine {
		since = s.arrived
	}
	s.beside.Go(func() {
		answer := calledBackMessage{outcome: ivr.CallBackFailed}
		defer func() { s.post(answer) }()
		defer s.survive(nil)
		answer = s.keepCallback(request, since)
	})
}

// keepCallback keeps it in the ledger first: what the caller is told is true even if the
// server stops now.
func (s *session) keepCallback(request ivr.CallBackRequest, since time.Time) calledBackMessage {
	failed := calledBackMessage{outcome: ivr.CallBackFailed}
	if s.trial != "" || s.content.Callbacks[request.Queue.Queue].Flow == "" {
		s.log.Error("no callbacks here", zap.String("queue", request.Queue.Queue))
		return failed
	}
	text, err := request.Number.Text().Reveal(s.ctx, takenDown{}, phi.Access{Field: "callback number"})
	if err != nil {
		return failed
	}
	id := s.center.options.NewID()
	contact := s.asContact(request.Queue)
	contact.ID, contact.Since, contact.Verified = acd.ContactID(id), since, false // who answers is verified anew
	body, err := json.Marshal(contact)
	if err != nil {
		return failed
	}
	kept := ledger.Callback{
		ID: id, Call: s.id, Line: s.line.Name, Dialed: s.number, Queue: contact.Queue, Asked: s.center.now(), Wording: request.Wording,
		Language: request.Queue.Language, Reason: request.Queue.Reason, Contact: body, Number: phi.NewString("+1" + text), Ending: text[len(text)-2:], State: ledger.CallbackOpen,
	}
	switch err := s.center.records.AddCallback(s.ctx, kept); {
	case errors.Is(err, ledger.ErrCallbackOpen):
		return calledBackMessage{outcome: ivr.CallBackAlready}
	case err != nil:
		s.log.Error("callback not kept", zap.Error(err))
		return failed
	}
	s.center.callbacks.add(kept)
	s.center.router.submit(s.center.asked(kept, contact, text))
	s.log.Info("callback asked for", zap.String("callback", id), zap.String("queue", kept.Queue))
	return calledBackMessage{id: id, outcome: ivr.CallBackKept}
}

// asked is what the engine is told of a callback to a number of ten digits.
func (c *Center) asked(kept ledger.Callback, contact acd.Contact, number string) acd.CallbackAsked {
	return acd.CallbackAsked{Callback: acd.Callback{
		Contact: contact, From: kept.From, Attempts: kept.Counted,
		Hours: c.content.Load().CallingHours.Periods(number, c.now()),
	}}
}

// onCalledBack goes on in the flow. A caller whose callback is kept leaves the line.
func (s *session) onCalledBack(m calledBackMessage) {
	if s.stage != stageFlow || !s.run.Promising() {
		if m.outcome == ivr.CallBackKept { // the caller was told otherwise, or is with an agent
			s.center.endCallback(acd.ContactID(m.id), ledger.CallbackCancelled, "the caller went on before it was kept", acd.Cancelled)
		}
		return
	}
	if m.outcome == ivr.CallBackKept {
		s.chronicle.record.AskedCallback = m.id
		s.forgetPlace()
	}
	s.run.CalledBack(m.outcome)
}

// restoreCallbacks tells the engine of the callbacks that were open when the server
// stopped.
func (c *Center) restoreCallbacks(ctx context.Context) {
	list, err := c.records.OpenCallbacks(ctx, maxOpenCallbacks)
	if err != nil {
		c.log.Error("callbacks not read", zap.Error(err))
		return
	}
	for _, kept := range list {
		var contact acd.Contact
		text, err := kept.Number.Reveal(ctx, takenDown{}, phi.Access{Field: "callback number"}) // only its area counts
		if err == nil {
			err = json.Unmarshal(kept.Contact, &contact)
		}
		if err != nil {
			c.log.Error("callback not taken up again", zap.String("callback", kept.ID), zap.Error(err))
			continue
		}
		c.callbacks.add(kept)
		c.router.submit(c.asked(kept, contact, tenDigits(text)))
	}
	if len(list) > 0 {
		c.log.Info("callbacks taken up again", zap.Int("count", len(list)))
	}
}

// writeCallback changes what is kept of a callback, beside all else.
func (c *Center) writeCallback(id acd.ContactID, outcome string, change func(*ledger.Callback)) {
	done := make(chan struct{})
	c.callbacks.mu.Lock()
	before := c.callbacks.wrote
	c.callbacks.wrote = done
	c.callbacks.mu.Unlock()
	write := func() {
		defer close(done)
		if before != nil {
			<-before
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), saveTimeout)
		defer cancel()
		entry := ledger.AuditEntry{Kind: ledger.AuditCallback, Actor: "system:callback", Subject: string(id), Outcome: outcome}
		if _, err := c.records.ChangeCallback(ctx, string(id), entry, change); err != nil {
			c.log.Error("callback not written", zap.String("callback", string(id)), zap.String("outcome", outcome), zap.Error(err))
		}
	}
	c.mu.Lock()
	ended := c.ended
	if !ended {
		c.running.Go(write)
	}
	c.mu.Unlock()
	if ended { // nothing more may begin, and nobody waits for whoever writes now
		write()
	}
}

// missedCallback keeps an attempt that reached nobody, and tells the engine.
func (c *Center) missedCallback(id acd.ContactID, call string, cause acd.MissCause) {
	if _, open := c.callbacks.of(id); !open {
		return
	}
	at := c.now()
	c.writeCallback(id, string(cause), func(kept *ledger.Callback) {
		kept.Attempts = append(kept.Attempts, ledger.CallbackAttempt{At: at, Call: call, Outcome: string(cause)})
		if cause != acd.NotCalled {
			kept.Counted++
		}
	})
	c.router.submit(acd.CallbackMissed{Contact: id, Cause: cause})
}

// closeCallback keeps what became of a callback; false if it was closed before.
func (c *Center) closeCallback(id acd.ContactID, state ledger.CallbackState, why string) bool {
	if !c.callbacks.take(id) {
		return false
	}
	c.log.Info("callback closed", zap.String("callback", string(id)), zap.String("state", string(state)), zap.String("why", why))
	c.writeCallback(id, string(state), func(kept *ledger.Callback) { kept.State, kept.Why = state, why })
	return true
}

// endCallback closes a callback that the engine has still; false if it was closed before.
func (c *Center) endCallback(id acd.ContactID, state ledger.CallbackState, why string, reason acd.LeaveReason) bool {
	if !c.closeCallback(id, state, why) {
		return false
	}
	if s := c.session(id); s != nil {
		s.post(callbackOverMessage{why})
	}
	c.router.submit(acd.ContactLeft{Contact: id, Reason: reason})
	return true
}

// forCallback takes the engine's word for a callback that has no call.
func (c *Center) forCallback(id acd.ContactID, m message) {
	kept, open := c.callbacks.of(id)
	if !open {
		return
	}
	switch m.(type) {
	case offerMessage, dialMessage:
		c.beginCallback(kept, m)
	}
}
