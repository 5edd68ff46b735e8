package passport

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

var theDay = time.Date(2026, 11, 24, 15, 0, 0, 0, time.UTC)

func TestSignedCallIsVerifiedWithItsAttestation(t *testing.T) {
	for letter, want := range map[string]Attestation{"A": AttestationFull, "B": AttestationPartial, "C": AttestationGateway} {
		c := newCarrier(t, theDay, spc(t))
		header, payload := c.parts()
		payload["attest"] = letter
		got := c.verifier(t, nil).Verify(t.Context(), call(c.sign(t, header, payload)+";info=<"+location+">;ppt=\"shaken\""))
		if got.Verdict != Verified || got.Attestation != want || got.Origin != trace || got.Status() != 0 || got.Err != nil {
			t.Errorf("%s: %+v", letter, got)
		}
	}
}

func TestCallWithoutIdentityIsNotSigned(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	got := c.verifier(t, nil).Verify(t.Context(), call())
	if got.Verdict != NotSigned || got.Status() != 428 {
		t.Errorf("%+v", got)
	}
	div := strings.Replace(c.identity(t), "ppt=shaken", "ppt=div", 1)
	if got := c.verifier(t, nil).Verify(t.Context(), call(div)); got.Verdict != NotSigned {
		t.Errorf("an extension that isn't ours: %+v", got)
	}
}

// TestEachMistakeHasItsVerdict changes one thing each in a good call.
func TestEachMistakeHasItsVerdict(t *testing.T) {
	type parts = map[string]any
	cases := []struct {
		name   string
		change func(header, payload parts)
		text   func(identity string) string
		call   func(*Call)
		want   Verdict
		err    error
		status int
	}{
		{name: "garbage", text: func(string) string { return "who goes there" }, want: Refuted, err: ErrMalformed, status: 438},
		{name: "no info", text: func(s string) string { return strings.Replace(s, "info", "inform", 1) }, want: Refuted, err: ErrMalformed, status: 438},
		{name: "info without brackets", text: func(s string) string { return strings.NewReplacer("<", "", ">", "").Replace(s) }, want: Refuted, err: ErrMalformed, status: 438},
		{name: "too long", text: func(s string) string { return s + ";x=" + strings.Repeat("a", maxHeader) }, want: Refuted, err: ErrMalformed, status: 438},
		{name: "compact", text: compact, want: Refuted, err: ErrCompact, status: 438},
		{name: "another algorithm", change: func(h, _ parts) { h["alg"] = "none" }, want: Refuted, err: ErrAlgorithm, status: 437},
		{name: "another type", change: func(h, _ parts) { h["typ"] = "JWT" }, want: Refuted, err: ErrClaims, status: 438},
		{name: "no attestation", change: func(_, p parts) { delete(p, "attest") }, want: Refuted, err: ErrClaims, status: 438},
		{name: "unknown attestation", change: func(_, p parts) { p["attest"] = "D" }, want: Refuted, err: ErrClaims, status: 438},
		{name: "no origid", change: func(_, p parts) { delete(p, "origid") }, want: Refuted, err: ErrClaims, status: 438},
		{name: "two callers", change: func(_, p parts) { p["orig"] = parts{"tn": []string{caller, callee}} }, want: Refuted, err: ErrClaims, status: 438},
		{name: "iat is text", change: func(_, p parts) { p["iat"] = "today" }, want: Refuted, err: ErrMalformed, status: 438},
		{name: "a minute and a second old", change: func(_, p parts) { p["iat"] = theDay.Unix() - 61 }, want: Refuted, err: ErrStale, status: 403},
		{name: "from the future", change: func(_, p parts) { p["iat"] = theDay.Unix() + 61 }, want: Refuted, err: ErrStale, status: 403},
		{name: "another caller", call: func(c *Call) { c.Origin = "+12025550143" }, want: Refuted, err: ErrOtherCaller, status: 438},
		{name: "caller withheld", call: func(c *Call) { c.Origin = "" }, want: Unverifiable, err: ErrWithheld, status: 438},
		{name: "another callee", call: func(c *Call) { c.Destination = []string{"5550111"} }, want: Refuted, err: ErrOtherCallee, status: 438},
		{name: "x5u isn't info", change: func(h, _ parts) { h["x5u"] = "https://elsewhere.example.com/c.pem" }, want: Refuted, err: ErrMalformed, status: 438},
		{name: "signature changed", text: func(s string) string { return flip(s) }, want: Refuted, err: ErrSignature, status: 438},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			signer := newCarrier(t, theDay, spc(t))
			header, payload := signer.parts()
			if c.change != nil {
				c.change(header, payload)
			}
			identity := signer.sign(t, header, payload) + ";info=<" + location + ">;alg=ES256;ppt=shaken"
			if c.text != nil {
				identity = c.text(identity)
			}
			asked := call(identity)
			if c.call != nil {
				c.call(&asked)
			}
			got := signer.verifier(t, nil).Verify(t.Context(), asked)
			if got.Verdict != c.want || !errors.Is(got.Err, c.err) || got.Status() != c.status || got.Attestation != AttestationNone {
				t.Errorf("got %+v, status %d; want %s, %v, %d", got, got.Status(), c.want, c.err, c.status)
			}
		})
	}
}

// compact leaves the signature alone of the token (RFC 8225 section 7).
func compact(identity string) string {
	token, parameters, _ := strings.Cut(identity, ";")
	return ".." + token[strings.LastIndex(token, ".")+1:] + ";" + parameters
}

// flip changes one place of the signature.
func flip(identity string) string {
	at := strings.IndexByte(identity, ';') - 20
	other := byte('A')
	if identity[at] == 'A' {
		other = 'B'
	}
	return identity[:at] + string(other) + identity[at+1:]
}

func TestCertificateThatCannotBeTrustedLeavesTheCallUnverifiable(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	stranger := newCarrier(t, theDay, spc(t))
	bare := newCarrier(t, theDay, nil)
	down := func(context.Context, string) (Fetched, error) { return Fetched{}, errors.New("no route") }
	cases := []struct {
		name   string
		signer *carrier
		change func(*Options)
		err    error
		status int
	}{
		{"another root", c, func(o *Options) { o.Roots = stranger.roots }, ErrUntrusted, 437},
		{"no TNAuthList", bare, nil, ErrCertificate, 437},
		{"server down", c, func(o *Options) { o.Fetch = down }, ErrFetch, 436},
		{"not a certificate", c, func(o *Options) {
			o.Fetch = func(context.Context, string) (Fetched, error) { return Fetched{Chain: []byte("hello")}, nil }
		}, ErrCertificate, 437},
	}
	for _, one := range cases {
		got := one.signer.verifier(t, one.change).Verify(t.Context(), call(one.signer.identity(t)))
		if got.Verdict != Unverifiable || !errors.Is(got.Err, one.err) || got.Status() != one.status {
			t.Errorf("%s: got %+v, status %d", one.name, got, got.Status())
		}
	}
	later := theDay.Add(25 * time.Hour)
	header, payload := c.parts()
	payload["iat"] = later.Unix()
	expired := c.verifier(t, func(o *Options) { o.Now = func() time.Time { return later } })
	if got := expired.Verify(t.Context(), call(c.sign(t, header, payload)+";info=<"+location+">")); got.Verdict != Unverifiable || got.Err != ErrUntrusted {
		t.Errorf("expired certificate: %+v", got)
	}
}

func TestForgedHeaderCostsNoFetch(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	fetched := 0
	verifier := c.verifier(t, func(o *Options) {
		o.Fetch = func(context.Context, string) (Fetched, error) { fetched++; return Fetched{}, ErrFetch }
	})
	stale, other := call(c.identity(t)), call(c.identity(t))
	other.Origin = "+12025550199"
	c.now = c.now.Add(time.Hour)
	verifier.Verify(t.Context(), stale)
	c.now = c.now.Add(-time.Hour)
	verifier.Verify(t.Context(), other)
	if fetched != 0 {
		t.Errorf("%d fetches", fetched)
	}
}

func TestBestOfSeveralHeadersCounts(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	got := c.verifier(t, nil).Verify(t.Context(), call(flip(c.identity(t)), c.identity(t)))
	if got.Verdict != Verified {
		t.Errorf("%+v", got)
	}
	many := make([]string, maxHeaders)
	for i := range many {
		many[i] = "x"
	}
	if got := c.verifier(t, nil).Verify(t.Context(), call(append(many, c.identity(t))...)); got.Verdict != Refuted {
		t.Errorf("behind %d others: %+v", maxHeaders, got)
	}
}

func TestCertificateForNumbersCoversOnlyThem(t *testing.T) {
	for start, want := range map[string]Verdict{"12025550100": Verified, "12025550143": Refuted, "12025550042": Refuted} {
		c := newCarrier(t, theDay, blockOf(t, start, 100))
		got := c.verifier(t, nil).Verify(t.Context(), call(c.identity(t)))
		if got.Verdict != want {
			t.Errorf("range from %s: %+v", start, got)
		}
	}
}

func TestNumbersCompareAsTheyAreDialed(t *testing.T) {
	for _, pair := range [][2]string{{"+1 (202) 555-0142", "12025550142"}, {"202.555.0142", "+12025550142"}, {"+442079460142", "442079460142"}} {
		if !same(pair[0], pair[1]) {
			t.Errorf("%s isn't %s", pair[0], pair[1])
		}
	}
	for _, pair := range [][2]string{{"", ""}, {"anonymous", "anonymous"}, {"+2025550142", "2025550142"}, {"12025550142;x", "12025550142"}} {
		if same(pair[0], pair[1]) {
			t.Errorf("%q is %q", pair[0], pair[1])
		}
	}
}

// TestNoErrorHoldsANumber: errors go to logs, and numbers are PHI.
func TestNoErrorHoldsANumber(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	asked := call(c.identity(t))
	asked.Origin = "+12025550143"
	if text := fmt.Sprintf("%v %+v %#v %s", asked, asked, asked, []Call{asked}); strings.Contains(text, "555") {
		t.Error("the call shows a number")
	}
	if text := fmt.Sprintf("%+v", c.verifier(t, nil).Verify(t.Context(), asked)); strings.Contains(text, "555") {
		t.Error("the result shows a number")
	}
}

func FuzzIdentity(f *testing.F) {
	c := newCarrier(f, theDay, spc(f))
	f.Add(c.identity(f))
	f.Add(`a.b.c;info=<https://a.example/>;alg=ES256;ppt="shaken"`)
	f.Add(`..c;info=<>;x`)
	verifier := c.verifier(f, nil)
	f.Fuzz(func(t *testing.T, value string) {
		if got := verifier.Verify(t.Context(), call(value)); got.Verdict == Verified && !strings.Contains(value, ".") {
			t.Errorf("verified: %q", value)
		}
	})
}

func FuzzAuthority(f *testing.F) {
	f.Add(spc(f))
	f.Add(blockOf(f, caller, 10))
	f.Fuzz(func(_ *testing.T, der []byte) {
		if read, err := parseAuthority(der); err == nil {
			read.covers(caller)
		}
	})
}
