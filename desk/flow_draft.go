package desk

import (
	"net/http"
	"slices"

	"careline/call/insight"
	"careline/ivr"
	"careline/ivr/graph"
)

// overlays say what is drawn over a flow.
const (
	overlayNone    = ""
	overlayLive    = "live"
	overlayEntered = "entered"
	overlayHungUp  = "hung_up"
)

// stepRow is a step as the page marks it.
type stepRow struct {
	Step  string `json:"step"`
	Label string `json:"label"`
	Verb  string `json:"verb"`
	File  string `json:"file"`
	Line  int    `json:"line"`
}

// flowRow is a flow that a draft has.
type flowRow struct {
	Flow  string `json:"flow"`
	Label string `json:"label"`
	File  string `json:"file"`
	// Line is the name of a line that leads to it; empty for none.
	Line      string    `json:"line,omitempty"`
	Languages []string  `json:"languages"`
	Steps     []stepRow `json:"steps"`
}

// draftBody is what there is to say of a draft.
type draftBody struct {
	Problems []problemRow `json:"problems"`
	Warnings []problemRow `json:"warnings"`
	Tests    int          `json:"tests"`
	Version  string       `json:"version,omitempty"`
	Flows    []flowRow    `json:"flows"`
	// Graph is the drawing of the flow that was asked for, absent while the files have
	// mistakes.
	Graph *element `json:"graph,omitempty"`
}

// draft serves POST /api/flows/draft: what is wrong with files, and how a flow of them
// is drawn. It changes nothing.
func (d *Desk) draft(w http.ResponseWriter, r *http.Request, _ *session) {
	var body struct {
		Files   draftFiles `json:"files"`
		Flow    string     `json:"flow"`
		Overlay string     `json:"overlay"`
	}
	if !readBody(w, r, maxDraft, &body) || !fitting(w, body.Files, "") {
		return
	}
	if !slices.Contains([]string{overlayNone, overlayLive, overlayEntered, overlayHungUp}, body.Overlay) {
		answerTrouble(w, http.StatusBadRequest, "bad_request", "There is no such overlay.")
		return
	}
	found, ok := d.readDraft(w, r, body.Files)
	if !ok {
		return
	}
	answered := draftBody{Problems: problemRows(found.Problems), Warnings: problemRows(found.Warnings), Tests: found.Tests, Flows: []flowRow{}}
	if found.Flows != nil {
		answered.Version = found.Flows.Version()
		views := found.Flows.View()
		answered.Flows = flowRows(views, found.Begins)
		if found.Flows.Has(body.Flow) {
			drawn, err := parseSVG(graph.SVG(views, graph.Options{Flow: body.Flow, Counts: d.counts(body.Overlay)}))
			if err != nil {
				d.flowsUnread(w, err)
				return
			}
			answered.Graph = drawn
		}
	}
	answer(w, http.StatusOK, answered)
}

// readDraft reads files when it is their turn; it has answered if ok is false.
func (d *Desk) readDraft(w http.ResponseWriter, r *http.Request, files draftFiles) (found Draft, ok bool) {
	select {
	case d.drafting <- struct{}{}:
		defer func() { <-d.drafting }()
	case <-r.Context().Done():
		answerTrouble(w, http.StatusServiceUnavailable, "busy", "Too many drafts are being read. Try again in a moment.")
		return Draft{}, false
	}
	found, err := d.options.Flows.Draft(r.Context(), files.raw())
	if err != nil {
		d.flowsUnread(w, err)
		return Draft{}, false
	}
	return found, true
}

func flowRows(views []ivr.FlowView, begins map[string]string) []flowRow {
	rows := []flowRow{}
	for _, view := range views {
		row := flowRow{Flow: view.Name, Label: view.Label, File: view.Position.File, Line: begins[view.Name], Languages: view.Languages, Steps: []stepRow{}}
		for _, step := range view.Steps {
			row.Steps = append(row.Steps, stepRow{Step: step.Step, Label: step.Label, Verb: step.Verb, File: step.Position.File, Line: step.Position.Line})
		}
		rows = append(rows, row)
	}
	return rows
}

// counts are what an overlay draws; nil for none.
func (d *Desk) counts(overlay string) *graph.Counts {
	if overlay == overlayNone {
		return nil
	}
	counts := &graph.Counts{Steps: map[ivr.StepName]int{}, Edges: map[ivr.EdgeName]int{}}
	for _, step := range d.options.Flows.Insight().Steps {
		counts.Steps[ivr.StepName{Flow: step.Flow, Step: step.Step}] = stepCount(step, overlay)
		for _, way := range step.Ways {
			if overlay == overlayEntered {
				counts.Edges[ivr.EdgeName{Flow: step.Flow, From: step.Step, Via: way.Via, ToFlow: way.ToFlow, To: way.ToStep}] = int(way.Taken)
			}
		}
	}
	return counts
}

func stepCount(step insight.StepFigures, overlay string) int {
	switch overlay {
	case overlayLive:
		return step.Live
	case overlayHungUp:
		return int(step.HungUp)
	}
	return int(step.Entered)
}

// insightBody is what callers did in the flows since the start.
type insightBody struct {
	Begun       uint64                    `json:"begun"`
	Live        int                       `json:"live"`
	Ended       map[insight.Ending]uint64 `json:"ended"`
	Containment float64                   `json:"containment"`
	Steps       []insightRow              `json:"steps"`
}

// insightRow is a step's, most hang-ups first.
type insightRow struct {
	Flow    string  `json:"flow"`
	Step    string  `json:"step"`
	Live    int     `json:"live"`
	Entered uint64  `json:"entered"`
	HungUp  uint64  `json:"hung_up"`
	Median  float64 `json:"median_seconds"`
}

// flowInsight serves GET /api/flows/insight.
func (d *Desk) flowInsight(w http.ResponseWriter, _ *http.Request, _ *session) {
	figures := d.options.Flows.Insight()
	body := insightBody{Begun: figures.Begun, Live: figures.Live, Ended: figures.Ended, Containment: figures.Containment(), Steps: []insightRow{}}
	for _, step := range figures.Steps {
		body.Steps = append(body.Steps, insightRow{step.Flow, step.Step, step.Live, step.Entered, step.HungUp, step.Median.Seconds()})
	}
	slices.SortStableFunc(body.Steps, func(a, b insightRow) int { return int(min(b.HungUp, 1<<30)) - int(min(a.HungUp, 1<<30)) })
	answer(w, http.StatusOK, body)
}
