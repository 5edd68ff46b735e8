// Package config reads and checks what an admin writes, and fills the option
// types that the other rooms declare.
//
// What lives here: the keys of careline.yaml, agents.yaml, phones.yaml,
// queues.yaml and licensing.yaml, their defaults, and the checks that need more than one file
// (a line without its flow, a queue that no agent can serve, two listeners on
// one port). What must not: anything that runs. A Config is an immutable value
// with a version; whoever wants another loads another (contract 7).
//
//	settings, err := config.Load("config/demo")   // problem.List: file:line:column and a hint each
//	server, err := sip.New(settings.SIP, center)  // the options are filled, save logger and clock
//	fmt.Println(settings.Version, settings.Warnings)
package config

import (
	"cmp"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"time"

	"go.uber.org/zap/zapcore"

	"careline/acd"
	"careline/call"
	"careline/desk"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/lookup"
	"careline/media"
	"careline/member"
	"careline/problem"
	"careline/publish"
	"careline/sip"
	"careline/sip/trace"
)

// Config is everything that an admin decides. The option types lack what comes
// from outside the files: logger, clock, and the rooms that they talk to.
type Config struct {
	// Dir it was read from; Version is a short hash of all that was read.
	Dir     string
	Version string
	Site    Site
	SIP     sip.Options
	// Trace is what is recorded of calls' signalling; no Calls records nothing. Where
	// Ledger.KeepTraces is 0, none of it is stored.
	Trace trace.Options
	Media media.Options
	Desk  desk.Options
	// Operations is where health and metrics are served.
	Operations netip.AddrPort
	// Control is the socket that commands reach the running server by.
	Control string
	Ledger  ledger.Options
	// Recordings lacks what the server has: ledger, log and clock.
	Recordings recording.Options
	Log        Log
	// Drain is how long a stopping server waits for calls that are up.
	Drain time.Duration
	// Verifier lacks Directory, Providers, Store, Audit and Key; Members is the directory.
	Verifier member.Options
	Members  *member.Embedded
	// Providers is nil where there is no providers.yaml: nobody is verified as one.
	Providers *member.EmbeddedProviders
	// Services are who is asked by look-ups.
	Services []lookup.Service
	// Content is what calls run on: lines, flows, sounds, agents and queues.
	Content *call.Content
	// Testing is what is expected of the flows (careline flow test).
	Testing Testing
	// STIR are the roots of the certificates that sign calling numbers; nil where
	// signatures are not judged.
	STIR *x509.CertPool
	// Publish lacks Source, Store and Log.
	Publish publish.Options
	// MaxCalls at once; Grace for an agent's browser to come back.
	MaxCalls int
	Grace    time.Duration
	// Transfers lets agents transfer callers; TransferRing is how long a number may ring.
	Transfers    bool
	TransferRing time.Duration
	Demo         Demo
	// Warnings are what works today and should be looked at.
	Warnings problem.List

	// rest is what scripts are read against, known the sounds that are read already
	// (Scripts).
	rest  rest
	known *knownSounds
}

// Site is the contact center.
type Site struct {
	Name string
	Zone *time.Location
}

// Log says where the log goes.
type Log struct {
	// File is empty for standard error.
	File  string
	Level zapcore.Level
}

// Demo is what only a demo shows.
type Demo struct {
	SignIns  bool
	Password string
}

// Load reads and checks the folder dir as of now. The error is a problem.List
// with a line for each mistake; file names in it begin with dir.
func Load(dir string) (*Config, error) { return LoadAt(dir, time.Now()) }

// LoadAt is Load on another day: licenses are counted valid or expired as of then.
func LoadAt(dir string, now time.Time) (*Config, error) {
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, noFolder(dir)
	}
	return loadFrom(dir, os.DirFS(dir), newKnownSounds(), now)
}

// LoadLive is Load for a server that is to start: where the folder's script has mistakes
// and nothing else has, the script that live gives for the folder's ledger is read in
// its place. broken is what is wrong with the folder's then, and nil else.
func LoadLive(dir string, live func(ledger string) (map[string][]byte, error)) (settings *Config, broken, err error) {
	sounds, now := newKnownSounds(), time.Now()
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, nil, noFolder(dir)
	}
	settings, err = loadFrom(dir, os.DirFS(dir), sounds, now)
	if err == nil {
		return settings, nil, nil
	}
	site, unread := siteAlone(dir)
	if unread != nil {
		return nil, nil, err
	}
	files, none := live(site.Ledger.Path)
	if none != nil {
		return nil, nil, err
	}
	settings, still := loadFrom(dir, overlay{os.DirFS(dir), files}, sounds, now)
	if still != nil {
		return nil, nil, err
	}
	return settings, err, nil
}

func loadFrom(dir string, files fs.FS, known *knownSounds, now time.Time) (*Config, error) {
	r := &reader{dir: dir, files: files, raw: map[string][]byte{}, known: known}
	settings := r.load(now)
	if err := inFolder(dir, r.problems).Err(); err != nil {
		return nil, err
	}
	settings.Dir, settings.known = dir, r.known
	settings.Warnings = inFolder(dir, r.warnings)
	settings.Warnings.Sort()
	return settings, nil
}

// inFolder names the files of problems as they are reached from here.
func inFolder(dir string, list problem.List) problem.List {
	for i := range list {
		list[i].File = filepath.Join(dir, list[i].File)
	}
	return list
}

func (r *reader) load(now time.Time) *Config {
	site := defaults()
	var certificate *sip.Certificate
	doc := r.document("careline.yaml")
	if doc != nil {
		before := len(r.problems)
		r.problems.Add(doc.File, doc.Decode(doc.Root, &site))
		if len(r.problems) == before {
			r.bounds(doc, doc.Root, site)
			r.choices(doc, site)
			r.network(doc, site)
			r.codecs(doc, site.Media)
			r.checkSpeech(doc, site.Speech)
			certificate = r.certificate(doc, site, now)
		}
	}
	today := now.In(site.Site.Zone.Location).Format(time.DateOnly)
	law := r.licensing(today)
	queuesDoc, lines := r.queues(site.Site.Zone.String())
	r.waits(queuesDoc, lines, site.Callers.LongestWait)
	before := len(r.problems)
	agentsDoc, people := r.agents(queueNames(lines), law.states)
	staffed := len(people) > 0 && len(r.problems) == before
	phones := r.phones(people)
	if doc != nil {
		r.phonePorts(doc, site, len(phones.agents))
	}
	settings := site.settings()
	settings.SIP.TLS.Certificate = certificate
	if doc != nil {
		settings.Desk.Relays = r.relays(doc, site.Media.TURN)
	}
	if doc != nil && site.SIP.STIR.Roots != "" {
		settings.STIR = r.pool(doc, at(doc.Root, "sip", "stir", "roots"), site.SIP.STIR.Roots, "give the PEM file of the authorities that sign carriers' certificates")
	}
	carriers := r.trunks(site)
	if doc != nil {
		r.soundInClear(doc, site, carriers)
	}
	ofTrunks(&settings.SIP, carriers)
	settings.SIP.Plan = r.dialplan(carriers)
	ofPhones(settings, phones)
	settings.Content.Codecs = agentCodecs(site.Media, people)
	if doc != nil {
		r.transfers(doc, settings, len(phones.agents))
	}
	if agentsDoc != nil {
		settings.Content.Extensions = r.extensions(agentsDoc, people, site.Lines, settings.SIP.Plan)
	}
	settings.Members, settings.Providers = r.members(site.Verification), r.providers()
	settings.Services = r.services()
	settings.rest = rest{services: settings.Services, doc: doc, queuesDoc: queuesDoc, agentsDoc: agentsDoc, site: site, lines: lines, plan: settings.SIP.Plan, people: people, staffed: staffed, law: law}
	script := r.script(settings.rest, today)
	script.fill(settings.Content)
	settings.Testing = script.testing.in(r.dir)
	settings.Content.Callbacks, settings.Content.CallingHours = callbacksOf(lines), r.callingHours(today)
	settings.Content.DefaultMusic = script.sounds.defaultMusic()
	settings.Media.Clips = script.sounds.clips()
	if len(r.problems) > 0 {
		return settings
	}
	settings.Version = r.version(settings.Content.Flows.Version())
	settings.Content.Version = settings.Version
	settings.Content.Rules = r.rules(settings.Version, lines, people, law, now)
	settings.Desk.Users = users(people)
	return settings
}

// dialogsPerCall leaves room for dialogs that are ending or being refused beside
// the calls that are up.
const dialogsPerCall = 4

// settings turns the keys of careline.yaml into the rooms' options.
func (s siteFile) settings() *Config {
	var listen []sip.Listen
	for _, e := range s.SIP.Listen {
		listen = append(listen, sip.Listen{Network: e.transport, Address: e.address})
	}
	return &Config{
		Site: Site{Name: s.Site.Name, Zone: s.Site.Zone.Location},
		SIP: sip.Options{
			Listen: listen, Sources: prefixes(s.SIP.Sources), Trusted: prefixes(s.SIP.Sources), UserAgent: "Careline",
			MaxMessage: s.SIP.MaxMessage, SetUpRate: s.SIP.SetUpRate, Advertise: s.SIP.Advertise.Addr, SRTP: s.Media.SRTP.Policy, Codecs: codecsOf(s.Media.Codecs), Transfers: s.SIP.Transfers,
			SessionExpires: s.SIP.SessionExpires, MinSessionExpires: s.SIP.MinSessionExpires,
			Guard: s.SIP.Guard.options(), CallsPerSource: s.SIP.Guard.CallsPerSource, OverloadLag: s.SIP.Guard.OverloadLag,
			MaxDialogs: max(sip.DefaultMaxDialogs, dialogsPerCall*s.SIP.MaxCalls),
		},
		Trace: trace.Options{Calls: s.SIP.Trace.Calls, CallBytes: s.SIP.Trace.CallBytes, Hold: s.SIP.Trace.Hold},
		Media: media.Options{
			Address: s.Media.Address.Addr, PortMin: s.Media.Ports.first, PortMax: s.Media.Ports.last,
			WebRTC: s.Media.WebRTC.AddrPort, WebRTCTCP: s.Media.WebRTCTCP.AddrPort, Public: s.Media.Public.Addr,
			Timeout: s.Media.Timeout, DrainFor: s.Media.DrainFor,
			InbandDigits: s.Media.Inband.InbandDigits, PacketIO: s.Media.IO.PacketIO,
			Codecs: codecsOf(s.Media.Codecs), Opus: s.Media.Opus.parameters(),
		},
		Desk: desk.Options{
			Listen: s.Desk.Listen.AddrPort, IdleLogoff: s.Desk.IdleLogoff, SessionLife: s.Desk.SessionLife,
			Grace: s.Desk.Grace, SecureCookies: s.Desk.SecureCookies,
			Hosts: s.Desk.Hosts, Proxies: prefixes(s.Desk.Proxies), Demo: s.Demo.SignIns, DemoPassword: s.Demo.Password,
		},
		Operations: s.Operations.Listen.AddrPort,
		Control:    cmp.Or(s.Operations.Control, filepath.Join(filepath.Dir(s.Ledger.Path), "control.sock")),
		Ledger:     ledger.Options{Path: s.Ledger.Path, KeepTraces: s.SIP.Trace.Keep},
		Recordings: s.Recordings.options(filepath.Dir(s.Ledger.Path)),
		Log:        Log{File: s.Log.File, Level: s.Log.Level.Level},
		Drain:      s.Drain,
		Publish:    publish.Options{Watch: s.Publish.Watch, Every: s.Publish.Every},
		Verifier: member.Options{
			Lockout: s.Verification.Lockout, WithheldLockout: s.Verification.WithheldLockout, Window: s.Verification.Window,
			MinimumTime: s.Verification.MinimumTime, Validity: s.Verification.Validity, ProviderLockout: s.Verification.ProviderLockout,
			Majority: s.Verification.Majority, ProviderMay: s.Verification.ProviderMay, Scopes: s.Verification.Scopes, Zone: s.Site.Zone.Location,
		},
		Content:   &call.Content{Dispositions: s.Dispositions, AwayReasons: s.AwayReasons, ShowSupervision: modesOf(s.Desk.ShowSupervision)},
		MaxCalls:  s.SIP.MaxCalls,
		Grace:     s.Desk.Grace,
		Transfers: s.SIP.Transfers, TransferRing: s.SIP.TransferRing,
		Demo: Demo{SignIns: s.Demo.SignIns, Password: s.Demo.Password},
	}
}

func prefixes(networks []network) []netip.Prefix {
	list := make([]netip.Prefix, len(networks))
	for i, one := range networks {
		list[i] = one.Prefix
	}
	return list
}

// clocksAhead is how long a server may run and still know the days at its site: the
// clock's changes of so many years travel with the rules.
const clocksAhead = 10 // years

func (r *reader) rules(version string, lines []line, people []person, law law, now time.Time) acd.Rules {
	rules := acd.Rules{Version: version, CompactStates: law.compact}
	for _, l := range lines {
		rules.Queues = append(rules.Queues, l.Queue)
	}
	for _, who := range people {
		rules.Agents = append(rules.Agents, who.Agent)
	}
	rules, err := rules.ResolveZones(time.LoadLocation, now.AddDate(0, 0, -1), now.AddDate(clocksAhead, 0, 0))
	r.problems.Add("careline.yaml", err)
	return rules
}

func users(people []person) []desk.User {
	list := make([]desk.User, len(people))
	for i, who := range people {
		list[i] = desk.User{Name: string(who.ID), Agent: who.ID, FullName: who.Name, Role: who.role, PasswordHash: who.password}
	}
	return list
}

// version is a short hash over the files read, by name, and the flows.
func (r *reader) version(flows string) string {
	sum := sha256.New()
	for _, name := range slices.Sorted(maps.Keys(r.raw)) {
		fmt.Fprintf(sum, "%s %d\n", name, len(r.raw[name]))
		sum.Write(r.raw[name])
	}
	fmt.Fprint(sum, flows)
	return hex.EncodeToString(sum.Sum(nil)[:6])
}
