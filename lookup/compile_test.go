package lookup

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestMistakesInALookUpAreFoundWhereTheyStand(t *testing.T) {
	into := map[string]FieldText{"copay": {Path: "copay", As: AsMoney}}
	member := map[string]Taking{"member": TakesMember}
	text := func(s string) *string { return &s }
	retries := 9
	for _, c := range []struct {
		name string
		text Text
		want string
	}{
		{"a member's number in a path", Text{Purpose: "x", With: member, Get: "/members/{{ member }}", Into: into}, `get: "member" would stand in the URL`},
		{"a member's number in a query", Text{Purpose: "x", With: member, Get: "/m", Query: map[string]string{"id": "{{ member }}"}, Into: into}, `query.id: "member" would stand in the URL`},
		{"a member's number in a FHIR read", Text{Purpose: "x", With: member, Read: "Patient/{{ member }}", Into: into}, `read: "member" would stand in the URL`},
		{"keys in the query of a post", Text{Purpose: "x", With: map[string]Taking{"npi": TakesKeyed}, Post: "/m", Query: map[string]string{"id": "{{ npi }}"}, Into: into}, `query.id: "npi" would stand in the URL`},
		{"no purpose", Text{With: member, Post: "/m", Form: map[string]string{"id": "{{ member }}"}, Into: into}, `purpose: the look-up tells a service what is protected`},
		{"a member's answer for all", Text{Public: true, Purpose: "x", With: member, Post: "/m", Form: map[string]string{"id": "{{ member }}"}, Into: into}, `public: what is asked with a member's member is the member's`},
		{"nothing asked", Text{Into: into}, `: the look-up asks 0 things`},
		{"two things asked", Text{Get: "/a", Post: "/b", Into: into}, `: the look-up asks 2 things`},
		{"a body with a get", Text{Get: "/a", Body: map[string]any{}, Into: into}, `body: body doesn't go with what is asked`},
		{"a body and a form", Text{Post: "/a", Body: "x", Form: map[string]string{}, Into: into}, `form: body and form can't both be sent`},
		{"a search by nothing", Text{Search: "Patient", Into: into}, `search: the search has nothing to go by`},
		{"no resource", Text{Search: "patients", By: map[string]string{"a": "b"}, Into: into}, `search: "patients" is no type of resource`},
		{"a read of all", Text{Read: "Patient", Into: into}, `read: "Patient" names no resource`},
		{"another host", Text{Get: "@evil.example.net/", Into: into}, `get: "@evil.example.net/" is no path`},
		{"up and away", Text{Get: "/a/../../b", Into: into}, `get: "/a/../../b" is no path`},
		{"a query in the path", Text{Get: "/a?b=c", Into: into}, `get: "/a?b=c" is no path`},
		{"a value that isn't taken", Text{Get: "/{{ plan }}", Into: into}, `get: the value "plan" is not among those taken`},
		{"a value that isn't used", Text{With: map[string]Taking{"plan": TakesPublic}, Get: "/", Into: into}, `with.plan: the value "plan" is taken and used nowhere`},
		{"whose data", Text{With: map[string]Taking{"plan": "mine"}, Get: "/{{ plan }}", Into: into}, `with.plan: "mine" says not whose data "plan" may be`},
		{"today is taken", Text{With: map[string]Taking{"today": TakesPublic}, Get: "/{{ today }}", Into: into}, `with.today: "today" can't name a value`},
		{"a brace alone", Text{Get: "/{{ plan", Into: into}, `get: "/{{ plan" can't be filled in`},
		{"a number amid text", Text{With: map[string]Taking{"n": TakesPublic}, Post: "/", Body: map[string]any{"a": map[string]any{"b": "x {{ n | number }}"}}, Into: into}, `body.a.b: a number or truth stands amid text`},
		{"no fields", Text{Get: "/"}, `into: the look-up gives 0 fields`},
		{"no path", Text{Get: "/", Into: map[string]FieldText{"a": {Path: "a..b", As: AsText}}}, `into.a.path: "a..b" is no path`},
		{"no kind", Text{Get: "/", Into: map[string]FieldText{"a": {Path: "a", As: "euro"}}}, `into.a.as: there is no kind "euro"`},
		{"otherwise of another kind", Text{Get: "/", Into: map[string]FieldText{"a": {Path: "a", As: AsMoney, Otherwise: text("12")}}}, `into.a.otherwise: "12" is no money`},
		{"a count that may be missing", Text{Get: "/", Into: map[string]FieldText{"a": {Path: "a", As: AsCount, Otherwise: text("0")}}}, `into.a.otherwise: a count is 0`},
		{"kept for ever", Text{Get: "/", Into: into, Keep: 1000 * time.Hour}, `keep: keep is out of bounds`},
		{"again and again", Text{Get: "/", Into: into, Retries: &retries}, `retries: retries is out of bounds`},
	} {
		c.text.Service = "benefits"
		d, faults := Compile("copay", c.text)
		var told []string
		for _, f := range faults {
			told = append(told, strings.Join(f.At, ".")+": "+f.Message)
			if f.Advice == "" {
				t.Errorf("%s: %q says not what to do", c.name, f.Message)
			}
		}
		if d != nil || !slices.ContainsFunc(told, func(one string) bool { return strings.HasPrefix(one, c.want) }) {
			t.Errorf("%s:\n%s\nwant %s", c.name, strings.Join(told, "\n"), c.want)
		}
	}
	if _, faults := Compile("Copay?", Text{Get: "/", Into: into}); len(faults) != 2 {
		t.Errorf("a bad name and no service: %v", faults)
	}
}

func TestAChangedLookUpIsAnother(t *testing.T) {
	a := compiled(t, Text{Post: "/a", Body: map[string]any{"x": "1"}, Into: map[string]FieldText{"a": {Path: "a", As: AsText}}})
	b := compiled(t, Text{Post: "/a", Body: map[string]any{"x": "2"}, Into: map[string]FieldText{"a": {Path: "a", As: AsText}}})
	c := compiled(t, Text{Post: "/a", Body: map[string]any{"x": "1"}, Into: map[string]FieldText{"a": {Path: "a", As: AsText}}})
	if a.version == b.version || a.version != c.version {
		t.Error("an answer that was kept would be given for another question")
	}
}

func TestKindsTakeTheirFormsAndNoOthers(t *testing.T) {
	for _, c := range []struct {
		kind       Kind
		json, want string
	}{
		{AsNumber, `3`, "3"}, {AsNumber, `-3`, "-3"}, {AsNumber, `"007"`, "7"}, {AsNumber, `12.0`, "12"}, {AsNumber, `12.5`, ""}, {AsNumber, `1e3`, ""},
		{AsNumber, `12345678901`, ""}, {AsNumber, `""`, ""}, {AsNumber, `true`, ""}, {AsNumber, `{}`, ""},
		{AsTruth, `true`, "true"}, {AsTruth, `"false"`, "false"}, {AsTruth, `1`, ""}, {AsTruth, `"yes"`, ""},
		{AsDate, `"2027-01-14"`, "2027-01-14"}, {AsDate, `"2027-01-14T23:30:00-06:00"`, "2027-01-14"}, {AsDate, `"2027-01"`, ""}, {AsDate, `"2027-02-30"`, ""},
		{AsDate, `"0001-01-01"`, ""}, {AsDate, `20270114`, ""}, {AsDate, `"2027-01-14 noon"`, ""},
		{AsMoney, `12.5`, "12.50"}, {AsMoney, `12`, "12.00"}, {AsMoney, `"0012.500"`, "12.50"}, {AsMoney, `-0.5`, "-0.50"}, {AsMoney, `12.505`, ""}, {AsMoney, `"$12"`, ""}, {AsMoney, `1e2`, ""},
		{AsMoney, `000`, ""}, {AsMoney, `0`, "0.00"},
		{AsText, `"Dr. Ruiz"`, "Dr. Ruiz"}, {AsText, `5`, "5"}, {AsText, `""`, ""}, {AsText, `"a\u0007b"`, ""}, {AsText, `"` + strings.Repeat("é", MaxText) + `"`, strings.Repeat("é", MaxText)},
		{AsText, `"` + strings.Repeat("é", MaxText+1) + `"`, ""},
	} {
		root, err := parseJSON([]byte(c.json))
		if err != nil {
			if c.want != "" {
				t.Errorf("%s: %v", c.json, err)
			}
			continue
		}
		got, err := c.kind.text(root)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("%s as %s is %q, %v; want %q", c.json, c.kind, got, err, c.want)
		}
	}
}

func TestPathsFindWhatTheySay(t *testing.T) {
	root, err := parseJSON([]byte(`{
		"a": {"b": [{"c": 1}, {"c": [2, 3]}, {"d": null}]},
		"telecom": [{"system": "email", "value": "x"}, {"system": "phone", "use": "home", "value": "1"}, {"system": "phone", "value": "2", "rank": 1}],
		"n": [[1, 2], [3]], "s": "t"}`))
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a.b.c": "[1 2 3]", "a.b[1].c": "[2 3]", "a.b[1].c[0]": "[2]", "a.b[9].c": "[]", "a.b.d": "[]", "a.b[0].c[0]": "[1]",
		"telecom[system=phone].value": "[1 2]", "telecom[system=phone][use=home].value": "[1]", "telecom[rank=1].value": "[2]", "telecom[system=fax].value": "[]",
		"n": "[1 2 3]", "n[1]": "[3]", "n[0][1]": "[2]", "s": "[t]", "s.t": "[]", "zzz": "[]",
	} {
		p, err := parsePath(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
			continue
		}
		if got := fmt.Sprint(p.find(root)); got != want {
			t.Errorf("%s is %s, want %s", text, got, want)
		}
	}
	for _, text := range []string{"", ".", "a.", ".a", "a..b", "a[", "a[]", "a[-1]", "a[x]", "a[x=]", "a b", "a[0]b", "[0]", "a[99999]"} {
		if _, err := parsePath(text); err == nil {
			t.Errorf("%q is taken for a path", text)
		}
	}
}

func TestNoPathBreaksOnAnyAnswer(t *testing.T) {
	scalar := rapid.SampledFrom([]any{nil, true, "x", "1"})
	var value func(depth int) *rapid.Generator[any]
	value = func(depth int) *rapid.Generator[any] {
		if depth == 0 {
			return scalar
		}
		inner := value(depth - 1)
		return rapid.OneOf(scalar,
			rapid.Map(rapid.SliceOfN(inner, 0, 4), func(items []any) any { return items }),
			rapid.Map(rapid.MapOfN(rapid.SampledFrom([]string{"a", "b", "c"}), inner, 0, 3), func(m map[string]any) any { return m }))
	}
	steps := rapid.SampledFrom([]string{"a", "b", "c", "a[0]", "b[1]", "c[a=x]", "a[0][b=1]"})
	rapid.Check(t, func(t *rapid.T) {
		root := value(4).Draw(t, "answer")
		p, err := parsePath(strings.Join(rapid.SliceOfN(steps, 1, 4).Draw(t, "path"), "."))
		if err != nil {
			t.Fatal(err)
		}
		for _, found := range p.find(root) {
			if _, list := found.([]any); list || found == nil {
				t.Fatalf("found %v", found)
			}
		}
	})
}

// TestNothingThatACallerSaysLeavesItsPlace: whatever a value holds, the request's
// shape is the admin's.
func TestNothingThatACallerSaysLeavesItsPlace(t *testing.T) {
	d := compiled(t, Text{
		Purpose: "x", With: map[string]Taking{"plan": TakesPublic, "keys": TakesKeyed},
		Post: "/plans/{{ plan }}/copay", Query: map[string]string{"p": "{{ plan }}", "q": "1"}, Body: map[string]any{"a": "{{ keys }}", "b": "c"},
		Into: map[string]FieldText{"a": {Path: "a", As: AsText}},
	})
	rapid.Check(t, func(t *rapid.T) {
		values := map[string]string{"plan": rapid.String().Draw(t, "plan"), "keys": rapid.String().Draw(t, "keys")}
		r, err := d.request.build(t.Context(), "https://benefits.example.net/v2", nil, values)
		if err != nil {
			return
		}
		segments := strings.Split(r.URL.EscapedPath(), "/")
		if r.URL.Host != "benefits.example.net" || len(segments) != 5 || segments[4] != "copay" || r.URL.Fragment != "" {
			t.Fatalf("asked is %s", r.URL)
		}
		if query := r.URL.Query(); len(query) != 2 || len(query["p"]) != 1 || query.Get("q") != "1" {
			t.Fatalf("query %s", r.URL.RawQuery)
		}
		raw := make([]byte, 1<<16)
		n, _ := r.Body.Read(raw)
		root, err := parseJSON(raw[:n])
		if object, ok := root.(map[string]any); err != nil || !ok || len(object) != 2 || object["b"] != "c" {
			t.Fatalf("body %q, %v", raw[:n], err)
		}
	})
}

func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"n": 1}`, `[[[`, `{"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": {"resourceType": "Coverage", "n": 1}}]}`, `{"entry": 5, "resourceType": "Bundle", "type": "searchset"}`} {
		f.Add([]byte(seed))
	}
	plain := number(f)
	search, _ := Compile("c", Text{Service: "s", Search: "Coverage", By: map[string]string{"a": "b"}, Into: map[string]FieldText{"n": {Path: "n", As: AsNumber}, "k": {Path: "n", As: AsCount}}})
	f.Fuzz(func(_ *testing.T, raw []byte) {
		root, err := parseJSON(raw)
		if err != nil {
			return
		}
		_, _ = plain.pick([]any{root})
		if roots, err := search.resources(root); err == nil {
			_, _ = search.pick(roots)
		}
		search.outcome(raw)
	})
}
