package media

import (
	"crypto/rand"
	"encoding/binary"
	"fmt"

	"github.com/pion/rtp"
	"github.com/pion/srtp/v3"
)

const (
	// replayWindow is how many packets behind the latest one may still come, once
	// each (RFC 3711 section 3.3.2).
	replayWindow = 128
	// maxSources is how many SSRCs a far side may use under one key. Each costs
	// memory, and a telephone has one, or one for each re-INVITE.
	maxSources = 16
)

// sealer encrypts the one stream that a leg sends under one of its own keys. The
// index never goes back, so that no part of the keystream is used twice (RFC 3711
// section 9.1).
type sealer struct {
	context *srtp.Context
	header  rtp.Header // for one packet at a time
	used    bool       // something was sealed
}

func newSealer(c Crypto) (*sealer, error) {
	context, err := srtp.CreateContext(c.Key.master(), c.Key.salt(), c.Suite.profile())
	if err != nil {
		return nil, fmt.Errorf("media: SRTP %s: %w", c.Suite, err)
	}
	return &sealer{context: context}, nil
}

// seal encrypts a packet in place; behind it the buffer has room for maxTagBytes.
func (s *sealer) seal(raw []byte) ([]byte, error) {
	sealed, err := s.context.EncryptRTP(raw, raw, &s.header)
	if err != nil {
		return nil, err
	}
	s.used = true
	return sealed, nil
}

// sealReport encrypts a packet of RTCP in place; behind it the buffer has room for
// maxTagBytes and the index.
func (s *sealer) sealReport(raw []byte) ([]byte, error) {
	return s.context.EncryptRTCP(raw, raw, nil)
}

// rolled reports whether who begins to listen now to the stream under ssrc would
// guess its roll-over counter wrong.
func (s *sealer) rolled(ssrc uint32) bool {
	counter, known := s.context.ROC(ssrc)
	return known && counter > 0
}

// opener decrypts what the far side sends under one of its keys, and refuses what
// isn't authentic or was there before.
type opener struct {
	crypto  Crypto
	context *srtp.Context
	header  rtp.Header // for one packet at a time
	sources sources    // of RTP
	reports sources    // of RTCP
	proven  bool       // something authentic has come
}

func newOpener(c Crypto) (*opener, error) {
	context, err := srtp.CreateContext(c.Key.master(), c.Key.salt(), c.Suite.profile(),
		srtp.SRTPReplayProtection(replayWindow), srtp.SRTCPReplayProtection(replayWindow))
	if err != nil {
		return nil, fmt.Errorf("media: SRTP %s: %w", c.Suite, err)
	}
	return &opener{crypto: c, context: context}, nil
}

// open decrypts a packet of RTP into buffer; ok is false if it isn't the far
// side's. before, which may be nil, is the opener of the key before: some far
// sides let the roll-over counter go on across a change of keys, as RFC 3711
// section 3.3.1 has it, others begin anew (RFC 4568 section 7.1.4).
func (o *opener) open(buffer, raw []byte, ssrc uint32, before *opener) (plain []byte, ok bool) {
	if !o.sources.allow(ssrc) {
		return nil, false
	}
	plain, err := o.context.DecryptRTP(buffer, raw, &o.header)
	if err != nil && before != nil && !o.sources.has(ssrc) {
		plain, err = o.openOn(buffer, raw, ssrc, before)
	}
	if err != nil {
		return nil, false
	}
	o.sources.add(ssrc)
	o.proven = true
	return plain, true
}

func (o *opener) openOn(buffer, raw []byte, ssrc uint32, before *opener) ([]byte, error) {
	counter, known := before.context.ROC(ssrc)
	if !known || counter == 0 {
		return nil, srtp.ErrFailedToVerifyAuthTag
	}
	o.context.SetROC(ssrc, counter)
	plain, err := o.context.DecryptRTP(buffer, raw, &o.header)
	if err != nil {
		o.context.SetROC(ssrc, 0)
	}
	return plain, err
}

// openReport decrypts a packet of RTCP into buffer; ok is false if it isn't the far
// side's.
func (o *opener) openReport(buffer, raw []byte) (plain []byte, ok bool) {
	ssrc := binary.BigEndian.Uint32(raw[4:])
	if !o.reports.allow(ssrc) {
		return nil, false
	}
	plain, err := o.context.DecryptRTCP(buffer, raw, nil)
	if err != nil {
		return nil, false
	}
	o.reports.add(ssrc)
	return plain, true
}

// sources are the SSRCs seen under one key.
type sources struct {
	ssrcs [maxSources]uint32
	count int
}

func (s *sources) has(ssrc uint32) bool {
	for _, known := range s.ssrcs[:s.count] {
		if known == ssrc {
			return true
		}
	}
	return false
}

// allow reports whether an SSRC is known, or may become so.
func (s *sources) allow(ssrc uint32) bool { return s.count < maxSources || s.has(ssrc) }

func (s *sources) add(ssrc uint32) {
	if !s.has(ssrc) {
		s.ssrcs[s.count] = ssrc
		s.count++
	}
}

// decryption is what a leg needs to read an encrypted far side.
type decryption struct {
	current *opener
	// before has the far side's key from before the latest agreement, until the
	// new one has proved itself: packets cross signalling.
	before *opener
	buffer [maxPacket]byte
}

// read authenticates and decrypts; the result lies in the buffer.
func (d *decryption) read(raw []byte, ssrc uint32) ([]byte, bool) {
	plain, ok := d.current.open(d.buffer[:], raw, ssrc, d.before)
	if ok {
		d.before = nil
		return plain, true
	}
	if d.before == nil {
		return nil, false
	}
	return d.before.open(d.buffer[:], raw, ssrc, nil)
}

func (d *decryption) readReport(raw []byte) (plain []byte, ok bool) {
	plain, ok = d.current.openReport(d.buffer[:], raw)
	if !ok && d.before != nil {
		plain, ok = d.before.openReport(d.buffer[:], raw)
	}
	return plain, ok
}

// rekeyed is the decryption under the far side's new key; the same key goes on
// with its roll-over counter and its window.
func (d *decryption) rekeyed(crypto Crypto) (*decryption, error) {
	if d != nil && d.current.crypto.Suite == crypto.Suite && d.current.crypto.Key == crypto.Key {
		return d, nil
	}
	next, err := newOpener(crypto)
	if err != nil {
		return nil, err
	}
	changed := &decryption{current: next}
	switch {
	case d == nil:
	case d.current.proven:
		changed.before = d.current
	default:
		changed.before = d.before
	}
	return changed, nil
}

// decryption prepares to read what the far side sends, nil where that is plain
// RTP; in.mu is held.
func (l *Leg) decryption(remote Description) (*decryption, error) {
	switch {
	case remote.DTLS.Used() && l.in.handshake.fits(remote.DTLS):
		return l.in.secure, nil
	case remote.DTLS.Used(), len(remote.Crypto) == 0:
		return nil, nil
	}
	return l.in.secure.rekeyed(remote.Crypto[0])
}

// encryption begins to send as the far side's suite asks for, and returns what our
// side's description then says of keys; out.mu is held.
func (l *Leg) encryption(remote Description, anew bool) ([]Crypto, error) {
	switch {
	case remote.DTLS.Used() && l.in.handshake.fits(remote.DTLS):
		return nil, nil
	case remote.DTLS.Used():
		l.out.seal = nil
		return nil, nil
	case len(remote.Crypto) == 0:
		l.out.seal = nil
		return l.keys, nil
	}
	theirs := remote.Crypto[0]
	for _, own := range l.keys {
		if own.Suite == theirs.Suite {
			own.Tag = theirs.Tag
			return []Crypto{own}, l.out.encrypt(own, anew)
		}
	}
	return nil, fmt.Errorf("media: agree: SRTP %s isn't spoken here", theirs.Suite)
}

// encrypt seals the stream under own from now on. Where the far side begins anew,
// it takes the roll-over counter for 0, or for what it was under the key before,
// as RFC 3711 section 3.3.1 and RFC 4568 section 7.1.4 are read; a stream of which
// that isn't the same goes on under another SSRC, whose counter is 0 to everyone.
// The lock is held.
func (o *outgoing) encrypt(own Crypto, anew bool) error {
	next := o.sealers[own.Suite]
	if next == nil {
		var err error
		if next, err = newSealer(own); err != nil {
			return err
		}
		o.sealers[own.Suite] = next
	}
	switch {
	case next != o.seal && next.used, anew && o.seal != nil && o.seal.rolled(o.ssrc):
		o.ssrc = newSSRC(o.ssrc)
	}
	o.seal = next
	return nil
}

// newSSRC draws another SSRC than the one given.
func newSSRC(not uint32) uint32 {
	var random [4]byte
	for {
		rand.Read(random[:]) // never fails
		if ssrc := binary.BigEndian.Uint32(random[:]); ssrc != not {
			return ssrc
		}
	}
}
