package dial

import (
	"bytes"
	"context"
	"errors"
	"math"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"careline/media"
	"careline/media/signal"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func answers(far *farSide, session *sipgo.DialogServerSession, request *sip.Request) {
	far.answer(session, request)
}

func TestCallerPressesSpeaksListensAndHangsUp(t *testing.T) {
	for _, transport := range []string{"udp", "tcp"} {
		t.Run(transport, func(t *testing.T) {
			played, spoken := signal.Noise(1.2, 1), signal.Noise(0.6, 2)
			far := newFarSide(t, transport, answers, played...)
			folder := t.TempDir()
			var wav bytes.Buffer
			must(t, media.WriteWAV(&wav, spoken))
			must(t, os.WriteFile(filepath.Join(folder, "hello there.wav"), wav.Bytes(), 0o600))
			heard := filepath.Join(folder, "heard.wav")
			report, err := Call(shortly(t), Options{Target: far.target(), Record: heard,
				Script: script(t, `press 11#, speak "`+filepath.Join(folder, "hello there.wav")+`" listen 600ms hang-up`)})
			must(t, err)
			within(t, "BYE", far.byes)
			if !report.Answered || report.EndedBy != ByUs || report.StepsDone != 4 || report.Keys != 3 {
				t.Errorf("report says\n%s", report)
			}
			keys, sound, sequences := far.noted()
			if keys != "11#" {
				t.Errorf("the far side got keys %q, want 11#", keys)
			}
			if score, _ := signal.Correlate(sound, spoken); score < 0.95 {
				t.Errorf("what was spoken arrived with correlation %.2f", score)
			}
			for i := 1; i < len(sequences); i++ {
				if sequences[i] != sequences[i-1]+1 {
					t.Fatalf("the RTP stream has a gap: %d after %d", sequences[i], sequences[i-1])
				}
			}
			file, err := os.Open(heard)
			must(t, err)
			defer file.Close()
			recording, err := media.ReadWAV(file)
			must(t, err)
			score, lag := signal.Correlate(recording, played)
			if score < 0.95 || lag < 0 || lag > 300*time.Millisecond {
				t.Errorf("the recording matches what was played by %.2f at %v", score, lag)
			}
			if report.Heard.Sound < time.Second || math.Abs(report.Heard.Level-signal.Level(played)) > 2 {
				t.Errorf("heard %s, want 1.2 s at %.0f dB", report.Heard, signal.Level(played))
			}
			if strings.Contains(report.String(), "11#") {
				t.Error("the report shows the keys pressed")
			}
		})
	}
}

func TestRefusalsAreReportedWithStatusAndCause(t *testing.T) {
	for _, test := range []struct {
		status int
		phrase string
		reason string
		cause  int
	}{
		{486, "Busy Here", `Q.850;cause=17;text="User busy"`, 17},
		{404, "Not Found", "", 0},
		{503, "Service Unavailable", "SIP;cause=200", 0},
	} {
		t.Run(test.phrase, func(t *testing.T) {
			far := newFarSide(t, "udp", func(far *farSide, session *sipgo.DialogServerSession, _ *sip.Request) {
				var headers []sip.Header
				if test.reason != "" {
					headers = append(headers, sip.NewHeader("Reason", test.reason))
				}
				_ = session.Respond(test.status, test.phrase, nil, headers...)
			})
			report, err := Call(shortly(t), Options{Target: far.target(), Script: script(t, "listen 1s")})
			must(t, err)
			if report.Answered || report.EndedBy != ByRefusal || report.Status != test.status || report.Cause != test.cause {
				t.Errorf("report says\n%s", report)
			}
		})
	}
}

func TestCallerGivesUpWhileItRings(t *testing.T) {
	far := newFarSide(t, "udp", func(far *farSide, session *sipgo.DialogServerSession, _ *sip.Request) {
		_ = session.Respond(sip.StatusRinging, "Ringing", nil)
		<-far.cancelled
	})
	report, err := Call(shortly(t), Options{Target: far.target(), Script: script(t, "listen 1s"), RingTime: 300 * time.Millisecond})
	must(t, err)
	within(t, "CANCEL", far.cancelled)
	if !report.Rang || report.Answered || report.EndedBy != ByCancel || report.Problem != "nobody answered within 300ms" {
		t.Errorf("report says\n%s", report)
	}
}

func TestNobodyAtTheAddress(t *testing.T) {
	deaf, err := net.ListenPacket("udp4", "127.0.0.1:0")
	must(t, err)
	defer deaf.Close()
	report, err := Call(shortly(t), Options{Target: "sip:1@" + deaf.LocalAddr().String(), Script: script(t, "listen 1s"), ReplyTime: 700 * time.Millisecond})
	if err == nil || !strings.Contains(err.Error(), "no reply within 700ms") {
		t.Errorf("error %v", err)
	}
	if report.EndedBy != ByNobody || report.Answered {
		t.Errorf("report says\n%s", report)
	}
	if _, err := Call(shortly(t), Options{Target: "sip:1@127.0.0.1:1;transport=tcp", Script: script(t, "listen 1s")}); err == nil {
		t.Error("a closed TCP port gave no error")
	}
}

func TestFarSideHangsUpWhileCallerListens(t *testing.T) {
	far := newFarSide(t, "udp", func(far *farSide, session *sipgo.DialogServerSession, request *sip.Request) {
		far.answer(session, request)
		<-far.acked
		bye := sip.NewRequest(sip.BYE, request.Contact().Address)
		bye.AppendHeader(sip.NewHeader("Reason", `Q.850;cause=16;text="Normal call clearing"`))
		_ = session.WriteBye(session.Context(), bye)
	})
	report, err := Call(shortly(t), Options{Target: far.target(), Script: script(t, "listen")})
	must(t, err)
	if report.EndedBy != ByFarSide || report.Cause != 16 || report.Problem != "" {
		t.Errorf("report says\n%s", report)
	}
	report, err = Call(shortly(t), Options{Target: far.target(), Script: script(t, "listen 5s press 1")})
	must(t, err)
	if !strings.Contains(report.Problem, "over at step 1") {
		t.Errorf("problem %q, want it to name the step that couldn't be done", report.Problem)
	}
}

func TestCallerWaitsForSoundAndForSilence(t *testing.T) {
	sound := append(append(make([]int16, 4000), signal.Tone(500, 0.5)...), make([]int16, 16000)...)
	far := newFarSide(t, "udp", answers, sound...)
	c, _, err := Open(shortly(t), Options{Target: far.target()})
	must(t, err)
	defer c.Close()
	begin, _ := c.Heard()
	must(t, c.WaitForSound(shortly(t), 100*time.Millisecond))
	first := c.Report().Heard.FirstSound
	if waited := time.Since(begin); first < 400*time.Millisecond || waited < first || waited > first+time.Second {
		t.Errorf("sound was noticed after %v, it began after %v", waited, first)
	}
	must(t, c.WaitForSilence(shortly(t), 500*time.Millisecond))
	if waited := time.Since(begin); waited < first+900*time.Millisecond {
		t.Errorf("half a second of silence was noticed after %v, half a second of sound began after %v", waited, first)
	}
}

func TestWaitInVainSaysSo(t *testing.T) {
	far := newFarSide(t, "udp", answers)
	report, err := Call(shortly(t), Options{Target: far.target(), Script: script(t, "wait-for sound press 1"), StepTime: 200 * time.Millisecond})
	must(t, err)
	if !strings.Contains(report.Problem, "in vain") || report.Keys != 0 || report.EndedBy != ByUs {
		t.Errorf("report says\n%s", report)
	}
}

func TestCallHasALimit(t *testing.T) {
	far := newFarSide(t, "udp", answers)
	for _, steps := range []string{"listen", "wait-for sound"} {
		report, err := Call(shortly(t), Options{Target: far.target(), Script: script(t, steps), CallTime: 200 * time.Millisecond})
		must(t, err)
		if !strings.Contains(report.Problem, steps+": the call reached its limit of 200ms") && !strings.Contains(report.Problem, "60ms: the call reached its limit of 200ms") {
			t.Errorf("%s: problem %q", steps, report.Problem)
		}
	}
}

func TestCallWithoutSoundIsAProblem(t *testing.T) {
	far := newFarSide(t, "udp", answers)
	report, err := Call(shortly(t), Options{Target: far.target(), Script: script(t, "listen 2100ms")})
	must(t, err)
	if report.StepsDone != 1 || !strings.Contains(report.Problem, "not one packet") {
		t.Errorf("report says\n%s", report)
	}
}

func TestPersonAtTheKeyboardStopsTheCall(t *testing.T) {
	far := newFarSide(t, "udp", answers)
	ctx, stop := context.WithCancel(shortly(t))
	report, err := Call(ctx, Options{Target: far.target(), Script: script(t, "listen"), Progress: func(p Progress) {
		if p.What == "listen" {
			stop()
		}
	}})
	must(t, err)
	within(t, "BYE", far.byes)
	if report.EndedBy != ByUs || report.Problem != "" {
		t.Errorf("report says\n%s", report)
	}
}

func TestMissingSoundFileIsFoundBeforeAnyPhoneRings(t *testing.T) {
	_, err := Call(shortly(t), Options{Target: "sip:1@127.0.0.1:9", Script: script(t, "speak nowhere.wav")})
	if !errors.Is(err, os.ErrNotExist) {
		t.Errorf("error %v", err)
	}
}
