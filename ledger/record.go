package ledger

import "time"

// CallRecord is the one record that each call leaves. It holds no PHI: the
// member is a token, digits are counted, the caller's number is not kept.
type CallRecord struct {
	// ID is the call's UUIDv7.
	ID string `json:"id"`
	// Line is the dialed line's name; Flow and FlowVersion what the call ran.
	Line        string `json:"line"`
	Flow        string `json:"flow"`
	FlowVersion string `json:"flow_version"`
	// SIPCallID of the caller's leg.
	SIPCallID string `json:"sip_call_id"`
	// TriedBy is the admin who tried a flow by this call; empty for callers.
	TriedBy  string    `json:"tried_by,omitempty"`
	Started  time.Time `json:"started"`
	Answered time.Time `json:"answered,omitzero"`
	Ended    time.Time `json:"ended,omitzero"`
	// EndedBy is caller, agent, system, carrier or target: a disconnect is not an abandon (DOMAIN.md §1).
	EndedBy EndedBy `json:"ended_by"`
	// Why in words for a supervisor; SIPStatus and Q850Cause for an engineer.
	Why       string `json:"why"`
	SIPStatus int    `json:"sip_status,omitempty"`
	Q850Cause int    `json:"q850_cause,omitempty"`
	Language  string `json:"language"`
	Reason    string `json:"reason,omitempty"`
	// Verification is verified, not_verified, locked_out or none.
	Verification string `json:"verification"`
	// VerifiedAs is who a verified caller is to the member, and by what right: "self",
	// "provider: npi_and_tin"; empty for who was not verified.
	VerifiedAs string `json:"verified_as,omitempty"`
	// MemberToken is set only for a verified member.
	MemberToken string `json:"member_token,omitempty"`
	// Signature is what came of the carrier's signature on the calling number
	// (STIR/SHAKEN): "verified A", "refuted", "unverifiable"; empty where the call
	// bore none. SignatureOrigin is the signer's own mark for tracing the call
	// back (RFC 8588 section 5).
	Signature       string `json:"signature,omitempty"`
	SignatureOrigin string `json:"signature_origin,omitempty"`
	// State where the caller said to be, on clinical calls.
	State string `json:"state,omitempty"`
	// Escalation is the call's latest one; nil for a call that wasn't urgent.
	Escalation *Escalation `json:"escalation,omitempty"`
	// Path is the steps entered, in order.
	Path []string `json:"path"`
	// DigitCount is how many keys the caller pressed; which ones is not kept.
	DigitCount int       `json:"digit_count"`
	Segments   []Segment `json:"segments"`
	// Disposition by the agent; empty until wrap-up ends.
	Disposition string `json:"disposition,omitempty"`
	// Said are the recordings of what the caller said into the flow: messages and
	// statements.
	Said []string `json:"said,omitempty"`
	// Recordings of the call, sealed; what is known of them stands elsewhere
	// (Recording). Unrecorded is why a call on a line that is recorded wasn't, or not
	// all of it.
	Recordings []string `json:"recordings,omitempty"`
	Unrecorded string   `json:"unrecorded,omitempty"`
	// Media sums of the caller's leg.
	Media MediaStats `json:"media"`
	// Sound is how each side sounded, in the order in which they left the call; none
	// in records of before it was measured.
	Sound []LegSound `json:"sound,omitempty"`
	// Callback is the callback that this call is an attempt at, AskedCallback the one
	// that was asked for in it.
	Callback      string `json:"callback,omitempty"`
	AskedCallback string `json:"asked_callback,omitempty"`
}

// EndedBy says who ended the call.
type EndedBy string

const (
	ByCaller  EndedBy = "caller"
	ByAgent   EndedBy = "agent"
	BySystem  EndedBy = "system"
	ByCarrier EndedBy = "carrier"
	// ByTarget: whoever the caller was transferred to.
	ByTarget EndedBy = "target"
)

// SegmentKind is a part of a call's life.
type SegmentKind string

const (
	SegmentRing      SegmentKind = "ring"
	SegmentIVR       SegmentKind = "ivr"
	SegmentQueue     SegmentKind = "queue"
	SegmentRingAgent SegmentKind = "ring_agent"
	SegmentTalk      SegmentKind = "talk"
	SegmentHold      SegmentKind = "hold"
	SegmentWrapUp    SegmentKind = "wrap_up"
	// SegmentConsult: the agent calls somebody about the caller, who is still in
	// talk or hold; it lies within those.
	SegmentConsult SegmentKind = "consult"
	// SegmentConference: a third talks with caller and agent; it lies within their
	// talk and hold.
	SegmentConference SegmentKind = "conference"
	// A supervisor, who is the segment's agent, hears the call (listen), speaks to the
	// agent alone (whisper) or to all (barge_in); they lie within the agent's part.
	SegmentListen  SegmentKind = "listen"
	SegmentWhisper SegmentKind = "whisper"
	SegmentBargeIn SegmentKind = "barge_in"
	// SegmentOnCall: somebody on call is called for an urgent caller, who waits; Queue is
	// the list. It lies within queue.
	SegmentOnCall SegmentKind = "on_call"
	// SegmentTransfer: from the agent's wish until somebody has the caller.
	SegmentTransfer SegmentKind = "transfer"
	// SegmentExternal: the caller talks with a number outside.
	SegmentExternal SegmentKind = "external"
	// SegmentSurvey: the agent has hung up, and the caller goes on in the flow.
	SegmentSurvey SegmentKind = "survey"
)

// Within reports a kind that lies within others, and is no part of the timeline.
func (k SegmentKind) Within() bool {
	switch k {
	case SegmentRingAgent, SegmentOnCall, SegmentConsult, SegmentConference, SegmentListen, SegmentWhisper, SegmentBargeIn:
		return true
	}
	return false
}

// Segment is a stretch of one kind. Segments follow each other without a gap
// from Started to Ended, except that ring_agent lies within queue, consult,
// conference, listen, whisper and barge_in lie within what the agent does with the
// caller, and wrap_up follows the agent's part, beside a transfer and what comes
// after it.
type Segment struct {
	Kind  SegmentKind `json:"kind"`
	Start time.Time   `json:"start"`
	End   time.Time   `json:"end,omitzero"`
	// Queue for queue and ring_agent; Agent for ring_agent, talk, hold, wrap_up,
	// consult and transfer.
	Queue string `json:"queue,omitempty"`
	Agent string `json:"agent,omitempty"`
	// Outcome says how it ended: "answered", "no_answer", "declined", "abandoned"…
	Outcome string `json:"outcome,omitempty"`
}

// Escalation is how an urgent caller came to somebody (DOMAIN.md §5).
type Escalation struct {
	// Queue of the first line; Began when she came to it.
	Queue string    `json:"queue"`
	Began time.Time `json:"began"`
	// Target is when somebody should have had her, in nanoseconds, and Waited how long it
	// was; 0 where nobody did.
	Target time.Duration `json:"target"`
	Waited time.Duration `json:"waited,omitempty"`
	// Late: the target was missed.
	Late bool `json:"late,omitempty"`
	// Outcome is who took her: agent or on_call; empty for nobody.
	Outcome string `json:"outcome,omitempty"`
}

// MediaStats are packet counts of the caller's leg.
type MediaStats struct {
	PacketsReceived uint64 `json:"packets_received"`
	PacketsSent     uint64 `json:"packets_sent"`
	PacketsLost     uint64 `json:"packets_lost"`
}

// SoundLeg is whose side of a call a LegSound is about.
type SoundLeg string

const (
	SoundCaller SoundLeg = "caller"
	SoundAgent  SoundLeg = "agent"
	// SoundTarget: whom an agent called about the caller, or transferred the caller to.
	SoundTarget SoundLeg = "target"
)

// LegSound is how one side sounded while it was in the call, as Careline's end of
// its line and the side's own reports (RTCP) tell.
type LegSound struct {
	Leg SoundLeg `json:"leg"`
	// Agent of the agents' legs.
	Agent string `json:"agent,omitempty"`
	Codec string `json:"codec"`
	// RoundTripMS is the network's way there and back, mean and worst, in
	// milliseconds; 0 where the side sends no reports.
	RoundTripMS    int64 `json:"round_trip_ms,omitempty"`
	MaxRoundTripMS int64 `json:"max_round_trip_ms,omitempty"`
	// Received is what came from there, Sent what went there.
	Received SoundWay `json:"received"`
	Sent     SoundWay `json:"sent"`
}

// SoundWay is one direction of a LegSound.
type SoundWay struct {
	// Packets that came, or were sent; Lost ones, of those sent by the far side's reports;
	// Late ones came, and too late to be heard.
	Packets uint64 `json:"packets"`
	Lost    uint64 `json:"lost"`
	Late    uint64 `json:"late,omitempty"`
	// JitterMS is the interarrival jitter, mean and worst, in milliseconds.
	JitterMS    int64 `json:"jitter_ms"`
	MaxJitterMS int64 `json:"max_jitter_ms"`
	// MOS is the mean opinion score as the E-model estimates it (ITU-T G.107), 1 to
	// 4.5; WorstMOS that of the worst seconds; 0 where nothing was measured.
	MOS      float64 `json:"mos,omitempty"`
	WorstMOS float64 `json:"worst_mos,omitempty"`
	// OneWaySeconds is how long nothing of this direction was heard while somebody
	// listened.
	OneWaySeconds float64 `json:"one_way_s,omitempty"`
}

// AuditEntry is one line of the append-only, hash-chained audit (45 CFR 164.312(b)).
// It holds no PHI.
type AuditEntry struct {
	// Sequence, Time, PreviousHash and Hash are filled in by the ledger.
	Sequence     int64     `json:"sequence"`
	Time         time.Time `json:"time"`
	Kind         AuditKind `json:"kind"`
	Call         string    `json:"call,omitempty"`
	Actor        string    `json:"actor"`
	Subject      string    `json:"subject,omitempty"`
	Field        string    `json:"field,omitempty"`
	Purpose      string    `json:"purpose,omitempty"`
	Outcome      string    `json:"outcome,omitempty"`
	PreviousHash string    `json:"previous_hash"`
	Hash         string    `json:"hash"`
}

// AuditKind says what was done.
type AuditKind string

const (
	// AuditVerification: a caller's identity was checked; Field is as whom, Outcome says
	// how it went.
	AuditVerification AuditKind = "verification"
	// AuditAccess: protected data was read.
	AuditAccess AuditKind = "access"
	// AuditSignIn and AuditSignOut of staff; Outcome "ok" or "refused".
	AuditSignIn  AuditKind = "sign_in"
	AuditSignOut AuditKind = "sign_out"
	// AuditBanLifted: somebody let a banned address be heard again.
	AuditBanLifted AuditKind = "ban_lifted"
	// AuditCapture: signalling is shown with its numbers; Purpose says why, Subject
	// is the token of the number that calls are captured of.
	AuditCapture AuditKind = "capture"
	// AuditPublish: flows were published; Field is their version, Purpose whence.
	AuditPublish AuditKind = "publish"
	// AuditSupervision: a supervisor takes part in an agent's call; Field is how
	// (listen, whisper, barge_in), Outcome is begun, ended or refused.
	AuditSupervision AuditKind = "supervision"
	// AuditPlayback: a recording was opened; Subject is the recording, Purpose what for.
	AuditPlayback AuditKind = "playback"
	// AuditMessage: a message was answered; Subject is the message, Field its box,
	// Outcome what came of it.
	AuditMessage AuditKind = "message"
	// AuditRecording: something was done with a recording; Subject is the recording,
	// Field what (disposed, held, released), Purpose why.
	AuditRecording AuditKind = "recording"
	// AuditEscalation: something was done for an urgent caller; Subject is the queue or
	// list, Field who was called, Outcome what came of it.
	AuditEscalation AuditKind = "escalation"
	// AuditDisclosure: protected data is told to somebody outside (45 CFR 164.528);
	// Field is what, Purpose what for, Outcome to whom.
	AuditDisclosure AuditKind = "disclosure"
	// AuditCallback: Subject is the callback's ID; Outcome is asked, with the version of
	// the words that were agreed to in Field, or what became of an attempt or of it all.
	AuditCallback AuditKind = "callback"
)
