package sip

import gosip "github.com/emiago/sipgo/sip"

// maxStatus is the highest SIP status.
const maxStatus = 699

// Statuses that sipgo doesn't name.
const (
	statusUnsupportedScheme = 416 // RFC 3261 section 21.4.14
	statusIntervalTooSmall  = 422 // RFC 4028 section 6
	statusNoEvent           = 489 // RFC 6665 section 8.3.2
)

// statusText is the reason phrase for a status that we send.
func statusText(status int) string {
	if status < gosip.StatusBadRequest {
		return progressText(status)
	}
	if status >= gosip.StatusInternalServerError {
		return failureText(status)
	}
	switch status {
	case gosip.StatusBadRequest:
		return "Bad Request"
	case gosip.StatusUnauthorized:
		return "Unauthorized"
	case gosip.StatusForbidden:
		return "Forbidden"
	case gosip.StatusNotFound:
		return "Not Found"
	case gosip.StatusMethodNotAllowed:
		return "Method Not Allowed"
	case gosip.StatusNotAcceptable:
		return "Not Acceptable"
	case gosip.StatusProxyAuthRequired:
		return "Proxy Authentication Required"
	case gosip.StatusRequestTimeout:
		return "Request Timeout"
	case gosip.StatusGone:
		return "Gone"
	case gosip.StatusUnsupportedMediaType:
		return "Unsupported Media Type"
	case statusUnsupportedScheme:
		return "Unsupported URI Scheme"
	case gosip.StatusBadExtension:
		return "Bad Extension"
	case statusIntervalTooSmall:
		return "Session Interval Too Small"
	case gosip.StatusIntervalToBrief:
		return "Interval Too Brief"
	case gosip.StatusTemporarilyUnavailable:
		return "Temporarily Unavailable"
	case gosip.StatusCallTransactionDoesNotExists:
		return "Call/Transaction Does Not Exist"
	case gosip.StatusLoopDetected:
		return "Loop Detected"
	case gosip.StatusTooManyHops:
		return "Too Many Hops"
	case gosip.StatusAddressIncomplete:
		return "Address Incomplete"
	case gosip.StatusBusyHere:
		return "Busy Here"
	case gosip.StatusRequestTerminated:
		return "Request Terminated"
	case gosip.StatusNotAcceptableHere:
		return "Not Acceptable Here"
	case statusNoEvent:
		return "Bad Event"
	case gosip.StatusRequestPending:
		return "Request Pending"
	}
	return "Refused"
}

// progressText is for statuses below 400.
func progressText(status int) string {
	switch status {
	case gosip.StatusTrying:
		return "Trying"
	case gosip.StatusRinging:
		return "Ringing"
	case gosip.StatusSessionInProgress:
		return "Session Progress"
	case gosip.StatusOK:
		return "OK"
	case gosip.StatusAccepted:
		return "Accepted"
	}
	return "Redirected"
}

// failureText is for statuses from 500 up.
func failureText(status int) string {
	switch status {
	case gosip.StatusInternalServerError:
		return "Server Internal Error"
	case gosip.StatusNotImplemented:
		return "Not Implemented"
	case gosip.StatusBadGateway:
		return "Bad Gateway"
	case gosip.StatusServiceUnavailable:
		return "Service Unavailable"
	case gosip.StatusGatewayTimeout:
		return "Server Time-out"
	case gosip.StatusGlobalDecline:
		return "Decline"
	}
	return "Refused"
}
