package trace

import (
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

// Frame is a message for a capture file, between its two ends.
type Frame struct {
	At       time.Time
	From, To netip.AddrPort
	Payload  []byte
}

// Frames are a masked trace's, for a capture file that shows nothing protected.
func (t Trace) Frames() []Frame {
	frames := make([]Frame, len(t.Messages))
	for i, m := range t.Messages {
		frames[i] = Frame{m.At, m.Local, m.Remote, []byte(m.Text)}
		if m.Incoming {
			frames[i].From, frames[i].To = m.Remote, m.Local
		}
	}
	return frames
}

// The classic format of libpcap: microseconds, and IP packets without a link
// layer (LINKTYPE_RAW).
const (
	pcapMagic    = 0xa1b2c3d4
	pcapMajor    = 2
	pcapMinor    = 4
	linkRaw      = 101
	pcapSnapshot = 262144
	maxIP        = 0xffff
	udpHeader    = 8
	ipv4Header   = 20
	ipv6Header   = 40
	protocolUDP  = 17
	hops         = 64
)

// Pcap writes a capture file that Wireshark and tshark open. Each message is a UDP
// datagram, whatever it came by: what TLS carried was never on a wire in clear, and
// a ladder needs no TCP handshakes.
type Pcap struct{ w io.Writer }

// NewPcap writes the file's header.
func NewPcap(w io.Writer) (*Pcap, error) {
	header := binary.LittleEndian.AppendUint32(nil, pcapMagic)
	header = binary.LittleEndian.AppendUint16(header, pcapMajor)
	header = binary.LittleEndian.AppendUint16(header, pcapMinor)
	header = append(header, make([]byte, 8)...) // UTC, and no claim of accuracy
	header = binary.LittleEndian.AppendUint32(header, pcapSnapshot)
	header = binary.LittleEndian.AppendUint32(header, linkRaw)
	if _, err := w.Write(header); err != nil {
		return nil, err
	}
	return &Pcap{w}, nil
}

// Write adds a message; one that is too long for a datagram is cut.
func (p *Pcap) Write(frame Frame) error {
	packet, cut := datagram(frame)
	at := frame.At.UnixMicro()
	record := binary.LittleEndian.AppendUint32(nil, uint32(at/1e6))
	record = binary.LittleEndian.AppendUint32(record, uint32(at%1e6))
	record = binary.LittleEndian.AppendUint32(record, uint32(len(packet)))
	record = binary.LittleEndian.AppendUint32(record, uint32(len(packet)+cut))
	_, err := p.w.Write(append(record, packet...))
	return err
}

// datagram wraps a message in UDP and IP, with checksums; cut is how many bytes had
// no room.
func datagram(frame Frame) (packet []byte, cut int) {
	from, to := frame.From.Addr().Unmap(), frame.To.Addr().Unmap()
	four := from.Is4() && to.Is4()
	header := ipv6Header
	if four {
		header = ipv4Header
	}
	payload := frame.Payload
	if room := maxIP - header - udpHeader; len(payload) > room {
		payload, cut = payload[:room], len(payload)-room
	}
	length := udpHeader + len(payload)
	udp := binary.BigEndian.AppendUint16(nil, frame.From.Port())
	udp = binary.BigEndian.AppendUint16(udp, frame.To.Port())
	udp = binary.BigEndian.AppendUint16(udp, uint16(length))
	udp = append(udp, 0, 0)
	udp = append(udp, payload...)

	var ip, ends []byte
	if four {
		ends = append(from.AsSlice(), to.AsSlice()...)
		ip = binary.BigEndian.AppendUint16([]byte{0x45, 0}, uint16(ipv4Header+length))
		ip = append(ip, 0, 0, 0x40, 0, hops, protocolUDP, 0, 0) // not to be fragmented
		ip = append(ip, ends...)
		binary.BigEndian.PutUint16(ip[10:], ^checksum(0, ip))
	} else {
		first, second := from.As16(), to.As16() // an IPv4 end is mapped
		ends = append(first[:], second[:]...)
		ip = binary.BigEndian.AppendUint16([]byte{0x60, 0, 0, 0}, uint16(length))
		ip = append(append(ip, protocolUDP, hops), ends...)
	}
	sum := ^checksum(uint32(protocolUDP)+uint32(length)+uint32(checksum(0, ends)), udp)
	if sum == 0 {
		sum = 0xffff // zero means none (RFC 768)
	}
	binary.BigEndian.PutUint16(udp[6:], sum)
	return append(ip, udp...), cut
}

// checksum adds up as RFC 1071 says.
func checksum(sum uint32, data []byte) uint16 {
	for len(data) >= 2 {
		sum += uint32(binary.BigEndian.Uint16(data))
		data = data[2:]
	}
	if len(data) == 1 {
		sum += uint32(data[0]) << 8
	}
	for sum > 0xffff {
		sum = sum>>16 + sum&0xffff
	}
	return uint16(sum)
}
