// Package passport says who vouches for a caller's number: STIR/SHAKEN as the
// terminating side does it (RFC 8224, RFC 8225, RFC 8226, RFC 8588).
//
// What lives here: the Identity header, the PASSporT in it, the certificate
// that signed it and the cache of certificates. What must not: SIP messages,
// what a flow does with an attestation, and the callers' numbers beyond the
// comparison: a number is PHI, and no error or log line of this package holds
// one.
//
//	verifier, err := passport.New(passport.Options{Roots: roots, Fetch: passport.FetchHTTPS})
//	result := verifier.Verify(ctx, passport.Call{Identity: headers, Origin: from, Destination: to}) // may fetch: run it beside the call
//	result.Verdict // NotSigned, Verified, Unverifiable or Refuted; result.Attestation is A, B or C where Verified
//
// A verified number is still no proof of who holds the telephone: it is a hint
// for look-up and routing, never a factor of HIPAA verification (45 CFR
// 164.514(h)).
package passport
