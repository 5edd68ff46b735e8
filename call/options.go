package call

import (
	"context"
	"errors"
	"io"
	"net/netip"
	"time"

	"go.uber.org/zap"

	"careline/acd"
	"careline/ivr"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/lookup"
	"careline/media"
	"careline/member"
	"careline/phi"
	"careline/sip"
	"careline/sip/passport"
)

// Dialog is the caller's SIP dialog; *sip.Dialog is one.
type Dialog interface {
	ID() string
	Name(call string)
	Dialed() string
	Caller() sip.Number
	Forwards() sip.Forwards
	Remote() netip.AddrPort
	Check() error
	Signature() (passport.Call, bool)
	Agreement() (sip.Agreement, bool)
	Notify(func(sip.Event))
	// Phone is the desk phone whose password the INVITE was signed with, "" for none.
	Phone() string
	Ringing() error
	Progress(local media.Description) error
	Answer(local media.Description) error
	Refuse(status int, reason string, retryAfter time.Duration) error
	HangUp(q850 int, text string) error
	Reoffered
	Referrer
}

// Reoffered is a dialog whose far side may ask for a changed session.
type Reoffered interface {
	AnswerReoffer(local media.Description) error
	RefuseReoffer(status int) error
}

// Referrer is a dialog whose far side may ask for a transfer (RFC 3515).
type Referrer interface {
	AcceptRefer() error
	RefuseRefer(status int) error
	ReferProgress(status int) error
	// Is reports whether an event speaks of this very dialog.
	Is(*sip.Dialog) bool
}

// Leg is one side's sound; *media.Leg is one.
type Leg interface {
	Local() media.Description
	Agree(remote media.Description, format media.Format) error
	AnswerWebRTC(answer string) error
	Renegotiate(ctx context.Context, offer string) error
	Play(media.Playback)
	StopPlaying()
	SendDigit(digit media.Digit, duration time.Duration)
	Mute(on bool)
	Shield(on bool)
	Stats() media.LegStats
	TakeQuality() media.QualitySum
	Close()
}

// Sound makes legs and joins them; NewSound makes one of a media.Engine.
type Sound interface {
	OpenRTP(media.LegOptions) (Leg, error)
	OpenWebRTC(ctx context.Context, options media.LegOptions, offer string) (Leg, string, error)
	OfferWebRTC(ctx context.Context, options media.LegOptions) (Leg, string, error)
	Join(a, b Leg)
	Part(a, b Leg)
	NewConference() Conference
	// TapSpeech takes what a leg's far side says.
	TapSpeech(leg Leg) (SpeechTap, error)
	Tap(leg Leg) (Tap, error)
}

// Conference is more than two who hear each other, each by its role;
// *media.Conference is one.
type Conference interface {
	Add(leg Leg, role media.Role, to Leg) error
	Remove(leg Leg)
	Close()
}

// Tap is a leg's sound, both ways, for a recording; *media.Tap is one.
type Tap interface {
	// RecordOpus writes it until the tap or the leg ends, or the context.
	RecordOpus(ctx context.Context, w io.Writer) (media.Recorded, error)
	Pause()
	Resume()
	Close()
}

// Recordings keeps calls sealed; a *recording.Store is one, by way of NewRecordings.
type Recordings interface {
	// Begin puts a recording on record, before its first sound is written.
	Begin(ctx context.Context, r ledger.Recording) (Recording, error)
}

// Recording is one that is written; *recording.Writer is one.
type Recording interface {
	io.Writer
	ID() string
	Close(ctx context.Context, result recording.Result) error
}

// Verifier establishes who is calling; *member.Verifier is one.
type Verifier interface {
	Verify(ctx context.Context, claim member.Claim) (member.Result, error)
}

// Attester judges who vouches for a calling number (STIR/SHAKEN); a
// *passport.Verifier is one.
type Attester interface {
	Verify(ctx context.Context, call passport.Call) passport.Result
}

// LookUps asks services outside; *lookup.Client is one.
type LookUps interface {
	LookUp(ctx context.Context, definition *lookup.Definition, ask lookup.Ask) (map[string]phi.String, error)
}

// Records is what is kept; *ledger.Ledger is one.
type Records interface {
	phi.Auditor
	SaveCall(ctx context.Context, record ledger.CallRecord) error
	UnfinishedCalls(ctx context.Context, limit int) ([]ledger.CallRecord, error)
	AddCallback(ctx context.Context, callback ledger.Callback) error
	ChangeCallback(ctx context.Context, id string, entry ledger.AuditEntry, change func(*ledger.Callback)) (ledger.Callback, error)
	OpenCallbacks(ctx context.Context, limit int) ([]ledger.Callback, error)
	AppendJournal(ctx context.Context, entries []ledger.JournalEntry) error
	Append(ctx context.Context, entry ledger.AuditEntry) (ledger.AuditEntry, error)
}

// AgentCodecs are what an agent's legs may speak, in the order of preference; empty:
// what all legs do (media.Options.Codecs).
type AgentCodecs struct{ Browser, Phone []media.Codec }

func (c AgentCodecs) of(browser bool) []media.Codec {
	if browser {
		return c.Browser
	}
	return c.Phone
}

// Content is what the admin wrote, as one immutable value with a version. A
// call keeps the one it began with (contract 7).
type Content struct {
	Version string
	// Lines by dialed number, the user part of the Request-URI.
	Lines map[string]Line
	Flows *ivr.Set
	// LookUps that the flows may make, by name.
	LookUps map[string]*lookup.Definition
	// Boxes that messages are left in, by name.
	Boxes map[string]Box
	// Prompts by language and name; Music by name.
	Prompts map[ivr.Prompt]*media.Clip
	Music   map[string]*media.Clip
	// DefaultMusic is played on hold where no queue named another.
	DefaultMusic string
	Rules        acd.Rules
	// Callbacks are the queues whose callers may be called back, by name; CallingHours
	// are when.
	Callbacks    map[string]Callback
	CallingHours CallingHours
	// Outside is whom flows may call.
	Outside Outside
	// Phones are the user names of agents' desk phones, for those who have one.
	Phones map[acd.AgentID]string
	// Codecs are what agents' legs may speak; for an agent who isn't here, what all
	// legs do.
	Codecs map[acd.AgentID]AgentCodecs
	// Extensions are what a phone dials for an agent, for those who have one.
	Extensions   map[acd.AgentID]string
	AwayReasons  []string
	Dispositions []string
	// ShowSupervision are the modes of supervision that the agent's page tells of.
	ShowSupervision []Mode
}

// Callback is how a queue's callers are called back, besides what the engine knows: Flow
// is what they hear, from a greeting that tells nothing to the queue.
type Callback struct{ Flow string }

// Line is a dialed number's: its name, and the flow that answers it.
type Line struct {
	Name string
	Flow string
	// Patience is how much longer callers have for their keys than the flow says; 0 is 1.
	Patience float64
	// Record says whether its calls are recorded.
	Record RecordLine
}

// RecordLine is how a line's calls are recorded.
type RecordLine struct {
	// Calls are; Class is their class of retention.
	Calls bool
	Class string
}

// Options make a Center. Zero durations and limits take the defaults below.
type Options struct {
	Content  *Content
	Sound    Sound
	Verifier Verifier
	Records  Records
	// LookUps asks services outside; nil: every look-up fails.
	LookUps LookUps
	// Voices keeps what callers say into flows; nil: nothing is recorded.
	Voices Voices
	// Attester judges signed calls; nil takes all for not signed.
	Attester Attester
	// Recordings keeps the calls of lines that are recorded; nil: none is.
	Recordings Recordings
	// MaxCalls up at once; one more is refused with 503 and Retry-After.
	MaxCalls int
	// RetryAfter is what a refused caller's carrier is told.
	RetryAfter time.Duration
	// Transfers lets agents transfer callers, to numbers that the dial plan allows
	// and to our own lines; TransferRing is how long such a number may ring.
	Transfers    bool
	TransferRing time.Duration
	// Grace is how long a call waits for an agent whose browser vanished; then
	// the caller goes back to the head of the line.
	Grace time.Duration
	Log   *zap.Logger
	// Now is the wall clock, UTC in records.
	Now func() time.Time
	// NewID makes a call's UUIDv7 (contract 9).
	NewID func() string
}

// Defaults of Options.
const (
	DefaultMaxCalls   = 500
	DefaultRetryAfter = 10 * time.Second
	DefaultGrace      = 15 * time.Second
	// DefaultTransferRing is about nine rings in North America.
	DefaultTransferRing = 45 * time.Second
)

func (o *Options) fill() error {
	switch {
	case o.Content == nil, o.Sound == nil, o.Verifier == nil, o.Records == nil, o.NewID == nil:
		return errors.New("call: Content, Sound, Verifier, Records and NewID must be given")
	}
	if o.MaxCalls == 0 {
		o.MaxCalls = DefaultMaxCalls
	}
	if o.RetryAfter == 0 {
		o.RetryAfter = DefaultRetryAfter
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	if o.TransferRing == 0 {
		o.TransferRing = DefaultTransferRing
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return nil
}

// engineSound lets a media.Engine be a Sound.
type engineSound struct{ engine *media.Engine }

// NewSound makes a Sound of a media engine.
func NewSound(engine *media.Engine) Sound { return engineSound{engine} }

func (s engineSound) OpenRTP(options media.LegOptions) (Leg, error) {
	leg, err := s.engine.OpenRTP(options)
	if err != nil {
		return nil, err
	}
	return leg, nil
}

func (s engineSound) OpenWebRTC(ctx context.Context, options media.LegOptions, offer string) (Leg, string, error) {
	leg, answer, err := s.engine.OpenWebRTC(ctx, options, offer)
	if err != nil {
		return nil, "", err
	}
	return leg, answer, nil
}

func (s engineSound) OfferWebRTC(ctx context.Context, options media.LegOptions) (Leg, string, error) {
	leg, offer, err := s.engine.OfferWebRTC(ctx, options)
	if err != nil {
		return nil, "", err
	}
	return leg, offer, nil
}

func (s engineSound) Join(a, b Leg) { media.Join(a.(*media.Leg), b.(*media.Leg)) }
func (s engineSound) Part(a, b Leg) { media.Part(a.(*media.Leg), b.(*media.Leg)) }

func (s engineSound) TapSpeech(leg Leg) (SpeechTap, error) {
	tap, err := leg.(*media.Leg).Tap(media.TapOptions{Speech: true})
	if err != nil {
		return nil, err
	}
	return tap, nil
}

func (s engineSound) Tap(leg Leg) (Tap, error) {
	tap, err := leg.(*media.Leg).Tap(media.TapOptions{})
	if err != nil {
		return nil, err
	}
	return tap, nil
}

// keptRecordings lets a recording.Store be Recordings.
type keptRecordings struct{ store *recording.Store }

// NewRecordings makes Recordings of a store.
func NewRecordings(store *recording.Store) Recordings { return keptRecordings{store} }

func (k keptRecordings) Begin(ctx context.Context, r ledger.Recording) (Recording, error) {
	w, err := k.store.Begin(ctx, r)
	if err != nil {
		return nil, err
	}
	return w, nil
}

func (s engineSound) NewConference() Conference { return engineConference{s.engine.NewConference()} }

// engineConference lets a media.Conference be a Conference.
type engineConference struct{ conference *media.Conference }

func (c engineConference) Add(leg Leg, role media.Role, to Leg) error {
	heardBy, _ := to.(*media.Leg) // nil for nobody
	return c.conference.Add(leg.(*media.Leg), role, heardBy)
}

func (c engineConference) Remove(leg Leg) { c.conference.Remove(leg.(*media.Leg)) }
func (c engineConference) Close()         { c.conference.Close() }
