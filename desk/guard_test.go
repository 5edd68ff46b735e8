package desk

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strconv"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/acd"
	"careline/call"
	"careline/phi"
)

func (s *site) get(path string) (int, string) {
	s.t.Helper()
	response, err := s.client.Get(s.url + path)
	if err != nil {
		s.t.Fatal(err)
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(text)
}

func verifiedCall() call.AgentView {
	return call.AgentView{Agent: "maria", State: acd.Offered, Call: &call.CallView{
		ID: "call-1", Offer: "call-1/1", Verification: "verified", MemberName: phi.NewString("Linda Park"), MemberToken: "token",
	}}
}

// cheap is a hash that costs next to nothing.
func cheap(t *testing.T, password string) string {
	t.Helper()
	hash, err := hashWith(password, hashed{memory: 64, passes: 1, lanes: 1})
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func deskWith(t *testing.T, change func(*Options)) http.Handler {
	t.Helper()
	options := Options{
		Listen: netip.MustParseAddrPort("127.0.0.1:8088"),
		Users:  []User{{Name: "maria", Agent: "maria", PasswordHash: cheap(t, "right")}},
	}
	if change != nil {
		change(&options)
	}
	d, err := New(options, &fakeCenter{}, &fakeRecords{})
	if err != nil {
		t.Fatal(err)
	}
	return d.handler()
}

func TestRequestsAreCheckedBeforeTheyAreHeard(t *testing.T) {
	const body = `{"user":"maria","password":"right"}`
	proxied := func(o *Options) { o.SecureCookies, o.Hosts = true, []string{"desk.example.org"} }
	open := func(o *Options) { o.Listen = netip.MustParseAddrPort("0.0.0.0:8088") }
	for _, one := range []struct {
		name, method, path, host, origin, kind, body string
		change                                       func(*Options)
		want                                         int
	}{
		{name: "right", host: "127.0.0.1:8088", origin: "http://127.0.0.1:8088", want: 200},
		{name: "by name", host: "localhost:8088", origin: "http://localhost:8088", want: 200},
		{name: "IPv6", host: "[::1]:8088", origin: "http://[::1]:8088", want: 200},
		{name: "no origin", host: "localhost:8088", want: 403},
		{name: "null origin", host: "localhost:8088", origin: "null", want: 403},
		{name: "other site", host: "localhost:8088", origin: "http://evil.example", want: 403},
		{name: "other port", host: "localhost:8088", origin: "http://localhost:9999", want: 403},
		{name: "other scheme", host: "localhost:8088", origin: "ftp://localhost:8088", want: 403},
		{name: "rebound name", host: "evil.example:8088", origin: "http://evil.example:8088", want: 421},
		{name: "any name where it isn't loopback", host: "pbx.lan:8088", origin: "http://pbx.lan:8088", change: open, want: 200},
		{name: "listed host", host: "desk.example.org", origin: "https://desk.example.org", change: proxied, want: 200},
		{name: "listed host without TLS", host: "desk.example.org", origin: "http://desk.example.org", change: proxied, want: 403},
		{name: "host not listed", host: "localhost", origin: "https://localhost", change: proxied, want: 421},
		{name: "a form", host: "localhost:8088", origin: "http://localhost:8088", kind: "application/x-www-form-urlencoded", want: 415},
		{name: "not JSON", host: "localhost:8088", origin: "http://localhost:8088", body: "user=maria", want: 400},
		{name: "too big", host: "localhost:8088", origin: "http://localhost:8088", body: `{"user":"` + strings.Repeat("x", maxSignIn) + `"}`, want: 413},
		{name: "wrong method", method: "GET", host: "localhost:8088", want: 404},
		{name: "no such address", path: "/api/nothing", host: "localhost:8088", origin: "http://localhost:8088", want: 404},
		{name: "socket of another site", method: "GET", path: "/api/socket", host: "localhost:8088", origin: "http://evil.example", want: 403},
		{name: "socket without a cookie", method: "GET", path: "/api/socket", host: "localhost:8088", origin: "http://localhost:8088", want: 401},
		{name: "media without a cookie", path: "/api/media", host: "localhost:8088", origin: "http://localhost:8088", want: 401},
		{name: "climbing", method: "GET", path: "/..%2f..%2fdesk.go", host: "localhost:8088", want: 404},
		{name: "post to a page", path: "/", host: "localhost:8088", origin: "http://localhost:8088", want: 405},
	} {
		t.Run(one.name, func(t *testing.T) {
			method, path, kind, text := or(one.method, "POST"), or(one.path, "/api/sign-in"), or(one.kind, "application/json"), or(one.body, body)
			r := httptest.NewRequest(method, "http://x"+path, strings.NewReader(text))
			r.Host = one.host
			r.Header.Set("Content-Type", kind)
			if one.origin != "" {
				r.Header.Set("Origin", one.origin)
			}
			w := httptest.NewRecorder()
			deskWith(t, one.change).ServeHTTP(w, r)
			if w.Code != one.want {
				t.Errorf("%d %s, want %d", w.Code, w.Body, one.want)
			}
			for name, want := range map[string]string{
				"Content-Security-Policy": "require-trusted-types-for 'script'", "X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY",
				"Referrer-Policy": "no-referrer", "Permissions-Policy": "microphone=(self)", "Cross-Origin-Opener-Policy": "same-origin",
			} {
				if !strings.Contains(w.Header().Get(name), want) {
					t.Errorf("%s is %q", name, w.Header().Get(name))
				}
			}
			if strings.HasPrefix(path, "/api/") && w.Header().Get("Cache-Control") != "no-store" {
				t.Error("an answer of the API may be kept")
			}
		})
	}
}

func or(text, fallback string) string {
	if text == "" {
		return fallback
	}
	return text
}

func TestCookieCannotBeReadSentOrSetFromElsewhere(t *testing.T) {
	for secure, want := range map[bool][]string{
		false: {"careline=", "; HttpOnly", "; SameSite=Strict", "Path=/"},
		true:  {"__Host-careline=", "; HttpOnly", "; Secure", "; SameSite=Strict", "Path=/"},
	} {
		h := deskWith(t, func(o *Options) { o.SecureCookies = secure })
		r := httptest.NewRequest("POST", "/api/sign-in", strings.NewReader(`{"user":"maria","password":"right"}`))
		r.Host = "localhost"
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Origin", "https://localhost")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		got := w.Header().Get("Set-Cookie")
		for _, part := range want {
			if !strings.Contains(got, part) {
				t.Errorf("secure=%v: no %q in %q", secure, part, got)
			}
		}
		if strings.Contains(got, "Domain") {
			t.Errorf("the cookie goes to sub-domains: %q", got)
		}
	}
}

func TestFilesHaveTheirHashAndAMissingPageSaysHowToBuildIt(t *testing.T) {
	built, err := pagesOf(fstest.MapFS{"index.html": {Data: []byte("<h1>")}, "main.js": {Data: []byte("1")}, ".gitkeep": {}})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(p *pages, path, tag string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", path, nil)
		r.Header.Set("If-None-Match", tag)
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		return w
	}
	first := ask(built, "/main.js", "")
	if first.Code != 200 || first.Header().Get("Content-Type") != "text/javascript; charset=utf-8" {
		t.Errorf("%d %v", first.Code, first.Header())
	}
	if again := ask(built, "/main.js", first.Header().Get("ETag")); again.Code != http.StatusNotModified {
		t.Errorf("asked again with its ETag: %d", again.Code)
	}
	if w := ask(built, "/.gitkeep", ""); w.Code != http.StatusNotFound {
		t.Errorf("a hidden file: %d", w.Code)
	}
	empty, err := pagesOf(fstest.MapFS{".gitkeep": {}})
	if err != nil {
		t.Fatal(err)
	}
	if w := ask(empty, "/", ""); w.Code != http.StatusServiceUnavailable || !strings.Contains(w.Body.String(), "make build") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestFailuresAreForgottenWithTimeAndBoundedInMemory(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	a := newAttempts(func() time.Time { return now })
	for range userFailures {
		if wait := a.take("maria", "10.0.0.1"); wait != 0 {
			t.Fatalf("held back too early: %s", wait)
		}
	}
	if wait := a.take("maria", "10.0.0.2"); wait != failureRest {
		t.Fatalf("after %d failures the wait is %s", userFailures, wait)
	}
	if wait := a.take("james", "10.0.0.1"); wait != 0 {
		t.Fatalf("a colleague at the same address is held back: %s", wait)
	}
	now = now.Add(failureRest)
	if wait := a.take("maria", "10.0.0.3"); wait != 0 {
		t.Fatalf("a failure isn't forgotten: %s", wait)
	}
	for range 200 { // a whole shift signs in from one address
		if wait := a.take("rosa", "10.0.0.9"); wait != 0 {
			t.Fatalf("right passwords count: %s", wait)
		}
		a.forgive("rosa", "10.0.0.9")
	}
	for i := range maxTracked/2 + 200 {
		a.take("user"+strconv.Itoa(i), "10.9.0."+strconv.Itoa(i))
	}
	if len(a.full) > maxTracked {
		t.Errorf("%d tracked", len(a.full))
	}
}

func TestUserHasABoundedNumberOfSessions(t *testing.T) {
	now := time.Now()
	s := newSessions(time.Hour, time.Hour, func() time.Time { return now })
	user := User{Name: "maria"}
	var first string
	for i := range maxSessions {
		now = now.Add(time.Second)
		token, older, err := s.begin(user)
		if err != nil || older != nil {
			t.Fatal(older, err)
		}
		if i == 0 {
			first = token
		}
	}
	now = now.Add(time.Second)
	_, older, _ := s.begin(user)
	if older == nil || older != s.find(first) {
		t.Error("the oldest session doesn't make room")
	}
}

func TestUnknownUserCostsWhatAKnownOneDoes(t *testing.T) {
	hash := cheap(t, "x")
	decoy, err := decoyLike([]User{{PasswordHash: hash}})
	if err != nil {
		t.Fatal(err)
	}
	theirs, _ := parseHash(hash)
	ours, _ := parseHash(decoy)
	if ours.memory != theirs.memory || ours.passes != theirs.passes || ours.lanes != theirs.lanes || len(ours.key) != len(theirs.key) {
		t.Errorf("the decoy costs %+v, a user %+v", ours, theirs)
	}
}

func TestBadHashIsNamedWithItsUser(t *testing.T) {
	for _, hash := range []string{
		"", "secret", "$2y$10$abc", "$argon2i$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA",
		"$argon2id$v=19$m=99999999,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA", // would eat the memory
		"$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$",
	} {
		_, err := New(Options{Users: []User{{Name: "maria", Agent: "maria", PasswordHash: hash}}}, &fakeCenter{}, &fakeRecords{})
		if err == nil || !strings.Contains(err.Error(), "maria") || !strings.Contains(err.Error(), "careline password") {
			t.Errorf("%q: %v", hash, err)
		}
		if hash != "" && err != nil && strings.Contains(err.Error(), hash) {
			t.Errorf("the error quotes the hash: %v", err)
		}
	}
}

func TestTwoPeopleAreNotOneAgent(t *testing.T) {
	hash := cheap(t, "x")
	_, err := New(Options{Users: []User{
		{Name: "maria", Agent: "desk1", PasswordHash: hash}, {Name: "james", Agent: "desk1", PasswordHash: hash},
	}}, &fakeCenter{}, &fakeRecords{})
	if err == nil || !strings.Contains(err.Error(), "maria") || !strings.Contains(err.Error(), "james") {
		t.Errorf("the audit couldn't tell who read: %v", err)
	}
}

func FuzzParseHash(f *testing.F) {
	f.Add("$argon2id$v=19$m=64,t=1,p=1$c2FsdHNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, text string) {
		h, err := parseHash(text)
		if err == nil && (h.memory > maxMemory || h.passes == 0 || h.passes > maxPasses || h.lanes == 0) {
			t.Errorf("%q costs %+v", text, h)
		}
	})
}
