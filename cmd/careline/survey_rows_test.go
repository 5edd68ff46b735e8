package main

import (
	"bytes"
	"strings"
	"testing"

	"careline/ledger"
)

func TestAnswersAreAddedUp(t *testing.T) {
	var answers []ledger.SurveyAnswer
	for i, answer := range []int{5, 5, 4, 1} {
		answers = append(answers, ledger.SurveyAnswer{Survey: "pharmacy", Question: "solved", Queue: "pharmacy_help", Agent: []string{"maria", "sam"}[i%2], Answer: answer, Scale: 5})
	}
	answers = append(answers, ledger.SurveyAnswer{Survey: "pharmacy", Question: "comment", Recording: "r1"})
	var table, sheet bytes.Buffer
	if err := added(answers, "").table(&table); err != nil {
		t.Fatal(err)
	}
	if want := "pharmacy  solved        4        3.75 of 5  1: 25%  2: 0%  3: 0%  4: 25%  5: 50%\n"; !strings.HasSuffix(table.String(), want) {
		t.Errorf("printed is\n%s\nwant\n%s", table.String(), want)
	}
	if err := added(answers, "agent").csv(&sheet); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"pharmacy,solved,maria,5,1\n", "pharmacy,solved,sam,1,1\n", "pharmacy,solved,sam,5,1\n"} {
		if !strings.Contains(sheet.String(), want) {
			t.Errorf("%q isn't in\n%s", want, sheet.String())
		}
	}
	table.Reset()
	if err := added(nil, "").table(&table); err != nil || table.String() != "nobody has answered\n" {
		t.Errorf("of nothing is printed %q, %v", table.String(), err)
	}
}
