package sip

import (
	"errors"
	"strings"
	"testing"
)

func TestACallCarriedOnMayPassOneServerLess(t *testing.T) {
	x := startExchange(t, nil)
	for _, test := range []struct {
		line string // instead of the INVITE's Max-Forwards
		want string // in ours; none where it may go no further
	}{
		{"Max-Forwards: 70", "69"}, {"Max-Forwards: 255", "69"}, {"Max-Forwards: 1", "0"}, {"Max-Forwards: 0", ""}, {"X-None: 1", "69"},
	} {
		t.Run(test.line, func(t *testing.T) {
			caller := dialCaller(t, x, "udp")
			caller.write(strings.Replace(caller.request("INVITE", 1, "first", offerPCM), "Max-Forwards: 70", test.line, 1))
			near := x.nextCall() // whatever it says, the call is for us and is taken
			far := listenFar(t, x)
			onward := Invitation{
				ID: "onward", To: NewNumber("+13125550177"), Hops: []Hop{hopOf(t, far)}, Local: ours(), Notify: func(Event) {}, Forwards: near.Forwards(),
			}
			dialog, err := x.Server.Invite(onward)
			if test.want == "" {
				if !errors.Is(err, ErrTooManyHops) || RefusalStatus(err) != 483 {
					t.Fatalf("went on: %v", err)
				}
				must(t, near.Refuse(RefusalStatus(err), "", 0))
				caller.expect("SIP/2.0 483 Too Many Hops")
				return
			}
			must(t, err)
			invite := far.expect("INVITE ")
			if got := header(invite, "Max-Forwards"); got != test.want {
				t.Fatalf("Max-Forwards %s, expected %s", got, test.want)
			}
			far.reply(invite, "486 Busy Here", "far", "")
			far.expect("ACK ")
			eventually(t, "ours is over", func() bool { return dialog.State() == StateClosed })
			must(t, near.Refuse(486, "", 0))
			caller.expect("SIP/2.0 486")
		})
	}
}
