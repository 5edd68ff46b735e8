// Package jitter evens out what a network does to the timing of RTP: an adaptive
// jitter buffer, as a pure data structure in the caller's time.
//
//	buffer := jitter.New(8000)                 // ticks a second of the RTP clock
//	buffer.Put(jitter.Packet{...}, arrival)    // each packet, as it comes
//	frame := buffer.Get(now, left)             // what is to be heard next
//
// It knows no codec: a packet says how much sound it holds, in ticks of its RTP
// clock, and whoever decodes cuts what comes out into frames. There is no clock, no
// goroutine and no lock in here, and nothing is allocated once the largest packet
// has been seen.
//
// How it keeps time. For each packet, arrival minus timestamp is its delay, up to
// a constant. The buffer plays a timestamp at the low end of the delays seen plus
// a depth of 40 to 120 ms, so deep that all but about one packet in a hundred come
// before they are needed. Where the delays change, or the two clocks drift apart,
// the depth is wrong by some milliseconds; the buffer corrects that for free when
// the far side pauses, and otherwise advises the listener to stretch or shrink
// what is being played. It deepens at once and gets shallower over ten seconds.
package jitter
