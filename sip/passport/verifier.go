package passport

import (
	"context"
	"crypto/x509"
	"errors"
	"slices"
	"time"
)

// What Options fall back to.
const (
	// DefaultMaxAge is how old a PASSporT may be, and how far ahead its clock
	// (RFC 8224 section 6.2 step 4 recommends 60 seconds).
	DefaultMaxAge    = time.Minute
	DefaultCacheSize = 1024
	// DefaultTimeout is how long a certificate is waited for. The caller hears
	// the flow's first words meanwhile.
	DefaultTimeout = 2 * time.Second
)

// Options make a Verifier. What is left zero takes its default.
type Options struct {
	// Roots are the certificates trusted to sign carriers': in the United States
	// the list of the STI policy administrator.
	Roots *x509.CertPool
	// Fetch gets certificates; FetchHTTPS is the usual one.
	Fetch Fetcher
	// MaxAge of a PASSporT, in the past as in the future.
	MaxAge time.Duration
	// CacheSize is how many certificates are kept.
	CacheSize int
	// Timeout of one fetch.
	Timeout time.Duration
	// Now is the wall clock.
	Now func() time.Time
}

// Verifier verifies the Identity headers of calls. It may be used by any number
// of calls at once, and starts no goroutine.
type Verifier struct {
	options Options
	cache   *cache
}

// New checks the options.
func New(options Options) (*Verifier, error) {
	if options.Roots == nil || options.Fetch == nil {
		return nil, errors.New("passport: Roots and Fetch must be given")
	}
	if options.MaxAge <= 0 {
		options.MaxAge = DefaultMaxAge
	}
	if options.CacheSize <= 0 {
		options.CacheSize = DefaultCacheSize
	}
	if options.Timeout <= 0 {
		options.Timeout = DefaultTimeout
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	return &Verifier{options: options, cache: &cache{
		fetch: options.Fetch, now: options.Now, size: options.CacheSize, timeout: options.Timeout, entries: map[string]*entry{},
	}}, nil
}

// Call is what a verification is about. It holds PHI, prints as ••• and is kept
// no longer.
type Call struct {
	// Identity are the values of the INVITE's Identity headers.
	Identity []string
	// Origin is the calling number: P-Asserted-Identity's where the trunk sent
	// one, else From's (ATIS-1000074 section 5.3.1).
	Origin string
	// Destination are the numbers that the call may have been made to: To's, and
	// the one dialed.
	Destination []string
}

// String hides the numbers.
func (Call) String() string { return "•••" }

// GoString hides the numbers.
func (Call) GoString() string { return "•••" }

// Verify judges a call. It may have to fetch a certificate, so it is run beside
// the call, never on the way of its signalling. Of several Identity headers the
// best verdict counts (RFC 8224 section 4).
func (v *Verifier) Verify(ctx context.Context, call Call) Result {
	result := Result{Verdict: NotSigned}
	for _, value := range call.Identity[:min(len(call.Identity), maxHeaders)] {
		signed, err := parseIdentity(value)
		if err == nil && signed.extension != shaken && signed.extension != "" {
			continue // an extension that is none of ours, such as div or rph
		}
		one := Result{Verdict: Refuted, Err: err}
		if err == nil {
			one = v.judge(ctx, signed, call)
		}
		if one.Verdict == Verified {
			return one
		}
		if result.Verdict != Unverifiable {
			result = one
		}
	}
	return result
}

// judge verifies one Identity header, cheapest checks first, so that a forged
// one costs no fetch.
func (v *Verifier) judge(ctx context.Context, signed identity, call Call) Result {
	read, err := parseToken(signed.token)
	if err == nil && canonical(call.Origin) == "" {
		return Result{Verdict: Unverifiable, Err: ErrWithheld}
	}
	if err == nil {
		err = v.fits(read, signed, call)
	}
	if err != nil {
		return Result{Verdict: Refuted, Err: err}
	}
	if checkLocation(signed.info) != nil {
		return Result{Verdict: Unverifiable, Err: ErrFetch}
	}
	signer, err := v.cache.get(ctx, signed.info)
	switch {
	case err != nil:
		return Result{Verdict: Unverifiable, Err: err}
	case !signer.trusted(v.options.Roots, v.options.Now()):
		return Result{Verdict: Unverifiable, Err: ErrUntrusted}
	case !read.signedBy(signer.key):
		return Result{Verdict: Refuted, Err: ErrSignature}
	case !signer.authority.covers(read.origin):
		return Result{Verdict: Refuted, Err: ErrAuthority}
	}
	return Result{Verdict: Verified, Attestation: read.attestation, Origin: read.identifier}
}

// fits compares the PASSporT with the header that carries it, the clock and the
// call (RFC 8224 section 6.2 steps 3 and 4).
func (v *Verifier) fits(read token, signed identity, call Call) error {
	age := v.options.Now().Sub(read.issued)
	switch {
	case signed.algorithm != "" && signed.algorithm != "ES256":
		return ErrAlgorithm
	case read.location != signed.info:
		return ErrMalformed // RFC 8225 section 4.3: x5u and info are the same
	case age > v.options.MaxAge || age < -v.options.MaxAge:
		return ErrStale
	case !same(read.origin, call.Origin):
		return ErrOtherCaller
	case !slices.ContainsFunc(read.called, func(called string) bool {
		return slices.ContainsFunc(call.Destination, func(number string) bool { return same(called, number) })
	}):
		return ErrOtherCallee
	}
	return nil
}
