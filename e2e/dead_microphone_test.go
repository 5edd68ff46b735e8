package e2e

import (
	"testing"
	"time"
)

// deadMicrophone is one that gives nothing but zeros.
const deadMicrophone = `(() => { navigator.mediaDevices.getUserMedia = async () => {
	const context = new AudioContext(), out = context.createMediaStreamDestination();
	const nothing = new ConstantSourceNode(context, { offset: 0 });
	nothing.connect(out); nothing.start(); await context.resume();
	return out.stream; }; })()`

// TestAgentSeesThatTheMicrophoneIsDead: in the codecs in which silence can't be seen
// without decoding, as Chromium speaks them.
func TestAgentSeesThatTheMicrophoneIsDead(t *testing.T) {
	t.Parallel()
	server := start(t,
		[3]string{"careline.yaml", "  timeout: 30s", "  timeout: 30s\n  desk_codecs: [opus, G722, PCMU, PCMA]"},
		[3]string{"careline.yaml", "lines:\n", "lines:\n  \"5550181\": {name: Services, flow: services-at-once}\n  \"5550182\": {name: Claims, flow: claims-at-once}\n"},
		[3]string{"agents.yaml", "queues: [member_services, claims, unverified]\n    skills: {benefits: 4, claims: 3}", "queues: [member_services, unverified]\n    skills: {benefits: 4}"},
		[3]string{"agents.yaml", "languages: [en-US]\n    queues: [member_services, claims, unverified]\n    skills: {benefits: 2, claims: 4}", "languages: [en-US, es-US]\n    queues: [claims, unverified]\n    codec: G722\n    skills: {claims: 4}"},
		straight("services-at-once", "member_services", "benefits"), straight("claims-at-once", "claims", "claims"))
	for _, desk := range []struct{ agent, line, speaks string }{
		{"maria", "5550181", "audio/opus"}, {"james", "5550182", "audio/G722"},
	} {
		t.Run(desk.agent, func(t *testing.T) {
			t.Parallel()
			agent := server.signIn(t, desk.agent, keepConnection, deadMicrophone)
			caller := server.phone(t, tone())
			caller.dial(desk.line)
			agent.accept()
			talks := time.Now()
			eventually(t, 8*time.Second, "the page says that the agent isn't heard", func() bool {
				text, _ := agent.sign()
				return text == "They may not hear you"
			})
			took := time.Since(talks)
			t.Logf("%s: said after %v", desk.speaks, took)
			if took > 5*time.Second {
				t.Errorf("%s: said after %v", desk.speaks, took)
			}
			if got := agent.js("codecs", spokenCodecs); got != "i:"+desk.speaks+" o:"+desk.speaks {
				t.Errorf("the browser speaks %q, want %s both ways", got, desk.speaks)
			}
			caller.hangUp()
			agent.finish()
		})
	}
}
