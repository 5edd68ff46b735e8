package sip

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"careline/sip/trace"
)

// traced lets a server record.
func traced(change func(*Options)) (*trace.Recorder, func(*Options)) {
	recorder := trace.New(trace.Options{})
	return recorder, func(o *Options) {
		if change != nil {
			change(o)
		}
		o.Trace = recorder
	}
}

// arrows are a trace's messages, those that came with < and those that went with >.
func arrows(shown trace.Trace) string {
	var all []string
	for _, m := range shown.Messages {
		start, _, _ := strings.Cut(m.Text, "\r\n")
		way := ">"
		if m.Incoming {
			way = "<"
		}
		words := strings.Fields(start)
		if words[0] == "SIP/2.0" {
			words = words[1:]
		}
		all = append(all, way+words[0])
	}
	return strings.Join(all, " ")
}

func TestACallIsTracedOverEachNetwork(t *testing.T) {
	for _, network := range Networks() {
		t.Run(network, func(t *testing.T) {
			recorder, change := traced(everyNetwork(t, newAuthority(t)))
			x := startExchange(t, change)
			far := dialCaller(t, x, network)
			far.invite(offerPCM)
			near := x.nextCall()
			recorder.Name(near.ID(), "call-of-ours") // as Dialog.Name does
			must(t, near.Answer(ours()))
			far.expect("SIP/2.0 200")
			far.send("ACK", 1, "")
			near.expect(t, EventAcked)
			must(t, near.HangUp(CauseNormal, "done"))
			near.expectEnd(t, ByLocal)
			far.answerRequest(far.expect("BYE "))
			x.settled()
			shown, found := recorder.Trace("call-of-ours")
			if got := arrows(shown); !found || got != "<INVITE >100 >200 <ACK >BYE <200" {
				t.Errorf("traced: %s", got)
			}
			for _, m := range shown.Messages {
				if m.Network != network || m.Remote.String() != far.conn.LocalAddr().String() && network != "ws" && network != "wss" || m.Local.String() != x.address(network) {
					t.Errorf("%s from %s to %s", m.Network, m.Remote, m.Local)
				}
				if strings.Contains(m.Text, "3125550142") || strings.Contains(m.Text, "Linda") {
					t.Errorf("traced unmasked:\n%s", m.Text)
				}
			}
			var drawn bytes.Buffer
			must(t, trace.Ladder(&drawn, shown))
			if !strings.Contains(drawn.String(), "•••A calls •••B") {
				t.Errorf("drawn:\n%s", &drawn)
			}
		})
	}
}

func TestWhatTheLibrarySaysByItselfIsTraced(t *testing.T) {
	recorder, change := traced(nil)
	x := startExchange(t, change)
	far := dialCaller(t, x, "udp")
	far.invite(offerPCM)
	near := x.nextCall()
	recorder.Name(near.ID(), "call-of-ours")
	must(t, near.Ringing())
	far.expect("SIP/2.0 180")
	far.toTag = ""
	far.invite(offerPCM) // again; answered by the library
	far.expect("SIP/2.0 180")
	far.cancel()
	far.heard()
	far.heard()
	far.write(far.request("ACK", 1, "first", ""))
	near.expect(t, EventCancelled)
	near.expectEnd(t, ByRemote)
	x.settled()
	eventually(t, "the ACK is traced", func() bool {
		shown, _ := recorder.Trace("last")
		return strings.Contains(arrows(shown), "<ACK")
	})
	shown, _ := recorder.Trace("last")
	got := strings.Fields(arrows(shown))
	slices.Sort(got)
	if all := strings.Join(got, " "); all != "<ACK <CANCEL <INVITE <INVITE >100 >180 >180 >200 >487" {
		t.Errorf("traced: %s", all)
	}
}

func TestACallOfOursIsTracedOverAConnectionThatWeMade(t *testing.T) {
	recorder, change := traced(nil)
	x := startExchange(t, change)
	stream, hop := listenStream(t)
	near := place(t, x, nil, hop)
	far := stream.accept()
	far.reply(far.expect("INVITE "), "486 Busy Here", "far", "")
	far.expect("ACK ") // the library's own
	near.expectEnd(t, ByRemote)
	x.settled()
	eventually(t, "the ACK is traced", func() bool {
		shown, _ := recorder.Trace(near.ID())
		return arrows(shown) == ">INVITE <486 >ACK"
	})
	shown, _ := recorder.Trace("last")
	if shown.Call == "" || !strings.HasPrefix(near.ID(), shown.Call) || shown.Messages[0].Remote != hop.Address {
		t.Errorf("traced as call %q to %s", shown.Call, shown.Messages[0].Remote)
	}
}

// BenchmarkTap reads and writes datagrams of a call through the socket that sipgo
// is given, without its parsing: what tracing adds is the whole difference.
func BenchmarkTap(b *testing.B) {
	for name, recorder := range map[string]*trace.Recorder{"off": nil, "on": trace.New(trace.Options{})} {
		b.Run(name, func(b *testing.B) {
			socket, err := net.ListenUDP("udp4", net.UDPAddrFromAddrPort(netip.MustParseAddrPort("127.0.0.1:0")))
			fatal(b, err)
			defer socket.Close()
			local := addrPortOf(socket.LocalAddr())
			packets := &guardedPackets{
				packetSocket: socket, server: &Server{guard: newSentry(Options{SetUpRate: 1 << 30, MaxMessage: DefaultMaxMessage}), load: newLoad(DefaultOverloadLag)},
				tap: tap{recorder: recorder, network: "udp", local: local},
			}
			buffer := make([]byte, 65536)
			for i := 0; b.Loop(); i++ {
				message := fmt.Appendf(buffer[:0], "INVITE sip:5550100@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK%d\r\nCall-ID: %d\r\n\r\n%s", i, i/10%1000, offerPCM)
				if _, err := packets.WriteTo(message, socket.LocalAddr()); err != nil {
					b.Fatal(err)
				}
				if _, _, err := packets.ReadFrom(buffer); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
