package member

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"careline/phi"
	"careline/problem"
)

func TestDemoMembersAreEightAndInvented(t *testing.T) {
	raw, err := os.ReadFile("../config/demo/members.yaml")
	if err != nil {
		t.Fatal(err)
	}
	directory, err := LoadDirectory("members.yaml", raw)
	if err != nil {
		t.Fatal(err)
	}
	if directory.Len() != 8 {
		t.Errorf("%d members, want 8", directory.Len())
	}
	linda, err := directory.Find(t.Context(), phi.NewString(lindaID))
	if err != nil || linda == nil {
		t.Fatalf("the first member is not found: %v", err)
	}
	if show(t, linda.name) != "Linda Park" || show(t, linda.dateOfBirth) != lindaBorn || show(t, linda.facts["next_visit"]) != "2027-01-14" {
		t.Error("the first member is another")
	}
	for _, entry := range directory.members {
		if phone := show(t, entry.facts["phone"]); !strings.HasPrefix(phone, "55501") {
			t.Errorf("a demo member has a telephone number that could be someone's")
		}
	}
}

func TestFindTellsAbsenceWithoutError(t *testing.T) {
	directory, err := LoadDirectory("members.yaml", []byte(members))
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{nobodyID, "", "4820193", lindaID + "0"} {
		if entry, err := directory.Find(t.Context(), phi.NewString(id)); entry != nil || err != nil {
			t.Errorf("%d digits: found %v, %v", len(id), entry != nil, err)
		}
	}
}

// The values of the broken files below; no message may hold one of them.
func secrets() []string {
	return []string{"48201937", "4820193", "Linda", "Park", "1961", "0412", "04-12", "04/12", "31-04", "6085550101", "608-555", "hunter2", "WIS", "2027-02-30", "-3"}
}

func TestMistakesAreNamedByPlaceAndNeverQuoted(t *testing.T) {
	good := `id: "48201937", name: Linda Park, born: 1961-04-12`
	cases := []struct{ name, text, at, says string }{
		{"typo in the date", `members: [{id: "48201937", name: Linda Park, born: 1961-0412}]`, "m.yaml:1:52", "YYYY-MM-DD"},
		{"American date", `members: [{id: "48201937", name: Linda Park, born: 04/12/1961}]`, "m.yaml:1:52", "YYYY-MM-DD"},
		{"no such day", `members: [{id: "48201937", name: Linda Park, born: 1961-04-31}]`, "m.yaml:1:52", "calendar"},
		{"before anyone", `members: [{id: "48201937", name: Linda Park, born: 1861-04-12}]`, "m.yaml:1:52", "calendar"},
		{"short number", `members: [{id: "4820193", name: Linda Park, born: 1961-04-12}]`, "m.yaml:1:16", "eight digits"},
		{"number with a letter", `members: [{id: "4820193O", name: Linda Park, born: 1961-04-12}]`, "m.yaml:1:16", "eight digits"},
		{"no name", `members: [{id: "48201937", born: 1961-04-12}]`, "m.yaml:1:11", "no name"},
		{"empty name", `members: [{id: "48201937", name: , born: 1961-04-12}]`, "m.yaml:1:34", "name"},
		{"list for a name", `members: [{id: "48201937", name: [Linda, Park], born: 1961-04-12}]`, "m.yaml:1:34", "name"},
		{"state", `members: [{` + good + `, state: WIS}]`, "m.yaml:1:71", "two capital letters"},
		{"phone", `members: [{` + good + `, phone: 6085550101}]`, "m.yaml:1:71", "telephone"},
		{"no such visit", `members: [{` + good + `, next_visit: 2027-02-30}]`, "m.yaml:1:76", "calendar"},
		{"claims", `members: [{` + good + `, open_claims: -3}]`, "m.yaml:1:77", "whole number"},
		{"misspelt key", `members: [{` + good + `, next_vist: 2027-02-20}]`, "m.yaml:1:64", `did you mean "next_visit"?`},
		{"value for a key", `members: [{` + good + `, Linda Park: x}]`, "m.yaml:1:64", "the keys are"},
		{"value for a key, twice", `members: [{` + good + `, Linda Park: x, Linda Park: y}]`, "m.yaml:1:79", "twice"},
		{"member for a key", `48201937: {name: Linda Park}`, "m.yaml:1:1", "only key at the top"},
		{"the same member twice", "members:\n  - {" + good + "}\n  - {" + good + "}\n", "m.yaml:3:10", "line 2"},
		{"members a mapping", `members: {"48201937": Linda Park}`, "m.yaml:1:10", "not a list"},
		{"a member a text", `members: [Linda Park]`, "m.yaml:1:11", "not a mapping"},
		{"a list", `[48201937]`, "m.yaml:1:1", "top level"},
		{"empty", ``, "m.yaml:1:1", "empty"},
		{"not YAML", "members:\n  - {id: \"48201937\", name: Linda Park\n  - hunter2: [", "m.yaml:", "not valid YAML"},
		{"alias", "members: [*hunter2]", "m.yaml:", "not valid YAML"},
		{"anchor", "members: &hunter2 []", "m.yaml:1:10", "anchors"},
		{"two documents", "members: []\n---\nmembers: [Linda Park]\n", "m.yaml:", "second document"},
		{"complex key", "members: []\n? [Linda, Park]\n: x\n", "m.yaml:2:3", "key"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			directory, err := LoadDirectory("m.yaml", []byte(c.text))
			var list problem.List
			if err == nil || directory != nil || !errors.As(err, &list) {
				t.Fatalf("said %v, want a problem.List", err)
			}
			text := err.Error()
			if !strings.Contains(text, c.at) || !strings.Contains(text, c.says) {
				t.Errorf("said %q, want %q at %s", text, c.says, c.at)
			}
			for _, secret := range secrets() {
				if strings.Contains(fmt.Sprintf("%s %+v %#v", text, err, list), secret) {
					t.Errorf("the message %q holds a value", text)
				}
			}
		})
	}
}

func TestAllMistakesAreToldAtOnce(t *testing.T) {
	_, err := LoadDirectory("m.yaml", []byte("extra: 1\nmembers:\n  - {id: x, name: y}\n  - {nam: z}\n"))
	var list problem.List
	if !errors.As(err, &list) || len(list) != 8 {
		t.Fatalf("%d problems, want 8:\n%v", len(list), err)
	}
}

// Whatever stands in the file, LoadDirectory answers and never repeats it.
func FuzzDirectoryFile(f *testing.F) {
	const secret = "Zx9Qw7"
	f.Add([]byte("members: [{id: @, name: @, born: @}]"))
	f.Add([]byte("members: [{@: 1, @: 2}]"))
	f.Add([]byte("members: *@"))
	f.Add([]byte("members: &@ []"))
	f.Add([]byte("members: !!int @"))
	f.Add([]byte("members: \"\\@"))
	f.Add([]byte("%@\n---\n@: 1"))
	f.Add([]byte("members: !@ x\n? [@]\n: x"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		directory, err := LoadDirectory("m.yaml", bytes.ReplaceAll(raw, []byte("@"), []byte(secret)))
		if (directory == nil) == (err == nil) {
			t.Fatalf("directory %v, error %v", directory != nil, err)
		}
		if err != nil && strings.Contains(err.Error(), secret) {
			t.Fatalf("the error repeats the file: %v", err)
		}
	})
}
