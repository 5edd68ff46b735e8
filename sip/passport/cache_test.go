package passport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

func TestCallsThatWantOneCertificateShareAFetch(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	identity := c.identity(t)
	synctest.Test(t, func(t *testing.T) {
		fetches := 0
		verifier := c.verifier(t, func(o *Options) {
			o.Fetch = func(ctx context.Context, asked string) (Fetched, error) {
				fetches++
				<-time.After(time.Second) // a slow server, in virtual time
				return c.serve(ctx, asked)
			}
		})
		var calls sync.WaitGroup
		for range 50 {
			calls.Go(func() {
				if got := verifier.Verify(t.Context(), call(identity)); got.Verdict != Verified {
					t.Errorf("%+v", got)
				}
			})
		}
		calls.Wait()
		if fetches != 1 {
			t.Errorf("%d fetches for 50 calls", fetches)
		}
	})
}

func TestFailureIsRememberedAMinuteAndACertificateAsLongAsItsServerSays(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	now, fetches, down := theDay, 0, true
	cache := &cache{size: 4, timeout: time.Second, now: func() time.Time { return now }, entries: map[string]*entry{}}
	cache.fetch = func(ctx context.Context, asked string) (Fetched, error) {
		if fetches++; down {
			return Fetched{}, errors.New("down")
		}
		return c.serve(ctx, asked)
	}
	want := func(n int, failed bool) {
		t.Helper()
		if _, err := cache.get(t.Context(), location); (err != nil) != failed || fetches != n {
			t.Errorf("%d fetches, error %v; want %d", fetches, err, n)
		}
	}
	want(1, true)
	want(1, true)
	now, down = now.Add(keepFailure), false
	want(2, false)
	now = now.Add(59 * time.Minute)
	want(2, false)
	now = now.Add(2 * time.Minute)
	want(3, false)
}

func TestCacheIsBounded(t *testing.T) {
	cache := &cache{size: 8, timeout: time.Second, now: time.Now, entries: map[string]*entry{}}
	cache.fetch = func(context.Context, string) (Fetched, error) { return Fetched{}, ErrFetch }
	for i := range 100 {
		if _, err := cache.get(t.Context(), fmt.Sprint("https://", i, ".example.com/")); !errors.Is(err, ErrFetch) {
			t.Fatal(err)
		}
	}
	if len(cache.entries) > 8 {
		t.Errorf("%d kept", len(cache.entries))
	}
}

func TestFetchThatNeverEndsIsGivenUp(t *testing.T) {
	c := newCarrier(t, theDay, spc(t))
	identity := c.identity(t)
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		verifier := c.verifier(t, func(o *Options) {
			o.Fetch = func(ctx context.Context, _ string) (Fetched, error) { <-ctx.Done(); return Fetched{}, ctx.Err() }
		})
		if got := verifier.Verify(t.Context(), call(identity)); got.Verdict != Unverifiable || time.Since(began) != DefaultTimeout {
			t.Errorf("%+v after %s", got, time.Since(began))
		}
	})
}

func TestLocationsThatNoCarrierHasAreRefused(t *testing.T) {
	for _, good := range []string{location, "https://a.example.com:8443/c.pem", "https://a.example.com:443/"} {
		if err := checkLocation(good); err != nil {
			t.Errorf("%s: %v", good, err)
		}
	}
	for _, bad := range []string{
		"http://a.example.com/c.pem", "https://a.example.com:22/", "https://user@a.example.com/", "https:///c.pem",
		"https://a.example.com/?member=1", "https://a.example.com/#x", "file:///etc/hosts", "://", "",
	} {
		if checkLocation(bad) == nil {
			t.Errorf("%q passes", bad)
		}
	}
	for _, inside := range []string{"127.0.0.1:443", "10.1.2.3:443", "192.168.0.1:443", "169.254.169.254:443", "[::1]:443", "[fd00::1]:443", "0.0.0.0:443", "[::ffff:10.0.0.1]:443"} {
		if refuseInside(inside) == nil {
			t.Errorf("%s passes", inside)
		}
	}
	if err := refuseInside("198.51.100.7:443"); err != nil {
		t.Error(err)
	}
}

func TestChainComesByHTTPSAndNeverFromInside(t *testing.T) {
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/c.pem":
			w.Header().Set("Cache-Control", "public, max-age=600")
			fmt.Fprint(w, "chain")
		case "/long":
			fmt.Fprint(w, strings.Repeat("x", maxChainBytes+1))
		case "/moved":
			http.Redirect(w, r, "/c.pem", http.StatusFound)
		default:
			http.NotFound(w, r)
		}
	}))
	defer server.Close()
	transport := server.Client().Transport
	got, err := fetchBy(t.Context(), transport, server.URL+"/c.pem")
	if err != nil || string(got.Chain) != "chain" || got.MaxAge != 10*time.Minute {
		t.Errorf("%+v, %v", got, err)
	}
	for _, path := range []string{"/long", "/moved", "/absent"} {
		if _, err := fetchBy(t.Context(), transport, server.URL+path); !errors.Is(err, ErrFetch) {
			t.Errorf("%s: %v", path, err)
		}
	}
	if _, err := FetchHTTPS(t.Context(), server.URL+"/c.pem"); !errors.Is(err, errLocation) {
		t.Errorf("a loopback address: %v", err)
	}
}
