package sip

import gosip "github.com/emiago/sipgo/sip"

// Q.850 causes that Careline sends or decides on (ITU-T Q.850 section 2.2.7).
const (
	CauseUnallocated      = 1
	CauseNormal           = 16
	CauseBusy             = 17
	CauseNotResponding    = 18
	CauseNoAnswer         = 19
	CauseRejected         = 21
	CauseOutOfOrder       = 27
	CauseNoCircuit        = 34
	CauseTemporaryFailure = 41
	CauseCongestion       = 42
	CauseIncompatible     = 88
	CauseRecoveryOnTimer  = 102
	CauseInterworking     = 127
	maxCause              = 127
)

// StatusForCause is the SIP status that refuses an INVITE for a Q.850 cause
// (RFC 3398 section 7.2.4.1). A cause that isn't listed there counts as the
// unspecified one of its class (Q.850 section 2.2.5); 0, and 16, which refuses
// nothing, give 480.
func StatusForCause(cause int) int {
	switch cause {
	case 1, 2, 3, 26: // no such number, no route; another phone took the call
		return gosip.StatusNotFound
	case 17:
		return gosip.StatusBusyHere
	case 18:
		return gosip.StatusRequestTimeout
	case 21, 55, 57, 87: // rejected; barred or not authorised; not in the closed user group
		return gosip.StatusForbidden
	case 22, 23: // number changed, without saying to what
		return gosip.StatusGone
	case 25: // exchange routing error: the way back from 482 and 483
		return gosip.StatusTooManyHops
	case 27:
		return gosip.StatusBadGateway
	case 28:
		return gosip.StatusAddressIncomplete
	case 29:
		return gosip.StatusNotImplemented
	case 65, 70: // bearer capability
		return gosip.StatusNotAcceptableHere
	case 88:
		return gosip.StatusServiceUnavailable
	case 102:
		return gosip.StatusGatewayTimeout
	}
	switch cause >> 4 { // Q.850's class
	case 0, 1: // normal event
		return gosip.StatusTemporarilyUnavailable
	case 2, 3: // resource unavailable; service or option not available
		return gosip.StatusServiceUnavailable
	case 4: // service or option not implemented
		return gosip.StatusNotImplemented
	}
	return gosip.StatusInternalServerError // invalid message, protocol error, interworking
}

// CauseForStatus is the Q.850 cause of a call that a SIP status ended (RFC 3398
// section 8.2.6.1), for records and for the other leg where the far side sent
// no Reason of its own. It is 0 for a status below 300.
func CauseForStatus(status int) int {
	switch status {
	case 404, 485, 604: // 485 is ambiguous
		return CauseUnallocated
	case 487: // RFC 3398 has none: the caller's own CANCEL, which is an ordinary end
		return CauseNormal
	case 486, 600:
		return CauseBusy
	case 480:
		return CauseNotResponding
	case 401, 402, 403, 407, 603, 607, 608: // 607 and 608 are RFC 8197's and 8688's
		return CauseRejected
	case 301, 410: // number changed
		return 22
	case 302: // redirection to a new destination
		return 23
	case 482, 483: // exchange routing error
		return 25
	case 484: // invalid number format
		return 28
	case 502: // network out of order
		return 38
	case 400, 481, 500, 503:
		return CauseTemporaryFailure
	case 405: // service or option not available
		return 63
	case 488, 606: // the way back from 65; RFC 3398 would look into Warning
		return 65
	case 406, 415, 501: // service or option not implemented
		return 79
	case 408, 504:
		return CauseRecoveryOnTimer
	}
	if status < 300 {
		return 0
	}
	return CauseInterworking
}
