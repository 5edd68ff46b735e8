package sip

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"careline/media"
)

// act is one thing that happens to a call in a trial: a packet of the far side,
// a wish of the handler, or time that goes by.
type act struct {
	name string
	do   func(*bench)
}

// In whatever order the far side sends, answers, repeats and falls silent, and
// whatever the handler wishes meanwhile: each request of the far side is
// answered, finally in one way; each call ends, and is told so once; and nothing
// is left.
func TestAnySequenceOfOneDialog(t *testing.T) {
	withoutNames(t)
	rapid.Check(t, anySequence(t))
}

// FuzzSequence is TestAnySequenceOfOneDialog for as long as one likes.
func FuzzSequence(f *testing.F) {
	withoutNames(f)
	f.Fuzz(func(t *testing.T, input []byte) {
		rapid.MakeFuzz(anySequence(t))(t, input)
	})
}

func anySequence(t *testing.T) func(*rapid.T) {
	return func(rt *rapid.T) {
		acts := []act{farSends("INVITE", 1, drawBody(rt), "", drawExtra(rt))}
		acts = append(acts, rapid.SliceOfN(rapid.Custom(drawAct), 0, 14).Draw(rt, "acts")...)
		wrong := try(t, rapid.Bool().Draw(rt, "answers"), func(b *bench) {
			for _, one := range acts {
				one.do(b)
			}
		}, (*bench).unanswered)
		if wrong != "" {
			var story strings.Builder
			for _, one := range acts {
				fmt.Fprintf(&story, "\n\t%s", one.name)
			}
			rt.Fatalf("%s\nafter:%s", wrong, story.String())
		}
	}
}

func drawAct(rt *rapid.T) act {
	switch rapid.IntRange(0, 9).Draw(rt, "kind") {
	case 0, 1, 2:
		method := rapid.SampledFrom([]string{"INVITE", "ACK", "BYE", "CANCEL", "INFO", "UPDATE", "PRACK", "REFER", "NOTIFY", "OPTIONS", "MESSAGE"}).Draw(rt, "method")
		sequence := rapid.SampledFrom([]int{1, 2, 3, 4, 5, 2147483647}).Draw(rt, "sequence")
		return farSends(method, sequence, drawBody(rt), rapid.SampledFrom([]string{"", "", "", "wrong", "none"}).Draw(rt, "tag"), drawExtra(rt))
	case 3:
		return farSends("ACK", rapid.IntRange(1, 4).Draw(rt, "sequence"), drawBody(rt), "", "")
	case 4:
		return act{"the last packet again", func(b *bench) { b.send(b.last) }}
	case 5, 6:
		return drawReply(rt)
	case 7, 8:
		return drawWish(rt)
	}
	pause := rapid.SampledFrom([]time.Duration{10 * time.Millisecond, time.Second, 5 * time.Second, 40 * time.Second, 4 * time.Minute, 40 * time.Minute}).Draw(rt, "pause")
	return act{pause.String() + " go by", func(*bench) { time.Sleep(pause) }}
}

func drawBody(rt *rapid.T) string {
	return rapid.SampledFrom([]string{
		"", offerPCM, strings.Replace(offerPCM, "sendrecv", "sendonly", 1), strings.Replace(offerPCM, "AVP 8 0 101", "AVP 18", 1), "v=0\r\n",
	}).Draw(rt, "body")
}

func drawExtra(rt *rapid.T) string {
	return rapid.SampledFrom([]string{
		"", "", "", "Supported: 100rel, timer", "Require: 100rel", "Session-Expires: 90;refresher=uac", "Session-Expires: 1", "Require: replaces",
		"Replaces: bench;to-tag=our-tag;from-tag=far", `Reason: Q.850;cause=16;text="` + callersName + `"`, "RSeq: 1", "Accept: text/plain",
	}).Draw(rt, "extra")
}

func farSends(method string, sequence int, body, tag, extra string) act {
	var extras []string
	if extra != "" {
		extras = append(extras, extra)
	}
	packet := utter(method, sequence, body, extras...)
	switch tag {
	case "wrong":
		packet = strings.Replace(packet, "tag=our-tag", "tag=another", 1)
	case "none":
		packet = strings.Replace(packet, ";tag=our-tag", "", 1)
	}
	return act{fmt.Sprintf("%s %d (tag %q, %d bytes, %s)", method, sequence, tag, len(body), extra), func(b *bench) { b.send(packet) }}
}

// drawReply answers one of our requests.
func drawReply(rt *rapid.T) act {
	status := rapid.SampledFrom([]string{"100 Trying", "180 Ringing", "200 OK", "202 Accepted", "401 Unauthorized", "422 Too Small", "481 Gone", "491 Pending", "500 Error"}).Draw(rt, "status")
	back, body, extra := rapid.IntRange(0, 2).Draw(rt, "back"), drawBody(rt), drawExtra(rt)
	return act{status + " to a request of ours", func(b *bench) {
		for sent := b.heard(); len(sent) > 0; sent = sent[:len(sent)-1] {
			request := sent[len(sent)-1]
			if strings.HasPrefix(request, "SIP/2.0 ") || strings.HasPrefix(request, "ACK ") {
				continue
			}
			if back--; back < 0 {
				lines := []string{"Contact: <sip:far@192.0.2.2:5060>"}
				if extra != "" {
					lines = append(lines, extra)
				}
				b.send(answering(request, status, body, lines...))
				return
			}
		}
	}}
}

// drawWish is something that the handler of the first call wants. What has no
// place in the dialog's state is refused, which is as it should be.
func drawWish(rt *rapid.T) act {
	wishes := []struct {
		name string
		wish func(*Dialog) error
	}{
		{"ring", (*Dialog).Ringing},
		{"early media", func(d *Dialog) error { return d.Progress(ours()) }},
		{"answer", func(d *Dialog) error { return d.Answer(ours()) }},
		{"refuse", func(d *Dialog) error { return d.Refuse(486, "", time.Second) }},
		{"hang up", func(d *Dialog) error { return d.HangUp(CauseNormal, "done") }},
		{"hold", func(d *Dialog) error { held := ours(); held.Direction = media.SendOnly; return d.Reoffer(held) }},
		{"ask for an offer", func(d *Dialog) error { return d.RequestOffer(ours()) }},
		{"answer a reoffer", func(d *Dialog) error { return d.AnswerReoffer(ours()) }},
		{"refuse a reoffer", func(d *Dialog) error { return d.RefuseReoffer(488) }},
		{"transfer", func(d *Dialog) error {
			target, err := ParseTarget("sip:5550100@192.0.2.2")
			if err != nil {
				return err
			}
			return d.Refer(target)
		}},
		{"accept a transfer", (*Dialog).AcceptRefer},
		{"refuse a transfer", func(d *Dialog) error { return d.RefuseRefer(603) }},
		{"a transfer rings", func(d *Dialog) error { return d.ReferProgress(180) }},
		{"a transfer is done", func(d *Dialog) error { return d.ReferProgress(200) }},
	}
	chosen := wishes[rapid.IntRange(0, len(wishes)-1).Draw(rt, "wish")]
	return act{"the handler wishes: " + chosen.name, func(b *bench) {
		b.mu.Lock()
		var call *Dialog
		if len(b.calls) > 0 {
			call = b.calls[0]
		}
		b.mu.Unlock()
		if call != nil {
			_ = chosen.wish(call)
		}
		b.wait()
	}}
}
