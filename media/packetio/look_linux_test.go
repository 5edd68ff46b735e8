package packetio

import (
	"net/netip"
	"testing"
	"time"
)

// looked opens two sockets of a poller of the test's: the first isn't in a hurry.
func looked(t *testing.T) (poller *Poller, a, b Socket, heard *taken) {
	t.Helper()
	poller, err := NewPoller()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := poller.Close(); err != nil {
			t.Error(err)
		}
	})
	a, heard = open(t, poller, loopback)
	b, _ = open(t, poller, loopback)
	if err := a.Hurry(false); err != nil {
		t.Fatal(err)
	}
	b.Aim(a.Local())
	return poller, a, b, heard
}

func send(t *testing.T, from Socket, count int) {
	t.Helper()
	for range count {
		if err := from.Send([]byte("sound")); err != nil {
			t.Fatal(err)
		}
	}
}

func (t *taken) count() int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.raw)
}

func TestWhatIsInNoHurryWaitsForALook(t *testing.T) {
	poller, a, b, heard := looked(t)
	send(t, b, 2)
	poller.Poll(time.Now())
	if n := heard.count(); n != 0 {
		t.Errorf("a poll takes %d datagrams", n)
	}
	poller.Look(a, time.Now())
	if n := heard.count(); n != 2 {
		t.Errorf("a look takes %d datagrams of 2", n)
	}
	send(t, b, 1)
	if err := a.Hurry(true); err != nil {
		t.Fatal(err)
	}
	poller.Look(a, time.Now())
	if n := heard.count(); n != 2 {
		t.Errorf("a look takes %d datagrams of a socket in a hurry", n-2)
	}
	poller.Poll(time.Now())
	if n := heard.count(); n != 3 {
		t.Errorf("a poll takes %d datagrams of 1", n-2)
	}
}

// However unevenly datagrams come, none waits for more than a few looks.
func TestNothingIsLeftWaiting(t *testing.T) {
	poller, a, b, heard := looked(t)
	sent := 0
	for _, burst := range []int{2, 2, 0, 4, 1, 3, 7, 0, 0, 5, 1} {
		send(t, b, burst)
		sent += burst
		poller.Look(a, time.Now())
	}
	for range lookThrough {
		poller.Look(a, time.Now())
	}
	if n := heard.count(); n != sent {
		t.Errorf("%d of %d datagrams were taken", n, sent)
	}
}

// A flooded socket is read with those in a hurry, and not at its look alone.
func TestAFloodedSocketIsPolled(t *testing.T) {
	poller, a, b, heard := looked(t)
	send(t, b, 3*lookMost)
	poller.Look(a, time.Now())
	if !poller.Hurried() {
		t.Fatal("it isn't in a hurry")
	}
	poller.Poll(time.Now().Add(time.Minute))
	if n := heard.count(); n != 3*lookMost {
		t.Errorf("%d of %d datagrams were taken", n, 3*lookMost)
	}
}

// The system notes when a datagram came, however long it waits.
func TestALookKnowsWhenDatagramsCame(t *testing.T) {
	poller, a, b, _ := looked(t)
	var came []time.Time
	a.(*polled).take = func(_ []byte, _ netip.AddrPort, at time.Time) { came = append(came, at) }
	began := time.Now()
	send(t, b, 1)
	sent := time.Now()
	poller.Look(a, sent.Add(40*time.Millisecond)) // as if it were so much later
	if len(came) != 1 || came[0].Before(began.Add(-time.Millisecond)) || came[0].After(sent.Add(time.Millisecond)) {
		t.Errorf("sent from %v on, until %v later, it came at %v", began, sent.Sub(began), came)
	}
}

func TestALookReadsAnswersToo(t *testing.T) {
	poller, a, b, heard := looked(t)
	a.Aim(nobody(t, poller, loopback))
	for range 20 {
		_ = a.Send([]byte("is anybody there"))
		poller.Look(a, time.Now())
	}
	if n := a.Refused(); n < 10 {
		t.Errorf("%d of 20 refused", n)
	}
	a.Aim(b.Local())
	poller.Look(a, time.Now())
	send(t, b, 1)
	for range 2 { // an answer may be before it
		poller.Look(a, time.Now())
	}
	if n := heard.count(); n != 1 {
		t.Errorf("%d datagrams of 1 were taken", n)
	}
}

func TestAClosedSocketIsInNoHurry(t *testing.T) {
	poller, a, _, _ := looked(t)
	if err := a.Close(); err != nil {
		t.Fatal(err)
	}
	if err := a.Hurry(true); err != ErrClosed {
		t.Errorf("got %v", err)
	}
	poller.Look(a, time.Now())
}
