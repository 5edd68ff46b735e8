// Package signalling holds the tests that play SIP against real programs: SIPp,
// with a scenario file of testdata/sipp for each thing that a carrier or a phone
// may do, and Kamailio as the proxies in front of us.
//
// What lives here: the drivers of those programs, and a stage: a sip.Server
// within the test, whose calls the test answers, holds and transfers by hand.
// What must not: sound, and anything that the sip package doesn't show at its
// door. A test fails with the messages that SIPp sent and received.
//
//	stage := open(t, nil)
//	far := stage.calledBy("call-in", played{}) // SIPp calls us
//	near := stage.taken()                    // and we answer
//	far.done()                               // the scenario went to its end
package signalling
