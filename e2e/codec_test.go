package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// keepConnection lets a story ask the browser which codecs it speaks.
const keepConnection = `(() => { const Original = RTCPeerConnection;
	window.RTCPeerConnection = function (...given) { return window.__connection = new Original(...given); };
	window.RTCPeerConnection.prototype = Original.prototype; })()`

const spokenCodecs = `(async () => { const stats = await window.__connection.getStats(), found = new Set();
	stats.forEach((s) => { if (/^(in|out)bound-rtp$/.test(s.type) && s.codecId) found.add(s.type[0] + ":" + stats.get(s.codecId).mimeType); });
	return [...found].sort().join(" "); })()`

// straight is a flow that leads to a queue and nowhere else.
func straight(name, queue, skill string) [3]string {
	text := fmt.Sprintf(`flow: %s
languages: [en-US]
start: line
steps:
  line: {queue: {name: %s, skills: {%s: 1}, hold: {music: calm}}, timeout: busy, full: busy, unavailable: busy}
  busy: {menu: still-busy, choices: {"1": line, "2": goodbye}, no_input: {retries: 0, next: line}}
  goodbye: {hang_up: {play: goodbye, reason: the caller chose to end the call}}
`, name, queue, skill)
	return [3]string{"flows/" + name + ".yaml", "", text}
}

// Callers with each codec that baresip has talk with agents whose browsers speak
// Opus and G.722: the same codec as the caller's, which is passed on as it is, and
// another one. The music of the queue comes in the caller's codec.
func TestEachCodecIsHeardBothWays(t *testing.T) {
	server := start(t,
		[3]string{"careline.yaml", "  timeout: 30s", "  timeout: 30s\n  codecs: [opus, G722, L16, PCMU, PCMA]\n  desk_codecs: [opus, PCMU, PCMA]"},
		[3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550181\": {name: Services, flow: services-at-once}\n  \"5550182\": {name: Claims, flow: claims-at-once}\n"},
		[3]string{"agents.yaml", "queues: [member_services, claims, unverified]\n    skills: {benefits: 4, claims: 3}", "queues: [member_services, unverified]\n    skills: {benefits: 4}"},
		[3]string{"agents.yaml", "languages: [en-US]\n    queues: [member_services, claims, unverified]\n    skills: {benefits: 2, claims: 4}", "languages: [en-US, es-US]\n    queues: [claims, unverified]\n    codec: G722\n    skills: {claims: 4}"},
		straight("services-at-once", "member_services", "benefits"), straight("claims-at-once", "claims", "claims"))
	for _, desk := range []struct {
		agent, line, speaks string
		callers             []string
	}{
		{"maria", "5550181", "audio/opus", []string{"opus/48000/2", "L16/16000/1"}},
		{"james", "5550182", "audio/G722", []string{"G722/16000/1", "PCMA/8000/1"}},
	} {
		t.Run(desk.agent, func(t *testing.T) {
			t.Parallel()
			agent := server.signIn(t, desk.agent, keepConnection)
			for _, codec := range desk.callers {
				server.talkBy(t, agent, desk.line, codec)
			}
			if got := agent.js("codecs", spokenCodecs); got != "i:"+desk.speaks+" o:"+desk.speaks {
				t.Errorf("the browser speaks %q, want %s both ways", got, desk.speaks)
			}
		})
	}
}

// talkBy lets a caller who speaks a codec wait, talk with the agent, and hang up.
func (s *server) talkBy(t *testing.T, agent *agent, line, codec string) {
	t.Helper()
	caller := s.baresip(t, tone(), "<sip:5550199@127.0.0.1;transport=udp>;regint=0;audio_codecs="+codec)
	caller.dial(line)
	agent.await("offered")
	pass(1500 * time.Millisecond) // of music
	ringing := time.Now()
	agent.click("accept")
	agent.await("talking")
	joined := time.Now()
	heard := agent.listenFor(theCaller, 2*time.Second)
	if !loud(heard, callerTone) {
		t.Errorf("%s: the agent hears %.4f of the caller's tone", codec, toneIn(heard, callerTone))
	}
	pass(500 * time.Millisecond)
	end := time.Now()
	caller.hangUp()
	agent.finish()
	ear := caller.heard()
	if score := musicIn(t, caller.between(ear, ringing.Add(-1200*time.Millisecond), ringing)); score < 0.6 {
		t.Errorf("%s: in line the caller hears the music by %.2f", codec, score)
	}
	if score := agentsVoice(t, caller.between(ear, joined.Add(500*time.Millisecond), end)); score < 0.6 {
		t.Errorf("%s: the caller hears the agent by %.2f", codec, score)
	} else {
		t.Logf("%s: the caller hears the agent by %.2f", codec, score)
	}
	name, _, _ := strings.Cut(codec, "/")
	answered := 0
	for _, line := range s.log() {
		if line["msg"] == "call answered" && line["codec"] == name {
			answered++
		}
	}
	if answered == 0 {
		t.Errorf("no call was answered in %s", name)
	}
}
