package desk

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"careline/acd"
	"careline/call"
	"careline/ledger"
)

// quietly changes what the Center would show, without telling the page.
func (c *fakeCenter) quietly(view call.AgentView) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.view = view
}

func talkSounding(sound *call.SoundView) call.AgentView {
	return call.AgentView{Agent: "maria", State: acd.Talking, Call: &call.CallView{ID: "c", Sound: sound}}
}

// What changes in the sound is on the page within 2 s; what doesn't change is sent once.
func TestPageFollowsTheSoundWithoutAFlood(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		p := s.page()
		s.center.show(talkSounding(&call.SoundView{Grade: "good", Hears: call.WayView{Loss: 1, Delay: 80 * time.Millisecond}}))
		p.shows(t, `"sound":{"grade":"good","hears":{"loss":1,"delay_ms":80},"heard":{"loss":0,"delay_ms":0}}`)
		before := p.messages()
		pass(time.Minute)
		if sent := p.messages() - before; sent > 0 {
			t.Errorf("%d states in a minute without a change", sent)
		}
		s.center.quietly(talkSounding(&call.SoundView{Grade: "bad", NotHeard: true, NotHearing: true}))
		pass(2 * time.Second)
		p.shows(t, `"grade":"bad","not_heard":true,"not_hearing":true`)
		s.center.quietly(talkSounding(nil))
		pass(2 * time.Second)
		if p.mu.Lock(); strings.Contains(p.last, `"sound"`) {
			t.Error("a sound is shown of no talk")
		}
		p.mu.Unlock()
	})
}

func (p *page) messages() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

func TestSupervisorSeesHowEachSideSounded(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		s.records.kept[1].Sound = []ledger.LegSound{{
			Leg: ledger.SoundAgent, Agent: "maria", RoundTripMS: 40,
			Received: ledger.SoundWay{Packets: 970, Lost: 30, Late: 2, MOS: 4.1},
			Sent:     ledger.SoundWay{OneWaySeconds: 7},
		}}
		status, text := s.get("/api/calls")
		var list struct{ Recent []callRow }
		if err := json.Unmarshal([]byte(text), &list); err != nil || status != http.StatusOK {
			t.Fatalf("%d %s: %v", status, text, err)
		}
		want := soundRow{Leg: ledger.SoundAgent, Agent: "Maria Santos", RoundTripMS: 40, Received: soundWay{MOS: 4.1, Loss: 3.2}, Sent: soundWay{OneWaySeconds: 7}}
		if got := list.Recent[0].Sound; len(got) != 1 || got[0] != want {
			t.Errorf("sound %+v, want %+v", got, want)
		}
	})
}
