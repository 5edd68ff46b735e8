// Package dial is a small, real SIP caller: its own user agent, its own RTP,
// its own ears. It places one call, presses keys as RFC 4733, speaks WAVs,
// keeps what it heard aligned in time, and says what happened. Tests, load and
// `careline dial` use it.
//
// What must not live here: anything of the server. A caller that shares the
// server's signalling would share its mistakes; of ours only the codec and
// digit formats of package media are used.
//
// Three calls to know:
//
//	script, err := dial.ParseScript("listen 5s press 12# hang-up")
//	report, err := dial.Call(ctx, dial.Options{Target: "sip:5550100@127.0.0.1:5070", Script: script})
//	conversation, err := dial.Open(ctx, options) // for a test that steers the call itself
package dial
