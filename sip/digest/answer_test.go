package digest

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

var alice = Credentials{Username: "alice", Password: "a right password"}

func TestAnswersTheStrongestChallenge(t *testing.T) {
	const (
		md5    = `Digest realm="r", nonce="n", algorithm=MD5, qop="auth"`
		sha    = `Digest realm="r", nonce="n", algorithm=SHA-256, qop="auth"`
		longer = `Digest realm="r", nonce="n", algorithm=SHA-512-256, qop="auth,auth-int"`
		alien  = `Digest realm="r", nonce="n", algorithm=SHA3, qop="auth"`
	)
	cases := []struct {
		name       string
		challenges []string
		want       string // in the answer
	}{
		{"MD5 alone", []string{md5}, "algorithm=MD5, qop=auth, nc=00000001, cnonce="},
		{"SHA-256 below MD5", []string{md5, sha}, "algorithm=SHA-256, "},
		{"SHA-512-256 above all", []string{longer, sha, md5}, "algorithm=SHA-512-256, qop=auth, "},
		{"unknown ones are passed over", []string{alien, "Basic realm=\"r\"", md5}, "algorithm=MD5, "},
		{"no algorithm means MD5 and is echoed as none", []string{`digest realm="r",nonce="n",qop="auth"`}, `", qop=auth, nc=`},
		{"integrity where nothing else is offered", []string{`Digest realm="r", nonce="n", qop="auth-int"`}, "qop=auth-int, "},
		{"a session", []string{`Digest realm="r", nonce="n", algorithm=sha-256-sess, qop=auth`}, "algorithm=sha-256-sess, "},
		{"opaque comes back", []string{`Digest realm="r", nonce="n", opaque="5c\"\\", qop="auth"`}, `, opaque="5c\"\\"`},
		{"the topmost of equals", []string{`Digest realm="first", nonce="n"`, `Digest realm="second", nonce="n"`}, `realm="first"`},
	}
	for _, c := range cases {
		got, err := Answer(c.challenges, alice, "INVITE", "sip:trunk.example", nil)
		if err != nil || !strings.Contains(got, c.want) || !strings.HasPrefix(got, `Digest username="alice", realm="`) {
			t.Errorf("%s: %q, %v; want one with %q", c.name, got, err, c.want)
		}
	}
}

func TestAChallengeWithoutQopGetsAnAnswerWithout(t *testing.T) {
	got, err := Answer([]string{`Digest realm="r", nonce="n"`}, alice, "INVITE", "sip:trunk.example", nil)
	if err != nil || strings.Contains(got, "cnonce") || strings.Contains(got, "nc=") || strings.Contains(got, "algorithm") {
		t.Errorf("%q, %v", got, err)
	}
}

func TestWhatCannotBeAnswered(t *testing.T) {
	for _, challenges := range [][]string{
		nil, {""}, {"Digest"}, {`Digest realm="r"`}, {`Digest realm="r", nonce="n", algorithm=SHA3`},
		{`Digest realm="r", nonce="n", qop="auth-conf"`}, {`Digest realm="r, nonce="n"`},
		{`Digest realm="r", nonce="n", nonce="m"`}, {`Digest realm="r", nonce="n", algorithm=MD5-sess`},
		{`Digest realm="` + strings.Repeat("r", maxHeader) + `", nonce="n"`},
	} {
		if got, err := Answer(challenges, alice, "INVITE", "sip:a@b", nil); !errors.Is(err, ErrNoChallenge) {
			t.Errorf("%q: %q, %v; want ErrNoChallenge", challenges, got, err)
		}
	}
	good := []string{`Digest realm="r", nonce="n"`}
	for _, who := range []Credentials{{}, {Username: "a\r\nVia: x"}} {
		if got, err := Answer(good, who, "INVITE", "sip:a@b", nil); !errors.Is(err, ErrCredentials) {
			t.Errorf("%q, %v; want ErrCredentials", got, err)
		}
	}
	if got, err := Answer(good, alice, "INVITE", "sip:a@b\r\nVia: x", nil); err == nil {
		t.Errorf("a line break in the URI came through: %q", got)
	}
}

func TestSecretsDoNotPrint(t *testing.T) {
	secret := NewSecret("alice", "careline", alice.Password)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		printed := fmt.Sprintf(verb+verb, alice, secret)
		for _, leak := range []string{alice.Password, secret.Reveal(MD5), secret.Reveal(SHA256)} {
			if strings.Contains(printed, leak) {
				t.Errorf("%s prints %s", verb, printed)
			}
		}
	}
}

func TestASecretIsReadBack(t *testing.T) {
	made := NewSecret("alice", "careline", "password")
	read, err := ParseSecret(strings.ToUpper(made.Reveal(MD5)), made.Reveal(SHA256))
	if err != nil || read != made {
		t.Errorf("read back another secret: %v", err)
	}
	for _, bad := range [][2]string{{"", ""}, {"abc", ""}, {made.md5, made.md5}, {made.sha256, made.sha256}, {"", strings.Repeat("g", 64)}} {
		if _, err := ParseSecret(bad[0], bad[1]); err == nil {
			t.Errorf("took %d and %d digits", len(bad[0]), len(bad[1]))
		}
	}
}
