// Package conceal makes a received voice whole: it fills what is missing, blends
// the joins, and plays a little slower or faster without changing the pitch.
//
//	playout := conceal.NewPlayout(8000)        // or 16000
//	playout.Receive(samples)                   // decoded sound
//	playout.Conceal(160)                       // a lost packet's place
//	playout.Pause(noise)                       // the far side says nothing
//	removed := playout.Shrink()                // one pitch period less
//	playout.Take(frame)                        // what is to be heard next
//
// A gap is filled as ITU-T G.711 Appendix I describes: the last pitch periods go
// on, one at first, up to three as the gap grows, so that no tone arises; from
// 10 ms on they fade, and are gone at 60 ms. Both edges are overlapped and added,
// for which a few milliseconds of sound are held back. Slower and faster is the
// same art: one pitch period is repeated or left out where the waveform is alike.
//
// The package knows no packet and no codec. Nothing is allocated after NewPlayout.
package conceal
