package sip

import (
	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/digest"
)

// authorization answers a response's challenges (RFC 3261 section 22); nil
// without an error where it has none, or where we have no credentials.
func authorization(credentials digest.Credentials, request *gosip.Request, response *gosip.Response) (gosip.Header, error) {
	asks, answers := "WWW-Authenticate", "Authorization"
	switch response.StatusCode {
	case gosip.StatusUnauthorized:
	case gosip.StatusProxyAuthRequired:
		asks, answers = "Proxy-Authenticate", "Proxy-Authorization"
	default:
		return nil, nil
	}
	if credentials.Username == "" {
		return nil, nil
	}
	var challenges []string
	for _, header := range response.GetHeaders(asks) {
		challenges = append(challenges, header.Value())
	}
	value, err := digest.Answer(challenges, credentials, string(request.Method), request.Recipient.String(), request.Body())
	if err != nil {
		return nil, err
	}
	return gosip.NewHeader(answers, value), nil
}
