package e2e

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/ledger"
	"careline/media/signal"
)

// TestACallIsRecordedSealedAndHeardAgain: the notice, the music, the agent and the
// caller are in the recording, each on its side; the keys that the caller pressed are
// not, and nobody hears any of it who doesn't say what for.
func TestACallIsRecordedSealedAndHeardAgain(t *testing.T) {
	t.Parallel()
	server := start(t, notices(t, "")[0], [3]string{"careline.yaml", "flow: member-services}", "flow: member-services, record: default}"})
	maria := server.signIn(t, "maria")
	caller := server.phone(t, tone())
	caller.dial("5550100")
	caller.press(english + identify + member + person)
	maria.await("offered")
	pass(1500 * time.Millisecond) // music
	maria.accept()
	pass(3 * time.Second)
	caller.hangUp()
	maria.finish()

	record, _ := server.record()
	if len(record.Recordings) != 1 || record.Unrecorded != "" {
		t.Fatalf("the record says %v, %q", record.Recordings, record.Unrecorded)
	}
	id := record.Recordings[0]
	if list := server.careline(t, "recording", "list", "--config", "config", record.ID); !strings.Contains(list, id) || !strings.Contains(list, "whole") {
		t.Errorf("listed: %s", list)
	}
	if said := server.careline(t, "recording", "verify", "--config", "config", id); !strings.Contains(said, "as it was written") {
		t.Errorf("verify: %s", said)
	}
	sound := filepath.Join(t.TempDir(), "call.ogg")
	server.careline(t, "recording", "export", "--config", "config", "--purpose", "complaint", "--out", sound, id)
	said, heard := sides(t, sound)
	lasted := record.Ended.Sub(record.Answered)
	if length := time.Duration(len(said)) * time.Second / signal.SampleRate; (length - lasted).Abs() > 300*time.Millisecond {
		t.Errorf("of %v there are %v", lasted, length)
	}
	if !loud(said, callerTone) || agentsVoice(t, said) > 0.3 {
		evidence(t, "recorded-said", said)
		t.Errorf("the caller's side has %.4f of the caller and %.2f of maria", toneIn(said, callerTone), agentsVoice(t, said))
	}
	notice := bestSecond(wav(t, "../config/demo/prompts/en-US/recording-notice.wav"), heard)
	if agentsVoice(t, heard) < 0.4 || musicIn(t, heard) < 0.4 || notice < 0.4 || loud(heard, callerTone) {
		evidence(t, "recorded-heard", heard)
		t.Errorf("the other side has the notice by %.2f, music by %.2f, maria by %.2f, and %.4f of the caller", notice, musicIn(t, heard), agentsVoice(t, heard), toneIn(heard, callerTone))
	}
	entries, err := server.kept().Audit(t.Context(), record.ID)
	if err != nil {
		t.Fatal(err)
	}
	played := 0
	for _, entry := range entries {
		if entry.Kind == ledger.AuditPlayback && entry.Subject == id && entry.Purpose == "complaint" && strings.HasPrefix(entry.Actor, "os:") {
			played++
		}
	}
	if played != 1 {
		t.Errorf("%d hearings in the audit", played)
	}
	server.careline(t, "recording", "dispose", "--config", "config", "--why", "the caller asked", id)
	if list := server.careline(t, "recording", "list", "--config", "config", record.ID); !strings.Contains(list, "disposed") {
		t.Errorf("listed: %s", list)
	}
}

// sides are a recording's two channels, at 8 kHz.
func sides(t *testing.T, file string) (said, heard []int16) {
	t.Helper()
	both := filepath.Join(t.TempDir(), "both.wav")
	run := func(program string, args ...string) {
		t.Helper()
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", program, err, out)
		}
	}
	run("opusdec", "--quiet", "--rate", "8000", "--force-wav", file, both)
	var channels [2][]int16
	for i, channel := range []string{"1", "2"} {
		one := filepath.Join(t.TempDir(), channel+".wav")
		run("sox", both, one, "remix", channel)
		channels[i] = wav(t, one)
	}
	return channels[0], channels[1]
}
