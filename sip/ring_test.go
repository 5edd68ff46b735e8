package sip

import (
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"careline/media"
	"careline/sip/location"
)

type deviceEvent struct {
	device int
	Event
}

// ring calls maria's phone and returns what her devices say.
func ring(t *testing.T, x *exchange) ([]*Dialog, chan deviceEvent) {
	t.Helper()
	events := make(chan deviceEvent, 64)
	var dialogs []*Dialog
	for place, device := range x.Devices("maria-desk") {
		local := ours()
		if device.Browser {
			local = media.Description{WebRTC: "our offer"}
		}
		dialog, err := x.Ring(device, Invitation{
			ID: "019abc", From: NewNumber("5550100"), Display: "Members", Local: local,
			Notify: func(event Event) { events <- deviceEvent{place, event} },
		})
		must(t, err)
		dialogs = append(dialogs, dialog)
	}
	return dialogs, events
}

func awaits(t *testing.T, events chan deviceEvent, kind EventKind) deviceEvent {
	t.Helper()
	for {
		select {
		case e := <-events:
			if e.Kind == kind {
				return e
			}
			if e.Kind != EventProgress {
				t.Fatalf("%s, expected %s: %+v", e.Kind, kind, e.Event)
			}
		case <-time.After(patience):
			t.Fatalf("no %s", kind)
		}
	}
}

// accept answers an INVITE with 200.
func (p *phone) accept(invite string) {
	p.t.Helper()
	p.reply(invite, "200 OK", "Contact: <sip:maria-desk@"+p.sentBy()+">", answerPCM)
}

const answerPCM = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 4002 RTP/AVP 0 101\r\na=rtpmap:101 telephone-event/8000\r\n"

// reply answers a request with a status, a header line and a body.
func (p *phone) reply(request, status, extra, body string) {
	p.t.Helper()
	lines := []string{"SIP/2.0 " + status}
	for _, name := range []string{"Via", "From", "Call-ID", "CSeq"} {
		lines = append(lines, name+": "+header(request, name))
	}
	lines = append(lines, "To: "+header(request, "To")+";tag=phone")
	if extra != "" {
		lines = append(lines, extra)
	}
	if body != "" {
		lines = append(lines, "Content-Type: application/sdp")
	}
	lines = append(lines, "Content-Length: "+strconv.Itoa(len(body)), "", body)
	p.write(strings.Join(lines, "\r\n"))
}

func TestAPhoneIsCalledOverTheFlowItRegisteredBy(t *testing.T) {
	for _, network := range []string{"udp", "tcp"} {
		t.Run(network, func(t *testing.T) {
			x := startExchange(t, withPhones)
			p := newPhone(t, x, network)
			p.wants(p.signedIn(maria, 0, "Contact: <sip:maria-desk@10.11.12.13:5062;transport="+network+">"), "SIP/2.0 200")
			dialogs, events := ring(t, x)
			invite := p.expect("INVITE sip:maria-desk@10.11.12.13:5062;transport=" + network + " SIP/2.0")
			if from := header(invite, "From"); len(dialogs) != 1 || !strings.HasPrefix(from, `"Members" <sip:5550100@`) {
				t.Errorf("called by %q, %d devices", from, len(dialogs))
			}
			p.accept(invite)
			answered := awaits(t, events, EventAnswered)
			if answered.Agreement.Remote.Address != netip.MustParseAddrPort("127.0.0.1:4002") {
				t.Errorf("agreed on %+v", answered.Agreement)
			}
			p.expect("ACK ")
			must(t, dialogs[0].HangUp(CauseNormal, ""))
			bye := p.expect("BYE ")
			awaits(t, events, EventEnded)
			p.answerRequest(bye)
			x.settled()
		})
	}
}

func TestAllDevicesOfAPhoneRing(t *testing.T) {
	x := startExchange(t, withPhones)
	desk, home := newPhone(t, x, "udp"), newPhone(t, x, "tcp")
	desk.wants(desk.signedIn(maria, 0, desk.contact()), "SIP/2.0 200")
	home.wants(home.signedIn(maria, 1, home.contact()), "SIP/2.0 200")
	dialogs, events := ring(t, x)
	one, other := desk.expect("INVITE "), home.expect("INVITE ")
	if len(dialogs) != 2 {
		t.Fatalf("%d devices ring", len(dialogs))
	}
	desk.reply(one, "486 Busy Here", "", "")
	desk.expect("ACK ")
	if ended := awaits(t, events, EventEnded); ended.Status != 486 {
		t.Errorf("ended with %d", ended.Status)
	}
	home.accept(other)
	answered := awaits(t, events, EventAnswered)
	home.expect("ACK ")
	must(t, dialogs[answered.device].HangUp(CauseNormal, ""))
	home.answerRequest(home.expect("BYE "))
	awaits(t, events, EventEnded)
	x.settled()
}

func TestAPhoneThatIsNotThere(t *testing.T) {
	for _, change := range []func(*Options){nil, withPhones} {
		x := startExchange(t, change)
		if devices := x.Devices("maria-desk"); len(devices) != 0 {
			t.Errorf("%d devices", len(devices))
		}
		if _, err := x.Ring(Device{}, Invitation{ID: "1", Local: ours(), Notify: func(Event) {}}); err == nil {
			t.Error("no device at all is called")
		}
	}
}

func TestHopsToABinding(t *testing.T) {
	flow := func(network string) location.Flow {
		return location.Flow{Network: network, Remote: netip.MustParseAddrPort("192.0.2.7:40000")}
	}
	cases := []struct {
		name    string
		binding location.Binding
		want    []string
	}{
		{"behind a NAT", location.Binding{Contact: location.Contact{URI: "sip:a@10.0.0.5"}, Flow: flow("udp"), Confined: true}, []string{"udp://192.0.2.7:40000"}},
		{"in sight", location.Binding{Contact: location.Contact{URI: "sip:a@192.0.2.7"}, Flow: flow("udp")}, []string{"udp://192.0.2.7:5060"}},
		{"a stream, and where it listens", location.Binding{Contact: location.Contact{URI: "sip:a@192.0.2.7:5071;transport=TCP"}, Flow: flow("tcp")},
			[]string{"tcp://192.0.2.7:40000", "tcp://192.0.2.7:5071"}},
		{"secure", location.Binding{Contact: location.Contact{URI: "sips:a@192.0.2.7;transport=tcp"}, Flow: flow("tls")},
			[]string{"tls://192.0.2.7:40000", "tls://192.0.2.7:5061"}},
		{"by its proxy", location.Binding{Contact: location.Contact{URI: "sip:a@10.0.0.5"}, Flow: flow("tcp"), Path: []string{"<sip:edge.example;lr>"}},
			[]string{"tcp://192.0.2.7:40000"}},
		{"a browser", location.Binding{Contact: location.Contact{URI: "sip:a@x.invalid;transport=ws"}, Flow: flow("wss"), Confined: true}, []string{"wss://192.0.2.7:40000"}},
		{"a browser by its proxy", location.Binding{Contact: location.Contact{URI: "sip:a@x.invalid;transport=ws"}, Flow: flow("tls"), Path: []string{"<sip:edge.example;lr>"}},
			[]string{"tls://192.0.2.7:40000"}},
	}
	for _, c := range cases {
		var invitation Invitation
		must(t, invitation.towards(c.binding))
		var got []string
		for _, hop := range invitation.Hops {
			got = append(got, hop.String())
		}
		if !reflect.DeepEqual(got, c.want) || len(invitation.Route) != len(c.binding.Path) {
			t.Errorf("%s: %v by %d proxies, want %v", c.name, got, len(invitation.Route), c.want)
		}
		if got := speaksWebSocket(c.binding); got != strings.HasPrefix(c.name, "a browser") {
			t.Errorf("%s: a browser %v", c.name, got)
		}
	}
}
