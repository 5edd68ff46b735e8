package sip

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	gosip "github.com/emiago/sipgo/sip"
)

// said renders headers, for comparison.
func said(headers []gosip.Header) string {
	var all []string
	for _, header := range headers {
		all = append(all, header.Name()+": "+header.Value())
	}
	return strings.Join(all, ", ")
}

// RFC 4028 section 9 and its table 2.
func TestSessionTimersAsAskedForByTheCaller(t *testing.T) {
	policy := timerPolicy{interval: 30 * time.Minute, minimum: 90 * time.Second}
	const knows = "Supported: replaces, Timer"
	cases := []struct {
		name       string
		lines      []string
		refreshing bool
		interval   time.Duration
		ours       bool
		said       string
	}{
		{"knows no timers", nil, false, 0, false, ""},
		{"knows timers", []string{knows}, false, 1800e9, false, "Session-Expires: 1800;refresher=uac, Require: timer"},
		{"knows timers, compact", []string{"k: timer"}, false, 1800e9, false, "Session-Expires: 1800;refresher=uac, Require: timer"},
		{"requires timers", []string{"Require: timer"}, false, 1800e9, false, "Session-Expires: 1800;refresher=uac, Require: timer"},
		{"asks for one", []string{knows, "Session-Expires: 600"}, false, 600e9, false, "Session-Expires: 600;refresher=uac, Require: timer"},
		{"asks for one, compact", []string{knows, "x: 600 ;refresher=uac"}, false, 600e9, false, "Session-Expires: 600;refresher=uac, Require: timer"},
		{"asks us to refresh", []string{knows, "Session-Expires: 600;refresher=uas"}, false, 600e9, true, "Session-Expires: 600;refresher=uas"},
		{"asks for too long", []string{knows, "Session-Expires: 7200"}, false, 1800e9, false, "Session-Expires: 1800;refresher=uac, Require: timer"},
		{"but not below its own minimum", []string{knows, "Session-Expires: 7200", "Min-SE: 3600"}, false, 3600e9, false, "Session-Expires: 3600;refresher=uac, Require: timer"},
		{"names a minimum alone", []string{knows, "Min-SE: 3600"}, false, 3600e9, false, "Session-Expires: 3600;refresher=uac, Require: timer"},
		{"a proxy asks", []string{"Session-Expires: 600;refresher=uac"}, false, 600e9, true, "Session-Expires: 600;refresher=uas"},
		{"a proxy asks for too little", []string{"Session-Expires: 60"}, false, 60e9, true, "Session-Expires: 60;refresher=uas"},
		{"re-INVITE while we refresh", []string{knows}, true, 1800e9, true, "Session-Expires: 1800;refresher=uas"},
		{"absurdly long", []string{knows, "Session-Expires: 4294967295", "Min-SE: 4294967295"}, false, maxSessionExpires, false, "Session-Expires: 86400;refresher=uac, Require: timer"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			timer, headers, err := policy.answer(message(t, test.lines...), test.refreshing)
			must(t, err)
			if timer.interval != test.interval || timer.ours != test.ours || said(headers) != test.said {
				t.Fatalf("agreed on %+v, said %q", timer, said(headers))
			}
		})
	}
}

func TestSessionTimersThatAreRefused(t *testing.T) {
	policy := timerPolicy{interval: 30 * time.Minute, minimum: 90 * time.Second}
	var small *tooSmallError
	_, _, err := policy.answer(message(t, "Supported: timer", "Session-Expires: 89"), false)
	if !errors.As(err, &small) || small.minimum != policy.minimum || small.Error() == "" {
		t.Errorf("89 s: %v", err)
	}
	for _, line := range []string{"Session-Expires: soon", "Session-Expires: 0", "Session-Expires: -1", "Session-Expires: 99999999999", "Min-SE: x"} {
		if _, _, err := policy.answer(message(t, "Supported: timer", line), false); !errors.Is(err, errSessionExpires) {
			t.Errorf("%s: %v", line, err)
		}
	}
}

func TestSessionTimersAsWeAskForThem(t *testing.T) {
	policy := timerPolicy{interval: 30 * time.Minute, minimum: 90 * time.Second}
	cases := []struct {
		name    string
		running sessionTimer
		atLeast time.Duration
		said    string
	}{
		{"first", sessionTimer{}, 0, "Session-Expires: 1800"},
		{"after a 422", sessionTimer{}, time.Hour, "Session-Expires: 3600, Min-SE: 3600"},
		{"refresh of ours", sessionTimer{10 * time.Minute, true}, 0, "Session-Expires: 600;refresher=uac"},
		{"in theirs", sessionTimer{10 * time.Minute, false}, 0, "Session-Expires: 600;refresher=uas"},
		{"refresh after a 422", sessionTimer{10 * time.Minute, true}, time.Hour, "Session-Expires: 3600;refresher=uac, Min-SE: 3600"},
	}
	for _, test := range cases {
		if got := said(policy.offer(test.running, test.atLeast)); got != test.said {
			t.Errorf("%s: %q, expected %q", test.name, got, test.said)
		}
	}
	strict := timerPolicy{interval: time.Hour, minimum: 5 * time.Minute}
	if got := said(strict.offer(sessionTimer{}, 0)); got != "Session-Expires: 3600, Min-SE: 300" {
		t.Errorf("with a minimum of our own: %q", got)
	}
}

func answeredWith(lines ...string) *gosip.Response {
	response := gosip.NewResponse(200, "OK")
	for _, line := range lines {
		name, value, _ := strings.Cut(line, ": ")
		response.AppendHeader(gosip.NewHeader(name, value))
	}
	return response
}

func TestSessionTimersAsTheFarSideAnswersThem(t *testing.T) {
	policy := timerPolicy{interval: 30 * time.Minute, minimum: 90 * time.Second}
	for text, want := range map[string]sessionTimer{
		"Session-Expires: 600;refresher=uac": {600e9, true},
		"Session-Expires: 600":               {600e9, true},
		"x: 600;refresher=UAS":               {600e9, false},
		"Session-Expires: 1":                 {90e9, true},
		"Session-Expires: soon":              {},
		"Server: x":                          {},
	} {
		if got := policy.settle(answeredWith(text)); got != want {
			t.Errorf("%s: %+v", text, got)
		}
	}
	for text, want := range map[string]time.Duration{
		"Min-SE: 3600": time.Hour, "Min-SE: 1800": 0, "Min-SE: 90": 0, "Min-SE: soon": 0, "Server: x": 0, "Min-SE: 3600;x=y": time.Hour,
	} {
		if got := policy.retry(answeredWith(text), 30*time.Minute); got != want {
			t.Errorf("after a 422 with %s: %s", text, got)
		}
	}
}

func TestWhenASessionIsRefreshedAndWhenItIsGivenUp(t *testing.T) {
	for _, test := range []struct {
		timer       sessionTimer
		due, expiry time.Duration
	}{
		{sessionTimer{1800e9, true}, 900e9, 1768e9},
		{sessionTimer{1800e9, false}, 1768e9, 1768e9},
		{sessionTimer{90e9, true}, 45e9, 60e9},
		{sessionTimer{90e9, false}, 60e9, 60e9},
	} {
		if test.timer.due() != test.due || test.timer.expiry() != test.expiry {
			t.Errorf("%+v: due %s, expiry %s", test.timer, test.timer.due(), test.timer.expiry())
		}
	}
}

func TestOptionTags(t *testing.T) {
	request := message(t, "Require: 100rel, x-a", "Require: timer, X-A, a b, x-c", "Supported: replaces", "k: path , 100REL", "Allow: INVITE, update")
	if got := fmt.Sprint(unsupported(request, tagReliable, tagTimer)); got != "[x-a unknown x-c]" {
		t.Errorf("unsupported: %s", got)
	}
	for tag, want := range map[string][2]bool{"100rel": {true, true}, "timer": {true, true}, "path": {true, false}, "outbound": {false, false}} {
		if supports(request, tag) != want[0] || requires(request, tag) != want[1] {
			t.Errorf("%s: supports %t, requires %t", tag, supports(request, tag), requires(request, tag))
		}
	}
	if !allows(request, gosip.UPDATE) || allows(request, gosip.REFER) || allows(message(t), gosip.UPDATE) {
		t.Error("Allow is misread")
	}
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("x-%d", i))
	}
	if got := unsupported(message(t, "Require: "+strings.Join(many, ","))); len(got) != maxOptionTags {
		t.Errorf("%d tags are named", len(got))
	}
}

func FuzzSessionExpires(f *testing.F) {
	f.Add("1800;refresher=uac", "90")
	f.Add("90 ; refresher=\"uas\"", "x;y=z")
	f.Fuzz(func(t *testing.T, expires, minimum string) {
		if strings.ContainsAny(expires+minimum, "\r\n") {
			return
		}
		policy := timerPolicy{interval: 30 * time.Minute, minimum: 90 * time.Second}
		for _, supported := range []string{"timer", "none"} {
			timer, headers, err := policy.answer(message(t, "Session-Expires: "+expires, "Min-SE: "+minimum, "Supported: "+supported), false)
			if err != nil {
				continue
			}
			if timer.interval < 0 || timer.interval > maxSessionExpires || (timer.interval > 0) != (len(headers) > 0) || timer.due() > timer.interval {
				t.Fatalf("%q and %q give %+v, %q", expires, minimum, timer, said(headers))
			}
		}
	})
}
