package sip

import (
	"net/netip"
	"testing"
)

func TestWhoCalls(t *testing.T) {
	const (
		ann      = "From: Ann <sip:+13125550142@trunk.example>;tag=1"
		nobody   = "From: \"Anonymous\" <sip:anonymous@anonymous.invalid>;tag=1"
		asserted = "P-Asserted-Identity: \"Ann\" <sip:+13125550199@trunk.example;user=phone>"
	)
	cases := []struct {
		name    string
		trusted bool
		lines   []string
		want    string // * behind an asserted number, - for a withheld one
	}{
		{"From", true, []string{ann}, "+13125550142"},
		{"asserted by a trunk", true, []string{ann, asserted}, "+13125550199*"},
		{"asserted by who isn't trusted", false, []string{ann, asserted}, "+13125550142"},
		{"asserted as telephone number", true, []string{nobody, "P-Asserted-Identity: <tel:+1-312-555-0199;x=1>"}, "+13125550199*"},
		{"asserted twice", true, []string{ann, "P-Asserted-Identity: <sip:trunk.example>, <tel:+13125550199>"}, "+13125550199*"},
		{"asserted as nonsense", true, []string{ann, "P-Asserted-Identity: <<<"}, "+13125550142"},
		{"asserted as nobody", true, []string{ann, "P-Asserted-Identity: <sip:anonymous@anonymous.invalid>"}, "+13125550142"},
		{"nobody", true, []string{nobody}, "-"},
		{"restricted", true, []string{"From: <sip:Restricted@trunk.example>;tag=1"}, "-"},
		{"Privacy: id", true, []string{ann, asserted, "Privacy: id"}, "-"},
		{"Privacy: header and more", true, []string{ann, "Privacy: Header;critical"}, "-"},
		{"Privacy: user", false, []string{ann, "Privacy: session ; user"}, "-"},
		{"Privacy: none", true, []string{ann, asserted, "Privacy: none"}, "+13125550199*"},
		{"Privacy: session", true, []string{ann, "Privacy: session;history"}, "+13125550142"},
		{"no From", true, nil, ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			caller := callerOf(message(t, test.lines...), test.trusted)
			got := caller.number.Reveal()
			if caller.asserted {
				got += "*"
			}
			if caller.withheld {
				got += "-"
			}
			if got != test.want {
				t.Fatalf("caller %q, expected %q", got, test.want)
			}
		})
	}
}

func TestOnlyTrunksAreBelieved(t *testing.T) {
	loopback := netip.MustParsePrefix("127.0.0.0/8")
	for _, test := range []struct {
		trusted []netip.Prefix
		want    string
	}{
		{nil, "+13125550142"},
		{[]netip.Prefix{netip.MustParsePrefix("192.0.2.0/24")}, "+13125550142"},
		{[]netip.Prefix{loopback}, "+13125550199"},
	} {
		x := startExchange(t, func(o *Options) { o.Trusted = test.trusted })
		far := dialCaller(t, x, "udp")
		far.invite(offerPCM, "P-Asserted-Identity: <sip:+13125550199@trunk.example>",
			"Diversion: <sip:5550100@pbx.example>;reason=user-busy", "History-Info: <sip:5550100@pbx.example>;index=1")
		near := x.nextCall()
		if near.Caller().Reveal() != test.want || near.Asserted() != (test.want == "+13125550199") || near.Withheld() {
			t.Errorf("trusted %v: caller %q, asserted %t", test.trusted, near.Caller().Reveal(), near.Asserted())
		}
		if len(near.Diversions()) != 1 || len(near.History()) != 1 {
			t.Errorf("diversions %v, history %v", near.Diversions(), near.History())
		}
	}
}
