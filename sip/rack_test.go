package sip

import (
	"strings"
	"testing"

	gosip "github.com/emiago/sipgo/sip"
)

func TestRAckIsRead(t *testing.T) {
	got, err := readRAck(message(t, "RAck:  776656  1 INVITE "))
	must(t, err)
	if got != (rack{776656, 1, gosip.INVITE}) || got.header().Value() != "776656 1 INVITE" {
		t.Fatalf("read %+v", got)
	}
	for _, text := range []string{"", "1 2", "0 1 INVITE", "1 x INVITE", "1 2 INVITE 3", "4294967296 1 INVITE", "-1 1 INVITE", "1 2 IN(VITE"} {
		if got, err := readRAck(message(t, "RAck: "+text)); err == nil {
			t.Errorf("%q is read as %+v", text, got)
		}
	}
}

func TestRSeqIsRead(t *testing.T) {
	for _, test := range []struct {
		status int
		lines  []string
		want   uint32
		fails  bool
	}{
		{183, []string{"Require: 100rel", "RSeq: 988789"}, 988789, false},
		{180, []string{"Require: precondition, 100REL", "RSeq: 1"}, 1, false},
		{180, []string{"RSeq: 1"}, 0, false},                    // not required: not reliable
		{100, []string{"Require: 100rel", "RSeq: 1"}, 0, false}, // 100 is never reliable
		{180, []string{"Require: 100rel"}, 0, true},
		{180, []string{"Require: 100rel", "RSeq: 0"}, 0, true},
		{180, []string{"Require: 100rel", "RSeq: 4294967296"}, 0, true},
	} {
		response := answeredWith(test.lines...)
		response.StatusCode = test.status
		if got, err := readRSeq(response); got != test.want || (err != nil) != test.fails {
			t.Errorf("%d with %q: %d, %v", test.status, test.lines, got, err)
		}
	}
}

func FuzzRAck(f *testing.F) {
	f.Add("1 2 INVITE")
	f.Add("4294967295\t0  x")
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\n") {
			return
		}
		read, err := readRAck(message(t, "RAck: "+text))
		if err != nil {
			return
		}
		again, err := readRAck(message(t, "RAck: "+read.header().Value()))
		if err != nil || again != read {
			t.Fatalf("%q is read as %+v, then as %+v (%v)", text, read, again, err)
		}
	})
}
