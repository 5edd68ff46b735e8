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
	RecordVerification(ctx context.Context, call, actor, subject, outcome string) error
}

// Options of a Verifier. Zero values mean the defaults.
type Options struct {
	Directory Directory
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
	Window          time.Duration
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
	case options.Lockout < 0 || options.WithheldLockout < 0 || options.Window < 0 || options.MinimumTime < 0 || options.Validity < 0:
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
		window:          orDefault(options.Window, DefaultWindow),
		minimumTime:     orDefault(options.MinimumTime, DefaultMinimumTime),
		validity:        orDefault(options.Validity, DefaultValidity),
		now:             options.Now, log: options.Log,
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

func (v *Verifier) subjectsOf(claim Claim, token string) []subject {
	number := subject{"number:" + claim.ANI.Token(v.numberKey), v.lockout}
	if claim.ANI.IsEmpty() {
		number = subject{"number:withheld", v.withheldLockout}
	}
	if claim.MemberID.IsEmpty() { // nobody is claimed
		return []subject{number}
	}
	return []subject{{"member:" + token, v.lockout}, number}
}

// check does the same work for every claim: count, find, compare, write.
func (v *Verifier) check(ctx context.Context, claim Claim) (Result, error) {
	token := claim.MemberID.Token(v.memberKey)
	subjects := v.subjectsOf(claim, token)
	// Between counting and recording nobody else may try the same subject, or
	// several calls at once would have more tries than one.
	release, err := v.subjects.acquire(ctx, subjects)
	if err != nil {
		return Result{}, err
	}
	defer release()
	entry, right, err := v.compare(ctx, claim)
	if err != nil {
		return Result{}, err
	}
	locked, last, err := v.count(ctx, subjects)
	if err != nil {
		return Result{}, err
	}
	outcome := outcomeOf(locked, right, last)
	// What was found out is written down even if the caller has hung up.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeTime)
	defer cancel()
	if !locked && !right {
		if err := v.recordFailure(ctx, subjects); err != nil {
			return Result{}, err
		}
	}
	if err := v.audit.RecordVerification(ctx, claim.Call, actor, token, string(outcome)); err != nil {
		return Result{}, fmt.Errorf("member: the verification could not be audited: %w", err)
	}
	if outcome != Verified {
		return Result{Outcome: outcome}, nil
	}
	return Result{Outcome: Verified, Verification: v.verification(claim.Call, token, entry)}, nil
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

// compare finds the claimed member and compares both factors; a member who is
// not there is compared with a decoy, and never right.
func (v *Verifier) compare(ctx context.Context, claim Claim) (*Entry, bool, error) {
	entry, err := v.directory.Find(ctx, claim.MemberID)
	if err != nil {
		return nil, false, fmt.Errorf("member: the directory did not answer: %w", err)
	}
	found := entry != nil
	if !found {
		entry = v.decoy
	}
	sameID := entry.id.Token(v.memberKey) == claim.MemberID.Token(v.memberKey)
	sameDate := entry.dateOfBirth.Equal(claim.DateOfBirth) && !claim.DateOfBirth.IsEmpty()
	return entry, found && sameID && sameDate, nil
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

func (v *Verifier) verification(call, token string, entry *Entry) *Verification {
	made := &Verification{call: call, token: token, expires: v.now().Add(v.validity), entry: entry, verifier: v}
	copy(made.seal[:], v.sealOf(made))
	return made
}

// sealOf binds call, member and expiry together under a key that never leaves
// this verifier.
func (v *Verifier) sealOf(verification *Verification) []byte {
	mac := hmac.New(sha256.New, v.sealKey)
	expires := binary.BigEndian.AppendUint64(nil, uint64(verification.expires.UnixNano()))
	for _, part := range [][]byte{[]byte(verification.call), []byte(verification.token), expires, []byte(verification.entry.id.Token(v.sealKey))} {
		mac.Write(binary.BigEndian.AppendUint32(nil, uint32(len(part))))
		mac.Write(part)
	}
	return mac.Sum(nil)
}
