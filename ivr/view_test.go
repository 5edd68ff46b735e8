package ivr_test

import (
	"slices"
	"testing"

	"careline/ivr"
)

func viewOf(t *testing.T, set *ivr.Set, flow, step string) ivr.StepView {
	t.Helper()
	for _, f := range set.View() {
		for _, s := range f.Steps {
			if f.Name == flow && s.Step == step {
				return s
			}
		}
	}
	t.Fatalf("no step %s in flow %s", step, flow)
	return ivr.StepView{}
}

func TestTheViewShowsStepsAndTheirWaysOn(t *testing.T) {
	set := loadDemo(t)
	var names []string
	for _, f := range set.View() {
		names = append(names, f.Name)
	}
	if !slices.Equal(names, set.Flows()) {
		t.Errorf("flows are %v, want %v", names, set.Flows())
	}
	service := viewOf(t, set, "member-services", "service")
	if service.Verb != "menu" || service.Label != "Nurse, or everything else" || service.Position.Line == 0 {
		t.Errorf("service is %+v", service)
	}
	if !slices.Equal(service.Prompts, []string{"choose-service", "no-input", "no-match"}) {
		t.Errorf("its prompts are %v", service.Prompts)
	}
	var ways []string
	for _, e := range service.Edges {
		ways = append(ways, e.Via+" → "+e.To+" "+string(e.Kind))
	}
	want := []string{`choice "1" → identify chosen`, `choice "2" → for_someone chosen`, `choice "3" → identify_by_medicare chosen`, `choice "9" → nurse chosen`, "no_input → helping_hand silent", "no_match → helping_hand silent"}
	if !slices.Equal(ways, want) {
		t.Errorf("its ways are %q, want %q", ways, want)
	}
	inline := viewOf(t, set, "member-services", "language/1")
	if !inline.Inline || inline.Verb != "set" || len(inline.Edges) != 1 {
		t.Errorf("language/1 is %+v", inline)
	}
	if queue := viewOf(t, set, "nurse-line", "nurse"); queue.Queue != "nurse_line" {
		t.Errorf("nurse is %+v", queue)
	}
	nurse := viewOf(t, set, "member-services", "nurse").Edges
	if len(nurse) != 1 || nurse[0].ToFlow != "nurse-line" || nurse[0].To != "red_flags" {
		t.Errorf("nurse leads to %+v", nurse)
	}
}

// TestEveryWayTakenIsInTheView holds the names of both together: coverage and
// figures rely on it.
func TestEveryWayTakenIsInTheView(t *testing.T) {
	set := loadDemo(t)
	known := map[ivr.EdgeName]bool{}
	for _, f := range set.View() {
		known[f.Start.EdgeName] = true
		for _, s := range f.Steps {
			for _, e := range s.Edges {
				known[e.EdgeName] = true
			}
		}
	}
	p := verifiedCaller(t)
	p.press("2").listen().press("1").listen().leave(ivr.ExitTimeout).listen().press("2").listen()
	silent := call(t, set, "member-services").silently()
	for _, edge := range append(p.took, silent.took...) {
		if !known[edge] {
			t.Errorf("%v was taken and is not in the view", edge)
		}
	}
}
