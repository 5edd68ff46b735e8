// Package e2e holds the tests that use Careline as its three judges do: real
// phones (SIPp, baresip) call the built binary, a real browser (headless
// Chromium with a fake microphone) is the agent at the real softphone page, and
// what counts is what each side heard and what is on record.
//
// What lives here: drivers for those programs and the stories. What must not:
// anything that looks inside the server; the tests know its ports, its pages,
// its log, its metrics and its ledger, as an operator does.
//
//	server := start(t)                       // the demo on ports of its own
//	agent := server.signIn("maria")          // Chromium at the softphone
//	caller := server.phone(t, "tone.wav")    // baresip
//	caller.dial("5550100"); caller.press(verified("0")); agent.accept()
package e2e
