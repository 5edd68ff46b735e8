package acd

import (
	"testing"
	"time"
)

func TestACallGoesFromArrivalToWrapUp(t *testing.T) {
	s := startShift(t, clinic())
	s.available("maria")
	s.calls("members", "c1")
	offer := must[Offer](s)
	if offer.ID != "c1/1" || offer.Agent != "maria" || offer.Ring != 20*time.Second {
		t.Fatalf("offer %+v", offer)
	}
	s.rings("maria", "c1")
	s.talk("maria")
	s.do(HoldChanged{Agent: "maria", On: true})
	s.state("maria", Holding)
	s.do(HoldChanged{Agent: "maria"})
	s.state("maria", Talking)
	s.do(ContactLeft{Contact: "c1", Reason: Ended})
	s.state("maria", WrapUp)
	if got := s.agent("maria").Contact; got != "c1" {
		t.Fatalf("wrap-up is about %q", got)
	}
	s.wait(30 * time.Second)
	s.state("maria", Available)
	if n := len(s.engine.contacts); n != 0 {
		t.Fatalf("%d contacts are left", n)
	}
}
