// Package dialplan says which numbers Careline may dial, by which trunks, and
// under which caller's number. With no rule nothing may be dialed: no mistake
// in another place makes Careline an open relay.
//
// What lives here: a pure decision on text. What must not: SIP, trunks' state,
// names resolved, and any number in an error: a number is PHI.
//
//	plan, err := dialplan.New(dialplan.Options{Country: "1", Allow: rules})
//	route, err := plan.Route("202-555-0142") // ErrNotAllowed, ErrNotANumber
//	route.Number                             // +12025550142, printed as •••
//	route.Trunks                             // in the order in which they are to be tried
package dialplan
