package ogg

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	pageHeaderSize = 27
	maxSegments    = 255
	segmentSize    = 255
	maxPage        = pageHeaderSize + maxSegments + maxSegments*segmentSize
	capturePattern = "OggS"
	noGranule      = ^uint64(0) // of a page on which no packet ends
)

// Header type flags (RFC 3533 section 6).
const (
	flagContinued = 1 << iota
	flagFirst
	flagLast
)

// page is one page of one stream.
type page struct {
	flags    byte
	granule  uint64
	serial   uint32
	sequence uint32
	lacing   []byte
	body     []byte
}

// checksums is the table of the page's CRC: polynomial 0x04C11DB7, most significant
// bit first, beginning with 0 (RFC 3533 section 6). It is never written again.
var checksums = func() (table [256]uint32) {
	for i := range table {
		sum := uint32(i) << 24
		for range 8 {
			carry := sum>>31 != 0
			sum <<= 1
			if carry {
				sum ^= 0x04C11DB7
			}
		}
		table[i] = sum
	}
	return table
}()

func checksum(raw []byte) uint32 {
	sum := uint32(0)
	for _, b := range raw {
		sum = sum<<8 ^ checksums[byte(sum>>24)^b]
	}
	return sum
}

// appendTo writes the page behind out.
func (p *page) appendTo(out []byte) []byte {
	begin := len(out)
	out = append(out, capturePattern...)
	out = append(out, 0, p.flags)
	out = binary.LittleEndian.AppendUint64(out, p.granule)
	out = binary.LittleEndian.AppendUint32(out, p.serial)
	out = binary.LittleEndian.AppendUint32(out, p.sequence)
	out = append(out, 0, 0, 0, 0, byte(len(p.lacing)))
	out = append(out, p.lacing...)
	out = append(out, p.body...)
	binary.LittleEndian.PutUint32(out[begin+22:], checksum(out[begin:]))
	return out
}

// errNoPage is what read gives where no whole page follows; its text says why.
var errNoPage = errors.New("no whole page")

// read takes the next page from r into buffer, which has room for the largest. At
// the end of r between two pages it returns io.EOF.
func (p *page) read(r io.Reader, buffer []byte) error {
	if _, err := io.ReadFull(r, buffer[:pageHeaderSize]); err == io.EOF {
		return err
	} else if err != nil {
		return unread(err)
	}
	if string(buffer[:4]) != capturePattern || buffer[4] != 0 {
		return fmt.Errorf("%w: something else stands in its place", errNoPage)
	}
	end := pageHeaderSize + int(buffer[26])
	if _, err := io.ReadFull(r, buffer[pageHeaderSize:end]); err != nil {
		return unread(err)
	}
	p.lacing = buffer[pageHeaderSize:end]
	size := 0
	for _, length := range p.lacing {
		size += int(length)
	}
	p.body = buffer[end : end+size]
	if _, err := io.ReadFull(r, p.body); err != nil {
		return unread(err)
	}
	p.flags = buffer[5]
	p.granule = binary.LittleEndian.Uint64(buffer[6:])
	p.serial = binary.LittleEndian.Uint32(buffer[14:])
	p.sequence = binary.LittleEndian.Uint32(buffer[18:])
	sum := binary.LittleEndian.Uint32(buffer[22:])
	binary.LittleEndian.PutUint32(buffer[22:], 0)
	if checksum(buffer[:end+size]) != sum {
		return fmt.Errorf("%w: its checksum is wrong", errNoPage)
	}
	return nil
}

// unread is the error of a page that ends too early, or of the reader.
func unread(err error) error {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return fmt.Errorf("%w: it ends too early", errNoPage)
	}
	return err
}
