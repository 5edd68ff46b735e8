package main

import (
	"net/netip"
	"strings"
	"testing"

	"careline/config"
	"careline/sip"
)

func TestTheBannerSaysWhatToDoNext(t *testing.T) {
	settings, err := config.Load(copyDemo(t, false))
	if err != nil {
		t.Fatal(err)
	}
	settings.Dir = defaultConfig
	at := addresses{
		sip: []sip.Listen{
			{Network: "tcp", Address: netip.MustParseAddrPort("127.0.0.1:5071")},
			{Network: "udp", Address: netip.MustParseAddrPort("127.0.0.1:5070")},
		},
		desk: netip.MustParseAddrPort("127.0.0.1:8088"), operations: netip.MustParseAddrPort("0.0.0.0:8090"),
	}
	cases := []struct {
		name   string
		change func()
		has    []string
		hasNot []string
	}{
		{"the demo", func() {}, []string{
			"Call       sip:5550100@127.0.0.1:5070       Member services\n", "sip:5550111@127.0.0.1:5070       Nurse line\n",
			"http://127.0.0.1:8088/\n", "http://localhost:8090/readyz",
			"maria    careline-demo   Maria Santos         member_services, claims, unverified (en-US, es-US)\n",
			"    A SIP phone that registers as sip:maria-desk@127.0.0.1:5070 takes maria's calls; its password is the same.\n",
			"    bin/careline dial --as member sip:5550100@127.0.0.1:5070\n    bin/careline record last\n", "up to 20s",
		}, nil},
		{"in service", func() { settings.Demo, settings.Dir = config.Demo{}, "/etc/careline" }, []string{
			"    bin/careline dial sip:5550100@127.0.0.1:5070\n    bin/careline record --config /etc/careline last\n",
		}, []string{"careline-demo", "maria", "--as member"}},
	}
	for _, c := range cases {
		c.change()
		var text strings.Builder
		if err := banner(&text, "bin/careline", settings, at); err != nil {
			t.Fatal(err)
		}
		for _, want := range c.has {
			if !strings.Contains(text.String(), want) {
				t.Errorf("%s: nothing of %q in\n%s", c.name, want, &text)
			}
		}
		for _, unwanted := range c.hasNot {
			if strings.Contains(text.String(), unwanted) {
				t.Errorf("%s: %q in\n%s", c.name, unwanted, &text)
			}
		}
	}
}
