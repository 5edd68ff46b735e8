package member

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"careline/phi"
)

// Leo is a boy of 2014, Nora a lady with a proxy, a daughter who may ask for claims,
// and an authorization that has ended. Her Medicare number shares its keys with Otto's.
const family = `members:
  - id: "10000001"
    name: Leo Park
    born: 2014-05-01
    next_visit: 2027-01-14
    open_claims: 1
    own_consent: [next_visit]
    representatives:
      - {name: Linda Park, basis: parent_of_minor, scope: all, born: 1985-03-02}
  - id: "10000002"
    name: Nora Vance
    born: 1939-02-11
    mbi: 1EG4-TE5-MK73
    next_visit: 2027-02-01
    open_claims: 4
    plan_year: 2027
    representatives:
      - {name: Paul Vance, basis: health_care_proxy, scope: all, pin: "482913"}
      - {name: Ada Vance, basis: written_authorization, scope: [claims], authorization: "00417733", until: 2000-01-01}
      - {name: Eve Vance, basis: written_authorization, scope: [claims], pin: "771204", until: 1999-12-30}
  - {id: "10000003", name: Otto Vance, born: 1941-09-30, mbi: 1DG4TE5MK73}
`

const offices = `providers:
  - {npi: "1234567893", tin: "912345678", name: Northwood Clinic}
  - {npi: "1558598797", tin: "912345679", name: Former Clinic, until: 1999-12-31}
`

// The clock of a synctest bubble begins at midnight UTC on 2000-01-01.
func familyVerifier(t testing.TB, m *memory, change func(*Options)) *Verifier {
	t.Helper()
	return newVerifier(t, m, func(o *Options) {
		directory, err := LoadDirectory("members.yaml", []byte(family))
		if err != nil {
			t.Fatal(err)
		}
		providers, err := LoadProviders("providers.yaml", []byte(offices))
		if err != nil {
			t.Fatal(err)
		}
		o.Directory, o.Providers = directory, providers
		if change != nil {
			change(o)
		}
	})
}

func as(role Role, id, born string, change func(*Claim)) Claim {
	c := claim("call-1", "5550101", id, born)
	c.Role = role
	if change != nil {
		change(&c)
	}
	return c
}

func noras(change func(*Claim)) Claim { return as(Representative, "10000002", "02111939", change) }

func office(npi, tin, id, born string) Claim {
	return as(Provider, id, born, func(c *Claim) { c.NPI, c.TIN = phi.NewString(npi), phi.NewString(tin) })
}

func byPIN(pin string) func(*Claim) { return func(c *Claim) { c.PIN = phi.NewString(pin) } }

func TestWhoMaySpeakForAMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name  string
			claim Claim
			want  Outcome
		}{
			{"her proxy", noras(byPIN("482913")), Verified},
			{"another PIN", noras(byPIN("482914")), NotVerified},
			{"no PIN", noras(nil), NotVerified},
			{"the decoy's PIN", noras(byPIN("--------")), NotVerified},
			{"the proxy of another member", as(Representative, "10000003", "09301941", byPIN("482913")), NotVerified},
			{"the proxy without the member's birth date", as(Representative, "10000002", "02111940", byPIN("482913")), NotVerified},
			{"nobody's proxy", as(Representative, nobodyID, "02111939", byPIN("482913")), NotVerified},
			{"on its last day", noras(func(c *Claim) { c.Authorization = phi.NewString("00417733") }), Verified},
			{"ended", noras(byPIN("771204")), NotVerified},
			{"a PIN and another's authorization", noras(func(c *Claim) { c.PIN, c.Authorization = phi.NewString("482913"), phi.NewString("00417733") }), NotVerified},
			{"a parent", as(Representative, "10000001", "05012014", func(c *Claim) { c.OwnBorn = phi.NewString("03021985") }), Verified},
			{"the member's own numbers, claimed for another", as(Representative, "10000001", "05012014", func(c *Claim) { c.OwnBorn = phi.NewString("05012014") }), NotVerified},
			{"an office", office("1234567893", "912345678", "10000002", "02111939"), Verified},
			{"an office without its TIN", office("1234567893", "", "10000002", "02111939"), NotVerified},
			{"an office with another's TIN", office("1234567893", "912345679", "10000002", "02111939"), NotVerified},
			{"an office that was one", office("1558598797", "912345679", "10000002", "02111939"), NotVerified},
			{"an office and nobody", office("1234567893", "912345678", nobodyID, "02111939"), NotVerified},
			{"an office and another birth date", office("1234567893", "912345678", "10000002", "02111940"), NotVerified},
			{"a role that is none", as("friend", "10000002", "02111939", byPIN("482913")), NotVerified},
		} {
			v := familyVerifier(t, newMemory(), nil)
			before := time.Now()
			if got := verify(t, v, c.claim); got != c.want {
				t.Errorf("%s: %s, want %s", c.name, got, c.want)
			}
			if took := time.Since(before); took != DefaultMinimumTime {
				t.Errorf("%s took %v, which tells something", c.name, took)
			}
			// Without providers no office is one.
			if c.claim.Role == Provider {
				v = familyVerifier(t, newMemory(), func(o *Options) { o.Providers = nil })
				if got := verify(t, v, c.claim); got != NotVerified {
					t.Errorf("%s, where there are no providers: %s", c.name, got)
				}
			}
		}
	})
}

// told reads a fact as a flow does.
func told(t *testing.T, v *Verification, name string) error {
	t.Helper()
	_, err := v.Fact(name)
	return err
}

func TestWhatEachMayBeTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, c := range []struct {
			name                 string
			claim                Claim
			may, mayNot, lookUps []string
			as                   string
		}{
			{"the member", as("", "10000002", "02111939", nil), []string{"next_visit", "open_claims", "id"}, nil, []string{"copay"}, "self"},
			{"her proxy", noras(byPIN("482913")), []string{"next_visit", "open_claims"}, nil, []string{"copay"}, "representative: health_care_proxy (all)"},
			{"who may ask for claims", noras(func(c *Claim) { c.Authorization = phi.NewString("00417733") }), []string{"open_claims", "plan_year", "id"}, []string{"next_visit"}, []string{"claim_status"}, "representative: written_authorization (claims)"},
			{"a parent", as(Representative, "10000001", "05012014", func(c *Claim) { c.OwnBorn = phi.NewString("03021985") }), []string{"open_claims", "id"}, []string{"next_visit"}, nil, "representative: parent_of_minor (all)"},
			{"the minor herself", as(Self, "10000001", "05012014", nil), []string{"open_claims", "next_visit"}, nil, []string{"copay", "claim_status"}, "self"},
			{"an office", office("1234567893", "912345678", "10000002", "02111939"), []string{"open_claims", "plan_year", "id"}, []string{"next_visit"}, []string{"eligibility"}, "provider: npi_and_tin"},
		} {
			v := familyVerifier(t, newMemory(), func(o *Options) {
				o.Scopes = map[string][]string{"claims": {"id", "plan_year", "open_claims", "look_up.claim_status"}}
				o.ProviderMay = append(DefaultProviderMay(), "look_up.eligibility")
			})
			result, err := v.Verify(t.Context(), c.claim)
			if err != nil || result.Verification == nil {
				t.Fatalf("%s: %s, %v", c.name, result.Outcome, err)
			}
			for _, name := range c.may {
				if err := told(t, result.Verification, name); err != nil {
					t.Errorf("%s is not told %s: %v", c.name, name, err)
				}
			}
			for _, name := range c.mayNot {
				if err := told(t, result.Verification, name); !errors.Is(err, ErrOutOfScope) {
					t.Errorf("%s is told %s: %v", c.name, name, err)
				}
			}
			for _, lookUp := range []string{"copay", "claim_status", "eligibility"} {
				_, err := result.Verification.ForLookUp(lookUp, "id")
				all := slices.Contains(c.lookUps, "copay")
				if want := all || slices.Contains(c.lookUps, lookUp); (err == nil) != want || err != nil && !errors.Is(err, ErrOutOfScope) {
					t.Errorf("%s, look-up %s: %v", c.name, lookUp, err)
				}
			}
			if got := result.Verification.Authority().String(); got != c.as {
				t.Errorf("%s is %q, want %q", c.name, got, c.as)
			}
		}
	})
}

func TestAuthorityThatEndsEndsTheVerification(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		chicago, err := time.LoadLocation("America/Chicago")
		if err != nil {
			t.Fatal(err)
		}
		v := familyVerifier(t, newMemory(), func(o *Options) { o.Zone, o.Validity = chicago, 24*time.Hour })
		result, err := v.Verify(t.Context(), noras(func(c *Claim) { c.Authorization = phi.NewString("00417733") }))
		if err != nil || result.Verification == nil {
			t.Fatalf("on the last day: %s, %v", result.Outcome, err)
		}
		// The day of 2000-01-01 ends at 6 in the morning of the next, UTC.
		ends := time.Date(2000, 1, 2, 6, 0, 0, 0, time.UTC)
		if got := result.Verification.Expires(); !got.Equal(min24(ends, got)) || !result.Verification.Authority().Until.Equal(ends) {
			t.Errorf("expires %v, the authority %v, want %v", got, result.Verification.Authority().Until, ends)
		}
		// A parent's ends with the member's 18th birthday there, whatever the file says.
		who := representative{basis: ParentOfMinor, scope: []string{ScopeAll}}
		boy := &Entry{born: time.Date(2014, 5, 1, 0, 0, 0, 0, time.UTC)}
		grown := time.Date(2032, 5, 1, 5, 0, 0, 0, time.UTC)
		a, stands := v.rights.representative(who, boy, grown.Add(-time.Second))
		if _, after := v.rights.representative(who, boy, grown); !stands || after || !a.Until.Equal(grown) {
			t.Errorf("a parent's authority stands %v before and %v on the birthday, until %v", stands, after, a.Until)
		}
		who.until = time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
		if a, _ := v.rights.representative(who, boy, time.Now()); a.Until.Year() != 2030 {
			t.Errorf("a court's end is not heeded: %v", a.Until)
		}
	})
}

func min24(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}

func TestAMedicareNumberIsKeyedByOneKeyForEachPlace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := familyVerifier(t, newMemory(), nil)
		for _, c := range []struct {
			born string
			want Outcome
			id   string
		}{{"02111939", Verified, "10000002"}, {"09301941", Verified, "10000003"}, {"01011990", NotVerified, ""}} {
			said := claim("call-1", "5550101", "", c.born)
			said.MBIKeys = phi.NewString("13448356573") // of 1EG4TE5MK73 and 1DG4TE5MK73 alike
			result, err := v.Verify(t.Context(), said)
			if err != nil || result.Outcome != c.want {
				t.Fatalf("born %s: %s, %v", c.born, result.Outcome, err)
			}
			if result.Verification == nil {
				continue
			}
			id, err := result.Verification.Fact("id")
			if err != nil || show(t, id) != c.id {
				t.Errorf("another member was found: %v", err)
			}
			if result.Verification.Token() != id.Token(v.memberKey) {
				t.Error("the token is not the member's")
			}
		}
		said := claim("call-1", "5550101", "", "02111939")
		said.MBIKeys = phi.NewString("13448356574")
		if got := verify(t, v, said); got != NotVerified {
			t.Errorf("nobody's keys: %s", got)
		}
	})
}

func TestBothNumbersOfAMemberLockHerOutTogether(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := familyVerifier(t, newMemory(), nil)
		for i := range DefaultLockout {
			c := claim("call-1", "555010"+string(rune('0'+i)), "10000002", "01011990")
			if i%2 == 0 {
				c.MemberID, c.MBIKeys = phi.String{}, phi.NewString("13448356573")
			}
			verify(t, v, c)
		}
		if got := verify(t, v, claim("call-1", "5550199", "10000002", "02111939")); got != LockedOut {
			t.Errorf("after five failures by both numbers: %s", got)
		}
	})
}

func TestAnOfficeIsLockedOutByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := familyVerifier(t, newMemory(), func(o *Options) { o.ProviderLockout = 3 })
		for i := range 3 { // other members, other telephones
			c := office("1234567893", "912345670", "2000000"+string(rune('0'+i)), "02111939")
			c.ANI = phi.NewString("555010" + string(rune('0'+i)))
			verify(t, v, c)
		}
		c := office("1234567893", "912345678", "10000002", "02111939")
		c.ANI = phi.NewString("5550177")
		if got := verify(t, v, c); got != LockedOut {
			t.Errorf("the office: %s", got)
		}
		if got := verify(t, v, as(Self, "10000002", "02111939", func(c *Claim) { c.ANI = phi.NewString("5550178") })); got != Verified {
			t.Errorf("the member, who has nothing to do with it: %s", got)
		}
	})
}

func TestTheAuditHasRoleAndBasisAndNoValue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMemory()
		v := familyVerifier(t, m, nil)
		verify(t, v, noras(byPIN("482913")))
		verify(t, v, noras(byPIN("482914")))
		verify(t, v, office("1234567893", "912345678", "10000002", "02111939"))
		for i, want := range []string{" representative: health_care_proxy (all) verified", " representative not_verified", " provider: npi_and_tin verified"} {
			if !strings.HasSuffix(m.audit[i], want) {
				t.Errorf("entry %d is %q, want …%q", i+1, m.audit[i], want)
			}
			for _, secret := range []string{"48291", "1234567893", "912345678", "1000000", "1939"} {
				if strings.Contains(m.audit[i], secret) {
					t.Errorf("entry %d holds a value", i+1)
				}
			}
		}
	})
}

func TestAnAuthorityCannotBeWidenedOutsideTheVerifier(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := familyVerifier(t, newMemory(), nil)
		result, err := v.Verify(t.Context(), office("1234567893", "912345678", "10000002", "02111939"))
		if err != nil {
			t.Fatal(err)
		}
		wider := *result.Verification
		wider.authority.everything = true
		if err := told(t, &wider, "next_visit"); !errors.Is(err, ErrNotVerified) {
			t.Errorf("a copy with more rights is told: %v", err)
		}
		if err := told(t, result.Verification, "open_claims"); err != nil {
			t.Error(err)
		}
	})
}

func TestMistakesInRepresentativesAndProviders(t *testing.T) {
	head := "members:\n  - {id: \"10000001\", name: Leo Park, born: 2014-05-01, "
	for name, c := range map[string]struct{ text, says string }{
		"no list":          {head + "representatives: Linda}", "m.yaml:2:73: representatives is not a list"},
		"no mapping":       {head + "representatives: [Linda]}", "m.yaml:2:74: a representative is not a mapping"},
		"nothing known by": {head + "representatives: [{name: Linda Park, basis: guardian, scope: all}]}", "has nothing to be known by; give pin, born or authorization"},
		"no basis":         {head + "representatives: [{name: Linda Park, scope: all, pin: \"482913\"}]}", "a representative has no basis; give the ground of the authority: parent_of_minor, guardian,"},
		"another basis":    {head + "representatives: [{name: Linda Park, basis: friend, scope: all, pin: \"482913\"}]}", "basis is not as it should be; write one of parent_of_minor"},
		"no scope":         {head + "representatives: [{name: Linda Park, basis: guardian, pin: \"482913\"}]}", "has no scope; say what the authority covers: appointments, claims, all"},
		"another scope":    {head + "representatives: [{name: Linda Park, basis: guardian, scope: [claims, visits], pin: \"482913\"}]}", "scope is not as it should be; write one or some of appointments, claims, all"},
		"empty scope":      {head + "representatives: [{name: Linda Park, basis: guardian, scope: [], pin: \"482913\"}]}", "scope is empty"},
		"a short PIN":      {head + "representatives: [{name: Linda Park, basis: guardian, scope: all, pin: \"4829\"}]}", "pin is not as it should be; write six digits in quotes"},
		"the same PIN":     {head + "representatives: [{name: Linda Park, basis: guardian, scope: all, pin: \"482913\"}, {name: Paul Park, basis: guardian, scope: all, pin: \"482913\"}]}", "another representative of this member has the same pin"},
		"another key":      {head + "representatives: [{nam: Linda Park}]}", `this key is not one of a representative; did you mean "name"?`},
		"own consent":      {head + "own_consent: [visit]}", "own_consent is not as it should be"},
		"no MBI":           {head + "mbi: 1SG4TE5MK73}", "mbi is not a number that is given out; write a Medicare Beneficiary Identifier of eleven places"},
	} {
		_, err := LoadDirectory("m.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: said %v, want %q", name, err, c.says)
		}
		if err != nil && (strings.Contains(err.Error(), "Linda") || strings.Contains(err.Error(), "4829")) {
			t.Errorf("%s: the message holds a value: %v", name, err)
		}
	}
	for name, c := range map[string]struct{ text, says string }{
		"another key":   {"offices: []", "p.yaml:1:1: this key is not one of a directory of providers"},
		"none":          {"{}", "there are no providers; begin with"},
		"no list":       {"providers: x", "p.yaml:1:12: providers is not a list"},
		"no mapping":    {"providers: [x]", "a provider is not a mapping"},
		"no check":      {`providers: [{npi: "1234567890", tin: "912345678", name: Clinic}]`, "npi is not a number that is given out; write the ten digits"},
		"no TIN":        {`providers: [{npi: "1234567893", name: Clinic}]`, "a provider has no tin"},
		"the same":      {"providers:\n  - {npi: \"1234567893\", tin: \"912345678\", name: Clinic}\n  - {npi: \"1234567893\", tin: \"912345678\", name: Other}", "p.yaml:3:5: a provider with both these numbers stands on line 2 already"},
		"no YAML":       {"providers: [", "not valid YAML"},
		"no such day":   {`providers: [{npi: "1234567893", tin: "912345678", name: Clinic, until: 2027-02-30}]`, "until is not a day of the calendar"},
		"misspelt keys": {`providers: [{npi: "1234567893", tins: "912345678", name: Clinic}]`, `did you mean "tin"?`},
	} {
		if _, err := LoadProviders("p.yaml", []byte(c.text)); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: said %v, want %q", name, err, c.says)
		}
	}
}
