package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestACallIsTracedWhileTheServerRunsAndAfterwards(t *testing.T) {
	r := start(t, freePorts(t))
	if code, report, stderr := careline("", "dial", "listen", "300ms", "hang-up", r.sip(t, "5550100")); code != 0 {
		t.Fatalf("dial: exit %d\n%s%s", code, report, stderr)
	}
	dir := t.TempDir()
	file := func(name string) string { return filepath.Join(dir, name) }
	traced := func(stdin string, args ...string) (int, string, string) {
		return careline(stdin, append([]string{"trace", "--config", r.dir}, args...)...)
	}
	code, ladder, stderr := traced("", "--messages", "last")
	for _, want := range []string{"Careline", "INVITE sdp", "200 OK (INVITE) sdp", "ACK", "BYE", "•••", "    Call-ID: "} {
		if code != 0 || !strings.Contains(ladder, want) {
			t.Fatalf("exit %d, without %q\n%s%s", code, want, ladder, stderr)
		}
	}
	if strings.Contains(ladder, "5550100") {
		t.Errorf("a number is shown\n%s", ladder)
	}
	for name, args := range map[string][]string{
		"masked.pcap": {"--pcap", file("masked.pcap")}, "ladder.svg": {"--svg", file("ladder.svg")},
		"open.pcap": {"--pcap", file("open.pcap"), "--reason", "one-way sound, ticket A", "last"},
	} {
		if code, out, stderr := traced("", args...); code != 0 {
			t.Fatalf("%v: exit %d\n%s%s", args, code, out, stderr)
		}
		text, err := os.ReadFile(file(name))
		if err != nil || len(text) < 1000 || bytes.Contains(text, []byte("5550100")) != (name == "open.pcap") {
			t.Errorf("%s has %d bytes (%v)", name, len(text), err)
		}
		if info, _ := os.Stat(file(name)); info == nil || info.Mode().Perm() != 0o600 {
			t.Errorf("%s may be read by others", name)
		}
	}
	if code, _, stderr := traced("", "--pcap", file("open.pcap")); code != 1 || !strings.Contains(stderr, "there already") {
		t.Errorf("a file was overwritten: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := traced("5550100\n", "--number", "--for", "300ms", "--pcap", file("number.pcap"), "--reason", "carrier rejects calls"); code != 0 {
		t.Errorf("capture of a number: exit %d\n%s", code, stderr)
	}
	if code, _, stderr := traced("", "nobody"); code != 1 || !strings.Contains(stderr, "no signalling") {
		t.Errorf("an unknown call: exit %d\n%s", code, stderr)
	}
	r.end()
	r.ended(t, 0)

	if code, stored, stderr := traced("", "--messages", "last"); code != 0 || stored != ladder {
		t.Errorf("from the ledger: exit %d\n%s%s\nwant\n%s", code, stored, stderr, ladder)
	}
	if code, _, stderr := traced("", "--pcap", file("late.pcap"), "--reason", "one-way sound"); code != 1 || !strings.Contains(stderr, "running server") {
		t.Errorf("a capture without a server: exit %d\n%s", code, stderr)
	}
	if code, audit, _ := careline("", "audit", "--config", r.dir, "last"); code != 0 || strings.Count(audit, "capture ok signalling one-way sound, ticket A") != 1 || !strings.Contains(audit, "os:") {
		t.Errorf("the audit: exit %d\n%s", code, audit)
	}
}

func TestTraceMisused(t *testing.T) {
	for want, args := range map[string][]string{
		"name its file": {"--reason", "one-way sound"},
		"say why":       {"--pcap", "x.pcap", "--for", "1m"},
		"are masked":    {"--pcap", "x.pcap", "--reason", "one-way sound", "--messages"},
		"name one call": {"a", "b"},
		"--for is from": {"--pcap", "x.pcap", "--reason", "one-way sound", "--for", "2h"},
		"flag provided": {"--nonsense"},
	} {
		if code, _, stderr := careline("", append([]string{"trace"}, args...)...); code != exitMisused || !strings.Contains(stderr, want) {
			t.Errorf("%v: exit %d, without %q\n%s", args, code, want, stderr)
		}
	}
}
