// Package g722 is ITU-T G.722 at 64 kbit/s (mode 1): wideband speech in two
// sub-bands, each coded by adaptive differential PCM, 160 bytes for 20 ms. What
// lives here: an encoder and a decoder of one stream each. What must not: RTP.
//
//	encoder, decoder := g722.NewEncoder(), g722.NewDecoder()
//	encoder.Encode(payload, sound)  // two samples at 16 kHz make a byte
//	decoder.Decode(sound, payload)
//
// The names are those of the recommendation: xl and xh are the sub-bands' signals,
// e what is left of them after prediction, i the codes, d the quantised
// differences, det the quantisers' scale factors, a and b the predictors'
// coefficients of poles and zeros.
package g722

// Delay is how much later than it was encoded sound is decoded, in samples: that of
// the two filters.
const Delay = 22
