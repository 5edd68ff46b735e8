package guard

import (
	"hash/maphash"
	"time"
)

const ways = 8 // accounts that one source may have its place among

// table keeps accounts in a fixed space. A key that nobody outside knows spreads
// the sources over it, so that none can be aimed at another's place.
type table struct {
	law   *law
	seed  maphash.Seed
	mask  uint64
	slots []account
	// crowd is the one account of all that have no place.
	crowd    account
	crowdLaw law
}

func newTable(size int, by *law) *table {
	sets := 1
	for sets*ways < size {
		sets *= 2
	}
	t := &table{law: by, seed: maphash.MakeSeed(), mask: uint64(sets - 1), slots: make([]account, sets*ways), crowdLaw: *by}
	t.crowdLaw.neverLonger = true
	return t
}

// places are the accounts among which a key's is.
func (t *table) places(k key) []account {
	first := (maphash.Comparable(t.seed, k) & t.mask) * ways
	return t.slots[first : first+ways]
}

// known finds the account of a source, brought up to now; nil if it has none.
func (t *table) known(now time.Duration, k key) *account {
	places := t.places(k)
	for i := range places {
		if a := &places[i]; a.used && a.key == k {
			a.settle(now, t.law)
			return a
		}
	}
	return nil
}

// open finds the account of a source or gives it one whose loss changes nothing;
// failing that, one with fewer points than worth, but never one that is banned or
// was; failing that, the crowd's.
func (t *table) open(now time.Duration, k key, worth float64) (*account, *law) {
	if a := t.known(now, k); a != nil {
		return a, t.law
	}
	var least *account
	places := t.places(k)
	for i := range places {
		a := &places[i]
		a.settle(now, t.law)
		if a.blank() {
			least = a
			break
		}
		if a.times == 0 && !a.banned() && a.points < worth && (least == nil || a.points < least.points) {
			least = a
		}
	}
	if least == nil {
		t.crowd.settle(now, &t.crowdLaw)
		return &t.crowd, &t.crowdLaw
	}
	*least = account{key: k, used: true, seen: now}
	return least, t.law
}

// each visits the accounts that are used, and the crowd's.
func (t *table) each(visit func(*account, *law)) {
	for i := range t.slots {
		if t.slots[i].used {
			visit(&t.slots[i], t.law)
		}
	}
	visit(&t.crowd, &t.crowdLaw)
}
