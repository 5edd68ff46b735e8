// Package ogg writes and reads Opus in Ogg (RFC 3533, RFC 7845): one stream of
// packets, mono or stereo. It knows nothing of sound; an Opus codec makes and takes
// the packets.
//
//	w, err := ogg.NewWriter(file, ogg.Head{Channels: 2, PreSkip: 312, InputRate: 16000}, serial)
//	err = w.Packet(packet, 960)                  // 20 ms at 48 kHz
//	r, err := ogg.NewReader(file)                // then r.Head() and r.Next() until io.EOF
//
// A page is written each second in one piece, so a file whose writer crashed can be
// read up to its last second; the reader says where it was cut (ErrCut).
package ogg
