package desk

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/acd"
	"careline/call"
	"careline/phi"
)

func TestForgottenPageThatWakesUpDoesNotTakeTheCall(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		home := s.pageOf("page=home", "take=1")
		home.conn.CloseNow() // the lid is closed
		synctest.Wait()
		office := s.pageOf("page=office", "take=1")
		s.center.show(call.AgentView{Agent: "maria", State: acd.Talking, Call: &call.CallView{ID: "c"}})

		home = s.pageOf("page=home") // it wakes up, and reconnects by itself
		pass(time.Second)
		if home.closed() != closeDisplaced || office.closed() != 0 {
			t.Fatalf("home %d, office %d", home.closed(), office.closed())
		}
		office.conn.CloseNow() // a change of network: the place stays the office's
		synctest.Wait()
		home = s.pageOf("page=home")
		pass(time.Second)
		if home.closed() != closeDisplaced {
			t.Errorf("home took the place of an office that was reconnecting: %d", home.closed())
		}
		office = s.pageOf("page=office")
		office.shows(t, `"state":"talking"`)
		again := s.pageOf("page=office") // its older socket isn't known to be dead yet
		again.shows(t, `"state":"talking"`)
		home = s.pageOf("page=home", "take=1") // "Use this window"
		pass(time.Second)
		if home.closed() != 0 || again.closed() != closeDisplaced {
			t.Errorf("asked for: home %d, office %d", home.closed(), again.closed())
		}
	})
}

func TestPageThatReconnectsByItselfDoesNotKeepTheSession(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.pageOf("page=one", "take=1")
		for range 2 {
			pass(6 * time.Minute)
			p.conn.CloseNow()
			synctest.Wait()
			p = s.pageOf("page=one")
		}
		pass(4 * time.Minute)
		if p.closed() != closeIdle || s.ended() != "idle" {
			t.Errorf("reconnecting counts as a touch: %d, %q", p.closed(), s.ended())
		}
	})
}

func TestPageWithoutANameIsRefused(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		for _, query := range []string{"", "?take=1", "?page=" + strings.Repeat("x", maxPage+1)} {
			request, _ := http.NewRequest(http.MethodGet, s.url+"/api/socket"+query, nil)
			request.Header.Set("Origin", s.url)
			response, err := s.client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			io.Copy(io.Discard, response.Body)
			response.Body.Close()
			if response.StatusCode != http.StatusBadRequest {
				t.Errorf("%q got %d", query, response.StatusCode)
			}
		}
	})
}

func TestSecondSignInOfABrowserEndsTheFirst(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		marias := s.page()
		if status, text := s.post("/api/sign-in", `{"user":"james","password":"correct horse"}`, s.url); status != http.StatusOK {
			t.Fatalf("%d %s", status, text)
		}
		pass(time.Second)
		if marias.closed() != closeSignedOut || s.ended() != "superseded" || !s.did(call.SignOut) {
			t.Errorf("maria's window lives on beside james's cookie: %d, %q", marias.closed(), s.ended())
		}
	})
}

func TestSecondSignInOfABrowserWaitsForTheCall(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		marias := s.page()
		s.center.show(call.AgentView{Agent: "maria", State: acd.Talking, Call: &call.CallView{ID: "c"}})
		status, text := s.post("/api/sign-in", `{"user":"james","password":"correct horse"}`, s.url)
		if status != http.StatusConflict || !strings.Contains(text, "in_call") {
			t.Fatalf("%d %s", status, text)
		}
		pass(time.Second)
		if marias.closed() != 0 || s.did(call.SignOut) {
			t.Error("maria's caller was left alone")
		}
	})
}

func TestFloodOfHeartbeatsIsHeldBack(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		for range commandBurst + 1 {
			p.send(t, `{"id":9,"kind":"alive"}`)
		}
		p.shows(t, `"too_fast"`)
		pass(time.Second)
		p.send(t, `{"id":10,"kind":"alive"}`)
		p.shows(t, `{"kind":"reply","id":10}`)
	})
}

func TestFloodOfMediaOffersIsHeldBack(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		for range offerBurst {
			if status, text := s.post("/api/media", `{"sdp":"v=0"}`, s.url); status != http.StatusOK {
				t.Fatalf("%d %s", status, text)
			}
		}
		if status, _ := s.post("/api/media", `{"sdp":"v=0"}`, s.url); status != http.StatusTooManyRequests {
			t.Errorf("one more got %d", status)
		}
	})
}

func TestNameOfAnUnverifiedCallerNeverReachesTheWire(t *testing.T) {
	for _, verification := range []string{"none", "not_verified", "locked_out", ""} {
		inVirtualTime(t, func(t *testing.T, s *shift) {
			p := s.page()
			view := verifiedCall()
			view.Call.Verification, view.Call.MemberToken = verification, "token-of-linda"
			view.Call.MemberName = phi.NewString("Linda Park")
			for _, state := range []acd.AgentState{acd.Offered, acd.Talking, acd.WrapUp} {
				view.State = state
				s.center.show(view)
				p.shows(t, `"state":"`+string(state)+`"`)
			}
			pass(2 * beat)
			p.mu.Lock()
			defer p.mu.Unlock()
			if i := slices.IndexFunc(p.all, func(text string) bool {
				return strings.Contains(text, "Linda") || strings.Contains(text, "token-of-linda")
			}); i >= 0 {
				t.Errorf("%q: the page got %s", verification, p.all[i])
			}
			s.records.mu.Lock()
			defer s.records.mu.Unlock()
			if len(s.records.accesses) != 0 {
				t.Errorf("%q: a name was read: %+v", verification, s.records.accesses)
			}
		})
	}
}

func TestChosenDispositionComesBackWithTheState(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		s.center.show(call.AgentView{Agent: "maria", State: acd.WrapUp, Call: &call.CallView{ID: "c", Disposition: "Answered"}})
		p.shows(t, `"disposition":"Answered"`)
	})
}

func TestPageIsToldWhyItWillBeSignedOut(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		p.shows(t, `"sign_out_for":"idle"`)
		for pass := range 12*60/10 - 1 {
			time.Sleep(10 * time.Minute)
			p.send(t, `{"kind":"activity"}`)
			if pass < 60 {
				p.shows(t, `"sign_out_for":"idle"`)
			}
		}
		p.shows(t, `"sign_out_for":"session_life"`)
	})
}
