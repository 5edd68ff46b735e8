// Package ivr is the flow language: what an admin writes in YAML about a call
// before a person takes it. It reads the flows, proves things about them, and
// runs them.
//
// What lives here: the parser, the static checker, the running state machine,
// and how numbers and dates are put together of recorded pieces in English and
// Spanish. What must not: media, signalling, queues' rules, member data. A run
// talks to its call through [Line] and is stepped by whoever owns the call, in
// that one goroutine: no lock, no clock, no goroutine of its own.
//
//	set, err := ivr.Load(os.DirFS("config/demo"), "flows", environment) // a problem.List tells all that is wrong
//	run := ivr.NewRun(set, "member-services", line, ivr.Options{})
//	run.Start() // then run.Digit, run.Played, run.TimerFired, run.Verified, … as they happen
//
// docs/flows.md is the language's reference; its examples are loaded by a test.
package ivr
