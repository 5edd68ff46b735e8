package ivr

import "time"

// Urgent is what a clinical escalation asks of a wait in one of its lines (DOMAIN.md §5):
// the caller goes before all who aren't urgent, and others are called meanwhile.
type Urgent struct {
	// Line counts the lines of the escalation, from 0; Target, from the first one's
	// beginning, is when somebody should have the caller. An alarm is raised where
	// nobody has.
	Line   int
	Target time.Duration
	// Within is how long the line has before OnCall is called, or the next line is gone
	// to; 0: as long as it lets callers wait. Nobody there who may take the caller: no
	// time at all.
	Within time.Duration
	// Further: another line follows.
	Further bool
	// OnCall are lists of those who are on call, in the order in which they are called.
	// The caller keeps the place in line meanwhile.
	OnCall []string
	// Ask is what those hear, over and over, until they press a key.
	Ask []Prompt
}

// TransferRequest hands the caller to a number outside.
type TransferRequest struct {
	// Number is a name, or a number as it is dialed.
	Number string
	How    TransferWay
	// Ring is how long it may ring.
	Ring time.Duration
	// Announce is what the caller hears first; then Music, or the site's.
	Announce []Prompt
	Music    string
	// Ask is what whoever answers hears in a warm transfer, over and over, until they
	// press a key.
	Ask []Prompt
	// After: the flow goes on when whoever took the caller hangs up first.
	After bool
}

// TransferWay is how a caller is handed over.
type TransferWay string

const (
	// TransferBlind asks the carrier to take the caller there (REFER, RFC 3515), where
	// it does; else it is as bridged.
	TransferBlind TransferWay = "blind"
	// TransferBridged keeps the call here: the two hear each other through us.
	TransferBridged TransferWay = "bridged"
	// TransferWarm is bridged once whoever answers has pressed a key to take the caller.
	TransferWarm TransferWay = "warm"
)

// TransferOutcome is what came of a transfer.
type TransferOutcome string

const (
	TransferBusy     TransferOutcome = "busy"
	TransferNoAnswer TransferOutcome = "no_answer"
	// TransferDeclined: whoever was called said no, by a key or by hanging up. (Where no
	// key is pressed, a machine may have answered: that is no answer.)
	TransferDeclined TransferOutcome = "declined"
	// TransferFailed: it can't be reached, or may not be called.
	TransferFailed TransferOutcome = "failed"
	// TransferOver: whoever took the caller has hung up.
	TransferOver TransferOutcome = "after"
)

// KeyTakes is the key by which somebody outside takes a caller, KeyDeclines the one by
// which they say no.
const (
	KeyTakes    = '1'
	KeyDeclines = '2'
)

// Bounds of what an escalation and a transfer ask for.
const (
	// DefaultTarget is URAC's mean for a live answer (DOMAIN.md §2).
	DefaultTarget = 30 * time.Second
	MinTarget     = 5 * time.Second
	MaxTarget     = 10 * time.Minute
	// MinFor and MaxFor bound how long a further line has.
	MinFor = 5 * time.Second
	MaxFor = time.Hour
	// MaxFurther bounds the lines and lists of an escalation after its first.
	MaxFurther = 8
	// DefaultTransferRing is about five rings in North America.
	DefaultTransferRing = 25 * time.Second
	MinTransferRing     = 5 * time.Second
	MaxTransferRing     = 3 * time.Minute
)
