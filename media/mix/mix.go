// Package mix adds up the voices of a conference: arithmetic on frames of linear
// sound (16 bit, mono), without memory allocation, locks or a clock. What lives
// here knows no leg, codec or packet; who hears whom is the caller's to say.
//
//	mixer := mix.New(3)
//	round := mix.Round{Samples: 160, Listeners: mix.SetOf(0, 1, 2)}
//	round.Voices[0], round.Hears[1] = caller, mix.SetOf(0)
//	mixer.Mix(&round)
//	which, sound := mixer.Sound(1) // listeners with the same which hear the same
package mix

import "math/bits"

const (
	// MaxMembers is how many members a mixer knows.
	MaxMembers = 16
	// MaxSamples is the length of the longest frame: 20 ms at 16 kHz.
	MaxSamples = 320
	// rampPart of a frame is how long one voice takes to come or go: 8 ms of 20.
	// Shorter clicks, longer swallows the beginning of a word.
	rampPart = 2.0 / 5
	// Silence is what Sound calls the mix of nobody.
	Silence = -1
)

// Set is a set of members; bit i stands for member i.
type Set uint16

// SetOf makes a set of its members.
func SetOf(members ...int) Set {
	var s Set
	for _, member := range members {
		s |= 1 << member
	}
	return s
}

// Has reports whether the member is in the set.
func (s Set) Has(member int) bool { return s>>member&1 != 0 }

// Len is how many members the set has.
func (s Set) Len() int { return bits.OnesCount16(uint16(s)) }

// first is the lowest member of a set that isn't empty.
func (s Set) first() int { return bits.TrailingZeros16(uint16(s)) }

// Round is what one frame is mixed of.
type Round struct {
	// Samples is the length of the frame and of each voice, at most MaxSamples.
	Samples int
	// Voices are what each member says; nil is silence.
	Voices [MaxMembers][]int16
	// Hears is whom each member hears from this frame on.
	Hears [MaxMembers]Set
	// Listeners are the members that a mix is wanted for.
	Listeners Set
}

// Mixer mixes one frame after the other. Where a listener's set changes between
// two frames, the one mix fades into the other. It isn't safe for concurrent use.
type Mixer struct {
	heard  [MaxMembers]Set // whom each heard at the end of the last frame
	which  [MaxMembers]int
	mixes  []mixed // those of this frame come first
	used   int
	active Set // who says something in this frame

	total       [MaxSamples]int32 // of all who are active, once summed
	summed      bool
	sum         [MaxSamples]int32
	fadeOut, in [MaxSamples]int16
}

// mixed is one mix: from fades into to, or both are the same.
type mixed struct {
	from, to Set
	sound    []int16
	room     []int16
}

// New makes a mixer for so many members.
func New(members int) *Mixer {
	m := &Mixer{}
	m.Reserve(members)
	for i := range m.which {
		m.which[i] = Silence
	}
	return m
}

// Reserve makes room for so many members, MaxMembers at most. Only this allocates.
func (m *Mixer) Reserve(members int) {
	for len(m.mixes) < min(members, MaxMembers) {
		m.mixes = append(m.mixes, mixed{room: make([]int16, MaxSamples)})
	}
}

// Forget lets a place go to another member, who is to fade in.
func (m *Mixer) Forget(member int) {
	m.heard[member] = 0
	for i := range m.heard {
		m.heard[i] &^= 1 << member
	}
}

// Mix mixes a round: each distinct mix once, however many hear it.
func (m *Mixer) Mix(r *Round) {
	m.used, m.summed, m.active = 0, false, 0
	for i, voice := range r.Voices {
		if voice != nil {
			m.active |= 1 << i
		}
	}
	for listener := range MaxMembers {
		from, to := m.heard[listener]&m.active, r.Hears[listener]&m.active
		m.heard[listener] = r.Hears[listener]
		m.which[listener] = Silence
		if r.Listeners.Has(listener) && from|to != 0 {
			m.which[listener] = m.find(r, from, to)
		}
	}
}

// Sound is what a listener of the last round hears, until the next round. Who
// hears the same has the same number, below the count of members reserved for;
// who hears nobody has Silence.
func (m *Mixer) Sound(listener int) (which int, sound []int16) {
	which = m.which[listener]
	if which == Silence {
		return Silence, nil
	}
	return which, m.mixes[which].sound
}

// find is the number of a mix, which is made if nobody asked for it before.
func (m *Mixer) find(r *Round, from, to Set) int {
	for i := range m.used {
		if m.mixes[i].from == from && m.mixes[i].to == to {
			return i
		}
	}
	mix := &m.mixes[m.used]
	mix.from, mix.to = from, to
	if from == to {
		mix.sound = m.steady(r, to, mix.room)
	} else {
		mix.sound = mix.room[:r.Samples]
		fade(mix.sound, m.steady(r, from, m.fadeOut[:]), m.steady(r, to, m.in[:]))
	}
	m.used++
	return m.used - 1
}

// steady is the mix of a set. One voice alone is itself; the mix of more is
// written into room.
func (m *Mixer) steady(r *Round, set Set, room []int16) []int16 {
	out := room[:r.Samples]
	switch missing := m.active &^ set; {
	case set == 0:
		clear(out)
	case set.Len() == 1:
		return r.Voices[set.first()][:r.Samples]
	case missing == 0:
		limitAll(out, m.sumOfAll(r))
	case missing.Len() == 1: // everybody but one, such as the listener
		limitDifference(out, m.sumOfAll(r), r.Voices[missing.first()])
	default:
		limitAll(out, m.sumOf(r, set))
	}
	return out
}

// sumOfAll adds up all voices, once a round.
func (m *Mixer) sumOfAll(r *Round) []int32 {
	if !m.summed {
		add(m.total[:r.Samples], r, m.active)
		m.summed = true
	}
	return m.total[:r.Samples]
}

// sumOf adds up some voices, or takes the others off, whichever is less work.
func (m *Mixer) sumOf(r *Round, set Set) []int32 {
	sum := m.sum[:r.Samples]
	missing := m.active &^ set
	if set.Len() <= missing.Len() {
		add(sum, r, set)
		return sum
	}
	copy(sum, m.sumOfAll(r))
	for ; missing != 0; missing &= missing - 1 {
		voice := r.Voices[missing.first()][:len(sum)]
		for i := range sum {
			sum[i] -= int32(voice[i])
		}
	}
	return sum
}

func add(sum []int32, r *Round, set Set) {
	voice := r.Voices[set.first()][:len(sum)]
	for i := range sum {
		sum[i] = int32(voice[i])
	}
	for set &= set - 1; set != 0; set &= set - 1 {
		voice := r.Voices[set.first()][:len(sum)]
		for i := range sum {
			sum[i] += int32(voice[i])
		}
	}
}

// fade lets from become to within the ramp. It ends and begins with what stands
// before and after it, so that nothing jumps.
func fade(out, from, to []int16) {
	ramp := int32(float64(len(out)) * rampPart)
	for i := range ramp {
		a, b := int32(from[i]), int32(to[i])
		out[i] = int16(a + (b-a)*i/ramp)
	}
	copy(out[ramp:], to[ramp:])
}
