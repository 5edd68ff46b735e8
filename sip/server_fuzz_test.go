package sip

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// nextPacket stands between the packets of one input of FuzzServer.
const nextPacket = "\n-- next packet --\n"

// Whatever comes, in however many packets, through the whole way from the socket
// to the dialogs and back: nothing panics, nothing is left, nobody is answered
// twice, and no log says who called.
func FuzzServer(f *testing.F) {
	withoutNames(f)
	for _, seed := range fuzzSeeds(f) {
		f.Add(seed, true)
		f.Add(seed, false)
	}
	f.Fuzz(func(t *testing.T, input string, answers bool) {
		packets := strings.SplitN(input, nextPacket, 12)
		if wrong := try(t, answers, func(b *bench) {
			for _, packet := range packets {
				b.send(packet)
			}
		}); wrong != "" {
			t.Fatal(wrong)
		}
	})
}

// fuzzSeeds are the torture messages, SIPp's scenarios and calls of our tests.
func fuzzSeeds(f *testing.F) []string {
	f.Helper()
	var seeds []string
	for _, set := range readTortures(f) {
		for _, m := range set.Messages {
			seeds = append(seeds, string(m.bytes(f)))
		}
	}
	scenarios, err := filepath.Glob("../testdata/sipp/*.xml")
	if err != nil || len(scenarios) == 0 {
		f.Fatalf("no scenarios of SIPp: %v", err)
	}
	for _, file := range scenarios {
		seeds = append(seeds, scenarioSeed(f, file))
	}
	for _, story := range [][]string{
		{utter("INVITE", 1, offerPCM), utter("ACK", 1, ""), utter("BYE", 2, "")},
		{utter("INVITE", 1, ""), utter("ACK", 1, offerPCM), utter("INVITE", 2, offerPCM), utter("ACK", 2, ""), utter("INFO", 3, "Signal=1\r\n"), utter("BYE", 4, "")},
		{utter("INVITE", 1, offerPCM), utter("CANCEL", 1, ""), utter("ACK", 1, "")},
		{utter("INVITE", 1, offerPCM), utter("ACK", 1, ""), utter("UPDATE", 2, offerPCM), utter("UPDATE", 3, ""), utter("REFER", 4, ""), utter("NOTIFY", 5, "")},
		{utter("INVITE", 1, offerPCM), utter("PRACK", 2, ""), utter("BYE", 3, "")},
		{utter("OPTIONS", 1, ""), utter("REGISTER", 2, ""), utter("SUBSCRIBE", 3, ""), utter("MESSAGE", 4, "hello")},
	} {
		seeds = append(seeds, strings.Join(story, nextPacket))
	}
	return seeds
}

var (
	scenarioMessage = regexp.MustCompile(`(?s)<!\[CDATA\[(.*?)\]\]>`)
	scenarioKeyword = regexp.MustCompile(`\[([a-z_]+)[^\]]*\]`)
)

// scenarioSeed fills in the messages of a scenario as SIPp would.
func scenarioSeed(f *testing.F, file string) string {
	f.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	keywords := map[string]string{
		"call_id": "1-sipp@192.0.2.2", "branch": "z9hG4bK-sipp", "transport": "UDP", "local_ip": "192.0.2.2", "remote_ip": "192.0.2.1",
		"media_ip": "192.0.2.2", "local_port": "5060", "remote_port": "5060", "service": "5550100", "peer_tag_param": ";tag=our-tag", "media_ip_type": "4", "local_ip_type": "4",
	}
	var packets []string
	for _, found := range scenarioMessage.FindAllStringSubmatch(string(raw), -1) {
		var lines []string
		for _, line := range strings.Split(strings.TrimSpace(found[1]), "\n") {
			lines = append(lines, strings.TrimSpace(line))
		}
		head, body, _ := strings.Cut(strings.Join(lines, "\r\n"), "\r\n\r\n")
		if body != "" {
			body += "\r\n"
		}
		message := scenarioKeyword.ReplaceAllStringFunc(head+"\r\n\r\n"+body, func(keyword string) string {
			if known, ok := keywords[scenarioKeyword.FindStringSubmatch(keyword)[1]]; ok {
				return known
			}
			return "1"
		})
		packets = append(packets, regexp.MustCompile(`Content-Length:[^\r]*\r\n`).ReplaceAllString(message, ""))
	}
	return strings.Join(packets, nextPacket)
}
