package trace

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// readPcap reads a capture back: the payload of each datagram, its checksums
// having been added up.
func readPcap(t *testing.T, file []byte) []Frame {
	t.Helper()
	if len(file) < 24 || binary.LittleEndian.Uint32(file) != 0xa1b2c3d4 || binary.LittleEndian.Uint32(file[20:]) != 101 {
		t.Fatalf("the file begins with % x", file[:min(len(file), 24)])
	}
	var frames []Frame
	for file = file[24:]; len(file) > 0; {
		at := time.Unix(int64(binary.LittleEndian.Uint32(file)), int64(binary.LittleEndian.Uint32(file[4:]))*1000).UTC()
		length := int(binary.LittleEndian.Uint32(file[8:]))
		packet := file[16 : 16+length]
		file = file[16+length:]
		var from, to netip.Addr
		var udp []byte
		if packet[0]>>4 == 4 {
			if checksum(0, packet[:20]) != 0xffff || int(binary.BigEndian.Uint16(packet[2:])) != length {
				t.Errorf("a bad IPv4 header: % x", packet[:20])
			}
			from, to, udp = netip.AddrFrom4([4]byte(packet[12:16])), netip.AddrFrom4([4]byte(packet[16:20])), packet[20:]
		} else {
			from, to, udp = netip.AddrFrom16([16]byte(packet[8:24])), netip.AddrFrom16([16]byte(packet[24:40])), packet[40:]
		}
		pseudo := append(append(from.AsSlice(), to.AsSlice()...), 0, 17)
		pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(udp)))
		if checksum(uint32(checksum(0, pseudo)), udp) != 0xffff || int(binary.BigEndian.Uint16(udp[4:])) != len(udp) {
			t.Errorf("a bad UDP header: % x", udp[:8])
		}
		frames = append(frames, Frame{at, netip.AddrPortFrom(from, binary.BigEndian.Uint16(udp)), netip.AddrPortFrom(to, binary.BigEndian.Uint16(udp[2:])), udp[8:]})
	}
	return frames
}

func writePcap(t *testing.T, frames ...Frame) []byte {
	t.Helper()
	var file bytes.Buffer
	capture, err := NewPcap(&file)
	if err != nil {
		t.Fatal(err)
	}
	for _, frame := range frames {
		if err := capture.Write(frame); err != nil {
			t.Fatal(err)
		}
	}
	return file.Bytes()
}

func TestCapturesComeBackFromTheFile(t *testing.T) {
	at := time.Date(2026, 3, 2, 15, 4, 5, 123456000, time.UTC)
	six, mapped := netip.MustParseAddrPort("[2001:db8::7]:5061"), netip.MustParseAddrPort("[::ffff:192.0.2.10]:5060")
	written := []Frame{
		{at, carrier, here, []byte("OPTIONS a SIP/2.0\r\n\r\n")}, {at, here, carrier, []byte("odd")},
		{at, six, netip.MustParseAddrPort("[2001:db8::8]:5061"), []byte("six")}, {at, carrier, mapped, nil},
		{at, six, here, []byte("a family on each side")}, {at, here, carrier, bytes.Repeat([]byte{'a'}, 70000)},
	}
	read := readPcap(t, writePcap(t, written...))
	if len(read) != len(written) {
		t.Fatalf("%d of %d came back", len(read), len(written))
	}
	for i, frame := range read {
		want := written[i]
		if i == 5 {
			want.Payload = want.Payload[:65535-28]
		}
		if !frame.At.Equal(want.At) || frame.From.Addr().Unmap() != want.From.Addr().Unmap() || frame.To.Addr().Unmap() != want.To.Addr().Unmap() ||
			frame.From.Port() != want.From.Port() || frame.To.Port() != want.To.Port() || !bytes.Equal(frame.Payload, want.Payload) {
			t.Errorf("frame %d: %s %s → %s, %d bytes", i, frame.At, frame.From, frame.To, len(frame.Payload))
		}
	}
}

// Wireshark's own reader has the last word, where it is installed.
func TestWiresharkReadsOurCaptures(t *testing.T) {
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip("tshark isn't installed")
	}
	file := filepath.Join(t.TempDir(), "call.pcap")
	one := transfer()
	if err := os.WriteFile(file, writePcap(t, one.Frames()...), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command("tshark", "-r", file, "-o", "ip.check_checksum:TRUE", "-o", "udp.check_checksum:TRUE",
		"-T", "fields", "-e", "sip.CSeq.method", "-e", "sip.Status-Code", "-e", "sip.Call-ID", "-e", "udp.checksum.status", "-e", "_ws.malformed").Output()
	if err != nil {
		t.Fatal(err)
	}
	rows := strings.Split(strings.TrimSpace(string(out)), "\n")
	if len(rows) != len(one.Messages) || rows[0] != "INVITE\t\t1@c\t1" && rows[0] != "INVITE\t\t1@c\t1\t" {
		t.Fatalf("tshark reads\n%s", out)
	}
	for i, row := range rows {
		if fields := strings.Split(row, "\t"); fields[0] == "" || fields[2] == "" || fields[3] != "1" {
			t.Errorf("message %d: %q", i, row)
		}
	}
}
