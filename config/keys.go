package config

import (
	"time"

	"careline/acd"
	"careline/call"
	"careline/ivr"
	"careline/media"
	"careline/member"
	"careline/publish"
	"careline/sip"
	"careline/sip/srtp"
	"careline/sip/trace"
)

// siteFile is careline.yaml. Each field carries its description in a help tag:
// docs/configuration.md is made of them, and a test holds the two together. A
// range tag bounds what may be written.
type siteFile struct {
	Site         siteKeys            `yaml:"site" help:"The contact center."`
	SIP          sipKeys             `yaml:"sip" help:"The side that callers come in by."`
	Media        mediaKeys           `yaml:"media" help:"Sound: RTP towards the trunk, WebRTC towards the browsers."`
	Speech       speechKeys          `yaml:"speech" help:"How words are spoken that a flow writes and nobody has recorded (docs/prompts.md)."`
	Desk         deskKeys            `yaml:"desk" help:"The softphone's web server."`
	Operations   operationsKeys      `yaml:"operations" help:"Health and metrics for the people who run the server."`
	Ledger       ledgerKeys          `yaml:"ledger" help:"What is kept."`
	Recordings   recordingsKeys      `yaml:"recordings" help:"What is recorded of calls, sealed (docs/recordings.md)."`
	Log          logKeys             `yaml:"log" help:"The log: one line of JSON per event."`
	Drain        time.Duration       `yaml:"drain" range:"0s..1h" help:"How long a stopping server waits for the calls that are up."`
	Verification verificationKeys    `yaml:"verification" help:"How callers prove who they are."`
	Callers      callersKeys         `yaml:"callers" help:"What no flow may ask of callers; one that does is refused."`
	Publish      publishKeys         `yaml:"publish" help:"How changed flows go live while calls are up."`
	Lines        map[string]lineKeys `yaml:"lines" help:"Dialed numbers, each with the flow that answers it. A number that isn't listed is refused with 404."`
	Dispositions []string            `yaml:"dispositions" help:"What agents may say came of a call."`
	AwayReasons  []string            `yaml:"away_reasons" help:"Why agents may be away."`
	Demo         demoKeys            `yaml:"demo" help:"Only for trying Careline out; refused unless every listener is on loopback."`
}

type siteKeys struct {
	Name string `yaml:"name" help:"What the site is called."`
	Zone zone   `yaml:"zone" help:"The site's time zone, an IANA name. The day on which a license expires is counted in it."`
}

type sipKeys struct {
	Listen       []endpoint    `yaml:"listen" help:"Where SIP is heard, as udp://address:port; tcp, tls, ws and wss likewise."`
	TLS          tlsKeys       `yaml:"tls" help:"The certificate for tls and wss."`
	STIR         stirKeys      `yaml:"stir" help:"Who is believed about calling numbers."`
	Advertise    host          `yaml:"advertise" help:"The address that callers are told, where it isn't the one listened at: behind NAT, or listening at every address."`
	MaxCalls     int           `yaml:"max_calls" range:"1..20000" help:"Calls at once; one more is refused with 503 and Retry-After."`
	Sources      []network     `yaml:"sources" help:"Addresses that may talk SIP to us, as in 192.0.2.0/24; others are dropped unread. Empty: everyone."`
	SetUpRate    int           `yaml:"set_up_rate" range:"1..10000" help:"New calls a second from one address; more are refused with 503."`
	MaxMessage   int           `yaml:"max_message" range:"1500..65535" help:"Bytes of one SIP message; a longer one is dropped."`
	Transfers    bool          `yaml:"transfers" help:"Agents may transfer callers, by the page or by their desk phone, to numbers that dialplan.yaml allows and to the lines here. Callers and carriers never may."`
	TransferRing time.Duration `yaml:"transfer_ring" range:"5s..3m" help:"How long a number that a caller is transferred to may ring; then the caller is back with the agent."`
	// The bounds are RFC 4028's: nobody may ask for less than 90 s.
	SessionExpires    time.Duration `yaml:"session_expires" range:"90s..24h" help:"How often a call proves that both sides still have it (RFC 4028); one that doesn't is ended."`
	MinSessionExpires time.Duration `yaml:"min_session_expires" range:"90s..1h" help:"The shortest such interval that a caller may ask for; a shorter one is refused with 422."`
	Guard             guardKeys     `yaml:"guard" help:"Who isn't heard any more, and when new calls wait."`
	Trace             traceKeys     `yaml:"trace" help:"What careline trace can show: the signalling of the latest calls."`
}

type stirKeys struct {
	Roots string `yaml:"roots" help:"PEM file of the certificates that may sign carriers' (in the United States, the list of the STI policy administrator). With it the signature on a calling number is judged (STIR/SHAKEN) and given to the flow; without it all calls count as not signed."`
}

type tlsKeys struct {
	Certificate string `yaml:"certificate" help:"PEM file with the certificate and what leads up to its root. A new one is taken up within 10s of being put there; calls go on."`
	Key         string `yaml:"key" help:"PEM file with the certificate's key."`
}

type traceKeys struct {
	Calls     int           `yaml:"calls" range:"0..20000" help:"Legs of calls whose messages are held in memory; the oldest that ended makes room. 0 records nothing."`
	CallBytes int           `yaml:"call_bytes" range:"4096..1048576" help:"Bytes of one leg's messages; beyond, those in the middle are left out."`
	Hold      time.Duration `yaml:"hold" range:"10s..24h" help:"How long after its end a call is held in memory, where a capture can still show its numbers."`
	Keep      time.Duration `yaml:"keep" range:"0s..8784h" help:"How long the ledger keeps the masked messages of calls that ended, 20000 calls at most; 0s keeps none."`
}

type mediaKeys struct {
	Address   host          `yaml:"address" help:"Address that RTP is received at and that SDP names."`
	Ports     portRange     `yaml:"ports" help:"RTP ports. Each call takes an even one."`
	WebRTC    listener      `yaml:"webrtc" help:"The one UDP socket that all browsers' sound runs through."`
	WebRTCTCP listener      `yaml:"webrtc_tcp" help:"A TCP socket for agents' browsers whose network lets no UDP out, as 192.0.2.10:443. Left out, there is none."`
	Public    host          `yaml:"public" help:"The address that a NAT in front gives to address, webrtc and webrtc_tcp, one to one and with the same ports. Callers are told it in the place of address, browsers beside theirs."`
	SRTP      srtpPolicy    `yaml:"srtp" help:"Encrypted sound for telephones: off; optional, where the signalling is encrypted (tls, wss) and the far side wants it; required, and calls without are refused with 488. A trunk may say otherwise. Browsers' sound always is."`
	Loudness  lufs          `yaml:"loudness" help:"What prompts are brought to when they are loaded, in LUFS (EBU R 128, ITU-R BS.1770), so that all are equally loud whoever recorded them: -40 to -14, or off."`
	Music     lufs          `yaml:"music_loudness" help:"The same for hold music, which stays behind the announcements."`
	Inband    inbandDigits  `yaml:"inband_digits" help:"Of which telephones keys are heard in the sound itself: auto, those that offer no telephone-event; always, for gateways that promise it and send tones; off."`
	Timeout   time.Duration `yaml:"timeout" range:"5s..10m" help:"A call whose sound stays away for so long is over."`
	TURN      turnKeys      `yaml:"turn" help:"Servers that relay the sound of agents' browsers behind firewalls."`
	DrainFor  time.Duration `yaml:"drain_for" range:"100ms..1m" help:"A used RTP port rests so long before the next call gets it, so that late packets reach nobody."`
	IO        packetIO      `yaml:"io" help:"How RTP's packets are moved. batched reads what is to be passed on every 2 ms, and other callers' packets every 40 ms, at about half the cost; plain waits at each call's socket, and passes sound on 1 ms sooner. Where the system has no means for batches it is plain anyway."`

	Codecs     []codec  `yaml:"codecs" help:"What telephones and carriers may speak, in the order of preference: PCMU, PCMA, G722, opus, L16. Offers list them so; of a caller's offer the first of them is taken. docs/media.md says what to choose."`
	DeskCodecs []codec  `yaml:"desk_codecs" help:"What agents' browsers may speak, in the order of preference: PCMU, PCMA, G722, opus. The first that the browser has is spoken."`
	Opus       opusKeys `yaml:"opus" help:"How Opus is spoken, where it is."`
}

type deskKeys struct {
	Listen        listener      `yaml:"listen" help:"Where the softphone's pages are served."`
	IdleLogoff    time.Duration `yaml:"idle_logoff" range:"1m..24h" help:"An agent who does nothing for so long, and has no call, is signed out (45 CFR 164.312(a)(2)(iii))."`
	SessionLife   time.Duration `yaml:"session_life" range:"5m..24h" help:"A sign-in lasts at most so long."`
	Grace         time.Duration `yaml:"grace" range:"1s..5m" help:"A browser that vanished may come back within this time and finds its call as it was."`
	Hosts         []string      `yaml:"hosts" help:"Names that browsers may reach the page by. Empty: on loopback, localhost and loopback addresses; elsewhere any."`
	Proxies       []network     `yaml:"proxies" help:"TLS proxies in front of the desk, as in 192.0.2.7; their X-Forwarded-For is believed, so that one guesser doesn't hold back everybody's sign-in."`
	SecureCookies bool          `yaml:"secure_cookies" help:"Cookies go over HTTPS only. Needed on any network but loopback."`

	ShowSupervision []supervisionMode `yaml:"show_supervision" help:"What agents are told of supervisors in their calls: of those who listen, who whisper (the agent alone hears them), who barge_in (everybody does). Empty: nothing."`
}

type operationsKeys struct {
	Listen  listener `yaml:"listen" help:"Where /healthz, /readyz and /metrics are served. They hold no PHI, but are nobody else's business."`
	Control string   `yaml:"control" help:"The Unix socket through which commands such as careline trace reach the running server. Only the server's user and root can open it. Empty: control.sock in the ledger's folder."`
}

type callersKeys struct {
	PersonWithin   int           `yaml:"person_within" range:"0..20" help:"How many keys a caller presses at most to reach a person, wherever she is asked something; pressing nothing counts none. A flow may say otherwise. 0 doesn't ask."`
	LongestSilence time.Duration `yaml:"longest_silence" range:"1s..2m" help:"How long a caller may hear nothing while nothing is asked: waits, and look-ups without play, one after another. A longer silence is taken for a call that has broken off."`
	LongestAnswer  time.Duration `yaml:"longest_answer" range:"10s..10m" help:"How long a question may wait for a key, stretched by the line's patience."`
	LongestWait    time.Duration `yaml:"longest_wait" range:"1m..24h" help:"The longest limit that a queue may have: who waits longer has hung up."`
}

type publishKeys struct {
	Watch bool          `yaml:"watch" help:"Flows that are saved to the folder go live by themselves, if they have no mistake and pass their tests. Without it, careline flow publish does it."`
	Every time.Duration `yaml:"every" range:"100ms..1m" help:"How often the folder is looked at; a change counts when it is the same for two looks."`
}

type ledgerKeys struct {
	Path string `yaml:"path" help:"The SQLite file of call records, audit and journal. Relative to the working directory."`
}

type logKeys struct {
	File  string `yaml:"file" help:"Where the log goes; empty: standard error. Relative to the working directory."`
	Level level  `yaml:"level" help:"debug (a call's story), info (the shift's), warn or error."`
}

type verificationKeys struct {
	Lockout         int           `yaml:"lockout" range:"1..100" help:"Failures per claimed member, and per calling number, within the window after which no claim is heard."`
	WithheldLockout int           `yaml:"withheld_lockout" range:"1..10000" help:"The same for all callers together who withhold their number: they can't be told apart."`
	ProviderLockout int           `yaml:"provider_lockout" range:"1..1000" help:"The same for one provider: an office calls often, and its NPI is public."`
	Window          time.Duration `yaml:"window" range:"1m..720h" help:"How far back failures count."`
	MinimumTime     time.Duration `yaml:"minimum_time" range:"100ms..5s" help:"Every answer takes at least so long, so that its time doesn't tell whether a member exists."`
	Validity        time.Duration `yaml:"validity" range:"1m..24h" help:"How long a verification stands."`
	Majority        int           `yaml:"majority" range:"18..21" help:"The age in years at which a parent no longer speaks for a member (45 CFR 164.502(g)(3); state law)."`
	// ProviderMay and Scopes name facts, and look-ups as look_up.NAME.
	ProviderMay []string            `yaml:"provider_may" help:"What verified providers may be told of a member (minimum necessary, 45 CFR 164.502(b)): facts, and look-ups as look_up.NAME. Left out: id, plan_year and open_claims."`
	Scopes      map[string][]string `yaml:"scopes" help:"What representatives may be told, by the words of their scopes in members.yaml, besides all: facts, and look-ups as look_up.NAME. Left out: claims (id, plan_year, open_claims) and appointments (id, next_visit)."`
}

type lineKeys struct {
	Name string `yaml:"name" help:"What agents and records call the line."`
	Flow string `yaml:"flow" help:"The flow that answers; a file of the flows folder declares it."`
	// Patience 0 is 1.
	Patience        float64 `yaml:"patience" range:"1..5" help:"How much longer than the flows say callers of this line have for their keys: 2 for a line that relay, TTY and screen-reader users call (28 CFR 35.161, 36.303(d)). 1 if left out."`
	EmergencyNotice string  `yaml:"emergency_notice" help:"required: every caller hears a play step with notice: emergency before the first question, or the flow is refused; not_needed. Left out, it is required where the flow verifies members or leads to licensed agents."`
	Record          string  `yaml:"record" help:"The retention class under which the line's calls are recorded, from their first word to their last; every caller must hear a play step with notice: recording before anything is asked. Left out: they are not."`
}

type demoKeys struct {
	SignIns  bool   `yaml:"sign_ins" help:"The agents' names and the demo password are printed at start and shown on the sign-in page."`
	Password string `yaml:"password" help:"The password that all demo agents share, as printed. The hashes in agents.yaml must be of it."`
}

// defaults are what an admin who writes nothing gets: nothing outside loopback,
// except what must be chosen (sip.listen and so on have no safe default).
func defaults() siteFile {
	return siteFile{
		Site: siteKeys{Zone: zone{time.UTC}},
		SIP: sipKeys{MaxCalls: 400, SetUpRate: 50, MaxMessage: 16384, SessionExpires: sip.DefaultSessionExpires, MinSessionExpires: sip.DefaultMinSessionExpires,
			TransferRing: call.DefaultTransferRing,
			Guard:        guardDefaults(),
			Trace:        traceKeys{Calls: trace.DefaultCalls, CallBytes: trace.DefaultCallBytes, Hold: trace.DefaultHold, Keep: 7 * 24 * time.Hour}},
		Media: mediaKeys{Inband: inbandDigits{media.InbandAuto}, Loudness: lufs{level: -23}, Music: lufs{level: -29}, SRTP: srtpPolicy{srtp.Optional}, Timeout: 30 * time.Second, DrainFor: 5 * time.Second, IO: packetIO{media.BatchedIO}, TURN: turnDefaults(),
			Codecs: defaultCodecs(), DeskCodecs: defaultCodecs(), Opus: opusDefaults()},
		Speech:     speechDefaults(),
		Desk:       deskKeys{IdleLogoff: 15 * time.Minute, SessionLife: 12 * time.Hour, Grace: 30 * time.Second, SecureCookies: true, ShowSupervision: []supervisionMode{{call.Whisper}, {call.BargeIn}}},
		Ledger:     ledgerKeys{Path: "var/careline.db"},
		Recordings: recordingsDefaults(),
		Drain:      20 * time.Second,
		Callers:    callersKeys{PersonWithin: ivr.DefaultPersonWithin, LongestSilence: ivr.DefaultLongestSilence, LongestAnswer: ivr.DefaultLongestAnswer, LongestWait: time.Hour},
		Publish:    publishKeys{Watch: true, Every: publish.DefaultEvery},
		Verification: verificationKeys{Lockout: 5, WithheldLockout: 50, Window: 24 * time.Hour, MinimumTime: 400 * time.Millisecond, Validity: 4 * time.Hour,
			ProviderLockout: member.DefaultProviderLockout, Majority: member.DefaultMajority, ProviderMay: member.DefaultProviderMay(), Scopes: member.DefaultScopes()},
	}
}

// agentKeys is one agent of agents.yaml.
type agentKeys struct {
	Name        string           `yaml:"name" help:"The agent's name, as colleagues and records see it."`
	Password    string           `yaml:"password" help:"The password's argon2id hash; careline password makes one."`
	Role        string           `yaml:"role" help:"agent, which is what it is if left out; or supervisor, who sees all calls and their signalling, or admin, who sees and changes the flows; neither needs a queue."`
	Extension   string           `yaml:"extension" help:"Two to six digits by which colleagues transfer a caller to this agent from a desk phone, in quotes. The user name and the desk phone's name serve as well."`
	Queues      []string         `yaml:"queues" help:"Queues that the agent serves."`
	Skills      map[string]int   `yaml:"skills" help:"Skills, each with a level from 1 (beginner) to 5 (expert)."`
	Languages   []language       `yaml:"languages" help:"Languages that the agent speaks, as en-US."`
	Codec       codec            `yaml:"codec" help:"What the agent's browser and phone speak if they can, instead of what media.desk_codecs and media.codecs prefer: opus for one on a bad network."`
	Credentials []credentialKeys `yaml:"credentials" help:"Licenses."`
}

type credentialKeys struct {
	Type       string `yaml:"type" help:"RN or LPN."`
	Number     string `yaml:"number" help:"The license's number."`
	State      string `yaml:"state" help:"The state that gave it, two letters; for a multistate license the nurse's home state."`
	Multistate bool   `yaml:"multistate" help:"The license carries the compact privilege."`
	Expires    day    `yaml:"expires" help:"The last day on which it is valid, as 2027-06-30."`
	Status     string `yaml:"status" help:"active, or why not: inactive, lapsed, probation, encumbered, suspended, revoked, surrendered or pending. Only an active license works."`
	Excluded   bool   `yaml:"excluded" help:"The nurse is on the OIG LEIE or SAM list."`
}

// queueKeys is one queue of queues.yaml.
type queueKeys struct {
	Skills         map[string]int `yaml:"skills" help:"Skills wanted, each with its level."`
	RelaxEvery     time.Duration  `yaml:"relax_every" range:"0s..1h" help:"The wanted levels fall by one each so long; 0s never relaxes them."`
	Credential     string         `yaml:"credential" help:"License required in the caller's state: RN or LPN. It never relaxes."`
	MatchLanguage  bool           `yaml:"match_language" help:"The agent must speak the caller's language."`
	Priority       int            `yaml:"priority" range:"0..1000" help:"Higher goes first."`
	AgingPerSecond float64        `yaml:"aging_per_second" range:"0..1000" help:"Points of priority that a waiting call gains a second, so that no queue starves."`
	Strategy       string         `yaml:"strategy" help:"Who among fitting agents: longest_idle, fewest_calls or highest_skill."`
	Ring           time.Duration  `yaml:"ring" range:"3s..5m" help:"How long an agent's softphone rings before the offer goes on."`
	WrapUp         time.Duration  `yaml:"wrap_up" range:"0s..1h" help:"The agent's time after a call; 0s for none."`
	Limit          limitKeys      `yaml:"limit" help:"When a call leaves by the flow's timeout or full edge."`
	Callback       callbackKeys   `yaml:"callback" help:"How callers are called back who asked for it, by a call_back step."`
}

type limitKeys struct {
	Wait    time.Duration `yaml:"wait" range:"0s..24h" help:"Longest wait; 0s for no limit."`
	Callers int           `yaml:"callers" range:"0..100000" help:"Most callers waiting at once; 0 for no limit."`
}

func queueDefaults() queueKeys {
	return queueKeys{
		RelaxEvery: 20 * time.Second, Strategy: "longest_idle",
		Ring: 20 * time.Second, WrapUp: 60 * time.Second,
		Callback: callbackKeys{First: "agent", Attempts: acd.DefaultCallbackAttempts, AfterBusy: acd.DefaultAfterCalleeBusy, AfterNoAnswer: acd.DefaultAfterCalleeAway},
	}
}

// licensingFile is licensing.yaml: law as data, with its source.
type licensingFile struct {
	States  []string      `yaml:"states" help:"All codes that a caller's state or a license's may be."`
	Compact []compactKeys `yaml:"compact" help:"Where the Nurse Licensure Compact is in force, from which day on. The latest that has begun counts."`
}

type compactKeys struct {
	From   day      `yaml:"from" help:"The first day of this list."`
	Source string   `yaml:"source" help:"Where it was read. An entry without a source is refused."`
	States []string `yaml:"states" help:"States where the compact is in force."`
}

// phonesKeys is phones.yaml, which may be left out.
type phonesKeys struct {
	Sources       []network            `yaml:"sources" help:"Addresses that phones register from; they are let in beside sip.sources, if that is set. Unlike a trunk's, their word on who calls isn't believed."`
	Realm         string               `yaml:"realm" help:"What phones sign in to. The hashes hold for this realm alone."`
	Expires       time.Duration        `yaml:"expires" help:"How long a registration holds where the phone doesn't say."`
	MinExpires    time.Duration        `yaml:"min_expires" help:"The shortest that a phone may ask for; a shorter one is refused with 423 and this value."`
	MaxExpires    time.Duration        `yaml:"max_expires" help:"The longest that is granted. A phone behind a NAT over UDP gets a minute, whatever it asks."`
	MaxContacts   int                  `yaml:"max_contacts" help:"Devices that may register under one name. One more takes the place of the one heard of longest ago."`
	NonceLifetime time.Duration        `yaml:"nonce_lifetime" help:"How long a phone may use one challenge; then it gets a new one, and nobody is asked anything."`
	Algorithms    []algorithm          `yaml:"algorithms" help:"What phones are challenged with, the preferred first; left out: sha-256, then md5. Some phones look at the first alone, and some give up at one that they don't know; [md5] serves those."`
	Phones        map[string]phoneKeys `yaml:"phones" help:"SIP desk phones by user name. A phone signs in with that name and its password."`
}

// phoneKeys is one phone of phones.yaml.
type phoneKeys struct {
	Agent  string `yaml:"agent" help:"The agent who takes calls on it, a user of agents.yaml."`
	MD5    string `yaml:"md5" help:"The password's hash for phones that know MD5 alone, as careline password --sip NAME prints it. Leave it out to refuse them."`
	SHA256 string `yaml:"sha256" help:"The hash for phones that know SHA-256 (RFC 8760), from the same command."`
}
