// Package guard decides who is heard, and how much: rates for each source, and
// bans for those that look for a way in.
//
// What lives here: token buckets, offences and how they are forgotten, bans that
// double, and the flows that have proven who they are; all of it in tables of a
// fixed size, by a clock from outside. What must not: sockets and SIP messages.
//
//	g := guard.New(guard.Options{}, now)
//	verdict := g.Hear(now, guard.Source{Address: address}, size, invite) // each packet; allocates nothing
//	ban, banned := g.Offend(now, source, guard.WrongPassword)
//	g.Lift(address)
package guard
