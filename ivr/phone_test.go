package ivr_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"careline/ivr"
	"careline/phi"
)

// phone is a caller and the line in virtual time: each prompt lasts two seconds,
// a verification half a second. It refuses what a run must never do.
type phone struct {
	recording []bool // as the flow wants it
	t         fataler
	run       *ivr.Run
	members   map[string]string // member number → date of birth
	locked    bool
	facts     map[string]string

	begins  time.Time
	now     time.Duration
	timers  map[ivr.TimerID]time.Duration
	playing *ivr.Playback
	ends    time.Duration
	pending []reply

	verified bool
	claims   []string
	heard    []string
	// spoken are the prompts heard, whole.
	spoken  []ivr.Prompt
	entered []string
	took    []ivr.EdgeName
	read    []string
	// services answer look-ups by name; lookedUp are those that were made.
	services map[string]ivr.LookUpAnswer
	lookedUp []ivr.LookUpRequest
	// sensitive counts the rows that tell something of the member.
	sensitive int
	// saying is what is recorded now; kept and answers are what came of it. unkept: it
	// can't be kept; unrecorded: not even recorded.
	saying             *saying
	kept               []ivr.RecordRequest
	answers            []ivr.SurveyAnswer
	unkept, unrecorded bool
	dropped            int
	queued             *ivr.QueueRequest
	hungUp             string
	// number is the caller's own; callBack is what becomes of a callback, kept if empty.
	number   string
	callBack ivr.CallBackOutcome
	promised []ivr.CallBackRequest
	// away is the transfer to a number that is under way.
	away   *ivr.TransferRequest
	over   bool
	inside bool
	// silent is how long nothing was heard while nothing was asked, longest at most so far.
	silent, longest time.Duration
	// refused takes what the guard keeps back, in flows that may leak; nil in others.
	refused *[]string
}

type fataler interface {
	Helper()
	Fatalf(format string, args ...any)
}

// reply is something that comes back later.
type reply struct {
	at time.Duration
	do func()
	// ours: Careline itself takes so long.
	ours bool
}

func call(t fataler, set *ivr.Set, flow string) *phone { return callAt(t, set, flow, epoch) }

// callAt begins a call at a time.
func callAt(t fataler, set *ivr.Set, flow string, begins time.Time) *phone {
	return callWith(t, set, flow, begins, ivr.Options{})
}

func callWith(t fataler, set *ivr.Set, flow string, begins time.Time, options ivr.Options) *phone {
	return callOf(t, set, flow, begins, options, func(*phone) {})
}

// callOf lets a phone be made ready before its call begins.
func callOf(t fataler, set *ivr.Set, flow string, begins time.Time, options ivr.Options, ready func(*phone)) *phone {
	p := &phone{
		t: t, begins: begins, timers: map[ivr.TimerID]time.Duration{},
		members: map[string]string{"48201937": "04121961"}, facts: map[string]string{"next_visit": "2027-01-14"},
	}
	ready(p)
	p.run = ivr.NewRun(set, flow, p, options)
	p.event(p.run.Start)
	return p
}

// event gives the run one event, as the call's goroutine does.
func (p *phone) event(do func()) {
	p.t.Helper()
	if p.inside {
		p.t.Fatalf("an event within a line method")
	}
	p.inside = true
	do()
	p.inside = false
	if !p.over && p.run.Done() {
		p.t.Fatalf("the run is done but the call goes on")
	}
	if !p.over && p.playing == nil && len(p.timers) == 0 && len(p.pending) == 0 && p.queued == nil && p.away == nil {
		p.t.Fatalf("the run waits for nothing, after %v", p.entered)
	}
}

// ask is called by each line method: the run is alive, and within an event.
func (p *phone) ask() {
	if p.over {
		p.t.Fatalf("the run asks something of a line that is gone")
	}
	if !p.inside {
		p.t.Fatalf("the run acts on its own")
	}
	if p.queued != nil || p.away != nil {
		p.t.Fatalf("the run acts while the call is queued or away")
	}
}

func (p *phone) Play(playback ivr.Playback) {
	p.ask()
	if len(playback.Prompts) == 0 {
		p.t.Fatalf("an empty row is played")
	}
	if playback.Sensitive {
		p.sensitive++
	}
	p.playing, p.ends = &playback, p.now+2*time.Second*time.Duration(len(playback.Prompts))
	p.spoken = append(p.spoken, playback.Prompts...)
	for _, prompt := range playback.Prompts {
		p.heard = append(p.heard, prompt.Language[:2]+" "+prompt.Name)
	}
}

func (p *phone) StopPlaying() {
	p.ask()
	if p.playing != nil {
		p.heard = append(p.heard, "(stopped)")
	}
	p.playing = nil
}

func (p *phone) SetTimer(id ivr.TimerID, d time.Duration) {
	p.ask()
	if d <= 0 {
		p.t.Fatalf("timer %s is set to %v", id, d)
	}
	p.timers[id] = p.now + d
	if len(p.timers) > 1 {
		p.t.Fatalf("two timers are set: %v", p.timers)
	}
}

func (p *phone) StopTimer(id ivr.TimerID) { p.ask(); delete(p.timers, id) }

func (p *phone) Verify(claim ivr.Claim) {
	p.ask()
	p.claims = append(p.claims, fmt.Sprint(claim.Attempt))
	outcome := ivr.NotVerified
	for id, born := range p.members {
		if claim.MemberID.Is(id) && claim.DateOfBirth.Is(born) {
			outcome = ivr.Verified
		}
	}
	if p.locked {
		outcome = ivr.LockedOut
	}
	p.pending = append(p.pending, reply{p.now + 500*time.Millisecond, func() {
		p.verified = p.verified || outcome == ivr.Verified
		p.run.Verified(outcome)
	}, true})
}

func (p *phone) ReadFact(name string) {
	p.ask()
	if !p.verified {
		p.t.Fatalf("fact %s is read for a caller who is not verified", name)
	}
	p.read = append(p.read, name)
	text, err := p.facts[name], error(nil)
	if text == "" {
		err = errors.New("not there")
	}
	p.pending = append(p.pending, reply{p.now + 20*time.Millisecond, func() { p.run.FactRead(name, text, err) }, true})
}

// LookUp gives what the phone's services answer, after a second; nothing comes for
// one that isn't there.
func (p *phone) LookUp(request ivr.LookUpRequest) {
	p.ask()
	if len(request.Facts) > 0 && !p.verified {
		p.t.Fatalf("facts %v are told for a caller who is not verified", request.Facts)
	}
	p.lookedUp = append(p.lookedUp, request)
	if answer, ok := p.services[request.Name]; ok {
		p.pending = append(p.pending, reply{p.now + time.Second, func() { p.run.LookedUp(request.ID, answer) }, false})
	}
}

func (p *phone) Took(edge ivr.EdgeName) {
	p.ask()
	if edge.Via == "" || edge.To == "" {
		p.t.Fatalf("an edge without a name is taken: %v", edge)
	}
	p.took = append(p.took, edge)
}

func (p *phone) Record(on bool) {
	p.ask()
	p.recording = append(p.recording, on)
}

// Refused must never come: the checker has proven that. Where flows may leak, it is
// written down.
func (p *phone) Refused(reason string) {
	if p.refused == nil {
		p.t.Fatalf("the run's own guard refused: %s", reason)
	}
	*p.refused = append(*p.refused, reason)
}

// epoch is when a phone's call begins.
var epoch = time.Date(2026, 11, 25, 16, 0, 0, 0, time.UTC)

func (p *phone) Now() time.Time { return p.begins.Add(p.now) }

func (p *phone) Queue(request ivr.QueueRequest) {
	p.ask()
	if len(p.timers) > 0 {
		p.t.Fatalf("timers run in a queue: %v", p.timers)
	}
	p.queued = &request
}

func (p *phone) Transfer(request ivr.TransferRequest) {
	p.ask()
	if len(p.timers) > 0 || request.Ring <= 0 || request.How == ivr.TransferWarm && len(request.Ask) == 0 {
		p.t.Fatalf("transferred by %+v, with timers %v", request, p.timers)
	}
	p.away = &request
}

// back says what came of the transfer.
func (p *phone) back(outcome ivr.TransferOutcome) *phone {
	p.t.Helper()
	p.away = nil
	p.event(func() { p.run.Transferred(outcome) })
	return p
}

func (p *phone) HangUp(reason string) {
	p.ask()
	p.hungUp, p.over = reason, true
}

func (p *phone) Entered(step ivr.StepName) {
	p.ask()
	p.entered = append(p.entered, step.Step)
}

// wait lets virtual time pass.
func (p *phone) wait(d time.Duration) {
	p.t.Helper()
	until := p.now + d
	for p.next(until) {
	}
	p.now = until
}

// next does what comes first, if it comes by then.
func (p *phone) next(until time.Duration) bool {
	if p.over {
		return false
	}
	first, do := until+1, func() {}
	if p.playing != nil && p.ends < first {
		playback := p.playing.ID
		first, do = p.ends, func() { p.playing = nil; p.run.Played(playback) }
	}
	if s := p.saying; s != nil && !s.over && s.ends < first {
		first, do = s.ends, p.recordingOver
	}
	for i, r := range p.pending {
		if r.at < first {
			first, do = r.at, func() { p.pending = slices.Delete(p.pending, i, i+1); r.do() }
		}
	}
	for id, at := range p.timers {
		if at < first {
			first, do = at, func() { delete(p.timers, id); p.run.TimerFired(id) }
		}
	}
	p.hush(min(first, until) - p.now)
	if first > until {
		return false
	}
	p.now = first
	p.event(do)
	return true
}

// hush counts time in which nothing is heard. What Careline itself takes, to verify or to
// read a fact, is neither counted nor heard.
func (p *phone) hush(passes time.Duration) {
	_, first := p.timers[ivr.TimerFirstDigit]
	_, between := p.timers[ivr.TimerBetweenDigits]
	switch {
	case p.over, p.playing != nil, p.queued != nil, p.away != nil, first, between, p.saying != nil && !p.saying.over:
		p.silent = 0
	case !slices.ContainsFunc(p.pending, func(r reply) bool { return r.ours }):
		p.silent += passes
		p.longest = max(p.longest, p.silent)
	}
}

// press keys them at three a second.
func (p *phone) press(keys string) *phone {
	p.t.Helper()
	for _, key := range keys {
		if !p.over {
			p.event(func() { p.run.Digit(phi.NewDigits(string(key))) })
		}
		p.wait(300 * time.Millisecond)
	}
	return p
}

// listen waits until something begins to be listened for, is queued or over.
func (p *phone) listen() *phone {
	p.t.Helper()
	for range 1000 {
		if p.over || p.queued != nil || p.away != nil || p.playing == nil && len(p.pending) == 0 {
			return p
		}
		p.next(p.now + time.Hour)
	}
	p.t.Fatalf("the run never listens")
	return p
}

// silently waits until the call is queued or over.
func (p *phone) silently() *phone {
	p.t.Helper()
	for range 1000 {
		if p.over || p.queued != nil || p.away != nil {
			return p
		}
		p.next(p.now + time.Hour)
	}
	p.t.Fatalf("a silent caller is never put through; steps %v", p.entered)
	return p
}

func (p *phone) leave(exit ivr.QueueExit) *phone {
	p.t.Helper()
	p.queued = nil
	p.event(func() { p.run.LeftQueue(exit) })
	return p
}

// inQueue tells that the call waits there.
func (p *phone) inQueue(queue string) *ivr.QueueRequest {
	p.t.Helper()
	if p.queued == nil {
		p.t.Fatalf("the call is in no queue but came by %v; heard %v", p.entered, p.heard)
	}
	if p.queued.Queue != queue {
		p.t.Fatalf("the call is in queue %s, want %s; steps %v", p.queued.Queue, queue, p.entered)
	}
	return p.queued
}

// hears tells that these prompts were heard in this order, others in between.
func (p *phone) hears(want ...string) {
	p.t.Helper()
	rest := p.heard
	for _, w := range want {
		i := slices.Index(rest, w)
		if i < 0 {
			p.t.Fatalf("%q was not heard in its place; heard\n%s", w, strings.Join(p.heard, "\n"))
		}
		rest = rest[i+1:]
	}
}

func (p *phone) neverHears(prompt string) {
	p.t.Helper()
	if slices.Contains(p.heard, prompt) {
		p.t.Fatalf("%q was heard", prompt)
	}
}

var _ fataler = (*testing.T)(nil)

func digit(key string) phi.Digits { return phi.NewDigits(key) }

func (p *phone) CallingNumber() phi.Digits { p.ask(); return phi.NewDigits(p.number) }

// MayCall refuses one number alone.
func (p *phone) MayCall(number phi.Digits) bool { p.ask(); return !number.Is("9005550147") }

func (p *phone) CallBack(request ivr.CallBackRequest) {
	p.ask()
	p.promised = append(p.promised, request)
	outcome := p.callBack
	if outcome == "" {
		outcome = ivr.CallBackKept
	}
	p.pending = append(p.pending, reply{at: p.now + 20*time.Millisecond, do: func() { p.run.CalledBack(outcome) }, ours: true})
}
