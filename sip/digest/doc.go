// Package digest proves who speaks without sending the password: HTTP Digest
// (RFC 7616, and RFC 2617 for what still needs it) as SIP uses it (RFC 3261
// section 22, RFC 8760), in both roles.
//
// What lives here: headers and hashes, and nothing else. What must not: SIP
// messages, who has which password, what a refusal leads to.
//
//	header, err := digest.Answer(challenges, credentials, "INVITE", uri, nil) // we were challenged
//	verifier, err := digest.New(digest.Options{Realm: "careline"})             // we challenge
//	verdict := verifier.Verify(headers, "REGISTER", uri, lookup)               // and judge the answer
//
// A verifier keeps no state for strangers: its nonces carry their own proof, and
// only an answer that was right leaves a trace, so that it can't be played again.
package digest
