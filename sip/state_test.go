package sip

import (
	"fmt"
	"strings"
	"testing"
)

// The whole table, line by line; what isn't in it is refused. A change of the
// table is a change of this list, seen by whoever reads it.
const transitions = `
calling hang-up→cancelling BYE→cancelling re-INVITE→calling INFO→calling set-up-time-out→cancelling our-INVITE→calling provisional-response→proceeding acceptance→confirmed rejection→closed UPDATE→calling
proceeding hang-up→cancelling BYE→cancelling re-INVITE→proceeding INFO→proceeding set-up-time-out→cancelling our-INVITE→calling provisional-response→proceeding acceptance→confirmed rejection→closed UPDATE→proceeding replacement→proceeding
cancelling BYE→cancelling re-INVITE→cancelling ACK-time-out→closed provisional-response→cancelling acceptance→closing rejection→closed
invited ring→ringing answer→answered refuse→closed hang-up→closed CANCEL→closed BYE→closed set-up-time-out→closed transport-loss→closed UPDATE→invited PRACK→invited PRACK-time-out→closed progress→ringing
ringing ring→ringing answer→answered refuse→closed hang-up→closed CANCEL→closed BYE→closed set-up-time-out→closed transport-loss→closed UPDATE→ringing PRACK→ringing PRACK-time-out→closed progress→ringing
answered hang-up→closing CANCEL→closing ACK→confirmed BYE→closed re-INVITE→answered INFO→answered ACK-time-out→closing transport-loss→closed reoffer→answered UPDATE→answered PRACK→answered
confirmed hang-up→closing CANCEL→confirmed ACK→confirmed BYE→closed re-INVITE→reoffered INFO→confirmed reoffer→confirmed our-re-INVITE→reoffering loss-of-the-dialog→closing UPDATE→reoffered PRACK→confirmed REFER→confirmed NOTIFY→confirmed replacement→confirmed transfer→confirmed acceptance-of-a-REFER→confirmed refusal-of-a-REFER→confirmed progress-of-a-REFER→confirmed
reoffered hang-up→closing answer-to-a-reoffer→reanswered refusal-of-a-reoffer→confirmed CANCEL→confirmed ACK→reoffered BYE→closed re-INVITE→reoffered INFO→reoffered reoffer-time-out→confirmed transport-loss→confirmed reoffer→reoffered loss-of-the-dialog→closing UPDATE→reoffered answer-to-an-UPDATE→confirmed REFER→reoffered NOTIFY→reoffered replacement→reoffered transfer→reoffered acceptance-of-a-REFER→reoffered refusal-of-a-REFER→reoffered progress-of-a-REFER→reoffered
reanswered hang-up→closing CANCEL→reanswered ACK→confirmed BYE→closed re-INVITE→reanswered INFO→reanswered ACK-time-out→closing transport-loss→closed reoffer→reanswered loss-of-the-dialog→closing UPDATE→reanswered REFER→reanswered NOTIFY→reanswered replacement→reanswered transfer→reanswered acceptance-of-a-REFER→reanswered refusal-of-a-REFER→reanswered progress-of-a-REFER→reanswered
reoffering hang-up→closing CANCEL→reoffering ACK→reoffering BYE→closing re-INVITE→reoffering INFO→reoffering reoffer→reoffering acceptance-of-ours→confirmed rejection-of-ours→confirmed loss-of-the-dialog→closing UPDATE→reoffering REFER→reoffering NOTIFY→reoffering replacement→reoffering transfer→reoffering acceptance-of-a-REFER→reoffering refusal-of-a-REFER→reoffering progress-of-a-REFER→reoffering
closing CANCEL→closing ACK→closing BYE→closing ACK-time-out→closing transport-loss→closing settlement→closed
closed
`

func TestEveryStateTakesEveryInputAsTheTableSays(t *testing.T) {
	var table strings.Builder
	table.WriteString("\n")
	for _, state := range States() {
		table.WriteString(state.String())
		for in := input(1); in <= inLast; in++ {
			if next, ok := state.next(in); ok {
				fmt.Fprintf(&table, " %s→%s", strings.ReplaceAll(in.String(), " ", "-"), next)
			} else if next != state && next != 0 {
				t.Errorf("%s refuses %s and moves to %s", state, in, next)
			}
		}
		table.WriteString("\n")
	}
	if table.String() != transitions {
		t.Fatalf("the table is\n%s", table.String())
	}
}

// Whatever happens, a dialog can be got rid of: from every state some inputs
// lead to closed.
func TestEveryStateCanEnd(t *testing.T) {
	ends := map[State]bool{StateClosed: true}
	for range States() {
		for _, state := range States() {
			for in := input(1); in <= inLast; in++ {
				if next, ok := state.next(in); ok && ends[next] {
					ends[state] = true
				}
			}
		}
	}
	for _, state := range States() {
		if !ends[state] {
			t.Errorf("%s never ends", state)
		}
	}
}

func TestNamesAreComplete(t *testing.T) {
	for _, state := range append(States(), State(99)) {
		if (state.String() == "unknown") != (state == 99) {
			t.Errorf("state %d is called %s", state, state)
		}
	}
	for in := input(1); in <= inLast+1; in++ {
		if (in.String() == "unknown") != (in > inLast) {
			t.Errorf("input %d is called %s", in, in)
		}
	}
	for kind := EventAcked; kind <= EventEnded+1; kind++ {
		if (kind.String() == "unknown") != (kind > EventEnded) {
			t.Errorf("event %d is called %s", kind, kind)
		}
	}
	for by := ByRemote; by <= ByTransport+1; by++ {
		if (by.String() == "unknown") != (by > ByTransport) {
			t.Errorf("side %d is called %s", by, by)
		}
	}
}
