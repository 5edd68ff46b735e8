package guard

import "time"

// What options fall back to.
const (
	DefaultBanAfter     = 10
	DefaultBan          = time.Minute
	DefaultLongestBan   = 24 * time.Hour
	DefaultForget       = time.Hour
	DefaultUnprovenRate = 200
	DefaultSetUpRate    = 100
	DefaultMaxMessage   = 16 << 10
	DefaultSources      = 8192
	DefaultFlows        = 8192
)

const (
	floodFactor  = 4  // times SetUpRate: INVITEs over that aren't even read
	packetFactor = 20 // times SetUpRate: messages of any kind that one source may send
)

// Options make a Guard. What is left zero takes its default.
type Options struct {
	// BanAfter is how many wrong passwords, or as much of other mischief, within
	// Forget get a source banned.
	BanAfter int
	// Ban is the length of a source's first ban; each one after it is twice as
	// long, up to LongestBan.
	Ban, LongestBan time.Duration
	// Forget is how long it takes until BanAfter offences are forgotten, one by
	// one, and, after the end of a ban, until the next is half as long again.
	Forget time.Duration
	// UnprovenRate is how many messages a second are read of all sources together
	// that have not proven who they are.
	UnprovenRate int
	// SetUpRate is how many INVITEs a second one source may send.
	SetUpRate int
	// MaxMessage is the longest message, in bytes.
	MaxMessage int
	// Sources is how many sources have an account of their own, of those that are
	// known and of the others each; the rest share one. Rounded up to a power of
	// two.
	Sources int
	// Flows is how many flows that have proven who they are are remembered.
	Flows int
}

func (o *Options) fill() {
	positive(&o.BanAfter, DefaultBanAfter)
	positive(&o.Ban, DefaultBan)
	positive(&o.LongestBan, DefaultLongestBan)
	o.LongestBan = max(o.LongestBan, o.Ban)
	positive(&o.Forget, DefaultForget)
	positive(&o.UnprovenRate, DefaultUnprovenRate)
	positive(&o.SetUpRate, DefaultSetUpRate)
	positive(&o.MaxMessage, DefaultMaxMessage)
	positive(&o.Sources, DefaultSources)
	positive(&o.Flows, DefaultFlows)
}

func positive[T int | time.Duration](value *T, fallback T) {
	if *value <= 0 {
		*value = fallback
	}
}
