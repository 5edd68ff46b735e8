package rtcp

import (
	"encoding/hex"
	"errors"
	"testing"

	pion "github.com/pion/rtcp"
	"pgregory.net/rapid"
)

// What another implementation writes is read as it was meant.
func TestReadsWhatOthersWrite(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		us := rapid.Uint32().Draw(t, "us")
		block := rapid.Custom(func(t *rapid.T) pion.ReceptionReport {
			return pion.ReceptionReport{
				SSRC: rapid.OneOf(rapid.Just(us), rapid.Uint32()).Draw(t, "ssrc"), FractionLost: rapid.Uint8().Draw(t, "fraction"),
				TotalLost: rapid.Uint32Range(0, 1<<23-1).Draw(t, "lost"), LastSequenceNumber: rapid.Uint32().Draw(t, "highest"),
				Jitter: rapid.Uint32().Draw(t, "jitter"), LastSenderReport: rapid.Uint32().Draw(t, "lsr"), Delay: rapid.Uint32().Draw(t, "delay"),
			}
		})
		blocks := rapid.SliceOfN(block, 0, maxBlocks).Draw(t, "blocks")
		source := rapid.Uint32().Draw(t, "source")
		var first pion.Packet = &pion.ReceiverReport{SSRC: source, Reports: blocks}
		want := Report{Source: source}
		if rapid.Bool().Draw(t, "sends") {
			want.Sends = true
			want.Sender = Sender{
				NTP: rapid.Uint64().Draw(t, "ntp"), Timestamp: rapid.Uint32().Draw(t, "timestamp"),
				Packets: rapid.Uint32().Draw(t, "packets"), Octets: rapid.Uint32().Draw(t, "octets"),
			}
			first = &pion.SenderReport{
				SSRC: source, Reports: blocks, NTPTime: want.Sender.NTP, RTPTime: want.Sender.Timestamp,
				PacketCount: want.Sender.Packets, OctetCount: want.Sender.Octets,
			}
		}
		for _, b := range blocks {
			want.Others = want.Others || b.SSRC != us
			if b.SSRC == us {
				want.Told = true
				want.About = Block{us, b.FractionLost, int32(b.TotalLost), b.LastSequenceNumber, b.Jitter, b.LastSenderReport, b.Delay}
			}
		}
		all := []pion.Packet{first, pion.NewCNAMESourceDescription(source, rapid.StringN(0, 40, 200).Draw(t, "cname"))}
		if want.Goodbye = rapid.Bool().Draw(t, "goodbye"); want.Goodbye {
			all = append(all, &pion.Goodbye{Sources: []uint32{source}, Reason: "bye"})
		}
		raw, err := pion.Marshal(all)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Read(raw, us); err != nil || got != want {
			t.Fatalf("%x is read as %+v (%v), want %+v", raw, got, err, want)
		}
		if !Is(raw) {
			t.Fatal("it isn't taken for RTCP")
		}
	})
}

func TestMalformedReportsAreRefused(t *testing.T) {
	for name, text := range map[string]string{
		"nothing":                          "",
		"a description first":              "81ca0001" + "00000001",
		"version 1":                        "40c90001" + "00000001",
		"padding in the first packet":      "a0c90002" + "00000001" + "00000004",
		"longer than it is":                "80c90002" + "00000001",
		"a block that isn't there":         "81c90001" + "00000001",
		"a sender without its figures":     "80c80001" + "00000001",
		"a second packet of version 0":     "80c90001" + "00000001" + "01ca0000",
		"a second one that is cut":         "80c90001" + "00000001" + "80cb",
		"a goodbye of nobody":              "80c90001" + "00000001" + "82cb0001" + "00000001",
		"padding of 0":                     "80c90001" + "00000001" + "a0cb0001" + "00000000",
		"padding longer than the packet":   "80c90001" + "00000001" + "a0cb0001" + "00000008",
		"padding in the middle":            "80c90001" + "00000001" + "a0cc0001" + "00000004" + "80cb0000",
		"padding of a packet with no room": "80c90001" + "00000001" + "a0cb0000",
	} {
		raw, err := hex.DecodeString(text)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := Read(raw, 1); !errors.Is(err, ErrMalformed) {
			t.Errorf("%s: read as %+v", name, got)
		}
	}
}

// More packets than sent, by doubles, make a loss below 0 (RFC 3550 section 6.4.1).
func TestNegativeLoss(t *testing.T) {
	raw := appendReport(nil, 1, Name{}, nil, &Block{Source: 9, Lost: -3})
	if got, err := Read(raw, 9); err != nil || got.About.Lost != -3 {
		t.Errorf("loss is %d (%v), want -3", got.About.Lost, err)
	}
}

// FuzzRead reads what anybody may send: it must neither fail otherwise than it says
// nor tell what isn't there.
func FuzzRead(f *testing.F) {
	f.Add(AppendGoodbye(appendReport(nil, 1, NewName([16]byte{}), &Sender{NTP: 1 << 40}, &Block{Source: 2, Lost: -1}), 1))
	f.Add([]byte{0x80, 201, 0, 1, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, raw []byte) {
		report, err := Read(raw, 2)
		if err != nil {
			if report != (Report{}) {
				t.Errorf("refused, and yet read: %+v", report)
			}
			return
		}
		if !Is(raw) || report.Told && report.About.Source != 2 {
			t.Errorf("%x is read as %+v", raw, report)
		}
		if others, err := pion.Unmarshal(raw); err == nil {
			if first, ok := others[0].(*pion.SenderReport); ok && (!report.Sends || first.PacketCount != report.Sender.Packets && len(others) == 1) {
				t.Errorf("%x is read as %+v", raw, report)
			}
		}
	})
}
