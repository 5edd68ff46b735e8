// Package rtcp is the reports that two ends of a call send each other about its
// sound (RFC 3550 section 6): how they are written and read, when they are due, and
// what follows from them.
//
//	var session rtcp.Session                           // of one leg
//	if session.Due(now, random) {                      // about every 5 s
//		raw = session.Append(raw[:0], name, now, sent, received)
//	}
//	report, err := rtcp.Read(raw, ourSource)           // what came from anybody
//	session.Heard(&report, now)
//	session.RoundTrip()
//
// Nothing here knows a socket, a key or a clock of its own, allocates, or starts
// anything. What must not live here: what the figures mean for people (media/quality).
package rtcp
