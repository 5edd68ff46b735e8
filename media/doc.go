// Package media moves sound: RTP legs towards telephones and WebRTC legs towards
// browsers, prompts and music, digits (RFC 4733), joins of two and conferences of more.
//
//	engine, err := media.New(media.Options{Address: address, PortMin: 20000, PortMax: 20999, WebRTC: webrtc})
//	err = engine.Listen()          // then engine.Run(ctx), which blocks
//	leg, err := engine.OpenRTP(media.LegOptions{ID: call, Notify: post})
//	err = leg.Agree(remote, format) // what signalling negotiated
//	leg.Play(media.Playback{ID: 1, Clips: []*media.Clip{welcome}})
//	media.Join(leg, agentLeg)
//
// The package knows of no call, agent or SIP: signalling tells it addresses and
// formats, and hears of digits, finished playbacks and time-outs by Event.
//
// How sound flows. One pacer per core visits each leg every 20 ms and sends what
// plays (a copy out of a Clip encoded at load) or silence. What a joined leg's far
// side says is forwarded on arrival, undecoded, by the goroutine that read it;
// only between PCMU and PCMA is it translated, by table. Where other codecs meet, or
// more than two, the pacer's visit takes a frame of each ear and mixes (conference.go).
// All write through one outgoing stream per leg, which keeps one SSRC and continuous
// sequence numbers and timestamps whatever the sound's source.
//
// Order of locks: Engine.mu, then a Conference's, then a leg's incoming.mu, then its
// outgoing.mu; an ear's is a leaf. Two legs are never locked at once, and no lock is
// held while an event is told, except the one that keeps a leg's events in a row.
package media
