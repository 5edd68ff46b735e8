package sip

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	gosip "github.com/emiago/sipgo/sip"

	"careline/sip/digest"
	"careline/sip/guard"
	"careline/sip/trunk"
	"careline/sip/wire"
)

// signedInvite calls under a phone's name and answers the challenge as who.
func (p *phone) signedInvite(name string, who digest.Credentials) string {
	p.t.Helper()
	named := func(message string) string {
		return strings.ReplaceAll(message, "+13125550142@trunk.example", name+"@127.0.0.1")
	}
	p.write(named(p.request("INVITE", 1, "first", offerPCM)))
	challenged := p.expect("SIP/2.0 401")
	p.toTag = ""
	header, err := digest.Answer(challenges(challenged)[:1], who, "INVITE", "sip:5550100@127.0.0.1", nil)
	must(p.t, err)
	p.write(named(p.request("INVITE", 2, "signed", offerPCM, "Authorization: "+header)))
	return p.heard()
}

func TestWhoProvesNothingHearsAChallengeOrNothing(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, withPhones)
			p := newPhone(t, x, network)
			p.invite(offerPCM)
			answers := []string{p.heard(), p.register("nobody"), p.register("maria-desk", p.contact())}
			for _, answer := range answers {
				p.wants(answer, "SIP/2.0 401 ")
				if header(answer, "Server") != "" || header(answer, "Allow") != "" || strings.Contains(strings.ToLower(answer), "careline") {
					t.Errorf("the answer says what we are:\n%s", answer)
				}
			}
			for _, method := range []string{"OPTIONS", "SUBSCRIBE", "MESSAGE", "NOTIFY", "PUBLISH", "DANCE", "CANCEL", "ACK"} {
				p.sequence++
				p.write(p.request(method, p.sequence, "probe"+method, ""))
			}
			p.quiet(10 * testT1)
			if len(x.calls) > 0 || x.Stats().Offences == 0 {
				t.Errorf("%d calls came through, %d offences", len(x.calls), x.Stats().Offences)
			}
		})
	}
}

func TestAPhoneThatHasProvenItselfIsAnsweredAndMayCall(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, withPhones)
			p := newPhone(t, x, network)
			p.wants(p.signedIn(maria, 0, p.contact()), "SIP/2.0 200")
			p.write(p.request("OPTIONS", 50, "options", ""))
			if answer := p.expect("SIP/2.0 200"); header(answer, "Server") != DefaultUserAgent {
				t.Errorf("Server %q", header(answer, "Server"))
			}
			p.wants(p.signedInvite("maria-desk", maria), "SIP/2.0 100")
			near := x.nextCall()
			if near.Phone() != "maria-desk" {
				t.Errorf("taken for %q", near.Phone())
			}
			must(t, near.Answer(ours()))
			p.expect("SIP/2.0 200")
			p.send("ACK", 2, "")
			near.expect(t, EventAcked)
			p.send("BYE", 3, "")
			near.expectEnd(t, ByRemote)
		})
	}
}

func TestAPhoneMayNotCallInAnothersName(t *testing.T) {
	x := startExchange(t, withPhones)
	p := newPhone(t, x, "udp")
	if answer := p.signedInvite("james-desk", maria); !strings.HasPrefix(answer, "SIP/2.0 403") {
		t.Errorf("heard %q", firstLine(answer))
	}
	if len(x.calls) != 0 {
		t.Error("the call came through")
	}
}

func TestGuessingEndsInABanThatCanBeLifted(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, withPhones)
			p := newPhone(t, x, network)
			challenged := p.register("maria-desk")
			for n := 1; n < guard.DefaultBanAfter; n++ { // the challenge before weighed a little too
				wrong := p.answer(challenged, digest.Credentials{Username: "maria-desk", Password: fmt.Sprint(n)}, 0)
				challenged = p.register("maria-desk", wrong)
				p.wants(challenged, "SIP/2.0 401")
			}
			p.sequence++
			last := p.answer(challenged, digest.Credentials{Username: "maria-desk", Password: "last"}, 0)
			p.registerUnheard("maria-desk", last)
			eventually(t, "the guesser is banned", func() bool { return len(x.Bans()) == 1 })
			ban := x.Bans()[0]
			if ban.Name() != "127.0.0.1" || ban.Because != guard.WrongPassword || ban.Connected != (network == "tcp") {
				t.Errorf("%+v", ban)
			}
			if network == "udp" {
				p.registerUnheard("maria-desk")
				p.quiet(10 * testT1)
			} else if connection, err := net.Dial("tcp", x.address("tcp")); err == nil {
				must(t, connection.SetReadDeadline(time.Now().Add(patience)))
				if _, err := connection.Read(make([]byte, 1)); err == nil || strings.Contains(err.Error(), "timeout") {
					t.Errorf("a banned source's connection stays up: %v", err)
				}
				_ = connection.Close()
			}
			if x.Lift(netip.MustParseAddr("127.0.0.1")) != 1 || len(x.Bans()) != 0 {
				t.Error("the ban isn't lifted")
			}
			p = newPhone(t, x, network)
			p.wants(p.signedIn(maria, 0, p.contact()), "SIP/2.0 200")
			if stats := x.Stats(); stats.Banned != 1 || stats.Shut == 0 || stats.Unauthorized != guard.DefaultBanAfter {
				t.Errorf("%+v", stats)
			}
		})
	}
}

// registerUnheard sends a REGISTER and doesn't wait for an answer.
func (p *phone) registerUnheard(to string, extra ...string) {
	p.sequence++
	lines := []string{
		"REGISTER " + registrarURI + " SIP/2.0",
		fmt.Sprintf("Via: SIP/2.0/%s %s;branch=z9hG4bK-%s-%d;rport", strings.ToUpper(p.network), p.conn.LocalAddr(), p.id, p.sequence),
		"Max-Forwards: 70", fmt.Sprintf("From: <sip:%s@127.0.0.1>;tag=phone", to), fmt.Sprintf("To: <sip:%s@127.0.0.1>", to),
		"Call-ID: " + p.id, fmt.Sprintf("CSeq: %d REGISTER", p.sequence),
	}
	p.write(strings.Join(append(append(lines, extra...), "Content-Length: 0", "", ""), "\r\n"))
}

// A phone that is registered stays reachable while others at its address guess.
func TestAPhoneThatHasProvenItselfOutlivesItsAddressesBan(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, withPhones)
			good, bad := newPhone(t, x, network), newPhone(t, x, network)
			good.wants(good.signedIn(maria, 0, good.contact()), "SIP/2.0 200")
			for n := 0; len(x.Bans()) == 0 && n < 1000; n++ {
				bad.sequence++
				bad.write(bad.request("OPTIONS", bad.sequence, fmt.Sprint("probe", n), ""))
				if n >= 2*guard.DefaultBanAfter {
					eventually(t, "the prober is banned", func() bool { return len(x.Bans()) == 1 })
				}
			}
			good.write(good.request("OPTIONS", 50, "options", ""))
			good.expect("SIP/2.0 200")
		})
	}
}

func TestATrunkIsNeverBanned(t *testing.T) {
	x := startExchange(t, func(o *Options) {
		withPhones(o)
		o.Trusted = []netip.Prefix{netip.MustParsePrefix("127.0.0.1/32")}
	})
	p := newPhone(t, x, "udp")
	for n := range 200 {
		p.write("garbage of a trunk " + fmt.Sprint(n))
		p.register("maria-desk", `Authorization: Digest username="maria-desk", realm="`+DefaultRealm+`", nonce="x", uri="sip:x", response="y"`)
	}
	eventually(t, "all were read", func() bool { return x.Stats().Unauthorized == 200 && x.Stats().Malformed == 200 })
	if bans := x.Bans(); len(bans) != 0 {
		t.Errorf("%+v", bans)
	}
	far := dialCaller(t, x, "udp") // calls without a password, as a trunk does
	far.invite(offerPCM)
	must(t, x.nextCall().Refuse(486, "", 0))
}

// sipgo keeps the address of whoever it has read a packet from, for good.
func TestOfUnknownSendersNothingIsKept(t *testing.T) {
	x := startExchange(t, func(o *Options) { withPhones(o); o.Guard.UnprovenRate = 20 })
	to := net.UDPAddrFromAddrPort(mustAddrPort(t, x.address("udp")))
	before := x.transport.Pool("udp").Size()
	for n := range 300 {
		conn, err := net.DialUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 66, byte(n>>8), byte(n))}, to)
		must(t, err)
		_, err = conn.Write([]byte(strings.ReplaceAll(strings.Join([]string{
			"INVITE sip:100@127.0.0.1 SIP/2.0", fmt.Sprintf("Via: SIP/2.0/UDP %s;branch=z9hG4bK%d;rport", conn.LocalAddr(), n),
			"From: <sip:100@127.0.0.1>;tag=1", "To: <sip:100@127.0.0.1>", fmt.Sprintf("Call-ID: %d", n), "CSeq: 1 INVITE", "Content-Length: 0", "", "",
		}, "\n"), "\n", "\r\n")))
		must(t, err)
		if n == 0 {
			must(t, conn.SetReadDeadline(time.Now().Add(patience)))
			answer := make([]byte, 2000)
			read, err := conn.Read(answer)
			must(t, err)
			if !strings.HasPrefix(string(answer[:read]), "SIP/2.0 401 ") {
				t.Errorf("heard %q", answer[:read])
			}
		}
		must(t, conn.Close())
		eventually(t, "it was counted", func() bool { s := x.Stats(); return s.Offences+s.Unproven == uint64(n+1) })
	}
	if after := x.transport.Pool("udp").Size(); after != before {
		t.Errorf("sipgo keeps %d addresses, before it was %d", after, before)
	}
	if stats := x.Stats(); stats.Unproven == 0 || stats.Invites != 0 {
		t.Errorf("%+v", stats)
	}
}

func TestDroppedPacketsAllocateNothing(t *testing.T) {
	stranger, scanner := netip.MustParseAddrPort("203.0.113.5:5060"), netip.MustParseAddrPort("198.51.100.7:5060")
	x := startExchange(t, func(o *Options) {
		withPhones(o)
		o.SetUpRate = 10
		o.Sources = []netip.Prefix{netip.MustParsePrefix("198.51.100.0/24"), netip.MustParsePrefix("127.0.0.0/8")}
	})
	for !x.guard.offend(guard.Flow{Remote: scanner}, guard.WrongPassword) {
	}
	packets := &guardedPackets{server: x.Server}
	packet := []byte("INVITE sip:100@127.0.0.1 SIP/2.0\r\n")
	var many [256]netip.AddrPort
	for n := range many {
		many[n] = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 66, 0, byte(n)}), 5060)
	}
	for x.guard.rules.Unproven(time.Now()) {
	}
	n := 0
	for name, drop := range map[string]func(){
		"a stranger": func() { packets.admits(stranger, packet) },
		"banned":     func() { packets.admits(scanner, packet) },
		"a crowd":    func() { n++; x.guard.rules.Hear(time.Now(), guard.Source{Address: many[n%256].Addr()}, 100, true) },
	} {
		if allocated := testing.AllocsPerRun(500, drop); allocated != 0 {
			t.Errorf("%s: %v allocations a packet", name, allocated)
		}
	}
}

func TestOverloadShedsNewCallsAndNothingElse(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, func(o *Options) { o.OverloadLag = time.Hour })
			far, near := connect(t, x, network)
			ringing := dialCaller(t, x, network)
			ringing.invite(offerPCM)
			ringing.expect("SIP/2.0 100")
			x.nextCall()
			x.load.limit.Store(-1) // any wait is too long
			eventually(t, "the load is high", x.load.high)
			late := dialCaller(t, x, network)
			late.invite(offerPCM)
			for answer := late.heard(); ; answer = late.heard() {
				if strings.HasPrefix(answer, "SIP/2.0 100") {
					continue
				}
				if !strings.HasPrefix(answer, "SIP/2.0 503") || header(answer, "Retry-After") == "" {
					t.Errorf("heard\n%s", answer)
				}
				break
			}
			if network == "udp" {
				ringing.invite(offerPCM) // sent again: it is no new call
				ringing.quiet(5*testT1, "SIP/2.0 100")
			}
			far.send("BYE", 2, "")
			far.expect("SIP/2.0 200")
			near.expectEnd(t, ByRemote)
			if shed := x.Stats().Shed; shed != 1 {
				t.Errorf("%d calls shed", shed)
			}
		})
	}
}

func TestLoadIsHighWhileAQueueStands(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLoad(100 * time.Millisecond)
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan struct{})
		go func() { l.run(ctx); close(done) }()
		time.Sleep(time.Second) // virtual
		if l.high() {
			t.Error("high with nothing to do")
		}
		cancel()
		<-done
		for n := range loadWindow {
			if l.note(time.Second); l.high() != (n == loadWindow-1) {
				t.Errorf("after %d bad measurements: %v", n+1, l.high())
			}
		}
		if l.note(time.Millisecond); l.high() {
			t.Error("a short wait shows that no queue stands")
		}
	})
}

func TestOneSourceMayHaveSoManyCalls(t *testing.T) {
	x := startExchange(t, func(o *Options) { withPhones(o); o.CallsPerSource = 2 })
	for n := range 3 {
		p := newPhone(t, x, "udp")
		answer := p.signedInvite("maria-desk", maria)
		if n < 2 {
			p.wants(answer, "SIP/2.0 100")
			x.nextCall()
		} else if !strings.HasPrefix(answer, "SIP/2.0 503") {
			t.Errorf("the third call heard %q", firstLine(answer))
		}
	}
}

func TestATrunkHasSoManyChannels(t *testing.T) {
	one, err := trunk.New(trunk.Options{
		Name: "main", Targets: []trunk.Target{{Network: "udp", Address: netip.MustParseAddrPort("127.0.0.1:9")}},
		Sources: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Channels: 1,
	}, rand.New(rand.NewPCG(1, 2)))
	must(t, err)
	x := startExchange(t, func(o *Options) { o.Trunks = []*trunk.Trunk{one} })
	far, near := connect(t, x, "udp")
	second := dialCaller(t, x, "udp")
	second.invite(offerPCM)
	if refusal := second.expect("SIP/2.0 503"); header(refusal, "Retry-After") == "" {
		t.Errorf("no Retry-After:\n%s", refusal)
	}
	far.send("BYE", 2, "")
	near.expectEnd(t, ByRemote)
	x.settled()
	eventually(t, "the channel is free", func() bool { return one.State(time.Now()).Calls == 0 })
	third := dialCaller(t, x, "udp")
	third.invite(offerPCM)
	must(t, x.nextCall().Refuse(486, "", 0))
}

func TestAConnectionThatSpeaksNoSIPCountsAgainstItsSource(t *testing.T) {
	x := startExchange(t, withPhones)
	for n := 0; n < 100 && len(x.Bans()) == 0; n++ {
		connection, err := net.Dial("tcp", x.address("tcp"))
		must(t, err)
		if _, err := connection.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); err == nil {
			_ = connection.SetReadDeadline(time.Now().Add(patience))
			_, _ = connection.Read(make([]byte, 1)) // until it is cut
		}
		must(t, connection.Close())
	}
	eventually(t, "a ban", func() bool {
		bans := x.Bans()
		return len(bans) == 1 && bans[0].Connected && bans[0].Because == guard.Unreadable
	})
}

// FuzzReceiveUnknown: whatever somebody unknown sends, it isn't let in without a
// password, and what is answered can be read and isn't long.
func FuzzReceiveUnknown(f *testing.F) {
	head := "Via: SIP/2.0/UDP 192.0.2.7;branch=z9hG4bKx;rport\r\nFrom: <sip:a@b>;tag=x\r\nTo: <sip:a@b>\r\nCall-ID: x\r\n"
	for _, method := range []string{"INVITE", "REGISTER", "OPTIONS", "ACK", "CANCEL", "BYE"} {
		f.Add([]byte(method + " sip:a@b SIP/2.0\r\n" + head + "CSeq: 1 " + method + "\r\nContent-Length: 0\r\n\r\n"))
		f.Add([]byte(method + " sip:a@b SIP/2.0\r\n" + strings.Replace(head, "To: <sip:a@b>", "To: <sip:a@b>;tag=t", 1) + "CSeq: 1 " + method + "\r\n\r\n"))
	}
	f.Add([]byte("SIP/2.0 200 OK\r\n" + head + "CSeq: 1 INVITE\r\n\r\n"))
	f.Add([]byte("REGISTER sip:a@b SIP/2.0\r\n" + head + "CSeq: 1 REGISTER\r\nAuthorization: Digest realm=\"" + DefaultRealm + "\", nonce=\"\"\r\n\r\n"))
	options := Options{Listen: []Listen{{"udp", netip.MustParseAddrPort("127.0.0.1:0")}}, TagKey: make([]byte, minTagKey)}
	withPhones(&options)
	options.Guard.BanAfter = 1e9
	server, err := New(options, &exchange{})
	if err != nil {
		f.Fatal(err)
	}
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = socket.Close() })
	from := netip.MustParseAddrPort("127.0.0.1:9")
	f.Fuzz(func(t *testing.T, packet []byte) {
		if server.receiveUnknown(socket, from, packet) {
			t.Fatalf("let in: %q", packet)
		}
		fit, _ := wire.Read(packet, true)
		message, err := server.parser.ParseSIP(fit)
		request, ok := message.(*gosip.Request)
		if err != nil || !ok {
			return
		}
		server.arrived(request, from)
		if _, response := server.consider(request, guard.Flow{Remote: from}); response != nil {
			if status := response.StatusCode; status != 401 && status != 481 {
				t.Fatalf("answered %d to %q", status, packet)
			}
		}
	})
}
