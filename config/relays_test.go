package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"careline/desk"
	"careline/problem"
)

// readMedia reads a careline.yaml that says nothing but these lines of media.
func readMedia(t *testing.T, secret, lines string) (*reader, *problem.Document, siteFile) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"careline.yaml": "media:\n" + lines, "turn.secret": secret} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := &reader{dir: dir, files: os.DirFS(dir), raw: map[string][]byte{}}
	site, doc := defaults(), r.document("careline.yaml")
	r.problems.Add(doc.File, doc.Decode(doc.Root, &site))
	r.bounds(doc, doc.Root, site)
	return r, doc, site
}

func withTURN(t *testing.T, secret, lines string) (desk.Relays, error) {
	t.Helper()
	r, doc, site := readMedia(t, secret, lines)
	return r.relays(doc, site.Media.TURN), r.problems.Err()
}

func TestRelaysForBrowsers(t *testing.T) {
	relays, err := withTURN(t, "north\n", "  turn:\n    urls: [\"turn:192.0.2.1:3478?transport=tcp\", \"stun:[2001:db8::1]\", \"turns:turn.example.org\"]\n    secret_file: turn.secret\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(relays.URLs) != 3 || relays.URLs[1] != "stun:[2001:db8::1]" || relays.Life != turnDefaults().Life {
		t.Errorf("read %+v", relays)
	}
	if relays, err = withTURN(t, "", "  turn: {urls: [\"stun:stun.example.org:3478\"]}\n"); err != nil || len(relays.URLs) != 1 {
		t.Errorf("STUN alone: %v", err)
	}
}

func TestMistakesInHowBrowsersReachUs(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{"  address: 192.0.2.1\n  public: 2001:db8::1\n", "2001:db8::1 is of another IP version than media.address, 192.0.2.1"},
		{"  webrtc_tcp: 0.0.0.0:443\n", "0.0.0.0 is every address, and browsers have to be told one"},
		{"  webrtc_tcp: 192.0.2.1:443\ndesk:\n  listen: 192.0.2.1:443\n", "desk.listen takes tcp port 443, which media.webrtc_tcp takes too"},
		{"  webrtc_tcp: 192.0.2.1:443\ndemo:\n  sign_ins: true\n", "media.webrtc_tcp listens at 192.0.2.1 while demo.sign_ins shows everyone the passwords"},
	} {
		r, doc, site := readMedia(t, "", c.lines)
		r.network(doc, site)
		if err := r.problems.Err(); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: read %v\nwant %s", c.lines, err, c.want)
		}
	}
	r, _, site := readMedia(t, "", "  address: 192.0.2.1\n  public: 198.51.100.1\n  webrtc: 192.0.2.1:8089\n  webrtc_tcp: 192.0.2.1:443\n")
	if got := site.settings().Media; len(r.problems) > 0 || got.Public.String() != "198.51.100.1" || got.WebRTCTCP.Port() != 443 {
		t.Errorf("read %+v, %v", got, r.problems)
	}
}

func TestMistakesInRelays(t *testing.T) {
	for _, c := range []struct{ secret, lines, want string }{
		{"north", "  turn: {urls: [\"turn:192.0.2.1\"]}\n", "TURN servers let nobody in without credentials, and none can be made; add secret_file"},
		{"north", "  turn: {urls: [\"stun:192.0.2.1\"], secret_file: turn.secret}\n", "there is no TURN server for this secret"},
		{"north", "  turn: {urls: [\"http://192.0.2.1\"]}\n", `"http://192.0.2.1" is not a TURN or STUN server; write it as turn:`},
		{"north", "  turn: {urls: [\"stun:192.0.2.1?transport=tcp\"]}\n", "is not a TURN or STUN server"},
		{"north", "  turn: {urls: [\"turn:192.0.2.1\"], secret_file: other.secret}\n", "the secret's file can't be read"},
		{"", "  turn: {urls: [\"turn:192.0.2.1\"], secret_file: turn.secret}\n", "the secret's file can't be used; write the secret as its one line"},
		{"north", "  turn: {urls: [\"turn:192.0.2.1\"], secret_file: turn.secret, life: 1m}\n", "life is 1m, which is out of bounds; from 10m to 168h is allowed"},
	} {
		_, err := withTURN(t, c.secret, c.lines)
		if err == nil || !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), "north") {
			t.Errorf("%s: read %v\nwant %s", c.lines, err, c.want)
		}
	}
}
