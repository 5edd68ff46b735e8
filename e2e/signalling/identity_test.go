package signalling

import (
	"fmt"
	"net/netip"
	"testing"

	"careline/sip"
)

func TestWhoCalls(t *testing.T) {
	t.Parallel()
	trust := func(o *sip.Options) { o.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")} }
	for _, test := range []struct {
		name, file         string
		change             func(*sip.Options)
		number             string
		asserted, withheld bool
	}{
		{"a trunk vouches", "asserted-identity", trust, "+13125550143", true, false},
		{"a stranger vouches", "asserted-identity", nil, "+13125550142", false, false},
		{"privacy at a trunk", "privacy", trust, "", false, true},
		{"privacy", "privacy", nil, "", false, true},
		{"anonymous From", "privacy-of-from", nil, "", false, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := open(t, test.change)
			caller := s.calledBy(test.file, played{})
			near := s.taken()
			if got := near.Caller().Reveal(); got != test.number || near.Asserted() != test.asserted || near.Withheld() != test.withheld {
				t.Errorf("caller %q, asserted %t, withheld %t", got, near.Asserted(), near.Withheld())
			}
			near.ended(sip.ByRemote)
			caller.done()
		})
	}
}

func TestRedirectionsAreKept(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	caller := s.calledBy("diversion-and-history", played{})
	near := s.taken()
	var kept []string
	for _, one := range near.Diversions() {
		kept = append(kept, one.From.Reveal()+" "+one.Reason)
	}
	for _, one := range near.History() {
		kept = append(kept, one.Target.Reveal()+" "+one.Index)
	}
	want := []string{"+13125550144 no-answer", "+13125550145 unconditional", "+13125550145 1", "+13125550144 1.1"}
	if fmt.Sprint(kept) != fmt.Sprint(want) {
		t.Errorf("kept %q, expected %q", kept, want)
	}
	near.ended(sip.ByRemote)
	caller.done()
}

func TestCausesTravel(t *testing.T) {
	t.Parallel()
	play(t, "we refuse", func(t *testing.T, s *stage) {
		caller := s.calledBy("refusal-says-why", played{})
		near := s.nextCall()
		must(t, near.HangUp(sip.CauseBusy, ""))
		near.ended(sip.ByLocal)
		caller.done()
	})
	play(t, "they refuse", func(t *testing.T, s *stage) {
		phone := s.callee("our-call-is-refused", played{})
		near := s.place(phone.hop(), nil)
		if end := near.ended(sip.ByRemote); end.Status != 486 || end.Cause != sip.CauseBusy || end.Reason != "User busy" {
			t.Errorf("heard %s", told(end))
		}
		phone.done()
	})
}

func TestWeCallAnonymously(t *testing.T) {
	t.Parallel()
	s := open(t, nil)
	phone := s.callee("our-headers", played{})
	near := s.place(phone.hop(), func(i *sip.Invitation) {
		i.From, i.Display = sip.Number{}, ""
		i.Headers = []sip.Header{{Name: "P-Asserted-Identity", Value: "<sip:+13125550100@careline.example>"}, {Name: "Privacy", Value: "id"}}
	})
	near.answered("PCMA 192.0.2.7:40000 sendrecv")
	must(t, near.HangUp(sip.CauseNormal, ""))
	near.ended(sip.ByLocal)
	phone.done()
}
