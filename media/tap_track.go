package media

import (
	"math"
	"slices"
	"time"

	"careline/media/conceal"
	"careline/media/resample"
)

const (
	// maxTapWaiting bounds the packets of one direction that wait for their time:
	// tapHold of packets of 10 ms, and as many again.
	maxTapWaiting = 96
	// tapWindow is how long the fastest packet counts, by which the others' time is
	// reckoned. Two clocks drift apart by less than a millisecond in it.
	tapWindow = 3 * TapRate
	// tapForget is a pause after which it counts no more: they may have drifted.
	tapForget = 20 * TapRate
	// tapJump is the difference between two delays, in samples, from which on the
	// source has begun anew.
	tapJump = TapRate
	// tapBehind is how late packets are, in samples, that come too late to be waited
	// for; after tapBehindRun in a row, later is what they are from now on.
	tapBehind    = TapRate / 5
	tapBehindRun = 5
	// tapSlack is the difference in time, in samples, that is made up for by playing
	// a little faster or slower; what is beyond is a gap or a jump.
	tapSlack = TapRate / 25
	// tapJoin is the difference in time, in samples, that is no gap; tapNear is one
	// that needn't be made up for.
	tapJoin = TapRate / 400
	tapNear = TapRate / 1000
	// tapStep is by how many samples of a frame's 320 it is made faster or slower at
	// most: 2.5 %. A difference is made up for in some tapHurry frames.
	tapStep  = 8
	tapHurry = 32
)

// tapTrack puts the packets of one direction where they belong in our time. Positions
// are samples at TapRate since the tap began.
//
// A packet's position is its timestamp plus the smallest difference, of the last
// seconds, between arrival and timestamp: the time at which it would have come had
// nothing held it up. Where that drifts away from what is being played, a frame is
// made of some samples more or less than it has.
type tapTrack struct {
	late uint64

	waiting []tapPlaced
	free    [][]byte // payloads to be used again
	known   bool     // a packet has come
	ssrc    uint32
	codec   Codec
	last    uint32 // timestamp, of the latest packet that came
	extent  int64  // the same in samples, ever growing
	fastest [2]int64
	since   int64 // when the newer of the two began
	behind  int

	playout   *conceal.Playout
	decoders  [codecCount]decoder
	heard     Codec // decoded last
	up        resample.Up
	narrow    [maxSamples]int16
	wide      [2 * maxSamples]int16
	next      uint16 // sequence number that follows what was played
	nextStamp int64
	following bool  // next and nextStamp say something
	silent    int   // samples of silence since anything was to be heard
	early     int64 // by how many samples what is played is before its time; below 0: behind it
}

// tapPlaced is a packet with its time in samples.
type tapPlaced struct {
	tapPacket
	stamp int64
	fixed bool // stamp is the position: the stream that it belongs to is over
}

func newTapTrack() *tapTrack {
	return &tapTrack{playout: conceal.NewPlayout(TapRate)}
}

// samplesAt is a time in samples.
func samplesAt(at time.Duration) int64 {
	return int64(at/time.Millisecond)*(TapRate/1000) + int64(at%time.Millisecond)*TapRate/int64(time.Second)
}

// add takes a packet, whose payload it copies.
func (t *tapTrack) add(p *tapPacket) {
	at := samplesAt(p.at)
	scale := int64(TapRate)
	clock := int64(p.codec.ClockRate())
	restart := p.begins || !t.known || p.ssrc != t.ssrc || t.codec.ClockRate() != p.codec.ClockRate()
	stamp := t.extent + int64(int32(p.timestamp-t.last))
	if !restart {
		delay := at - stamp*scale/clock
		if delay > t.base()+tapBehind {
			t.behind++
		} else {
			t.behind = 0
		}
		restart = delay > t.base()+tapJump || delay < t.base()-tapJump || t.behind >= tapBehindRun
	}
	if restart {
		t.begin()
		stamp = int64(p.timestamp)
	}
	if restart || stamp > t.extent {
		t.extent, t.last = stamp, p.timestamp
	}
	t.known, t.ssrc, t.codec = true, p.ssrc, p.codec
	samples := stamp * scale / clock
	t.reckon(at-samples, at)
	t.wait(p, samples)
}

// begin gives the packets that wait their places for good: what comes is another
// stream.
func (t *tapTrack) begin() {
	base := t.base()
	for i := range t.waiting {
		if p := &t.waiting[i]; !p.fixed {
			p.stamp, p.fixed = p.stamp+base, true
		}
	}
	t.fastest = [2]int64{math.MaxInt64, math.MaxInt64}
	t.since, t.behind = math.MinInt64/2, 0
	t.following = false
}

// reckon takes a delay into account.
func (t *tapTrack) reckon(delay, at int64) {
	switch age := at - t.since; {
	case age > tapForget:
		t.fastest, t.since = [2]int64{math.MaxInt64, math.MaxInt64}, at
	case age > tapWindow:
		t.fastest, t.since = [2]int64{t.fastest[1], math.MaxInt64}, at
	}
	t.fastest[1] = min(t.fastest[1], delay)
}

func (t *tapTrack) base() int64 { return min(t.fastest[0], t.fastest[1]) }

// position is where a packet belongs.
func (t *tapTrack) position(p *tapPlaced) int64 {
	if p.fixed {
		return p.stamp
	}
	return p.stamp + t.base()
}

// wait keeps a packet until its time, in the order of time.
func (t *tapTrack) wait(p *tapPacket, samples int64) {
	at := len(t.waiting)
	for at > 0 && !t.waiting[at-1].fixed && t.waiting[at-1].stamp > samples {
		at--
	}
	twice := at > 0 && !t.waiting[at-1].fixed && t.waiting[at-1].stamp == samples
	if twice || len(t.waiting) == maxTapWaiting {
		t.late++
		return
	}
	placed := tapPlaced{tapPacket: *p, stamp: samples}
	placed.payload = nil
	if n := len(t.free); n > 0 {
		placed.payload, t.free = t.free[n-1], t.free[:n-1]
	}
	placed.payload = append(placed.payload[:0], p.payload...)
	t.waiting = slices.Insert(t.waiting, at, placed)
}

// pass takes out the first that waits.
func (t *tapTrack) pass() {
	t.free = append(t.free, t.waiting[0].payload)
	t.waiting = slices.Delete(t.waiting, 0, 1)
}

// frame writes the sound of the 20 ms that begin at a time, or reports that it is
// silence.
func (t *tapTrack) frame(out *[TapFrameSamples]int16, at time.Duration) (voiced bool) {
	begin := samplesAt(at)
	if left := t.playout.Left(); t.silent > left+2*TapFrameSamples && !t.due(begin+int64(left)+TapFrameSamples) {
		return false // what waits to be heard is silence too, and can wait
	}
	step := t.early / tapHurry
	switch {
	case t.early > 0:
		step = min(step+1, tapStep)
	case t.early < 0:
		step = max(step-1, -tapStep)
	}
	t.early -= step
	taken := TapFrameSamples - int(step)
	for t.playout.Ready() < taken {
		t.more(begin, taken)
	}
	if taken == TapFrameSamples {
		t.playout.Take(out[:])
		return true
	}
	sound := t.wide[:taken]
	t.playout.Take(sound)
	for i := range out {
		// The frame's last sample is the sound's, whatever lies between.
		place := float64(i+1)*float64(taken)/TapFrameSamples - 1
		whole := max(int(place), 0)
		part := max(place-float64(whole), 0)
		after := sound[min(whole+1, taken-1)]
		out[i] = int16(math.Round(float64(sound[whole])*(1-part) + float64(after)*part))
	}
	return true
}

// due reports whether a packet waits that belongs before a position.
func (t *tapTrack) due(before int64) bool {
	return len(t.waiting) > 0 && t.position(&t.waiting[0]) < before
}

// more appends what comes next to what waits to be heard, for a frame that begins at
// a position.
func (t *tapTrack) more(begin int64, taken int) {
	end := begin + int64(t.playout.Left())
	if len(t.waiting) == 0 {
		t.pause(taken)
		return
	}
	p := &t.waiting[0]
	off := t.position(p) - end
	follows := t.following && !p.fixed && p.sequence == t.next && p.stamp == t.nextStamp
	switch {
	case follows && off < tapSlack && off > -tapSlack:
	case off < -4*tapJoin:
		// It overlaps with what is there: it came too late, or twice.
		t.late++
		t.pass()
		return
	case off > tapJoin:
		t.fill(p, off, taken)
		return
	}
	if t.early != 0 || off > tapNear || off < -tapNear {
		t.early = off
	}
	t.play(p)
	t.pass()
}

// pause appends silence.
func (t *tapTrack) pause(samples int) {
	silence := t.wide[:samples]
	clear(silence)
	t.playout.Pause(silence)
	t.silent += samples
}

// fill appends what is heard before a packet whose time comes in so many samples: a
// pause, or what lost packets may have been.
func (t *tapTrack) fill(p *tapPlaced, off int64, taken int) {
	samples := int(min(off, int64(taken)))
	if !t.following || int16(p.sequence-t.next) <= 0 {
		t.pause(samples)
		return
	}
	t.silent = 0
	size := int64(t.heard.FrameSamples())
	if own := t.decoders[t.heard]; own != nil && t.heard.SampleRate() == TapRate && off > size-tapJoin {
		next := p.payload
		if p.codec != t.heard || off > size+tapJoin {
			next = nil // it isn't the one that follows at once
		}
		if sound := t.wide[:size]; own.lost(sound, next) {
			t.playout.Receive(sound)
			return
		}
	}
	t.playout.Conceal(samples)
}

// play decodes a packet and appends its sound.
func (t *tapTrack) play(p *tapPlaced) {
	ticks := int64(p.codec.ticks(p.payload))
	t.silent = 0
	t.next, t.following = p.sequence+1, !p.fixed
	t.nextStamp = p.stamp + ticks*TapRate/int64(p.codec.ClockRate())
	if t.decoders[p.codec] == nil {
		made, err := newDecoder(p.codec)
		if err != nil { // codecs that a leg may agree on have one
			return
		}
		t.decoders[p.codec] = made
	}
	n, err := t.decoders[p.codec].decode(t.narrow[:], p.payload)
	if err != nil {
		t.playout.Conceal(int(ticks) * TapRate / p.codec.ClockRate())
		return
	}
	if p.codec != t.heard {
		t.heard, t.up = p.codec, resample.Up{}
		t.playout.Break()
	}
	sound := t.narrow[:n]
	if p.codec.SampleRate() != TapRate {
		sound = t.wide[:2*n]
		t.up.Frame(sound, t.narrow[:n])
	}
	t.playout.Receive(sound)
}
