package jitter

import "math"

const (
	// blockPackets and blockCount make the window over which delays are known: 500
	// packets, 10 s of the usual 20 ms.
	blockPackets = 50
	blockCount   = 10
	// topDelays is how many of the longest delays a block keeps, and with a full
	// window the rank of the one that counts: 4 of 500 may be longer.
	topDelays = 4
	// fastRank is the rank that counts among the last one to two seconds: a single
	// straggler changes nothing, a second one does.
	fastRank = 2
)

// delays knows the shortest delay of the last packets, and a high quantile of
// them. The zero value is ready.
type delays struct {
	blocks    [blockCount]delayBlock
	current   int
	count     int // in all blocks
	low, high int64
}

// delayBlock sums up some packets in a row.
type delayBlock struct {
	count int
	low   int64
	top   topList
}

// topList holds the longest delays, the longest first.
type topList [topDelays]int64

// add notes one packet's delay, in ticks.
func (d *delays) add(delay int64) {
	block := &d.blocks[d.current]
	if block.count == blockPackets {
		d.current = (d.current + 1) % blockCount
		block = &d.blocks[d.current]
		d.count -= block.count
		block.count = 0
	}
	changed := false
	if block.count == 0 {
		block.low, changed = delay, true
		block.top = topList{math.MinInt64, math.MinInt64, math.MinInt64, math.MinInt64}
	}
	block.count++
	d.count++
	if delay < block.low {
		block.low, changed = delay, true
	}
	if block.top.add(delay) || changed {
		d.sumUp()
	}
}

func (t *topList) add(delay int64) bool {
	if delay <= t[topDelays-1] {
		return false
	}
	i := topDelays - 1
	for ; i > 0 && t[i-1] < delay; i-- {
		t[i] = t[i-1]
	}
	t[i] = delay
	return true
}

// sumUp finds the window's low and high again.
func (d *delays) sumUp() {
	all := topList{math.MinInt64, math.MinInt64, math.MinInt64, math.MinInt64}
	recent := all
	d.low = math.MaxInt64
	before := (d.current + blockCount - 1) % blockCount
	for i := range d.blocks {
		block := &d.blocks[i]
		if block.count == 0 {
			continue
		}
		d.low = min(d.low, block.low)
		for _, delay := range block.top {
			all.add(delay)
			if i == d.current || i == before {
				recent.add(delay)
			}
		}
	}
	rank := topDelays
	if d.count < blockPackets*blockCount/2 {
		rank = fastRank
	}
	d.high = max(all[min(rank, d.count)-1], recent[min(fastRank, d.count)-1])
}

// known reports whether there is any delay.
func (d *delays) known() bool { return d.count > 0 }

// settled reports whether enough packets have come to tell a calm network.
func (d *delays) settled() bool { return d.count >= 2*blockPackets }

// forget begins anew.
func (d *delays) forget() { *d = delays{} }
