package sip

import (
	gosip "github.com/emiago/sipgo/sip"
)

// Authenticator answers the digest challenges that a trunk meets our requests
// with (RFC 8760).
type Authenticator interface {
	// Answer builds the value of Authorization for a request, from the value of
	// WWW-Authenticate or Proxy-Authenticate. An error must not quote secrets.
	Answer(challenge, method, uri string, body []byte) (string, error)
}

// authorization answers a response's challenge; nil without an error where it
// has none. Of several challenges the first that can be answered is, in the far
// side's order of preference (RFC 8760 section 2.4).
func authorization(credentials Authenticator, request *gosip.Request, response *gosip.Response) (gosip.Header, error) {
	asks, answers := "WWW-Authenticate", "Authorization"
	switch response.StatusCode {
	case gosip.StatusUnauthorized:
	case gosip.StatusProxyAuthRequired:
		asks, answers = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return nil, nil
	}
	var refused error
	for _, challenge := range response.GetHeaders(asks) {
		value, err := credentials.Answer(challenge.Value(), string(request.Method), request.Recipient.String(), request.Body())
		if err == nil {
			return gosip.NewHeader(answers, value), nil
		}
		if refused == nil {
			refused = err
		}
	}
	return nil, refused
}
