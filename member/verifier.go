package member

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"

	"go.uber.org/zap"

	"careline/phi"
)

// Defaults of Options (DOMAIN.md §4).
const (
	DefaultLockout         = 5
	DefaultWithheldLockout = 50
	DefaultWindow          = 24 * time.Hour
	DefaultMinimumTime     = 400 * time.Millisecond
	DefaultValidity        = 4 * time.Hour
	// DefaultProviderLockout is higher than a member's: an office calls often, and its
	// identifier is public.
	DefaultProviderLockout = 20
	// DefaultMajority in years; some states have another.
	DefaultMajority = 18
	// MaxWindow bounds Window: older failures are not kept (ledger.FailureKept).
	MaxWindow = 30 * 24 * time.Hour
	// lookupTime bounds finding and counting; a directory or a disk that hangs is
	// an error then, before the flow stops waiting (ivr.VerifyGuard).
	lookupTime = 10 * time.Second
	// writeTime bounds the writes that go on after the caller hung up.
	writeTime = 5 * time.Second
	// minimumKey is the shortest Key in bytes.
	minimumKey = 32
)

// Store keeps failures across restarts. A subject is a token.
type Store interface {
	CountFailures(ctx context.Context, subject string, since time.Time) (int, error)
	RecordFailure(ctx context.Context, subject string, at time.Time) error
}

// Audit takes each attempt down (45 CFR 164.312(b)). Where it fails, there is
// no verification.
type Audit interface {
	// as is the role that was claimed and, of who was verified, by what right.
	RecordVerification(ctx context.Context, call, actor, subject, as, outcome string) error
}

// Options of a Verifier. Zero values mean the defaults.
type Options struct {
	Directory Directory
	// Providers finds offices; nil: no provider can be verified.
	Providers Providers
	Store     Store
	Audit     Audit
	// Key for tokens, at least 32 bytes; the same across restarts.
	Key []byte
	// Lockout is how many failures within Window, of one claimed member or of
	// one caller's number, lock that one out.
	Lockout int
	// WithheldLockout is the same for all callers who withhold their number
	// together: they can't be told apart.
	WithheldLockout int
	// ProviderLockout is the same for one claimed provider.
	ProviderLockout int
	Window          time.Duration
	// Scopes are what representatives may be told, by the words of their scopes; nil:
	// DefaultScopes. ProviderMay is what providers may; nil: DefaultProviderMay.
	Scopes      map[string][]string
	ProviderMay []string
	// Majority is the age in years at which a parent's authority ends.
	Majority int
	// Zone in which a day ends; nil: UTC.
	Zone *time.Location
	// MinimumTime: an answer comes after this time or a multiple of it, whatever
	// was found.
	MinimumTime time.Duration
	// Validity of a Verification.
	Validity time.Duration
	Now      func() time.Time
	Log      *zap.Logger
}

// Verifier checks claims. Its method may be called from any goroutine.
type Verifier struct {
	directory       Directory
	store           Store
	audit           Audit
	memberKey       []byte
	numberKey       []byte
	sealKey         []byte
	lockout         int
	withheldLockout int
	providerLockout int
	providers       Providers
	providerKey     []byte
	rights          rights
	window          time.Duration
	minimumTime     time.Duration
	validity        time.Duration
	now             func() time.Time
	log             *zap.Logger
	subjects        *subjectLocks
	// decoy stands in for a member who is not there, so that the same work is done.
	decoy *Entry
}

// actor in the audit.
const actor = "system:verifier"

// NewVerifier checks the options. It starts nothing.
func NewVerifier(options Options) (*Verifier, error) {
	switch {
	case options.Directory == nil || options.Store == nil || options.Audit == nil:
		return nil, errors.New("member: a verifier needs a directory, a store and an audit")
	case len(options.Key) < minimumKey:
		return nil, fmt.Errorf("member: the key for tokens has %d bytes; at least %d are needed", len(options.Key), minimumKey)
	case options.Lockout < 0 || options.WithheldLockout < 0 || options.ProviderLockout < 0 || options.Majority < 0 || options.Window < 0 || options.MinimumTime < 0 || options.Validity < 0:
		return nil, errors.New("member: a limit or a time of the verification is negative")
	case options.Window > MaxWindow:
		return nil, fmt.Errorf("member: the window for failed verifications is %v; at most %v are kept: lower verification.window", options.Window, MaxWindow)
	}
	v := &Verifier{
		directory: options.Directory, store: options.Store, audit: options.Audit,
		memberKey: derive(options.Key, "member"), numberKey: derive(options.Key, "caller's number"),
		sealKey:         randomKey(),
		lockout:         orDefault(options.Lockout, DefaultLockout),
		withheldLockout: orDefault(options.WithheldLockout, DefaultWithheldLockout),
		providerLockout: orDefault(options.ProviderLockout, DefaultProviderLockout),
		providers:       options.Providers, providerKey: derive(options.Key, "provider"),
		rights:      rightsOf(options),
		window:      orDefault(options.Window, DefaultWindow),
		minimumTime: orDefault(options.MinimumTime, DefaultMinimumTime),
		validity:    orDefault(options.Validity, DefaultValidity),
		now:         options.Now, log: options.Log,
		subjects: newSubjectLocks(),
		decoy:    &Entry{id: phi.NewString("--------"), dateOfBirth: phi.NewString("--------")},
	}
	if v.now == nil {
		v.now = time.Now
	}
	if v.log == nil {
		v.log = zap.NewNop()
	}
	return v, nil
}

func orDefault[T int | time.Duration](value, standard T) T {
	if value == 0 {
		return standard
	}
	return value
}

// derive gives each use its own key, so that a member's number and the same
// digits as a telephone number have different tokens.
func derive(key []byte, use string) []byte {
	mac := hmac.New(sha256.New, key)
	io.WriteString(mac, "careline "+use)
	return mac.Sum(nil)
}

// Verify checks a claim and takes it down in the audit. It answers after
// MinimumTime or a multiple of it. An error means that it could not be checked
// or not be taken down; the caller is then not verified.
func (v *Verifier) Verify(ctx context.Context, claim Claim) (Result, error) {
	if claim.Call == "" {
		return Result{}, errors.New("member: a claim names its call")
	}
	started := v.now()
	bounded, cancel := context.WithTimeout(ctx, lookupTime)
	defer cancel()
	result, err := v.check(bounded, claim)
	if err != nil {
		result = Result{}
		v.log.Error("verification failed", zap.String("call", claim.Call), zap.Int("attempt", claim.Attempt), zap.Error(err))
	} else {
		v.log.Info("caller verification", zap.String("call", claim.Call), zap.Int("attempt", claim.Attempt), zap.String("outcome", string(result.Outcome)))
	}
	if waitErr := v.wait(ctx, started); waitErr != nil {
		return Result{}, waitErr
	}
	return result, err
}

// wait rounds the time taken up to a multiple of MinimumTime: where the disk
// is slow, the remainder must not tell either.
func (v *Verifier) wait(ctx context.Context, started time.Time) error {
	taken := max(0, v.now().Sub(started))
	timer := time.NewTimer(v.minimumTime - taken%v.minimumTime)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("member: verification given up: %w", ctx.Err())
	}
}

// subject is what failures are counted against.
type subject struct {
	name  string
	limit int
}

// subjectsOf are those that a claim's failure counts against: who is claimed, the
// provider that is claimed, and the number that it comes from.
func (v *Verifier) subjectsOf(claim Claim, tokens []string) []subject {
	var subjects []subject
	for _, token := range tokens {
		subjects = append(subjects, subject{"member:" + token, v.lockout})
	}
	if claim.Role == Provider && !claim.NPI.IsEmpty() {
		subjects = append(subjects, subject{"provider:" + claim.NPI.Token(v.providerKey), v.providerLockout})
	}
	if claim.ANI.IsEmpty() {
		return append(subjects, subject{"number:withheld", v.withheldLockout})
	}
	return append(subjects, subject{"number:" + claim.ANI.Token(v.numberKey), v.lockout})
}

// check does the same work for every claim: find, count, compare, write.
func (v *Verifier) check(ctx context.Context, claim Claim) (Result, error) {
	claimed, err := v.find(ctx, claim)
	if err != nil {
		return Result{}, err
	}
	subjects := v.subjectsOf(claim, claimed.tokens)
	// Between counting and recording nobody else may try the same subject, or
	// several calls at once would have more tries than one.
	release, err := v.subjects.acquire(ctx, subjects)
	if err != nil {
		return Result{}, err
	}
	defer release()
	entry, token, authority, right := v.judge(claim, claimed)
	locked, last, err := v.count(ctx, subjects)
	if err != nil {
		return Result{}, err
	}
	outcome := outcomeOf(locked, right, last)
	if outcome != Verified {
		authority = Authority{Role: claim.role()}
	}
	// What was found out is written down even if the caller has hung up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	if !locked && !right {
		if err := v.recordFailure(ctx, subjects); err != nil {
			return Result{}, err
		}
	}
	if err := v.audit.RecordVerification(ctx, claim.Call, actor, token, authority.String(), string(outcome)); err != nil {
		return Result{}, fmt.Errorf("member: the verification could not be audited: %w", err)
	}
	if outcome != Verified {
		return Result{Outcome: outcome}, nil
	}
	return Result{Outcome: Verified, Verification: v.verification(claim.Call, token, entry, authority)}, nil
}

// outcomeOf: the failure that reaches the limit locks out at once, so that the
// caller isn't asked again in vain.
func outcomeOf(locked, right, last bool) Outcome {
	switch {
	case locked:
		return LockedOut
	case right:
		return Verified
	case last:
		return LockedOut
	}
	return NotVerified
}

// count says whether a subject is locked out, and whether one more failure
// would lock it out.
func (v *Verifier) count(ctx context.Context, subjects []subject) (locked, last bool, err error) {
	since := v.now().Add(-v.window)
	for _, s := range subjects {
		failures, err := v.store.CountFailures(ctx, s.name, since)
		if err != nil {
			return false, false, fmt.Errorf("member: counting earlier failures: %w", err)
		}
		locked = locked || failures >= s.limit
		last = last || failures+1 >= s.limit
	}
	return locked, last, nil
}

func (v *Verifier) recordFailure(ctx context.Context, subjects []subject) error {
	at := v.now()
	for _, s := range subjects {
		if err := v.store.RecordFailure(ctx, s.name, at); err != nil {
			return fmt.Errorf("member: recording the failure: %w", err)
		}
	}
	return nil
}

// verification stands as long as they all do, and not longer than the authority.
func (v *Verifier) verification(call, token string, entry *Entry, authority Authority) *Verification {
	expires := v.now().Add(v.validity)
	if !authority.Until.IsZero() && authority.Until.Before(expires) {
		expires = authority.Until
	}
	made := &Verification{call: call, token: token, expires: expires, entry: entry, authority: authority, verifier: v}
	copy(made.seal[:], v.sealOf(made))
	return made
}

// sealOf binds call, member, expiry and authority together under a key that never leaves
// this verifier.
func (v *Verifier) sealOf(verification *Verification) []byte {
	mac := hmac.New(sha256.New, v.sealKey)
	expires := binary.BigEndian.AppendUint64(nil, uint64(verification.expires.UnixNano()))
	for _, part := range [][]byte{[]byte(verification.call), []byte(verification.token), expires, []byte(verification.entry.id.Token(v.sealKey)), verification.authority.sealed()} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write(part)
	}
	return mac.Sum(nil)
}
