// Package simulate is a call without a phone: a line in virtual time that flows
// run on, with a caller who presses keys and hears what a caller would hear.
//
// What lives here: the line, its clock, and what the world around a call answers
// (members, queues). What must not: files, a terminal, real time, members who
// exist. Everything happens in the goroutine that drives the call, and the same
// keys give the same call.
//
//	call := simulate.New(set, "member-services", simulate.World{}, func(e simulate.Event) { … })
//	call.Listen()     // until the flow waits for the caller
//	call.Press("1")   // then Listen again, or Pass(20*time.Second), or Silence
package simulate
