package trace

import (
	"fmt"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// masked is what one message alone is shown as.
func masked(message string) string {
	return mask("", []strand{{id: "x", packets: []Packet{{message: []byte(message)}}}}).Messages[0].Text
}

func lines(all ...string) string { return strings.Join(all, "\r\n") }

func TestWhatIsShownOfAnInvite(t *testing.T) {
	body := lines("v=0", "o=linda 3125550142 1 IN IP4 192.0.2.7", "s=Linda's call", "i=about her claim", "c=IN IP4 192.0.2.7", "t=0 0",
		"m=audio 40000 RTP/SAVP 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:WVNfX19zZW1jdGwgKCkgewkyMjA7fQp9CnVubGVz|2^20|1:4",
		"a=ice-ufrag:F7gI", "a=ice-pwd:x9cml/YzichV2+XlhiMu8g", "a=fingerprint:sha-256 D2:FA:0E", "a=x-name:Linda Ruiz", "a=sendrecv", "")
	got := masked(lines("INVITE sip:5550100;npdi@127.0.0.1:5060;user=phone SIP/2.0",
		"Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1;rport;alias=linda",
		"Max-Forwards: 70", `f: "Ruiz, Linda \"L\"" <sip:+1-312-555-0142@trunk.example>;tag=abc`, "To: sip:5550100@127.0.0.1", "Call-ID: 3125550142-77@192.0.2.7",
		"CSeq: 1 INVITE", `Contact: <sip:13125550142@192.0.2.7:5060;transport=udp>;+sip.instance="<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>"`,
		`P-Asserted-Identity: "Linda" <tel:+13125550142;phone-context=+1>`, `Diversion: <sip:3125550188@a.example>;reason=no-answer;counter=1`,
		"Refer-To: <sip:ann@b.example?Replaces=1%40b&Subject=claim>", "Identity: eyJhbGciOiJFUzI1NiJ9..sig;info=<https://c.example/x>",
		`Authorization: Digest username="linda", realm="a", nonce="n", uri="sip:a", response="r", algorithm=SHA-256, qop=auth`,
		"Subject: cancer screening", "User-Agent: Linda's phone 3125550142 v2.1", "X-Member: W123456789", "Content-Type: application/sdp",
		fmt.Sprintf("Content-Length: %d", len(body)), "", body))
	shownBody := lines("v=0", "o=••• •••A IN IP4 192.0.2.7", "s=•••", "i=•••", "c=IN IP4 192.0.2.7", "t=0 0",
		"m=audio 40000 RTP/SAVP 8 0 101", "a=rtpmap:101 telephone-event/8000", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:•••",
		"a=ice-ufrag:•••", "a=ice-pwd:•••", "a=fingerprint:sha-256 •••", "a=x-name:•••", "a=sendrecv", "")
	want := lines("INVITE sip:•••B@127.0.0.1:5060;user=phone SIP/2.0",
		"Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1;rport;alias=•••",
		"Max-Forwards: 70", `f: "•••" <sip:•••A@trunk.example>;tag=abc`, "To: sip:•••B@127.0.0.1", "Call-ID: •••A@192.0.2.7",
		"CSeq: 1 INVITE", `Contact: <sip:•••A@192.0.2.7:5060;transport=udp>;•••`,
		`P-Asserted-Identity: "•••" <tel:•••A;phone-context=•••>`, `Diversion: <sip:•••C@a.example>;reason=no-answer;counter=1`,
		"Refer-To: <sip:•••D@b.example?Replaces=•••&Subject=•••>", "Identity: •••",
		"Authorization: Digest algorithm=SHA-256, qop=auth, •••",
		"Subject: •••", "User-Agent: •••'s phone •••A v2.1", "X-Member: •••", "Content-Type: application/sdp",
		fmt.Sprintf("Content-Length: %d", len(shownBody)), "", shownBody)
	for i, line := range strings.Split(want, "\r\n") {
		if have := strings.Split(got, "\r\n"); i >= len(have) || have[i] != line {
			t.Errorf("line %d of\n%s\nwant %q", i+1, got, line)
			break
		}
	}
	if got != want {
		t.Errorf("shown:\n%s", got)
	}
}

func TestKeysPressedAreNeverShown(t *testing.T) {
	for _, body := range []string{"Signal=7\r\nDuration=160\r\n", "7"} {
		info := lines("INFO sip:careline@127.0.0.1 SIP/2.0", "Call-ID: x", "CSeq: 2 INFO", "Content-Type: application/dtmf-relay", fmt.Sprintf("Content-Length: %d", len(body)), "", body)
		if got := masked(info); !strings.HasSuffix(got, fmt.Sprintf("\r\n\r\n••• (application/dtmf-relay, %d bytes)\r\n", len(body))) {
			t.Errorf("masked:\n%s", got)
		}
		if got := string(withoutSecrets([]byte(info))); strings.Contains(got[strings.Index(got, "\r\n\r\n"):], "7") || len(got) != len(info) {
			t.Errorf("in a capture:\n%s", got)
		}
		if kept := (Packet{message: []byte(info)}).kept(); strings.Contains(string(kept.message[len(info)-len(body):]), "7") {
			t.Errorf("in memory:\n%s", kept.message)
		}
	}
}

func TestProgressOfATransferIsShown(t *testing.T) {
	got := masked(lines("NOTIFY sip:a@127.0.0.1 SIP/2.0", "Call-ID: x", "Event: refer", "Content-Type: message/sipfrag;version=2.0", "",
		"SIP/2.0 180 Ringing", "To: Linda <sip:3125550142@a.example>", ""))
	if !strings.HasSuffix(got, "\r\n\r\nSIP/2.0 180 Ringing\r\n") {
		t.Errorf("masked:\n%s", got)
	}
}

func TestTheSameNumberHasOneLetterHoweverItIsWritten(t *testing.T) {
	l := newLabels()
	for _, one := range []string{"+13125550142", "3125550142", "1-312-555-0142", "+1(312)555.0142", "%2B13125550142", "+13125550142;cpc=ordinary", "+13125550142:password"} {
		if got := l.of(one); got != "•••A" {
			t.Errorf("%s is shown as %s", one, got)
		}
	}
	if got := l.of("3125550143") + l.of("Anonymous") + l.of(""); got != "•••Banonymous" {
		t.Errorf("others: %s", got)
	}
	for i := range 60 {
		l.of(fmt.Sprintf("31255502%02d", i))
	}
	if got := l.of("3125550259"); got != "•••J2" {
		t.Errorf("the 62nd number is %s", got)
	}
}

func TestANameIsMaskedInMessagesBeforeTheOneThatToldIt(t *testing.T) {
	shown := mask("", []strand{{id: "Ruiz-1@a.example", packets: []Packet{
		{At: time.Unix(1, 0), message: []byte(lines("OPTIONS sip:a.example SIP/2.0", "User-Agent: ruiz at 5550142", "", ""))},
		{At: time.Unix(2, 0), message: []byte(lines("INVITE sip:a.example SIP/2.0", `From: "Ruiz" <sip:3125550142@a.example>`, "", ""))},
	}}})
	if got := shown.Messages[0].Text + shown.Legs[0]; strings.Contains(strings.ToLower(got), "ruiz") || strings.Contains(got, "5550142") {
		t.Errorf("shown: %s", got)
	}
}

// secretsOf are drawn for a message, and none of them may be shown.
type secrets struct{ number, name, key, password, keyed string }

func (s secrets) all() []string {
	national := s.number[len(s.number)-national:]
	return []string{s.number, national, national[:3] + "-" + national[3:6] + "-" + national[6:], s.name, s.key, s.password, s.keyed}
}

// hostile is a message that carries the secrets where they may be, written in
// every way that a parser takes, and with junk between.
func (s secrets) message(choose func(label string, options ...string) string, junk string) string {
	number := choose("number", s.number, "+1"+s.number, s.number[:3]+"-"+s.number[3:6]+"-"+s.number[6:], "%2B"+s.number, s.number+";isub=1")
	display := choose("display", `"`+s.name+`" `, s.name+" ", `"`+s.name+`, \"x\" " `, `"`+s.name, "")
	uri := choose("uri", "<sip:"+number+"@a.example>", "<sip:"+number+":"+s.password+"@a.example>", "SIPS:"+s.name+":"+s.password+"@a.example", "<sips:"+number+"@[2001:db8::1]:5061;user=phone>", "<tel:"+number+">", "sip:"+number+"@a.example", "<sip:"+number+">", "<sip:"+number+"@a.example", "<SIP:"+number+"@a.example?Subject="+s.name+">", "<"+number+">")
	header := choose("header", "From", "f", "To", "t", "Contact", "m", "P-Asserted-Identity", "p-asserted-identity", "Diversion", "History-Info", "Remote-Party-ID", "Refer-To", "r", "Referred-By", "b", "Identity", "Subject", "s", "X-Caller", "Reply-To", "Call-Info")
	colon := choose("colon", ": ", ":", " : ", ":\t", ":\r\n ")
	end := choose("end", "\r\n", "\n")
	message := choose("start", "INVITE sip:"+s.number+"@a.example SIP/2.0", "SIP/2.0 486 "+s.name+" is busy", "SIP/2.0 302 Moved to "+s.number, s.number, "INFO tel:"+s.number+" SIP/2.0") + end
	message += "From: \"" + s.name + "\" <sip:" + s.number + "@a.example>;tag=1" + end // the trace knows them
	message += header + colon + display + uri + choose("tail", "", ";tag="+s.number, ";x="+s.name, ", "+uri, ";tag=%33"+s.number) + end
	message += choose("id", "Call-ID", "i") + colon + s.number + "@" + s.name + end
	message += choose("auth", "Authorization", "Proxy-Authorization", "authorization") + colon + `Digest username="` + s.name + `", response="` + s.password + `", qop="` + s.password + `"` + end
	message += "User-Agent: " + s.name + " " + s.number + end + "Warning: 399 a.example \"" + s.number + "\"" + end + "Reason: SIP;cause=486;text=\"" + s.name + "\"" + end
	message += junk + end
	message += choose("type", "Content-Type: application/sdp", "c: application/sdp", "Content-Type: application/dtmf-relay", "Content-Type: text/plain", "Content-Type: multipart/mixed;boundary=x", "") + end + end
	switch choose("body", "sdp", "keyed", "both") {
	case "sdp":
		message += "v=0" + end + "o=" + s.name + " " + s.number + " 1 IN IP4 a" + end + "s=" + s.name + end + "p=" + s.number + end + "e=" + s.name + end +
			"k=clear:" + s.key + end + "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:" + s.key + end + "a=crypto:" + s.key + end + "a=ice-pwd:" + s.password + end +
			"a=ssrc:1 cname:" + s.name + end + "a=key-mgmt:mikey " + s.key + end
	case "keyed":
		message += "Signal=" + s.keyed + end + "Duration=160"
	default:
		message += "Signal=" + s.keyed + end + "a=crypto:1 X inline:" + s.key
	}
	return message
}

func TestNoSecretSurvivesMasking(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := secrets{
			number: rapid.StringMatching(`[2-9][0-9]{9}`).Draw(t, "number"), name: rapid.StringMatching(`[A-Z][a-z]{5,9}q`).Draw(t, "name"),
			key: rapid.StringMatching(`[A-Za-z0-9+/]{40}`).Draw(t, "key"), password: rapid.StringMatching(`pw[a-z0-9]{16}`).Draw(t, "password"),
			keyed: rapid.StringMatching(`[0-9]{8}#`).Draw(t, "keyed"),
		}
		choose := func(label string, options ...string) string { return rapid.SampledFrom(options).Draw(t, label) }
		message := s.message(choose, rapid.StringMatching(`[ -~]{0,20}`).Draw(t, "junk"))
		leaks(t, s, message)
	})
}

type failing interface {
	Fatalf(format string, args ...any)
}

func leaks(t failing, s secrets, message string) {
	shown := mask("", []strand{{id: s.number + "@" + s.name, packets: []Packet{{message: []byte(message)}}}})
	text := shown.Messages[0].Text + "\n" + shown.Legs[0]
	for _, secret := range s.all() {
		if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
			t.Fatalf("%q is shown of\n%s\nas\n%s", secret, message, text)
		}
	}
	captured := string(withoutSecrets([]byte(message)))
	for _, secret := range []string{s.key, s.password, s.keyed} {
		if strings.Contains(captured, secret) {
			t.Fatalf("a capture shows %q of\n%s\nas\n%s", secret, message, captured)
		}
	}
}

// FuzzMask puts the secrets into a message that the fuzzer makes up: what it does
// around them must not bring them out.
func FuzzMask(f *testing.F) {
	f.Add("INVITE sip:NUMBER@a SIP/2.0\r\nFrom: \"NAME\" <sip:NUMBER@b>;tag=1\r\nCall-ID: 1\r\n\r\n")
	f.Add("SIP/2.0 200 OK\r\nTo: NAME<tel:NUMBER>\r\nX: NUMBER\r\nContent-Type: application/sdp\r\n\r\nv=0\r\na=crypto:1 A_B inline:KEY\r\na=ice-pwd:KEY\r\n")
	f.Add("INFO sip:a SIP/2.0\r\nc: application/dtmf-relay\r\n\r\nSignal=KEY\r\n")
	f.Add("BYE sip:a SIP/2.0\nAuthorization: Digest response=\"KEY\"\nReason: Q.850;text=\"NAME\"\n\n")
	f.Fuzz(func(t *testing.T, shape string) {
		const number, name, key = "8475550199", "Wolframina", "Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MDEyMzQ1"
		// Known to the trace by an INVITE of the plainest kind, as in any call.
		plain := "INVITE sip:a.example SIP/2.0\r\nFrom: \"" + name + "\" <sip:" + number + "@a.example>\r\n\r\n"
		text := strings.NewReplacer("NUMBER", number, "NAME", name, "KEY", key).Replace(shape)
		shown := mask("", []strand{{id: "x", packets: []Packet{{At: time.Unix(1, 0), message: []byte(plain)}, {At: time.Unix(2, 0), message: []byte(text)}}}})
		for _, secret := range []string{number, name} {
			if strings.Contains(shown.Messages[1].Text, secret) {
				t.Fatalf("%q is shown of %q as %q", secret, text, shown.Messages[1].Text)
			}
		}
		if packed, err := shown.Pack(); err != nil {
			t.Fatal(err)
		} else if back, err := Unpack(packed); err != nil || len(back.Messages) != 2 {
			t.Fatalf("unpacked: %v", err)
		}
		if got := withoutSecrets([]byte(text)); len(got) != len(text) {
			t.Fatalf("a capture of %d bytes has %d", len(text), len(got))
		}
		_ = shown.Drawing()
		_ = callID([]byte(text))
	})
}

func TestAMaskedMessageIsStillSIP(t *testing.T) {
	message := lines("INVITE sip:5550100@127.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP 192.0.2.7:5060;branch=z9hG4bK-1;rport", "Max-Forwards: 70",
		`From: "Linda" <sip:+13125550142@trunk.example>;tag=abc`, "To: <sip:5550100@127.0.0.1>", "Call-ID: 1@a", "CSeq: 1 INVITE",
		"Contact: <sip:1@192.0.2.7:5060>", "Content-Type: application/sdp", "Content-Length: 50", "", "v=0", "o=linda 1 1 IN IP4 192.0.2.7", "s=Linda's", "")
	parsed, err := gosip.ParseMessage([]byte(masked(message)))
	if err != nil {
		t.Fatal(err)
	}
	request, ok := parsed.(*gosip.Request)
	if !ok || request.CallID().Value() != "1@a" || len(request.Body()) == 0 {
		t.Errorf("read back: %v", parsed)
	}
}

func TestCallIDIsFoundWhereverItStands(t *testing.T) {
	for message, want := range map[string]string{
		"INVITE a SIP/2.0\r\nVia: x\r\nCall-ID: abc@d\r\n\r\n":           "abc@d",
		"INVITE a SIP/2.0\r\ncall-id : abc\r\n\r\n":                      "abc",
		"INVITE a SIP/2.0\ni:abc\n\n":                                    "abc",
		"INVITE a SIP/2.0\r\nIdentity: x\r\nI: abc\r\n\r\n":              "abc",
		"INVITE a SIP/2.0\r\nContact: x\r\n\r\nCall-ID: in the body\r\n": "",
		"Call-ID: abc": "", "": "",
	} {
		if got := string(callID([]byte(message))); got != want {
			t.Errorf("%q: %q, want %q", message, got, want)
		}
	}
}
