package member

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"careline/phi"
)

func TestVerificationBelongsToOneCallAndExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newMemory(), nil)
		result, err := v.Verify(t.Context(), claim("call-1", "5550101", lindaID, lindaBorn))
		if err != nil {
			t.Fatal(err)
		}
		proof := result.Verification
		if err := proof.Valid("call-1", time.Now()); err != nil || proof.Call() != "call-1" || proof.Token() == "" {
			t.Fatalf("fresh: %v", err)
		}
		if show(t, proof.Name()) != "Linda Park" {
			t.Error("the name is another")
		}
		for name, want := range map[string]string{"next_visit": "2027-01-14", "plan_year": "2027", "open_claims": "2", "phone": "5550101", "state": "WI", "id": "48201937"} {
			if fact, err := proof.Fact(name); err != nil || show(t, fact) != want {
				t.Errorf("%s: %v", name, err)
			}
		}
		for _, name := range []string{"name", "born", "date_of_birth", ""} {
			if _, err := proof.Fact(name); !errors.Is(err, ErrNoFact) {
				t.Errorf("fact %q: %v, want ErrNoFact", name, err)
			}
		}
		for _, call := range []string{"call-2", ""} {
			if err := proof.Valid(call, time.Now()); !errors.Is(err, ErrNotVerified) {
				t.Errorf("for call %q: %v, want ErrNotVerified", call, err)
			}
		}
		time.Sleep(time.Until(proof.Expires()))
		if err := proof.Valid("call-1", time.Now()); !errors.Is(err, ErrExpired) {
			t.Errorf("after %v: %v, want ErrExpired", DefaultValidity, err)
		}
		if _, err := proof.Fact("next_visit"); !errors.Is(err, ErrExpired) || !proof.Name().IsEmpty() {
			t.Errorf("the member's data is there after the expiry: %v", err)
		}
	})
}

func TestForgedVerificationIsWorthNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVerifier(t, newMemory(), nil)
		result, err := v.Verify(t.Context(), claim("call-1", "5550101", lindaID, lindaBorn))
		if err != nil {
			t.Fatal(err)
		}
		robert, err := v.directory.Find(t.Context(), phi.NewString("48201945"))
		if err != nil {
			t.Fatal(err)
		}
		alter := func(change func(*Verification)) *Verification {
			forged := *result.Verification
			change(&forged)
			return &forged
		}
		for name, forged := range map[string]*Verification{
			"none":                    nil,
			"zero":                    {},
			"for another call":        alter(func(f *Verification) { f.call = "call-2" }),
			"of another member":       alter(func(f *Verification) { f.entry = robert }),
			"with another token":      alter(func(f *Verification) { f.token = "x" }),
			"for longer":              alter(func(f *Verification) { f.expires = f.expires.Add(time.Hour) }),
			"without a seal":          alter(func(f *Verification) { f.seal = [32]byte{} }),
			"of another verifier":     alter(func(f *Verification) { f.verifier = newVerifier(t, newMemory(), nil) }),
			"of a verifier made here": alter(func(f *Verification) { f.verifier = nil }),
		} {
			if err := forged.Valid("call-2", time.Now()); err == nil {
				t.Errorf("%s: valid for call-2", name)
			}
			if name != "none" && name != "zero" {
				if err := forged.Valid(forged.call, time.Now()); err == nil {
					t.Errorf("%s: valid", name)
				}
			}
			if fact, err := forged.Fact("next_visit"); err == nil || !fact.IsEmpty() || !forged.Name().IsEmpty() {
				t.Errorf("%s: gives the member's data", name)
			}
			if forged == nil && (forged.Call() != "" || forged.Token() != "" || !forged.Expires().IsZero()) {
				t.Error("no verification tells something")
			}
		}
	})
}
