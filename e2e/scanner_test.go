package e2e

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"careline/dial"
	"careline/ledger"
)

// besieged are a trunk's address and, beside it, a network that phones may come
// from, which is everyone else's too.
func besieged() [][3]string {
	return [][3]string{
		{"careline.yaml", "sources: [127.0.0.0/8]", "sources: [127.0.0.1/32]"},
		{"phones.yaml", "algorithms: [md5]", "algorithms: [md5]\nsources: [127.64.0.0/10]"},
	}
}

// scan runs one of SIPVicious' programs and returns what it says. Whatever address
// it is told, it sends from 127.0.0.1.
func (s *server) scan(t *testing.T, program string, args ...string) string {
	t.Helper()
	at := netip.MustParseAddrPort(s.sip)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	scanner := exec.CommandContext(ctx, program, append([]string{"-p", fmt.Sprint(at.Port()), "-t", "0.02"}, append(args, at.Addr().String())...)...)
	scanner.Dir = t.TempDir()
	scanner.Env = append(os.Environ(), "HOME="+scanner.Dir)
	began := time.Now()
	output, err := scanner.CombinedOutput()
	t.Logf("%s %v: %s (%v)\n%s", program, args, time.Since(began).Round(time.Second), err, tail(string(output), 12))
	if strings.Contains(strings.ToLower(string(output)), "careline") {
		t.Errorf("%s learned what we are", program)
	}
	return string(output)
}

// careline runs a command of the program beside the running server.
func (s *server) careline(t *testing.T, args ...string) string {
	t.Helper()
	command := exec.Command(careline, args...)
	command.Dir = s.dir
	output, err := command.CombinedOutput()
	if err != nil {
		t.Fatalf("careline %v: %v\n%s", args, err, output)
	}
	return string(output)
}

// TestStrangersHearNothing: SIPVicious' map has no server on it.
func TestStrangersHearNothing(t *testing.T) {
	server := start(t, [3]string{"careline.yaml", "sources: [127.0.0.0/8]", "sources: [127.0.0.2/32]"})
	for _, method := range []string{"OPTIONS", "REGISTER", "INVITE"} {
		if heard := server.scan(t, "svmap", "-m", method); !strings.Contains(heard, "found nothing") {
			t.Errorf("svmap found something by %s", method)
		}
	}
	if server.metrics()["careline_sip_strangers_total"] == 0 {
		t.Error("svmap didn't reach the server at all")
	}
}

// TestScannersFindNothing: where phones come from, SIPVicious maps, tries
// extensions by each method, and guesses a password that its list has.
func TestScannersFindNothing(t *testing.T) {
	t.Parallel()
	server := start(t, [3]string{"careline.yaml", "sources: [127.0.0.0/8]", "sources: [127.0.0.2/32]"},
		[3]string{"phones.yaml", "algorithms: [md5]", "algorithms: [md5]\nsources: [127.0.0.1/32]"})
	var passwords []string
	for n := range 200 {
		passwords = append(passwords, fmt.Sprintf("guess-%d", n))
	}
	passwords[60] = "careline-demo" // the right one
	guesses := wordList(t, passwords)
	var names []string
	for n := range 300 {
		names = append(names, fmt.Sprint(100+n))
	}
	extensions := wordList(t, append([]string{"5550100", "maria-desk", "maria"}, names...))

	if heard := server.scan(t, "svmap"); !strings.Contains(heard, "found nothing") {
		t.Error("svmap found something by OPTIONS")
	}
	server.scan(t, "svmap", "-m", "REGISTER")
	for _, method := range []string{"REGISTER", "INVITE", "OPTIONS"} {
		heard := server.scan(t, "svwar", "--force", "-m", method, "-d", extensions, "--maximumtime=10")
		for _, row := range extensionRow.FindAllStringSubmatch(heard, -1) {
			if row[1] != "Extension" {
				t.Errorf("svwar by %s found %q", method, row[0])
			}
		}
		if bans := server.careline(t, "bans", "--config", "config"); !strings.Contains(bans, "nobody") {
			t.Logf("banned for it:\n%s", bans)
			server.careline(t, "bans", "--config", "config", "lift", "127.0.0.1")
		}
	}
	began := time.Now()
	if heard := server.scan(t, "svcrack", "-u", "maria-desk", "-d", guesses, "--maximumtime=10"); strings.Contains(heard, "-demo") {
		t.Error("svcrack found the password")
	}
	bans := server.careline(t, "bans", "--config", "config")
	t.Logf("bans after %s:\n%s", time.Since(began).Round(time.Second), bans)
	if !strings.Contains(bans, "127.0.0.1 ") || !strings.Contains(bans, "wrong passwords") {
		t.Error("the guesser isn't banned")
	}
	if said := server.careline(t, "bans", "--config", "config", "lift", "127.0.0.1"); !strings.Contains(said, "is heard again") {
		t.Errorf("lifting says %q", said)
	}
	if bans := server.careline(t, "bans", "--config", "config"); !strings.Contains(bans, "nobody is banned") {
		t.Errorf("after lifting:\n%s", bans)
	}
	server.liftingIsAudited(t)
}

func (s *server) liftingIsAudited(t *testing.T) {
	t.Helper()
	kept := s.kept()
	defer kept.Close()
	entries, err := kept.Audit(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		if entry.Kind == ledger.AuditBanLifted && entry.Subject == "source 127.0.0.1" && strings.HasPrefix(entry.Actor, "os:") {
			return
		}
	}
	t.Error("the audit doesn't say who lifted the ban")
}

func wordList(t *testing.T, words []string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "words")
	if err := os.WriteFile(path, []byte(strings.Join(words, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// extensionRow is a line of svwar's table.
var extensionRow = regexp.MustCompile(`(?m)^\| (\S+) +\| (\S+) +\|$`)

func script(t *testing.T, text string) []dial.Step {
	t.Helper()
	steps, err := dial.ParseScript(text)
	if err != nil {
		t.Fatal(err)
	}
	return steps
}
