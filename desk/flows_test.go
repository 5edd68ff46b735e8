package desk

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"careline/call/insight"
	"careline/ivr"
	"careline/ledger"
	"careline/problem"
	"careline/publish"
)

const clinic = `flow: clinic
label: Clinic
languages: [en-US]
start: hello
steps:
  hello: {play: welcome, next: main}
  main:
    menu: main
    choices: {"1": people, "2": {set: {reason: Other}, next: people}, "3": bye}
    no_input: {retries: 1, next: people}
  people:
    queue: {name: people, hold: {music: calm}}
    timeout: main
    full: main
    unavailable: main
  bye: {hang_up: {play: bye, reason: the caller is done}}
`

// fakeFlows are flows that are published in memory.
type fakeFlows struct {
	scripts []ledger.Script
	files   []ledger.ScriptFiles
	placed  *placed
}

func newFakeFlows() *fakeFlows {
	f := &fakeFlows{}
	f.add(ledger.Script{Author: "folder", Origin: publish.FromStart}, map[string][]byte{"flows/clinic.yaml": []byte(clinic)})
	return f
}

func (f *fakeFlows) add(script ledger.Script, files map[string][]byte) ledger.Script {
	script.Number = int64(len(f.scripts) + 1)
	f.scripts, f.files = append(f.scripts, script), append(f.files, files)
	return script
}

func (f *fakeFlows) Draft(_ context.Context, files map[string][]byte) (Draft, error) {
	fsys := fstest.MapFS{}
	for name, raw := range files {
		fsys[name] = &fstest.MapFile{Data: raw}
	}
	draft := Draft{Tests: 3, Begins: map[string]string{"clinic": "The clinic"}, Words: func(p ivr.Prompt) string { return "the words of " + p.Name }}
	set, err := ivr.Load(fsys, "flows", ivr.Environment{Languages: []string{"en-US"}, Queues: map[string]ivr.Queue{"people": {}}})
	draft.Flows = set
	draft.Problems.Add("flows", err)
	return draft, nil
}

func (f *fakeFlows) Publish(ctx context.Context, request publish.Request) (ledger.Script, problem.List, error) {
	if request.After != int64(len(f.scripts)) {
		return ledger.Script{}, nil, fmt.Errorf("%w: somebody was quicker", publish.ErrConflict)
	}
	if draft, _ := f.Draft(ctx, request.Files); len(draft.Problems) > 0 {
		return ledger.Script{}, nil, draft.Problems
	}
	return f.add(ledger.Script{Author: request.Author, Comment: request.Comment, Origin: request.Origin}, request.Files), nil, nil
}

func (f *fakeFlows) RollBack(_ context.Context, request publish.Request, number int64) (ledger.Script, problem.List, error) {
	if number < 1 || number > int64(len(f.scripts)) {
		return ledger.Script{}, nil, ledger.ErrNotFound
	}
	return f.add(ledger.Script{Author: request.Author, Origin: publish.FromRollBack, Source: number}, f.files[number-1]), nil, nil
}

func (f *fakeFlows) Scripts(context.Context, int) ([]ledger.Script, error) {
	var newest []ledger.Script
	for i := range f.scripts {
		newest = append(newest, f.scripts[len(f.scripts)-1-i])
	}
	return newest, nil
}

func (f *fakeFlows) Script(_ context.Context, number int64) (ledger.Script, ledger.ScriptFiles, error) {
	if number < 1 || number > int64(len(f.scripts)) {
		return ledger.Script{}, nil, ledger.ErrNotFound
	}
	return f.scripts[number-1], f.files[number-1], nil
}

func (f *fakeFlows) Status() publish.Status {
	return publish.Status{Live: f.scripts[len(f.scripts)-1]}
}

func (f *fakeFlows) Insight() insight.Figures {
	return insight.Figures{Begun: 9, Live: 2, Ended: map[insight.Ending]uint64{insight.Served: 3, insight.HungUp: 1}, Steps: []insight.StepFigures{
		{Flow: "clinic", Step: "hello", Entered: 9},
		{Flow: "clinic", Step: "main", Live: 2, Entered: 7, HungUp: 5, Median: 4 * time.Second, Ways: []insight.WayFigures{{Via: `choice "1"`, ToFlow: "clinic", ToStep: "people", Taken: 4}}},
	}}
}

// edited asks, as alex the administrator, for something about the demo's flow with an
// edit, and reads the answer.
func (s *shift) edited(t *testing.T, path string, edit func(map[string]any), into any) (status int) {
	t.Helper()
	request := map[string]any{"files": map[string]string{"flows/clinic.yaml": clinic}, "flow": "clinic"}
	if edit != nil {
		edit(request)
	}
	body, err := json.Marshal(request)
	if err != nil {
		t.Fatal(err)
	}
	status, text := s.post(path, string(body), s.url)
	if into != nil {
		if err := json.Unmarshal([]byte(text), into); err != nil {
			t.Fatalf("%s: %d %s", path, status, text)
		}
	}
	return status
}

// changed replaces the flow's text.
func changed(old, new string) func(map[string]any) {
	return func(request map[string]any) {
		request["files"] = map[string]string{"flows/clinic.yaml": strings.Replace(clinic, old, new, 1)}
	}
}

func TestOnlyAdminsChangeFlowsAndAgentsDontSeeThem(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		for user, want := range map[string][2]int{"maria": {403, 403}, "sam": {200, 403}, "alex": {200, 200}} {
			s.asks(t, user)
			if status, text := s.get("/api/flows"); status != want[0] {
				t.Errorf("%s sees the flows: %d %s", user, status, text)
			}
			if status := s.edited(t, "/api/flows/publish", func(r map[string]any) { r["after"] = 1 }, nil); status != want[1] {
				t.Errorf("%s publishes: %d", user, status)
			}
		}
		if told := strings.Join(s.looked(), "\n"); strings.Count(told, "flows supervision refused") != 3 {
			t.Errorf("refusals in the audit:\n%s", told)
		}
	})
}

func TestADraftIsReadAndDrawn(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		s.asks(t, "alex")
		var draft draftBody
		if status := s.edited(t, "/api/flows/draft", func(r map[string]any) { r["overlay"] = "hung_up" }, &draft); status != http.StatusOK {
			t.Fatal(status)
		}
		if len(draft.Problems) != 0 || draft.Tests != 3 || len(draft.Flows) != 1 || draft.Flows[0].Line != "The clinic" {
			t.Errorf("%+v", draft)
		}
		if main := draft.Flows[0].Steps[1]; main != (stepRow{"main", "main", "menu", "flows/clinic.yaml", 7}) {
			t.Errorf("%+v", main)
		}
		drawn, _ := json.Marshal(draft.Graph)
		for _, want := range []string{`"name":"svg"`, `"data-step":"main"`, `"text":"5"`} {
			if !strings.Contains(string(drawn), want) {
				t.Errorf("the drawing has no %s", want)
			}
		}
		if strings.Contains(string(drawn), `"name":"style"`) {
			t.Error("the drawing brings a style of its own, which the page's policy refuses")
		}
		var broken draftBody
		s.edited(t, "/api/flows/draft", changed("next: main}", "next: mian}"), &broken)
		want := problemRow{"flows/clinic.yaml", 6, 32, `step "hello" goes to "mian", which no step is called`, `did you mean "main"?`}
		if len(broken.Problems) == 0 || broken.Problems[0] != want || broken.Graph != nil {
			t.Errorf("%+v", broken.Problems)
		}
	})
}

func TestPublishingFromThePage(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		s.asks(t, "alex")
		ask := func(path string, edit func(map[string]any)) (int, map[string]any) {
			t.Helper()
			body := map[string]any{}
			return s.edited(t, path, edit, &body), body
		}
		after := func(n int, more func(map[string]any)) func(map[string]any) {
			return func(r map[string]any) {
				r["after"], r["comment"] = n, "a shorter greeting"
				if more != nil {
					more(r)
				}
			}
		}
		status, body := ask("/api/flows/publish", after(1, nil))
		if script, _ := body["script"].(map[string]any); status != http.StatusOK || script["number"] != 2.0 || script["author"] != "Alex Reyes" || script["live"] != true || script["comment"] != "a shorter greeting" {
			t.Fatalf("%d %v", status, body)
		}
		if status, body = ask("/api/flows/publish", after(1, nil)); status != http.StatusConflict || !strings.Contains(fmt.Sprint(body), "Alex Reyes published script 2 meanwhile") {
			t.Errorf("on an old script: %d %v", status, body)
		}
		status, body = ask("/api/flows/publish", after(2, changed("next: main}", "next: mian}")))
		if status != http.StatusUnprocessableEntity || !strings.Contains(fmt.Sprint(body["problems"]), "mian") {
			t.Errorf("broken: %d %v", status, body)
		}
		if status, body = ask("/api/flows/publish", nil); status != http.StatusBadRequest {
			t.Errorf("made from nothing: %d %v", status, body)
		}
		if status, body = ask("/api/flows/publish", after(2, func(r map[string]any) { r["comment"] = strings.Repeat("x", 501) })); status != http.StatusBadRequest {
			t.Errorf("a long comment: %d %v", status, body)
		}
		if status, text := s.post("/api/flows/rollback", `{"number":1}`, s.url); status != http.StatusOK || !strings.Contains(text, `"source":1`) {
			t.Errorf("back: %d %s", status, text)
		}
		if status, text := s.post("/api/flows/rollback", `{"number":9}`, s.url); status != http.StatusNotFound {
			t.Errorf("back to nothing: %d %s", status, text)
		}
		if status, text := s.get("/api/flows/scripts"); status != http.StatusOK || strings.Count(text, `"live":true`) != 1 || !strings.Contains(text, `"number":3`) {
			t.Errorf("scripts: %d %s", status, text)
		}
		if status, text := s.get("/api/flows/scripts/1"); status != http.StatusOK || !strings.Contains(text, "flow: clinic") {
			t.Errorf("script 1: %d %s", status, text)
		}
		if status, text := s.get("/api/flows/insight"); status != http.StatusOK || !strings.Contains(text, `"containment":0.75`) || strings.Index(text, `"main"`) > strings.Index(text, `"hello"`) {
			t.Errorf("insight: %d %s", status, text)
		}
		if status, _ := s.post("/api/flows/publish", `{}`, "http://elsewhere.example"); status != http.StatusForbidden {
			t.Errorf("from another page: %d", status)
		}
	})
}

func TestADraftIsTriedByTyping(t *testing.T) {
	inVirtualTime(t, func(t *testing.T, s *shift) {
		s.asks(t, "alex")
		play := func(deeds ...map[string]any) (told trialBody) {
			t.Helper()
			s.edited(t, "/api/flows/try", func(r map[string]any) { r["deeds"] = deeds }, &told)
			return told
		}
		press := func(keys string) map[string]any { return map[string]any{"press": keys} }
		begin := play()
		if begin.State != "asking" || begin.Step != "main" || !strings.Contains(fmt.Sprint(begin.Events), "the words of welcome") {
			t.Errorf("%+v", begin)
		}
		if told := play(press("3")); told.State != "over" || told.Events[len(told.Events)-1].Reason != "the caller is done" {
			t.Errorf("%+v", told)
		}
		if told := play(press("1")); told.State != "queued" || told.Step != "people" {
			t.Errorf("%+v", told)
		}
		if told := play(press("1"), map[string]any{"leave": "timeout"}, press("2")); told.State != "queued" || told.Trouble != "" {
			t.Errorf("%+v", told)
		}
		if told := play(map[string]any{"silent": true}); told.State != "queued" {
			t.Errorf("who presses nothing: %+v", told)
		}
		for want, deeds := range map[string][]map[string]any{
			"The call is over.": {press("3"), press("1")},
			"The caller waits in line, where keys are not heard.": {press("1"), press("1")},
			"The caller is in no line.":                           {{"leave": "timeout"}},
			"That can't be done here.":                            {{}},
		} {
			if told := play(deeds...); told.Trouble != want {
				t.Errorf("%v: %+v", deeds, told)
			}
		}
		var refused map[string]any
		if status := s.edited(t, "/api/flows/try", changed("next: main}", "next: mian}"), &refused); status != http.StatusUnprocessableEntity {
			t.Errorf("a broken one: %d %v", status, refused)
		}
		long := func(r map[string]any) { r["deeds"] = make([]trialDeed, maxTrial+1) }
		if status := s.edited(t, "/api/flows/try", long, nil); status != http.StatusRequestEntityTooLarge {
			t.Errorf("an endless one: %d", status)
		}
	})
}

func TestADrawingIsTakenApart(t *testing.T) {
	root, err := parseSVG([]byte(`<svg xmlns="http://www.w3.org/2000/svg" width="9"><style>x{}</style><g class="a"><text x="1">A &amp; B</text></g></svg>`))
	if err != nil {
		t.Fatal(err)
	}
	want := &element{Name: "svg", Attributes: map[string]string{"width": "9"}, Children: []*element{
		{Name: "g", Attributes: map[string]string{"class": "a"}, Children: []*element{{Name: "text", Attributes: map[string]string{"x": "1"}, Text: "A & B"}}},
	}}
	got, _ := json.Marshal(root)
	if wanted, _ := json.Marshal(want); string(got) != string(wanted) {
		t.Errorf("%s", got)
	}
	for _, broken := range []string{"", "<svg", "<a></b>"} {
		if _, err := parseSVG([]byte(broken)); err == nil {
			t.Errorf("%q is taken", broken)
		}
	}
}
