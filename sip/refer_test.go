package sip

import (
	"fmt"
	"strings"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

func TestReferToIsRead(t *testing.T) {
	cases := []struct {
		name, text, target, method, replaces string
	}{
		{"blind", "<sip:5550142@pbx.example>", "sip:5550142@pbx.example", "INVITE", ""},
		{"bare", "sip:5550142@pbx.example", "sip:5550142@pbx.example", "INVITE", ""},
		{"named", `"Nurse, \"RN\"" <sip:nurse@pbx.example;user=phone>;x=1`, "sip:nurse@pbx.example;user=phone", "INVITE", ""},
		{"telephone", "<tel:+1-312-555-0142>", "tel:+1-312-555-0142", "INVITE", ""},
		{"IPv6", "<sip:100@[2001:db8::1]:5070>", "sip:100@[2001:db8::1]:5070", "INVITE", ""},
		{"method", "<sip:conf@pbx.example;method=subscribe>", "sip:conf@pbx.example", "SUBSCRIBE", ""},
		{
			"attended, escaped", "<sip:100@pbx.example?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>",
			"sip:100@pbx.example", "INVITE", "a@b;to-tag=1;from-tag=2",
		},
		{
			"attended, not escaped", "<sip:100@pbx.example?Replaces=a@b;to-tag=1;from-tag=2;early-only&Require=replaces>",
			"sip:100@pbx.example", "INVITE", "a@b;to-tag=1;from-tag=2;early-only",
		},
		{
			"behind a parameter without a value", "<sip:what?@pbx.example;lr?Replaces=a%3Bto-tag%3D1%3Bfrom-tag%3D2>",
			"sip:what?@pbx.example;lr", "INVITE", "a;to-tag=1;from-tag=2",
		},
		{
			"no user part, at sign not escaped", "<sip:192.0.2.1:5060;transport=tcp?Replaces=a@b%3Bto-tag%3D1%3Bfrom-tag%3D2>",
			"sip:192.0.2.1:5060;transport=tcp", "INVITE", "a@b;to-tag=1;from-tag=2",
		},
		{"other headers are dropped", "<sip:100@pbx.example?Route=%3Csip:evil%3E&Body=x>", "sip:100@pbx.example", "INVITE", ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			got, err := parseReferTo(test.text)
			must(t, err)
			if got.target.String() != test.target || string(got.method) != test.method {
				t.Errorf("target %s, method %s", got.target.String(), got.method)
			}
			said := ""
			if got.replaces != nil {
				said = got.replaces.String()
			}
			if said != test.replaces {
				t.Errorf("replaces %q", said)
			}
			again, err := parseReferTo(got.value())
			must(t, err)
			if again.value() != got.value() || fmt.Sprint(again) != numberMask || fmt.Sprintf("%#v", again) != numberMask {
				t.Errorf("read back: %s, printed %v", again.value(), again)
			}
		})
	}
}

func TestReferToThatCannotBeRead(t *testing.T) {
	for _, text := range []string{
		"", "<", "<>", "<sip:100@pbx.example", "<mailto:a@b.example>", "*", "<*>", "sip:a@b?x=1", "<sip:100@pbx.example;method=A(B>",
		"<sip:100@pbx.example?Replaces=%zz>", "<sip:100@pbx.example?Replaces=a%0d%0aVia%3Bto-tag%3D1%3Bfrom-tag%3D2>",
		"<sip:100@pbx.example?Replaces=a%3Bto-tag%3D1>", "<sip:a b@pbx.example>", "<sip:a@" + strings.Repeat("x", maxAddressBytes) + ">",
		"<sip:1@*?x>", "<sip:1@h?Replaces=a;to-tag=1;from-tag=2&replaces=b;to-tag=1;from-tag=2>",
	} {
		if got, err := parseReferTo(text); err == nil {
			t.Errorf("%q was read as %s", text, got.value())
		}
	}
}

func TestReplacesIsRead(t *testing.T) {
	got, err := parseReplaces("98732@host.example ; from-tag=r33th4x0r ;to-tag=ff87ff;Early-Only;x=y")
	must(t, err)
	if want := (replaces{"98732@host.example", "ff87ff", "r33th4x0r", true}); *got != want {
		t.Fatalf("read %+v", got)
	}
	if key := got.key(); key != (dialogKey{"98732@host.example", "ff87ff", "r33th4x0r"}) || key.replacing().key() == key {
		t.Fatalf("means %+v, from the other side %+v", key, key.replacing())
	}
	for _, text := range []string{
		"", "a", "a;to-tag=1", "a;from-tag=1", "a;to-tag=1;to-tag=2;from-tag=3", "a;to-tag=1;from-tag=2;from-tag=3",
		"a b;to-tag=1;from-tag=2", "a;to-tag=;from-tag=2", "a;to-tag=1;from-tag=\"x y\"", ";to-tag=1;from-tag=2",
	} {
		if got, err := parseReplaces(text); err == nil {
			t.Errorf("%q was read as %s", text, got)
		}
	}
}

// message parses a request as it comes off a socket.
func message(t *testing.T, lines ...string) *gosip.Request {
	t.Helper()
	text := "INVITE sip:5550100@127.0.0.1 SIP/2.0\r\n" + strings.Join(append(lines, "Content-Length: 0"), "\r\n") + "\r\n\r\n"
	parsed, err := gosip.NewParser(gosip.WithHeadersParsers(headerParsers())).ParseSIP([]byte(text))
	must(t, err)
	return parsed.(*gosip.Request)
}

func TestTransferHeadersOfARequest(t *testing.T) {
	request := message(t, "r: <sip:5550142@pbx.example>", "b: <sip:agent@pbx.example>;cid=\"1@x\"", "Replaces: a;to-tag=1;from-tag=2")
	refer, err := readReferTo(request)
	must(t, err)
	by, err := readReferredBy(request)
	must(t, err)
	taken, err := readReplaces(request)
	must(t, err)
	if refer.target.User != "5550142" || by.who.Reveal() != "agent" || by.value != `<sip:agent@pbx.example>;cid="1@x"` || taken.call != "a" {
		t.Fatalf("read %s, %q, %v", refer.value(), by.value, taken)
	}
	if fmt.Sprint(by)+fmt.Sprintf("%#v", by) != numberMask+numberMask {
		t.Fatal("Referred-By prints")
	}

	twice := message(t, "Refer-To: <sip:a@b>, <sip:c@d>", "Referred-By: <sip:a@b>", "Referred-By: <sip:c@d>",
		"Replaces: a;to-tag=1;from-tag=2, b;to-tag=1;from-tag=2")
	if _, err := readReferTo(twice); err == nil {
		t.Error("two Refer-To were taken")
	}
	if _, err := readReferredBy(twice); err == nil {
		t.Error("two Referred-By were taken")
	}
	if _, err := readReplaces(twice); err == nil {
		t.Error("two Replaces were taken")
	}

	none := message(t, "Referred-By: nonsense")
	if taken, err := readReplaces(none); taken != nil || err != nil {
		t.Error("a Replaces out of nothing")
	}
	if _, err := readReferTo(none); err == nil {
		t.Error("a Refer-To out of nothing")
	}
	if _, err := readReferredBy(none); err == nil {
		t.Error("nonsense was taken")
	}
}

func TestAddressesAreRead(t *testing.T) {
	for text, want := range map[string]string{
		`"O'Hara, \"Bob\"" <sip:5550142@x.example;user=phone>;tag=1;q="a;b"`: `O'Hara, "Bob"|sip:5550142@x.example;user=phone|1|a;b`,
		"Ann <sip:ann@x.example>":         "Ann|sip:ann@x.example||",
		"sip:ann@x.example;tag=7":         "|sip:ann@x.example|7|",
		"< >":                             "",
		"<sip:>":                          "",
		"<tel:>":                          "",
		"<http://x.example>":              "",
		`"unended <sip:ann@x.example>`:    "",
		"<sip:a@x.example\r\nVia: x>":     "",
		"<sip:a@x.example>;a;b=;=c;tag=1": "|sip:a@x.example|1|",
	} {
		got := ""
		if a, err := parseAddress(text); err == nil {
			tag, _ := a.parameters.get("tag")
			q, _ := a.parameters.get("q")
			got = strings.Join([]string{a.name, a.uri.String(), tag, q}, "|")
		}
		if got != want {
			t.Errorf("%q is read as %q, expected %q", text, got, want)
		}
	}
	if got := len(parseParameters(strings.Repeat("a=1;", 100))); got != maxParameters {
		t.Errorf("%d parameters are kept", got)
	}
}

func FuzzReferTo(f *testing.F) {
	for _, seed := range []string{
		`"x" <sip:100@h;method=INVITE?Replaces=a%40b%3Bto-tag%3D1%3Bfrom-tag%3D2>;p="q\""`, "tel:+13125550142", "<sip:[::1]>", "<sip:;?>", "sip:",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		read, err := parseReferTo(text)
		if err != nil {
			return
		}
		value := read.value()
		if printable(value, len(value)) != value {
			t.Fatalf("%q would be sent as %q", text, value)
		}
		if again, err := parseReferTo(value); err != nil || again.value() != value {
			t.Fatalf("%q is written as %q, which reads as %q (%v)", text, value, again.value(), err)
		}
	})
}

func FuzzReplaces(f *testing.F) {
	f.Add("a@b;to-tag=1;from-tag=2;early-only")
	f.Add(`a;to-tag="1";from-tag=2`)
	f.Fuzz(func(t *testing.T, text string) {
		read, err := parseReplaces(text)
		if err != nil {
			return
		}
		if again, err := parseReplaces(read.String()); err != nil || *again != *read {
			t.Fatalf("%q is written as %q, which reads as %v (%v)", text, read, again, err)
		}
	})
}
