// Package trace keeps the signalling of calls, for whoever has to find out why
// one went wrong: as a ladder diagram with everything masked that is protected,
// and as a capture for Wireshark.
//
// What lives here: the recorder with its bounds, masking, the drawings, the pcap
// writer, and the rule that nobody sees a number without an entry in the audit.
// What must not: sockets, SIP's state machines, and a way around that rule.
//
//	recorder := trace.New(trace.Options{Keep: kept.SaveTrace})
//	recorder.Packet(trace.Packet{…})                 // whoever reads and writes sockets
//	shown, found := recorder.Trace(call)             // masked; trace.Ladder(w, shown) draws it
//	frames, err := recorder.Reveal(ctx, audit, trace.Warrant{Call: call, Actor: who, Reason: why})
//
// Keys that a caller pressed, keys of SRTP, passwords and credentials are shown to
// nobody: they are masked in captures too.
package trace
