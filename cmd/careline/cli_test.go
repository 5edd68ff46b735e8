package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careline/desk"
)

func TestHelpShowsEachCommandWithExamples(t *testing.T) {
	code, overview, _ := careline("", "help")
	if code != 0 {
		t.Fatalf("exit %d", code)
	}
	if code, text, _ := careline("", "help", "help"); code != 0 || !strings.Contains(text, "careline help [COMMAND]") {
		t.Errorf("help of help: exit %d\n%s", code, text)
	}
	for _, c := range commands() {
		if !strings.Contains(overview, c.name) || !strings.Contains(overview, c.summary) {
			t.Errorf("the overview says nothing of %s", c.name)
		}
		for _, args := range [][]string{{"help", c.name}, {c.name, "--help"}} {
			code, text, _ := careline("", args...)
			if code != 0 || !strings.Contains(text, "Examples:\n  careline "+c.name) {
				t.Errorf("%v: exit %d\n%s", args, code, text)
			}
		}
	}
}

func TestWhatIsMistypedIsSaid(t *testing.T) {
	cases := []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing", nil, 2, "Use: careline COMMAND"},
		{"unknown", []string{"chekc", demo}, 2, `did you mean "check"?`},
		{"help for unknown", []string{"help", "dail"}, 2, `did you mean "dial"?`},
		{"no folder", []string{"check"}, 2, "name one folder"},
		{"two folders", []string{"check", demo, demo}, 2, "name one folder"},
		{"a folder that isn't there", []string{"check", "nowhere"}, 1, "nowhere: there is no such folder; name the folder that holds careline.yaml"},
		{"unknown flag", []string{"check", "--fast", demo}, 2, "flag provided but not defined: -fast"},
		{"run with a folder", []string{"run", demo}, 2, "--config"},
		{"run with mistakes", []string{"run", "--config", "nowhere"}, 1, "is not started with mistakes in it"},
		{"dial nobody", []string{"dial", "listen", "1s"}, 2, "name whom to call"},
		{"dial two scripts", []string{"dial", "--as", "member", "listen", "sip:1@127.0.0.1:1"}, 1, "give one of --as, --script and steps"},
		{"dial an unknown script", []string{"dial", "--as", "doctor", "sip:1@127.0.0.1:1"}, 1, "there is: member"},
		{"dial a missing script", []string{"dial", "--script", "none.txt", "sip:1@127.0.0.1:1"}, 1, "none.txt"},
		{"dial with a bad step", []string{"dial", "sing", "sip:1@127.0.0.1:1"}, 1, "sing"},
		{"record of two", []string{"record", "a", "b"}, 2, "name one call"},
		{"record without a ledger", []string{"record", "--ledger", filepath.Join("nowhere", "x.db")}, 1, "there is no ledger at nowhere"},
		{"a log without verifying", []string{"audit", "--log", "x.log"}, 2, "--log goes with --verify"},
		{"a version of what", []string{"version", "dial"}, 2, `what is "dial"?`},
		{"audit of one and all", []string{"audit", "--verify", "last"}, 2, "--verify all"},
		{"a password on the command line", []string{"password", "secret-word"}, 2, "standard input"},
	}
	for _, c := range cases {
		code, stdout, stderr := careline("", c.args...)
		if code != c.code || stdout != "" || !strings.Contains(stderr, c.want) {
			t.Errorf("%s: exit %d, want %d\nheard %s%s\nwant  %s", c.name, code, c.code, stdout, stderr, c.want)
		}
	}
}

func TestPasswordMakesAHashThatTheDeskTakes(t *testing.T) {
	code, hash, stderr := careline("correct horse battery\nstaple\n", "password")
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	hash = strings.TrimSpace(hash)
	if ok, err := desk.VerifyPassword(hash, "correct horse battery"); !ok || err != nil {
		t.Errorf("the hash %s is not of the password: %v", hash, err)
	}
	if code, _, stderr := careline("fourteen chars\n", "password"); code != 1 || !strings.Contains(stderr, "at least 15") {
		t.Errorf("a short password: exit %d\n%s", code, stderr)
	}
}

func TestPasswordMakesAPhonesHashes(t *testing.T) {
	code, hashes, stderr := careline("careline-demo\n", "password", "--sip", "maria-desk")
	if code != 0 || stderr != "" {
		t.Fatalf("exit %d\n%s", code, stderr)
	}
	if code, _, stderr := careline("seven77\n", "password", "--sip", "maria-desk"); code != 1 || !strings.Contains(stderr, "at least 8") {
		t.Errorf("a short password of a phone: exit %d\n%s", code, stderr)
	}
	phones, err := os.ReadFile("../../config/demo/phones.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(hashes) {
		if !strings.Contains(string(phones), line) {
			t.Errorf("%q isn't what the demo's phone has", line)
		}
	}
	if _, other, _ := careline("careline-demo\n", "password", "--sip", "maria-desk", "--realm", "elsewhere"); other == hashes {
		t.Error("another realm made the same hashes")
	}
}

func TestVersionNamesGo(t *testing.T) {
	code, text, _ := careline("", "version")
	if code != 0 || !strings.HasPrefix(text, "careline ") || !strings.Contains(text, "go1.") {
		t.Errorf("exit %d: %s", code, text)
	}
}
