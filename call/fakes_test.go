package call

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"careline/ledger"
	"careline/media"
	"careline/phi"
	"careline/sip"
	"careline/sip/passport"
)

// fakeDialog is a caller's SIP side that does as the test says.
type fakeDialog struct {
	id, dialed, named string
	number            string    // the caller's
	webRTC            media.SDP // the offer, where the caller is a browser
	check             error

	mu       sync.Mutex
	notify   func(sip.Event)
	log      []string
	over     bool
	breaking bool // panics when the call is answered
	signed   bool // carries an Identity header
	phone    string
	// self stands for this dialog in events of others.
	self     sip.Dialog
	stubborn bool // panics when it is to be hung up
	busy     int  // how often it has no room for a BYE
}

func (d *fakeDialog) ID() string             { return d.id }
func (d *fakeDialog) Forwards() sip.Forwards { return sip.Forwards{} }
func (d *fakeDialog) Name(call string)       { d.named = call }
func (d *fakeDialog) Dialed() string         { return d.dialed }
func (d *fakeDialog) Caller() sip.Number     { return sip.NewNumber(d.number) }
func (d *fakeDialog) Remote() netip.AddrPort { return netip.AddrPort{} }
func (d *fakeDialog) Check() error           { return d.check }
func (d *fakeDialog) Signature() (passport.Call, bool) {
	return passport.Call{Identity: []string{"signed"}}, d.signed
}
func (d *fakeDialog) Phone() string             { return d.phone }
func (d *fakeDialog) Is(other *sip.Dialog) bool { return other == &d.self }
func (d *fakeDialog) AcceptRefer() error        { return d.note("refer accepted") }
func (d *fakeDialog) RefuseRefer(status int) error {
	return d.note(fmt.Sprintf("refer refused %d", status))
}
func (d *fakeDialog) ReferProgress(status int) error {
	return d.note(fmt.Sprintf("refer %d", status))
}
func (d *fakeDialog) Progress(media.Description) error { return d.note("progress") }

func (d *fakeDialog) Notify(f func(sip.Event)) { d.notify = f }
func (d *fakeDialog) Ringing() error           { return d.note("ringing") }

func (d *fakeDialog) Agreement() (sip.Agreement, bool) {
	if d.breaking && d.did("answer") {
		panic("the test breaks this call")
	}
	return sip.Agreement{Remote: media.Description{WebRTC: d.webRTC}, Format: media.Format{Codec: media.PCMU}}, true
}

func (d *fakeDialog) Answer(media.Description) error { return d.note("answer") }

func (d *fakeDialog) Refuse(status int, _ string, retry time.Duration) error {
	return d.note(fmt.Sprintf("refuse %d %v", status, retry))
}

func (d *fakeDialog) HangUp(cause int, _ string) error {
	d.mu.Lock()
	if d.stubborn {
		d.mu.Unlock()
		panic("the test breaks this call")
	}
	if d.busy > 0 {
		d.busy--
		d.mu.Unlock()
		return sip.ErrBusy
	}
	if d.over {
		d.mu.Unlock()
		return errors.New("over")
	}
	d.over = true
	d.mu.Unlock()
	d.note(fmt.Sprintf("bye %d", cause))
	d.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByLocal})
	return nil
}

func (d *fakeDialog) AnswerReoffer(media.Description) error { return d.note("reoffer answered") }
func (d *fakeDialog) RefuseReoffer(status int) error {
	return d.note(fmt.Sprintf("reoffer refused %d", status))
}

func (d *fakeDialog) note(what string) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.log = append(d.log, what)
	return nil
}

func (d *fakeDialog) did(what string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Contains(d.log, what)
}

// hangUp is the caller's BYE.
func (d *fakeDialog) hangUp() {
	d.mu.Lock()
	d.over = true
	d.mu.Unlock()
	d.notify(sip.Event{Kind: sip.EventEnded, By: sip.ByRemote, Cause: 16})
}

// fakeSound makes legs that know what their far side hears.
type fakeSound struct {
	names map[*media.Clip]string
	none  error
	// refused legs, by how their IDs begin
	refused string
	// deaf is why nothing of what callers say can be taken
	deaf error
	// untapped is why no leg can be tapped
	untapped error
	// joining, if set, is called before two legs are joined.
	joining func()

	mu   sync.Mutex
	legs map[string]*fakeLeg // the latest under each ID
	made []*fakeLeg
	open int
}

func (s *fakeSound) OpenRTP(options media.LegOptions) (Leg, error) {
	if s.none != nil {
		return nil, s.none
	}
	if s.refused != "" && strings.HasPrefix(options.ID, s.refused) {
		return nil, errors.New("no port")
	}
	return s.leg(options), nil
}

func (s *fakeSound) OpenWebRTC(_ context.Context, options media.LegOptions, offer string) (Leg, string, error) {
	if offer == "bad" {
		return nil, "", errors.New("bad offer")
	}
	leg := s.leg(options)
	leg.offer = "answer"
	return leg, "answer", nil
}

func (s *fakeSound) OfferWebRTC(_ context.Context, options media.LegOptions) (Leg, string, error) {
	if s.refused != "" && strings.HasPrefix(options.ID, s.refused) {
		return nil, "", errors.New("no socket")
	}
	leg := s.leg(options)
	leg.offer = "offer"
	return leg, string(leg.offer), nil
}

func (s *fakeSound) leg(options media.LegOptions) *fakeLeg {
	s.mu.Lock()
	defer s.mu.Unlock()
	leg := &fakeLeg{id: options.ID, codecs: options.Codecs, sound: s, notify: options.Notify}
	s.made = append(s.made, leg)
	s.legs[options.ID] = leg
	s.open++
	return leg
}

func (s *fakeSound) Join(a, b Leg) {
	if s.joining != nil {
		s.joining()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, leg := range []*fakeLeg{a.(*fakeLeg), b.(*fakeLeg)} {
		if leg.with != nil {
			leg.with.with, leg.with = nil, nil
		}
		if leg.room != nil {
			leg.room.remove(leg)
		}
	}
	a.(*fakeLeg).with, b.(*fakeLeg).with = b.(*fakeLeg), a.(*fakeLeg)
}

func (s *fakeSound) Part(a, b Leg) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if a.(*fakeLeg).with == b {
		a.(*fakeLeg).with, b.(*fakeLeg).with = nil, nil
	}
}

type fakeLeg struct {
	id     string
	codecs []media.Codec // that it may speak
	sound  *fakeSound
	notify func(media.Event)

	with    *fakeLeg
	room    *fakeConference
	playing string
	timer   *time.Timer
	muted   bool
	shield  bool
	closed  bool
	digits  int
	refuse  error
	agreed  []netip.AddrPort
	offer   media.SDP // ours, to a browser
	answers []string  // to it

	heard, said media.SoundStats
	sum         media.QualitySum
	// says is for how long the far side will speak; speech is where that is taken.
	says   time.Duration
	speech *fakeSpeech
	tap    *fakeTap
}

func (l *fakeLeg) Local() media.Description             { return media.Description{WebRTC: l.offer} }
func (l *fakeLeg) SendDigit(media.Digit, time.Duration) { l.digits++ }

func (l *fakeLeg) Shield(on bool) {
	defer l.locked()()
	l.shield = on
}

func (l *fakeLeg) shielded() bool {
	defer l.locked()()
	return l.shield
}

func (l *fakeLeg) Stats() media.LegStats {
	defer l.locked()()
	return media.LegStats{PacketsReceived: 7, Heard: l.heard, Said: l.said}
}

func (l *fakeLeg) TakeQuality() media.QualitySum {
	defer l.locked()()
	sum := l.sum
	l.sum = media.QualitySum{}
	return sum
}

// sounds sets how the leg sounds from now on, and what that has come to.
func (l *fakeLeg) sounds(heard, said media.SoundStats, sum media.QualitySum) {
	defer l.locked()()
	l.heard, l.said, l.sum = heard, said, sum
}

func (l *fakeLeg) locked() func() { l.sound.mu.Lock(); return l.sound.mu.Unlock }

func (l *fakeLeg) Agree(remote media.Description, _ media.Format) error {
	defer l.locked()()
	l.agreed = append(l.agreed, remote.Address)
	return l.refuse
}

func (l *fakeLeg) AnswerWebRTC(answer string) error {
	defer l.locked()()
	l.answers = append(l.answers, answer)
	if answer == "bad" {
		return media.ErrBadAnswer
	}
	return l.refuse
}

func (l *fakeLeg) Renegotiate(_ context.Context, offer string) error {
	if offer == "bad" {
		return errors.New("bad offer")
	}
	return nil
}

func (l *fakeLeg) Mute(on bool) {
	defer l.locked()()
	l.muted = on
}

func (l *fakeLeg) Play(p media.Playback) {
	defer l.locked()()
	l.stop()
	var length time.Duration
	for _, clip := range p.Clips {
		l.playing += l.sound.names[clip] + " "
		length += clip.Duration()
	}
	if !p.Loop {
		l.timer = time.AfterFunc(length, func() {
			done := l.locked()
			l.playing = ""
			done()
			l.notify(media.Event{Kind: media.EventPlayed, Playback: p.ID})
		})
	}
}

func (l *fakeLeg) stop() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	l.playing = ""
}

func (l *fakeLeg) StopPlaying() {
	defer l.locked()()
	l.stop()
}

func (l *fakeLeg) Close() {
	l.close()
	if tap := l.tapped(); tap != nil {
		tap.Close()
	}
}

func (l *fakeLeg) tapped() *fakeTap {
	defer l.locked()()
	return l.tap
}

func (l *fakeLeg) close() {
	defer l.locked()()
	if !l.closed {
		l.closed = true
		if l.speech != nil {
			l.speech.Close()
		}
		l.stop()
		if l.with != nil {
			l.with.with, l.with = nil, nil
		}
		if l.room != nil {
			l.room.remove(l)
		}
		l.sound.open--
	}
}

// hears is what the leg's far side hears: a playback, the leg it is joined
// with, or nothing.
func (l *fakeLeg) hears() string {
	defer l.locked()()
	switch {
	case l.playing != "":
		return l.playing[:len(l.playing)-1]
	case l.room != nil:
		return l.room.heardBy(l)
	case l.with != nil && l.with.muted:
		return "muted"
	case l.with != nil:
		return l.with.id
	}
	return ""
}

// fakeRecords keeps everything in memory.
type fakeRecords struct {
	keptCallbacks
	mu         sync.Mutex
	saved      map[string][]ledger.CallRecord
	unfinished []ledger.CallRecord
	journal    []ledger.JournalEntry
	accesses   []phi.Access
	audit      []ledger.AuditEntry
	failing    error
	// appending, if set, is called before the journal is written.
	appending func([]ledger.JournalEntry)
}

func (r *fakeRecords) RecordAccess(_ context.Context, a phi.Access) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.accesses = append(r.accesses, a)
	return r.failing
}

func (r *fakeRecords) Append(_ context.Context, entry ledger.AuditEntry) (ledger.AuditEntry, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing != nil {
		return ledger.AuditEntry{}, r.failing
	}
	r.audit = append(r.audit, entry)
	return entry, nil
}

func (r *fakeRecords) SaveCall(_ context.Context, record ledger.CallRecord) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	before := r.saved[record.ID]
	if len(before) > 0 && before[len(before)-1].Final() {
		return ledger.ErrSealed
	}
	r.saved[record.ID] = append(before, record)
	return nil
}

func (r *fakeRecords) UnfinishedCalls(context.Context, int) ([]ledger.CallRecord, error) {
	return r.unfinished, nil
}

func (r *fakeRecords) AppendJournal(_ context.Context, entries []ledger.JournalEntry) error {
	if r.appending != nil {
		r.appending(entries)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.failing != nil {
		return r.failing
	}
	r.journal = append(r.journal, entries...)
	return nil
}

// RecordVerification, CountFailures and RecordFailure serve the verifier.
func (r *fakeRecords) RecordVerification(context.Context, string, string, string, string, string) error {
	return nil
}

func (r *fakeRecords) CountFailures(context.Context, string, time.Time) (int, error) { return 0, nil }
func (r *fakeRecords) RecordFailure(context.Context, string, time.Time) error        { return nil }

// latest is the last record saved of the only call that has any.
func (r *fakeRecords) latest() ledger.CallRecord {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, records := range r.saved {
		return records[len(records)-1]
	}
	return ledger.CallRecord{}
}
