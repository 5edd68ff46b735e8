package recording

import "sync/atomic"

// Stats are a store's numbers since it was opened.
type Stats struct {
	// Begun, ended in order (Whole) or not (Cut), and disposed of.
	Begun, Whole, Cut, Disposed uint64
	// Overdue are those past their time which the latest sweep couldn't dispose of.
	Overdue int
	// Free is how much room the disk has, in bytes; -1 where it can't be asked.
	Free int64
	// Room reports whether a recording can begin.
	Room bool
}

// counters are what Stats is made of.
type counters struct {
	begun, whole, cut, disposed atomic.Uint64
	overdue                     atomic.Int64
}

// Stats is a snapshot of the numbers.
func (s *Store) Stats() Stats {
	free, err := s.free()
	if err != nil {
		free = -1
	}
	return Stats{
		Begun: s.counts.begun.Load(), Whole: s.counts.whole.Load(), Cut: s.counts.cut.Load(), Disposed: s.counts.disposed.Load(),
		Overdue: int(s.counts.overdue.Load()), Free: free, Room: free >= s.options.MinFree,
	}
}
