package rtcp

import "time"

// sinceNTP is the number of seconds from 1900 to 1970.
const sinceNTP = 2208988800

// NTP is a wall time as reports have it: seconds since 1900, in 1/2^32.
func NTP(at time.Time) uint64 {
	return uint64(at.Unix()+sinceNTP)<<32 | uint64(at.Nanosecond())<<32/uint64(time.Second)
}

// middle is the part of an NTP time that blocks carry: 16 bits of seconds, 16 of a
// fraction. 0 means that there is none, so it is never the middle of a time.
func middle(ntp uint64) uint32 { return max(uint32(ntp>>16), 1) }

// units is a duration in 1/65536 s.
func units(d time.Duration) uint32 {
	d = max(min(d, 1<<16*time.Second-1), 0)
	return uint32(uint64(d) << 16 / uint64(time.Second))
}

// duration is so many units of 1/65536 s.
func duration(units uint32) time.Duration {
	return time.Duration(uint64(units) * uint64(time.Second) >> 16)
}
