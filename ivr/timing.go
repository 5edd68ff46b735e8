package ivr

import "time"

// Time-outs and bounds of a run. They are generous: callers who use a relay, a
// TTY or a screen reader need longer (28 CFR 35.161, 36.303(d)), and a call is
// never dropped for silence (DOMAIN.md §1).
const (
	// DefaultFirstDigit is how long a question waits for the first key after it
	// has been asked.
	DefaultFirstDigit = 10 * time.Second
	// DefaultBetweenDigits is how long an entry waits for its next key.
	DefaultBetweenDigits = 6 * time.Second
	// DefaultRetries is how often a question is asked again.
	DefaultRetries = 2
	// DefaultAttempts is how often a caller may claim who she is in one call.
	DefaultAttempts = 3

	// MinFirstDigit to MaxBetweenDigits bound what a flow may set.
	MinFirstDigit    = 3 * time.Second
	MaxFirstDigit    = 2 * time.Minute
	MinBetweenDigits = 2 * time.Second
	MaxBetweenDigits = time.Minute
	// MaxRetries and MaxAttempts bound what a flow may set.
	MaxRetries  = 5
	MaxAttempts = 5
	// MaxText bounds a variable's text, in letters.
	MaxText = 200
	// MaxDigits bounds one entry.
	MaxDigits = 20
	// MinAnnounceEvery and MaxAnnounceEvery bound announcements to waiting callers.
	MinAnnounceEvery = 15 * time.Second
	MaxAnnounceEvery = 10 * time.Minute

	// TypeAhead is how many keys are kept for questions that are not asked yet;
	// further ones are dropped.
	TypeAhead = 40
	// StepBudget is how many steps a run may enter without waiting for the
	// caller; then it apologises and hangs up.
	StepBudget = 64

	// PlaybackGuard, VerifyGuard and FactGuard are how long a run waits for its
	// line to say that a row has played, a claim is checked, a fact is read. Then
	// it goes on as if it had: played, not verified, not known.
	PlaybackGuard = 10 * time.Minute
	VerifyGuard   = 20 * time.Second
	FactGuard     = 10 * time.Second
	// LookUpGuard is how long a run waits for a look-up, which a service's own time
	// ends before; then it has failed.
	LookUpGuard = 20 * time.Second
	// CallBackGuard is how long a run waits for a callback to be kept; then it has failed.
	CallBackGuard = 10 * time.Second

	// DefaultOfferAfter is how long a caller waits before a callback is offered, within
	// MinOfferAfter and MaxOfferAfter.
	DefaultOfferAfter = 2 * time.Minute
	MinOfferAfter     = 10 * time.Second
	MaxOfferAfter     = time.Hour
)

// The keys of a verification, in digits.
const (
	memberIDDigits      = 8
	dateOfBirthDigits   = 8 // MMDDYYYY
	pinDigits           = 6
	authorizationDigits = 8
	npiDigits           = 10
	tinDigits           = 9
)

// timing of a question.
type timing struct {
	first   time.Duration
	between time.Duration
}
