// Package location remembers where registered phones can be reached: the
// bindings of RFC 3261 section 10.3, with the Path of RFC 3327 and the flows of
// RFC 5626.
//
// What lives here: bindings and the rules by which they come and go. What must
// not: SIP messages, who may register, clocks. A Table is plain data: it takes
// the time from its caller and is used by one goroutine at a time.
//
//	table := location.New(location.Options{})
//	bindings, err := table.Register(now, registration) // all of it, or nothing and why
//	bindings = table.Lookup(now, "maria-desk")         // the preferred first
package location
