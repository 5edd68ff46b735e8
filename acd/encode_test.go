package acd

import (
	"bytes"
	"math"
	"strings"
	"testing"
	"time"
)

func eachEvent() []Event {
	rules := clinic()
	rules.Zones = []Zone{{Name: "America/Chicago", Offsets: []ZoneOffset{{monday(), -21600}}, Until: monday().AddDate(1, 0, 0)}}
	return []Event{
		Started{}, RulesLoaded{rules}, AgentSignedIn{"maria"}, AgentSignedOut{"maria"}, AgentSet{"maria", Away, "lunch"},
		ContactArrived{Contact{ID: "c1", Queue: "nurse", Priority: 3, Skills: map[string]int{"b": 1, "a": 2}, Language: "es-US", State: "WI", Credential: RN, Verified: true, Since: monday()}},
		ContactLeft{"c1", Abandoned}, OfferAccepted{"c1/1"}, OfferRefused{"c1/1", Busy}, TalkStarted{"c1/1"},
		HoldChanged{"maria", true}, AgentDropped{"maria"}, WrapUpDone{"maria"}, WrapUpExtended{"maria", time.Minute}, Woke{},
		CallbackAsked{Callback{Contact: Contact{ID: "c2", Queue: "members", Since: monday()}, From: monday(), Hours: []Period{{monday(), monday().Add(time.Hour)}}, Attempts: 1}},
		CallbackReached{"c2"}, CallbackMissed{"c2", CalleeBusy},
	}
}

func TestEachEventSurvivesTheJournal(t *testing.T) {
	kinds := map[string]bool{}
	for _, event := range eachEvent() {
		line, err := EncodeEvent(event)
		if err != nil {
			t.Fatal(err)
		}
		back, err := DecodeEvent(line)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		again, err := EncodeEvent(back)
		if err != nil || !bytes.Equal(line, again) {
			t.Fatalf("%s\ncomes back as\n%s (%v)", line, again, err)
		}
		if bytes.ContainsRune(line, '\n') {
			t.Fatalf("more than one line: %s", line)
		}
		kinds[EventName(event)] = true
	}
	if len(kinds) != 18 {
		t.Fatalf("%d kinds of event, want 18", len(kinds))
	}
}

func TestTimesAreKeptInUTC(t *testing.T) {
	local := monday().In(time.FixedZone("here", 3600))
	a, err := EncodeEvent(ContactArrived{Contact{ID: "c", Since: local}})
	if err != nil {
		t.Fatal(err)
	}
	b, err := EncodeEvent(ContactArrived{Contact{ID: "c", Since: monday()}})
	if err != nil || !bytes.Equal(a, b) {
		t.Fatalf("%s is not %s (%v)", a, b, err)
	}
}

func TestWhatTheJournalCannotKeepIsAnError(t *testing.T) {
	for name, event := range map[string]Event{
		"not UTF-8":  AgentSignedIn{"mar\xffia"},
		"NaN":        RulesLoaded{Rules{Queues: []Queue{{AgingPerSecond: math.NaN()}}}},
		"year 10000": ContactArrived{Contact{Since: time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC)}},
		"nil":        nil,
	} {
		if line, err := EncodeEvent(event); err == nil {
			t.Errorf("%s: encoded as %s", name, line)
		}
	}
	for _, text := range []string{"a true \ufffd", `six letters \ufffd`} {
		if _, err := EncodeEvent(AgentSet{Reason: text}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
	if _, err := EncodeDecision(nil); err == nil {
		t.Error("no decision is encoded")
	}
}

func TestDecodeRefusesWhatEncodeDoesNotWrite(t *testing.T) {
	for _, line := range []string{
		``, `null`, `{}`, `[]`, `{"kind":"woke"}`, `{"kind":"nap","body":{}}`, `{"kind":"woke","body":{}} {}`,
		`{"kind":"woke","body":{"Surprise":1}}`, `{"kind":"agent_signed_in","body":{"Agent":7}}`, `{"kind":"woke","body":{},"extra":1}`,
	} {
		if event, err := DecodeEvent([]byte(line)); err == nil {
			t.Errorf("%s is read as %#v", line, event)
		}
	}
	if _, err := DecodeEvent(make([]byte, MaxEncoded+1)); err == nil || !strings.Contains(err.Error(), "more than") {
		t.Error(err)
	}
}

// FuzzDecodeEvent: any bytes are an error or an event that comes back the same
// and that an engine survives.
func FuzzDecodeEvent(f *testing.F) {
	for _, event := range eachEvent() {
		line, err := EncodeEvent(event)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		event, err := DecodeEvent(line)
		if err != nil {
			return
		}
		written, err := EncodeEvent(event)
		if err != nil {
			t.Fatalf("read, but not writable: %v", err)
		}
		back, err := DecodeEvent(written)
		if err != nil {
			t.Fatalf("%s: %v", written, err)
		}
		if again, err := EncodeEvent(back); err != nil || !bytes.Equal(again, written) {
			t.Fatalf("%s comes back as %s (%v)", written, again, err)
		}
		s := inStateForFuzz(t)
		s.do(event)
		s.do(Woke{})
	})
}

func inStateForFuzz(t *testing.T) *shift {
	s := startShift(t, clinic())
	s.available("maria", "james", "nora")
	s.calls("members", "c1", "c2", "c3")
	s.arrives(Contact{ID: "c4", Queue: "nurse", State: "WI"})
	s.talk("james")
	return s
}
