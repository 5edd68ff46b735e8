package wire

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

const plain = "OPTIONS sip:a@example.com SIP/2.0\r\nVia: SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKx;rport\r\nFrom: <sip:b@example.com>;tag=1\r\n" +
	"To: <sip:a@example.com>\r\nCall-ID: 1@example.com\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\nContent-Length: 0\r\n\r\n"

var source = netip.MustParseAddrPort("192.0.2.9:40000")

func TestWhatIsPlainPassesAsItIs(t *testing.T) {
	fit, fault := Read([]byte(plain), false)
	if fault != nil || string(fit) != plain {
		t.Fatalf("%v\n%s", fault, fit)
	}
}

func TestOneFormOfEachThing(t *testing.T) {
	cases := []struct{ given, written string }{
		{"Via: SIP / 2.0 / udp   192.0.2.1 : 5062 ;Branch = z9hG4bKx , SIP/2.0/TCP [::1]", "Via: SIP/2.0/udp 192.0.2.1:5062;branch=z9hG4bKx\r\nVia: SIP/2.0/TCP [::1]"},
		{"From: \"A, <b> \\\"\"<sip:b@example.com;x>; TAG = 1", "From: \"A, <b> \\\"\" <sip:b@example.com;x>;tag=1"},
		{"To: sip:a@example.com ; x", "To: sip:a@example.com;x"},
		{"m: <sip:a@[::1]:5060>\r\n ;q=0.5,\r\n\t\"x\" <sip:c@d>", "m: <sip:a@[::1]:5060>;q=0.5\r\nm: \"x\" <sip:c@d>"},
		{"CSeq: 0001\t OPTIONS", "CSeq: 1 OPTIONS"},
	}
	for _, c := range cases {
		name, _, _ := strings.Cut(c.given, ":")
		var lines []string
		for _, line := range strings.Split(plain, "\r\n") {
			if !strings.HasPrefix(line, name+":") {
				lines = append(lines, line)
			} else {
				lines = append(lines, c.given)
			}
		}
		if name == "m" {
			lines[2] += "\r\n" + c.given
		}
		fit, fault := Read([]byte(strings.Join(lines, "\r\n")), true)
		if fault != nil || !strings.Contains(string(fit), "\r\n"+c.written+"\r\n") {
			t.Errorf("%q: %v\n%s", c.given, fault, fit)
		}
	}
}

func TestFaults(t *testing.T) {
	cases := []struct {
		name, old, with string
		status          int
	}{
		{"bare LF", "Max-Forwards: 70\r\n", "Max-Forwards: 70\nContact: <sip:x@y>\r\n", 400},
		{"bare CR", "To: <", "To: \r<", 400},
		{"no name", "Max-Forwards: 70", "Max-Forwards 70", 400},
		{"no Via", "Via:", "X:", 400},
		{"no head's end", "0\r\n\r\n", "0\r\n", 400},
		{"two Call-ID", "Call-ID: 1@example.com", "Call-ID: 1\r\ni: 2", 400},
		{"too many hops", ": 70", ": 256", 400},
		{"CSeq of 2^31", "CSeq: 1", "CSeq: 2147483648", 400},
		{"port 0", "192.0.2.1:5062", "192.0.2.1:0", 400},
		{"lower case", "OPTIONS", "options", 501},
		{"other scheme", "OPTIONS sip:a", "OPTIONS x-y:a", 416},
		{"older SIP", " SIP/2.0\r\nVia", " SIP/1.0\r\nVia", 505},
		{"no SIP", " SIP/2.0\r\nVia", " HTTP/1.1\r\nVia", 0},
		{"ACK", "OPTIONS", "ACK", 0},
	}
	for _, c := range cases {
		text := strings.ReplaceAll(plain, c.old, c.with)
		if c.name == "ACK" {
			text = strings.Replace(text, "CSeq: 1", "CSeq: x", 1)
		}
		fit, fault := Read([]byte(text), true)
		if fault == nil || fault.Status != c.status {
			t.Errorf("%s: fault %v, expected %d; read %q", c.name, fault, c.status, fit)
		}
	}
}

func TestRefusalsGoWhereTheyShould(t *testing.T) {
	cases := []struct{ via, answered, to string }{
		{"SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKx", "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKx;received=192.0.2.9", "192.0.2.9:5062"},
		{"SIP/2.0/UDP host.example;received=10.0.0.1", "SIP/2.0/UDP host.example;received=192.0.2.9", "192.0.2.9:5060"},
		{"SIP/2.0/UDP 192.0.2.9:5062;rport", "SIP/2.0/UDP 192.0.2.9:5062;rport=40000;received=192.0.2.9", "192.0.2.9:40000"},
		{"nonsense;;", "nonsense;;", "192.0.2.9:40000"},
	}
	for _, c := range cases {
		text := strings.Replace(plain, "SIP/2.0/UDP 192.0.2.1:5062;branch=z9hG4bKx;rport", c.via, 1)
		response, to, ok := Refuse([]byte(text), bad("of this"), "ours", source)
		if !ok || to.String() != c.to || !strings.Contains(string(response), "\r\nVia: "+c.answered+"\r\n") ||
			!strings.HasPrefix(string(response), "SIP/2.0 400 Bad Request\r\n") || !strings.Contains(string(response), "To: <sip:a@example.com>;tag=ours\r\n") {
			t.Errorf("%s: %v to %s\n%s", c.via, ok, to, response)
		}
	}
	if _, _, ok := Refuse([]byte(plain), unreadable("of this"), "ours", source); ok {
		t.Error("answered what is never answered")
	}
}

func TestStreamsAreCut(t *testing.T) {
	cases := []struct {
		name, stream  string
		length, fault int
	}{
		{"whole", plain + "more", len(plain), 0},
		{"head in part", plain[:100], 0, 0},
		{"body in part", strings.Replace(plain, "Length: 0", "Length: 5", 1) + "four", 0, 0},
		{"no length", strings.Replace(plain, "Content-Length: 0\r\n", "", 1), 0, 400},
		{"negative", strings.Replace(plain, "Length: 0", "Length: -999", 1), 0, 400},
		{"beyond the limit", strings.Replace(plain, "Length: 0", "Length: 9999", 1), 0, 513},
		{"endless head", strings.Repeat("X: y\r\n", 200), 0, 513},
	}
	for _, c := range cases {
		length, fault := Cut([]byte(c.stream), 1000)
		if status := statusOf(fault); length != c.length || status != c.fault {
			t.Errorf("%s: %d bytes, fault %d; expected %d, %d", c.name, length, status, c.length, c.fault)
		}
	}
}

func statusOf(fault *Fault) int {
	if fault == nil {
		return 0
	}
	return fault.Status
}

// Whatever comes: what is passed on, the library reads, and reading it again
// changes nothing; what is refused is refused in a message that it reads.
func FuzzRead(f *testing.F) {
	files, err := filepath.Glob("../../testdata/torture/*/*.dat")
	if err != nil || len(files) == 0 {
		f.Fatalf("no messages to begin with: %v", err)
	}
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(raw, true)
	}
	f.Add([]byte(plain), false)
	f.Fuzz(func(t *testing.T, message []byte, datagram bool) {
		fit, fault := Read(message, datagram)
		if fault == nil {
			checkFit(t, fit, datagram)
			return
		}
		if response, _, ok := Refuse(message, fault, "ours", source); ok {
			if !strings.HasPrefix(string(response), "SIP/2.0 "+[]string{"4", "5"}[fault.Status/500]) || strings.Count(string(response), endOfHead) != 1 {
				t.Fatalf("refused with %q", response)
			}
		}
		if length, fault := Cut(message, 1<<16); fault == nil && length > len(message) {
			t.Fatalf("cut at %d of %d", length, len(message))
		}
	})
}

func checkFit(t *testing.T, fit []byte, datagram bool) {
	t.Helper()
	again, fault := Read(fit, datagram)
	if fault != nil || string(again) != string(fit) {
		t.Fatalf("read again: %v\n%q\n%q", fault, fit, again)
	}
	if _, err := gosip.NewParser().ParseSIP(fit); err != nil {
		t.Fatalf("passed on, but the library can't read it: %v\n%q", err, fit)
	}
}
