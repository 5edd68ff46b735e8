package sip

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	sdpType      = "application/sdp"
	maxBodyParts = 8 // of a multipart body that are looked at
)

// errBodyType: the body is of a kind that we don't read (415).
var errBodyType = errors.New("sip: the body is neither application/sdp nor a multipart that holds it")

// sessionBody finds the SDP in a message: alone, or as a part of multipart/mixed
// as gateways send it beside ISUP (RFC 3204). Empty without a body.
func sessionBody(message gosip.Message) ([]byte, error) {
	body := message.Body()
	if len(body) == 0 {
		return nil, nil
	}
	if encoding := headerValue(message, "Content-Encoding", "e"); encoding != "" && encoding != "identity" {
		return nil, errBodyType
	}
	contentType := headerValue(message, "Content-Type", "c")
	if mediaType(contentType) == sdpType {
		return body, nil
	}
	kind, parameters, err := mime.ParseMediaType(contentType)
	if err != nil || kind != "multipart/mixed" || parameters["boundary"] == "" {
		return nil, errBodyType
	}
	parts := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for range maxBodyParts {
		part, err := parts.NextRawPart()
		if err != nil {
			return nil, errBodyType
		}
		if mediaType(part.Header.Get("Content-Type")) != sdpType {
			continue
		}
		found, err := io.ReadAll(io.LimitReader(part, maxSessionBytes+1))
		if err != nil {
			return nil, errBodyType
		}
		return found, nil
	}
	return nil, errBodyType
}

// acceptsSession reports whether whoever sent a request takes SDP in the answer;
// without an Accept it does (RFC 3261 section 20.1).
func acceptsSession(message gosip.Message) bool {
	if len(message.GetHeaders("Accept")) == 0 {
		return true
	}
	for _, value := range headerValues(message, "Accept") {
		kind, _, _ := strings.Cut(value, ";")
		switch strings.ToLower(strings.TrimSpace(kind)) {
		case sdpType, "application/*", "*/*":
			return true
		}
	}
	return false
}

// headerValue is the first value of a header under its long or compact name.
func headerValue(message gosip.Message, names ...string) string {
	for _, name := range names {
		if headers := message.GetHeaders(name); len(headers) > 0 {
			return headers[0].Value()
		}
	}
	return ""
}

// headerValues are all values of a header that may be a list, under its long
// and its compact name (RFC 3261 section 7.3.3), at most maxHeaderValues.
func headerValues(message gosip.Message, names ...string) []string {
	var all []string
	for _, name := range names {
		for _, header := range message.GetHeaders(name) {
			if all = append(all, splitValues(header.Value())...); len(all) > maxHeaderValues {
				return all[:maxHeaderValues]
			}
		}
	}
	return all
}

const maxHeaderValues = 32
