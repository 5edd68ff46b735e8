package sip

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"gopkg.in/yaml.v3"

	"careline/sip/digest"
)

var update = flag.Bool("update", false, "write docs/sip-torture.md anew")

const (
	tortureFolder = "../testdata/torture"
	torturePage   = "../docs/sip-torture.md"
)

// torture is one message of the torture tests and the reaction to it; the keys
// are explained where they stand.
type torture struct {
	Message, Section, Probes, Asks string
	Over                           string
	Port                           int
	Status                         int
	Has, Lacks                     []string
	Call                           bool
	Dialed, Sound, Phone, Note     string
	Unread, Alone, Back            bool

	rfc int
}

type tortureSet struct {
	RFC           int
	Title, Source string
	Messages      []torture
}

func readTortures(t testing.TB) []tortureSet {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(tortureFolder, "manifest.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var sets []tortureSet
	decoder := yaml.NewDecoder(bytes.NewReader(raw))
	decoder.KnownFields(true)
	if err := decoder.Decode(&sets); err != nil {
		t.Fatal(err)
	}
	for i := range sets {
		for j := range sets[i].Messages {
			sets[i].Messages[j].rfc = sets[i].RFC
		}
	}
	return sets
}

func (m torture) bytes(t testing.TB) []byte {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(tortureFolder, fmt.Sprintf("rfc%d", m.rfc), m.Message+".dat"))
	if err != nil {
		t.Fatal(err)
	}
	return raw
}

func TestTorture(t *testing.T) {
	listed := 0
	for _, set := range readTortures(t) {
		files, err := filepath.Glob(filepath.Join(tortureFolder, fmt.Sprintf("rfc%d", set.RFC), "*.dat"))
		must(t, err)
		if len(files) != len(set.Messages) {
			t.Errorf("RFC %d: %d files, %d messages in the manifest", set.RFC, len(files), len(set.Messages))
		}
		for _, m := range set.Messages {
			listed++
			t.Run(m.Message, func(t *testing.T) { tryTorture(t, m) })
		}
	}
	if listed != 49+12 {
		t.Fatalf("%d messages; RFC 4475 has 49, RFC 5118 has 12", listed)
	}
}

// tryTorture sends one message to a real server and holds it to the reaction.
func tryTorture(t *testing.T, m torture) {
	x := bindExchange(t, withEveryPhone)
	far := tortureCaller(t, x, m)
	far.write(string(m.bytes(t)))
	if m.Phone != "" {
		far.write(signTorture(t, m, far.final()))
	}
	if m.Call {
		answerTorture(t, m, x.nextCall())
	}
	if m.Status != 0 {
		judge(t, m, far.final())
	}
	if m.Status == 0 || m.Alone {
		far.quiet(5 * testT1)
	}
	dialCaller(t, x, "udp").optionsPass() // the server lives
	wanted := uint64(0)
	if m.Unread {
		wanted = 1
	}
	if unread := x.Stats().Malformed; unread != wanted {
		t.Errorf("%d messages counted as malformed, expected %d", unread, wanted)
	}
	if calls := len(x.calls); calls != 0 {
		t.Errorf("%d calls more than there were", calls)
	}
}

// withEveryPhone lets any phone register, all with one password.
func withEveryPhone(o *Options) {
	o.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")} // as of a trunk
	o.Registrar = &RegistrarOptions{Secret: func(phone string) (digest.Secret, bool) {
		return digest.NewSecret(phone, DefaultRealm, maria.Password), true
	}}
}

// tortureCaller sends from a port of its own. Where the message's Via wants the
// answer at another (RFC 3261 section 18.2.2), which somebody else may have, the
// answer is held to that and brought here.
func tortureCaller(t *testing.T, x *exchange, m torture) *caller {
	t.Helper()
	if m.Over == "tcp" {
		x.start()
		return dialCaller(t, x, "tcp")
	}
	far := dialCaller(t, x, "udp")
	for i, bound := range x.listeners {
		if bound.packet != nil {
			x.listeners[i].packet = &postman{packetSocket: bound.packet, far: mustAddrPort(t, far.conn.LocalAddr().String()), port: m.Port, back: m.Back}
		}
	}
	x.start()
	return far
}

// postman is a socket that brings a far side what is sent to the port that its
// Via names.
type postman struct {
	packetSocket
	far  netip.AddrPort
	port int  // 0: the usual one
	back bool // the answer goes to the far side's own port
}

func (p *postman) WriteTo(packet []byte, to net.Addr) (int, error) {
	return p.WriteToUDPAddrPort(packet, addrPortOf(to))
}

func (p *postman) WriteToUDPAddrPort(packet []byte, to netip.AddrPort) (int, error) {
	named := uint16(p.port)
	if named == 0 {
		named = sipPort
	}
	switch asked := bytes.Contains(packet, []byte(";rport=")); { // RFC 3581
	case to == netip.AddrPortFrom(p.far.Addr(), named) && !asked:
		to = p.far
	case to == p.far && !asked && !p.back:
		return len(packet), nil // lost: the far side doesn't listen there
	}
	return p.packetSocket.WriteToUDPAddrPort(packet, to)
}

// final waits for the next answer that is no 100.
func (c *caller) final() string {
	c.t.Helper()
	for {
		if message := c.heard(); !strings.HasPrefix(message, "SIP/2.0 100 ") {
			return message
		}
	}
}

func (c *caller) optionsPass() {
	c.t.Helper()
	c.send("OPTIONS", 1, "")
	c.expect("SIP/2.0 200 ")
}

var firstBranch = regexp.MustCompile(`branch=([^;\s,]+)`)

// signTorture answers the challenge, in a transaction of its own.
func signTorture(t *testing.T, m torture, challenged string) string {
	t.Helper()
	if !strings.HasPrefix(challenged, "SIP/2.0 401 ") {
		t.Fatalf("heard %q, expected a challenge", firstLine(challenged))
	}
	raw := string(m.bytes(t))
	credentials := digest.Credentials{Username: m.Phone, Password: maria.Password}
	header, err := digest.Answer(challenges(challenged)[:1], credentials, "REGISTER", strings.Fields(raw)[1], nil)
	must(t, err)
	raw = strings.Replace(raw, "\r\n\r\n", "\r\nAuthorization: "+header+"\r\n\r\n", 1)
	branch := firstBranch.FindString(raw)
	return strings.Replace(raw, branch, branch+"-signed", 1)
}

// answerTorture answers a call that can be answered, and refuses it otherwise.
func answerTorture(t *testing.T, m torture, near *call) {
	t.Helper()
	if near.Dialed() != m.Dialed {
		t.Errorf("dialed %q, expected %q", near.Dialed(), m.Dialed)
	}
	if err := near.Check(); err != nil {
		must(t, near.Refuse(RefusalStatus(err), "", 0))
		return
	}
	agreement, _ := near.Agreement()
	if m.Sound != "" && agreement.Remote.Address.String() != m.Sound {
		t.Errorf("sound goes to %s, expected %s", agreement.Remote.Address, m.Sound)
	}
	must(t, near.Answer(ours()))
}

func judge(t *testing.T, m torture, answer string) {
	t.Helper()
	if !strings.HasPrefix(answer, fmt.Sprintf("SIP/2.0 %d ", m.Status)) {
		t.Fatalf("heard %q, expected %d:\n%s", firstLine(answer), m.Status, answer)
	}
	for _, part := range m.Has {
		// What may be written in two ways stands with its optional marks.
		pattern := strings.NewReplacer(`<\?`, "<?", `>\?`, ">?").Replace(regexp.QuoteMeta(part))
		if !regexp.MustCompile(`(?m)^` + pattern).MatchString(answer) {
			t.Errorf("the answer lacks %q:\n%s", part, answer)
		}
	}
	for _, part := range m.Lacks {
		if strings.Contains(answer, part) {
			t.Errorf("the answer has %q:\n%s", part, answer)
		}
	}
	if status := firstLine(answer); toTag(answer) == "" && m.Message != "quotbal" && m.Message != "baddn" && m.Message != "badaspec" && m.Message != "insuf" {
		t.Errorf("%s: its To has no tag:\n%s", status, answer)
	}
}

// The page says what the manifest says, and the manifest is tested.
func TestTorturePage(t *testing.T) {
	page := torturePageText(readTortures(t))
	if *update {
		must(t, os.WriteFile(torturePage, []byte(page), 0o644))
		return
	}
	written, err := os.ReadFile(torturePage)
	must(t, err)
	if string(written) != page {
		t.Fatal("docs/sip-torture.md is behind testdata/torture/manifest.yaml; run: go test ./sip -run Torture -update")
	}
}

func torturePageText(sets []tortureSet) string {
	var page strings.Builder
	page.WriteString("# Torture: how Careline takes what no SIP message should be\n\n" +
		"For telecom administrators and for engineers of the other side of a trunk. RFC 4475 and RFC 5118 are collections of\n" +
		"SIP messages made to break programs: odd but right ones, which must be understood, and wrong ones, which must be\n" +
		"refused without harm. Each is sent to a running Careline in every test run (`go test ./sip -run Torture`), and this\n" +
		"page is made of the same list, `testdata/torture/manifest.yaml`.\n\n" +
		"Where an RFC leaves the choice, Careline refuses what is against the grammar: a guess at what a sender meant is a guess\n" +
		"at whom a call is for. What is refused so is answered without a transaction, with the RFC's own reason phrase; a log at\n" +
		"level debug says what was wrong, and `careline_sip_malformed_total` counts it.\n")
	for _, set := range sets {
		fmt.Fprintf(&page, "\n## RFC %d, %s\n\n%s\n\n| message | section | probes | the RFC asks | Careline |\n|---|---|---|---|---|\n",
			set.RFC, set.Title, strings.TrimSpace(set.Source))
		for _, m := range set.Messages {
			fmt.Fprintf(&page, "| `%s` | %s | %s | %s | %s |\n", m.Message, m.Section, m.Probes, m.Asks, m.does())
		}
	}
	return page.String()
}

func (m torture) does() string {
	var does string
	switch {
	case m.Status == 0 && m.Unread:
		does = "drops it"
	case m.Status == 0:
		does = "reads it"
	case m.Phone != "":
		does = "challenges the phone, then registers it"
	case m.Call && m.Status == 200:
		does = "takes the call to `" + m.Dialed + "`"
	default:
		does = fmt.Sprintf("answers %d %s", m.Status, strings.Trim(statusTextOf(m.Status), "."))
	}
	if m.Note != "" {
		does += "; " + strings.TrimSpace(m.Note)
	}
	return does
}

func statusTextOf(status int) string {
	if status == 505 {
		return "Version Not Supported"
	}
	return statusText(status)
}
