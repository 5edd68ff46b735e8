package sip

import (
	"fmt"
	"strings"
	"testing"
)

func TestDiversionsAreKept(t *testing.T) {
	got := readDiversions(message(t,
		`Diversion: "Desk, front" <sip:+13125550101@pbx.example>;reason=Time-Of-Day;counter=2;screen=yes, <tel:+1-312-555-0102>;privacy=off`,
		"Diversion: nonsense, <sip:5550103@pbx.example>;reason=\"do not\x01disturb\";counter=0;privacy=\"full\""))
	want := []Diversion{
		{From: NewNumber("+13125550101"), Reason: "time-of-day", Count: 2},
		{From: NewNumber("+13125550102"), Reason: "unknown", Count: 1},
		{Withheld: true, Reason: "do notdisturb", Count: 1},
	}
	if len(got) != len(want) {
		t.Fatalf("%d entries", len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d differs: from %q, %+v", i, got[i].From.Reveal(), got[i])
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s"} {
		if said := fmt.Sprintf(verb, got); strings.Contains(said, "5550101") || strings.Contains(said, "13125550") {
			t.Errorf("%s prints a number: %s", verb, said)
		}
	}
}

func TestHistoryIsKept(t *testing.T) {
	got := readHistory(message(t,
		"History-Info: <sip:5550100@pbx.example>;index=1, <sip:5550101@pbx.example?Reason=SIP%3Bcause%3D486>;index=1.1;mp=1",
		"History-Info: <sip:5550102@pbx.example?Privacy=history&Reason=Q.850%3Bcause%3D17>;index=1.2;rc=1.1",
		"History-Info: <sip:anonymous@anonymous.invalid>;index=1.3, <sip:x@y>, <sip:x@y>;index=1..2, <sip:x@y>;index=a, <sip:5550104@pbx.example?Reason=%zz>;index=2"))
	want := []HistoryEntry{
		{Target: NewNumber("5550100"), Index: "1"},
		{Target: NewNumber("5550101"), Index: "1.1", Status: 486, Mapped: true},
		{Withheld: true, Index: "1.2", Cause: 17},
		{Withheld: true, Index: "1.3"},
		{Target: NewNumber("5550104"), Index: "2"},
	}
	if len(got) != len(want) {
		t.Fatalf("%d entries", len(got))
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("entry %d differs: %q, %+v", i, got[i].Target.Reveal(), got[i])
		}
	}
	if said := fmt.Sprintf("%v%+v%#v", got, got, got); strings.Contains(said, "55501") {
		t.Errorf("a number is printed: %s", said)
	}
}

func TestLongHistoriesAreCut(t *testing.T) {
	var lines []string
	for i := range 25 {
		lines = append(lines, fmt.Sprintf("History-Info: <sip:5550100@pbx.example>;index=%d", i), "Diversion: <sip:5550100@pbx.example>")
	}
	request := message(t, lines...)
	history := readHistory(request)
	if len(history) != maxDiversions || history[maxDiversions-1].Index != "24" || len(readDiversions(request)) != maxDiversions {
		t.Fatalf("%d entries, the last %+v; %d diversions", len(history), history[len(history)-1], len(readDiversions(request)))
	}
}

func FuzzDiversion(f *testing.F) {
	f.Add(`"x" <sip:+13125550142@h?Reason=SIP%3Bcause%3D302>;reason=user-busy;counter=1;index=1.1;mp=1`)
	f.Add(`<tel:+1-312;a=b>;privacy=full;index=1`)
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\n") || len(text) > 4096 {
			return
		}
		request := message(t, "Diversion: "+text, "History-Info: "+text, "P-Asserted-Identity: "+text, "Privacy: "+text, "Reason: "+text)
		for _, one := range readDiversions(request) {
			if one.Count < 1 || one.Reason != printable(one.Reason, maxDivertReason) || one.Withheld && one.From.Known() {
				t.Fatalf("%q is read as %+v", text, one)
			}
		}
		for _, one := range readHistory(request) {
			if !isIndex(one.Index) || one.Withheld && one.Target.Known() {
				t.Fatalf("%q is read as %+v", text, one)
			}
		}
		if caller := callerOf(request, true); caller.withheld && caller.number.Known() {
			t.Fatalf("%q gives a withheld number", text)
		}
		if cause, said := readReason(request); cause < 0 || cause > maxCause || said != reasonText(said) {
			t.Fatalf("%q gives cause %d, %q", text, cause, said)
		}
	})
}
