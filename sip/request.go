package sip

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/sip/trunk"
)

// What OPTIONS and refusals say of us (RFC 3261 sections 11.2 and 20.5).
const (
	allowedMethods = "INVITE, ACK, BYE, CANCEL, OPTIONS, INFO, PRACK, UPDATE, REFER, NOTIFY"
	// supportedExtensions may be required of us; what isn't here gets a 420.
	supportedExtensions = tagReliable + ", " + tagTimer + ", " + tagReplaces
	acceptedTypes       = "application/sdp, application/dtmf-relay, application/dtmf"
)

// headerParsers are sipgo's without those for headers that we read ourselves: it
// drops a whole message for a bad one and doesn't know their compact names.
func headerParsers() map[string]gosip.HeaderParser {
	parsers := maps.Clone(gosip.DefaultHeadersParser())
	delete(parsers, "refer-to")
	delete(parsers, "referred-by")
	return parsers
}

// observe sees each message in the order of the socket, before sipgo gives it a
// goroutine. It puts our tag on requests that start something, so that whatever
// sipgo answers by itself (100, 487) carries the same one, and notes INVITE and
// CANCEL, whose order must not be lost.
func (s *Server) observe(message gosip.Message) {
	request, ok := message.(*gosip.Request)
	if ok && s.deaf.Load() {
		request.SetTransport("") // it would have sipgo open a socket of its own to answer by
		return
	}
	if networkOf(message) != "udp" {
		s.guard.heard(flowOf(message).Remote, ok && request.IsInvite())
	}
	if !ok || !complete(request) {
		return
	}
	s.received(request)
	if request.IsAck() {
		return
	}
	fresh := !request.To().Params.Has("tag")
	if fresh {
		request.To().Params.Add("tag", s.tagFor(request))
	}
	switch {
	case request.IsInvite() && fresh:
		s.registry.announce(keyOf(request))
	case request.IsCancel():
		s.registry.cancel(keyOf(request), request)
	}
}

// complete reports whether the headers are there without which a request can't
// be answered (RFC 3261 section 8.1.1).
func complete(request *gosip.Request) bool {
	return request.To() != nil && request.From() != nil && request.CallID() != nil && request.CSeq() != nil && request.Via() != nil
}

// tagFor derives our tag from what retransmissions, CANCEL and ACK share with
// the request, and only they; without the key it can't be guessed.
func (s *Server) tagFor(request *gosip.Request) string {
	return hex.EncodeToString(s.digest(request)[:10])
}

func (s *Server) digest(request *gosip.Request) []byte {
	mac := hmac.New(sha256.New, s.options.TagKey)
	branch, _ := request.Via().Params.Get("branch")
	sequence := strconv.FormatUint(uint64(request.CSeq().SeqNo), 10)
	for _, part := range []string{request.CallID().Value(), tagOf(request.From().Params), branch, sequence} {
		mac.Write([]byte(part))
		mac.Write([]byte{0})
	}
	return mac.Sum(nil)
}

// keyOf is the dialog that a request from the far side belongs to.
func keyOf(request *gosip.Request) dialogKey {
	return dialogKey{call: request.CallID().Value(), local: tagOf(request.To().Params), remote: tagOf(request.From().Params)}
}

func tagOf(parameters gosip.HeaderParams) string {
	tag, _ := parameters.Get("tag")
	return tag
}

// serve takes each request that isn't a retransmission, on a goroutine of
// sipgo's. A panic ends this request alone.
func (s *Server) serve(request *gosip.Request, tx *gosip.ServerTx) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log.Error("sip request failed", zap.String("panic", fmt.Sprintf("%T", fault)), zap.Stack("stack")) // its value could quote a caller
			tx.Terminate()
		}
	}()
	if request.IsAck() {
		s.serveAck(request)
		tx.Terminate() // an ACK is never answered; sipgo made a transaction for it all the same
		return
	}
	if !s.welcome(request, tx) {
		return
	}
	if !complete(request) || request.CSeq().MethodName != request.Method {
		s.refuse(request, tx, gosip.StatusBadRequest)
		return
	}
	switch request.Recipient.Scheme {
	case "", "sip", "sips", "tel":
	default:
		s.refuse(request, tx, statusUnsupportedScheme)
		return
	}
	switch request.Method {
	case gosip.INVITE:
		if keyOf(request).local == s.tagFor(request) {
			s.serveInvite(request, tx)
		} else {
			s.serveInDialog(request, tx, inReinvite)
		}
	case gosip.BYE:
		s.serveInDialog(request, tx, inBye)
	case gosip.INFO:
		s.serveInDialog(request, tx, inInfo)
	case gosip.UPDATE:
		s.serveInDialog(request, tx, inUpdate)
	case gosip.PRACK:
		s.serveInDialog(request, tx, inPrack)
	case gosip.CANCEL:
		s.serveCancel(request, tx)
	case gosip.OPTIONS:
		s.serveOptions(request, tx)
	case gosip.REGISTER:
		s.serveRegister(request, tx)
	case gosip.REFER:
		s.serveInDialog(request, tx, inRefer)
	case gosip.NOTIFY:
		s.serveInDialog(request, tx, inNotify)
	case gosip.SUBSCRIBE, gosip.MESSAGE, gosip.PUBLISH:
		s.refuse(request, tx, gosip.StatusMethodNotAllowed, s.allow())
	default:
		s.refuse(request, tx, gosip.StatusNotImplemented, s.allow())
	}
}

// allow lists what we take outside of dialogs, REGISTER where phones may.
func (s *Server) allow() gosip.Header {
	if s.registrar == nil {
		return gosip.NewHeader("Allow", allowedMethods)
	}
	return gosip.NewHeader("Allow", allowedMethods+", REGISTER")
}

// serveAck passes an ACK to a 200 on; those to refusals never get here.
func (s *Server) serveAck(request *gosip.Request) {
	if !complete(request) {
		return
	}
	if dialog := s.registry.find(keyOf(request)); dialog != nil {
		dialog.post(inbound{in: inAck, request: request})
	}
}

// serveCancel answers a CANCEL that sipgo found no INVITE for. The dialog, if
// there is one, was told by observe.
func (s *Server) serveCancel(request *gosip.Request, tx *gosip.ServerTx) {
	if s.registry.expects(keyOf(request)) {
		s.respond(tx, s.response(request, gosip.StatusOK))
		return
	}
	s.counters.outOfDialog.Add(1)
	s.refuse(request, tx, gosip.StatusCallTransactionDoesNotExists)
}

func (s *Server) serveInDialog(request *gosip.Request, tx *gosip.ServerTx, in input) {
	dialog := s.registry.find(keyOf(request))
	if dialog == nil {
		s.counters.outOfDialog.Add(1)
		s.refuse(request, tx, gosip.StatusCallTransactionDoesNotExists)
		return
	}
	if s.refusedExtensions(request, tx) {
		return
	}
	if !dialog.post(inbound{in: in, request: request, tx: tx}) {
		s.counters.mailboxes.Add(1)
		s.refuse(request, tx, gosip.StatusServiceUnavailable, retryHeader(overloadRetry))
	}
}

func (s *Server) serveOptions(request *gosip.Request, tx *gosip.ServerTx) {
	if s.refusedExtensions(request, tx) {
		return
	}
	if retry, draining := s.draining(); draining {
		s.refuse(request, tx, gosip.StatusServiceUnavailable, retryHeader(retry))
		return
	}
	s.respond(tx, s.response(request, gosip.StatusOK,
		s.allow(), gosip.NewHeader("Accept", acceptedTypes),
		gosip.NewHeader("Accept-Encoding", "identity"), gosip.NewHeader("Accept-Language", "en"), gosip.NewHeader("Supported", supportedExtensions)))
}

// serveInvite checks a new call and gives it a dialog, or refuses it.
func (s *Server) serveInvite(request *gosip.Request, tx *gosip.ServerTx) {
	s.counters.invites.Add(1)
	source, err := netip.ParseAddrPort(request.Source())
	if err != nil {
		s.refuseInvite(request, tx, gosip.StatusBadRequest)
		return
	}
	source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
	phone, away := s.turnedAway(request, tx)
	if away {
		return
	}
	if s.refusedExtensions(request, tx) {
		s.counters.refused.Add(1)
		return
	}
	if s.refusedTimer(request, tx) {
		s.counters.refused.Add(1)
		return
	}
	body, err := sessionBody(request)
	if err != nil {
		s.refuseInvite(request, tx, gosip.StatusUnsupportedMediaType, gosip.NewHeader("Accept", acceptedTypes))
		return
	}
	if !acceptsSession(request) {
		s.refuseInvite(request, tx, gosip.StatusNotAcceptable)
		return
	}
	place, old, refused := s.replacement(request, tx)
	if refused {
		return
	}
	dialog := newDialog(s, request, tx, source, body)
	dialog.place, dialog.replacing, dialog.phone = place, old, phone
	dialog.counted = s.guard.demands(source.Addr())
	s.begin(dialog)
}

// turnedAway refuses a call that can't be taken now, or whose caller doesn't prove
// who it is; phone is whose password it knows, where one was asked for. Nothing of
// what is refused is kept.
func (s *Server) turnedAway(request *gosip.Request, tx *gosip.ServerTx) (phone string, away bool) {
	flow := flowOf(request)
	retry, draining := s.draining()
	switch {
	case !s.guard.mayInvite(flow):
		s.turnAway(request, tx, overloadRetry)
		return "", true
	case s.guard.demands(flow.Remote.Addr()):
		username, ok := s.authenticate(request, tx)
		if ok && userOf(request.From().Address) != username {
			s.refuseInvite(request, tx, gosip.StatusForbidden) // in somebody else's name
			return "", true
		}
		if !ok {
			s.counters.refused.Add(1)
			return "", true
		}
		phone = username
	}
	switch {
	case draining:
		s.turnAway(request, tx, retry)
	case s.load.high():
		s.counters.shed.Add(1)
		s.turnAway(request, tx, overloadRetry)
	default:
		return phone, false
	}
	return "", true
}

// turnAway refuses a call for now, without keeping its transaction (RFC 3261
// section 8.2.7).
func (s *Server) turnAway(request *gosip.Request, tx *gosip.ServerTx, retry time.Duration) {
	s.refuseInvite(request, tx, gosip.StatusServiceUnavailable, retryHeader(retry))
	tx.Terminate()
}

// begin makes a dialog known and starts its goroutine.
func (s *Server) begin(dialog *Dialog) {
	err := s.takeChannel(dialog)
	if err == nil {
		if err = s.registry.add(dialog); err != nil {
			dialog.release()
		}
	}
	if err != nil {
		if errors.Is(err, errMerged) {
			s.refuseInvite(dialog.invite, dialog.tx, gosip.StatusLoopDetected)
			return
		}
		s.log.Warn("call refused", zap.String("sip_call_id", printable(dialog.id, maxLoggedID)), zap.Error(err))
		s.turnAway(dialog.invite, dialog.tx, overloadRetry)
		return
	}
	go dialog.run(s.alive) // owned by the registry, which Run waits for
}

// takeChannel takes a channel of the trunk that a call comes by.
func (s *Server) takeChannel(dialog *Dialog) error {
	dialog.release = func() {}
	one := s.trunkAt(dialog.remote.Addr())
	if one == nil {
		return nil
	}
	release, err := one.Take(time.Now())
	if err == nil {
		dialog.release = release
	}
	return err
}

// trunkAt is the trunk that calls from an address are of; nil for none.
func (s *Server) trunkAt(source netip.Addr) *trunk.Trunk {
	for _, one := range s.options.Trunks {
		if one.Sends(source) {
			return one
		}
	}
	return nil
}

// refusedExtensions refuses what is required of us and we don't have (RFC 3261
// section 8.2.2.3).
func (s *Server) refusedExtensions(request *gosip.Request, tx *gosip.ServerTx) bool {
	missing := unsupported(request, strings.Split(supportedExtensions, ", ")...)
	if len(missing) == 0 {
		return false
	}
	s.refuse(request, tx, gosip.StatusBadExtension, gosip.NewHeader("Unsupported", strings.Join(missing, ", ")))
	return true
}

func (s *Server) refuseInvite(request *gosip.Request, tx *gosip.ServerTx, status int, headers ...gosip.Header) {
	s.counters.refused.Add(1)
	s.refuse(request, tx, status, headers...)
}

func (s *Server) refuse(request *gosip.Request, tx *gosip.ServerTx, status int, headers ...gosip.Header) {
	s.log.Debug("sip request refused", zap.String("method", string(request.Method)), zap.Int("status", status))
	s.respond(tx, s.response(request, status, headers...))
}

func (s *Server) respond(tx *gosip.ServerTx, response *gosip.Response) {
	err := tx.Respond(response)
	if errors.Is(err, gosip.ErrTransactionCanceled) && response.StatusCode != gosip.StatusRequestTerminated {
		// sipgo has sent 487 to the CANCEL, and yet would repeat ours.
		err = tx.Respond(s.response(tx.Origin(), gosip.StatusRequestTerminated))
	}
	if err != nil {
		s.log.Debug("sip response not sent", zap.Int("status", response.StatusCode), zap.Error(err))
	}
}

// response builds a response with our headers.
func (s *Server) response(request *gosip.Request, status int, headers ...gosip.Header) *gosip.Response {
	response := gosip.NewResponseFromRequest(request, status, statusText(status), nil)
	if s.introduces(request) {
		response.AppendHeader(gosip.NewHeader("Server", s.options.UserAgent))
	}
	for _, header := range headers {
		response.AppendHeader(header)
	}
	return response
}

func retryHeader(after time.Duration) gosip.Header {
	return gosip.NewHeader("Retry-After", strconv.Itoa(seconds(after)))
}

// originID numbers a dialog's SDP: 63 bits, so that every parser can hold it.
func (s *Server) originID(request *gosip.Request) uint64 {
	return binary.BigEndian.Uint64(s.digest(request)[10:18]) >> 1
}
