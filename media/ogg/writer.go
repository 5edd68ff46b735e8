package ogg

import (
	"errors"
	"fmt"
	"io"
)

// pageDuration is how much sound goes into a page: what a crash may cost, in samples
// at 48 kHz.
const pageDuration = clock

// Writer writes one stream. It isn't safe for concurrent use.
type Writer struct {
	to      io.Writer
	page    page
	held    int    // duration of the packets on the page
	written uint64 // duration of all packets
	err     error
	raw     []byte
}

// NewWriter writes the headers. Serial tells apart the streams of one file; with one
// stream any number will do.
func NewWriter(to io.Writer, head Head, serial uint32) (*Writer, error) {
	if head.Channels < 1 || head.Channels > 2 || head.PreSkip < 0 || head.PreSkip > 0xFFFF {
		return nil, fmt.Errorf("ogg: %d channels, %d samples of pre-skip; give 1 or 2, and at most 65535", head.Channels, head.PreSkip)
	}
	w := &Writer{to: to, page: page{serial: serial, flags: flagFirst}}
	for _, packet := range [][]byte{head.append(nil), tags()} {
		// Each header has a page of its own, whose position is 0.
		w.add(packet)
		w.endPage(0)
	}
	return w, w.flush()
}

// Packet adds one Opus packet, whose sound lasts so many samples at 48 kHz. After an
// error all further calls give it again.
func (w *Writer) Packet(packet []byte, samples int) error {
	if w.err != nil {
		return w.err
	}
	if len(packet) == 0 || len(packet) > maxPacket || samples <= 0 || samples > maxDuration {
		return fmt.Errorf("ogg: a packet of %d bytes and %d samples; give 1 to %d bytes, and at most 120 ms", len(packet), samples, maxPacket)
	}
	// A page goes out once the next one has something to hold: the last page of the
	// file must not be empty.
	if w.held >= pageDuration || len(w.page.lacing)+len(packet)/segmentSize+1 > maxSegments {
		w.endPage(w.written)
		if err := w.flush(); err != nil {
			return err
		}
	}
	w.add(packet)
	w.held += samples
	w.written += uint64(samples)
	return nil
}

// Close writes what is left and ends the stream; it doesn't close what it writes to.
// Trim is how many samples at 48 kHz at the end are not to be played: what filled up
// the last packet.
func (w *Writer) Close(trim int) error {
	if w.err != nil {
		return w.err
	}
	w.page.flags |= flagLast
	w.endPage(w.written - min(uint64(max(trim, 0)), w.written))
	err := w.flush()
	w.err = errClosed
	return err
}

var errClosed = errors.New("ogg: the stream is closed")

// add puts a packet on the page, on which it has room.
func (w *Writer) add(packet []byte) {
	left := len(packet)
	for ; left >= segmentSize; left -= segmentSize {
		w.page.lacing = append(w.page.lacing, segmentSize)
	}
	w.page.lacing = append(w.page.lacing, byte(left))
	w.page.body = append(w.page.body, packet...)
}

// endPage completes the page; the next one is empty.
func (w *Writer) endPage(granule uint64) {
	w.page.granule = granule
	w.raw = w.page.appendTo(w.raw)
	w.page = page{serial: w.page.serial, sequence: w.page.sequence + 1, lacing: w.page.lacing[:0], body: w.page.body[:0]}
	w.held = 0
}

func (w *Writer) flush() error {
	_, err := w.to.Write(w.raw)
	w.raw = w.raw[:0]
	if err != nil {
		w.err = fmt.Errorf("ogg: write: %w", err)
	}
	return w.err
}
