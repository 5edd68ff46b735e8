package lookup

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"careline/phi"
)

func TestALookUpAsksAndGivesItsFields(t *testing.T) {
	t.Parallel()
	var path, body, secret, contents atomic.Value
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(r.Body)
		path.Store(r.URL.EscapedPath())
		body.Store(string(raw))
		secret.Store(r.Header.Get("Authorization"))
		contents.Store(r.Header.Get("Content-Type"))
		answerJSON(w, `{"visit": {"copay": 12.5, "note": "x"}}`)
	})
	chicago, err := time.LoadLocation("America/Chicago")
	if err != nil {
		t.Fatal(err)
	}
	d := open(t, Service{URL: server.URL + "/v2/", Recipient: "Acme Benefits, Inc.", Headers: http.Header{"Authorization": {"Bearer s3cret"}}},
		func(o *Options) { o.Now, o.Zone = noon, chicago })
	fields, err := d.LookUp(t.Context(), copay(t), asked())
	if err != nil || reveal(t, fields["copay"]) != "12.50" || len(fields) != 1 {
		t.Fatalf("%d fields, %v", len(fields), err)
	}
	if got := path.Load(); got != "/v2/plans/gold%20plus%2F2/copay" {
		t.Errorf("path %s", got)
	}
	if got := body.Load(); got != `{"member":"48201937","on":"2026-11-24"}`+"\n" {
		t.Errorf("body %s", got)
	}
	if secret.Load() != "Bearer s3cret" || contents.Load() != "application/json" {
		t.Errorf("headers %v, %v", secret.Load(), contents.Load())
	}
	want := phi.Disclosure{Call: "call-1", Actor: "flow:benefits", Subject: "token-1", What: "look-up copay: member", Recipient: "Acme Benefits, Inc.", Purpose: "eligibility"}
	if got := d.book.all(); len(got) != 1 || got[0] != want {
		t.Errorf("taken down: %+v", got)
	}
	d.keepsSecret(t, nil, "s3cret", "gold", "12.5")
}

func TestNothingIsToldThatIsNotTakenDown(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asks.Add(1)
		answerJSON(w, `{"visit": {"copay": 1}}`)
	})
	d := open(t, Service{URL: server.URL, Failures: 1})
	d.book.err = errors.New("disk full")
	_, err := d.LookUp(t.Context(), copay(t), asked())
	if !errors.Is(err, d.book.err) || asks.Load() != 0 {
		t.Errorf("%v, asked %d times", err, asks.Load())
	}
	d.book.err = nil // that our own disk was full says nothing against the service
	if _, err := d.LookUp(t.Context(), copay(t), asked()); err != nil {
		t.Error(err)
	}
}

func TestWhatIsPublicIsNotAccountedFor(t *testing.T) {
	t.Parallel()
	server := serve(t, func(w http.ResponseWriter, r *http.Request) { answerJSON(w, `{"open": `+r.URL.Query().Get("open")+`}`) })
	d := open(t, Service{URL: server.URL})
	clinic := compiled(t, Text{Public: true, With: map[string]Taking{"plan": TakesPublic}, Get: "/clinic", Query: map[string]string{"open": "true", "for": "{{ plan }}"},
		Into: map[string]FieldText{"open": {Path: "open", As: AsTruth}}})
	fields, err := d.LookUp(t.Context(), clinic, asked())
	if err != nil || reveal(t, fields["open"]) != "true" || len(d.book.all()) != 0 {
		t.Errorf("%v, %v", err, d.book.all())
	}
}

func TestAnswersAreKeptForTheirTimeAndTheirValuesAlone(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asks.Add(1)
		answerJSON(w, `{"n": 1}`)
	})
	var now atomic.Int64
	d := open(t, Service{URL: server.URL}, func(o *Options) {
		o.Cached = 2
		o.Now = func() time.Time { return noon().Add(time.Duration(now.Load())) }
	})
	n := compiled(t, Text{Purpose: "benefits", With: map[string]Taking{"member": TakesMember}, Post: "/n", Keep: time.Minute, Form: map[string]string{"m": "{{ member }}"},
		Into: map[string]FieldText{"n": {Path: "n", As: AsNumber}}})
	look := func(member string, want int64) {
		t.Helper()
		fields, err := d.LookUp(t.Context(), n, Ask{Values: map[string]phi.String{"member": phi.NewString(member)}})
		if err != nil || reveal(t, fields["n"]) != "1" || asks.Load() != want {
			t.Errorf("%v, asked %d times, want %d", err, asks.Load(), want)
		}
		delete(fields, "n") // what is given away is no part of what is kept
	}
	look("a", 1)
	look("a", 1)
	look("b", 2)
	look("a", 2)
	look("c", 3) // b goes: a was used later
	look("a", 3)
	look("b", 4)
	now.Store(int64(time.Minute))
	look("b", 5)
	if got := len(d.book.all()); got != 5 {
		t.Errorf("%d disclosures: what is kept is told to nobody", got)
	}
}

func TestAServiceThatFailsIsLeftAloneAndTriedAgain(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	var well atomic.Bool
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asks.Add(1)
		if !well.Load() {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		answerJSON(w, `{"visit": {"copay": 1}}`)
	})
	var now atomic.Int64
	d := open(t, Service{URL: server.URL, Failures: 3, Rest: time.Minute}, func(o *Options) {
		o.Now = func() time.Time { return noon().Add(time.Duration(now.Load())) }
	})
	look := func() error { _, err := d.LookUp(t.Context(), copay(t), asked()); return err }
	for range 3 {
		if err := look(); err == nil || errors.Is(err, ErrResting) {
			t.Fatal(err)
		}
	}
	if err := look(); !errors.Is(err, ErrResting) || asks.Load() != 3 {
		t.Errorf("%v, asked %d times", err, asks.Load())
	}
	now.Store(int64(time.Minute))
	if err := look(); err == nil || errors.Is(err, ErrResting) || asks.Load() != 4 {
		t.Errorf("the one that tries: %v, asked %d times", err, asks.Load())
	}
	if err := look(); !errors.Is(err, ErrResting) {
		t.Errorf("after it failed too: %v", err)
	}
	if got := d.Stats(); len(got) != 1 || got[0] != (Stats{Service: "benefits", Failed: 6, Resting: true}) {
		t.Errorf("counted is %+v", got)
	}
	now.Store(int64(2 * time.Minute))
	well.Store(true)
	for range 2 {
		if err := look(); err != nil {
			t.Errorf("well again: %v", err)
		}
	}
	if got := d.Stats()[0]; got != (Stats{Service: "benefits", Found: 2, Failed: 6}) {
		t.Errorf("counted is %+v", got)
	}
}

func TestWhatMayPassIsAskedAgain(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asks.Add(1) == 1 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		answerJSON(w, `{"a": 1}`)
	})
	d := open(t, Service{URL: server.URL})
	into := map[string]FieldText{"a": {Path: "a", As: AsNumber}}
	if _, err := d.LookUp(t.Context(), compiled(t, Text{Get: "/a", Into: into}), Ask{}); err != nil || asks.Load() != 2 {
		t.Errorf("%v after %d", err, asks.Load())
	}
	asks.Store(0)
	if _, err := d.LookUp(t.Context(), compiled(t, Text{Post: "/a", Into: into}), Ask{}); err == nil || asks.Load() != 1 {
		t.Errorf("a post is not repeated by itself: %v after %d", err, asks.Load())
	}
}

func TestMoreThanAtOnceWaitAndThenFail(t *testing.T) {
	t.Parallel()
	entered, leave := make(chan struct{}), make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		entered <- struct{}{}
		<-leave
		answerJSON(w, `{"a": 1}`)
	})
	d := open(t, Service{URL: server.URL, AtOnce: 1, Time: 10 * time.Second})
	a := compiled(t, Text{Get: "/a", Into: map[string]FieldText{"a": {Path: "a", As: AsNumber}}})
	first := make(chan error)
	go func() { _, err := d.LookUp(t.Context(), a, Ask{}); first <- err }()
	<-entered
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := d.LookUp(ctx, a, Ask{}); !errors.Is(err, errFull) {
		t.Errorf("one more: %v", err)
	}
	close(leave)
	if err := <-first; err != nil {
		t.Error(err)
	}
}

func TestACallerWhoHangsUpEndsTheLookUpAndBlamesNobody(t *testing.T) {
	t.Parallel()
	entered := make(chan struct{}, 8)
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		entered <- struct{}{}
		<-r.Context().Done()
	})
	d := open(t, Service{URL: server.URL, Failures: 1})
	for range 2 {
		ctx, cancel := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() {
			_, err := d.LookUp(ctx, compiled(t, Text{Get: "/a", Into: map[string]FieldText{"a": {Path: "a", As: AsNumber}}}), Ask{})
			ended <- err
		}()
		<-entered
		cancel()
		if err := <-ended; !errors.Is(err, context.Canceled) || errors.Is(err, ErrResting) {
			t.Errorf("%v", err)
		}
	}
}

func TestAClientWithoutAnAccountingOrWithAnOpenLineIsNotMade(t *testing.T) {
	if _, err := New(Options{}); err == nil {
		t.Error("no accounting, and yet a client")
	}
	for address, want := range map[string]string{
		"http://benefits.example.net": "could be read on the way", "https://u:p@benefits.example.net": "a secret stands in it",
		"ftp://benefits.example.net": "neither https nor http", "benefits": "no address", "https://": "no address",
		"https://benefits.example.net/?a=b": "something follows",
	} {
		_, err := New(Options{Accounting: &book{}, Services: []Service{{Name: "b", URL: address}}})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", address, err)
		}
	}
	if _, err := New(Options{Accounting: &book{}, Services: []Service{{Name: "b", URL: "https://benefits.example.net", Time: time.Hour}}}); err == nil {
		t.Error("a time longer than a flow waits")
	}
}

func TestAValueThatIsNotGivenOrCannotBeSent(t *testing.T) {
	t.Parallel()
	var asks atomic.Int64
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { asks.Add(1); answerJSON(w, `{}`) })
	d := open(t, Service{URL: server.URL, Failures: 1})
	for _, plan := range []string{"", ".", ".."} {
		ask := asked()
		ask.Values["plan"] = phi.NewString(plan)
		if _, err := d.LookUp(t.Context(), copay(t), ask); !errors.Is(err, errValue) {
			t.Errorf("%q: %v", plan, err)
		}
	}
	if _, err := d.LookUp(t.Context(), copay(t), Ask{}); err == nil {
		t.Error("values that are not given are taken for empty")
	}
	other, _ := Compile("copay", Text{Service: "elsewhere", Get: "/", Into: map[string]FieldText{"a": {Path: "a", As: AsText}}})
	if _, err := d.LookUp(t.Context(), other, Ask{}); err == nil {
		t.Error("a service that isn't there answered")
	}
	if asks.Load() != 0 || len(d.book.all()) != 0 {
		t.Errorf("asked %d times, told %v", asks.Load(), d.book.all())
	}
}
