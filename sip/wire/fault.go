package wire

// Fault is what is wrong with a message.
type Fault struct {
	// Status is what the request is answered with; 0 for what is not answered.
	Status int
	// About says what is wrong, for a log; it quotes nothing of the message.
	About string
}

// Error says what is wrong.
func (f *Fault) Error() string { return "wire: " + f.About }

// Unknown reports a message that is well-formed and asks for what nobody here
// knows: a method, a scheme.
func (f *Fault) Unknown() bool {
	return f.Status == statusNotImplemented || f.Status == statusUnsupportedScheme
}

// The statuses of RFC 3261 section 21 that a message can earn by its form.
const (
	statusBadRequest        = 400
	statusUnsupportedScheme = 416
	statusNotImplemented    = 501
	statusVersion           = 505
	statusTooLong           = 513
)

func bad(about string) *Fault { return &Fault{Status: statusBadRequest, About: about} }

// unreadable is for what can't be answered: no request, or nobody to answer.
func unreadable(about string) *Fault { return &Fault{About: about} }

// phrase is the reason phrase of a status, the RFC's own and no other: what
// exactly is wrong would tell a scanner what we are.
func phrase(status int) string {
	switch status {
	case statusUnsupportedScheme:
		return "Unsupported URI Scheme"
	case statusTooLong:
		return "Message Too Large"
	case statusNotImplemented:
		return "Not Implemented"
	case statusVersion:
		return "Version Not Supported"
	}
	return "Bad Request"
}
