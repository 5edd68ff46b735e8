package sip

import (
	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/zap"
)

// acknowledges takes a provisional response to our INVITE that may be a reliable
// one (RFC 3262 section 4). It is false for one to be left alone: a response
// that came again, since our PRACK is sent again by itself, or one that overtook
// another, which will come again.
func (d *Dialog) acknowledges(known *early, response *gosip.Response) bool {
	number, err := readRSeq(response)
	if err != nil {
		d.log.Debug("provisional response not taken", zap.Error(err))
		return false
	}
	if number == 0 || known == nil {
		return number == 0
	}
	if known.sequence != 0 && number != known.sequence+1 {
		return false
	}
	known.sequence = number
	return true
}

// prack acknowledges the reliable response taken last, and answers the offer
// that it brought where our INVITE had none (RFC 3262 section 5).
func (d *Dialog) prack(known *early, response *gosip.Response) {
	if known == nil || !requires(response, tagReliable) {
		return
	}
	headers := []gosip.Header{rack{known.sequence, response.CSeq().SeqNo, gosip.INVITE}.header()}
	body := known.answer
	if known.answer = nil; len(body) > 0 {
		headers = append(headers, gosip.NewHeader("Content-Type", sdpType))
	}
	request := known.peer.request(gosip.PRACK, d.server.options.UserAgent)
	for _, header := range headers {
		request.AppendHeader(header)
	}
	request.SetBody(body)
	d.send(&outgoing{request: request, peer: known.peer, done: func(r reply) {
		if !r.success() { // the far side gives the call up, or sends its response again
			d.log.Debug("PRACK not accepted", zap.Int("status", r.status()))
		}
	}})
}
