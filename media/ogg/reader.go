package ogg

import (
	"errors"
	"fmt"
	"io"

	"careline/media/opus"
)

var (
	// ErrOgg is wrapped by each error about content that this package doesn't read.
	ErrOgg = errors.New("not Opus in Ogg that Careline plays")
	// ErrCut says that the file ends, or is damaged, before its stream does: its
	// writer crashed, or it was copied in part. What came before is good.
	ErrCut = errors.New("ogg: the file is cut off")
)

// Packet is one Opus packet and what of its sound to play.
type Packet struct {
	// Data is valid until the next call of Next.
	Data []byte
	// Duration is how long its sound lasts; Skip is how much to leave out at its
	// beginning, and Keep where to stop: all in samples at 48 kHz. Skip and Keep are
	// within 0 to Duration; Keep may be less than Skip: nothing is to be played.
	Duration, Skip, Keep int
}

// Reader reads one stream. It isn't safe for concurrent use.
type Reader struct {
	from   io.Reader
	head   Head
	page   page
	buffer [maxPage]byte

	segment int // of the page, next to be read
	body    int // its place in the page's body
	partial []byte
	cut     bool // the packet is longer than what is kept of it

	skip    int    // pre-skip that is left
	done    uint64 // duration of the packets before
	located bool
	start   uint64 // the granule position where the stream begins
	last    bool   // the page is the last one, and says
	end     uint64 // where it ends, as a duration from the start
	err     error  // said again and again
}

// NewReader reads the headers. Errors about the content wrap ErrOgg or ErrCut.
func NewReader(from io.Reader) (*Reader, error) {
	r := &Reader{from: from}
	if err := r.page.read(from, r.buffer[:]); err != nil {
		if err == io.EOF || errors.Is(err, errNoPage) {
			err = fmt.Errorf("%w: no page of Ogg at its beginning", ErrOgg)
		}
		return nil, err
	}
	if r.page.flags&flagFirst == 0 {
		return nil, fmt.Errorf("%w: its beginning is missing", ErrOgg)
	}
	packet, err := r.packet()
	if err == io.EOF {
		return nil, fmt.Errorf("%w: it is empty", ErrOgg)
	} else if err != nil {
		return nil, err
	}
	if r.head, err = parseHead(packet); err != nil {
		return nil, err
	}
	if packet, err = r.packet(); err == io.EOF {
		return nil, fmt.Errorf("%w: it ends before its second packet", ErrOgg)
	} else if err != nil {
		return nil, err
	}
	if len(packet) < len(tagsMagic) || string(packet[:len(tagsMagic)]) != tagsMagic {
		return nil, fmt.Errorf("%w: its second packet is no OpusTags", ErrOgg)
	}
	r.skip = r.head.PreSkip
	if r.segment < len(r.page.lacing) {
		return nil, fmt.Errorf("%w: sound stands on the page of the headers", ErrOgg)
	}
	return r, nil
}

// Head is the stream's identification header.
func (r *Reader) Head() Head { return r.head }

// Next returns the next packet, io.EOF at the stream's end, or an error that wraps
// ErrCut or ErrOgg where the file can't be read on.
func (r *Reader) Next() (Packet, error) {
	data, err := r.packet()
	if err != nil {
		return Packet{}, err
	}
	duration := opus.Samples(data, clock)
	if duration == 0 || r.cut {
		r.err = fmt.Errorf("%w: a packet that isn't Opus", ErrOgg)
		return Packet{}, r.err
	}
	p := Packet{Data: data, Duration: duration, Skip: min(r.skip, duration), Keep: duration}
	r.skip -= p.Skip
	if r.last {
		p.Keep = int(min(r.end-min(r.done, r.end), uint64(duration)))
	}
	r.done += uint64(duration)
	return p, nil
}

// packet returns the next packet, put together from the pages that it lies on. Of
// one that is too long, which only a comment header may be, the rest is left out.
func (r *Reader) packet() ([]byte, error) {
	r.partial, r.cut = r.partial[:0], false
	for r.err == nil {
		for r.segment < len(r.page.lacing) {
			length := int(r.page.lacing[r.segment])
			if len(r.partial)+length <= maxPacket {
				r.partial = append(r.partial, r.page.body[r.body:r.body+length]...)
			} else {
				r.cut = true
			}
			r.segment++
			r.body += length
			if length < segmentSize {
				return r.partial, nil
			}
		}
		r.err = r.nextPage()
	}
	return nil, r.err
}

// nextPage reads the page that follows.
func (r *Reader) nextPage() error {
	if r.page.flags&flagLast != 0 {
		if len(r.partial) > 0 {
			return fmt.Errorf("%w: its last packet has no end", ErrCut)
		}
		if n, _ := io.ReadFull(r.from, r.buffer[:1]); n > 0 {
			return fmt.Errorf("%w: another stream follows the first", ErrOgg)
		}
		return io.EOF
	}
	r.locate()
	before := r.page
	err := r.page.read(r.from, r.buffer[:])
	switch {
	case err == io.EOF:
		return fmt.Errorf("%w after page %d", ErrCut, before.sequence)
	case errors.Is(err, errNoPage):
		return fmt.Errorf("%w after page %d (%v)", ErrCut, before.sequence, err)
	case err != nil:
		return fmt.Errorf("ogg: read: %w", err)
	case r.page.serial != before.serial:
		return fmt.Errorf("%w: it holds more than one stream", ErrOgg)
	case r.page.sequence != before.sequence+1, r.page.flags&flagContinued != 0 != (len(r.partial) > 0):
		return fmt.Errorf("%w after page %d: a page is missing", ErrCut, before.sequence)
	}
	r.segment, r.body = 0, 0
	if r.page.flags&flagLast != 0 && r.page.granule != noGranule {
		r.last, r.end = true, r.page.granule-min(r.start, r.page.granule)
	}
	return nil
}

// locate works out where the stream begins, behind the first page on which sound
// ends: it needn't begin at 0 (RFC 7845 section 4.3).
func (r *Reader) locate() {
	if !r.located && r.done > 0 && r.page.granule != noGranule {
		r.located, r.start = true, r.page.granule-min(r.done, r.page.granule)
	}
}
