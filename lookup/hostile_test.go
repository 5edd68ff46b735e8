package lookup

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

// quick is the time that a service has where it is that time which ends the
// look-up, patient where it is not.
const (
	quick   = 300 * time.Millisecond
	patient = 10 * time.Second
)

// number asks for one number.
func number(t testing.TB) *Definition {
	return compiled(t, Text{Get: "/n", Into: map[string]FieldText{"n": {Path: "n", As: AsNumber}}})
}

// hostile looks up once and tells how it went.
func hostile(t *testing.T, service Service, want string) {
	t.Helper()
	service.Time, service.Failures = patient, 100
	if strings.Contains(want, "time") {
		service.Time = quick
	}
	d := open(t, service)
	began := time.Now()
	_, err := d.LookUp(t.Context(), number(t), Ask{Call: "call-1", Actor: "flow:x"})
	if err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %q", err, want)
	}
	if took := time.Since(began); took > service.Time+5*time.Second {
		t.Errorf("it took %v", took)
	}
	d.keepsSecret(t, err, "RUBBISH")
}

func TestServersThatAnswerWrongly(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"headers that never come", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, "did not answer in time"},
		{"a body that never ends, slowly", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				fmt.Fprint(w, " ")
				w.(http.Flusher).Flush()
				select {
				case <-time.After(20 * time.Millisecond):
				case <-r.Context().Done():
				}
			}
		}, "did not answer in time"},
		{"a body that never ends, fast", func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			for r.Context().Err() == nil {
				if _, err := w.Write(bytes.Repeat([]byte("["), 1<<16)); err != nil {
					return
				}
			}
		}, "larger than max_answer"},
		{"ten megabytes", func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, `{"n": 1, "x": "`+strings.Repeat("RUBBISH", 10<<20/7)+`"}`)
		}, "larger than max_answer"},
		{"megabytes that come as kilobytes", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Encoding", "gzip")
			w.Header().Set("Content-Type", "application/json")
			zipped := gzip.NewWriter(w)
			_, _ = io.WriteString(zipped, `{"x": "`+strings.Repeat("a", 1<<20)+`"}`)
			_ = zipped.Close()
		}, "larger than max_answer"},
		{"a page for people", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, `<html>RUBBISH</html>`)
		}, "not JSON, by its Content-Type"},
		{"no type", func(w http.ResponseWriter, _ *http.Request) {
			w.Header()["Content-Type"] = nil
			fmt.Fprint(w, `{"n": 1}`)
		}, "not JSON, by its Content-Type"},
		{"broken JSON", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": 1, "RUBBISH`) }, "not JSON"},
		{"no JSON", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `RUBBISH`) }, "not JSON"},
		{"nothing", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, ``) }, "not JSON"},
		{"JSON and more", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": 1} {"RUBBISH": 2}`) }, "something follows it"},
		{"deep JSON", func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, `{"n":`+strings.Repeat("[", 100_000)+strings.Repeat("]", 100_000)+"}")
		}, "not JSON"},
		{"lists in lists, and nothing in them", func(w http.ResponseWriter, _ *http.Request) {
			answerJSON(w, `{"n": [`+strings.Repeat("[],", 80_000)+`[]]}`)
		}, "there is nothing of the kind"},
		{"a text for a number", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": "RUBBISH"}`) }, "n is no number"},
		{"an object for a number", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": {"RUBBISH": 1}}`) }, "an object"},
		{"a list for an object", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `[1, 2]`) }, "there is nothing of the kind"},
		{"a null", func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": null}`) }, "there is nothing of the kind"},
		{"no content", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) }, "there is nothing of the kind"},
		{"not found", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "RUBBISH", http.StatusNotFound) }, "there is nothing of the kind (404)"},
		{"not allowed", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "RUBBISH", http.StatusForbidden) }, "it answered 403"},
		{"a broken server", func(w http.ResponseWriter, _ *http.Request) {
			http.Error(w, "RUBBISH", http.StatusInternalServerError)
		}, "it answered 500"},
		{"elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "https://RUBBISH.example.net/", http.StatusFound)
		}, "sends us elsewhere"},
		{"round and round", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "/n?RUBBISH", http.StatusTemporaryRedirect)
		}, "sends us elsewhere"},
		{"somewhere that is no place", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "http://[RUBBISH")
			w.WriteHeader(http.StatusFound)
		}, "no whole HTTP message"},
		{"half of what it promised", func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			answerJSON(w, `{"n": 1}`)
		}, "no whole HTTP message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hostile(t, Service{URL: serve(t, c.handler).URL}, c.want)
		})
	}
}

// raw is a server that says what it is told to, byte by byte.
func raw(t *testing.T, speak func(net.Conn)) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				defer connection.Close()
				_ = connection.SetDeadline(time.Now().Add(5 * time.Second))
				speak(connection)
			})
		}
	})
	t.Cleanup(func() { listener.Close(); serving.Wait() })
	return "http://" + listener.Addr().String()
}

func TestServersThatDoNotEvenSpeakHTTP(t *testing.T) {
	t.Parallel()
	heard := func(c net.Conn) bool { _, err := c.Read(make([]byte, 4096)); return err == nil }
	for _, c := range []struct {
		name  string
		speak func(net.Conn)
		want  string
	}{
		{"one header letter at a time", func(c net.Conn) {
			for heard(c); ; {
				if _, err := c.Write([]byte("H")); err != nil {
					return
				}
				time.Sleep(30 * time.Millisecond) // the pace is what is tested
			}
		}, "time"},
		{"headers without end", func(c net.Conn) {
			heard(c)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\n"))
			for i := 0; ; i++ {
				if _, err := fmt.Fprintf(c, "X-%d: %s\r\n", i, strings.Repeat("RUBBISH", 100)); err != nil {
					return
				}
			}
		}, "no whole HTTP message"},
		{"rubbish", func(c net.Conn) { heard(c); _, _ = c.Write([]byte("RUBBISH\r\n\r\n")) }, "no whole HTTP message"},
		{"nothing at all", func(c net.Conn) { heard(c) }, "no whole HTTP message"},
		{"a chunk that is none", func(c net.Conn) {
			heard(c)
			_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nRUBBISH\r\n"))
		}, "no whole HTTP message"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			hostile(t, Service{URL: raw(t, c.speak)}, c.want)
		})
	}
	t.Run("nobody", func(t *testing.T) {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		listener.Close()
		hostile(t, Service{URL: "http://" + address}, "it can't be reached")
	})
}

func TestServersWhoseTLSIsNotToBeTrusted(t *testing.T) {
	t.Parallel()
	well := func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": 1}`) }
	secured := httptest.NewUnstartedServer(http.HandlerFunc(well))
	secured.Config.ErrorLog = log.New(io.Discard, "", 0)
	secured.StartTLS()
	t.Cleanup(secured.Close)
	authorities := x509.NewCertPool()
	authorities.AddCert(secured.Certificate())

	hostile(t, Service{URL: secured.URL}, "certificate isn't one that we trust")
	_, port, _ := net.SplitHostPort(secured.Listener.Addr().String())
	hostile(t, Service{URL: "https://localhost:" + port, TLS: &tls.Config{RootCAs: authorities}}, "certificate isn't one that we trust")
	clear := serve(t, well)
	hostile(t, Service{URL: strings.Replace(clear.URL, "http:", "https:", 1), TLS: &tls.Config{RootCAs: authorities}}, "doesn't speak TLS")
	silent := raw(t, func(c net.Conn) { _, _ = io.Copy(io.Discard, c) })
	hostile(t, Service{URL: strings.Replace(silent, "http:", "https:", 1)}, "did not answer in time")

	d := open(t, Service{URL: secured.URL, TLS: &tls.Config{RootCAs: authorities}})
	if _, err := d.LookUp(t.Context(), number(t), Ask{}); err != nil {
		t.Errorf("one that we trust: %v", err)
	}
}

func TestOldTLSIsNotSpoken(t *testing.T) {
	t.Parallel()
	old := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { answerJSON(w, `{"n": 1}`) }))
	old.TLS = &tls.Config{MaxVersion: tls.VersionTLS11, MinVersion: tls.VersionTLS10}
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	t.Cleanup(old.Close)
	authorities := x509.NewCertPool()
	authorities.AddCert(old.Certificate())
	d := open(t, Service{URL: old.URL, TLS: &tls.Config{RootCAs: authorities}, Time: patient})
	if _, err := d.LookUp(t.Context(), number(t), Ask{}); err == nil {
		t.Error("TLS 1.1 was spoken")
	}
}

func TestRedirectsAreFollowedAsFarAsAllowedAndNeverAway(t *testing.T) {
	t.Parallel()
	elsewhere := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("our secret went elsewhere")
		}
		answerJSON(w, `{"n": 1}`)
	})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/n":
			http.Redirect(w, r, "/m", http.StatusMovedPermanently)
		case "/m":
			answerJSON(w, `{"n": 1}`)
		default:
			http.Redirect(w, r, elsewhere.URL, http.StatusFound)
		}
	})
	d := open(t, Service{URL: server.URL, Redirects: 1, Headers: http.Header{"Authorization": {"s"}}})
	if _, err := d.LookUp(t.Context(), number(t), Ask{}); err != nil {
		t.Errorf("one to the same server: %v", err)
	}
	away := compiled(t, Text{Get: "/away", Into: map[string]FieldText{"n": {Path: "n", As: AsNumber}}})
	if _, err := d.LookUp(t.Context(), away, Ask{}); !errors.Is(err, errRedirect) {
		t.Errorf("elsewhere: %v", err)
	}
	post := compiled(t, Text{Post: "/n", Body: map[string]any{"a": "b"}, Into: map[string]FieldText{"n": {Path: "n", As: AsNumber}}})
	if _, err := d.LookUp(t.Context(), post, Ask{}); !errors.Is(err, errRedirect) {
		t.Errorf("a post: %v", err)
	}
}

func TestANameThatLeadsToACloudsSecretsIsNotAsked(t *testing.T) {
	t.Parallel()
	for address, refused := range map[string]bool{
		"169.254.169.254:80": true, "[fe80::1]:80": true, "[::ffff:169.254.169.254]:80": true, "0.0.0.0:80": true, "224.0.0.1:80": true, "rubbish": true,
		"10.0.0.1:443": false, "127.0.0.1:80": false, "192.0.2.1:443": false, "[2001:db8::1]:443": false,
	} {
		if err := refuseLinkLocal("tcp", address, nil); (err != nil) != refused {
			t.Errorf("%s: %v", address, err)
		}
	}
	hostile(t, Service{URL: "https://169.254.169.254"}, "link-local")
}
