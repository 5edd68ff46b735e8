package sip

import (
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/location"
)

func parseURI(t *testing.T, text string) gosip.Uri {
	t.Helper()
	var uri gosip.Uri
	must(t, gosip.ParseUri(text, &uri))
	return uri
}

// Whatever headers a REGISTER has: what is read is within bounds and can be
// written into a message again without becoming another one.
func FuzzReadRegistration(f *testing.F) {
	f.Add("Contact: <sip:a@192.0.2.7:5060;transport=udp>;q=0.5;expires=60\r\nPath: <sip:edge;lr>\r\nExpires: 10\r\n")
	f.Add("Contact: *\r\nExpires: 0\r\n")
	f.Add("m: \"a, b\" <sips:a@[::1]>;+sip.instance=\"<urn:x>\";reg-id=2,sip:c@d;expires=x\r\nk: outbound\r\n")
	f.Fuzz(func(t *testing.T, lines string) {
		raw := "REGISTER sip:careline SIP/2.0\r\nVia: SIP/2.0/TCP 192.0.2.7;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=x\r\nTo: <sip:a@b>\r\n" +
			"Call-ID: x\r\nCSeq: 1 REGISTER\r\n" + lines + "\r\n"
		message, err := gosip.NewParser().ParseSIP([]byte(raw))
		if err != nil {
			return
		}
		request, ok := message.(*gosip.Request)
		if !ok || !complete(request) {
			return
		}
		request.SetTransport("TCP")
		request.SetSource("192.0.2.7:40000")
		r, err := readRegistration(request)
		if err != nil {
			return
		}
		if len(r.Path) > maxPath || r.RemoveAll && len(r.Contacts) > 0 {
			t.Fatalf("read %+v", r)
		}
		now := time.Unix(2e9, 0)
		bindings, err := location.New(location.Options{}).Register(now, r)
		if err != nil {
			return
		}
		server := &Server{options: Options{UserAgent: "Careline"}, guard: newSentry(Options{SetUpRate: 1})}
		answer := server.registered(request, r, bindings, now).String()
		head, _, _ := strings.Cut(answer, "\r\n\r\n")
		if _, err := gosip.NewParser().ParseSIP([]byte(answer)); err != nil {
			t.Fatalf("the answer can't be read: %v\n%q", err, answer)
		}
		if got := strings.Count(head, "\r\nContact: "); got > len(bindings) {
			t.Fatalf("%d contacts listed for %d bindings:\n%q", got, len(bindings), answer)
		}
	})
}
