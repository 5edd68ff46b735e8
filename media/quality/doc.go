// Package quality says how good a call's sound is: an estimate of the mean opinion
// score by the E-model (ITU-T G.107), live and summed up, and whether somebody isn't
// heard at all.
//
//	score := quality.MOS(quality.Rating(quality.G711, quality.Path{Loss: 0.02, Bursts: 1, Delay: 90 * time.Millisecond}))
//	meter.Add(quality.G711, sample)        // a second of one direction
//	meter.MOS()                            // of the last seconds
//	changed := watch.Look(now, found)      // one-way sound begins, or is over
//
// What must not live here: packets, sockets, clocks. Time comes with what is noted.
package quality
