package graph_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/ivr"
	"careline/ivr/calendar"
	"careline/ivr/graph"
)

func environment() ivr.Environment {
	return ivr.Environment{
		Languages: []string{"en-US", "es-US"}, Queues: map[string]ivr.Queue{"member_services": {}, "claims": {}, "unverified": {}, "nurse_line": {Credential: "RN"}, "provider_services": {}, "pharmacy_help": {}},
		Facts: map[string]ivr.FactKind{"next_visit": ivr.FactDate, "plan_year": ivr.FactNumber, "open_claims": ivr.FactNumber, "id": ivr.FactDigits}, ProviderMay: []string{"id", "plan_year", "open_claims"},
		Calendars: map[string]*calendar.Hours{"provider_services": {Zone: time.UTC}},
	}
}

func demo(t testing.TB) []ivr.FlowView {
	t.Helper()
	set, err := ivr.Load(os.DirFS("../../config/demo"), "flows", environment())
	if err != nil {
		t.Fatal(err)
	}
	return set.View()
}

// elements reads a drawing and gives the values of an attribute in it.
func elements(t *testing.T, svg []byte, attribute string) []string {
	t.Helper()
	var values []string
	for decoder := xml.NewDecoder(bytes.NewReader(svg)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return values
		}
		if err != nil {
			t.Fatalf("the drawing is no XML: %v", err)
		}
		if start, ok := token.(xml.StartElement); ok {
			for _, a := range start.Attr {
				if a.Name.Local == attribute {
					values = append(values, a.Value)
				}
			}
		}
	}
}

func TestTheDemoIsDrawnWhole(t *testing.T) {
	flows := demo(t)
	svg := graph.SVG(flows, graph.Options{})
	steps, vias := elements(t, svg, "data-step"), elements(t, svg, "data-via")
	for _, flow := range flows {
		for _, step := range flow.Steps {
			if !step.Inline && !slices.Contains(steps, step.Step) {
				t.Errorf("step %s is not drawn", step.Step)
			}
		}
	}
	if !slices.Contains(vias, "failed\nlocked_out\nno_input\nno_match") {
		t.Errorf("ways are %q", vias)
	}
	if !bytes.Equal(svg, graph.SVG(flows, graph.Options{})) {
		t.Error("the same flows give another drawing")
	}
	one := graph.SVG(flows, graph.Options{Flow: "nurse-line"})
	if got := elements(t, one, "data-flow"); slices.Contains(got, "member-services") || !slices.Contains(got, "nurse-line") {
		t.Errorf("of one flow, drawn are %q", got)
	}
}

func TestCountsAreDrawn(t *testing.T) {
	counts := &graph.Counts{
		Steps: map[ivr.StepName]int{{Flow: "nurse-line", Step: "state"}: 4321},
		Edges: map[ivr.EdgeName]int{{Flow: "nurse-line", From: "state", Via: `choice "1"`, ToFlow: "nurse-line", To: "state/1"}: 77},
	}
	options := graph.Options{Flow: "nurse-line", Counts: counts}
	svg := string(graph.SVG(demo(t), options))
	for _, want := range []string{">4321</text>", `state → state/1: choice &#34;1&#34;, 77`, "stroke-width:4.3"} {
		if !strings.Contains(svg, want) {
			t.Errorf("%q is not drawn", want)
		}
	}
	if n := strings.Count(svg, `class="count"`); n != 1 {
		t.Errorf("%d counts are drawn, want 1", n)
	}
	text := graph.Mermaid(demo(t), options)
	for _, want := range []string{"(4321)", `|"1 · 2 · 3 (77)"|`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestLabelsCannotBreakADrawing(t *testing.T) {
	text := "flow: t\nlabel: '<script>\"&'\nlanguages: [en-US]\nstart: a\nsteps:\n  a:\n    label: '</text><script>alert(1)</script> \"quoted\" & a\\b'\n    branch: [{when: 'reason startsWith \"<b>\" || reason contains \"]]>\" || verified', next: b}, {otherwise: b}]\n  b: {hang_up: done}\n"
	set, err := ivr.Load(fstest.MapFS{"flows/t.yaml": {Data: []byte(text)}}, "flows", environment())
	if err != nil {
		t.Fatal(err)
	}
	svg := graph.SVG(set.View(), graph.Options{})
	elements(t, svg, "class")
	if bytes.Contains(svg, []byte("<script")) || bytes.Contains(svg, []byte("<b>")) {
		t.Errorf("a label got out:\n%s", svg)
	}
	mermaid := graph.Mermaid(set.View(), graph.Options{})
	for line := range strings.Lines(mermaid) {
		if strings.Contains(line, "<script") || strings.Count(line, `"`)%2 != 0 {
			t.Errorf("a label got out: %s", line)
		}
	}
}

func TestMermaidNamesStepsAndWays(t *testing.T) {
	text := graph.Mermaid(demo(t), graph.Options{Flow: "nurse-line"})
	for _, want := range []string{"flowchart TD\n", `subgraph f0["Nurse line"]`, `["State of the caller<br/>menu nurse-state-menu"]`, `-->|"1 · 2 · 3"|`, `-.->|"timeout"|`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

// TestFiveHundredStepsAreDrawnInASecond keeps the layout from growing out of hand.
func TestFiveHundredStepsAreDrawnInASecond(t *testing.T) {
	flow := ivr.FlowView{Name: "f", Label: "Large", Start: ivr.EdgeView{EdgeName: ivr.EdgeName{Via: "start", ToFlow: "f", To: "s0"}}}
	for i := range 500 {
		name := fmt.Sprintf("s%d", i)
		step := ivr.StepView{StepName: ivr.StepName{Flow: "f", Step: name, Label: name}, Verb: "menu"}
		for key := range 3 {
			to := fmt.Sprintf("s%d", min(499, 3*i+key+1))
			step.Edges = append(step.Edges, ivr.EdgeView{EdgeName: ivr.EdgeName{Flow: "f", From: name, Via: fmt.Sprint(key), ToFlow: "f", To: to}})
		}
		flow.Steps = append(flow.Steps, step)
	}
	began := time.Now()
	svg := graph.SVG([]ivr.FlowView{flow}, graph.Options{})
	if took := time.Since(began); took > 10*time.Second { // with the race detector, on a busy machine
		t.Errorf("it took %s", took)
	}
	if n := len(elements(t, svg, "data-step")); n != 500 {
		t.Errorf("%d steps are drawn", n)
	}
}

func TestACallOfAnotherFlowComesBack(t *testing.T) {
	edge := func(from, via, flow, to string) ivr.EdgeView {
		return ivr.EdgeView{EdgeName: ivr.EdgeName{Flow: "f", From: from, Via: via, ToFlow: flow, To: to}}
	}
	flow := ivr.FlowView{Name: "f", Label: "F", Start: edge("", "start", "f", "ask"), Steps: []ivr.StepView{
		{StepName: ivr.StepName{Flow: "f", Step: "ask", Label: "Ask"}, Verb: "call", Edges: []ivr.EdgeView{
			edge("ask", "call", "ask-state", "question"), edge("ask", `returns "known"`, "f", "nurse"), edge("ask", `returns "unknown"`, "f", "person"),
		}},
		{StepName: ivr.StepName{Flow: "f", Step: "nurse", Label: "Nurse"}, Verb: "queue", Queue: "nurse_line"}, {StepName: ivr.StepName{Flow: "f", Step: "person", Label: "Person"}, Verb: "queue", Queue: "people"},
	}}
	text := graph.Mermaid([]ivr.FlowView{flow}, graph.Options{})
	for _, want := range []string{`["Ask<br/>call ask-state"]`, `|"known"|`, `|"unknown"|`} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
	if strings.Contains(text, "question") {
		t.Errorf("the other flow is drawn in\n%s", text)
	}
}
