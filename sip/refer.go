package sip

import (
	"errors"
	"net/url"
	"strings"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	maxTag    = 128 // bytes of a tag that we take
	maxCallID = 256 // bytes of a Call-ID that we take
)

var (
	errReferTo    = errors.New("sip: the Refer-To can't be read (RFC 3515 section 2.1)")
	errReplaces   = errors.New("sip: the Replaces can't be read, or there are several (RFC 3891 section 3)")
	errReferredBy = errors.New("sip: the Referred-By can't be read (RFC 3892 section 3)")
)

// referTo is where a REFER sends us (RFC 3515). The target's user is PHI.
type referTo struct {
	// target is the URI without its method and its headers: of those only
	// Replaces is taken, since whoever refers us must not write our requests
	// (RFC 3261 section 19.1.5).
	target gosip.Uri
	// method is what to send there, INVITE unless the URI says otherwise.
	method gosip.RequestMethod
	// replaces names the dialog to take the place of; nil in a blind transfer.
	replaces *replaces
}

// String hides the target.
func (referTo) String() string { return numberMask }

// GoString hides the target.
func (referTo) GoString() string { return numberMask }

// readReferTo reads a REFER's one Refer-To.
func readReferTo(request *gosip.Request) (referTo, error) {
	values := headerValues(request, "Refer-To", "r")
	if len(values) != 1 { // RFC 3515 section 2.4.1: exactly one, else 400
		return referTo{}, errReferTo
	}
	return parseReferTo(values[0])
}

func parseReferTo(text string) (referTo, error) {
	parsed, err := parseAddress(text)
	if err != nil {
		return referTo{}, errReferTo
	}
	r := referTo{target: parsed.uri, method: gosip.INVITE}
	var kept gosip.HeaderParams
	for _, one := range parsed.uri.UriParams {
		if strings.EqualFold(one.K, "method") {
			r.method = gosip.RequestMethod(strings.ToUpper(one.V))
		} else {
			kept = append(kept, one)
		}
	}
	if !isToken(string(r.method), maxTag) {
		return referTo{}, errReferTo
	}
	r.target.UriParams = kept
	for _, one := range strings.Split(parsed.headers, "&") {
		name, value, _ := strings.Cut(one, "=")
		if !strings.EqualFold(name, "Replaces") {
			continue
		}
		if value, err = url.PathUnescape(value); err != nil || r.replaces != nil {
			return referTo{}, errReplaces
		}
		if r.replaces, err = parseReplaces(value); err != nil {
			return referTo{}, err
		}
	}
	return r, nil
}

// value renders a Refer-To of ours.
func (r referTo) value() string {
	target := *r.target.Clone()
	if r.method != "" && r.method != gosip.INVITE {
		target.UriParams.Add("method", string(r.method))
	}
	if r.replaces != nil {
		target.Headers.Add("Replaces", url.QueryEscape(r.replaces.String()))
	}
	return "<" + target.String() + ">"
}

// replaces names a dialog that an INVITE is to take the place of (RFC 3891), in
// the words of whoever receives that INVITE: toTag is its own tag.
type replaces struct {
	call, toTag, fromTag string
	earlyOnly            bool // not to be taken over once answered: 486 then
}

// readReplaces reads an INVITE's Replaces; nil without one. On an error the
// INVITE is refused with 400.
func readReplaces(request *gosip.Request) (*replaces, error) {
	switch values := headerValues(request, "Replaces"); len(values) {
	case 0:
		return nil, nil
	case 1:
		return parseReplaces(values[0])
	}
	return nil, errReplaces
}

func parseReplaces(text string) (*replaces, error) {
	call, rest := cutParameter(text)
	r := replaces{call: strings.TrimSpace(call)}
	if !isCallID(r.call) {
		return nil, errReplaces
	}
	for _, one := range parseParameters(rest) {
		switch one.name {
		case "to-tag":
			if r.toTag != "" || !isToken(one.value, maxTag) {
				return nil, errReplaces
			}
			r.toTag = one.value
		case "from-tag":
			if r.fromTag != "" || !isToken(one.value, maxTag) {
				return nil, errReplaces
			}
			r.fromTag = one.value
		case "early-only":
			r.earlyOnly = true
		}
	}
	if r.toTag == "" || r.fromTag == "" {
		return nil, errReplaces
	}
	return &r, nil
}

// String renders the header's value; there is nothing private in it.
func (r replaces) String() string {
	value := r.call + ";to-tag=" + r.toTag + ";from-tag=" + r.fromTag
	if r.earlyOnly {
		value += ";early-only"
	}
	return value
}

// key is the dialog meant, seen from us.
func (r replaces) key() dialogKey {
	return dialogKey{call: r.call, local: r.toTag, remote: r.fromTag}
}

// replacing names a dialog of ours to its far side's peer: its tags change
// places, since "to" is whoever will receive the INVITE.
func (k dialogKey) replacing() *replaces {
	return &replaces{call: k.call, toTag: k.remote, fromTag: k.local}
}

// isCallID reports whether text can stand as a Call-ID: visible ASCII that
// separates nothing.
func isCallID(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' || strings.IndexByte(`,;"<>`, text[i]) >= 0 {
			return false
		}
	}
	return text != "" && len(text) <= maxCallID
}

// referredBy is who had us call (RFC 3892). It is copied into the INVITE that a
// REFER leads to, unread but for its form. It is PHI.
type referredBy struct {
	who   Number
	value string
}

// String hides who it was.
func (referredBy) String() string { return numberMask }

// GoString hides who it was.
func (referredBy) GoString() string { return numberMask }

// readReferredBy reads a request's Referred-By; the zero value without one.
// Several are an error, answered with 400.
func readReferredBy(request *gosip.Request) (referredBy, error) {
	switch values := headerValues(request, "Referred-By", "b"); len(values) {
	case 0:
		return referredBy{}, nil
	case 1:
		parsed, err := parseAddress(values[0])
		if err != nil || printable(values[0], maxAddressBytes) != values[0] {
			return referredBy{}, errReferredBy
		}
		return referredBy{who: parsed.user(), value: values[0]}, nil
	}
	return referredBy{}, errReferredBy
}
