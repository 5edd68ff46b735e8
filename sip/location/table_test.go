package location

import (
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var noon = time.Date(2030, 1, 2, 12, 0, 0, 0, time.UTC)

const home = "sip:maria@192.0.2.7:5060"

func register(cseq uint32, contacts ...Contact) Registration {
	return Registration{Record: "maria", CallID: "a", CSeq: cseq, Contacts: contacts}
}

func contact(uri string, expires time.Duration) Contact {
	return Contact{URI: uri, Q: MaxQ, Expires: expires}
}

func mustRegister(t *testing.T, table *Table, now time.Time, r Registration) []Binding {
	t.Helper()
	bindings, err := table.Register(now, r)
	if err != nil {
		t.Fatal(err)
	}
	return bindings
}

func TestABindingComesIsRefreshedAndEnds(t *testing.T) {
	table := New(Options{})
	flow := Flow{Network: "udp", Remote: netip.MustParseAddrPort("192.0.2.7:5060")}
	first := register(1, contact(home, Unasked))
	first.Flow, first.Path = flow, []string{"<sip:edge.example;lr>"}
	got := mustRegister(t, table, noon, first)
	if len(got) != 1 || got[0].Until != noon.Add(DefaultExpires) || got[0].Flow != flow || len(got[0].Path) != 1 {
		t.Fatalf("registered %+v", got)
	}
	got = mustRegister(t, table, noon.Add(time.Minute), register(2, contact("SIP:maria@192.0.2.7:5060;rinstance=x", time.Hour)))
	if len(got) != 1 || got[0].Until != noon.Add(time.Minute+DefaultMaxExpires) || got[0].CSeq != 2 {
		t.Fatalf("refreshed %+v", got)
	}
	if asked := mustRegister(t, table, noon.Add(time.Minute), register(3)); !reflect.DeepEqual(asked, got) {
		t.Fatalf("asking changed them to %+v", asked)
	}
	end := noon.Add(time.Minute + DefaultMaxExpires)
	if left := table.Lookup(end, "maria"); len(left) != 0 {
		t.Fatalf("still there after its time: %+v", left)
	}
	if gone := table.Expire(end); !reflect.DeepEqual(gone, []string{"maria"}) || table.Len() != 0 {
		t.Fatalf("%v expired, %d left", gone, table.Len())
	}
}

func TestIntervalsHaveBounds(t *testing.T) {
	cases := []struct {
		name         string
		asked, limit time.Duration
		want         time.Duration // 0: refused
	}{
		{"the least", DefaultMinExpires, 0, DefaultMinExpires},
		{"too brief", DefaultMinExpires - time.Second, 0, 0},
		{"too long is shortened", 100 * time.Hour, 0, DefaultMaxExpires},
		{"a flow that a NAT forgets", time.Hour, 45 * time.Second, 45 * time.Second},
		{"nothing asked over such a flow", Unasked, 45 * time.Second, 45 * time.Second},
	}
	for _, c := range cases {
		r := register(1, contact(home, c.asked))
		r.Limit = c.limit
		got, err := New(Options{}).Register(noon, r)
		var brief *BriefError
		switch {
		case c.want == 0 && (!errors.As(err, &brief) || brief.Min != DefaultMinExpires):
			t.Errorf("%s: %v", c.name, err)
		case c.want != 0 && (err != nil || got[0].Until.Sub(noon) != c.want):
			t.Errorf("%s: %+v, %v", c.name, got, err)
		}
	}
	if table := New(Options{MinExpires: 5 * time.Hour}); table.options.MinExpires != time.Hour {
		t.Errorf("an hour could be called too brief: %s", table.options.MinExpires)
	}
}

func TestARequestIsCarriedOutWholeOrNotAtAll(t *testing.T) {
	table := New(Options{})
	before := mustRegister(t, table, noon, register(1, contact(home, time.Hour)))
	if _, err := table.Register(noon, register(2, contact(home, 0), contact("sip:maria@192.0.2.8", time.Second))); err == nil {
		t.Fatal("too brief an interval was taken")
	}
	if after := table.Lookup(noon, "maria"); !reflect.DeepEqual(after, before) {
		t.Fatalf("half of a refused request took effect: %+v", after)
	}
}

func TestALateRequestChangesNothing(t *testing.T) {
	table := New(Options{})
	mustRegister(t, table, noon, register(7, contact(home, time.Hour)))
	for _, late := range []Registration{
		register(7, contact(home, 0)), register(6, contact(home, time.Hour)),
		{Record: "maria", CallID: "a", CSeq: 5, RemoveAll: true},
	} {
		if _, err := table.Register(noon, late); !errors.Is(err, ErrOutOfOrder) {
			t.Errorf("CSeq %d: %v", late.CSeq, err)
		}
	}
	again := register(1, contact(home, time.Hour))
	again.CallID = "after its restart"
	if got := mustRegister(t, table, noon, again); len(got) != 1 || got[0].CSeq != 1 {
		t.Errorf("a phone that restarted: %+v", got)
	}
}

func TestTheStarRemovesAll(t *testing.T) {
	table := New(Options{})
	mustRegister(t, table, noon, register(1, contact(home, time.Hour), contact("sip:maria@192.0.2.8", time.Hour)))
	if left := mustRegister(t, table, noon, Registration{Record: "maria", CallID: "a", CSeq: 2, RemoveAll: true}); len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
	if table.Len() != 0 {
		t.Errorf("%d bindings are counted", table.Len())
	}
}

func TestThePreferredComesFirstAndTheLatestOfEquals(t *testing.T) {
	table := New(Options{})
	low, high := contact("sip:maria@192.0.2.1", time.Hour), contact("sip:maria@192.0.2.2", time.Hour)
	low.Q = 300
	mustRegister(t, table, noon, register(1, high, low))
	later := contact("sip:maria@192.0.2.3", time.Hour)
	got := mustRegister(t, table, noon.Add(time.Second), register(2, later))
	if len(got) != 3 || got[0].URI != later.URI || got[1].URI != high.URI || got[2].URI != low.URI {
		t.Errorf("in the order %+v", got)
	}
}

func TestAPhoneThatMovesReplacesItsOwnBinding(t *testing.T) {
	table := New(Options{})
	one := Contact{URI: home, Q: MaxQ, Expires: time.Hour, Instance: "<urn:uuid:1>", RegID: 1}
	mustRegister(t, table, noon, register(1, one))
	one.URI = "sip:maria@198.51.100.9:40000"
	moved := register(1, one)
	moved.CallID = "b"
	if got := mustRegister(t, table, noon, moved); len(got) != 1 || got[0].URI != one.URI {
		t.Errorf("after the move: %+v", got)
	}
	one.RegID, one.URI = 2, "sip:maria@198.51.100.9:40001"
	second := register(2, one)
	second.CallID = "b"
	if got := mustRegister(t, table, noon, second); len(got) != 2 {
		t.Errorf("a second flow of the same phone: %+v", got)
	}
}

func TestALostConnectionTakesWhatHungOnIt(t *testing.T) {
	table := New(Options{})
	flow := Flow{Network: "tcp", Remote: netip.MustParseAddrPort("198.51.100.9:40000")}
	behind := register(1, contact("sip:maria@10.0.0.5:5060", time.Hour))
	behind.Flow, behind.Confined = flow, true
	open := Registration{Record: "james", CallID: "j", CSeq: 1, Flow: flow, Contacts: []Contact{contact("sip:james@198.51.100.9", time.Hour)}}
	mustRegister(t, table, noon, behind)
	mustRegister(t, table, noon, open)
	if gone := table.Lost(flow.Remote); !reflect.DeepEqual(gone, []string{"maria"}) {
		t.Errorf("lost %v", gone)
	}
	if len(table.Lookup(noon, "james")) != 1 {
		t.Error("a phone that can be reached otherwise was forgotten")
	}
}

func TestTheTableIsBounded(t *testing.T) {
	table := New(Options{MaxContacts: 2, MaxBindings: 3})
	uri := func(i int) string { return fmt.Sprintf("sip:maria@192.0.2.%d", i) }
	for i := range 5 {
		mustRegister(t, table, noon.Add(time.Duration(i)*time.Second), register(uint32(i+1), contact(uri(i), time.Hour)))
	}
	if got := table.Lookup(noon.Add(5*time.Second), "maria"); len(got) != 2 || got[0].URI != uri(4) || got[1].URI != uri(3) {
		t.Errorf("kept %+v, not the latest two", got)
	}
	if _, err := table.Register(noon, register(9, contact(uri(1), time.Hour), contact(uri(2), time.Hour), contact(uri(3), time.Hour))); !errors.Is(err, ErrTooMany) {
		t.Errorf("three at once: %v", err)
	}
	other := func(name string) error {
		_, err := table.Register(noon, Registration{Record: name, CallID: name, CSeq: 1, Contacts: []Contact{contact("sip:x@192.0.2.9", time.Hour)}})
		return err
	}
	if err := other("james"); err != nil {
		t.Error(err)
	}
	if err := other("nora"); !errors.Is(err, ErrFull) {
		t.Errorf("a fourth binding: %v", err)
	}
}

func TestKeysCompareAsTheRFCSays(t *testing.T) {
	same := [][2]string{
		{"sip:a@Example.com", "SIP:a@example.com"}, {"sip:a@h;ob", "sip:a@h;rinstance=1"},
		{"sip:a@h;Transport=TCP", "sip:a@h;x=y;transport=tcp"}, {"sip:h", "sip:@h"},
	}
	other := [][2]string{
		{"sip:a@h", "sip:A@h"}, {"sip:a@h", "sip:a@h:5060"}, {"sip:a@h", "sips:a@h"},
		{"sip:a@h", "sip:a@h;transport=tcp"}, {"sip:a@h;transport=udp", "sip:a@h;transport=tcp"},
	}
	for _, pair := range same {
		if key(pair[0]) != key(pair[1]) {
			t.Errorf("%s and %s differ", pair[0], pair[1])
		}
	}
	for _, pair := range other {
		if key(pair[0]) == key(pair[1]) {
			t.Errorf("%s and %s are taken for one", pair[0], pair[1])
		}
	}
}

// Whatever is asked in whatever order: what is refused changes nothing, nothing
// outlives its time, no bound is passed, and no older request of a phone undoes
// a later one.
func TestBindingsKeepTheirRules(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		table := New(Options{MaxContacts: 2, MaxBindings: 4})
		now, records := noon, []string{"maria", "james", "nora"}
		all := func() map[string][]Binding {
			seen := map[string][]Binding{}
			for _, record := range records {
				seen[record] = table.Lookup(now, record)
			}
			return seen
		}
		t.Repeat(map[string]func(*rapid.T){
			"wait": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 2400).Draw(t, "seconds")) * time.Second)
			},
			"expire": func(t *rapid.T) {
				before := all()
				table.Expire(now)
				if after := all(); !reflect.DeepEqual(before, after) {
					t.Fatal("forgetting what had ended took what stood")
				}
			},
			"lost": func(t *rapid.T) { table.Lost(drawFlow(t).Remote) },
			"register": func(t *rapid.T) {
				r := Registration{
					Record: rapid.SampledFrom(records).Draw(t, "record"), CallID: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "call"),
					CSeq: uint32(rapid.IntRange(1, 9).Draw(t, "cseq")), RemoveAll: rapid.IntRange(0, 9).Draw(t, "star") == 0,
					Flow: drawFlow(t), Confined: rapid.Bool().Draw(t, "confined"),
				}
				if !r.RemoveAll {
					r.Contacts = rapid.SliceOfN(rapid.Custom(drawContact), 0, 3).Draw(t, "contacts")
				}
				before := all()
				got, err := table.Register(now, r)
				after := all()
				if err != nil && !reflect.DeepEqual(before, after) {
					t.Fatalf("refused with %v, and yet something changed", err)
				}
				if err == nil && len(got)+len(after[r.Record]) > 0 && !reflect.DeepEqual(got, after[r.Record]) {
					t.Fatalf("said %+v, has %+v", got, after[r.Record])
				}
				checkOrder(t, before[r.Record], after[r.Record], r)
			},
			"": func(t *rapid.T) { checkBounds(t, table, now, records) },
		})
	})
}

func drawFlow(t *rapid.T) Flow {
	return Flow{Network: rapid.SampledFrom([]string{"udp", "tcp"}).Draw(t, "network")}
}

func drawContact(t *rapid.T) Contact {
	return Contact{
		URI:      rapid.SampledFrom([]string{"sip:x@h1", "sip:x@h2;ob", "sip:X@H2", "sip:x@h3"}).Draw(t, "uri"),
		Q:        rapid.IntRange(0, MaxQ).Draw(t, "q"),
		Expires:  time.Duration(rapid.SampledFrom([]int{-1, 0, 10, 60, 600, 99999}).Draw(t, "expires")) * time.Second,
		Instance: rapid.SampledFrom([]string{"", "", "<urn:uuid:1>"}).Draw(t, "instance"), RegID: rapid.IntRange(0, 1).Draw(t, "reg-id"),
	}
}

func checkOrder(t *rapid.T, before, after []Binding, r Registration) {
	for _, old := range before {
		if old.CallID != r.CallID || old.CSeq < r.CSeq {
			continue
		}
		for _, fresh := range after {
			if fresh.same(old.Contact) && fresh.CallID == old.CallID && fresh.CSeq < old.CSeq {
				t.Fatalf("CSeq %d took the place of %d", fresh.CSeq, old.CSeq)
			}
		}
	}
}

func checkBounds(t *rapid.T, table *Table, now time.Time, records []string) {
	counted := 0
	for _, bindings := range table.records {
		counted += len(bindings)
	}
	if counted != table.Len() || counted > 4 {
		t.Fatalf("%d bindings, counted as %d", counted, table.Len())
	}
	for _, record := range records {
		bindings := table.Lookup(now, record)
		if len(bindings) > 2 {
			t.Fatalf("%s has %d contacts", record, len(bindings))
		}
		for i, binding := range bindings {
			if !binding.Until.After(now) || binding.Until.Sub(binding.Updated) > DefaultMaxExpires {
				t.Fatalf("stands until %s at %s", binding.Until, now)
			}
			if i > 0 && bindings[i-1].Q < binding.Q {
				t.Fatal("a lower preference comes first")
			}
			for _, other := range bindings[:i] {
				if other.same(binding.Contact) {
					t.Fatalf("%s stands twice", binding.URI)
				}
			}
		}
	}
}
