package sip

import (
	"context"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// farewell is a BYE that is due, and what it says.
type farewell struct {
	cause int
	text  string
	acked bool // the ACK is in, or isn't needed; the BYE may go
	sent  bool
}

// byeFactor bounds how long a BYE is tried: timer F (RFC 3261 section 17.1.2.2).
const byeFactor = 64 // times T1

// hangUp ends the call from our side.
func (d *Dialog) hangUp(wish command) {
	switch d.State() {
	case StateInvited, StateRinging:
		status := StatusForCause(wish.cause)
		d.step(inHangUp)
		var headers []gosip.Header
		if wish.cause > 0 {
			headers = append(headers, reasonHeader(wish.cause, wish.text))
		}
		d.reject(status, "", headers...)
		d.end(Event{By: ByLocal, Status: status, Cause: wish.cause, Reason: reasonText(wish.text)})
	default:
		d.close(inHangUp, &farewell{cause: wish.cause, text: wish.text}, Event{By: ByLocal, Cause: wish.cause, Reason: reasonText(wish.text)})
	}
}

// close ends the call for the handler and sends our BYE, at once or when the
// ACK has come that must come first (RFC 3261 section 15).
func (d *Dialog) close(in input, bye *farewell, event Event) {
	state := d.State()
	if !d.step(in) {
		return
	}
	if state == StateReoffered {
		d.server.refuse(d.invite, d.tx, gosip.StatusRequestTerminated)
	}
	if d.waiting != nil {
		d.server.refuse(d.waiting.request, d.waiting.tx, gosip.StatusCallTransactionDoesNotExists)
		d.waiting = nil
	}
	d.bye = bye
	d.end(event)
	if state == StateAnswered && in != inAckTimeout && !bye.acked {
		return // the 200 goes on until its ACK or its deadline
	}
	d.sendBye()
}

// sendBye sends the BYE that is due, once, and watches over it beside the
// dialog's goroutine.
func (d *Dialog) sendBye() {
	d.stopTimers()
	d.final = nil
	if d.bye == nil || d.bye.sent {
		return
	}
	d.bye.sent = true
	request := d.peer.request(gosip.BYE, d.server.options.UserAgent)
	if d.bye.cause > 0 {
		request.AppendHeader(reasonHeader(d.bye.cause, d.bye.text))
	}
	connection := d.tx.Connection()
	d.server.senders.Go(func() {
		err := d.server.sendRequest(request, connection, d.peer.source.String())
		if err != nil {
			d.log.Debug("BYE not answered", zap.Error(err))
		}
		d.byeDone <- struct{}{} // has room: one BYE a dialog
	})
}

// sendRequest sends a request of ours and waits for its final response, at most
// timer F.
func (s *Server) sendRequest(request *gosip.Request, connection gosip.Connection, source string) error {
	ctx, cancel := context.WithTimeout(s.alive, byeFactor*s.options.T1)
	defer cancel()
	if networkOf(request) == "udp" {
		local := addrPortOf(connection.LocalAddr())
		request.Laddr = gosip.Addr{IP: local.Addr().AsSlice(), Port: int(local.Port())} // from the port that the trunk knows
	} else if open, err := s.transport.GetConnection(networkOf(request), source); err == nil && open != nil {
		request.SetDestination(source) // the connection that the call came by is still up
		if _, err := open.TryClose(); err != nil {
			s.log.Debug("sip connection not released", zap.Error(err))
		}
	}
	tx, err := s.transactions.Request(ctx, request)
	if err != nil {
		return err
	}
	defer tx.Terminate()
	for {
		select {
		case response := <-tx.Responses():
			if !response.IsProvisional() {
				return nil
			}
		case <-tx.Done():
			return tx.Err()
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// farewelled takes their BYE, in any state.
func (d *Dialog) farewelled(message inbound) {
	d.server.respond(message.tx, d.server.response(message.request, gosip.StatusOK))
	cause, text := readReason(message.request)
	state := d.State()
	if !d.step(inBye) {
		return
	}
	d.stopTimers()
	event := Event{By: ByRemote, Cause: cause, Reason: text}
	switch state {
	case StateInvited, StateRinging: // RFC 3261 section 15: a BYE in an early dialog
		event.Status = gosip.StatusRequestTerminated
		d.reject(gosip.StatusRequestTerminated, "")
	case StateReoffered:
		d.server.refuse(d.invite, d.tx, gosip.StatusRequestTerminated)
	case StateClosing:
		if d.bye == nil || !d.bye.sent { // theirs does for ours
			d.step(inByeDone)
		}
	}
	d.end(event)
}
