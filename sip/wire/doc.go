// Package wire reads SIP messages as they come from the network by the grammar
// of RFC 3261 section 25, before anything else does.
//
// What lives here: the form of one message, what is wrong with it, and the
// response that says so. What must not: transactions, dialogs, what a request
// means, sockets. It is pure.
//
//	end, err := wire.Cut(stream, limit)           // where the first message of a stream ends
//	fit, fault := wire.Read(message, datagram)     // the same message in a plain form, or what is wrong with it
//	refusal, to, ok := wire.Refuse(message, fault, tag, source)
//
// Whoever parses after us wants one form of each thing: a header on one line, a
// Via of its own for each hop, no space but where one must be. Read gives it
// that, so that the many forms that the grammar allows are understood as one.
package wire
