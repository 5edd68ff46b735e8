package sip

import (
	"net/netip"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"

	"careline/sip/digest"
	"careline/sip/guard"
	"careline/sip/wire"
)

// sipPort is where a Via without a port means (RFC 3261 section 18.2.2).
const sipPort = 5060

// receiveUnknown reads a packet of somebody unknown and reports whether it is for
// sipgo. What is refused is answered here, without a transaction (RFC 3261
// section 8.2.7): the answer to the same request is the same, but for its nonce.
func (s *Server) receiveUnknown(socket packetSocket, from netip.AddrPort, packet []byte) bool {
	flow := guard.Flow{Remote: from}
	if isKeepAlive(packet) {
		return false
	}
	fit, _, _ := s.screen.pass(packet, true, flow)
	message, err := s.parser.ParseSIP(fit)
	if fit == nil || err != nil {
		return false
	}
	request, ok := message.(*gosip.Request)
	if !ok {
		return false // an answer to nothing that we asked: whom we ask is heard
	}
	s.arrived(request, from)
	pass, response := s.consider(request, flow)
	if response != nil {
		s.answerPacket(socket, from, request, response)
	}
	return pass
}

// shedPacket refuses a new call while there is too much to do; false where the
// packet is none.
func (s *Server) shedPacket(socket packetSocket, from netip.AddrPort, packet []byte) bool {
	fit, fault := wire.Read(packet, true)
	if fault != nil {
		return false // refused where all such are
	}
	message, err := s.parser.ParseSIP(fit)
	if err != nil {
		return false
	}
	request, ok := message.(*gosip.Request)
	if !ok || !complete(request) || request.To().Params.Has("tag") {
		return false
	}
	s.arrived(request, from)
	if s.ofOurs(request) {
		return false // sent again
	}
	s.counters.shed.Add(1)
	s.answerPacket(socket, from, request, s.response(request, gosip.StatusServiceUnavailable, retryHeader(overloadRetry)))
	return true
}

// arrived says what sipgo would about where a request came from, and gives it our
// tag.
func (s *Server) arrived(request *gosip.Request, from netip.AddrPort) {
	request.SetTransport("UDP")
	request.SetSource(from.String())
	if complete(request) {
		s.received(request)
	}
	if complete(request) && !request.IsAck() && !request.To().Params.Has("tag") {
		request.To().Params.Add("tag", s.tagFor(request))
	}
}

// answerPacket sends a response where RFC 3261 section 18.2.2 and RFC 3581 say.
func (s *Server) answerPacket(socket packetSocket, from netip.AddrPort, request *gosip.Request, response *gosip.Response) {
	text := []byte(response.String())
	to := from
	if via := request.Via(); via == nil {
		return
	} else if !via.Params.Has("rport") {
		to = netip.AddrPortFrom(from.Addr(), sipPort)
		if via.Port > 0 && via.Port <= 0xffff {
			to = netip.AddrPortFrom(from.Addr(), uint16(via.Port))
		}
	}
	if len(text) > maxDatagram {
		return
	}
	if _, err := socket.WriteToUDPAddrPort(text, to); err != nil {
		s.log.Debug("sip response not sent", zap.Int("status", response.StatusCode), zap.Error(err))
	}
}

// ofOurs reports whether a request belongs to a dialog that is there, or is the
// CANCEL of an INVITE that was let in.
func (s *Server) ofOurs(request *gosip.Request) bool {
	key := keyOf(request)
	return s.registry.find(key) != nil || request.IsCancel() && s.registry.expects(key)
}

// consider decides on a request of somebody unknown, which has our tag: what belongs
// to a call passes, and so does a right password. Whoever wants to register or to
// call is asked for one. Anything else hears nothing, so that a scanner doesn't
// learn what we are; the answers are the same, and take the same time, whether or
// not a name exists.
func (s *Server) consider(request *gosip.Request, flow guard.Flow) (pass bool, response *gosip.Response) {
	if !complete(request) || request.CSeq().MethodName != request.Method {
		s.guard.offend(flow, guard.Unreadable)
		return false, nil
	}
	if s.ofOurs(request) {
		return true, nil
	}
	switch {
	case request.IsAck() || request.IsCancel():
		return false, nil // to what was refused
	case tagOf(request.To().Params) != s.tagFor(request):
		s.counters.outOfDialog.Add(1)
		if s.guard.offend(flow, guard.Challenged) {
			return false, nil
		}
		return false, s.response(request, gosip.StatusCallTransactionDoesNotExists)
	case request.Method != gosip.REGISTER && request.Method != gosip.INVITE:
		s.guard.offend(flow, guard.Probe)
		return false, nil
	}
	r := s.registrar
	verdict := r.verifier.Check(authorizations(request), string(request.Method), request.Recipient.String(), r.options.Secret)
	if verdict.Outcome == digest.Accepted {
		return true, nil
	}
	return false, s.challengeTo(request, flow, verdict)
}

// welcome considers a request that came by a connection on which nobody has proven
// yet who it is; datagrams' have been considered before.
func (s *Server) welcome(request *gosip.Request, tx *gosip.ServerTx) bool {
	flow := flowOf(request)
	if !flow.Connected || !s.guard.unproven(time.Now(), flow) {
		return true
	}
	pass, response := s.consider(request, flow)
	if response != nil {
		s.respond(tx, response)
	}
	if !pass {
		tx.Terminate()
	}
	return pass
}

// challengeTo asks for the password (again); nil for those who have asked for it
// too often, and are banned.
func (s *Server) challengeTo(request *gosip.Request, flow guard.Flow, verdict digest.Verdict) *gosip.Response {
	r := s.registrar
	banned := false
	switch verdict.Outcome {
	case digest.Refused:
		r.refused.Add(1)
		if r.logged.Allow() {
			s.log.Warn("phone refused", zap.String("because", "wrong name or password"), zap.String("source", flow.Remote.String()))
		}
		banned = s.guard.offend(flow, guard.WrongPassword)
	case digest.Absent:
		if s.guard.unproven(time.Now(), flow) {
			banned = s.guard.offend(flow, guard.Challenged)
		}
	}
	if banned {
		return nil
	}
	var headers []gosip.Header
	for _, challenge := range r.verifier.Challenges(verdict.Outcome == digest.Stale) {
		headers = append(headers, gosip.NewHeader("WWW-Authenticate", challenge))
	}
	return s.response(request, gosip.StatusUnauthorized, headers...)
}

// authenticate verifies the password that a request was signed with. Where that
// fails, the request is answered, and nothing of it is kept: a transaction for
// everyone who scans us would cost memory.
func (s *Server) authenticate(request *gosip.Request, tx *gosip.ServerTx) (username string, ok bool) {
	r, flow := s.registrar, flowOf(request)
	verdict := r.verifier.Verify(authorizations(request), string(request.Method), request.Recipient.String(), r.options.Secret)
	if verdict.Outcome == digest.Accepted {
		s.guard.prove(flow, r.proofLasts())
		return verdict.Username, true
	}
	if response := s.challengeTo(request, flow, verdict); response != nil {
		s.respond(tx, response)
	}
	tx.Terminate()
	return "", false
}

func authorizations(request *gosip.Request) []string {
	var given []string
	for _, header := range request.GetHeaders("Authorization") {
		given = append(given, header.Value())
	}
	return given
}

// flowOf is what a message came by.
func flowOf(message gosip.Message) guard.Flow {
	source, err := netip.ParseAddrPort(message.Source())
	if err != nil {
		return guard.Flow{}
	}
	return guard.Flow{Remote: netip.AddrPortFrom(source.Addr().Unmap(), source.Port()), Connected: networkOf(message) != "udp"}
}

// introduces reports whether a request's sender may know what we are.
func (s *Server) introduces(request *gosip.Request) bool {
	return !s.guard.proof || !s.guard.unproven(time.Now(), flowOf(request))
}
