// Package call is one call's life from INVITE to wrap-up: the only room where
// signalling, sound, script and queue meet.
//
// What lives here: Center, which takes calls from sip and commands from the
// desk; Session, one goroutine per call that owns the call's state (contract 1
// of DESIGN.md); the router, one goroutine that owns the ACD engine and
// journals each event before it acts (contract 3); and the agents' devices.
// What must not: SIP messages, packets, YAML, SQL, HTTP. Those have rooms of
// their own, and this one knows them by the small interfaces in options.go.
//
//	center, err := call.NewCenter(call.Options{…})
//	server, err := sip.New(…, center)       // Center is a sip.Handler
//	err = center.Run(ctx)                   // until ctx ends and every call has its record
package call
