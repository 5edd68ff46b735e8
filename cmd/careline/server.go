package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.uber.org/zap"
	"golang.org/x/sync/errgroup"

	"careline/call"
	"careline/config"
	"careline/desk"
	"careline/ledger"
	"careline/ledger/recording"
	"careline/lookup"
	"careline/media"
	"careline/member"
	"careline/operations"
	"careline/publish"
	"careline/sip"
	"careline/sip/passport"
	"careline/sip/trace"
	"careline/sip/trunk"
)

// stopTime is how long one room may take to end; then the program says which
// one did not and ends without it.
const stopTime = 10 * time.Second

// server is the rooms, wired.
type server struct {
	settings   *config.Config
	log        *zap.Logger
	kept       *ledger.Ledger
	recordings *recording.Store
	engine     *media.Engine
	center     *call.Center
	lookUps    *lookup.Client
	trunk      *sip.Server
	tracer     *trace.Recorder // nil where nothing is traced
	desk       *desk.Desk
	publisher  *publish.Publisher
	operations *operations.Server

	// services in the order in which they end: calls first, while signalling
	// and sound still stand; health last.
	services []*service
	group    *errgroup.Group
	failing  <-chan struct{}
}

// service is one room's Run.
type service struct {
	name   string
	run    func(context.Context) error
	cancel context.CancelFunc
	done   chan struct{}
}

// assemble makes the rooms; nothing listens or runs yet, save the ledger's writer.
func assemble(ctx context.Context, settings *config.Config, log *zap.Logger) (*server, error) {
	// A copy of our own, whose options get logger and clock; the one loaded stays as it is.
	own := *settings
	s := &server{settings: &own, log: log}
	own.Ledger.Log, own.Ledger.Now = log, utc{}.Now
	kept, err := ledger.Open(ctx, own.Ledger)
	if err != nil {
		return nil, err
	}
	s.kept = kept
	if err := s.wire(ctx); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

func (s *server) wire(ctx context.Context) error {
	verifier, err := s.verifier(ctx)
	if err != nil {
		return err
	}
	settings := s.settings
	settings.Media.Log = s.log
	if s.engine, err = media.New(settings.Media); err != nil {
		return err
	}
	attester, err := attester(settings.STIR)
	if err != nil {
		return err
	}
	if s.lookUps, err = lookup.New(lookup.Options{Services: settings.Services, Accounting: s.kept, Zone: settings.Site.Zone, Now: utc{}.Now, Log: s.log}); err != nil {
		return err
	}
	recordings := settings.Recordings
	recordings.Ledger, recordings.Log, recordings.Now = s.kept, s.log, utc{}.Now
	if s.recordings, err = recording.Open(ctx, recordings); err != nil {
		return err
	}
	if s.center, err = call.NewCenter(call.Options{
		Content: settings.Content, Sound: call.NewSound(s.engine), Verifier: verifier, Records: s.kept, Attester: attester, LookUps: s.lookUps,
		Recordings: call.NewRecordings(s.recordings), Voices: call.NewVoices(s.recordings, s.kept),
		MaxCalls: settings.MaxCalls, Grace: settings.Grace, Transfers: settings.Transfers, TransferRing: settings.TransferRing, Log: s.log, Now: utc{}.Now, NewID: newID,
	}); err != nil {
		return err
	}
	scripts := settings.Scripts()
	settings.Publish.Source, settings.Publish.Store, settings.Publish.Log = newScriptSource(settings, scripts, s.center, s.log), s.kept, s.log
	s.publisher = publish.New(settings.Publish)
	if err := s.publisher.Begin(ctx, settings.Content.Flows.Version()); err != nil {
		return err
	}
	settings.SIP.Log = s.log
	if settings.SIP.Resolver, err = resolver(settings.SIP.Trunks); err != nil {
		return err
	}
	if settings.SIP.Registrar != nil {
		registrar := *settings.SIP.Registrar
		registrar.Changed, registrar.Now = s.center.PhoneChanged, utc{}.Now
		settings.SIP.Registrar = &registrar
	}
	s.tracer = s.recorder()
	settings.SIP.Trace = s.tracer
	if s.trunk, err = sip.New(settings.SIP, s.center); err != nil {
		return err
	}
	s.center.UsePhones(call.NewPhones(s.trunk))
	s.center.UseTrunks(call.NewTrunks(s.trunk))
	settings.Desk.Log, settings.Desk.Now = s.log, utc{}.Now
	settings.Desk.Flows = flowPage{s.publisher, scripts, s.center}
	settings.Desk.Recordings = deskRecordings{s.kept, s.recordings}
	settings.Desk.Messages = deskMessages{s.kept, s.center}
	settings.Desk.Signalling = signalling{s.tracer, s.kept}
	if s.desk, err = desk.New(settings.Desk, s.center, s.kept); err != nil {
		return err
	}
	s.operations, err = operations.New(operations.Options{
		Listen: settings.Operations, Center: s.center, Media: s.engine, SIP: s.trunk,
		Ledger: s.kept, RecordingStats: s.recordings, Flows: s.publisher, LookUps: s.lookUps, Messages: s.kept, Probes: []operations.Probe{{Name: "ledger", Check: s.kept.Healthy}},
		Version: version(), ConfigVersion: settings.Version, Control: settings.Control,
		Commands: slices.Concat(operations.BanCommands(s.trunk, s.auditLifting), operations.TraceCommands(s.tracer, s.kept, s.log), operations.FlowCommands(s.publisher), operations.RecordingCommands(s.recordings, s.kept), operations.MessageCommands(s.kept), operations.CallbackCommands(s.center)), Log: s.log,
	})
	return err
}

func (s *server) verifier(ctx context.Context) (*member.Verifier, error) {
	key, err := s.kept.Key(ctx)
	if err != nil {
		return nil, err
	}
	options := s.settings.Verifier
	options.Directory, options.Store, options.Audit, options.Key = s.settings.Members, s.kept, s.kept, key
	options.Log, options.Now = s.log, utc{}.Now
	if s.settings.Providers != nil {
		options.Providers = s.settings.Providers
	}
	return member.NewVerifier(options)
}

// attester judges the signatures on calling numbers; nil where there are no roots
// to judge them by.
func attester(roots *x509.CertPool) (call.Attester, error) {
	if roots == nil {
		return nil, nil
	}
	return passport.New(passport.Options{Roots: roots, Fetch: passport.FetchHTTPS, Now: utc{}.Now})
}

// resolver finds trunks that have a domain; nil where none has.
func resolver(trunks []*trunk.Trunk) (trunk.Resolver, error) {
	for _, one := range trunks {
		if one.Options().Domain != "" {
			return trunk.SystemDNS()
		}
	}
	return nil, nil
}

// recorder records signalling as the configuration says.
func (s *server) recorder() *trace.Recorder {
	options := s.settings.Trace
	if options.Calls == 0 {
		return nil
	}
	options.Log, options.Now = s.log, utc{}.Now
	if s.settings.Ledger.KeepTraces > 0 {
		options.Keep = s.kept
	}
	return trace.New(options)
}

// newID makes a call's ID, a UUIDv7: IDs sort by time (contract 9).
func newID() string { return uuid.Must(uuid.NewV7()).String() }

// listen binds every address, sound first: whoever can call can be heard.
func (s *server) listen() error {
	for _, bind := range []func() error{s.engine.Listen, s.trunk.Listen, s.desk.Listen, s.operations.Listen} {
		if err := bind(); err != nil {
			return err
		}
	}
	return nil
}

// start runs every room under the group, which is waited for in stop.
func (s *server) start(ctx context.Context) {
	s.run(ctx, []*service{
		{name: "call", run: s.center.Run},
		{name: "sip", run: s.trunk.Run},
		{name: "trace", run: s.trace},
		{name: "publish", run: s.publisher.Run},
		{name: "recordings", run: s.recordings.Run},
		{name: "desk", run: s.desk.Run},
		{name: "media", run: s.engine.Run},
		{name: "operations", run: s.operations.Run},
	})
}

// trace stores what signalling has left behind, its last BYEs included.
func (s *server) trace(ctx context.Context) error {
	if s.tracer == nil {
		<-ctx.Done()
		return nil
	}
	return s.tracer.Run(ctx)
}

func (s *server) run(ctx context.Context, services []*service) {
	s.services = services
	// Not under ctx: its end begins a drain, in which every room is needed.
	group, running := errgroup.WithContext(context.WithoutCancel(ctx))
	s.group, s.failing = group, running.Done()
	for _, one := range s.services {
		own, cancel := context.WithCancel(context.WithoutCancel(ctx))
		one.cancel, one.done = cancel, make(chan struct{})
		group.Go(func() error {
			defer close(one.done)
			err := one.run(own)
			switch {
			case err != nil:
				return fmt.Errorf("%s: %w", one.name, err)
			case own.Err() == nil:
				return fmt.Errorf("%s ended by itself", one.name)
			}
			return nil
		})
	}
}

// failed is closed when a room ended that nobody asked to.
func (s *server) failed() <-chan struct{} { return s.failing }

// ready tells everyone that calls are taken.
func (s *server) ready(t terminal) error {
	if err := s.operations.SetState(operations.Ready); err != nil {
		return err
	}
	at := addresses{sip: s.trunk.Addresses(), desk: s.desk.Address(), webRTC: s.engine.WebRTCAddress(), operations: s.operations.Address()}
	bound := make([]string, len(at.sip))
	for i, listen := range at.sip {
		bound[i] = listen.String()
	}
	s.log.Info("ready", zap.Strings("sip", bound), zap.Stringer("desk", at.desk), zap.Stringer("webrtc", at.webRTC), webRTCTCP(s.engine.WebRTCTCPAddress()),
		zap.Stringer("operations", at.operations), zap.String("config", s.settings.Version), zap.String("version", version()))
	return banner(t.stdout, t.program, s.settings, at)
}

// webRTCTCP is the field of an address that there may be none of.
func webRTCTCP(at netip.AddrPort) zap.Field {
	if !at.IsValid() {
		return zap.Skip()
	}
	return zap.Stringer("webrtc_tcp", at)
}

// stop ends the rooms in order and waits for each; the error is the first that
// a room ended with, or names those that did not end.
func (s *server) stop() error {
	var hanging error
	for _, one := range s.services {
		one.cancel()
		timer := time.NewTimer(stopTime)
		select {
		case <-one.done:
			timer.Stop()
		case <-timer.C:
			hanging = errors.Join(hanging, fmt.Errorf("%s did not end within %s", one.name, stopTime))
		}
	}
	if hanging != nil {
		return hanging
	}
	err := s.group.Wait()
	if err == nil {
		s.log.Info("stopped")
	}
	return err
}

// close releases what assemble took.
func (s *server) close() {
	if s.lookUps != nil {
		s.lookUps.Close()
	}
	if err := s.kept.Close(); err != nil {
		s.log.Error("ledger not closed", zap.Error(err))
	}
	_ = s.log.Sync()
}
