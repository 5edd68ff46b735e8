package sip

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

const (
	// DefaultSessionExpires is the interval in which a call's session is
	// refreshed, or the call is taken for dead (RFC 4028 section 4).
	DefaultSessionExpires = 30 * time.Minute
	// DefaultMinSessionExpires is the shortest interval taken: the floor of RFC
	// 4028 section 5.
	DefaultMinSessionExpires = 90 * time.Second
	// maxSessionExpires bounds what a far side may ask for.
	maxSessionExpires = 24 * time.Hour
	// expiryMargin is how much before its expiry a session is given up, at most
	// (RFC 4028 section 10).
	expiryMargin = 32 * time.Second
)

var errSessionExpires = errors.New("sip: the Session-Expires or Min-SE can't be read (RFC 4028 sections 4 and 5)")

// refresher is the side of a transaction that is to refresh the session.
type refresher uint8

const (
	refresherOpen refresher = iota // left to the other side
	refresherUAC
	refresherUAS
)

// String gives the parameter's value.
func (r refresher) String() string { return [...]string{"", "uac", "uas"}[r] }

// sessionExpires is what Session-Expires says.
type sessionExpires struct {
	interval  time.Duration
	refresher refresher
}

// header renders a Session-Expires.
func (s sessionExpires) header() gosip.Header {
	value := strconv.Itoa(seconds(s.interval))
	if s.refresher != refresherOpen {
		value += ";refresher=" + s.refresher.String()
	}
	return gosip.NewHeader("Session-Expires", value)
}

func minExpiresHeader(minimum time.Duration) gosip.Header {
	return gosip.NewHeader("Min-SE", strconv.Itoa(seconds(minimum)))
}

// readSessionExpires reads a message's Session-Expires; zero without one.
func readSessionExpires(message gosip.Message) (sessionExpires, error) {
	value := headerValue(message, "Session-Expires", "x")
	if value == "" {
		return sessionExpires{}, nil
	}
	number, rest := cutParameter(value)
	interval, err := parseDelta(number)
	if err != nil {
		return sessionExpires{}, err
	}
	s := sessionExpires{interval: interval}
	switch said, _ := parseParameters(rest).get("refresher"); strings.ToLower(said) {
	case "uac":
		s.refresher = refresherUAC
	case "uas":
		s.refresher = refresherUAS
	}
	return s, nil
}

// readMinExpires reads a message's Min-SE; zero without one.
func readMinExpires(message gosip.Message) (time.Duration, error) {
	value := headerValue(message, "Min-SE")
	if value == "" {
		return 0, nil
	}
	number, _ := cutParameter(value)
	return parseDelta(number)
}

// parseDelta reads delta-seconds of at least 1; what is longer than
// maxSessionExpires counts as that.
func parseDelta(text string) (time.Duration, error) {
	number, err := strconv.ParseUint(strings.TrimSpace(text), 10, 32)
	if err != nil || number == 0 {
		return 0, errSessionExpires
	}
	return min(time.Duration(number)*time.Second, maxSessionExpires), nil
}

// sessionTimer is what both sides agreed on; zero where the session doesn't
// expire.
type sessionTimer struct {
	interval time.Duration
	ours     bool // we refresh
}

// due is how long after the last refresh something is to be done: half of the
// interval until we refresh, or nearly all of it until we give the call up
// because the far side hasn't (RFC 4028 section 10).
func (t sessionTimer) due() time.Duration {
	if t.ours {
		return t.interval / 2
	}
	return t.expiry()
}

// expiry is how long after the last refresh the call is given up, whoever was
// to refresh it.
func (t sessionTimer) expiry() time.Duration {
	return t.interval - min(expiryMargin, t.interval/3)
}

// timerPolicy is what we want of session timers.
type timerPolicy struct {
	interval time.Duration // asked for
	minimum  time.Duration // the shortest that we take
}

// tooSmallError refuses a request whose interval is too small, by a 422 that
// names ours.
type tooSmallError struct{ minimum time.Duration }

// Error says what is wrong.
func (e *tooSmallError) Error() string {
	return fmt.Sprintf("sip: the session interval is shorter than %s", e.minimum)
}

// answer decides, as UAS, on an INVITE, re-INVITE or UPDATE (RFC 4028 section
// 9): what the 2xx says, and the timer that holds from then on. refreshing says
// that we were the ones to refresh so far. A *tooSmallError asks for a 422.
//
// Without "timer" in Supported the far side knows no session timers; a
// Session-Expires is then a proxy's, and we have to refresh. Where nobody asks
// for a timer but the far side has the extension, we ask, so that a call whose
// far side has gone is found out even while both send no sound.
func (p timerPolicy) answer(request *gosip.Request, refreshing bool) (sessionTimer, []gosip.Header, error) {
	asked, err := readSessionExpires(request)
	if err != nil {
		return sessionTimer{}, nil, err
	}
	floor, err := readMinExpires(request)
	if err != nil {
		return sessionTimer{}, nil, err
	}
	floor = max(floor, p.minimum)
	knows := supports(request, tagTimer)
	switch {
	case asked.interval == 0 && !knows:
		return sessionTimer{}, nil, nil
	case asked.interval == 0:
		asked.interval = max(p.interval, floor)
	case asked.interval < p.minimum && knows:
		return sessionTimer{}, nil, &tooSmallError{p.minimum}
	case asked.interval > p.interval: // may be lowered, but not below their own Min-SE
		asked.interval = min(asked.interval, max(p.interval, floor))
	}
	switch {
	case !knows: // RFC 4028 table 2: only we can
		asked.refresher = refresherUAS
	case asked.refresher == refresherOpen && refreshing:
		asked.refresher = refresherUAS
	case asked.refresher == refresherOpen:
		asked.refresher = refresherUAC
	}
	headers := []gosip.Header{asked.header()}
	if asked.refresher == refresherUAC {
		headers = append(headers, gosip.NewHeader("Require", tagTimer))
	}
	return sessionTimer{interval: asked.interval, ours: asked.refresher == refresherUAS}, headers, nil
}

// offer is what we say, as UAC, in an INVITE, re-INVITE or UPDATE (RFC 4028
// sections 7.1 and 7.4); running is the timer in force. Once a 422 has named a
// minimum, atLeast is it.
func (p timerPolicy) offer(running sessionTimer, atLeast time.Duration) []gosip.Header {
	s := sessionExpires{interval: max(p.interval, atLeast)}
	if running.interval > 0 {
		s = sessionExpires{interval: max(running.interval, atLeast), refresher: refresherUAS}
		if running.ours {
			s.refresher = refresherUAC
		}
	}
	headers := []gosip.Header{s.header()}
	if floor := max(p.minimum, atLeast); floor > DefaultMinSessionExpires || atLeast > 0 {
		headers = append(headers, minExpiresHeader(floor))
	}
	return headers
}

// settle takes, as UAC, the timer out of a 2xx (RFC 4028 section 7.2). Without
// a Session-Expires, or with one that can't be read, there is none: no call ends
// for it. One below our minimum counts as that, lest we refresh all the time.
func (p timerPolicy) settle(response *gosip.Response) sessionTimer {
	said, err := readSessionExpires(response)
	if err != nil || said.interval == 0 {
		return sessionTimer{}
	}
	return sessionTimer{interval: max(said.interval, p.minimum), ours: said.refresher != refresherUAS}
}

// retry is the interval to ask for again after a 422 (RFC 4028 section 7.3); 0
// where its Min-SE says nothing that we could meet.
func (p timerPolicy) retry(response *gosip.Response, tried time.Duration) time.Duration {
	floor, err := readMinExpires(response)
	if err != nil || floor <= tried || floor > maxSessionExpires {
		return 0
	}
	return floor
}
