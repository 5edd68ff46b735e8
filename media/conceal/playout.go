package conceal

const (
	// MaxSound is the most sound that may wait to be heard, in ms: a packet of
	// 120 ms behind what is left of the one before, stretched.
	MaxSound = 240
	// historyMs is how much of what was heard is remembered: three of the longest
	// pitch periods and the overlap.
	historyMs = 52
	// Pitch periods looked for, in samples at 8 kHz: 400 Hz down to 66 Hz.
	minPeriod8k = 20
	maxPeriod8k = 120
)

// Playout is sound on its way to a listener: what was heard last, and what is to
// be heard next. It isn't safe for concurrent use.
type Playout struct {
	rate    int
	history int // samples remembered
	hold    int // samples held back for a join
	line    []int16
	first   int // of line: what isn't heard yet

	synthesis synthesis
	gap       int // samples filled since the last received one; 0: none
	pitch     finder
	blend     []int16 // room for an overlap
}

// NewPlayout makes a playout of 8000 or 16000 samples a second.
func NewPlayout(rate int) *Playout {
	scale := rate / 8000
	p := &Playout{
		rate:    rate,
		history: historyMs * rate / 1000,
		hold:    maxPeriod8k / 4 * scale,
		blend:   make([]int16, maxPeriod8k*scale),
	}
	p.line = make([]int16, p.history, p.history+MaxSound*rate/1000)
	p.pitch = newFinder(scale)
	p.synthesis = newSynthesis(scale)
	p.Reset()
	return p
}

// Reset forgets all sound; what is received next begins softly.
func (p *Playout) Reset() {
	p.line, p.first = p.line[:p.history], p.history
	clear(p.line)
	p.gap = 0
	p.Break()
}

// Rate is the samples a second.
func (p *Playout) Rate() int { return p.rate }

// Ready is how many samples may be taken now; Left is how many are there, with
// those that are held back.
func (p *Playout) Ready() int { return max(p.Left()-p.hold, 0) }

// Left is how many samples wait to be heard.
func (p *Playout) Left() int { return len(p.line) - p.first }

// Take moves the next samples into frame; what isn't there becomes silence.
func (p *Playout) Take(frame []int16) {
	n := copy(frame, p.line[p.first:])
	clear(frame[n:])
	p.first += n
	if surplus := p.first - p.history; surplus > 0 {
		p.line = p.line[:copy(p.line, p.line[surplus:])]
		p.first = p.history
	}
}

// room makes room for n samples more at the end and returns them. What doesn't
// fit pushes out the oldest that was to be heard.
func (p *Playout) room(n int) []int16 {
	n = min(n, cap(p.line)-p.history)
	if surplus := len(p.line) + n - cap(p.line); surplus > 0 {
		p.line = p.line[:copy(p.line, p.line[surplus:])]
		p.first = max(p.first-surplus, p.history)
	}
	p.line = p.line[:len(p.line)+n]
	return p.line[len(p.line)-n:]
}

// Receive appends received sound. After a gap its beginning is blended with what
// filled the gap, over 4 ms and more the longer the gap was, up to 10 ms.
func (p *Playout) Receive(samples []int16) {
	added := p.room(len(samples))
	copy(added, samples[len(samples)-len(added):])
	if p.gap == 0 {
		return
	}
	overlap := min(4+4*max(p.gap*100/p.rate-1, 0), 10) * p.rate / 1000
	overlap = min(overlap, len(added))
	for i := range overlap {
		added[i] = mix(clip(p.synthesis.next()), added[i], i, overlap)
	}
	p.gap = 0
}

// Break tells that what is received next doesn't go on from what was before.
func (p *Playout) Break() {
	if p.gap == 0 {
		p.begin()
		p.gap = 1
	}
}

// Conceal appends n samples in place of lost ones.
func (p *Playout) Conceal(n int) {
	added := p.open(n)
	p.synthesis.pause = false
	for i := range added {
		added[i] = clip(p.synthesis.next())
	}
}

// Pause appends what is heard while the far side says nothing: silence, or comfort
// noise. What was heard before fades into it within 10 ms.
func (p *Playout) Pause(noise []int16) {
	added := p.open(len(noise))
	noise = noise[len(noise)-len(added):]
	p.synthesis.pause = true
	for i := range added {
		weight := 1 - max(p.synthesis.gain, 0)
		added[i] = clip(p.synthesis.next() + weight*float32(noise[i]))
	}
}

// open makes room for n samples of a gap, which may begin with them.
func (p *Playout) open(n int) (added []int16) {
	added = p.room(n)
	if p.gap == 0 {
		// The tail is blended; what was just made room for lies behind it.
		p.line = p.line[:len(p.line)-len(added)]
		p.begin()
		p.line = p.line[:len(p.line)+len(added)]
	}
	p.gap += len(added)
	return added
}

// begin prepares to fill a gap that begins behind the line's end.
func (p *Playout) begin() {
	period, alike := p.pitch.find(p.line)
	if alike < unvoiced {
		// Nothing repeats: a long period sounds the least like a tone.
		period = p.pitch.longest
	}
	p.synthesis.begin(p.line, period, min(p.hold, p.Left()))
}

// mix goes from a to b over n samples.
func mix(a, b int16, i, n int) int16 {
	weight := (2*int32(i) + 1) << 14 / int32(n) // of b, with 15 bits
	return int16((int32(a)*(1<<15-weight) + int32(b)*weight + 1<<14) >> 15)
}

func clip(v float32) int16 {
	switch {
	case v > 32767:
		return 32767
	case v < -32768:
		return -32768
	case v < 0:
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}
