package guard

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// bench is a guard with a clock that the test moves.
type bench struct {
	*Guard
	now time.Time
}

func newBench(options Options) *bench {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return &bench{Guard: New(options, now), now: now}
}

func (b *bench) pass(d time.Duration)                  { b.now = b.now.Add(d) }
func (b *bench) offend(s Source, offence Offence) *Ban { return b.Offend(b.now, s, offence) }
func (b *bench) shut(s Source) bool                    { return b.Shut(b.now, s) }

// offendUntilBanned says how many of an offence it took.
func (b *bench) offendUntilBanned(t *testing.T, s Source, offence Offence) (*Ban, int) {
	t.Helper()
	for n := 1; n <= 1000; n++ {
		if ban := b.offend(s, offence); ban != nil {
			return ban, n
		}
	}
	t.Fatalf("1000 times %s and no ban", offence)
	return nil, 0
}

// from is an address by number.
func from(n int) Source {
	return Source{Address: netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, 0xc6120000+uint32(n))))}
}

func TestGuessingIsEndedAndEachBanIsTwiceAsLong(t *testing.T) {
	b := newBench(Options{BanAfter: 5, Ban: time.Minute, LongestBan: 5 * time.Minute, Forget: time.Hour})
	guesser := from(1)
	for round, want := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 5 * time.Minute, 5 * time.Minute} {
		ban, guesses := b.offendUntilBanned(t, guesser, WrongPassword)
		if guesses != 5 || ban.Times != round+1 || ban.Because != WrongPassword {
			t.Errorf("round %d: %d guesses, %+v", round, guesses, ban)
		}
		if got := ban.Until.Sub(b.now).Round(time.Millisecond); got != want {
			t.Errorf("round %d: banned for %s, want %s", round, got, want)
		}
		b.pass(want - time.Second)
		if !b.shut(guesser) {
			t.Errorf("round %d: heard before the end", round)
		}
		b.pass(2 * time.Second)
		if b.shut(guesser) {
			t.Errorf("round %d: still shut", round)
		}
	}
	b.pass(5*time.Hour + time.Minute)
	if ban, _ := b.offendUntilBanned(t, guesser, WrongPassword); ban.Times != 1 {
		t.Errorf("after five quiet hours the bans aren't forgotten: %d", ban.Times)
	}
}

func TestOffencesAreForgottenOneByOne(t *testing.T) {
	b := newBench(Options{BanAfter: 10, Forget: time.Hour})
	clumsy := from(1)
	for range 100 { // one each six minutes is what leaks away
		if b.offend(clumsy, WrongPassword) != nil {
			t.Fatal("banned at a rate that is forgiven")
		}
		b.pass(6*time.Minute + time.Second)
	}
	for range 9 {
		b.offend(clumsy, WrongPassword)
	}
	if b.offend(clumsy, WrongPassword) == nil {
		t.Error("ten in a row aren't enough")
	}
}

func TestOffencesWeighWhatTheyMean(t *testing.T) {
	for offence, want := range map[Offence]int{WrongPassword: 10, Probe: 20, Unreadable: 20, Challenged: 100, Flood: 100} {
		b := newBench(Options{})
		if _, n := b.offendUntilBanned(t, from(1), offence); n < want || n > want+1 { // tenths don't add up exactly
			t.Errorf("%s: banned after %d, want %d", offence, n, want)
		}
	}
}

func TestFiftyPhonesOfOneOfficeStartAtOnce(t *testing.T) {
	b := newBench(Options{})
	office := from(1)
	for range 10 {
		for range 50 {
			if b.offend(office, Challenged) != nil {
				t.Fatal("the office is banned")
			}
		}
		for range 50 {
			b.Excuse(b.now, office)
		}
	}
}

func TestAFloodIsDroppedThenBanned(t *testing.T) {
	b := newBench(Options{SetUpRate: 10}) // 200 messages, 40 INVITEs a second
	heard, flooding, banned := 0, 0, 0
	for range 10_000 {
		verdict, ban := b.Hear(b.now, from(1), 500, true)
		switch {
		case verdict == Admitted:
			heard++
		case verdict == Flooding:
			flooding++
		case verdict == Banned:
			banned++
		}
		if ban != nil && ban.Because != Flood {
			t.Errorf("banned for %s", ban.Because)
		}
		b.pass(100 * time.Microsecond)
	}
	if heard < 40 || heard > 50 || flooding > 110 || banned < 9800 {
		t.Errorf("%d heard, %d over the rate, %d unheard", heard, flooding, banned)
	}
	if verdict, _ := b.Hear(b.now, from(2), 500, true); verdict != Admitted {
		t.Error("another source suffers for it")
	}
	if verdict, _ := b.Hear(b.now, from(2), DefaultMaxMessage+1, false); verdict != Flooding {
		t.Error("a message that is too long is heard")
	}
}

func TestAForgedAddressShutsOutNoConnection(t *testing.T) {
	b := newBench(Options{})
	b.offendUntilBanned(t, from(1), Unreadable)
	connection := Source{Address: from(1).Address, Connected: true}
	if !b.shut(from(1)) || b.shut(connection) {
		t.Errorf("datagrams shut: %v, connections shut: %v", b.shut(from(1)), b.shut(connection))
	}
	b.offendUntilBanned(t, connection, WrongPassword)
	if bans := b.Bans(b.now); len(bans) != 2 || bans[0].Connected || !bans[1].Connected {
		t.Errorf("%+v", bans)
	}
	if b.Lift(b.now, from(1).Address) != 2 || b.shut(from(1)) || b.shut(connection) || len(b.Bans(b.now)) != 0 {
		t.Error("lifting left something")
	}
	if ban, n := b.offendUntilBanned(t, from(1), WrongPassword); n != 10 || ban.Times != 1 {
		t.Errorf("lifting forgot nothing: banned after %d, %+v", n, ban)
	}
}

func TestAnIPv6NetworkIsOneSource(t *testing.T) {
	b := newBench(Options{})
	for n := range 10 {
		address := netip.MustParsePrefix("2001:db8:1:2::/64").Addr().As16()
		address[15] = byte(n)
		b.offend(Source{Address: netip.AddrFrom16(address)}, WrongPassword)
	}
	if !b.shut(Source{Address: netip.MustParseAddr("2001:db8:1:2:ffff::1")}) || b.shut(Source{Address: netip.MustParseAddr("2001:db8:1:3::1")}) {
		t.Error("the ban isn't for the network of 64 bits")
	}
	if bans := b.Bans(b.now); bans[0].Source.String() != "2001:db8:1:2::/64" {
		t.Errorf("banned %s", bans[0].Source)
	}
	if b.shut(Source{Address: netip.MustParseAddr("::ffff:198.18.0.1")}) {
		t.Error("a mapped address is another's")
	}
}

func TestWhatIsSharedRunsOut(t *testing.T) {
	b := newBench(Options{UnprovenRate: 20})
	let := 0
	for range 10_000 {
		if b.Unproven(b.now) {
			let++
		}
		b.pass(100 * time.Microsecond)
	}
	if let < 39 || let > 41 {
		t.Errorf("%d in a second, want 20 at once and 20 over time", let)
	}
}

func TestFlowsThatHaveProvenThemselves(t *testing.T) {
	b := newBench(Options{Flows: 4})
	flow := func(port uint16) Flow { return Flow{Remote: netip.AddrPortFrom(from(1).Address, port)} }
	for port := range uint16(6) {
		b.Prove(b.now, flow(port), time.Duration(port+1)*time.Minute)
	}
	if b.Proven(b.now, flow(0)) || !b.Proven(b.now, flow(5)) || b.Stats(b.now).Flows != 4 {
		t.Errorf("kept %d, the wrong ones", b.Stats(b.now).Flows)
	}
	if b.Proven(b.now, Flow{Remote: flow(5).Remote, Connected: true}) {
		t.Error("a connection counts as proven for a datagram's sake")
	}
	b.Doubt(flow(5))
	b.pass(4*time.Minute + time.Second)
	if b.Proven(b.now, flow(5)) || b.Proven(b.now, flow(3)) || !b.Proven(b.now, flow(4)) {
		t.Error("doubt or time changes nothing")
	}
}

func TestUnheardPacketsCostNoMemory(t *testing.T) {
	b := newBench(Options{SetUpRate: 1})
	b.offendUntilBanned(t, from(0), WrongPassword)
	var many [4096]Source
	for n := range many {
		many[n] = from(n)
	}
	known := Source{Address: many[1].Address, Known: true}
	flow := Flow{Remote: netip.AddrPortFrom(many[1].Address, 1)}
	n := 0
	for name, drop := range map[string]func(){
		"banned":        func() { b.Hear(b.now, many[0], 500, true) },
		"shut":          func() { b.Shut(b.now, many[0]) },
		"many sources":  func() { n++; b.Hear(b.now, many[n%len(many)], 500, true) },
		"known, flood":  func() { b.Hear(b.now, known, 500, true) },
		"shared":        func() { b.Unproven(b.now) },
		"proven or not": func() { b.Proven(b.now, flow) },
	} {
		if allocated := testing.AllocsPerRun(1000, drop); allocated != 0 {
			t.Errorf("%s: %v allocations a packet", name, allocated)
		}
	}
}

// Whatever others send, from however many addresses: a ban holds to its end, the
// known are never banned, and the tables stay as they are.
func TestNobodyCanMakeABanBeForgotten(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		b := newBench(Options{Sources: 16, BanAfter: 2, Ban: time.Hour, UnprovenRate: 1000, SetUpRate: 5})
		size := len(b.others.slots)
		scanner := from(0)
		for b.offend(scanner, WrongPassword) == nil {
		}
		until := b.Bans(b.now)[0].Until
		for range rapid.IntRange(1, 400).Draw(t, "steps") {
			other := from(rapid.IntRange(1, 200).Draw(t, "source"))
			other.Known = rapid.Bool().Draw(t, "known")
			other.Connected = rapid.Bool().Draw(t, "connected")
			switch rapid.IntRange(0, 2).Draw(t, "what") {
			case 0:
				b.Hear(b.now, other, 100, true)
			case 1:
				if ban := b.offend(other, Offence(rapid.IntRange(0, 4).Draw(t, "offence"))); ban != nil && other.Known {
					t.Fatalf("a known source is banned: %+v", ban)
				}
			case 2:
				b.pass(time.Duration(rapid.IntRange(0, 5000).Draw(t, "ms")) * time.Millisecond)
			}
			if b.now.Before(until) && !b.shut(scanner) {
				t.Fatal("the ban was forgotten")
			}
			if verdict, _ := b.Hear(b.now, Source{Address: other.Address, Known: true}, 100, false); verdict == Banned {
				t.Fatal("a known source isn't heard")
			}
		}
		if len(b.others.slots) != size || len(b.known.slots) != size {
			t.Fatal("the tables grew")
		}
	})
}

// Where every place is taken by a ban, newcomers share one account, which is
// banned for a short time only.
func TestWithoutAPlaceNewcomersShareOneAccount(t *testing.T) {
	b := newBench(Options{Sources: 1, BanAfter: 2, Ban: time.Minute, LongestBan: time.Hour})
	for n := range ways {
		b.offendUntilBanned(t, from(n), WrongPassword)
	}
	b.offend(from(100), WrongPassword)
	if ban := b.offend(from(101), WrongPassword); ban == nil || ban.Source.IsValid() || ban.Until.Sub(b.now) > time.Minute+time.Second {
		t.Fatalf("the crowd's ban: %+v", ban)
	}
	if verdict, _ := b.Hear(b.now, from(102), 100, false); verdict != Banned {
		t.Error("a newcomer without a place is heard while the crowd is banned")
	}
	if b.Lift(b.now, netip.Addr{}) != 1 || b.Lift(b.now, netip.Addr{}) != 0 {
		t.Error("the crowd's ban isn't lifted once")
	}
	if verdict, _ := b.Hear(b.now, from(102), 100, false); verdict != Admitted {
		t.Error("it holds after it was lifted")
	}
}

func BenchmarkBannedPacket(b *testing.B) {
	bench := newBench(Options{})
	scanner := from(0)
	for bench.offend(scanner, WrongPassword) == nil {
	}
	b.ReportAllocs()
	for b.Loop() {
		bench.Hear(bench.now, scanner, 500, true)
	}
}
