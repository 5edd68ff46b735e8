package desk

import (
	"slices"
	"strings"
	"testing"
	"time"

	"careline/acd"
	"careline/call"
)

func TestASupervisorTakesPartInACallByThePage(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		page := s.page()
		page.send(t, `{"id":1,"kind":"supervise","call":"`+ours+`","mode":"whisper"}`)
		page.shows(t, `{"kind":"reply","id":1}`)
		page.send(t, `{"id":2,"kind":"supervise","call":"2025550142","mode":"listen"}`)
		page.shows(t, `"no_call"`)
		page.send(t, `{"id":3,"kind":"supervise"}`)
		page.shows(t, `{"kind":"reply","id":3}`)
		if want := []string{"sam " + ours + " whisper", "sam  "}; !slices.Equal(s.center.supervised, want) {
			t.Errorf("the center was asked %q", s.center.supervised)
		}
		since := time.Now()
		s.center.show(call.AgentView{Agent: "sam", State: acd.Away, Supervision: &call.SupervisionView{Call: ours, Mode: call.Whisper, Since: since}})
		page.shows(t, `"supervision":{"call":"`+ours+`","mode":"whisper"`)
		page.shows(t, `"line":"Member services","agent":"Maria Santos"}`)
	})
}

// An agent who asks for what supervisors alone may do is refused, and that is audited.
func TestAnAgentTakesNoPartInOthersCalls(t *testing.T) {
	supervised(t, func(t *testing.T, s *shift) {
		s.asks(t, "maria")
		page := s.page()
		page.send(t, `{"id":1,"kind":"supervise","call":"`+ours+`","mode":"listen"}`)
		page.shows(t, `"not_supervisor"`)
		if len(s.center.supervised) != 0 {
			t.Errorf("the center was asked %q", s.center.supervised)
		}
		if looked := strings.Join(s.looked(), "\n"); !strings.Contains(looked, "agent:maria supervision supervision refused "+ours) {
			t.Errorf("the audit says %s", looked)
		}
		s.center.show(call.AgentView{Agent: "maria", State: acd.Talking, Call: &call.CallView{ID: ours, Third: "together",
			Supervisors: []call.SupervisorView{{Name: "Samuel Okafor", Mode: call.BargeIn}}}})
		page.shows(t, `"third":"together","supervisors":[{"name":"Samuel Okafor","mode":"barge_in"}]`)
	})
}
