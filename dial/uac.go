package dial

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
)

// uac is the signalling of one call: INVITE, ACK, CANCEL, BYE, and what the far
// side asks of us within the dialog.
type uac struct {
	agent   *sipgo.UserAgent
	session *sipgo.DialogClientSession
	// dialogs builds requests with our Contact.
	dialogs sipgo.DialogUA
	callID  atomic.Pointer[string]
	// farBye is told of a BYE, with its Q.850 cause if it has one.
	farBye func(cause int, text string)
	// farOffer is asked about a re-INVITE's SDP and gives the answer's; errPending
	// while our own INVITE goes on (RFC 3261 section 14.2).
	farOffer func(body []byte) (answer []byte, err error)
}

// target is a parsed Options.Target.
type target struct {
	uri       sip.Uri
	transport string
	address   netip.AddrPort
	local     netip.Addr
}

func parseTarget(text, transport string) (target, error) {
	t := target{transport: strings.ToLower(transport)}
	if !strings.HasPrefix(text, "sip:") {
		text = "sip:" + text
	}
	if err := sip.ParseUri(text, &t.uri); err != nil {
		return t, fmt.Errorf("%s is no SIP address; write for example sip:5550100@127.0.0.1:5070: %w", text, err)
	}
	if named, ok := t.uri.UriParams.Get("transport"); ok && t.transport == "" {
		t.transport = strings.ToLower(named)
	}
	if t.transport == "" {
		t.transport = "udp"
	}
	if t.transport != "udp" && t.transport != "tcp" {
		return t, fmt.Errorf("transport %q: the caller speaks udp and tcp", t.transport)
	}
	port := t.uri.Port
	if port == 0 {
		port = 5060
	}
	remote, err := net.ResolveUDPAddr("udp4", net.JoinHostPort(t.uri.Host, strconv.Itoa(port)))
	if err != nil {
		return t, fmt.Errorf("find %s: %w", t.uri.Host, err)
	}
	t.address = remote.AddrPort()
	// A connected UDP socket tells which of our addresses leads there; nothing is sent.
	probe, err := net.DialUDP("udp4", nil, remote)
	if err != nil {
		return t, fmt.Errorf("no way to %s: %w", t.uri.Host, err)
	}
	defer probe.Close()
	t.local = probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	return t, nil
}

func newUAC(t target, from string) (*uac, error) {
	quiet := slog.New(slog.DiscardHandler)
	agent, err := sipgo.NewUA(sipgo.WithUserAgent(from), sipgo.WithUserAgentHostname(t.local.String()),
		sipgo.WithUserAgentTransportLayerOptions(sip.WithTransportLayerLogger(quiet)),
		sipgo.WithUserAgentTransactionLayerOptions(sip.WithTransactionLayerLogger(quiet)))
	if err != nil {
		return nil, err
	}
	u := &uac{agent: agent, farBye: func(int, string) {}}
	client, err := sipgo.NewClient(agent, sipgo.WithClientLogger(quiet), sipgo.WithClientHostname(t.local.String()),
		sipgo.WithClientConnectionAddr(net.JoinHostPort(t.local.String(), "0")), sipgo.WithClientNAT())
	if err != nil {
		return nil, errors.Join(err, agent.Close())
	}
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(quiet))
	if err != nil {
		return nil, errors.Join(err, agent.Close())
	}
	u.dialogs = sipgo.DialogUA{Client: client, ContactHDR: sip.ContactHeader{
		Address: sip.Uri{Scheme: "sip", User: from, Host: t.local.String(), UriParams: sip.NewParams()},
	}}
	if t.transport == "tcp" {
		u.dialogs.ContactHDR.Address.UriParams.Add("transport", "tcp")
	}
	server.OnBye(u.onBye)
	server.OnInvite(u.onReinvite)
	server.OnOptions(func(request *sip.Request, tx sip.ServerTransaction) {
		_ = tx.Respond(sip.NewResponseFromRequest(request, sip.StatusOK, "OK", nil))
	})
	server.OnAck(func(*sip.Request, sip.ServerTransaction) {})
	return u, nil
}

// invite calls and waits for the answer. ring hears each provisional status.
// When ctx ends first, the INVITE is cancelled.
func (u *uac) invite(ctx context.Context, t target, sdp []byte, patience time.Duration, ring func(int, string)) error {
	request := sip.NewRequest(sip.INVITE, t.uri)
	request.SetTransport(strings.ToUpper(t.transport))
	request.SetDestination(t.address.String())
	request.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	request.AppendHeader(sip.NewHeader("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS"))
	request.SetBody(sdp)

	waiting, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	var replied atomic.Bool
	giveUp := func() {
		if replied.Load() {
			stop(context.Canceled) // CANCEL goes out (RFC 3261 section 9.1)
		} else {
			stop(sipgo.WaitAnswerForceCancelErr) // nobody there to cancel with
		}
	}
	defer context.AfterFunc(ctx, giveUp)()
	impatience := time.AfterFunc(patience, func() {
		if !replied.Load() {
			stop(errNoReply)
		}
	})
	defer impatience.Stop()

	session, err := u.dialogs.WriteInvite(waiting, request)
	if err != nil {
		return fmt.Errorf("INVITE to %s over %s: %w", t.address, t.transport, err)
	}
	u.session = session
	callID := request.CallID().Value()
	u.callID.Store(&callID)
	err = u.waitAnswer(waiting, func(r *sip.Response) error {
		replied.Store(true)
		if r.IsProvisional() {
			ring(r.StatusCode, r.Reason)
		}
		return nil
	})
	if err != nil {
		return u.explain(ctx, err, waiting)
	}
	return session.Ack(ctx)
}

var errPending = errors.New("our INVITE isn't settled yet")

var errNoReply = errors.New("no reply at all")

func (u *uac) waitAnswer(ctx context.Context, onResponse func(*sip.Response) error) error {
	// WaitAnswer waits for a first reply before it cancels; on an address that
	// never replied it has to be told to let go.
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	inner, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stop(nil)
	defer context.AfterFunc(ctx, func() {
		if cause := context.Cause(ctx); errors.Is(cause, errNoReply) {
			stop(sipgo.WaitAnswerForceCancelErr)
		} else {
			stop(cause)
		}
	})()
	return u.session.WaitAnswer(inner, sipgo.AnswerOptions{OnResponse: onResponse})
}

// explain makes WaitAnswer's error one that says what happened, and ends a
// dialog that the 200 made while our CANCEL was on its way.
func (u *uac) explain(ctx context.Context, err error, waiting context.Context) error {
	if response := u.session.InviteResponse; response != nil && response.IsSuccess() {
		goodbye, stop := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
		defer stop()
		if ackErr := u.session.Ack(goodbye); ackErr == nil {
			_ = u.session.Bye(goodbye)
		}
		return errCancelled
	}
	var refused *sipgo.ErrDialogResponse
	switch {
	case errors.As(err, &refused):
		cause, text := readReason(refused.Res.GetHeader("Reason"))
		return &RefusedError{Status: refused.Res.StatusCode, Phrase: refused.Res.Reason, Cause: cause, CauseText: text}
	case errors.Is(context.Cause(waiting), errNoReply):
		return errNoReply
	case ctx.Err() != nil:
		return errCancelled
	}
	return err
}

// bye ends the dialog from our side.
func (u *uac) bye(ctx context.Context) error {
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), goodbyeTime)
	defer stop()
	return u.session.Bye(ctx)
}

func (u *uac) close() { _ = u.agent.Close() }

// ours reports whether a request belongs to our one dialog.
func (u *uac) ours(request *sip.Request) bool {
	id := u.callID.Load()
	return id != nil && request.CallID() != nil && request.CallID().Value() == *id
}

func (u *uac) onBye(request *sip.Request, tx sip.ServerTransaction) {
	if !u.ours(request) {
		_ = tx.Respond(sip.NewResponseFromRequest(request, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil))
		return
	}
	_ = tx.Respond(sip.NewResponseFromRequest(request, sip.StatusOK, "OK", nil))
	u.farBye(readReason(request.GetHeader("Reason")))
}

// onReinvite answers a change of the session (hold, a new address).
func (u *uac) onReinvite(request *sip.Request, tx sip.ServerTransaction) {
	if !u.ours(request) {
		_ = tx.Respond(sip.NewResponseFromRequest(request, sip.StatusCallTransactionDoesNotExists, "Call/Transaction Does Not Exist", nil))
		return
	}
	answer, err := u.farOffer(request.Body())
	if errors.Is(err, errPending) {
		_ = tx.Respond(sip.NewResponseFromRequest(request, sip.StatusRequestPending, "Request Pending", nil))
		return
	}
	if err != nil {
		_ = tx.Respond(sip.NewResponseFromRequest(request, sip.StatusNotAcceptableHere, "Not Acceptable Here", nil))
		return
	}
	response := sip.NewResponseFromRequest(request, sip.StatusOK, "OK", answer)
	response.AppendHeader(sip.NewHeader("Content-Type", "application/sdp"))
	response.AppendHeader(sip.HeaderClone(&u.dialogs.ContactHDR))
	_ = tx.Respond(response)
}

// RefusedError is a final status that isn't 200.
type RefusedError struct {
	Status    int
	Phrase    string
	Cause     int // Q.850, 0 if none was given
	CauseText string
}

// Error says the status.
func (e *RefusedError) Error() string { return fmt.Sprintf("refused: %d %s", e.Status, e.Phrase) }

var errCancelled = errors.New("cancelled before the answer")

var causePattern = regexp.MustCompile(`(?i)^\s*Q\.850\s*;.*?cause\s*=\s*(\d{1,3})(?:\s*;\s*text\s*=\s*"([^"]*)")?`)

// readReason takes the Q.850 cause of a Reason header (RFC 3326).
func readReason(header sip.Header) (cause int, text string) {
	if header == nil {
		return 0, ""
	}
	found := causePattern.FindStringSubmatch(header.Value())
	if found == nil {
		return 0, ""
	}
	cause, _ = strconv.Atoi(found[1])
	return cause, found[2]
}
