package sip

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"go.uber.org/zap"

	"careline/media"
	"careline/sip/dialplan"
	"careline/sip/guard"
	"careline/sip/srtp"
	"careline/sip/trace"
	"careline/sip/trunk"
)

// What the options fall back to, and what bounds a server whatever they say.
const (
	DefaultUserAgent   = "Careline"
	DefaultMaxMessage  = 16 << 10 // bytes of one message, headers and body
	DefaultSetUpRate   = 100      // INVITEs a second from one source
	DefaultMaxDialogs  = 4000
	DefaultSourceCalls = 20 // calls at once of one source that isn't trusted
	DefaultOverloadLag = 100 * time.Millisecond
	DefaultT1          = 500 * time.Millisecond // RFC 3261 section 17.1.1.1
	DefaultT2          = 4 * time.Second        // RFC 3261 section 17.1.2.2

	// SetUpTimeout is how long the handler may leave an INVITE without a final
	// response; then the caller hears 480. Proxies give up after as much
	// (timer C, RFC 3261 section 16.6).
	SetUpTimeout = 3 * time.Minute
	// ReofferTimeout is how long the handler may think about a re-INVITE; then
	// it is refused with 500 and the session stays as it was.
	ReofferTimeout = 10 * time.Second
	// overloadRetry is the Retry-After with which a source that calls too fast,
	// or a call too many, is turned away.
	overloadRetry = 5 * time.Second
	// DefaultEndGrace is how long a server that ends waits for its BYEs' answers.
	DefaultEndGrace = 2 * time.Second
)

// Options make a Server. What is left zero takes its default.
type Options struct {
	// Listen names the addresses; port 0 takes a free one.
	Listen []Listen
	// TLS is what "tls" and "wss" need, and what we show and trust where we
	// connect ourselves.
	TLS TLS
	// Sources are who may talk to us: the trunk's signalling addresses. Anyone
	// else is dropped unread. Empty lets everyone in.
	Sources []netip.Prefix
	// Trusted are the sources whose word about who calls is believed
	// (P-Asserted-Identity, RFC 3325): trunks, not phones. Empty: nobody's.
	Trusted []netip.Prefix
	// Advertise is the address that Contact and Via name, where it isn't the one
	// we listen on (NAT). Without a port, the listener's is used.
	Advertise netip.Addr
	UserAgent string
	// MaxMessage is the longest message read, in bytes.
	MaxMessage int
	// SetUpRate is how many INVITEs a second one source may send; more are
	// answered 503 with Retry-After, and floods are dropped unread.
	SetUpRate int
	// Guard says when sources are banned, for how long, and how much is heard of
	// all together that have not proven who they are. SetUpRate and MaxMessage
	// stand above.
	Guard guard.Options
	// CallsPerSource is how many calls one source may have up that isn't Trusted;
	// one more is answered 503.
	CallsPerSource int
	// OverloadLag: while work waits so long for a processor, new calls are
	// answered 503; those that are up go on.
	OverloadLag time.Duration
	// MaxDialogs is how many dialogs there may be at once; more are answered 503.
	MaxDialogs int
	// T1 and T2 are RFC 3261's estimates of the round trip and of the longest
	// interval of retransmission; an ACK is waited for 64*T1.
	T1, T2 time.Duration
	// SessionExpires is the interval in which a call's session is refreshed, or
	// the call is taken for dead (RFC 4028); MinSessionExpires the shortest one
	// that is taken from a far side, answered with 422 below.
	SessionExpires, MinSessionExpires time.Duration
	// EndGrace is how long a server that ends waits for the answers to its BYEs.
	EndGrace time.Duration
	// TagKey keys the To tags; at least 16 random bytes. Empty: drawn at New.
	TagKey []byte
	// Transfers lets the far side of a call transfer it: by REFER (RFC 3515), and
	// by an INVITE with Replaces (RFC 3891). Without it both hear 403, since each
	// asks us for a call that somebody pays for, or for a place in another's.
	Transfers bool
	// SRTP says whether telephones' sound is encrypted, where their trunk doesn't.
	SRTP srtp.Policy
	// Codecs are what a far side's offer may be answered with, in the order of
	// preference; empty: media.DefaultCodecs. Our own offers say what their leg speaks.
	Codecs []media.Codec
	// Registrar lets phones register; nil refuses REGISTER with 405.
	Registrar *RegistrarOptions
	// Trunks are watched, and Place calls over them; Resolver finds those that
	// have a domain.
	Trunks   []*trunk.Trunk
	Resolver trunk.Resolver
	// Plan says which numbers Place may dial; nil allows none.
	Plan *dialplan.Plan
	// Trace records calls' signalling; nil records nothing. Whoever made it runs it.
	Trace *trace.Recorder
	Log   *zap.Logger
}

const minTagKey = 16

func (o *Options) fill() error {
	if len(o.Listen) == 0 {
		return fmt.Errorf("sip: nothing to listen on; set sip.listen, for example to udp://127.0.0.1:5070")
	}
	for _, listen := range o.Listen {
		if !slices.Contains(Networks(), listen.Network) {
			return fmt.Errorf("sip: can't listen on %q; sip.listen takes an address and port after one of %s", listen.String(), strings.Join(Networks(), "://, ")+"://")
		}
		if listen.Secure() && o.TLS.Certificate == nil {
			return fmt.Errorf("sip: %s needs a certificate; give sip.tls its certificate and key", listen)
		}
		if !listen.Address.IsValid() {
			return fmt.Errorf("sip: %s in sip.listen has no address; give an IP address and a port", listen.Network)
		}
	}
	if len(o.TagKey) > 0 && len(o.TagKey) < minTagKey {
		return fmt.Errorf("sip: the tag key has %d bytes; give at least %d random ones", len(o.TagKey), minTagKey)
	}
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	if o.MaxMessage <= 0 {
		o.MaxMessage = DefaultMaxMessage
	}
	if o.SetUpRate <= 0 {
		o.SetUpRate = DefaultSetUpRate
	}
	if o.CallsPerSource <= 0 {
		o.CallsPerSource = DefaultSourceCalls
	}
	if o.OverloadLag <= 0 {
		o.OverloadLag = DefaultOverloadLag
	}
	if o.MaxDialogs <= 0 {
		o.MaxDialogs = DefaultMaxDialogs
	}
	if o.T1 <= 0 {
		o.T1 = DefaultT1
	}
	if o.T2 < o.T1 {
		o.T2 = max(DefaultT2, o.T1)
	}
	if o.MinSessionExpires <= 0 {
		o.MinSessionExpires = DefaultMinSessionExpires
	}
	if o.SessionExpires <= 0 {
		o.SessionExpires = DefaultSessionExpires
	}
	o.SessionExpires = max(o.SessionExpires, o.MinSessionExpires)
	o.SRTP = o.SRTP.Or(srtp.Optional)
	if o.EndGrace <= 0 {
		o.EndGrace = DefaultEndGrace
	}
	if o.Log == nil {
		o.Log = zap.NewNop()
	}
	if o.Plan == nil {
		o.Plan = &dialplan.Plan{}
	}
	for _, one := range o.Trunks {
		if one.Options().Domain != "" && o.Resolver == nil {
			return fmt.Errorf("sip: trunk %s has a domain, and there is no resolver to find it", one.Options().Name)
		}
	}
	if o.TLS.Certificate != nil {
		o.TLS.Certificate.logTo(o.Log)
	}
	return nil
}

// Stats are counts since the start, and what is up now.
type Stats struct {
	Dialogs      int    // up or ending now
	Placed       uint64 // calls that we began
	Connected    uint64 // of those, answered
	Invites      uint64 // new calls that reached us
	Answered     uint64
	Refused      uint64 // calls that got a final response other than 200
	Resent       uint64 // 200s sent again for want of an ACK
	Unacked      uint64 // calls given up because no ACK came
	Expired      uint64 // calls given up because the session wasn't refreshed
	Strangers    uint64 // packets and connections from outside Sources
	Flooded      uint64 // messages, INVITEs and connections over what their source may send
	Unproven     uint64 // packets over what all sources may send together that have proven nothing
	Offences     uint64 // what scanners do
	Bans         int    // that hold now
	Banned       uint64 // bans so far
	Shut         uint64 // packets and connections of banned sources
	Shed         uint64 // calls refused because the machine had too much to do
	Malformed    uint64 // messages that couldn't be read
	OutOfDialog  uint64 // requests for a dialog that isn't there (481)
	MailboxesHit uint64 // requests refused because a dialog's mailbox was full
	Registered   uint64 // registrations taken, refreshed or ended
	Unauthorized uint64 // registrations with a wrong name or password
	Trace        trace.Stats
}
