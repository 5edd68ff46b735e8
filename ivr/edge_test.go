package ivr_test

import (
	"slices"
	"testing"

	"careline/ivr"
)

func TestEveryWayTakenIsTold(t *testing.T) {
	p := call(t, loadDemo(t), "member-services")
	p.listen().press("1").listen().press("9").listen().press("1").listen().inQueue("nurse_line")
	for _, wanted := range []ivr.EdgeName{
		{Via: "start", ToFlow: "member-services", To: "welcome"},
		{Flow: "member-services", From: "welcome", Via: "next", ToFlow: "member-services", To: "language"},
	} {
		if !slices.Contains(p.took, wanted) {
			t.Errorf("%v is not told; told were %v", wanted, p.took)
		}
	}
	for i, edge := range p.took[1:] {
		if before := p.took[i]; edge.Flow != before.ToFlow || edge.From != before.To {
			t.Errorf("after %v came %v", before, edge)
		}
	}
	if last := p.took[len(p.took)-1]; last.ToFlow != "nurse-line" {
		t.Errorf("the last way is %v", last)
	}
}
