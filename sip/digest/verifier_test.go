package digest

import (
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

const registrarURI = "sip:careline.example"

// bench is a verifier that knows alice, under a clock of the test's own.
type bench struct {
	*Verifier
	now time.Time
}

func newBench(t interface{ Fatal(...any) }, change func(*Options)) *bench {
	b := &bench{now: time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC)}
	options := Options{Realm: "careline", Now: func() time.Time { return b.now }}
	if change != nil {
		change(&options)
	}
	verifier, err := New(options)
	if err != nil {
		t.Fatal(err)
	}
	b.Verifier = verifier
	return b
}

func knowsAlice(username string) (Secret, bool) {
	return NewSecret("alice", "careline", alice.Password), username == "alice"
}

func (b *bench) verify(header string) Verdict {
	return b.Verify([]string{header}, "REGISTER", registrarURI, knowsAlice)
}

// answer signs a challenge of the bench's with a count of the test's choice.
func answer(t interface{ Fatal(...any) }, challenges []string, who Credentials, count string) string {
	best, ok := strongest(challenges)
	if !ok {
		t.Fatal("no challenge that can be answered in ", challenges)
	}
	header := best.answer(who, "REGISTER", registrarURI, nil, "cnonce")
	if count == "00000001" {
		return header
	}
	p := proof{nonce: best.nonce, cnonce: "cnonce", count: count, qop: qopAuth, method: "REGISTER", uri: registrarURI}
	old := best.algorithm.response(best.algorithm.of(who.Username, best.realm, who.Password), false, proof{
		nonce: best.nonce, cnonce: "cnonce", count: "00000001", qop: qopAuth, method: "REGISTER", uri: registrarURI})
	fresh := best.algorithm.response(best.algorithm.of(who.Username, best.realm, who.Password), false, p)
	return strings.NewReplacer(old, fresh, "nc=00000001", "nc="+count).Replace(header)
}

func TestBothAlgorithmsAreOfferedAndAccepted(t *testing.T) {
	b := newBench(t, nil)
	offered := b.Challenges(false)
	if len(offered) != 2 || !strings.Contains(offered[0], "algorithm=SHA-256") || !strings.Contains(offered[1], "algorithm=MD5") {
		t.Fatalf("offered %q", offered)
	}
	for i := range offered {
		b := newBench(t, nil)
		header, err := Answer(b.Challenges(false)[i:i+1], alice, "REGISTER", registrarURI, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got := b.verify(header); got != (Verdict{Accepted, "alice"}) {
			t.Errorf("%s: %v", offered[i], got)
		}
	}
}

func TestAnOldNonceIsStaleOnlyForWhoKnowsThePassword(t *testing.T) {
	b := newBench(t, nil)
	challenges := b.Challenges(false)
	b.now = b.now.Add(DefaultLifetime)
	if got := b.verify(answer(t, challenges, alice, "00000001")); got != (Verdict{Stale, "alice"}) {
		t.Errorf("right password: %v", got)
	}
	if got := b.verify(answer(t, challenges, Credentials{"alice", "wrong"}, "00000001")); got != (Verdict{Outcome: Refused}) {
		t.Errorf("wrong password: %v", got)
	}
	if again := b.Challenges(true); !strings.HasSuffix(again[0], ", stale=true") || !strings.HasSuffix(again[1], ", stale=true") {
		t.Errorf("the new challenge doesn't say stale: %q", again)
	}
}

func TestANonceThatWeNeverMadeIsStale(t *testing.T) {
	b := newBench(t, nil)
	other := newBench(t, nil)
	if got := b.verify(answer(t, other.Challenges(false), alice, "00000001")); got.Outcome != Stale {
		t.Errorf("another key's nonce: %v", got)
	}
	restarted := newBench(t, func(o *Options) { o.Key = b.options.Key })
	restarted.now = b.now.Add(time.Second)
	again, err := New(Options{Realm: "careline", Key: b.options.Key, Now: func() time.Time { return restarted.now }})
	if err != nil {
		t.Fatal(err)
	}
	header := answer(t, b.Challenges(false), alice, "00000001")
	if got := again.Verify([]string{header}, "REGISTER", registrarURI, knowsAlice); got.Outcome != Stale {
		t.Errorf("a nonce from before the restart: %v", got)
	}
}

func TestACountIsGoodOnce(t *testing.T) {
	b := newBench(t, nil)
	challenges := b.Challenges(false)
	for _, step := range []struct {
		count string
		want  Outcome
	}{
		{"00000001", Accepted}, {"00000001", Stale}, {"00000003", Accepted}, {"00000002", Accepted}, // overtaken
		{"00000002", Stale}, {"00000100", Accepted}, {"00000004", Stale}, {"000000ff", Accepted}, {"ffffffff", Accepted},
		{"00000100", Stale}, {"00000000", Refused}, {"1", Refused},
	} {
		if got := b.verify(answer(t, challenges, alice, step.count)); got.Outcome != step.want {
			t.Fatalf("count %s: %s, want %s", step.count, got.Outcome, step.want)
		}
	}
}

// A user nobody knows and a wrong password must look the same, and cost the same.
func TestAnUnknownUserLooksLikeAWrongPassword(t *testing.T) {
	b := newBench(t, nil)
	stranger, wrong := Credentials{"mallory", alice.Password}, Credentials{"alice", "guess"}
	for i := range b.Challenges(false) {
		challenge := b.Challenges(false)[i : i+1]
		for _, who := range []Credentials{stranger, wrong} {
			if got := b.verify(answer(t, challenge, who, "00000001")); got != (Verdict{Outcome: Refused}) {
				t.Errorf("%s: %v", who.Username, got)
			}
		}
	}
	cost := func(who Credentials) float64 {
		header := answer(t, b.Challenges(false), who, "00000001")
		return testing.AllocsPerRun(100, func() { b.verify(header) })
	}
	if unknown, known := cost(stranger), cost(wrong); unknown != known {
		t.Errorf("an unknown user takes %v allocations, a known one %v", unknown, known)
	}
}

func TestWhatIsRefused(t *testing.T) {
	b := newBench(t, nil)
	good := answer(t, b.Challenges(false), alice, "00000001")
	change := func(old, fresh string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%q isn't in %q", old, good)
		}
		return strings.Replace(good, old, fresh, 1)
	}
	cases := map[string]string{
		"unreadable":            "Digest realm=careline, \x00",
		"another scheme":        "Basic YTpi",
		"a parameter twice":     good + `, uri="sip:x"`,
		"no qop":                change(", qop=auth", ""),
		"integrity not offered": change("qop=auth", "qop=auth-int"),
		"a session not offered": change("SHA-256", "SHA-256-sess"),
		"not offered":           change("SHA-256", "SHA-512-256"),
		"weaker than signed":    change("SHA-256", "MD5"),
		"another URI":           change(registrarURI, "sip:elsewhere.example"),
		"no cnonce":             change(`cnonce="cnonce"`, `cnonce=""`),
		"another cnonce":        change(`cnonce="cnonce"`, `cnonce="c"`),
		"no response":           change(`response="`, `answer="`),
		"nobody":                change(`"alice"`, `""`),
		"somebody long":         change(`"alice"`, `"`+strings.Repeat("a", maxUsername+1)+`"`),
	}
	for name, header := range cases {
		if got := b.verify(header); got != (Verdict{Outcome: Refused}) {
			t.Errorf("%s: %v", name, got)
		}
	}
	if got := b.Verify([]string{good}, "INVITE", registrarURI, knowsAlice); got.Outcome != Refused {
		t.Errorf("another method: %v", got)
	}
	if got := b.Verify(nil, "REGISTER", registrarURI, knowsAlice); got.Outcome != Absent {
		t.Errorf("no answer at all: %v", got)
	}
	if got := b.verify(change(`realm="careline"`, `realm="elsewhere"`)); got.Outcome != Absent {
		t.Errorf("an answer for others: %v", got)
	}
	if got := b.Verify([]string{`Digest realm="elsewhere"`, good}, "REGISTER", registrarURI+";transport=tcp", knowsAlice); got.Outcome != Accepted {
		t.Errorf("ours after another's, with a parameter that a proxy added: %v", got)
	}
}

func TestASecretWithoutTheAlgorithmRefusesIt(t *testing.T) {
	b := newBench(t, nil)
	half, err := ParseSecret("", NewSecret("alice", "careline", alice.Password).Reveal(SHA256))
	if err != nil {
		t.Fatal(err)
	}
	lookup := func(string) (Secret, bool) { return half, true }
	offered := b.Challenges(false)
	if got := b.Verify([]string{answer(t, offered[1:], alice, "00000001")}, "REGISTER", registrarURI, lookup); got.Outcome != Refused {
		t.Errorf("MD5: %v", got)
	}
	if got := b.Verify([]string{answer(t, offered[:1], alice, "00000001")}, "REGISTER", registrarURI, lookup); got.Outcome != Accepted {
		t.Errorf("SHA-256: %v", got)
	}
}

func TestOnlyWhatIsOfferedIsTaken(t *testing.T) {
	both := newBench(t, nil)
	b := newBench(t, func(o *Options) { o.Algorithms, o.Key = []Algorithm{MD5}, both.options.Key })
	if offered := b.Challenges(false); len(offered) != 1 || !strings.Contains(offered[0], "algorithm=MD5") {
		t.Errorf("offered %q", offered)
	}
	if got := b.verify(answer(t, b.Challenges(false), alice, "00000001")); got.Outcome != Accepted {
		t.Errorf("what was offered: %v", got)
	}
	if got := b.verify(answer(t, both.Challenges(false), alice, "00000001")); got.Outcome != Refused {
		t.Errorf("what wasn't: %v", got)
	}
}

func TestAlgorithmsAreReadByName(t *testing.T) {
	for _, a := range algorithms() {
		if got, err := ParseAlgorithm(strings.ToLower(a.String())); err != nil || got != a {
			t.Errorf("%s: %v, %v", a, got, err)
		}
	}
	for _, bad := range []string{"", "sha1", "MD5-sess"} {
		if _, err := ParseAlgorithm(bad); err == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestOptionsThatCannotWork(t *testing.T) {
	for _, options := range []Options{{}, {Realm: "a", Algorithms: []Algorithm{SHA512t256}}, {Realm: "a\nb"}, {Realm: "careline", Key: []byte("short")}} {
		if _, err := New(options); err == nil {
			t.Errorf("%+v was taken", options)
		}
	}
}

// Whatever comes in whatever order, no count of any nonce is accepted twice, and
// the memory stays within its bound.
func TestNothingIsAcceptedTwice(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(t, func(o *Options) { o.MaxNonces = 3 })
		var nonces [][]string
		seen := map[string]bool{}
		t.Repeat(map[string]func(*rapid.T){
			"challenge": func(t *rapid.T) { nonces = append(nonces, b.Challenges(false)) },
			"wait": func(t *rapid.T) {
				b.now = b.now.Add(time.Duration(rapid.IntRange(1, 120_000).Draw(t, "ms")) * time.Millisecond)
			},
			"answer": func(t *rapid.T) {
				if len(nonces) == 0 {
					t.Skip("nothing to answer")
				}
				count := rapid.SampledFrom([]string{"00000001", "00000002", "00000003", "00000042", "00000043"}).Draw(t, "count")
				header := answer(t, rapid.SampledFrom(nonces).Draw(t, "nonce"), alice, count)
				switch got := b.verify(header); {
				case got.Outcome == Accepted && seen[header]:
					t.Fatal("accepted twice")
				case got.Outcome == Accepted:
					seen[header] = true
				case got.Outcome != Stale:
					t.Fatalf("the right password was %s", got.Outcome)
				}
			},
			"": func(t *rapid.T) {
				if len(b.usage.uses) > 3 || b.usage.oldest.Len() != len(b.usage.uses) {
					t.Fatalf("remembers %d nonces in a list of %d", len(b.usage.uses), b.usage.oldest.Len())
				}
			},
		})
	})
}

func FuzzVerify(f *testing.F) {
	b := newBench(f, nil)
	f.Add(answer(f, b.Challenges(false), alice, "00000001"))
	f.Add(`Digest realm="careline", nonce="", uri="", response=`)
	f.Add("Digest \\\"=\"\\\\,")
	f.Fuzz(func(t *testing.T, header string) {
		if got := b.verify(header); got.Outcome == Accepted && !strings.Contains(header, "alice") {
			t.Errorf("accepted %q", header)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	f.Add(`Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"`)
	f.Add(`Digest realm="a\"b", nonce="\\", opaque=""`)
	f.Fuzz(func(t *testing.T, challenge string) {
		header, err := Answer([]string{challenge}, alice, "INVITE", "sip:a@b", nil)
		if err != nil {
			return
		}
		if strings.ContainsAny(header, "\r\n\x00") {
			t.Errorf("%q makes the header %q", challenge, header)
		}
		if _, err := parse(header); err != nil && len(header) <= maxHeader {
			t.Errorf("%q makes a header that can't be read: %q", challenge, header)
		}
	})
}
